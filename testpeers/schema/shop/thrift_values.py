"""The values of service Shop by name, as structs of the Thrift view. proto_values.py has the same as messages."""

from google_protobuf.any.ttypes import Any
from google_protobuf.duration.ttypes import Duration
from google_protobuf.empty.ttypes import Empty
from google_protobuf.field_mask.ttypes import FieldMask
from google_protobuf.struct.ttypes import ListValue, NullValue, Struct, Value
from google_protobuf.timestamp.ttypes import Timestamp
from weft.shop.legacy.legacy.ttypes import Grade, Label, Label_Border, Label_Line
from weft.shop.v1.shop.ttypes import (All, Choice, Color, Known, Lists, Maps, Mixed, Optionals, Outer, Outer_Inner, Outer_Inner_Deepest,
                                      Outer_Kind, Scalars, Words, delete_, i64_)

I32, I64 = 2**31, 2**63
FLOAT = 3.4028234663852886e38
NAMES = ["f_double", "f_float", "f_int32", "f_int64", "f_uint32", "f_uint64", "f_sint32", "f_sint64", "f_fixed32", "f_fixed64",
         "f_sfixed32", "f_sfixed64", "f_bool", "f_string", "f_bytes", "f_color"]


def scalars(kind, *values):
    return kind(**dict(zip(NAMES, values)))


def filled(kind):
    return scalars(kind, 0.1, 1.5, -42, -2**40, 2**32 - 1, 2**62, -7, -2**50, 2**31, 2**61, -9, -2**33, True, "Grüße, \U0001f40d", b"\x00\xff", Color.COLOR_BLUE)


def smallest(kind):
    return scalars(kind, -0.0, -FLOAT, -I32, -I64, 0, 0, -I32, -I64, 0, 0, -I32, -I64, False, "", b"", Color.COLOR_BELOW)


def largest(kind):  # fixed64 is two's complement in an i64
    return scalars(kind, 1.7976931348623157e308, FLOAT, I32 - 1, I64 - 1, 2**32 - 1, I64 - 1, I32 - 1, I64 - 1, 2**32 - 1, -1,
                   I32 - 1, I64 - 1, True, "x" * 1000, bytes(range(256)), Color.COLOR_RED)


def zeros(kind):
    return scalars(kind, 0.0, 0.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, False, "", b"", Color.COLOR_UNSPECIFIED)


def inner(id="", kind=0, depth=None):
    return Outer_Inner(id=id, kind=kind, deepest=None if depth is None else Outer_Inner_Deepest(depth))


def lists():
    m = scalars(Lists, [0.5, float("inf")], [float("-inf"), 0.25], [1, -1, 0], [2**40], [2**32 - 1], [2**63 - 1], [-1, I32 - 1], [-2**62], [2**32 - 1],
                [-1, 1], [-I32], [-I64], [True, False], ["a", "", "ß"], [b"", b"\xff"], [1, 5, -3])
    m.messages = [inner("m", Outer_Kind.KIND_SOME, 3), inner()]
    m.unpacked = [1, 300, -1]
    m.times = [Timestamp(1, 2), Timestamp(-1, 0)]
    m.names = ["n", ""]
    return m


def maps():
    return Maps({"a": "b", "": ""}, {-1: 0.5, 0: 0.0}, {-2**40: b"\x00"}, {2**32 - 1: 1.5}, {2**63 - 1: 7}, {-5: -6}, {2**50: 5, 1: 0},
                {2**32 - 1: True, 3: False}, {-1: 9}, {-4: inner("s", 7), 4: inner()}, {-2: "z"}, {True: "t", False: "f"},
                {"s": Duration(90, 0)}, {"c": -1, "zero": 0})


def outer():
    return Outer(inner("i", 7, -8), Outer_Inner_Deepest(2**40), Outer(outer=Outer(inner=inner("two down"), more=[]), more=[]),
                 [Outer(inner=inner("first"), more=[]), Outer(more=[])])


def known(packed):
    v = lambda **kw: Value(**kw)
    fields = {
        "n": v(null_value=NullValue.NULL_VALUE), "t": v(string_value="text"), "d": v(number_value=1.5), "yes": v(bool_value=True),
        "l": v(list_value=ListValue([v(number_value=1.0), v(string_value="two"), v(null_value=0)])),
        "o": v(struct_value=Struct({"deep": v(struct_value=Struct({"er": v(number_value=3.0)}))})),
    }
    return Known(Timestamp(1700000000, 999999999), Duration(-5, -500000000), 0.5, 0.25, -2**60, 2**63 - 1, -1, 2**32 - 1, True, "w", b"\x01",
                 Struct(fields), v(list_value=ListValue([v(number_value=4.5)])), ListValue([v(string_value="s"), v(bool_value=False)]),
                 Any("type.googleapis.com/weft.shop.v1.Outer.Inner", packed), Empty(), FieldMask(["a.b", "c"]), NullValue.NULL_VALUE)


def known_zeros():
    return Known(Timestamp(0, 0), Duration(0, 0), 0.0, 0.0, 0, 0, 0, 0, False, "", b"", Struct({}), Value(null_value=0), ListValue([]),
                 Any("", b""), Empty(), FieldMask([]), NullValue.NULL_VALUE)


def empty_lists():
    return Lists(*[[] for _ in NAMES], messages=[], unpacked=[], times=[], names=[])


def label():
    return Label("l", Grade.GRADE_B, 0, "", False, -1.0, Grade.GRADE_A, 2**63 - 1, [3, 0], Label_Border(2, "dotted"), [Label_Line("one"), Label_Line()])


def values():
    none = dict(choices=[], far=0)
    v = {"nothing": All(**none), "filled": All(
        scalars=filled(Scalars), optionals=filled(Optionals), lists=lists(), maps=maps(), choice=Choice(inner=inner("c")),
        mixed=Mixed(name="m", b="second", c=Choice(raw=b"r")), outer=outer(), known=known(b"\x0a\x06packed"),
        words=Words("e", 3, True, ["l"], delete_("w"), "s", i64_(64)), label=label(),
        choices=[Choice(number=0), Choice(text=""), Choice(color=0), Choice(yes=False), Choice(none=Empty())], far=-1)}
    v["smallest"] = All(scalars=smallest(Scalars), optionals=smallest(Optionals), **none)
    v["largest"] = All(scalars=largest(Scalars), optionals=largest(Optionals), **none)
    v["zeros"] = All(scalars=zeros(Scalars), optionals=zeros(Optionals), known=known_zeros(), lists=empty_lists(), maps=Maps(*[{} for _ in range(14)]),
                     outer=Outer(more=[]), words=Words("", 0, False, [], None, "", None), mixed=Mixed("", a=0, d=0.0),
                     label=Label("", Grade.GRADE_A, codes=[], line=[]), **none)
    v["absent"] = All(optionals=Optionals(), known=Known(null=0), mixed=Mixed("", a=3), **none)
    rest = zeros(Scalars)
    rest.f_double, rest.f_float = float("nan"), float("inf")
    v["nan"] = All(scalars=rest, optionals=Optionals(f_float=float("nan")), **none)
    rest = zeros(Scalars)
    rest.f_color = 77
    v["unknown enum"] = All(scalars=rest, choice=Choice(color=-99), **none)
    return v

