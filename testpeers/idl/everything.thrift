/**
 * One service that uses every type of the Thrift IDL (of compiler 0.17, so no uuid) in arguments, results and
 * exceptions. Its echo methods answer what they were sent, so that a client can compare field by field.
 * Fields of type set have names that begin with "set": their order means nothing.
 */
include "base.thrift"

namespace go everything
namespace py everything
namespace proto weft.everything

typedef i64 Millis
typedef list<string> Names

/** An enum without a zero. */
enum Color {
  RED = 1
  GREEN = 2
  BLUE = 5
  BELOW = -3
}

enum FailKind {
  NONE
  NOT_FOUND
  REJECTED
  /** an error that the method does not declare */
  UNDECLARED
}

struct Scalars {
  1: bool flag
  2: i8 tiny
  3: i16 small
  4: i32 medium
  5: i64 large
  6: double real
  7: string text
  8: binary blob
  9: Color color
  10: Millis since
  18000: i32 far
}

struct OptionalScalars {
  1: optional bool flag
  2: optional i8 tiny
  3: optional i16 small
  4: optional i32 medium
  5: optional i64 large
  6: optional double real
  7: optional string text
  8: optional binary blob
  9: optional Color color
  10: optional Millis since
  11: optional base.Point point
  12: optional list<i32> numbers
}

struct RequiredScalars {
  1: required bool flag
  2: required i8 tiny
  3: required i16 small
  4: required i32 medium
  5: required i64 large
  6: required double real
  7: required string text
  8: required binary blob
  9: required Color color
  10: required base.Point point
  11: required list<string> words
}

struct Defaults {
  1: i32 count = 7
  2: string name = "nobody"
  3: optional bool flag = true
  4: Color color = Color.GREEN
  5: list<i32> numbers = [1, 2, 3]
  6: double ratio = 0.5
  7: required i64 stamp = 12
  8: map<string, i32> ages = {"a": 1}
  9: i32 plain
}

/** Points to itself in a field, a list and a map. */
struct Tree {
  1: string name
  2: optional Tree left
  3: list<Tree> branches
  4: map<string, Tree> byName
}

/** A union with a container among its members. */
union Choice {
  1: i32 number
  2: string text
  3: base.Point point
  4: Names words
  5: Color color
  6: bool yes
}

struct Key {
  1: i32 shard
  2: string name
} (python.immutable = "")

struct Lists {
  1: list<bool> bools
  2: list<i8> tinies
  3: list<i16> smalls
  4: list<i32> mediums
  5: list<i64> larges
  6: list<double> reals
  7: list<string> texts
  8: list<binary> blobs
  9: list<Color> colors
  10: list<base.Point> points
  11: list<Choice> choices
}

struct Sets {
  1: set<i32> setOfI32
  2: set<i64> setOfI64
  3: set<string> setOfString
  4: set<Color> setOfColor
  5: set<Key> setOfKey
  6: set<double> setOfDouble
}

struct Maps {
  1: map<string, i32> byString
  2: map<i32, string> byI32
  3: map<i64, base.Point> byI64
  4: map<bool, i64> byBool
  5: map<i8, bool> byI8
  6: map<i16, double> byI16
  7: map<Color, string> byColor
  8: map<double, string> byDouble
  9: map<binary, i32> byBinary
  10: map<Key, string> byKey
  11: map<string, Color> colors
  12: map<string, binary> blobs
}

/** Containers in containers. */
struct Deep {
  1: list<list<i32>> matrix
  2: map<string, list<base.Point>> index
  3: list<map<string, i32>> counters
  4: map<i32, map<string, list<double>>> cube
  5: map<string, set<string>> setsByName
  6: list<list<list<string>>> words
}

/** Fields without numbers, which Thrift numbers -1, -2, ... */
struct Implicit {
  string first
  i32 second
  optional list<i64> third
}

/** snake_case, camelCase, and words that other languages reserve. */
struct Names_of_fields {
  1: i32 snake_case_name
  2: i32 camelCaseName
  3: i32 UPPER
  4: i32 message
  5: i32 option
  6: i32 trailing_
}

exception NotFound {
  1: string what
  2: i64 id
  3: list<string> near
} (rpc.code = "NOT_FOUND")

exception Rejected {
  1: i32 code
  2: string message
  3: map<string, string> details
  4: optional base.Point where
  5: Color color
}

service Everything extends base.Base {
  bool echoBool(1: bool value)
  i8 echoI8(1: i8 value)
  i16 echoI16(1: i16 value)
  i32 echoI32(1: i32 value)
  i64 echoI64(1: i64 value)
  double echoDouble(1: double value)
  string echoString(1: string value)
  binary echoBinary(1: binary value)
  Color echoColor(1: Color value)
  Millis echoMillis(1: Millis value)
  Names echoNames(1: Names value)

  Scalars echoScalars(1: Scalars value)
  OptionalScalars echoOptionalScalars(1: OptionalScalars value)
  RequiredScalars echoRequiredScalars(1: RequiredScalars value)
  Defaults echoDefaults(1: Defaults value)
  Tree echoTree(1: Tree value)
  Choice echoChoice(1: Choice value)
  Lists echoLists(1: Lists value)
  Sets echoSets(1: Sets value)
  Maps echoMaps(1: Maps value)
  Deep echoDeep(1: Deep value)
  Implicit echoImplicit(1: Implicit value)
  Names_of_fields echoNamesOfFields(1: Names_of_fields value)

  list<i32> echoList(1: list<i32> value)
  list<base.Point> echoPoints(1: list<base.Point> value)
  set<string> echoSet(1: set<string> value)
  map<string, i32> echoMap(1: map<string, i32> value)
  map<Key, base.Point> echoMapByKey(1: map<Key, base.Point> value)
  list<list<i32>> echoMatrix(1: list<list<i32>> value)
  map<string, list<base.Point>> echoIndex(1: map<string, list<base.Point>> value)

  /** first_part + secondPart + more, times over */
  string join_parts(1: string first_part, 2: string secondPart, 3: list<string> more, 10: i32 times)
  /** Arguments without numbers: "text:number". */
  string implicit_args(string text, i32 number)

  void nothing()
  /** Adds amount to what notified(topic) answers. */
  oneway void notify(1: string topic, 2: i64 amount)
  i64 notified(1: string topic)

  /** {x: id, y: -id} below 1000; NotFound for 1000..1999, Rejected above. */
  base.Point find(1: i64 id) throws (1: NotFound missing, 2: Rejected rejected)
  void check(1: i32 code) throws (1: Rejected rejected)
  /** Fails as it is told. */
  string fail(1: FailKind kind) throws (1: NotFound missing, 2: Rejected rejected)
  /** Answers millis after so long a time. */
  i32 slow(1: i32 millis)
}
