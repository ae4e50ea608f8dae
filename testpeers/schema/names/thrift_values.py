"""The value that the server of names.thrift knows; grpc_client.py has the same as a message."""

from names.ttypes import Containers, Defaults, Either, Folded, Key, Mode, Numbers, Whole, message
from names_base.ttypes import Stamp


def key(group, shard):
    return Key(group=group, shard=shard)


def whole():
    return Whole(
        words=message("m", 1, True, ["r", ""], 2**40, b"\xff", "o", "res", "syn", 0.5, "str", -5, "to", False),
        folded=Folded(1, 2, 3, 4, 5),
        numbers=Numbers(19000, "19500", [19999, 1], 32767, -1, "-2"),
        containers=Containers(
            setOfKeys={key("a", 1), key("b", 2)}, byKey={key("k", 0): "v", key("", -1): ""},
            byStamp={Stamp(at=9): [key("x", 1), key("y", 2)], Stamp(at=0): []},
            directory={"staff": [1, 2**40], "nobody": []}, byMode={Mode.FAST: [1], Mode.reverse: [2, 3]},
            eithers=[Either(numbers=[1, 2]), Either(stamps={"s": Stamp(at=1)}), Either(words={"w"}), Either(deep=[{1: "one", -2: "two"}, {}]),
                     Either(one=0), Either(mode=Mode.SLOW), Either(numbers=[])],
            byDouble={0.5: True, -2.5: False}, listOfSets=[{1, 2}, set()]),
        defaults=Defaults(limit=0, mode=Mode.FAST, tags=[], id=4, no_default=None), mode=Mode.reverse)
