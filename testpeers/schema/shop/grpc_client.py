"""Calls Shop as a gRPC program, through sidecars that have Thrift between them: grpc_client.py HOST:PORT."""

import sys

import grpc
from google.protobuf import any_pb2, duration_pb2, empty_pb2, timestamp_pb2, wrappers_pb2

import legacy_pb2 as legacy
import peer
import proto_values
import shop_pb2 as pb

channel = grpc.insecure_channel(sys.argv[1])
call = peer.caller(channel, pb.DESCRIPTOR.services_by_name["Shop"])
VALUES = proto_values.values()

for name, value in VALUES.items():
    def sent():
        difference = call("Check", pb.CheckRequest(name=name, value=value)).difference
        if difference:
            raise AssertionError(difference)

    peer.check("send " + name, sent)
    peer.check("receive " + name, lambda: peer.expect_message(call("Make", wrappers_pb2.StringValue(value=name)), value))
    peer.check("echo " + name, lambda: peer.expect_message(call("Echo", value), value))


def error(do, code, text=None):
    e = peer.raised(grpc.RpcError, do)
    peer.expect(e.code().value[0], code)
    if text is not None:
        peer.expect(e.details(), text)
    return e


def details():
    sent = [any_pb2.Any(type_url="type.googleapis.com/weft.shop.v1.Outer.Inner", value=b"\x0a\x01x"), any_pb2.Any(type_url="example.com/unknown.Type", value=b"\xff\x00")]
    e = error(lambda: call("Fail", pb.FailRequest(code=9, message="no Grüße\n100 %", details=sent)), 9, "no Grüße\n100 %")
    got = peer.details_of(e)
    if got != sent:
        raise AssertionError("got %s, want %s" % (got, sent))


def streaming():
    stub = channel.unary_stream("/weft.shop.v1.Shop/Watch", request_serializer=wrappers_pb2.StringValue.SerializeToString, response_deserializer=pb.All.FromString)
    e = error(lambda: list(stub(wrappers_pb2.StringValue(value="filled"), timeout=20)), 12)
    if "rpc Watch is streaming, for which Thrift has no form" not in e.details():
        raise AssertionError(e.details())


for code in range(1, 17):
    peer.check("status %d" % code, lambda: error(lambda: call("Fail", pb.FailRequest(code=code, message="code %d" % code)), code, "code %d" % code))
peer.check("status with details", details)
peer.check("status without a message", lambda: error(lambda: call("Fail", pb.FailRequest(code=5)), 5, ""))
peer.check("Empty", lambda: peer.expect_message(call("nothing", empty_pb2.Empty()), empty_pb2.Empty()))
peer.check("bare well-known types", lambda: peer.expect_message(call("Since", timestamp_pb2.Timestamp(seconds=3, nanos=4)), duration_pb2.Duration(seconds=3, nanos=4)))
peer.check("a oneof without a member", lambda: peer.expect_message(call("EchoChoice", pb.Choice()), pb.Choice()))
peer.check("absent with defaults", lambda: peer.expect_message(call("EchoLabel", legacy.Label(text="t", grade=1)), legacy.Label(text="t", grade=1)))
peer.check("reserved words", lambda: peer.expect(call("delete", pb.delete(**{"with": "four"})).union, 4))
peer.check("streaming", streaming)
peer.check("uint64 that is no i64", lambda: error(lambda: call("Echo", pb.All(scalars=pb.Scalars(f_uint64=2**63))), 3))
peer.end()
