// Derived by weft from google/protobuf/any.proto: change that file, not this one.

namespace * google.protobuf.any
namespace proto google.protobuf
namespace py google_protobuf.any

struct Any {
  1: string type_url
  2: binary value
}
