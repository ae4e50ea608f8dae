package e2e

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"

	"weft/testpeers/grpcpeer"
	"weft/testpeers/thriftpeer"
)

// drain begins to drain a sidecar and returns what is closed at the end.
func drain(t testing.TB, w *sidecar, grace time.Duration) <-chan struct{} {
	t.Helper()
	ended := make(chan struct{})
	go func() { // ends after the grace
		defer close(ended)
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		w.proxy.Drain(ctx)
	}()
	return ended
}

const soon = 5 * time.Second

func ends(t testing.TB, ended <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-ended:
	case <-time.After(soon):
		t.Fatalf("%s: not after %v", what, soon)
	}
}

// Connections without calls end at once, whatever they speak, also those that have said nothing yet.
func TestDrainIdle(t *testing.T) {
	w := bridgeTo(t, everything(), endpoint(grpcpeer.Start(t).Addr, "grpc"), endpoint(thriftpeer.Start(t, thriftpeer.Wires()[0]).Addr, thriftpeer.Wires()[0].String()))
	if err := add(t.Context(), grpcpeer.Dial(t, w.listen)); err != nil {
		t.Fatal(err)
	}
	for _, wire := range thriftpeer.Wires() {
		if err := addThrift(t.Context(), thriftpeer.Dial(t, w.listen, wire)); err != nil {
			t.Fatal(err)
		}
	}
	silent, err := net.Dial("tcp", w.listen)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ends(t, drain(t, w, time.Hour), "drain of idle connections")
	if c, err := net.Dial("tcp", w.listen); err == nil {
		_ = c.Close()
		t.Error("a connection was taken after the drain")
	}
	for _, side := range []string{"upstream", "downstream"} {
		if n := metric(t, w, "weft_connections_open", "side", side); n != 0 {
			t.Errorf("%v connections count as open %s", n, side)
		}
	}
}

