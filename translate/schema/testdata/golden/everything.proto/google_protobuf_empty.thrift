// Derived by weft from google/protobuf/empty.proto: change that file, not this one.

namespace * google.protobuf.empty
namespace proto google.protobuf
namespace py google_protobuf.empty

struct Empty {
}
