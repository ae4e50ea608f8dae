"""Runs every case through Python's grpc: grpc_client.py HOST:PORT."""

import sys
import time

import grpc
from google.protobuf import json_format

import cases
import everything_pb2
import grpc_method
import status_pb2


def call(channel, method, request):
    stub = channel.unary_unary(
        grpc_method.path(method),
        request_serializer=grpc_method.request_type(method).SerializeToString,
        response_deserializer=grpc_method.response_type(method).FromString)
    return stub(request, timeout=20)


def text(message, unordered=False):
    """Writes a message so that equal ones have equal text: maps, lists of entries and sets are sorted."""
    return str(normal(message, unordered))


def normal(message, unordered):
    fields = []
    for fd, value in message.ListFields():
        as_set = unordered or fd.name.startswith("set")
        one = (lambda v: normal(v, as_set)) if fd.message_type else repr
        if fd.label != fd.LABEL_REPEATED:
            fields.append((fd.name, one(value)))
        elif fd.message_type and fd.message_type.GetOptions().map_entry:
            one = (lambda v: normal(v, as_set)) if fd.message_type.fields_by_name["value"].message_type else repr
            fields.append((fd.name, sorted((repr(k), str(one(value[k]))) for k in value)))
        else:
            elements = [str(one(v)) for v in value]
            entries = fd.message_type and fd.message_type.name.startswith("MapEntry")
            fields.append((fd.name, sorted(elements) if as_set or entries else elements))
    return (message.DESCRIPTOR.name, fields)


def check(channel, c):
    method = grpc_method.find(c["method"])
    request = json_format.ParseDict(c["request"], grpc_method.request_type(method)())
    want = c.get("exception")
    try:
        got = call(channel, method, request)
    except grpc.RpcError as e:
        if want is None:
            raise AssertionError("got %s: %s" % (e.code(), e.details()))
        if want["name"]:
            check_exception(e, want)
        return
    if want is not None:
        raise AssertionError("got %s, want an exception" % text(got))
    unordered = c["method"] == "echoSet"
    response = json_format.ParseDict(c["response"], grpc_method.response_type(method)())
    cases.expect(text(got, unordered), text(response, unordered))


def check_exception(e, want):
    cases.expect(e.code().name, want["code"])
    packed = [v for k, v in e.trailing_metadata() if k == "grpc-status-details-bin"]
    if len(packed) != 1:
        raise AssertionError("got %d grpc-status-details-bin, want 1" % len(packed))
    status = status_pb2.Status.FromString(packed[0])
    cases.expect(status.code, e.code().value[0])
    got = getattr(everything_pb2, want["name"])()
    if not status.details[0].Unpack(got):
        raise AssertionError("the detail is a %s, want %s" % (status.details[0].type_url, want["name"]))
    cases.expect(text(got), text(json_format.ParseDict(want["value"], type(got)())))


def check_oneway(channel):
    topic = "python %d" % time.time_ns()
    notify, notified = grpc_method.find("notify"), grpc_method.find("notified")
    for amount in (40, 2):
        call(channel, notify, grpc_method.request_type(notify)(topic=topic, amount=amount))
    end = time.time() + 20
    while True:
        n = call(channel, notified, grpc_method.request_type(notified)(topic=topic)).success
        if n == 42:
            return
        if time.time() > end:
            raise AssertionError("the server counted %d, want 42" % n)


def main():
    with grpc.insecure_channel(sys.argv[1]) as channel:
        failed = cases.run(lambda c: check(channel, c))
        try:
            check_oneway(channel)
            print("ok    oneway")
        except Exception as e:
            failed += 1
            print("FAIL  oneway -", e)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
