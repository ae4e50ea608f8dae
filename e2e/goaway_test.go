package e2e

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"weft/testpeers/grpcpeer"
	"weft/testpeers/thriftpeer"
)

// load makes calls from several goroutines until stop is called, which returns how many were made and the first error.
func load(workers int, call func(ctx context.Context, worker int) error) (made *atomic.Int64, stop func() error) {
	made = new(atomic.Int64)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	var once sync.Once
	var failed error
	for i := range workers {
		running.Go(func() { // ends with stop
			for ctx.Err() == nil {
				one, done := context.WithTimeout(context.Background(), 10*time.Second)
				err := call(one, i)
				done()
				if err != nil {
					once.Do(func() { failed = err })
				}
				made.Add(1)
			}
		})
	}
	return made, func() error { cancel(); running.Wait(); return failed }
}

func wait(t testing.TB, made *atomic.Int64, more int64) {
	t.Helper()
	until := made.Load() + more
	eventually(t, fmt.Sprintf("%d calls more", more), func() bool { return made.Load() >= until })
}

// Servers of a pool restart one after the other under load, with GOAWAY: no call fails, from callers of either dialect.
func TestRollingRestart(t *testing.T) {
	servers := []*grpcpeer.Server{grpcpeer.Start(t), grpcpeer.Start(t)}
	w := bridgeTo(t, everything(), endpoint(servers[0].Addr, "grpc"), endpoint(servers[1].Addr, "grpc"))
	conn := grpcpeer.Dial(t, w.listen)
	const workers = 16
	clients := make([]func(context.Context) error, workers)
	for i := range clients {
		if i%2 == 0 {
			clients[i] = func(ctx context.Context) error { return add(ctx, conn) }
			continue
		}
		c := thriftpeer.Dial(t, w.listen, thriftpeer.Wire{Transport: "framed", Protocol: "binary"})
		clients[i] = func(ctx context.Context) error { return addThrift(ctx, c) }
	}
	made, stop := load(workers, func(ctx context.Context, i int) error { return clients[i](ctx) })
	wait(t, made, 100)
	for round := range 6 {
		s := servers[round%2]
		s.Drain()
		servers[round%2] = grpcpeer.Listen(t, s.Addr)
		wait(t, made, 200)
	}
	if err := stop(); err != nil {
		t.Errorf("a call failed during the restarts: %v", err)
	}
	settled(t, w)
	if got := calls(t, w); got != int(made.Load()) {
		t.Errorf("%d calls were recorded, %d were made", got, made.Load())
	}
	if n := metric(t, w, "weft_connections_opened_total", "side", "upstream"); n < 7 {
		t.Errorf("%v connections were made to servers that restarted 6 times", n)
	}
}

// A peer's limit of streams is kept: the rest waits, up to max_pending.
func TestMaxConcurrentStreams(t *testing.T) {
	for _, limit := range []int{1, 3, 10} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			h := newWaiter()
			var now, most atomic.Int64
			addr, _ := serveBytes(t, func(m string, s grpc.ServerStream) error {
				for n := now.Add(1); ; {
					old := most.Load()
					if n <= old || most.CompareAndSwap(old, n) {
						break
					}
				}
				defer now.Add(-1)
				return h.handle(m, s)
			}, grpc.MaxConcurrentStreams(uint32(limit)))
			const pending = 5
			w := passTo(t, fmt.Sprintf("policies: {p: {max_pending: %d}}\nupstreams: {peer: {policy: p, endpoint: {max_connections: 1}}}\n", pending), addr)
			conn := dialBytes(t, w.listen)
			if _, err := call(t.Context(), conn, "/s/echo", nil); err != nil { // so that the limit is known
				t.Fatal(err)
			}
			results := make(chan error, 100)
			start := func() {
				go func() { // ends with its call
					_, err := call(context.Background(), conn, "/s/wait", []byte("x"))
					results <- err
				}()
			}
			for range limit {
				start()
				<-h.arrived
			}
			for range pending {
				start()
			}
			eventually(t, "calls are parked", func() bool { return w.proxy.Outstanding() == int64(limit+pending) })
			if _, err := call(t.Context(), conn, "/s/echo", nil); status.Code(err) != codes.ResourceExhausted {
				t.Errorf("one call more: %v, want ResourceExhausted", err)
			}
			for range limit + pending {
				h.release <- struct{}{}
			}
			for range limit + pending {
				if err := <-results; err != nil {
					t.Error(err)
				}
			}
			if most.Load() > int64(limit) {
				t.Errorf("%d calls at a time, the server takes %d", most.Load(), limit)
			}
			settled(t, w)
		})
	}
}

