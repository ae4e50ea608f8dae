"""Calls Registry as a gRPC program, through sidecars that have Thrift between them: grpc_client.py HOST:PORT."""

import sys
import uuid

import grpc

import ids_pb2 as pb
import peer

call = peer.caller(grpc.insecure_channel(sys.argv[1]), pb.DESCRIPTOR.services_by_name["Registry"])
ONE, TWO = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff"), uuid.UUID("ffeeddcc-bbaa-9988-7766-554433221100")


def refused(part, **fields):
    e = peer.raised(grpc.RpcError, lambda: call("Turn", pb.Ids(**fields)))
    if e.code().name != "INVALID_ARGUMENT" or part not in e.details():
        raise AssertionError("got %s: %s" % (e.code().name, e.details()))


peer.check("turned", lambda: peer.expect_message(
    call("Turn", pb.Ids(text=str(ONE), raw=ONE.bytes, all=[str(TWO), str(ONE)])), pb.Ids(text=str(TWO), raw=TWO.bytes, all=[str(ONE), str(TWO)])))
peer.check("upper case", lambda: peer.expect_message(call("Turn", pb.Ids(text=str(ONE).upper(), raw=ONE.bytes)), pb.Ids(text=str(TWO), raw=TWO.bytes)))
peer.check("a text that is no uuid", lambda: refused("text", text="0011", raw=ONE.bytes))
peer.check("bytes that are no uuid", lambda: refused("raw", text=str(ONE), raw=b"123"))
peer.end()
