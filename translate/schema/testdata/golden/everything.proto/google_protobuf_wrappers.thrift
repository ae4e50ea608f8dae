// Derived by weft from google/protobuf/wrappers.proto: change that file, not this one.

namespace * google.protobuf.wrappers
namespace proto google.protobuf
namespace py google_protobuf.wrappers

struct DoubleValue {
  1: double value
}

struct FloatValue {
  1: double value
}

struct Int64Value {
  1: i64 value
}

struct UInt64Value {
  1: i64 value
}

struct Int32Value {
  1: i32 value
}

struct UInt32Value {
  1: i64 value
}

struct BoolValue {
  1: bool value
}

struct StringValue {
  1: string value
}

struct BytesValue {
  1: binary value
}
