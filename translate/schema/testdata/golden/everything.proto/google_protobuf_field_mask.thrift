// Derived by weft from google/protobuf/field_mask.proto: change that file, not this one.

namespace * google.protobuf.field_mask
namespace proto google.protobuf
namespace py google_protobuf.field_mask

struct FieldMask {
  1: list<string> paths
}
