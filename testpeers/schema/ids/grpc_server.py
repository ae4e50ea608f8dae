"""Serves Registry with Python's gRPC: each uuid comes back with its bytes in reverse order. Prints its port and ends with its
standard input."""

import uuid

import ids_pb2 as pb
import peer


def turn(text):
    return str(uuid.UUID(bytes=uuid.UUID(text).bytes[::-1]))


class Registry:
    def Turn(self, r, context):
        if not r.text:
            return pb.Ids(text="no uuid", raw=b"short")
        return pb.Ids(text=turn(r.text), raw=r.raw[::-1], all=[turn(t) for t in r.all])


peer.serve_grpc((pb.DESCRIPTOR.services_by_name["Registry"], Registry()))
