// Derived by weft from edition.proto: change that file, not this one.

namespace * every.edition.edition
namespace proto every.edition

enum Closed {
  CLOSED_ONE = 1
}

struct New {
  1: optional string explicit
  2: string implicit
  3: required string needed
  4: list<i32> expanded
  5: optional New delimited
  6: optional string unchecked
  7: optional Closed closed
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

service Edition {
  New Go(1: New request) throws (1: GrpcStatus status)
}
