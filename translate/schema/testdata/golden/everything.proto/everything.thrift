// Derived by weft from everything.proto: change that file, not this one.

namespace * every.v1.everything
namespace proto every.v1

include "google_protobuf_timestamp.thrift"
include "google_protobuf_duration.thrift"
include "google_protobuf_any.thrift"
include "google_protobuf_struct.thrift"
include "google_protobuf_field_mask.thrift"
include "shared_types.thrift"
include "google_protobuf_empty.thrift"
include "google_protobuf_wrappers.thrift"

/**
 * State of a thing.
 */
enum State {
  /**
   * Nobody knows.
   */
  STATE_UNSPECIFIED = 0
  STATE_NEW = 1
  STATE_FRESH = 1
  STATE_LOST = -2
}

enum Scalars_Inner_Kind {
  KIND_A = 0
  END_ = 1
}

/**
 * Scalars of every kind. * / ends no comment.
 */
struct Scalars {
  1: double d
  2: double f
  3: i32 i32_
  4: i64 i64_
  5: i64 u32
  6: i64 u64
  7: i32 s32
  8: i64 s64
  9: i64 f32
  10: i64 f64
  11: i32 sf32
  12: i64 sf64
  13: bool b
  14: string s
  15: binary raw
  16: State state
  17: optional i32 maybe
  18: list<i32> many
  19: list<string> texts
  20: map<string, State> states
  21: map<i64, Scalars_Inner> inners
  22: optional Scalars_Inner inner
  23: optional string left
  24: optional Scalars_Inner right
}

/**
 * A message within.
 */
struct Scalars_Inner {
  1: optional Scalars up
  2: optional Scalars_Inner self_
  3: Scalars_Inner_Kind kind
}

struct Known {
  1: optional google_protobuf_timestamp.Timestamp at
  2: optional google_protobuf_duration.Duration span
  3: optional google_protobuf_any.Any any
  4: optional google_protobuf_struct.Struct struct_
  5: optional google_protobuf_struct.Value value
  6: optional google_protobuf_field_mask.FieldMask mask
  7: optional i64 number
  8: list<string> strings
  9: map<string, bool> flags
  10: google_protobuf_struct.NullValue nothing
  11: optional shared_types.Money price
}

/**
 * One of several.
 */
union Choice {
  1: string text
  2: Scalars scalars
  3: bool flag
}

/**
 * Words that Thrift keeps for itself.
 */
struct Reserved {
  1: string end_
  2: string list_
  3: string required_
  4: optional Reserved struct_
  5: bool delete_
}

struct Huge {
  1: i32 small
  // field big has a number that is no Thrift id
}

struct Nothing {
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

/**
 * Calls of every kind.
 */
service Every {
  /**
   * Does it.
   */
  Known Do(1: Scalars request) throws (1: GrpcStatus status)
  Choice Pick(1: Choice request) throws (1: GrpcStatus status)
  google_protobuf_empty.Empty Empty(1: google_protobuf_empty.Empty request) throws (1: GrpcStatus status)
  Nothing Wrapped(1: google_protobuf_wrappers.StringValue request) throws (1: GrpcStatus status)
  // rpc Watch is streaming, for which Thrift has no form
  Nothing Big(1: Huge request) throws (1: GrpcStatus status)
  Reserved delete_(1: Reserved request) throws (1: GrpcStatus status)
}
