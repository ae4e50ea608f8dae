package e2e

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	"weft/testpeers/gen/pb/basepb"
	"weft/testpeers/gen/pb/everythingpb"
	thriftgen "weft/testpeers/gen/thrift/everything"
)

// add calls method add of service Everything, which both kinds of servers have.
func add(ctx context.Context, conn *grpc.ClientConn) error {
	a, b := int32(3), int32(4)
	r, err := everythingpb.NewEverythingClient(conn).Add(ctx, &basepb.BaseAddRequest{A: &a, B: &b})
	if err == nil && r.GetSuccess() != 7 {
		err = fmt.Errorf("3 + 4 is %d", r.GetSuccess())
	}
	return err
}

func addThrift(ctx context.Context, c *thriftgen.EverythingClient) error {
	n, err := c.Add(ctx, 3, 4)
	if err == nil && n != 7 {
		err = fmt.Errorf("3 + 4 is %d", n)
	}
	return err
}

// slow calls a method that takes so many milliseconds.
func slow(conn *grpc.ClientConn, millis int32) error {
	_, err := everythingpb.NewEverythingClient(conn).Slow(context.Background(), &everythingpb.EverythingSlowRequest{Millis: &millis})
	return err
}

func addSlow(ctx context.Context, conn *grpc.ClientConn) error {
	millis := int32(5)
	_, err := everythingpb.NewEverythingClient(conn).Slow(ctx, &everythingpb.EverythingSlowRequest{Millis: &millis})
	return err
}

// nothing is an empty message.
func nothing() *everythingpb.EverythingNothingRequest {
	return &everythingpb.EverythingNothingRequest{}
}
