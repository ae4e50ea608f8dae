package sock_test

import (
	"io"
	"math/rand"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

// strict checks the promises made to handlers: Closed once and last, Consume never beside it.
type strict struct {
	*echo
	t      *testing.T
	closed atomic.Int32
	inside atomic.Int32 // calls of Writable under way
}

func (s *strict) Consume(in []byte, seg *buf.Segment, b *sock.Batch) (int, error) {
	if s.closed.Load() != 0 {
		s.t.Error("Consume after Closed")
	}
	return s.echo.Consume(in, seg, b)
}

func (s *strict) Writable(b *sock.Batch) {
	s.inside.Add(1)
	if s.closed.Load() != 0 {
		s.t.Error("Writable after Closed")
	}
	s.echo.Writable(b)
	s.inside.Add(-1)
}

func (s *strict) Closed(err error, b *sock.Batch) {
	if s.closed.Add(1) != 1 || s.inside.Load() != 0 || err == nil {
		s.t.Error("Closed twice, beside Writable or without a reason")
	}
	s.echo.Closed(err, b)
}

// Everything that can end a connection, at any moment, under load, and all at once.
func TestEndAtAnyMoment(t *testing.T) {
	rounds := 30
	if testing.Short() {
		rounds = 10
	}
	ends := []struct {
		name string
		end  func(c *sock.Conn, peer net.Conn)
	}{
		{"close", func(c *sock.Conn, _ net.Conn) { c.Close(nil) }},
		{"close when sent", func(c *sock.Conn, _ net.Conn) {
			var b sock.Batch
			c.Lock()
			c.CloseWhenSent(&b)
			c.Unlock()
			b.Flush()
		}},
		{"peer closes", func(_ *sock.Conn, peer net.Conn) { peer.Close() }},
		{"peer closes its half", func(_ *sock.Conn, peer net.Conn) { _ = peer.(interface{ CloseWrite() error }).CloseWrite() }},
	}
	for _, l := range layers {
		for _, e := range ends {
			t.Run(l.name+" "+e.name, func(t *testing.T) {
				for i := range rounds {
					endOnce(t, l, rand.New(rand.NewSource(int64(i))), e.end)
				}
			})
		}
	}
}

func endOnce(t *testing.T, l layer, rnd *rand.Rand, end func(*sock.Conn, net.Conn)) {
	c, peer := l.make(t, "tcp", sock.Limits{MaxQueued: 64 << 10})
	h := &strict{echo: newEcho(1)(c).(*echo), t: t}
	r := run(c, h)
	var wg sync.WaitGroup
	spawn := func(f func()) { wg.Add(1); go func() { defer wg.Done(); f() }() } // each ends with the connection; joined below
	spawn(func() {
		for data := make([]byte, 30_000); ; {
			if _, err := peer.Write(data[:1+rand.Intn(len(data))]); err != nil {
				return
			}
		}
	})
	if rnd.Intn(3) > 0 { // else nobody reads, and back-pressure sets in
		spawn(func() { _, _ = io.Copy(io.Discard, peer) })
	}
	for range 2 {
		spawn(func() {
			for range 300 {
				push(c, make([]byte, rand.Intn(3000)))
				select {
				case <-r.done:
				default:
				}
			}
		})
	}
	delay := time.Duration(rnd.Intn(3000)) * time.Microsecond
	spawn(func() { time.Sleep(delay); end(c, peer) })
	if rnd.Intn(4) == 0 {
		spawn(func() { time.Sleep(delay); c.Close(io.ErrClosedPipe) })
	}
	// Where both sides wait for each other (nobody reads), the peer gives up.
	spawn(func() {
		select {
		case <-r.done:
		case <-time.After(50 * time.Millisecond):
		}
		peer.Close()
	})
	r.join(t)
	wg.Wait()
	if h.closed.Load() != 1 {
		t.Error("Closed was not called")
	}
	<-h.end
}
