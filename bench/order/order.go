// Package order has the message of the benchmarks, in the generated code of both teams, and the conversion between them as
// one writes it by hand. Only programs of bench import it.
package order

import (
	"context"
	"fmt"

	"github.com/apache/thrift/lib/go/thrift"
	"google.golang.org/protobuf/proto"

	"weft/bench/gen/pb/orderpb"
	thriftorder "weft/bench/gen/thrift/order"
)

// Path is the gRPC path of the only method, and ThriftMethod its Thrift name.
const (
	Path         = "/bench.Orders/Place"
	ThriftMethod = "place"
)

// Sample gives an order with a number of items. With 4 it is the message of the tables: 369 bytes as protobuf, 565 bytes
// as Thrift binary arguments.
func Sample(items int) *orderpb.Order {
	o := &orderpb.Order{
		Id: 123456789012, Customer: "Ada Lovelace", State: orderpb.State_STATE_PAID,
		ShipTo:    &orderpb.Address{Street: "12 St James's Square", City: "London", Zip: "SW1Y 4JH", Country: "GB"},
		Labels:    map[string]string{"channel": "web", "campaign": "spring"},
		CreatedAt: 1700000000000, Gift: true, Total: 59.97,
		Note: proto.String("leave it at the door!"), Vouchers: []int64{1, 200, 300},
	}
	for i := range items {
		o.Items = append(o.Items, &orderpb.Item{
			Sku: fmt.Sprintf("SKU-%06d", i), Title: fmt.Sprintf("This thing with a name %d", i%10),
			Quantity: int32(i%7 + 1), PriceCents: 1999 + int64(i), Weight: float64(i) + 0.25,
		})
	}
	return o
}

// ToThrift converts by hand.
func ToThrift(o *orderpb.Order) *thriftorder.Order {
	t := &thriftorder.Order{
		ID: o.GetId(), Customer: o.GetCustomer(), State: thriftorder.State(o.GetState()), Labels: o.GetLabels(),
		CreatedAt: o.GetCreatedAt(), Gift: o.GetGift(), Total: o.GetTotal(), Note: o.Note, Vouchers: o.GetVouchers(),
		Items: make([]*thriftorder.Item, 0, len(o.GetItems())),
	}
	for _, i := range o.GetItems() {
		t.Items = append(t.Items, &thriftorder.Item{
			Sku: i.GetSku(), Title: i.GetTitle(), Quantity: i.GetQuantity(), PriceCents: i.GetPriceCents(), Weight: i.GetWeight(),
		})
	}
	a := o.GetShipTo()
	t.ShipTo = &thriftorder.Address{Street: a.GetStreet(), City: a.GetCity(), Zip: a.GetZip(), Country: a.GetCountry()}
	return t
}

// FromThrift converts by hand.
func FromThrift(t *thriftorder.Order) *orderpb.Order {
	o := &orderpb.Order{
		Id: t.ID, Customer: t.Customer, State: orderpb.State(t.State), Labels: t.Labels,
		CreatedAt: t.CreatedAt, Gift: t.Gift, Total: t.Total, Note: t.Note, Vouchers: t.Vouchers,
		Items: make([]*orderpb.Item, 0, len(t.Items)),
	}
	for _, i := range t.Items {
		o.Items = append(o.Items, &orderpb.Item{
			Sku: i.Sku, Title: i.Title, Quantity: i.Quantity, PriceCents: i.PriceCents, Weight: i.Weight,
		})
	}
	if a := t.ShipTo; a != nil {
		o.ShipTo = &orderpb.Address{Street: a.Street, City: a.City, Zip: a.Zip, Country: a.Country}
	}
	return o
}

// Proto writes the order as protobuf.
func Proto(o *orderpb.Order) ([]byte, error) {
	return proto.MarshalOptions{Deterministic: true}.Marshal(o)
}

// Arguments writes the order as the argument struct of place.
func Arguments(o *orderpb.Order) ([]byte, error) {
	return encode(&thriftorder.OrdersPlaceArgs{Order: ToThrift(o)})
}

// Result writes the order as the result struct of place.
func Result(o *orderpb.Order) ([]byte, error) {
	return encode(&thriftorder.OrdersPlaceResult{Success: ToThrift(o)})
}

func encode(s thrift.TStruct) ([]byte, error) {
	buffer := thrift.NewTMemoryBuffer()
	if err := s.Write(context.Background(), thrift.NewTBinaryProtocolConf(buffer, nil)); err != nil {
		return nil, fmt.Errorf("write an order as Thrift: %w", err)
	}
	return buffer.Bytes(), nil
}

// CheckProto says whether body is the order that a gRPC client expects.
func CheckProto(body []byte, want *orderpb.Order) error {
	got := &orderpb.Order{}
	if err := proto.Unmarshal(body, got); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if !proto.Equal(got, want) {
		return fmt.Errorf("the answer is another order: %v", got)
	}
	return nil
}

// CheckResult says whether body is the result struct that a Thrift client expects.
func CheckResult(body []byte, want *orderpb.Order) error {
	buffer := thrift.NewTMemoryBuffer()
	_, _ = buffer.Write(body) // memory takes all
	result := &thriftorder.OrdersPlaceResult{}
	if err := result.Read(context.Background(), thrift.NewTBinaryProtocolConf(buffer, nil)); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if result.Success == nil || !proto.Equal(FromThrift(result.Success), want) {
		return fmt.Errorf("the answer is another order: %v", result.Success)
	}
	return nil
}
