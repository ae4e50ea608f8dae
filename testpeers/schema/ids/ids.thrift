// Apache's compiler has uuid since 0.19; the test's Thrift program is written by hand on its newer library for Go.
struct Ids {
  1: uuid text
  2: uuid raw
  3: list<uuid> all
}

service Registry {
  Ids turn(1: Ids ids)
}
