"""Serves Everything with Python's grpc: grpc_server.py [PORT]. Prints the port that it listens on, and ends with its
standard input."""

import sys
import threading
import time
from concurrent import futures

import grpc

import base_pb2
import everything_pb2 as pb
import grpc_method
import status_pb2


def refuse(context, code, text, detail):
    status = status_pb2.Status(code=code.value[0], message=text)
    status.details.add().Pack(detail)
    context.set_trailing_metadata([("grpc-status-details-bin", status.SerializeToString())])
    context.abort(code, text)


def not_found(context, what, id, near):
    refuse(context, grpc.StatusCode.NOT_FOUND, "NotFound", pb.NotFound(what=what, id=id, near=near))


def rejected(context, code):
    text = "code %d is refused" % code
    refuse(context, grpc.StatusCode.UNKNOWN, text, pb.Rejected(
        code=code, message=text, details={"why": "it is a test"}, where=base_pb2.Point(x=code, y=0), color=pb.Color_BLUE))


class Handler:
    """Each method takes the request and the context and gives the result; None is a void one."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {}

    def Ping(self, r, context):
        pass

    def Add(self, r, context):
        return r.a + r.b

    def JoinParts(self, r, context):
        return (r.first_part + r.secondPart + "".join(r.more)) * r.times

    def ImplicitArgs(self, r, context):
        return "%s:%d" % (r.text, r.number)

    def Nothing(self, r, context):
        pass

    def Notify(self, r, context):
        with self.lock:
            self.counts[r.topic] = self.counts.get(r.topic, 0) + r.amount

    def Notified(self, r, context):
        with self.lock:
            return self.counts.get(r.topic, 0)

    def Find(self, r, context):
        if r.id < 1000:
            return base_pb2.Point(x=r.id, y=-r.id)
        if r.id < 2000:
            not_found(context, "point", r.id, [str(r.id - 1), str(r.id + 1)])
        rejected(context, r.id)

    def Check(self, r, context):
        if r.code != 0:
            rejected(context, r.code)

    def Fail(self, r, context):
        if r.kind == pb.FailKind_NOT_FOUND:
            not_found(context, "fail", 1, [])
        if r.kind == pb.FailKind_REJECTED:
            rejected(context, 1)
        if r.kind == pb.FailKind_UNDECLARED:
            raise ValueError("an error that no IDL declares")
        return "did not fail"

    def Slow(self, r, context):
        time.sleep(r.millis / 1000)
        return r.millis


def serve_method(handler, method):
    request, response = grpc_method.request_type(method), grpc_method.response_type(method)

    def echo(r, context):  # value and success are field 1 of messages of the same shape
        return response.FromString(r.SerializeToString())

    def run(r, context):
        result = getattr(handler, method.name)(r, context)
        return response() if result is None else response(success=result)

    return grpc.unary_unary_rpc_method_handler(
        echo if method.name.startswith("Echo") else run,
        request_deserializer=request.FromString, response_serializer=response.SerializeToString)


def main():
    handler = Handler()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    methods = {m.name: serve_method(handler, m) for m in grpc_method.SERVICE.methods}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(grpc_method.SERVICE.full_name, methods),))
    port = server.add_insecure_port("127.0.0.1:%s" % (sys.argv[1] if len(sys.argv) > 1 else "0"))
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(None)


if __name__ == "__main__":
    main()
