// Derived by weft from google/protobuf/struct.proto: change that file, not this one.

namespace * google.protobuf.struct
namespace proto google.protobuf
namespace py google_protobuf.struct

enum NullValue {
  NULL_VALUE = 0
}

struct Struct {
  1: map<string, Value> fields
}

union Value {
  1: NullValue null_value
  2: double number_value
  3: string string_value
  4: bool bool_value
  5: Struct struct_value
  6: ListValue list_value
}

struct ListValue {
  1: list<Value> values
}
