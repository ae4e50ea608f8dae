"""Runs every case through Apache's Python client: thrift_client.py HOST PORT [--transport T] [--protocol P]."""

import argparse
import sys
import time

from thrift.Thrift import TApplicationException, TException
from thrift.protocol import TBinaryProtocol, TCompactProtocol
from thrift.transport import TSocket, TTransport

import cases
from everything import Everything, ttypes
from thrift_value import fields_of, load, load_struct, text


def connect(args):
    socket = TSocket.TSocket(args.host, args.port)
    socket.setTimeout(20000)
    transport = TTransport.TFramedTransport(socket) if args.transport == "framed" else TTransport.TBufferedTransport(socket)
    protocols = {
        "binary": TBinaryProtocol.TBinaryProtocol,
        "binary-accelerated": TBinaryProtocol.TBinaryProtocolAccelerated,
        "compact": TCompactProtocol.TCompactProtocol,
        "compact-accelerated": TCompactProtocol.TCompactProtocolAccelerated,
    }
    transport.open()
    return Everything.Client(protocols[args.protocol](transport))


def struct_of(method, part):
    """Finds the class of a method's arguments or result, which is the parent's for an inherited method."""
    for module in (Everything, Everything.base.Base):
        cls = getattr(module, method + part, None)
        if cls is not None:
            return cls
    raise LookupError("no %s%s" % (method, part))


def check(client, c):
    method = c["method"]
    fields = fields_of(struct_of(method, "_args"))
    arguments = {name: load(*fields[name], v) for name, v in c["request"].items()}
    want = c.get("exception")
    try:
        got = getattr(client, method)(**arguments)
    except TApplicationException as e:
        if want is None or want["name"]:
            raise AssertionError("got %s" % e)
        return
    except TException as e:
        if want is None or not want["name"]:
            raise AssertionError("got %s" % text(e))
        cases.expect(text(e), text(load_struct(getattr(ttypes, want["name"]), want["value"])))
        return
    if want is not None:
        raise AssertionError("got %s, want an exception" % text(got))
    if "success" in c["response"]:
        success = fields_of(struct_of(method, "_result"))["success"]
        cases.expect(text(got), text(load(*success, c["response"]["success"])))


def check_accelerated(client, c):
    """Leaves out what Apache's C extension cannot do: fields without ids, for which it loses the values."""
    if c["method"] not in ("echoImplicit", "implicit_args"):
        check(client, c)


def check_oneway(client):
    topic = "python %d" % time.time_ns()
    client.notify(topic, 40)
    client.notify(topic, 2)
    cases.expect(text(client.find(3).x), "3")
    end = time.time() + 20
    while client.notified(topic) != 42:
        if time.time() > end:
            raise AssertionError("the server counted %d, want 42" % client.notified(topic))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("host")
    p.add_argument("port", type=int)
    p.add_argument("--transport", default="framed", choices=["framed", "unframed"])
    p.add_argument("--protocol", default="binary")
    args = p.parse_args()
    client = connect(args)
    check_one = check_accelerated if args.protocol.endswith("accelerated") else check
    failed = cases.run(lambda c: check_one(client, c))
    try:
        check_oneway(client)
        print("ok    oneway")
    except Exception as e:
        failed += 1
        print("FAIL  oneway -", e)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
