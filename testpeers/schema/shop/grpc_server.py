"""Serves Shop with Python's grpc: prints its port and ends with its standard input."""

from google.protobuf import empty_pb2, duration_pb2

import peer
import proto_values
import shop_pb2 as pb

VALUES = proto_values.values()


class Shop:
    def Check(self, r, context):
        try:
            peer.expect_message(r.value, VALUES[r.name])
        except AssertionError as e:
            return pb.Verdict(difference=str(e))
        return pb.Verdict()

    def Make(self, r, context):
        return VALUES[r.value]

    def Echo(self, r, context):
        return r

    EchoChoice = EchoLabel = Echo

    def Fail(self, r, context):
        peer.abort(context, r.code, r.message, *r.details)

    def nothing(self, r, context):
        return empty_pb2.Empty()

    def Since(self, r, context):
        return duration_pb2.Duration(seconds=r.seconds, nanos=r.nanos)

    def delete(self, r, context):
        return pb.i64(union=len(getattr(r, "with")))

    def Watch(self, r, context):
        yield VALUES[r.value]
        yield VALUES["nothing"]


peer.serve_grpc((pb.DESCRIPTOR.services_by_name["Shop"], Shop()))
