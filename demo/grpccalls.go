package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"weft/demo/gen/pb/orderspb"
)

// patience ends a call that nobody answers.
const patience = 10 * time.Second

// grpcClient makes calls with grpc-go and shows them.
type grpcClient struct {
	conn *grpc.ClientConn
	show *show
}

// grpcCalls makes a gRPC program's calls to the Thrift server.
func grpcCalls(ctx context.Context, s *show, addr string, round int) error {
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("make a gRPC client: %w", err)
	}
	defer func() { _ = conn.Close() }()
	c := grpcClient{conn, s}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()

	if err := c.call(ctx, "GetOrder", &orderspb.OrdersGetOrderRequest{Id: proto.Int64(7)},
		&orderspb.OrdersGetOrderResponse{Success: grpcOrder(7)}); err != nil {
		return err
	}
	customer, labels := "Joseph Jacquard", map[string]string{"channel": "phone", "lang": "fr"}
	items := []*orderspb.Item{{Sku: proto.String("punched card"), Quantity: proto.Int32(24), PriceCents: proto.Int64(5)}}
	if err := c.call(ctx, "CreateOrder", &orderspb.OrdersCreateOrderRequest{Customer: &customer, Items: items, Labels: labels},
		&orderspb.OrdersCreateOrderResponse{Success: grpcCreated(customer, items, labels)}); err != nil {
		return err
	}
	if err := c.fail(ctx, "GetOrder", &orderspb.OrdersGetOrderRequest{Id: proto.Int64(404)}, &orderspb.OrdersGetOrderResponse{},
		codes.NotFound, &orderspb.NotFound{What: proto.String("order"), Id: proto.Int64(404)}); err != nil {
		return err
	}
	items[0].Quantity = proto.Int32(100000)
	if err := c.fail(ctx, "CreateOrder", &orderspb.OrdersCreateOrderRequest{Customer: &customer, Items: items}, &orderspb.OrdersCreateOrderResponse{},
		codes.FailedPrecondition, &orderspb.OutOfStock{Message: proto.String("not enough in stock"), Skus: []string{"punched card"}}); err != nil {
		return err
	}
	if err := c.call(ctx, "OrderViewed", &orderspb.OrdersOrderViewedRequest{Id: proto.Int64(7), Viewer: proto.String("a gRPC program")},
		&orderspb.OrdersOrderViewedResponse{}); err != nil {
		return err
	}
	return c.views(ctx, round)
}

// call makes a call that has to be answered with want.
func (c grpcClient) call(ctx context.Context, method string, request, want proto.Message) error {
	got := want.ProtoReflect().New().Interface()
	from := time.Now()
	if err := c.conn.Invoke(ctx, "/shop.orders.Orders/"+method, request, got); err != nil {
		return fmt.Errorf("call %s with gRPC: %w", method, err)
	}
	c.show.call(method, jsonOf(request), jsonOf(got), time.Since(from))
	if !proto.Equal(got, want) {
		return fmt.Errorf("call %s with gRPC: got %s, want %s", method, jsonOf(got), jsonOf(want))
	}
	return nil
}

// fail makes a call that has to end with a status and, as its detail, the Thrift server's exception.
func (c grpcClient) fail(ctx context.Context, method string, request, response proto.Message, code codes.Code, want proto.Message) error {
	from := time.Now()
	s := status.Convert(c.conn.Invoke(ctx, "/shop.orders.Orders/"+method, request, response))
	took := time.Since(from)
	if s.Code() != code {
		return fmt.Errorf("call %s with gRPC: got status %s (%s), want %s", method, s.Code(), s.Message(), code)
	}
	if len(s.Details()) == 0 {
		return fmt.Errorf("call %s with gRPC: got status %s (%s) without a detail", method, s.Code(), s.Message())
	}
	detail, ok := s.Details()[0].(proto.Message)
	if !ok || !proto.Equal(detail, want) {
		return fmt.Errorf("call %s with gRPC: got the detail %v, want %s", method, s.Details()[0], jsonOf(want))
	}
	name := detail.ProtoReflect().Descriptor().FullName()
	c.show.call(method, jsonOf(request), fmt.Sprintf("status %s, %q, detail %s %s", code, s.Message(), name, jsonOf(detail)), took)
	return nil
}

// views asks until the server has counted as many views as there were rounds: nobody waits for a oneway call.
func (c grpcClient) views(ctx context.Context, round int) error {
	request := &orderspb.OrdersViewsRequest{Id: proto.Int64(7)}
	for {
		got := &orderspb.OrdersViewsResponse{}
		from := time.Now()
		if err := c.conn.Invoke(ctx, "/shop.orders.Orders/Views", request, got); err != nil {
			return fmt.Errorf("call Views with gRPC: %w", err)
		}
		switch n := int(got.GetSuccess()); {
		case n == round:
			c.show.call("Views", jsonOf(request), jsonOf(got), time.Since(from))
			return nil
		case n > round:
			return fmt.Errorf("the Thrift server counted %d views, want %d", n, round)
		}
	}
}

// jsonOf writes a message in one line.
func jsonOf(m proto.Message) string {
	b, err := protojson.Marshal(m)
	if err != nil {
		return err.Error()
	}
	var line bytes.Buffer
	if err := json.Compact(&line, b); err != nil { // protojson puts spaces in at random
		return err.Error()
	}
	return line.String()
}
