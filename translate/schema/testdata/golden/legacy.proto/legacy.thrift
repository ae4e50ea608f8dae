// Derived by weft from legacy.proto: change that file, not this one.

namespace * every.legacy.legacy
namespace proto every.legacy

enum Color {
  RED = 1
  BLUE = 2
}

struct Old {
  1: required string id
  2: optional i32 number = 42
  3: optional string text = "plain"
  4: optional Color color = Color.BLUE
  5: optional double ratio = 1.5
  6: optional bool flag = true
  7: optional binary raw
  8: optional i64 large
  9: optional string quoted
  10: optional Old_Part part
  11: list<Old_Item> item
  12: list<i32> loose
  13: list<i32> tight
}

struct Old_Part {
  1: optional string name
}

struct Old_Item {
  1: required i32 n
}

/**
 * One detail of a gRPC status: a protobuf message in its own encoding, with its type.
 */
struct GrpcStatusDetail {
  1: string type_url
  2: binary value
}

/**
 * The error of a gRPC call: its code, its message and its details.
 */
exception GrpcStatus {
  1: i32 code
  2: string message
  3: list<GrpcStatusDetail> details
}

service Legacy {
  Old Turn(1: Old request) throws (1: GrpcStatus status)
}
