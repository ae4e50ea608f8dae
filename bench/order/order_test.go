package order_test

import (
	"testing"

	"weft/bench/order"
)

func TestSample(t *testing.T) {
	o := order.Sample(4)
	wire, err := order.Proto(o)
	if err != nil {
		t.Fatal(err)
	}
	args, err := order.Arguments(o)
	if err != nil {
		t.Fatal(err)
	}
	if len(wire) != 369 || len(args) != 565 {
		t.Errorf("%d bytes as protobuf and %d as Thrift, want 369 and 565", len(wire), len(args))
	}
	if err := order.CheckProto(wire, o); err != nil {
		t.Error(err)
	}
	result, err := order.Result(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := order.CheckResult(result, o); err != nil {
		t.Error(err)
	}
	if order.CheckResult(result, order.Sample(3)) == nil || order.CheckProto(wire, order.Sample(3)) == nil {
		t.Error("another order passes")
	}
}
