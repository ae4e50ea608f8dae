"""Calls the services of names.thrift as a gRPC program with the .proto that weft printed: grpc_client.py HOST:PORT alpha|beta|both."""

import sys
import time

import grpc

import base_pb2 as base
import names_pb2 as pb
import middle_pb2 as middle
import peer

channel = grpc.insecure_channel(sys.argv[1])
alpha = peer.caller(channel, pb.DESCRIPTOR.services_by_name["Alpha"])
beta = peer.caller(channel, pb.DESCRIPTOR.services_by_name["Beta"])


def whole():
    m = pb.Whole(mode=pb.Mode_reverse)
    for name, value in dict(message="m", option=1, rpc=True, int32=2**40, bytes=b"\xff", oneof="o", reserved="res", syntax="syn",
                            returns=0.5, stream="str", max=-5, to="to", extend=False).items():
        setattr(m.words, name, value)
    m.words.repeated.extend(["r", ""])
    for i, name in enumerate(["foo_bar", "fooBar_2", "FOO_BAR_3", "_x", "x__5"]):
        setattr(m.folded, name, i + 1)
    m.numbers.MergeFrom(pb.Numbers(first=19000, second="19500", last=[19999, 1], end_of_ids=32767, implicit=-1, implicit_too="-2"))
    c = m.containers
    c.setOfKeys.add(group="a", shard=1)
    c.setOfKeys.add(group="b", shard=2)
    c.byKey.add(key=pb.Key(group="k", shard=0), value="v")
    c.byKey.add(key=pb.Key(group="", shard=-1), value="")
    entry = c.byStamp.add(key=base.Stamp(at=9))
    entry.value.items.add(group="x", shard=1)
    entry.value.items.add(group="y", shard=2)
    c.byStamp.add(key=base.Stamp(at=0), value={})
    c.directory["staff"].items.extend([1, 2**40])
    c.directory["nobody"].SetInParent()
    c.byMode.add(key=pb.Mode_FAST).value.items.append(1)
    c.byMode.add(key=pb.Mode_reverse).value.items.extend([2, 3])
    c.eithers.add().numbers.items.extend([1, 2])
    c.eithers.add().stamps.items["s"].at = 1
    c.eithers.add().words.items.append("w")
    deep = c.eithers.add().deep.items
    deep.add().items.update({1: "one", -2: "two"})
    deep.add()
    c.eithers.add(one=0)
    c.eithers.add(mode=pb.Mode_SLOW)
    c.eithers.add().numbers.SetInParent()
    c.byDouble.add(key=0.5, value=True)
    c.byDouble.add(key=-2.5, value=False)
    c.listOfSets.add().items.extend([1, 2])
    c.listOfSets.add()
    m.defaults.limit, m.defaults.mode, m.defaults.id = 0, pb.Mode_FAST, 4
    return m


def sorted_sets(m):
    """Sets and maps have no order in Python's Thrift."""
    for field in (m.containers.setOfKeys, m.containers.byKey, m.containers.byStamp, m.containers.byMode, m.containers.byDouble):
        field.sort(key=lambda v: v.SerializeToString(deterministic=True))
    return m


def make_whole():
    peer.expect_message(sorted_sets(alpha("MakeWhole", pb.AlphaMakeWholeRequest()).success), sorted_sets(whole()))


def send_whole():
    difference = alpha("CheckWhole", pb.AlphaCheckWholeRequest(value=whole())).success
    if difference:
        raise AssertionError(difference)


def echo_whole():
    peer.expect_message(sorted_sets(alpha("EchoWhole", pb.AlphaEchoWholeRequest(value=whole())).success), sorted_sets(whole()))


def absent_with_defaults():
    sent = pb.Whole(mode=pb.Mode_FAST, defaults=pb.Defaults(id=1))
    got = alpha("EchoWhole", pb.AlphaEchoWholeRequest(value=sent)).success
    # a default that the server's IDL has for an absent field is the server's; an absent list is an empty one
    peer.expect_message(got, pb.Whole(mode=pb.Mode_FAST, defaults=pb.Defaults(id=1, limit=7, mode=pb.Mode_SLOW)))


def failure(code, text, detail, do):
    e = peer.raised(grpc.RpcError, do)
    peer.expect((e.code().value[0], e.details()), (code, text))
    found = peer.details_of(e)
    if detail is not None:
        peer.expect([d.type_url for d in found], ["type.googleapis.com/" + detail.DESCRIPTOR.full_name])
        got = type(detail).FromString(found[0].value)
        if isinstance(got, pb.Rejected):
            got.either.words.items.sort()
        peer.expect_message(got, detail)
    return e


