"""Calls Shop as a Thrift program: thrift_client.py HOST:PORT TRANSPORT PROTOCOL [down]. With "down" there is no server behind the
sidecar."""

import sys

from thrift.Thrift import TApplicationException

import peer
import thrift_values
from google_protobuf.any.ttypes import Any
from google_protobuf.duration.ttypes import Duration
from google_protobuf.empty.ttypes import Empty
from google_protobuf.timestamp.ttypes import Timestamp
from google_protobuf.wrappers.ttypes import StringValue
from weft.shop.legacy.legacy.ttypes import Label
from weft.shop.v1.shop import Shop
from weft.shop.v1.shop.ttypes import (All, CheckRequest, Choice, FailRequest, GrpcStatus, GrpcStatusDetail, Optionals, Scalars, delete_)

address, transport, protocol = sys.argv[1:4]
down = sys.argv[4:] == ["down"]
client = Shop.Client(peer.thrift_transport(address, transport, protocol))
VALUES = thrift_values.values()


def error(do, code, *parts):
    """Checks that do() ends with a GrpcStatus."""
    e = peer.raised(GrpcStatus, do)
    peer.expect(e.code, code)
    for part in parts:
        if part not in e.message:
            raise AssertionError("the message is %r, want %r in it" % (e.message, part))
    return e


if down:
    peer.check("no server", lambda: error(lambda: client.nothing(Empty()), 14, "connect"))
    peer.end()

for name, value in VALUES.items():
    def sent():
        difference = client.Check(CheckRequest(name, value)).difference
        if difference:
            raise AssertionError(difference)

    peer.check("send " + name, sent)
    peer.check("receive " + name, lambda: peer.expect(client.Make(StringValue(name)), value))
    peer.check("echo " + name, lambda: peer.expect(client.Echo(value), value))


def details():
    sent = [Any("type.googleapis.com/weft.shop.v1.Outer.Inner", b"\x0a\x01x"), Any("example.com/unknown.Type", b"\xff\x00"), Any("", b"")]
    e = error(lambda: client.Fail(FailRequest(9, "no Grüße\n100 %", sent)), 9)
    peer.expect(e, GrpcStatus(9, "no Grüße\n100 %", [GrpcStatusDetail(a.type_url, a.value) for a in sent]))


def label_without_text():
    class Bare(Label):
        def validate(self):
            pass
    return Bare(grade=1)


def unusable():
    # the compiler made no Watch: call it by hand as an older program may
    client._oprot.writeMessageBegin("Watch", 1, 7)
    from weft.shop.v1.shop.Shop import Make_args
    Make_args(StringValue("filled")).write(client._oprot)
    client._oprot.writeMessageEnd()
    client._oprot.trans.flush()
    name, kind, seq = client._iprot.readMessageBegin()
    peer.expect((name, kind, seq) == ("Watch", 3, 7), True)
    e = TApplicationException()
    e.read(client._iprot)
    client._iprot.readMessageEnd()
    peer.expect(e.type, TApplicationException.UNKNOWN_METHOD)
    if "rpc Watch is streaming, for which Thrift has no form" not in e.message:
        raise AssertionError(e.message)


for code in range(1, 17):
    peer.check("status %d" % code, lambda: error(lambda: client.Fail(FailRequest(code, "code %d" % code, [])), code, "code %d" % code))
peer.check("status with details", details)
peer.check("status without a message", lambda: peer.expect(error(lambda: client.Fail(FailRequest(5, "", [])), 5), GrpcStatus(5, "", [])))
peer.check("a name that the server does not know", lambda: error(lambda: client.Make(StringValue("no such")), 2))
peer.check("Empty", lambda: peer.expect(client.nothing(Empty()), Empty()))
peer.check("bare well-known types", lambda: peer.expect(client.Since(Timestamp(3, 4)), Duration(3, 4)))
peer.check("reserved words", lambda: peer.expect(client.delete_(delete_("four")).union_, 4))
peer.check("a union without a member", lambda: peer.expect(client.EchoChoice(Choice()), Choice()))
peer.check("streaming", unusable)
peer.check("after the refusal", lambda: peer.expect(client.Since(Timestamp(1, 0)), Duration(1, 0)))

# What cannot be said in protobuf is the caller's error, with the field's path.
scalars = lambda **kw: All(scalars=Scalars(**kw))
peer.check("negative uint64", lambda: error(lambda: client.Echo(scalars(f_uint64=-1)), 3, "f_uint64"))
peer.check("uint32 out of range", lambda: error(lambda: client.Echo(scalars(f_uint32=2**32)), 3, "f_uint32"))
peer.check("negative uint32", lambda: error(lambda: client.Echo(All(optionals=Optionals(f_fixed32=-1))), 3, "f_fixed32"))
peer.check("required field missing", lambda: error(lambda: client.EchoLabel(label_without_text()), 3, "text"))


peer.end()
