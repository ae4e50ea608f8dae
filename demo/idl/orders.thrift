/** The service of `weft demo`: a small order desk. */
namespace go orders
namespace proto shop.orders

enum State {
  NEW = 1
  PAID = 2
  SHIPPED = 3
}

struct Item {
  1: string sku
  2: i32 quantity
  3: i64 priceCents
  4: optional string gift_note
}

struct Address {
  1: string street
  2: string city
  3: string country
}

struct Order {
  1: i64 id
  2: string customer
  3: State state
  4: list<Item> items
  5: Address shipTo
  6: map<string, string> labels
  7: set<i32> vouchers
  8: binary signature
  9: double weightKg
  10: bool express
  11: optional string comment
}

exception NotFound {
  1: string what
  2: i64 id
} (rpc.code = "NOT_FOUND")

exception OutOfStock {
  1: string message
  2: list<string> skus
} (rpc.code = "FAILED_PRECONDITION")

service Orders {
  Order getOrder(1: i64 id) throws (1: NotFound notFound)
  Order createOrder(1: string customer, 2: list<Item> items, 3: map<string, string> labels) throws (1: OutOfStock outOfStock)
  /** Nobody waits for it. */
  oneway void orderViewed(1: i64 id, 2: string viewer)
  i32 views(1: i64 id)
}
