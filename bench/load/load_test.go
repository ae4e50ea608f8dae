package load_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"weft/bench/backends"
	"weft/bench/load"
	"weft/bench/order"
)

func nothing() {}

func start(t *testing.T, serve func(net.Listener, []byte) error, answer []byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() { _ = serve(l, answer) }() // ends with the listener
	return l.Addr().String()
}

func TestThrift(t *testing.T) {
	o := order.Sample(4)
	args, _ := order.Arguments(o)
	result, _ := order.Result(o)
	l := load.Load{
		Addr: start(t, backends.ServeThrift, result), Connections: 2, Outstanding: 8, Request: args,
		WarmUp: 10 * time.Millisecond, Duration: 100 * time.Millisecond, Check: func(b []byte) error { return order.CheckResult(b, o) },
	}
	r, err := l.Thrift(order.ThriftMethod, nothing, nothing)
	if err != nil || r.Calls == 0 || r.P50 == 0 || r.P99 < r.P50 {
		t.Errorf("got %+v, %v", r, err)
	}
	l.Check = func(b []byte) error { return order.CheckResult(b, order.Sample(3)) }
	if _, err := l.Thrift(order.ThriftMethod, nothing, nothing); err == nil {
		t.Error("a wrong answer passes")
	}
}

func TestGRPC(t *testing.T) {
	o := order.Sample(4)
	body, _ := order.Proto(o)
	l := load.Load{
		Addr: start(t, backends.ServeGRPC, body), Connections: 2, Outstanding: 8, Request: body,
		WarmUp: 10 * time.Millisecond, Duration: 100 * time.Millisecond, Check: func(b []byte) error { return order.CheckProto(b, o) },
	}
	r, err := l.GRPC(order.Path, nothing, nothing)
	if err != nil || r.Calls == 0 || r.P50 == 0 || r.P99 < r.P50 {
		t.Errorf("got %+v, %v", r, err)
	}
	broken := errors.New("broken")
	l.Check = func([]byte) error { return broken }
	if _, err := l.GRPC(order.Path, nothing, nothing); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}
