"""The orders as the Thrift team has them, by id. proto_values.py has the same as the gRPC team has them.

received(id) is what a Thrift program gets of what a gRPC program sent, sent(id) what it sends: they differ where a field has no
partner, or where zero and absence cannot be told apart."""

from teams_orders.ttypes import Card, LineItem, Order, Payment, State


def received(id):
    if id == 1:
        return Order(
            orderId=1, customerName="Ada", state=State.PAID, createdAt=1700000000123, ttlSeconds=90, items=[LineItem("sku", 2, 9.5), LineItem("b", 0)],
            labels={"a": "b"}, discount=0, traceId="t", priority=5, quantity=7, serial=2**63 - 1, hash=-1, counter=-2, note=b"ok", title=b"T",
            history=[1, -1], rank=2, payload="bytes", byLine={1: LineItem("x", 1), -2: LineItem("y", 0, 0.0)}, payment=Payment(card=Card("4111")),
            nickname="", weight=0.5)
    if id == 2:  # nothing was set: 3 is the IDL's default for priority, which is left out; there is no State for the zero of the other enum
        return Order(orderId=2, customerName="", state=None, items=[], labels={}, priority=3, quantity=0, serial=0, hash=0, counter=0, note=b"", title=b"",
                     history=[], rank=0, payload="", byLine={}, weight=0.0)
    if id == 3:
        return Order(orderId=3, customerName="c", state=State.NEW, createdAt=-1, ttlSeconds=-5, items=[], labels={}, discount=-5, priority=1, quantity=1, serial=0,
                     hash=1, counter=0, note=b"", title=b"", history=[], rank=77, payload="", byLine={}, payment=Payment(vouchers=["v", "w"]), weight=0.0)
    return None


def sent(id):
    order = received(id)
    order.legacyBlob = b"only here"
    if id == 2:
        order.priority = None
    return order
