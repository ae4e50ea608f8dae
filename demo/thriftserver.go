package demo

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/apache/thrift/lib/go/thrift"

	"weft/demo/gen/thrift/orders"
)

// server is a running server.
type server struct {
	addr string
	stop func()
}

// startThrift runs Apache's server: framed transport, binary protocol.
func startThrift() (*server, error) {
	socket, err := thrift.NewTServerSocket("127.0.0.1:0")
	if err == nil {
		err = socket.Listen()
	}
	if err != nil {
		return nil, fmt.Errorf("start the Thrift server: %w", err)
	}
	processor := orders.NewOrdersProcessor(&thriftDesk{views: map[int64]int32{}})
	transport := thrift.NewTFramedTransportFactoryConf(thrift.NewTTransportFactory(), nil)
	s := thrift.NewTSimpleServer4(processor, socket, transport, thrift.NewTBinaryProtocolFactoryConf(nil))
	thrift.ServerStopTimeout = time.Second // Stop would wait for the last connection otherwise
	served := make(chan struct{})
	go func() { // ends with stop, which waits for it
		defer close(served)
		_ = s.Serve() // its error is that it was stopped
	}()
	return &server{socket.Addr().String(), func() {
		_ = s.Stop()
		<-served
	}}, nil
}

// thriftDesk implements the service as a Thrift team would.
type thriftDesk struct {
	mu    sync.Mutex
	views map[int64]int32
}

var _ orders.Orders = (*thriftDesk)(nil)

func (*thriftDesk) GetOrder(_ context.Context, id int64) (*orders.Order, error) {
	if id > 100 {
		return nil, &orders.NotFound{What: "order", ID: id}
	}
	return thriftOrder(id), nil
}

func (*thriftDesk) CreateOrder(_ context.Context, customer string, items []*orders.Item, labels map[string]string) (*orders.Order, error) {
	var missing []string
	for _, item := range items {
		if item.Quantity > 1000 {
			missing = append(missing, item.Sku)
		}
	}
	if missing != nil {
		return nil, &orders.OutOfStock{Message: "not enough in stock", Skus: missing}
	}
	return &orders.Order{ID: 42, Customer: customer, State: orders.State_NEW, Items: items, Labels: labels, ShipTo: &orders.Address{}}, nil
}

func (d *thriftDesk) OrderViewed(_ context.Context, id int64, _ string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.views[id]++
	return nil
}

func (d *thriftDesk) Views(_ context.Context, id int64) (int32, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.views[id], nil
}

// thriftOrder is the order with a number; grpcOrder is the same one.
func thriftOrder(id int64) *orders.Order {
	note, comment := "for you", "ring twice"
	return &orders.Order{
		ID: id, Customer: "Ada Lovelace", State: orders.State_PAID,
		Items: []*orders.Item{
			{Sku: "bobbin", Quantity: 3, PriceCents: 450},
			{Sku: "shuttle", Quantity: 1, PriceCents: 12900, GiftNote: &note},
		},
		ShipTo:   &orders.Address{Street: "12 St James's Square", City: "London", Country: "GB"},
		Labels:   map[string]string{"channel": "web"},
		Vouchers: []int32{7}, Signature: []byte{0xca, 0xfe}, WeightKg: 1.25, Express: true, Comment: &comment,
	}
}
