"""Serves shop.v1.Orders with Python's gRPC. Prints its port and ends with its standard input."""

import threading

import grpc
from google.protobuf import any_pb2, empty_pb2

import orders_pb2 as pb
import peer
import proto_values


class Handler:
    def __init__(self):
        self.lock = threading.Lock()
        self.lines = 0

    def GetOrder(self, r, context):
        if r.order_id > 3:
            peer.abort(context, 5, "no order", pb.NotFound(what="no order", order_id=r.order_id))
        return proto_values.sent(r.order_id)

    def check(self, order, context):
        try:
            if order.order_id == 4:
                got, want = order.note, "a\ufffdb"
                peer.expect(got, want)
                return pb.Order(order_id=4, note="\u00fc")
            by_key = sorted(order.by_line, key=lambda e: -e.key)
            del order.by_line[:]
            order.by_line.extend(by_key)
            peer.expect_message(order, proto_values.received(order.order_id))
        except AssertionError as e:
            context.abort(grpc.StatusCode.DATA_LOSS, str(e))
        return proto_values.sent(order.order_id)

    def PutOrder(self, r, context):
        if r.order.order_id == 10:  # the message that the binding derives: legacy.orders.Throttled {1: retryAfter}
            peer.abort(context, 8, "slow down", any_pb2.Any(type_url="type.googleapis.com/legacy.orders.Throttled", value=b"\x08\x07"))
        if r.order.order_id == 11:
            peer.abort(context, 10, "in the way", pb.ConflictInfo(text="in the way", state=pb.ORDER_STATE_SHIPPED))
        if r.order.order_id == 12:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "not you")
        return self.check(r.order, context)

    def ReplaceOrder(self, r, context):
        return pb.ReplaceOrderResponse(success=self.check(r, context))

    def ListOrders(self, r, context):
        return pb.ListResponse(orders=[proto_values.sent(1)] if (r.state, r.limit) == (pb.ORDER_STATE_CREATED, 5) else [])

    def Touch(self, r, context):
        if r.order_id != 5:
            context.abort(grpc.StatusCode.DATA_LOSS, str(r))
        return empty_pb2.Empty()

    def Count(self, r, context):
        with self.lock:
            return pb.CountResponse(result=self.lines)

    def Log(self, r, context):
        with self.lock:
            self.lines += len(r.line)
        return empty_pb2.Empty()

    def Broken(self, r, context):
        return pb.BrokenResponse(result=r.words)


peer.serve_grpc((pb.DESCRIPTOR.services_by_name["Orders"], Handler()))
