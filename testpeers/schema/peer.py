"""What the programs of these folders share: Thrift and gRPC connections, servers that say their port, and checks."""

import math
import os
import sys
import threading
from concurrent import futures

import grpc
from google.protobuf import any_pb2, message_factory, symbol_database
from thrift.protocol import TBinaryProtocol, TCompactProtocol
from thrift.server import TServer
from thrift.transport import TSocket, TTransport

_failed = 0


def check(name, do):
    """Runs do(), which raises where something is not as it should be, and prints a line."""
    global _failed
    try:
        do()
        print("ok   ", name)
    except Exception as e:  # whatever it is, this check failed
        _failed += 1
        print("FAIL ", name, "-", type(e).__name__, e)
    sys.stdout.flush()


def end():
    """Ends the program: 1 where a check failed."""
    print("end", flush=True)
    os._exit(1 if _failed else 0)


def differences(got, want, path="value"):
    """Gives every difference of two values of generated Thrift types, a text for each field."""
    if isinstance(want, float) and isinstance(got, float):
        same = got == want and math.copysign(1, got) == math.copysign(1, want) or math.isnan(got) and math.isnan(want)
        return [] if same else ["%s is %r, want %r" % (path, got, want)]
    if type(got) is not type(want):
        return ["%s is %r, want %r" % (path, got, want)]
    if isinstance(want, dict):
        found = [] if sorted(map(repr, got)) == sorted(map(repr, want)) else ["%s has the keys %r, want %r" % (path, list(got), list(want))]
        return found + [d for k in want if k in got for d in differences(got[k], want[k], "%s[%r]" % (path, k))]
    if isinstance(want, list):
        found = [] if len(got) == len(want) else ["%s has %d elements, want %d" % (path, len(got), len(want))]
        return found + [d for i, (g, w) in enumerate(zip(got, want)) for d in differences(g, w, "%s[%d]" % (path, i))]
    if hasattr(want, "__dict__"):
        return [d for k in vars(want) for d in differences(getattr(got, k), getattr(want, k), path + "." + k)]
    return [] if got == want else ["%s is %r, want %r" % (path, got, want)]


def expect(got, want):
    """Raises with every difference."""
    found = differences(got, want)
    if found:
        raise AssertionError("; ".join(found))


def expect_message(got, want):
    """Raises where two protobuf messages differ: presence, NaN and order included."""
    if got.SerializeToString(deterministic=True) != want.SerializeToString(deterministic=True):
        raise AssertionError("got\n%s\nwant\n%s" % (got, want))


def raised(kind, do):
    """Gives the exception of that kind which do() raises."""
    try:
        got = do()
    except kind as e:
        return e
    raise AssertionError("got %s, want %s" % (got, kind.__name__))


def thrift_transport(address, transport="framed", protocol="binary"):
    """Opens a connection and gives its protocol."""
    host, _, port = address.rpartition(":")
    socket = TSocket.TSocket(host, int(port))
    socket.setTimeout(20000)
    t = TTransport.TFramedTransport(socket) if transport == "framed" else TTransport.TBufferedTransport(socket)
    t.open()
    return TBinaryProtocol.TBinaryProtocol(t) if protocol == "binary" else TCompactProtocol.TCompactProtocol(t)


class _Announced(TSocket.TServerSocket):
    def listen(self):
        super().listen()
        print(self.handle.getsockname()[1], flush=True)


def serve_thrift(processor, transport="framed", protocol="binary"):
    """Serves until standard input ends."""
    t = TTransport.TFramedTransportFactory() if transport == "framed" else TTransport.TBufferedTransportFactory()
    p = TBinaryProtocol.TBinaryProtocolFactory() if protocol == "binary" else TCompactProtocol.TCompactProtocolFactory()
    server = TServer.TThreadedServer(processor, _Announced("127.0.0.1", 0), t, p, daemon=True)
    threading.Thread(target=server.serve, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


_factory = message_factory.MessageFactory(symbol_database.Default().pool)


def message(descriptor):
    """Gives the class of a message."""
    return _factory.GetPrototype(descriptor)


def caller(channel, service):
    """Gives call(method, request, **options), which gives the answer or raises a grpc.RpcError."""
    def call(name, request, **options):
        method = service.methods_by_name[name]
        stub = channel.unary_unary("/%s/%s" % (service.full_name, name), request_serializer=message(method.input_type).SerializeToString,
                                   response_deserializer=message(method.output_type).FromString)
        return stub(request, timeout=20, **options)
    return call


def serve_grpc(*services):
    """Serves pairs of a service's descriptor and a handler, whose methods take the request and the context, until standard
    input ends."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    for service, handler in services:
        methods = {}
        for m in service.methods:
            do = getattr(handler, m.name, None)
            if do is not None:
                kind = grpc.unary_stream_rpc_method_handler if m.server_streaming else grpc.unary_unary_rpc_method_handler
                methods[m.name] = kind(do, request_deserializer=message(m.input_type).FromString,
                                       response_serializer=message(m.output_type).SerializeToString)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.full_name, methods),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    sys.stdin.read()
    os._exit(0)


# google.rpc.Status by hand: {1: code, 2: message, 3: repeated Any}. Debian has no package with Google's own file.

def abort(context, code, text, *details):
    """Ends a call with a status that has details (messages, or Any)."""
    context.set_trailing_metadata([("grpc-status-details-bin", _status(code, text, details))])
    context.abort(next(c for c in grpc.StatusCode if c.value[0] == code), text)


def _status(code, text, details):
    out = b"\x08" + _varint(code) + b"\x12" + _varint(len(text.encode())) + text.encode()
    for d in details:
        if d.DESCRIPTOR.full_name != "google.protobuf.Any":
            packed = any_pb2.Any()
            packed.Pack(d)
            d = packed
        body = d.SerializeToString()
        out += b"\x1a" + _varint(len(body)) + body
    return out


def _varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def details_of(error):
    """Gives the details of a grpc.RpcError as a list of Any."""
    packed = [v for k, v in error.trailing_metadata() if k == "grpc-status-details-bin"]
    if not packed:
        return []
    found, b, i = [], packed[0], 0
    while i < len(b):
        key, i = _read(b, i)
        n, i = _read(b, i)
        if key & 7 == 2:
            if key >> 3 == 3:
                found.append(any_pb2.Any.FromString(b[i:i + n]))
            i += n
    return found


def _read(b, i):
    n, shift = 0, 0
    while True:
        n, shift, i = n | (b[i] & 127) << shift, shift + 7, i + 1
        if b[i - 1] < 128:
            return n, i
