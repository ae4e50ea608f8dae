"""Serves Everything with Apache's Python server: thrift_server.py [--transport T] [--protocol P] [--port N]. Prints the
port that it listens on, and ends with its standard input."""

import argparse
import os
import sys
import threading
import time

from thrift.protocol import TBinaryProtocol, TCompactProtocol
from thrift.server import TServer
from thrift.transport import TSocket, TTransport

from base.ttypes import Point
from everything import Everything
from everything.ttypes import Color, FailKind, NotFound, Rejected


def rejected(code):
    return Rejected(code=code, message="code %d is refused" % code, details={"why": "it is a test"},
                    where=Point(x=code, y=0), color=Color.BLUE)


class Handler:
    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {}

    def __getattr__(self, name):
        if name.startswith("echo"):
            return lambda value: value
        raise AttributeError(name)

    def ping(self):
        pass

    def add(self, a, b):
        return a + b

    def join_parts(self, first_part, secondPart, more, times):
        return (first_part + secondPart + "".join(more)) * times

    def implicit_args(self, text, number):
        return "%s:%d" % (text, number)

    def nothing(self):
        pass

    def notify(self, topic, amount):
        with self.lock:
            self.counts[topic] = self.counts.get(topic, 0) + amount

    def notified(self, topic):
        with self.lock:
            return self.counts.get(topic, 0)

    def find(self, id):
        if id < 1000:
            return Point(x=id, y=-id)
        if id < 2000:
            raise NotFound(what="point", id=id, near=[str(id - 1), str(id + 1)])
        raise rejected(id)

    def check(self, code):
        if code != 0:
            raise rejected(code)

    def fail(self, kind):
        if kind == FailKind.NOT_FOUND:
            raise NotFound(what="fail", id=1, near=[])
        if kind == FailKind.REJECTED:
            raise rejected(1)
        if kind == FailKind.UNDECLARED:
            raise ValueError("an error that no IDL declares")
        return "did not fail"

    def slow(self, millis):
        time.sleep(millis / 1000)
        return millis


class Announced(TSocket.TServerSocket):
    """A server socket that prints its port once it listens."""

    def listen(self):
        super().listen()
        print(self.handle.getsockname()[1], flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--transport", default="framed", choices=["framed", "unframed"])
    p.add_argument("--protocol", default="binary", choices=["binary", "compact"])
    p.add_argument("--port", type=int, default=0)
    args = p.parse_args()
    transport = TTransport.TFramedTransportFactory() if args.transport == "framed" else TTransport.TBufferedTransportFactory()
    protocol = TBinaryProtocol.TBinaryProtocolFactory() if args.protocol == "binary" else TCompactProtocol.TCompactProtocolFactory()
    server = TServer.TThreadedServer(Everything.Processor(Handler()), Announced("127.0.0.1", args.port), transport, protocol, daemon=True)
    threading.Thread(target=server.serve, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
