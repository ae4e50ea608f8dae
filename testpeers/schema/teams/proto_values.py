"""The orders as the gRPC team has them, by id; see thrift_values.py."""

import orders_pb2 as pb


def received(id):
    if id == 1:
        m = pb.Order(customer_name="Ada", order_id=1, state=pb.ORDER_STATE_PAID, items=[pb.Item(sku="sku", qty=2, unit_price=9.5), pb.Item(sku="b")],
                     labels={"a": "b"}, discount={"value": 0}, trace_id="t", priority=5, quantity=7, serial=2**63 - 1, hash=2**64 - 1, counter=2**64 - 2,
                     note="ok", title="T", rank=pb.RANK_HIGH, payload=b"bytes", payment=pb.Payment(card={"number": "4111"}), nick_name={}, weight=0.5)
        m.create_time.seconds, m.create_time.nanos, m.ttl.seconds = 1700000000, 123000000, 90
        m.history.add(seconds=1)
        m.history.add(seconds=-1)
        m.by_line.add(key=1, value=pb.Item(sku="x", qty=1))
        m.by_line.add(key=-2, value=pb.Item(sku="y", unit_price=0))
        return m
    if id == 2:
        return pb.Order(order_id=2)
    if id == 3:
        m = pb.Order(customer_name="c", order_id=3, state=pb.ORDER_STATE_CREATED, discount={"value": -5}, priority=1, quantity=1, hash=1, rank=77,
                     payment=pb.Payment(vouchers={"codes": ["v", "w"]}))
        m.create_time.seconds, m.create_time.nanos, m.ttl.seconds = -1, 999000000, -5
        return m
    return None


def sent(id):
    order = received(id)
    order.etag = "only here"
    if id == 1:  # what is finer than the unit is cut off
        order.create_time.nanos = 123456789
    return order
