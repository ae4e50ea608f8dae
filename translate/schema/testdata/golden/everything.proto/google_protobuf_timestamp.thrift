// Derived by weft from google/protobuf/timestamp.proto: change that file, not this one.

namespace * google.protobuf.timestamp
namespace proto google.protobuf
namespace py google_protobuf.timestamp

struct Timestamp {
  1: i64 seconds
  2: i32 nanos
}
