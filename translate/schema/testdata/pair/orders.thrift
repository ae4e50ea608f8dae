namespace java com.example.orders
namespace * legacy.orders

enum State {
  NEW = 0,
  PAID = 1,
  SHIPPED = 3,
}

struct LineItem {
  1: required string sku
  2: i32 qty
  3: optional double unitPrice
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
}

exception NotFound {
  1: string what
  2: i64 orderId
}

exception Throttled {
  1: i32 retryAfter
} (rpc.code = "RESOURCE_EXHAUSTED")

service OrderService {
  Order getOrder(1: i64 orderId) throws (1: NotFound notFound)
  Order put_order(1: Order order) throws (1: NotFound nf, 2: Throttled throttled)
  list<Order> find_orders(1: State state, 2: i32 limit)
  void touch(1: i64 orderId)
  i32 count()
  oneway void log(1: string line)
  bool legacyOnly()
}
