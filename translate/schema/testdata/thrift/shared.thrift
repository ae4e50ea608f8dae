namespace proto every.shared

enum Kind { A, B }

struct Item {
  1: string name
  2: Kind kind
}

exception Gone { 1: string what }

service Base {
  /** Answers. */
  string ping(1: string text) throws (1: Gone gone)
}
