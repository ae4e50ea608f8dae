"""Calls the gRPC team's server as a program of the Thrift team: thrift_client.py HOST:PORT TRANSPORT PROTOCOL."""

import sys
import time

from thrift.Thrift import TApplicationException

import peer
import thrift_values
from teams_orders import OrderService
from teams_orders.ttypes import Conflict, NotFound, Order, State, Throttled

client = OrderService.Client(peer.thrift_transport(*sys.argv[1:4]))


def put(**fields):
    return lambda: client.put_order(Order(**fields))


def refused(kind, part, do):
    e = peer.raised(TApplicationException, do)
    if e.type != kind or part not in e.message:
        raise AssertionError("got %d: %s, want %d: …%s…" % (e.type, e.message, kind, part))


def oneway():
    before = client.count()
    client.log("four")
    end = time.time() + 20
    while client.count() != before + 4:
        if time.time() > end:
            raise AssertionError("the oneway call did not arrive")


for id in (1, 2, 3):
    peer.check("bare response %d" % id, lambda: peer.expect(client.getOrder(id), thrift_values.received(id)))
    peer.check("wrapped request %d" % id, lambda: peer.expect(client.put_order(thrift_values.sent(id)), thrift_values.received(id)))
    peer.check("bare request, response in success %d" % id, lambda: peer.expect(client.replaceOrder(thrift_values.sent(id)), thrift_values.received(id)))
peer.check("named response", lambda: peer.expect(client.find_orders(State.NEW, 5), [thrift_values.received(1)]))
peer.check("named response that is empty", lambda: peer.expect(client.find_orders(State.PAID, 5), []))
peer.check("void", lambda: peer.expect(client.touch(5), None))
peer.check("oneway, response in result", oneway)
peer.check("exception with a message of its name", lambda: peer.expect(peer.raised(NotFound, lambda: client.getOrder(9)), NotFound("no order", 9)))
peer.check("exception with a derived message", lambda: peer.expect(peer.raised(Throttled, put(orderId=10)), Throttled(7)))
peer.check("exception with a bound message", lambda: peer.expect(peer.raised(Conflict, put(orderId=11)), Conflict("in the way", State.SHIPPED)))
peer.check("a status that no exception is for", lambda: refused(
    TApplicationException.INTERNAL_ERROR, "PERMISSION_DENIED: not you", put(orderId=12)))
peer.check("replaced UTF-8", lambda: peer.expect(put(orderId=4, note=b"a\xffb")().note, "\u00fc".encode()))
peer.check("rejected UTF-8", lambda: refused(7, "order.title", put(orderId=4, title=b"a\xffb")))
peer.check("negative uint64", lambda: refused(7, "order.serial: value -1", put(serial=-1)))
peer.check("enum value without a partner", lambda: refused(7, "order.state: ", put(state=State.LOST)))
peer.check("a method that cannot be carried", lambda: refused(
    TApplicationException.UNKNOWN_METHOD, "method broken cannot be carried: field words of the arguments of broken is list<string>", lambda: client.broken(["a"])))
peer.check("a dropped method", lambda: refused(TApplicationException.UNKNOWN_METHOD, "legacyOnly", client.legacyOnly))
peer.check("after the refusals", lambda: peer.expect(client.getOrder(1), thrift_values.received(1)))
peer.end()
