package e2e

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weft/testpeers/grpcpeer"
)

// hundred gives so many calls, in frames of one message or all in one frame.
func hundred(oneFrame bool) []byte {
	var all []byte
	var messages [][]byte
	for i := range 100 {
		m := echoCall(int32(i)-50, int64(i)).strict()
		messages = append(messages, m)
		all = append(all, framed(m)...)
	}
	if oneFrame {
		return framed(messages...)
	}
	return all
}

// A client that pipelines 100 calls: with ordering `connection` the server sees each after the answer to the one before, although it
// could be given several at once. In one segment, in one frame, and with pauses in between, which have the frame assembled.
func TestPipelinedCallsTakeEffectInOrder(t *testing.T) {
	for _, tt := range []struct {
		name     string
		oneFrame bool
		cuts     []int
	}{
		{"one segment", false, nil}, {"pieces", false, []int{1, 500, 2000}},
		{"one frame", true, nil}, {"one frame in pieces", true, []int{2, 300, 2000}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var active, overlaps atomic.Int32
			var mu sync.Mutex
			var seen []int64
			addr := script(t, func(_ int, c *thriftConn) {
				for {
					m, ok := c.next()
					if !ok {
						return
					}
					if active.Add(1) > 1 {
						overlaps.Add(1)
					}
					mu.Lock()
					seen = append(seen, valueOf(m.body))
					mu.Unlock()
					time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond) // lets an overlap show
					active.Add(-1)
					c.send(m.echoed())
				}
			})
			w := bridgeTo(t, everything(), endpoint(addr, "thrift")+", max_connections: 8")
			c := dialThrift(t, w.listen)
			all, from := hundred(tt.oneFrame), 0
			for _, cut := range tt.cuts {
				before := c.bytesIn(t, w)
				c.write(all[from:cut])
				from = cut
				eventually(t, "piece arrives", func() bool { return c.bytesIn(t, w) >= before })
				time.Sleep(5 * time.Millisecond) // nothing tells that the proxy has read it
			}
			c.write(all[from:])
			for i := range 100 {
				if m := c.want(t); m.kind != 2 || m.seq != int32(i)-50 || valueOf(m.body) != int64(i) {
					t.Fatalf("answer %d is %+v", i, m)
				}
			}
			if overlaps.Load() > 0 {
				t.Errorf("%d calls began before the one before was complete", overlaps.Load())
			}
			for i, v := range seen {
				if v != int64(i) {
					t.Fatalf("call %d came as number %d", v, i)
				}
			}
		})
	}
}

// bytesIn is a sign of life of the sidecar, not exact.
func (c *thriftConn) bytesIn(t testing.TB, w *sidecar) float64 {
	return metric(t, w, "weft_connections_opened_total", "side", "downstream")
}

// With ordering `none` calls run side by side, and the replies come in the order of the calls with the caller's sequence ids, whatever
// these are.
func TestUnorderedCallsAreAnsweredInOrder(t *testing.T) {
	for _, depth := range []int{1, 16} {
		for name, seq := range map[string]func(int) int32{
			"negative": func(i int) int32 { return int32(-1 - i) }, "zero": func(int) int32 { return 0 },
		} {
			t.Run(fmt.Sprintf("%s, depth %d", name, depth), func(t *testing.T) {
				var active, most atomic.Int32
				var running sync.WaitGroup
				addr := script(t, func(_ int, c *thriftConn) {
					for {
						m, ok := c.next()
						if !ok {
							return
						}
						if n := active.Add(1); n > most.Load() {
							most.Store(n)
						}
						running.Go(func() { // ends by itself
							time.Sleep(time.Duration(rand.IntN(5)) * time.Millisecond) // the disorder
							active.Add(-1)
							c.send(m.echoed())
						})
					}
				})
				t.Cleanup(running.Wait)
				w := bridgeWith(t, everything(), "policies: {default: {ordering: none}}\n", endpoint(addr, "thrift")+fmt.Sprintf(", pipeline: %d, max_connections: %d", depth, 16/depth))
				c := dialThrift(t, w.listen)
				var all []byte
				for i := range 300 {
					all = append(all, framed(echoCall(seq(i), int64(i)).strict())...)
				}
				go c.write(all) // ends when the proxy has taken all, or the connection ends
				for i := range 300 {
					if m := c.want(t); m.seq != seq(i) || valueOf(m.body) != int64(i) {
						t.Fatalf("answer %d is %+v", i, m)
					}
				}
				if most.Load() < 2 {
					t.Error("calls never ran side by side")
				}
			})
		}
	}
}

