/** What Everything inherits: a service and a type of another file. */
namespace go base
namespace py base
namespace proto weft.base

struct Point {
  1: i32 x
  2: i32 y
  3: optional string label
}

service Base {
  /** Answers as soon as it can. */
  void ping()
  i32 add(1: i32 a, 2: i32 b)
}
