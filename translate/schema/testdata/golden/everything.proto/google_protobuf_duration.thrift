// Derived by weft from google/protobuf/duration.proto: change that file, not this one.

namespace * google.protobuf.duration
namespace proto google.protobuf
namespace py google_protobuf.duration

struct Duration {
  1: i64 seconds
  2: i32 nanos
}
