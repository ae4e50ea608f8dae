/** Everything that Thrift has. */
namespace * every.v1

include "shared.thrift"

/** How it stands. */
enum State {
  /** Just made. */
  NEW = 1,
  OLD,
  ANCIENT = 2,
  LOST = -3,
}

enum Zeroed { ONE = 1, NONE = 0 }

typedef list<string> Names
typedef i64 Id

/** One of several. */
union Choice {
  1: string text
  2: list<i32> numbers
  3: map<State, string> states
  4: Choice again
  5: i32 value
}

struct Everything {
  1: bool flag
  2: required i8 tiny
  3: optional i16 short_
  4: i32 number = 5
  5: Id id
  6: double ratio
  7: string text
  8: binary raw
  9: uuid key
  10: State state
  11: list<Names> nested
  12: set<i32> numbers
  13: map<string, list<i32>> lists
  14: map<double, Everything> odd
  15: map<list<i32>, map<i32, Names>> crazy
  16: Choice choice
  17: shared.Item item
  18: list<shared.Item> items
  19: map<shared.Kind, shared.Item> byKind
  20: optional list<i64> maybe
  19500: string escaped
  /** A field with a doc comment,
   *  of two lines. */
  32767: Everything last
  string without_id
  101: string fooBar
  102: string foo_bar
  103: string message
  104: list<list<shared.Item>> grid
}

exception Failed {
  1: i32 code
  2: string why
  3: string message
} (rpc.code = "FAILED_PRECONDITION")

service Every extends shared.Base {
  /** Does it. */
  Everything doIt(1: Everything thing, 2: i32 times) throws (1: Failed failed, 3: shared.Gone gone),
  list<string> get_names(),
  map<State, list<string>> deep(1: list<list<i32>> grid),
  void nothing(),
  oneway void tell(1: string what),
  i32 implicit(i32 a, i32 b),
  Choice pick(1: Choice c),
}
