// Derived by weft from orders.proto: change that file, not this one.

namespace * shop.v1.orders
namespace proto shop.v1

enum State {
  ORDER_STATE_UNSPECIFIED = 0
  NEW = 1
  ORDER_STATE_PAID = 2
  ORDER_STATE_SHIPPED = 3
}

struct Item {
  1: string sku
  2: i32 qty
  3: optional double unit_price
}

struct LegacyOrder {
  1: string customer_name
  2: i64 order_id
  3: i32 state
  7: optional i64 createdAt
  8: optional i64 ttl
  9: list<Item> items
  12: map<string, string> labels
  13: optional i32 discount
  14: uuid trace_id
  30: i32 priority
}

struct GetOrderRequest {
  3: i64 order_id
}

struct PutOrderRequest {
  2: optional LegacyOrder order
}

struct ListRequest {
  1: State state
  2: i32 limit
}

struct ListResponse {
  1: list<LegacyOrder> orders
  2: string next_page_token
}

struct TouchRequest {
  1: i64 order_id
}

struct TouchResponse {
}

struct CountRequest {
}

struct CountResponse {
  4: i32 result
}

struct LogRequest {
  1: string line
}

struct NotFound {
  2: string what
  3: i64 order_id
}

/**
 * One detail of a gRPC status: a protobuf message in its own encoding, with its type.
 */
struct GrpcStatusDetail {
  1: string type_url
  2: binary value
}

/**
 * The error of a gRPC call: its code, its message and its details.
 */
exception GrpcStatus {
  1: i32 code
  2: string message
  3: list<GrpcStatusDetail> details
}

service OrderService {
  LegacyOrder GetOrder(1: GetOrderRequest request) throws (1: GrpcStatus status)
  LegacyOrder PutOrder(1: PutOrderRequest request) throws (1: GrpcStatus status)
  ListResponse findOrders(1: ListRequest request) throws (1: GrpcStatus status)
  TouchResponse Touch(1: TouchRequest request) throws (1: GrpcStatus status)
  CountResponse Count(1: CountRequest request) throws (1: GrpcStatus status)
  TouchResponse Log(1: LogRequest request) throws (1: GrpcStatus status)
  // rpc Watch is streaming, for which Thrift has no form
}
