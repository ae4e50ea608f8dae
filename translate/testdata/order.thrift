/** The order of the benchmarks, as one team wrote it; order.proto is the other's. */
namespace go order

enum State {
  UNKNOWN = 0
  PAID = 1
  SHIPPED = 2
}

struct Item {
  1: string sku
  2: string title
  3: i32 quantity
  4: i64 price_cents
  5: double weight
}

struct Address {
  1: string street
  2: string city
  3: string zip
  4: string country
}

struct Order {
  1: i64 id
  2: string customer
  3: State state
  4: list<Item> items
  5: Address ship_to
  6: map<string, string> labels
  7: i64 created_at
  8: bool gift
  9: double total
  10: optional string note
  11: list<i64> vouchers
}

service Orders {
  Order place(1: Order order)
}
