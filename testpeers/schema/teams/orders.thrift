// The older of the two: what the orders team has served for years.
namespace py teams_orders
namespace * legacy.orders

enum State {
  NEW = 0
  PAID = 1
  SHIPPED = 3
  LOST = 7
}

struct LineItem {
  1: required string sku
  2: i32 qty
  3: optional double unitPrice
}

struct Card {
  1: string number
}

union Payment {
  1: Card card
  2: string cash
  3: list<string> vouchers
}

struct Order {
  1: required i64 orderId
  2: string customerName
  3: State state
  4: i64 createdAt
  5: optional i64 ttlSeconds
  6: list<LineItem> items
  7: map<string, string> labels
  8: optional i32 discount
  9: optional string traceId
  10: binary legacyBlob
  11: optional i32 priority = 3
  12: i32 quantity = 1
  13: i64 serial
  14: i64 hash
  15: i64 counter
  16: binary note
  17: binary title
  18: list<i64> history
  19: i32 rank
  20: string payload
  21: map<i32, LineItem> byLine
  22: optional Payment payment
  23: optional string nickname
  24: double weight
}

exception NotFound {
  1: string what
  2: i64 orderId
}

exception Throttled {
  1: i32 retryAfter
} (rpc.code = "RESOURCE_EXHAUSTED")

exception Conflict {
  1: string text
  2: State state
}

service OrderService {
  Order getOrder(1: i64 orderId) throws (1: NotFound notFound)
  Order put_order(1: Order order) throws (1: NotFound nf, 2: Throttled throttled, 3: Conflict conflict)
  Order replaceOrder(1: Order order)
  list<Order> find_orders(1: State state, 2: i32 limit)
  void touch(1: i64 orderId)
  i32 count()
  oneway void log(1: string line)
  bool legacyOnly()
  string broken(1: list<string> words)
}