// A call behind a oneway call takes effect behind it, although the endpoint has other connections that are free and another caller has
// taken the place on this one.
func TestCallBehindOnewayKeepsOrder(t *testing.T) {
	for _, ending := range []string{"done", "connection lost"} {
		t.Run(ending, func(t *testing.T) {
			stalled, release := make(chan struct{}), make(chan struct{})
			let := sync.OnceFunc(func() { close(release) })
			var notified atomic.Bool
			addr := script(t, func(n int, c *thriftConn) {
				for {
					m, ok := c.next()
					if !ok {
						return
					}
					if m.kind == 4 {
						close(stalled)
						<-release
						notified.Store(true)
						if ending != "done" {
							return
						}
						continue
					}
					if valueOf(m.body) == 3 && !notified.Load() {
						t.Error("call overtook the oneway call before it")
					}
					c.send(m.echoed())
				}
			})
			w := bridgeTo(t, everything(), endpoint(addr, "thrift")+", max_connections: 4")
			t.Cleanup(let)
			x, y, z := dialThrift(t, w.listen), dialThrift(t, w.listen), dialThrift(t, w.listen)
			x.wantEcho(t, 1, 1)
			x.send(thriftMessage{4, "notify", 2, bytesField(1, []byte("t"))})
			<-stalled
			settled(t, w)          // the oneway call has given its place back
			y.send(echoCall(1, 2)) // takes the connection's place
			eventually(t, "the other call is out", func() bool { return w.proxy.Outstanding() == 1 })
			x.send(echoCall(3, 3))
			eventually(t, "the call waits", func() bool { return w.proxy.Outstanding() == 2 })
			z.wantEcho(t, 1, 4) // others are not held up by the one that waits for its connection
			let()
			if m := x.want(t); m.kind != 2 || valueOf(m.body) != 3 {
				t.Errorf("call behind the oneway call is answered by %+v", m)
			}
			y.want(t)
			settled(t, w)
		})
	}
}

// What is oneway by the schema gets no bytes, also when it is sent as a call, as Go's client does; nor does an unknown method
// that is sent as oneway.
func TestOnewayGetsNoBytes(t *testing.T) {
	server := grpcpeer.Start(t)
	for _, to := range []string{endpoint(script(t, echo), "thrift"), endpoint(server.Addr, "grpc")} {
		w := bridgeTo(t, everything(), to)
		for _, m := range []thriftMessage{
			{4, "notify", 5, bytesField(1, []byte("a"))}, {1, "notify", 6, bytesField(1, []byte("b"))},
			{4, "nope", 7, []byte{0}}, {4, "notify", 8, []byte{99, 0, 1, 0}}, // the last one is malformed
		} {
			t.Run(fmt.Sprint(to, m.name, m.seq), func(t *testing.T) {
				c := dialThrift(t, w.listen)
				c.send(m)
				c.wantEcho(t, 9, 9) // is the first answer
			})
		}
	}
}

// Strict, non-strict and compact messages on one connection, framed and not, as the caller likes.
func TestEnvelopesMixOnOneConnection(t *testing.T) {
	for name, to := range map[string]string{
		"thrift": endpoint(script(t, echo), "thrift"), "grpc": endpoint(grpcpeer.Start(t).Addr, "grpc"),
	} {
		w := bridgeTo(t, everything(), to)
		frame := func(b []byte) []byte { return framed(b) }
		bare := func(b []byte) []byte { return b }
		for framing, put := range map[string]func([]byte) []byte{"framed": frame, "unframed": bare} {
			t.Run(name+" "+framing, func(t *testing.T) {
				c := dialThrift(t, w.listen)
				for round := range 3 {
					seq := int32(round)
					compact := thriftMessage{1, "echoI64", seq, []byte{0x16, 14, 0}} // i64 7, zigzag
					want := [][]byte{
						put(echoCall(seq, 7).echoed().strict()), put(echoCall(seq, 7).echoed().strict()),
						put(thriftMessage{2, "echoI64", seq, []byte{0x06, 0, 14, 0}}.compact()),
					}
					for i, m := range [][]byte{echoCall(seq, 7).strict(), echoCall(seq, 7).old(), compact.compact()} {
						c.write(put(m))
						got := make([]byte, len(want[i]))
						_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
						if _, err := io.ReadFull(c.r, got); err != nil || !bytes.Equal(got, want[i]) {
							t.Fatalf("form %d: %x, %v, want %x", i, got, err, want[i])
						}
					}
				}
			})
		}
	}
}
