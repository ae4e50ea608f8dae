package demo

import (
	"context"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"

	"weft/demo/gen/pb/orderspb"
)

// startGRPC runs grpc-go's server.
func startGRPC() (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the gRPC server: %w", err)
	}
	s := grpc.NewServer()
	orderspb.RegisterOrdersServer(s, &grpcDesk{views: map[int64]int32{}})
	served := make(chan struct{})
	go func() { // ends with stop, which waits for it
		defer close(served)
		_ = s.Serve(l) // its error is that it was stopped
	}()
	return &server{l.Addr().String(), func() {
		s.Stop()
		<-served
	}}, nil
}

// grpcDesk implements the service as a gRPC team would.
type grpcDesk struct {
	orderspb.UnimplementedOrdersServer

	mu    sync.Mutex
	views map[int64]int32
}

func (*grpcDesk) GetOrder(_ context.Context, r *orderspb.OrdersGetOrderRequest) (*orderspb.OrdersGetOrderResponse, error) {
	if r.GetId() > 100 {
		return nil, withDetail(codes.NotFound, "order", &orderspb.NotFound{What: proto.String("order"), Id: r.Id})
	}
	return &orderspb.OrdersGetOrderResponse{Success: grpcOrder(r.GetId())}, nil
}

func (*grpcDesk) CreateOrder(_ context.Context, r *orderspb.OrdersCreateOrderRequest) (*orderspb.OrdersCreateOrderResponse, error) {
	var missing []string
	for _, item := range r.GetItems() {
		if item.GetQuantity() > 1000 {
			missing = append(missing, item.GetSku())
		}
	}
	if missing != nil {
		text := "not enough in stock"
		return nil, withDetail(codes.FailedPrecondition, text, &orderspb.OutOfStock{Message: &text, Skus: missing})
	}
	return &orderspb.OrdersCreateOrderResponse{Success: grpcCreated(r.GetCustomer(), r.GetItems(), r.GetLabels())}, nil
}

func (d *grpcDesk) OrderViewed(_ context.Context, r *orderspb.OrdersOrderViewedRequest) (*orderspb.OrdersOrderViewedResponse, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.views[r.GetId()]++
	return &orderspb.OrdersOrderViewedResponse{}, nil
}

func (d *grpcDesk) Views(_ context.Context, r *orderspb.OrdersViewsRequest) (*orderspb.OrdersViewsResponse, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &orderspb.OrdersViewsResponse{Success: proto.Int32(d.views[r.GetId()])}, nil
}

func withDetail(code codes.Code, text string, detail protoadapt.MessageV1) error {
	s, err := status.New(code, text).WithDetails(detail)
	if err != nil {
		return status.Errorf(codes.Internal, "attach a detail: %v", err)
	}
	return s.Err()
}

// grpcOrder is the order with a number; thriftOrder is the same one.
func grpcOrder(id int64) *orderspb.Order {
	return &orderspb.Order{
		Id: &id, Customer: proto.String("Ada Lovelace"), State: orderspb.State_State_PAID.Enum(),
		Items: []*orderspb.Item{
			{Sku: proto.String("bobbin"), Quantity: proto.Int32(3), PriceCents: proto.Int64(450)},
			{Sku: proto.String("shuttle"), Quantity: proto.Int32(1), PriceCents: proto.Int64(12900), GiftNote: proto.String("for you")},
		},
		ShipTo:   &orderspb.Address{Street: proto.String("12 St James's Square"), City: proto.String("London"), Country: proto.String("GB")},
		Labels:   map[string]string{"channel": "web"},
		Vouchers: []int32{7}, Signature: []byte{0xca, 0xfe}, WeightKg: proto.Float64(1.25), Express: proto.Bool(true),
		Comment: proto.String("ring twice"),
	}
}

// grpcCreated is a new order as both servers answer it: Thrift writes the fields that nobody set as well.
func grpcCreated(customer string, items []*orderspb.Item, labels map[string]string) *orderspb.Order {
	return &orderspb.Order{
		Id: proto.Int64(42), Customer: &customer, State: orderspb.State_State_NEW.Enum(), Items: items, Labels: labels,
		ShipTo:    &orderspb.Address{Street: proto.String(""), City: proto.String(""), Country: proto.String("")},
		Signature: []byte{}, WeightKg: proto.Float64(0), Express: proto.Bool(false),
	}
}