// What is outstanding when the drain begins is answered: unary calls of both dialects and streams.
func TestDrainAnswersOutstanding(t *testing.T) {
	h := newWaiter()
	addr, _ := serveBytes(t, h.handle)
	w := passTo(t, "", addr)
	conn := dialBytes(t, w.listen)
	s := openStream(t, t.Context(), conn, "/s/echo")
	ping := []byte("ping")
	if err := errors.Join(s.SendMsg(&ping), s.RecvMsg(&ping)); err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() { // ends with the call
		_, err := call(context.Background(), conn, "/s/wait", []byte("x"))
		result <- err
	}()
	<-h.arrived
	ended := drain(t, w, time.Hour)
	eventually(t, "the listener is closed", func() bool {
		c, err := net.Dial("tcp", w.listen)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	if err := errors.Join(s.SendMsg(&ping), s.RecvMsg(&ping)); err != nil {
		t.Errorf("stream during the drain: %v", err)
	}
	h.release <- struct{}{}
	if err := <-result; err != nil {
		t.Errorf("call that was outstanding: %v", err)
	}
	select {
	case <-ended:
		t.Error("the drain ended before the stream did")
	default:
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if err := s.RecvMsg(&ping); err != io.EOF {
		t.Errorf("end of the stream: %v", err)
	}
	ends(t, ended, "drain")
}

// A Thrift call that is outstanding is answered as well, in either direction of translation.
func TestDrainAnswersThrift(t *testing.T) {
	wire := thriftpeer.Wire{Transport: "framed", Protocol: "binary"}
	for _, to := range []string{endpoint(grpcpeer.Start(t).Addr, "grpc"), endpoint(thriftpeer.Start(t, wire).Addr, wire.String())} {
		w := bridgeTo(t, everything(), to)
		result := make(chan error, 2)
		c := thriftpeer.Dial(t, w.listen, wire)
		go func() { _, err := c.Slow(context.Background(), 200); result <- err }() // ends with the call
		conn := grpcpeer.Dial(t, w.listen)
		go func() { result <- slow(conn, 200) }() // ends with the call
		eventually(t, "both calls are under way", func() bool { return w.proxy.Outstanding() == 2 })
		ends(t, drain(t, w, time.Hour), "drain")
		for range 2 {
			if err := <-result; err != nil {
				t.Errorf("outstanding call to %s: %v", to, err)
			}
		}
	}
}

// When the grace ends before the calls do they are ended, and their endpoints hear of it.
func TestDrainGraceEnds(t *testing.T) {
	h := newWaiter()
	addr, _ := serveBytes(t, h.handle)
	w := passTo(t, "", addr)
	s := openStream(t, t.Context(), dialBytes(t, w.listen), "/s/hang")
	<-h.hanging
	ends(t, drain(t, w, 50*time.Millisecond), "drain with a stream that does not end")
	<-h.cancelled
	var b []byte
	if err := s.RecvMsg(&b); status.Code(err) != codes.Unavailable {
		t.Errorf("the stream's caller got %v, want Unavailable", err)
	}
	if n := metric(t, w, "weft_requests_in_flight"); n != 0 {
		t.Errorf("%v calls in flight after the end", n)
	}
}

// Drain twice, and Close in the middle of it: each returns, and all is over.
func TestDrainTwiceAndClose(t *testing.T) {
	h := newWaiter()
	addr, _ := serveBytes(t, h.handle)
	w := passTo(t, "", addr)
	openStream(t, t.Context(), dialBytes(t, w.listen), "/s/hang")
	<-h.hanging
	first, second := drain(t, w, time.Hour), drain(t, w, time.Hour)
	w.proxy.Close()
	w.proxy.Close()
	ends(t, first, "first drain")
	ends(t, second, "second drain")
	ends(t, drain(t, w, time.Hour), "drain after the end")
	<-h.cancelled
}

// One of two sidecars is drained under load: a gRPC client that knows both has no call fail, and what a Thrift client's server
// executed was answered.
func TestDrainUnderLoad(t *testing.T) {
	wire := thriftpeer.Wire{Transport: "framed", Protocol: "binary"}
	server := thriftpeer.Start(t, wire)
	for range 5 {
		first := bridgeTo(t, everything(), endpoint(server.Addr, wire.String()))
		second := bridgeTo(t, everything(), endpoint(server.Addr, wire.String()))
		conn := dialBoth(t, first.listen, second.listen)
		made, stop := load(8, func(ctx context.Context, _ int) error { return add(ctx, conn) })
		before := server.Calls("add")
		var answered atomic.Int64
		var running sync.WaitGroup
		for range 4 {
			client := thriftpeer.Dial(t, first.listen, wire)
			running.Go(func() { // ends when the connection is closed
				for addThrift(context.Background(), client) == nil {
					answered.Add(1)
				}
			})
		}
		wait(t, made, 200)
		wait(t, &answered, 50)
		ends(t, drain(t, first, time.Hour), "drain under load")
		wait(t, made, 200)
		if err := stop(); err != nil {
			t.Errorf("gRPC: %v", err)
		}
		running.Wait()
		settled(t, second)
		if executed := server.Calls("add") - before; executed != int(made.Load()+answered.Load()) {
			t.Errorf("%d calls were executed, %d + %d answered", executed, made.Load(), answered.Load())
		}
		if got := calls(t, first) + calls(t, second); got != int(made.Load()+answered.Load()) {
			t.Errorf("%d calls were recorded, %d + %d were answered", got, made.Load(), answered.Load())
		}
	}
}

// dialBoth connects a client to two addresses, in turn.
func dialBoth(t testing.TB, addrs ...string) *grpc.ClientConn {
	t.Helper()
	r := manual.NewBuilderWithScheme("both")
	var list []resolver.Address
	for _, a := range addrs {
		list = append(list, resolver.Address{Addr: a})
	}
	r.InitialState(resolver.State{Addresses: list})
	conn, err := grpc.NewClient("both:///x", grpc.WithResolvers(r), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin":{}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
