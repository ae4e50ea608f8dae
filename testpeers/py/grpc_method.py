"""The methods of service Everything by their Thrift names, with the generated messages of the .proto view."""

from google.protobuf import symbol_database
from google.protobuf.message_factory import MessageFactory

import everything_pb2

SERVICE = everything_pb2.DESCRIPTOR.services_by_name["Everything"]
_factory = MessageFactory(symbol_database.Default().pool)


def grpc_name(thrift_name):
    return "".join(part[:1].upper() + part[1:] for part in thrift_name.split("_"))


def path(method):
    return "/%s/%s" % (SERVICE.full_name, method.name)


def find(thrift_name):
    return SERVICE.methods_by_name[grpc_name(thrift_name)]


def request_type(method):
    return _factory.GetPrototype(method.input_type)


def response_type(method):
    return _factory.GetPrototype(method.output_type)