def fail(what):
    return lambda: alpha("FailWith", pb.AlphaFailWithRequest(what=what))


def moment(at):
    return alpha("MomentAfter", middle.MiddleMomentAfterRequest(moment=base.Stamp(at=at)))


def oneway():
    before = alpha("Count", base.RootCountRequest()).success
    for amount in (40, 2):
        peer.expect_message(alpha("AddToCount", base.RootAddToCountRequest(amount=amount)), base.RootAddToCountResponse())
    end = time.time() + 20
    while alpha("Count", base.RootCountRequest()).success != before + 42:
        if time.time() > end:
            raise AssertionError("the oneway calls did not arrive")


def unset_union():
    e = peer.raised(grpc.RpcError, lambda: alpha("EchoEither", pb.AlphaEchoEitherRequest(either={})))
    peer.expect(e.code().name, "INVALID_ARGUMENT")
    if "union Either has 0 fields set instead of one" not in e.details():
        raise AssertionError(e.details())


def missing_required():
    e = peer.raised(grpc.RpcError, lambda: alpha("EchoWhole", pb.AlphaEchoWholeRequest(value={})))
    peer.expect(e.code().name, "INVALID_ARGUMENT")
    if "value.mode" not in e.details():
        raise AssertionError(e.details())


def undeclared():
    e = peer.raised(grpc.RpcError, fail("surprise"))
    peer.expect(e.code().name, "INTERNAL")


def next_mode(mode, want):
    peer.expect(alpha("NextMode", pb.AlphaNextModeRequest(mode=mode)).success, want)


def http_get():
    request = pb.AlphaHTTPGetRequest(group="g")
    request.directory["g"].items.extend([3, 2**50])
    request.directory["h"].SetInParent()
    peer.expect(list(alpha("HTTPGet", request).success), [3, 2**50])


def keys():
    sent = [pb.Key(group="k", shard=2), pb.Key(group="k", shard=2)]  # a set may come with duplicates
    peer.expect_message(alpha("GetSetOfKeys", pb.AlphaGetSetOfKeysRequest(keys=sent)), pb.AlphaGetSetOfKeysResponse(success=sent[:1]))


if sys.argv[2] in ("alpha", "both"):
    peer.check("inherited across two files", lambda: peer.expect(alpha("WhoAreYou", base.RootWhoAreYouRequest()).success, "alpha"))
    peer.check("inherited with exceptions", lambda: peer.expect_message(moment(1), middle.MiddleMomentAfterResponse(success=base.Stamp(at=2))))
    peer.check("inherited exception of another file", lambda: failure(9, "before the time", base.Gone(errorMessage="before the time", since=base.Stamp(at=-1)), lambda: moment(-1)))
    peer.check("inherited exception without a text", lambda: failure(14, "Busy", middle.Busy(retry_after=30), lambda: moment(0)))
    peer.check("oneway", oneway)
    peer.check("send", send_whole)
    peer.check("receive", make_whole)
    peer.check("echo", echo_whole)
    peer.check("absent with defaults", absent_with_defaults)
    peer.check("a union without a member", unset_union)
    peer.check("a required field missing", missing_required)
    peer.check("set with struct keys", keys)
    peer.check("typedef chain", http_get)
    peer.check("enum", lambda: (next_mode(pb.Mode_FAST, pb.Mode_SLOW), next_mode(pb.Mode_SLOW, pb.Mode_reverse), next_mode(pb.Mode_reverse, pb.Mode_FAST)))
    peer.check("enum argument with a default", lambda: next_mode(None, pb.Mode_SLOW))
    peer.check("no exception", lambda: peer.expect_message(fail("")(), pb.AlphaFailWithResponse()))
    peer.check("exception without a code", lambda: failure(2, "Plain", pb.Plain(number=7), fail("plain")))
    peer.check("exception with code and msg", lambda: failure(3, "the text", pb.Rejected(
        reason="the reason", msg="the text", either=pb.Either(words={"items": ["a", "b"]})), fail("rejected")))
    peer.check("exception of another file", lambda: failure(9, "it is gone", base.Gone(errorMessage="it is gone", since=base.Stamp(at=5)), fail("gone")))
    peer.check("undeclared exception", undeclared)
if sys.argv[2] in ("beta", "both"):
    peer.check("second service", lambda: peer.expect(beta("WhoAreYou", pb.BetaWhoAreYouRequest()).success, "beta"))
    peer.check("method message", lambda: peer.expect(beta("Message", pb.BetaMessageRequest(message=pb.message(repeated=["a", "b"]), option=40)).success, 42))
peer.end()
