/** Names and numbers that need rules in protobuf. */
include "base.thrift"
include "middle.thrift"

namespace py names

typedef i64 Id
typedef Id UserId
typedef list<UserId> UserIds
typedef map<string, UserIds> UsersByGroup
typedef UsersByGroup Directory

const i32 LIMIT = 7
const list<string> TAGS = ["a", "b"]

/** No value is zero. */
enum Mode {
  FAST = 3
  SLOW = 4
  reverse = -2
}

/** Words of protobuf. */
struct message {
  1: string message
  2: i32 option
  3: bool rpc
  4: list<string> repeated
  5: i64 int32
  6: binary bytes
  7: string oneof
  8: string reserved
  9: string syntax
  10: double returns
  11: string stream
  12: i32 max
  13: string to
  14: bool extend
}

/** Names that differ in case and underscores only. */
struct Folded {
  1: i32 foo_bar
  2: i32 fooBar
  3: i32 FOO_BAR
  4: i32 _x
  5: i32 x_
}

/** Numbers that are no protobuf numbers. */
struct Numbers {
  19000: i32 first
  19500: string second
  19999: list<i32> last
  32767: i32 end_of_ids
  i32 implicit
  optional string implicit_too
}

union Either {
  1: list<i32> numbers
  2: map<string, base.Stamp> stamps
  3: set<string> words
  4: list<map<i32, string>> deep
  5: i64 one
  6: Mode mode
}

struct Key {
  1: string group
  2: i32 shard
} (python.immutable = "")

struct Containers {
  1: set<Key> setOfKeys
  2: map<Key, string> byKey
  3: map<base.Stamp, list<Key>> byStamp
  4: Directory directory
  5: map<Mode, UserIds> byMode
  6: list<Either> eithers
  7: map<double, bool> byDouble
  8: list<set<i32>> listOfSets
}

struct Defaults {
  1: i32 limit = LIMIT
  2: optional Mode mode = Mode.SLOW
  3: list<string> tags = TAGS
  4: required UserId id
  5: optional Mode no_default
}

struct Whole {
  1: message words
  2: Folded folded
  3: Numbers numbers
  4: Containers containers
  5: Defaults defaults
  6: required Mode mode
}

exception Plain {
  1: i32 number
}

exception Rejected {
  1: string reason
  2: string msg
  3: Either either
} (rpc.code = "INVALID_ARGUMENT")

service Alpha extends middle.Middle {
  /** Says where a value differs from the one that the server knows. */
  string check_whole(1: Whole value)
  Whole make_whole()
  Whole echoWhole(1: Whole value)
  Either echo_either(1: Either either)
  set<Key> get__setOf_keys(1: set<Key> keys)
  UserIds HTTPGet(1: Directory directory, 2: string group)
  Mode next_mode(1: Mode mode = Mode.FAST)
  void fail_with(1: string what) throws (1: Plain plain, 2: Rejected rejected, 3: base.Gone gone)
}

/** A second service of the file, with a method of the same name. */
service Beta {
  string who_are_you()
  i32 message(1: message message, 2: i32 option)
}
