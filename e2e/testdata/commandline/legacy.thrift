// Derived by weft from legacy.proto: change that file, not this one.

namespace * weft.shop.legacy.legacy
namespace proto weft.shop.legacy

enum Grade {
  GRADE_A = 1
  GRADE_B = 2
}

struct Label {
  1: required string text
  2: required Grade grade
  3: optional i32 width = 80
  4: optional string font = "serif"
  5: optional bool bold = true
  6: optional double scale = 1.5
  7: optional Grade fallback = Grade.GRADE_B
  8: optional i64 serial
  9: list<i32> codes
  10: optional Label_Border border
  11: list<Label_Line> line
}

struct Label_Border {
  1: required i32 thickness
  2: optional string style = "solid"
}

struct Label_Line {
  1: optional string words
}