// Many calls at once before the first connection's SETTINGS are there: none of them fails.
func TestBurstOnColdConnection(t *testing.T) {
	addr, _ := serveBytes(t, echoBytes, grpc.MaxConcurrentStreams(2))
	w := passTo(t, one, addr)
	conn := dialBytes(t, w.listen)
	var running sync.WaitGroup
	for range 300 {
		running.Go(func() {
			if _, err := call(t.Context(), conn, "/s/echo", []byte("x")); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	settled(t, w)
	if n := metric(t, w, "weft_request_retries_total"); n != 0 {
		t.Errorf("%v calls had to be sent again", n)
	}
}

// The peer lowers and raises its limit while calls are under way.
func TestSettingsChange(t *testing.T) {
	arrived := make(chan uint32, 100)
	peer := make(chan *rawPeer, 1)
	addr := serveRaw(t, []http2.Setting{{ID: http2.SettingMaxConcurrentStreams, Val: 2}}, func(_ int, p *rawPeer) {
		peer <- p
		for r := p.next(); r != nil; r = p.next() {
			arrived <- r.id
		}
	})
	w := passTo(t, one, addr)
	conn := dialBytes(t, w.listen)
	results := make(chan error, 100)
	for range 10 {
		go func() { // ends with its call
			_, err := call(t.Context(), conn, "/s/m", nil)
			results <- err
		}()
	}
	p := <-peer
	first, second := <-arrived, <-arrived
	set := func(n uint32) {
		p.mu.Lock()
		_ = p.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: n})
		p.mu.Unlock()
	}
	set(1)
	p.answer(first)
	if err := <-results; err != nil {
		t.Fatal(err)
	}
	if len(arrived) != 0 {
		t.Error("a stream was opened above the lowered limit")
	}
	set(0)
	p.answer(second)
	if err := <-results; err != nil {
		t.Fatal(err)
	}
	if len(arrived) != 0 {
		t.Error("a stream was opened at a peer that takes none")
	}
	set(8)
	for range 8 {
		p.answer(<-arrived)
	}
	for range 8 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	settled(t, w)
}

// Streams that the endpoint refuses, or that are above its GOAWAY's last id, are sent again: unary calls and streams whose request
// has not outgrown what is kept.
func TestRefusedIsSentAgain(t *testing.T) {
	for _, how := range []string{"REFUSED_STREAM", "GOAWAY"} {
		t.Run(how, func(t *testing.T) {
			var refused atomic.Int64
			addr := serveRaw(t, nil, func(n int, p *rawPeer) {
				count := 0
				for r := p.next(); r != nil; r = p.next() {
					count++
					switch {
					case how == "GOAWAY" && n <= 2:
						refused.Add(1)
						p.mu.Lock()
						_ = p.WriteGoAway(0, http2.ErrCodeNo, nil)
						p.mu.Unlock()
					case how == "REFUSED_STREAM" && count <= 2:
						refused.Add(1)
						p.reset(r.id, http2.ErrCodeRefusedStream)
					default:
						p.answer(r.id)
					}
				}
			})
			w := passTo(t, one, addr)
			conn := dialBytes(t, w.listen)
			for _, size := range []int{0, 10, 60 << 10} {
				if _, err := call(t.Context(), conn, "/s/m", make([]byte, size)); err != nil {
					t.Errorf("%d bytes: %v", size, err)
				}
			}
			if refused.Load() != 2 || metric(t, w, "weft_request_retries_total") != 2 {
				t.Errorf("%d calls were refused, %v sent again, want 2", refused.Load(), metric(t, w, "weft_request_retries_total"))
			}
			if n := calls(t, w); n != 3 {
				t.Errorf("%d calls were recorded, want 3", n)
			}
			settled(t, w)
		})
	}
}

// An endpoint that refuses everything is tried a few times.
func TestRefusedForEver(t *testing.T) {
	var tries atomic.Int64
	addr := serveRaw(t, nil, func(_ int, p *rawPeer) {
		for r := p.next(); r != nil; r = p.next() {
			tries.Add(1)
			p.reset(r.id, http2.ErrCodeRefusedStream)
		}
	})
	w := passTo(t, one, addr)
	_, err := call(t.Context(), dialBytes(t, w.listen), "/s/m", []byte("x"))
	if status.Code(err) != codes.Unavailable || tries.Load() > 10 {
		t.Errorf("%v after %d attempts", err, tries.Load())
	}
	settled(t, w)
}

// An endpoint that nobody listens at, and one that takes connections and says nothing, do not fail calls as long as another is there.
func TestDeadEndpoint(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	_ = l.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	server := grpcpeer.Start(t)
	for _, dead := range []string{nobody, silent.Addr().String()} {
		idl := everything()
		w := bridgeWith(t, idl, "policies: {default: {connect_timeout: 50ms}}\n", endpoint(server.Addr, "grpc"), endpoint(dead, "grpc"))
		conn := grpcpeer.Dial(t, w.listen)
		c := thriftpeer.Dial(t, w.listen, thriftpeer.Wire{Transport: "framed", Protocol: "binary"})
		for range 10 {
			if err := add(t.Context(), conn); err != nil {
				t.Errorf("grpc: %v", err)
			}
			if err := addThrift(t.Context(), c); err != nil {
				t.Errorf("thrift: %v", err)
			}
		}
		settled(t, w)
	}
}

// A long stream on a connection that got GOAWAY does not keep new calls from a new connection, also where the endpoint may have only
// one.
func TestStreamOutlivesGoAway(t *testing.T) {
	h := newWaiter()
	addr, server := serveBytes(t, h.handle)
	w := passTo(t, one, addr)
	conn := dialBytes(t, w.listen)
	s := openStream(t, t.Context(), conn, "/s/echo")
	echo := func() {
		b := []byte("ping")
		if err := s.SendMsg(&b); err != nil {
			t.Fatal(err)
		}
		if err := s.RecvMsg(&b); err != nil || string(b) != "ping" {
			t.Fatalf("%q, %v", b, err)
		}
	}
	echo()
	stopped := make(chan struct{})
	go func() { defer close(stopped); server.GracefulStop() }() // ends with the stream
	var l net.Listener
	eventually(t, "the address is free", func() bool {
		var err error
		l, err = net.Listen("tcp", addr)
		return err == nil
	})
	next := grpc.NewServer(grpc.ForceServerCodec(bytesCodec{}), grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error { return echoBytes("", s) }))
	served := make(chan struct{})
	go func() { defer close(served); _ = next.Serve(l) }() // ends with Stop
	defer func() { next.Stop(); <-served }()
	for range 10 {
		if _, err := call(t.Context(), conn, "/s/echo", []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	echo()
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	var b []byte
	if err := s.RecvMsg(&b); endOf(err) != nil {
		t.Fatal(err)
	}
	<-stopped
	settled(t, w)
}
