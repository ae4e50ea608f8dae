"""Serves OrderService with Apache's Python. Prints its port and ends with its standard input."""

import peer
import thrift_values
from teams_orders import OrderService
from teams_orders.ttypes import Conflict, NotFound, State, Throttled


class Handler:
    def __init__(self):
        self.lines = 0

    def getOrder(self, orderId):
        if orderId > 3:
            raise NotFound("no order", orderId)
        order = thrift_values.sent(orderId)
        return order

    def put_order(self, order):
        if order.orderId == 10:
            raise Throttled(7)
        if order.orderId == 11:
            raise Conflict("in the way", State.SHIPPED)
        peer.expect(order, thrift_values.received(order.orderId))
        return thrift_values.sent(order.orderId)

    replaceOrder = put_order

    def find_orders(self, state, limit):
        return [thrift_values.sent(1)] if (state, limit) == (State.NEW, 5) else []

    def touch(self, orderId):
        peer.expect(orderId, 5)

    def count(self):
        return self.lines

    def log(self, line):
        self.lines += len(line)

    def legacyOnly(self):
        return True

    def broken(self, words):
        return "".join(words)


peer.serve_thrift(OrderService.Processor(Handler()))
