package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/apache/thrift/lib/go/thrift"

	"weft/demo/gen/thrift/orders"
)

// thriftClient makes calls with Apache's generated client and shows them.
type thriftClient struct {
	*orders.OrdersClient
	show *show
}

// thriftCalls makes a Thrift program's calls to the gRPC server.
func thriftCalls(ctx context.Context, s *show, addr string, round int) error {
	config := &thrift.TConfiguration{ConnectTimeout: patience, SocketTimeout: patience}
	transport := thrift.NewTFramedTransportConf(thrift.NewTSocketConf(addr, config), config)
	if err := transport.Open(); err != nil {
		return fmt.Errorf("connect a Thrift client: %w", err)
	}
	defer func() { _ = transport.Close() }()
	c := thriftClient{orders.NewOrdersClientFactory(transport, thrift.NewTBinaryProtocolFactoryConf(config)), s}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()

	if err := c.call("getOrder", thriftOrder(7), nil, func() (any, error) { return c.GetOrder(ctx, 7) }, 7); err != nil {
		return err
	}
	items, labels := []*orders.Item{{Sku: "punched card", Quantity: 24, PriceCents: 5}}, map[string]string{"channel": "phone"}
	created := &orders.Order{
		ID: 42, Customer: "Joseph Jacquard", State: orders.State_NEW, Items: items, Labels: labels,
		ShipTo: &orders.Address{}, Vouchers: []int32{}, Signature: []byte{},
	}
	create := func() (any, error) { return c.CreateOrder(ctx, "Joseph Jacquard", items, labels) }
	if err := c.call("createOrder", created, nil, create, "Joseph Jacquard", items, labels); err != nil {
		return err
	}
	if err := c.call("getOrder", nil, &orders.NotFound{What: "order", ID: 404},
		func() (any, error) { return c.GetOrder(ctx, 404) }, 404); err != nil {
		return err
	}
	items[0].Quantity = 100000
	if err := c.call("createOrder", nil, &orders.OutOfStock{Message: "not enough in stock", Skus: []string{"punched card"}},
		create, "Joseph Jacquard", items, labels); err != nil {
		return err
	}
	if err := c.call("orderViewed", nil, nil,
		func() (any, error) { return nil, c.OrderViewed(ctx, 7, "a Thrift program") }, 7, "a Thrift program"); err != nil {
		return err
	}
	return c.views(ctx, round)
}

// call makes a call that has to end with want or with the exception.
func (c thriftClient) call(method string, want any, exception error, do func() (any, error), args ...any) error {
	from := time.Now()
	got, err := do()
	took := time.Since(from)
	sent := line(args)
	if exception != nil {
		if err == nil || line(err) != line(exception) || reflect.TypeOf(err) != reflect.TypeOf(exception) {
			return fmt.Errorf("call %s with Thrift: got %v, want the exception %T%s", method, err, exception, line(exception))
		}
		c.show.call(method, sent, fmt.Sprintf("exception %s %s", reflect.TypeOf(err).Elem().Name(), line(err)), took)
		return nil
	}
	if err != nil {
		return fmt.Errorf("call %s with Thrift: %w", method, err)
	}
	answer := "(oneway: nothing to wait for)"
	if want != nil {
		answer = line(got)
		if answer != line(want) {
			return fmt.Errorf("call %s with Thrift: got %s, want %s", method, answer, line(want))
		}
	}
	c.show.call(method, sent, answer, took)
	return nil
}

// views asks until the server has counted as many views as there were rounds.
func (c thriftClient) views(ctx context.Context, round int) error {
	for {
		from := time.Now()
		n, err := c.Views(ctx, 7)
		switch {
		case err != nil:
			return fmt.Errorf("call views with Thrift: %w", err)
		case int(n) == round:
			c.show.call("views", line([]any{7}), line(n), time.Since(from))
			return nil
		case int(n) > round:
			return fmt.Errorf("the gRPC server counted %d views, want %d", n, round)
		case ctx.Err() != nil:
			return errors.New("the gRPC server never counted the oneway call")
		}
	}
}

// line writes a value of generated types as JSON: arguments as a list.
func line(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
