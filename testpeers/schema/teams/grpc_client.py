"""Calls the Thrift team's server as a program of the gRPC team: grpc_client.py HOST:PORT."""

import sys
import time

import grpc
from google.protobuf import empty_pb2

import orders_pb2 as pb
import peer
import proto_values

channel = grpc.insecure_channel(sys.argv[1])
call = peer.caller(channel, pb.DESCRIPTOR.services_by_name["Orders"])


def same(got, id):
    by_key = sorted(got.by_line, key=lambda e: -e.key)
    del got.by_line[:]
    got.by_line.extend(by_key)
    peer.expect_message(got, proto_values.received(id))


def failure(code, text, do):
    e = peer.raised(grpc.RpcError, do)
    peer.expect((e.code().name, e.details()), (code, text))
    return peer.details_of(e)


def put(**fields):
    return lambda: call("PutOrder", pb.PutOrderRequest(order=pb.Order(**fields)))


def not_found():
    detail = failure("NOT_FOUND", "no order", lambda: call("GetOrder", pb.GetOrderRequest(order_id=9)))[0]
    peer.expect(detail.type_url, "type.googleapis.com/shop.v1.NotFound")
    peer.expect_message(pb.NotFound.FromString(detail.value), pb.NotFound(what="no order", order_id=9))


def throttled():
    detail = failure("RESOURCE_EXHAUSTED", "Throttled", put(order_id=10))[0]
    peer.expect((detail.type_url, detail.value), ("type.googleapis.com/legacy.orders.Throttled", b"\x08\x07"))


def conflict():
    detail = failure("ABORTED", "in the way", put(order_id=11))[0]
    peer.expect(detail.type_url, "type.googleapis.com/shop.v1.ConflictInfo")
    peer.expect_message(pb.ConflictInfo.FromString(detail.value), pb.ConflictInfo(text="in the way", state=pb.ORDER_STATE_SHIPPED))


def oneway():
    call("Log", pb.LogRequest(line="four"))
    end = time.time() + 20
    while call("Count", pb.CountRequest()).result != 4:
        if time.time() > end:
            raise AssertionError("the oneway call did not arrive")


def refused(code, part, do):
    e = peer.raised(grpc.RpcError, do)
    if e.code().name != code or part not in e.details():
        raise AssertionError("got %s: %s, want %s: …%s…" % (e.code().name, e.details(), code, part))


for id in (1, 2, 3):
    peer.check("bare response %d" % id, lambda: same(call("GetOrder", pb.GetOrderRequest(order_id=id)), id))
    peer.check("wrapped request %d" % id, lambda: same(call("PutOrder", pb.PutOrderRequest(order=proto_values.sent(id))), id))
    peer.check("bare request, response in success %d" % id, lambda: same(call("ReplaceOrder", proto_values.sent(id)).success, id))
peer.check("named response", lambda: same(call("ListOrders", pb.ListRequest(state=pb.ORDER_STATE_CREATED, limit=5)).orders[0], 1))
peer.check("void", lambda: peer.expect_message(call("Touch", pb.TouchRequest(order_id=5)), empty_pb2.Empty()))
peer.check("oneway, response in result", oneway)
peer.check("exception with a message of its name", not_found)
peer.check("exception with a derived message", throttled)
peer.check("exception with a bound message", conflict)
peer.check("uint64 too large", lambda: refused("INVALID_ARGUMENT", "order.serial: value 9223372036854775808", put(serial=2**63)))
peer.check("enum number without a partner", lambda: refused("INVALID_ARGUMENT", "order.state: ", put(state=99)))
peer.check("a method that cannot be carried", lambda: refused(
    "UNIMPLEMENTED", "method broken cannot be carried: field words of the arguments of broken is list<string> and field words of shop.v1.BrokenRequest is string",
    lambda: call("Broken", pb.BrokenRequest(words="w"))))
peer.end()
