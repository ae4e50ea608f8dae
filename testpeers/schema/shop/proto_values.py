"""The values of service Shop by name, as messages of shop.proto. thrift_values.py has the same as Thrift structs."""

from google.protobuf import struct_pb2

import legacy_pb2 as legacy
import shop_pb2 as pb

I32, I64 = 2**31, 2**63
FLOAT = 3.4028234663852886e38
NAMES = ["f_double", "f_float", "f_int32", "f_int64", "f_uint32", "f_uint64", "f_sint32", "f_sint64", "f_fixed32", "f_fixed64",
         "f_sfixed32", "f_sfixed64", "f_bool", "f_string", "f_bytes", "f_color"]


def scalars(kind, *values):
    return kind(**dict(zip(NAMES, values)))


def filled(kind):
    return scalars(kind, 0.1, 1.5, -42, -2**40, 2**32 - 1, 2**62, -7, -2**50, 2**31, 2**61, -9, -2**33, True, "Grüße, \U0001f40d", b"\x00\xff", pb.COLOR_BLUE)


def smallest(kind):
    return scalars(kind, -0.0, -FLOAT, -I32, -I64, 0, 0, -I32, -I64, 0, 0, -I32, -I64, False, "", b"", pb.COLOR_BELOW)


def largest(kind):
    return scalars(kind, 1.7976931348623157e308, FLOAT, I32 - 1, I64 - 1, 2**32 - 1, I64 - 1, I32 - 1, I64 - 1, 2**32 - 1, 2**64 - 1,
                   I32 - 1, I64 - 1, True, "x" * 1000, bytes(range(256)), pb.COLOR_RED)


def zeros(kind):
    return scalars(kind, 0.0, 0.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, False, "", b"", 0)


def inner(id, kind=0, depth=None):
    m = pb.Outer.Inner(id=id, kind=kind)
    if depth is not None:
        m.deepest.depth = depth
    return m


def lists():
    m = scalars(pb.Lists, [0.5, float("inf")], [float("-inf"), 0.25], [1, -1, 0], [2**40], [2**32 - 1], [2**63 - 1], [-1, I32 - 1], [-2**62], [2**32 - 1],
                [2**64 - 1, 1], [-I32], [-I64], [True, False], ["a", "", "ß"], [b"", b"\xff"], [1, 5, -3])
    m.messages.extend([inner("m", 7, 3), pb.Outer.Inner()])
    m.unpacked.extend([1, 300, -1])
    m.times.add(seconds=1, nanos=2)
    m.times.add(seconds=-1)
    m.names.add(value="n")
    m.names.add()
    return m


def maps():
    m = pb.Maps(by_string={"a": "b", "": ""}, by_int32={-1: 0.5, 0: 0.0}, by_int64={-2**40: b"\x00"}, by_uint32={2**32 - 1: 1.5},
                by_uint64={2**63 - 1: 7}, by_sint32={-5: -6}, by_sint64={2**50: 5, 1: 0}, by_fixed32={2**32 - 1: True, 3: False},
                by_fixed64={2**64 - 1: 9}, by_sfixed64={-2: "z"}, by_bool={True: "t", False: "f"})
    m.by_sfixed32[-4].CopyFrom(inner("s", 7))
    m.by_sfixed32[4].SetInParent()
    m.spans["s"].seconds = 90
    m.counts["c"].value = -1
    m.counts["zero"].SetInParent()
    return m


def outer():
    m = pb.Outer(inner=inner("i", 7, -8), deepest=pb.Outer.Inner.Deepest(depth=2**40))
    m.outer.outer.inner.id = "two down"
    m.more.add(inner=inner("first"))
    m.more.add()
    return m


def known():
    m = pb.Known()
    m.time.seconds, m.time.nanos = 1700000000, 999999999
    m.span.seconds, m.span.nanos = -5, -500000000
    m.v_double.value, m.v_float.value, m.v_int64.value, m.v_uint64.value = 0.5, 0.25, -2**60, 2**63 - 1
    m.v_int32.value, m.v_uint32.value, m.v_bool.value, m.v_string.value, m.v_bytes.value = -1, 2**32 - 1, True, "w", b"\x01"
    m.object.update({"n": None, "t": "text", "d": 1.5, "yes": True})
    m.object["l"] = [1.0, "two", None]
    m.object["o"] = {"deep": {"er": 3.0}}
    m.value.list_value.values.add(number_value=4.5)
    m.list.values.add(string_value="s")
    m.list.values.add(bool_value=False)
    m.any.Pack(inner("packed"))
    m.empty.SetInParent()
    m.mask.paths.extend(["a.b", "c"])
    return m


def known_zeros():
    m = pb.Known(null=struct_pb2.NULL_VALUE)
    for f in m.DESCRIPTOR.fields:
        if f.message_type:
            getattr(m, f.name).SetInParent()
    m.value.null_value = struct_pb2.NULL_VALUE
    return m


def label():
    m = legacy.Label(text="l", grade=legacy.GRADE_B, width=0, font="", bold=False, scale=-1.0, fallback=legacy.GRADE_A, serial=2**63 - 1, codes=[3, 0])
    m.border.thickness, m.border.style = 2, "dotted"
    m.line.add(words="one")
    m.line.add()
    return m


def words():
    m = pb.Words(end="e", list=["l"], self="s")
    setattr(m, "from", 3)
    setattr(m, "class", True)
    setattr(m.throws, "with", "w")
    m.i64.union = 64
    return m


def values():
    v = {"nothing": pb.All(), "filled": pb.All(
        scalars=filled(pb.Scalars), optionals=filled(pb.Optionals), lists=lists(), maps=maps(), choice=pb.Choice(inner=inner("c")),
        mixed=pb.Mixed(name="m", b="second", c=pb.Choice(raw=b"r")), outer=outer(), known=known(), words=words(), label=label(),
        choices=[pb.Choice(number=0), pb.Choice(text=""), pb.Choice(color=0), pb.Choice(yes=False), pb.Choice(none={})], far=-1)}
    v["smallest"] = pb.All(scalars=smallest(pb.Scalars), optionals=smallest(pb.Optionals))
    v["largest"] = pb.All(scalars=largest(pb.Scalars), optionals=largest(pb.Optionals))
    v["zeros"] = pb.All(scalars=zeros(pb.Scalars), optionals=zeros(pb.Optionals), known=known_zeros(), lists={}, maps={}, outer={}, words={},
                        mixed=pb.Mixed(a=0, d=0.0), label=legacy.Label(text="", grade=legacy.GRADE_A, width=80, font="serif", bold=True, scale=1.5, fallback=legacy.GRADE_B))
    v["absent"] = pb.All(optionals={}, known={}, mixed={"a": 3})
    v["nan"] = pb.All(scalars=pb.Scalars(f_double=float("nan"), f_float=float("inf")), optionals=pb.Optionals(f_float=float("nan")))
    v["unknown enum"] = pb.All(scalars=pb.Scalars(f_color=77), choice=pb.Choice(color=-99))
    return v
