package e2e

import (
	"context"
	"fmt"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"weft/discovery"
	"weft/testpeers/grpcpeer"
	"weft/testpeers/thriftpeer"
)

// A pool with endpoints of both dialects: callers of both get every call answered, and each endpoint its share.
func TestMixedPool(t *testing.T) {
	g := grpcpeer.Start(t)
	th := thriftpeer.Start(t, thriftpeer.Wire{Transport: "framed", Protocol: "compact"})
	w := bridgeTo(t, everything(), endpoint(g.Addr, "grpc"), endpoint(th.Addr, "thrift/framed/compact"))
	conn := grpcpeer.Dial(t, w.listen)
	const each = 200
	for range each {
		if err := add(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
	}
	for _, wire := range thriftpeer.Wires() {
		c := thriftpeer.Dial(t, w.listen, wire)
		for range each {
			if err := addThrift(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := each * (1 + len(thriftpeer.Wires()))
	if a, b := g.Calls("Add"), th.Calls("add"); a+b != all || a < all/4 || b < all/4 {
		t.Errorf("%d and %d of %d calls", a, b, all)
	}
	settled(t, w)
	for _, up := range []string{"grpc", "thrift/framed/compact"} {
		if n := calls(t, w, "upstream", up, "outcome", "ok"); n < all/4 {
			t.Errorf("%d calls to %s were recorded", n, up)
		}
	}
}

// A split sends few calls to the new implementation, a header and a method send all of theirs.
func TestSplitHeaderMethod(t *testing.T) {
	old := thriftpeer.Start(t, thriftpeer.Wire{Transport: "framed", Protocol: "binary"})
	next := grpcpeer.Start(t)
	w := startSidecar(t, fmt.Sprintf(`
version: weft/v1
admin: {listen: ""}
schemas: {s: {files: [%s]}}
outbound: {listeners: [{listen: "127.0.0.1:0", service: old}]}
upstreams: {old: {schema: s}, next: {schema: s}}
discovery:
  static:
    old: [{%s}]
    next: [{%s}]
routes:
  - match: {service: old, headers: {x-canary: "yes"}}
    split: [{service: next, weight: 1}]
  - match: {service: old, method: /weft.everything.Everything/Ping}
    split: [{service: next, weight: 1}]
  - match: {service: old}
    split: [{service: old, weight: 99}, {service: next, weight: 1}]
`, everything()[0], endpoint(old.Addr, "thrift/framed/binary"), endpoint(next.Addr, "grpc")))
	conn := grpcpeer.Dial(t, w.listen)
	c := thriftpeer.Dial(t, w.listen, thriftpeer.Wire{Transport: "framed", Protocol: "compact"})
	const many = 2000
	for range many / 2 {
		if err := add(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		if err := addThrift(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	// 20 are expected; chance leaves 2 to 60 less than once in 10,000 runs
	if a, b := old.Calls("add"), next.Calls("Add"); a+b != many || b < 2 || b > 60 {
		t.Errorf("%d calls to the old one, %d to the new one, of %d", a, b, many)
	}
	before := next.Calls("Add")
	for range 50 {
		if err := add(metadata.AppendToOutgoingContext(t.Context(), "x-canary", "yes"), conn); err != nil {
			t.Fatal(err)
		}
		if err := c.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := next.Calls("Add") - before; n != 50 {
		t.Errorf("%d of 50 calls with the header went to the new one", n)
	}
	if n := next.Calls("Ping"); n != 50 {
		t.Errorf("%d of 50 calls of the method went to the new one", n)
	}
	settled(t, w)
}

// Endpoints come and go under load: calls that are under way finish, also a stream on an endpoint that is gone.
func TestEndpointsChange(t *testing.T) {
	var servers []discovery.Endpoint
	grpcServers := []*grpcpeer.Server{grpcpeer.Start(t), grpcpeer.Start(t)}
	thriftServer := thriftpeer.Start(t, thriftpeer.Wire{Transport: "framed", Protocol: "binary"})
	w := bridgeTo(t, everything(), endpoint(grpcServers[0].Addr, "grpc"), endpoint(grpcServers[1].Addr, "grpc"), endpoint(thriftServer.Addr, "thrift/framed/binary"))
	servers = w.source.Snapshot("peer").Endpoints
	conn := grpcpeer.Dial(t, w.listen)
	made, stop := load(8, func(ctx context.Context, i int) error {
		if i == 0 {
			return slow(conn, 20)
		}
		return add(ctx, conn)
	})
	wait(t, made, 100)
	for i := range 20 {
		gone := i % len(servers)
		var some []discovery.Endpoint
		for j, e := range servers {
			if j != gone {
				some = append(some, e)
			}
		}
		w.source.Set(map[string][]discovery.Endpoint{"peer": some})
		wait(t, made, 50)
	}
	if err := stop(); err != nil {
		t.Errorf("a call failed when endpoints changed: %v", err)
	}
	settled(t, w)
	if got := calls(t, w); got != int(made.Load()) {
		t.Errorf("%d calls were recorded, %d were made", got, made.Load())
	}
}

// A stream outlives the removal of its endpoint, whose connections close when it ends.
func TestStreamOutlivesEndpoint(t *testing.T) {
	addr, _ := serveBytes(t, echoBytes)
	w := passTo(t, "", addr)
	s := openStream(t, t.Context(), dialBytes(t, w.listen), "/s/echo")
	echo := func(s grpc.ClientStream) {
		b := []byte("ping")
		if err := s.SendMsg(&b); err != nil {
			t.Fatal(err)
		}
		if err := s.RecvMsg(&b); err != nil {
			t.Fatal(err)
		}
	}
	echo(s)
	w.source.Set(map[string][]discovery.Endpoint{"peer": nil})
	eventually(t, "the endpoint is gone", func() bool { return w.proxy.Outstanding() == 0 })
	echo(s)
	if n := metric(t, w, "weft_connections_open", "side", "upstream"); n != 1 {
		t.Errorf("%v connections are open", n)
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	var b []byte
	if err := s.RecvMsg(&b); endOf(err) != nil {
		t.Fatal(err)
	}
	eventually(t, "its connection is closed", func() bool { return metric(t, w, "weft_connections_open", "side", "upstream") == 0 })
}
