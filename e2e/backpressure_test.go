package e2e

import (
	"context"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	"weft/pkg/buf"
)

const (
	piece      = 64 << 10
	pieces     = 1600    // 100 MiB in all
	mostHeld   = 8 << 20 // what the proxy may hold of one stream: its window and a full queue of a socket, in segments that may be a quarter full
	aFewStalls = 50
)

// stalled waits until a count has stopped to grow.
func stalled(t *testing.T, n *atomic.Int64) {
	t.Helper()
	last, same := int64(-1), 0
	eventually(t, "sender stops", func() bool {
		if now := n.Load(); now != last {
			last, same = now, 0
		} else {
			same++
		}
		time.Sleep(2 * time.Millisecond) // nothing announces that nothing happens
		return same == aFewStalls
	})
}

func held() int64 { _, size := buf.InUse(); return size }

// checkStalled checks that a blocked stream neither fills the proxy nor stops its neighbours.
func checkStalled(t *testing.T, conn *grpc.ClientConn, sent *atomic.Int64) {
	t.Helper()
	stalled(t, sent)
	if n := sent.Load(); n >= pieces-1 {
		t.Fatalf("all %d pieces were sent to a reader that does not read", n)
	}
	if size := held(); size > mostHeld {
		t.Errorf("the proxy holds %d bytes for a blocked stream", size)
	}
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if _, err := call(ctx, conn, "/s/echo", make([]byte, 100)); err != nil {
			t.Fatalf("a neighbour of the blocked stream: %v", err)
		}
		cancel()
	}
}

// A caller that does not read stops the server, and nobody else; then everything arrives. Small pieces are copied on their way, large
// ones shared.
func TestSlowCallerStopsServer(t *testing.T) {
	for name, size := range map[string]int{"small": 4 << 10, "large": piece} {
		t.Run(name, func(t *testing.T) {
			var sent atomic.Int64
			addr, _ := serveBytes(t, func(method string, s grpc.ServerStream) error {
				if method == "/s/echo" {
					return echoBytes(method, s)
				}
				b := make([]byte, size)
				for n := 0; n < pieces*piece; n += size {
					if err := s.SendMsg(&b); err != nil {
						return err
					}
					sent.Store(int64(n / piece))
				}
				return nil
			})
			w := passTo(t, one, addr)
			conn := dialBytes(t, w.listen)
			s := openStream(t, t.Context(), conn, "/s/flood")
			if err := s.CloseSend(); err != nil {
				t.Fatal(err)
			}
			checkStalled(t, conn, &sent)
			drainStream(t, s)
			settled(t, w)
		})
	}
}

// one lets an endpoint have a single connection.
const one = "upstreams: {peer: {endpoint: {max_connections: 1}}}\n"

// drainStream reads what is left of pieces, in constant memory.
func drainStream(t *testing.T, s grpc.ClientStream) {
	t.Helper()
	total, most := 0, int64(0)
	for {
		var b []byte
		err := s.RecvMsg(&b)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		total += len(b)
		most = max(most, held())
	}
	if total != pieces*piece {
		t.Errorf("%d bytes arrived, want %d", total, pieces*piece)
	}
	if most > mostHeld {
		t.Errorf("the proxy held %d bytes on the way", most)
	}
}

// A server that does not read stops the caller, and nobody else; then everything arrives.
func TestSlowServerStopsCaller(t *testing.T) {
	read := make(chan struct{})
	addr, _ := serveBytes(t, func(method string, s grpc.ServerStream) error {
		if method == "/s/echo" {
			return echoBytes(method, s)
		}
		<-read
		total := 0
		for {
			var b []byte
			if err := s.RecvMsg(&b); err == io.EOF {
				break
			} else if err != nil {
				return err
			}
			total += len(b)
		}
		if total != pieces*piece {
			t.Errorf("%d bytes arrived, want %d", total, pieces*piece)
		}
		return s.SendMsg(&[]byte{})
	})
	w := passTo(t, one, addr)
	conn := dialBytes(t, w.listen)
	s := openStream(t, t.Context(), conn, "/s/sink")
	var sent atomic.Int64
	done := make(chan error)
	go func() { // ends when all is sent or the stream has failed
		b := make([]byte, piece)
		for range pieces {
			if err := s.SendMsg(&b); err != nil {
				done <- err
				return
			}
			sent.Add(1)
		}
		done <- s.CloseSend()
	}()
	checkStalled(t, conn, &sent)
	close(read)
	most := int64(0)
	for waiting := true; waiting; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			waiting = false
		case <-time.After(time.Millisecond):
			most = max(most, held())
		}
	}
	var b []byte
	if err := s.RecvMsg(&b); err != nil {
		t.Fatal(err)
	}
	if most > mostHeld {
		t.Errorf("the proxy held %d bytes on the way", most)
	}
	settled(t, w)
}

// A caller that reads nothing at all of its connection, socket buffers included, stops its own streams; those of another caller, on
// the same connection to the endpoint, go on.
func TestSlowConnectionStopsItselfOnly(t *testing.T) {
	var sent atomic.Int64
	addr, _ := serveBytes(t, func(method string, s grpc.ServerStream) error {
		if method == "/s/echo" {
			return echoBytes(method, s)
		}
		b := make([]byte, piece)
		for range pieces {
			if err := s.SendMsg(&b); err != nil {
				return err
			}
			sent.Add(1)
		}
		return nil
	})
	w := passTo(t, one, addr)
	slow := dialRaw(t, w.listen)
	slow.request("/s/flood")
	checkStalled(t, dialBytes(t, w.listen), &sent)
	_ = slow.Close()
	settled(t, w)
}
