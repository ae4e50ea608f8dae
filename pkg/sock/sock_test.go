package sock_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"weft/pkg/buf"
	"weft/pkg/leakcheck"
	"weft/pkg/sock"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

const patience = 20 * time.Second

// pair returns the two ends of a connection over a real socket.
func pair(t testing.TB, network string) (ours, peer net.Conn) {
	t.Helper()
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err = net.Dial(network, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ours, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = peer.SetDeadline(time.Now().Add(patience))
	return ours, peer
}

// running is a connection whose Run has been called.
type running struct {
	*sock.Conn
	done chan struct{} // closed when Run has returned
}

// run starts the reader goroutine of c; join waits for it.
func run(c *sock.Conn, h sock.Handler) *running {
	r := &running{Conn: c, done: make(chan struct{})}
	go func() { c.Run(h); close(r.done) }() // ends with the connection; joined by join
	return r
}

func (r *running) join(t testing.TB) {
	t.Helper()
	select {
	case <-r.done:
	case <-time.After(patience):
		t.Fatal("Run did not return")
	}
}

func start(t testing.TB, network string, lim sock.Limits, h func(*sock.Conn) sock.Handler) (*running, net.Conn) {
	t.Helper()
	ours, peer := pair(t, network)
	c, err := sock.New(ours, lim)
	if err != nil {
		t.Fatal(err)
	}
	return run(c, h(c)), peer
}

// handler is made of functions; those left out do nothing, or take everything.
type handler struct {
	consume  func(in []byte, seg *buf.Segment, b *sock.Batch) (int, error)
	writable func(b *sock.Batch)
	closed   func(err error, b *sock.Batch)
}

func (h *handler) Consume(in []byte, seg *buf.Segment, b *sock.Batch) (int, error) {
	if h.consume == nil {
		return len(in), nil
	}
	return h.consume(in, seg, b)
}

func (h *handler) Writable(b *sock.Batch) {
	if h.writable != nil {
		h.writable(b)
	}
}

func (h *handler) Closed(err error, b *sock.Batch) {
	if h.closed != nil {
		h.closed(err, b)
	}
}

// echo sends back frames of the given size (1: whatever comes), long ones without copying. It pauses while its queue is full.
type echo struct {
	c     *sock.Conn
	frame int
	end   chan error // gets Closed's reason
}

func newEcho(frame int) func(*sock.Conn) sock.Handler {
	return func(c *sock.Conn) sock.Handler { return &echo{c: c, frame: frame, end: make(chan error, 1)} }
}

func (e *echo) Consume(in []byte, seg *buf.Segment, b *sock.Batch) (int, error) {
	n := len(in) / e.frame * e.frame
	if n == 0 {
		return 0, nil
	}
	e.c.Lock()
	defer e.c.Unlock()
	if e.c.Full() {
		return 0, sock.ErrPause
	}
	if n < 2<<10 {
		e.c.Out().Append(in[:n])
	} else {
		e.c.Out().AppendShared(seg, in[:n])
	}
	e.c.Dirty(b)
	return n, nil
}

func (e *echo) Writable(*sock.Batch)            { e.c.Resume() }
func (e *echo) Closed(err error, _ *sock.Batch) { e.end <- err }

// layer makes a connection and its peer, plain or with TLS.
type layer struct {
	name string
	make func(t testing.TB, network string, lim sock.Limits) (*sock.Conn, net.Conn)
}

var layers = []layer{
	{"plain", func(t testing.TB, network string, lim sock.Limits) (*sock.Conn, net.Conn) {
		ours, peer := pair(t, network)
		c, err := sock.New(ours, lim)
		if err != nil {
			t.Fatal(err)
		}
		return c, peer
	}},
	{"tls1.2 server", tlsLayer(tls.VersionTLS12, true)},
	{"tls1.2 client", tlsLayer(tls.VersionTLS12, false)},
	{"tls1.3 server", tlsLayer(tls.VersionTLS13, true)},
	{"tls1.3 client", tlsLayer(tls.VersionTLS13, false)},
}

func tlsLayer(version uint16, server bool) func(testing.TB, string, sock.Limits) (*sock.Conn, net.Conn) {
	return func(t testing.TB, network string, lim sock.Limits) (*sock.Conn, net.Conn) {
		ours, peer := pair(t, network)
		cfg := config(t)
		cfg.MinVersion, cfg.MaxVersion = version, version
		return handshake(t, ours, peer, cfg, server, lim)
	}
}

// handshake brings up TLS between a Conn and a tls.Conn on peer.
func handshake(t testing.TB, ours, peer net.Conn, cfg *tls.Config, server bool, lim sock.Limits) (*sock.Conn, *tls.Conn) {
	t.Helper()
	session := tls.Client(peer, cfg)
	if !server {
		session = tls.Server(peer, cfg)
	}
	failed := make(chan error, 1)
	go func() { failed <- session.Handshake() }() // ends with the handshake; joined below
	c, err := sock.Handshake(context.Background(), ours, cfg, server, lim)
	if err := errors.Join(err, <-failed); err != nil {
		t.Fatal(err)
	}
	return c, session
}

// The same handler runs on every layer, with every size.
func TestEcho(t *testing.T) {
	sizes := []int{1, 2, 100, 511, 512, 4095, 4096, 16384, 65535, 65536, 65537, 300_000, 3 << 20}
	for _, network := range []string{"tcp", "unix"} {
		for _, l := range layers {
			t.Run(network+" "+l.name, func(t *testing.T) {
				c, peer := l.make(t, network, sock.Limits{})
				h := newEcho(1)(c).(*echo)
				r := run(c, h)
				for _, size := range sizes {
					roundTrip(t, peer, pattern(size), size)
				}
				peer.Close()
				r.join(t)
				if err := <-h.end; err != io.EOF {
					t.Errorf("closed with %v", err)
				}
			})
		}
	}
}

// Bytes that wait because the peer reads late are not overwritten by what is read meanwhile.
func TestEchoReadLate(t *testing.T) {
	for _, l := range layers {
		c, peer := l.make(t, "tcp", sock.Limits{})
		r := run(c, newEcho(1)(c))
		data := pattern(24 << 20)
		sent := make(chan error, 1)
		go func() { // ends with data; joined below
			for rest := data; len(rest) > 0; {
				n := min(20_000+len(rest)%7, len(rest))
				if _, err := peer.Write(rest[:n]); err != nil {
					sent <- err
					return
				}
				rest = rest[n:]
			}
			sent <- nil
		}()
		await(t, "a full queue", func() bool { c.Lock(); defer c.Unlock(); return c.Full() })
		got := make([]byte, len(data))
		_, err := io.ReadFull(peer, got)
		if err := errors.Join(err, <-sent); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %v, or changed bytes", l.name, err)
		}
		peer.Close()
		r.join(t)
	}
}

// Frames that come in parts wait until they are whole.
func TestPartialFrames(t *testing.T) {
	for _, l := range layers {
		for _, frame := range []int{3, 1000, 20_000, 65_535} {
			c, peer := l.make(t, "tcp", sock.Limits{})
			h := newEcho(frame)(c).(*echo)
			r := run(c, h)
			for _, part := range []int{frame / 3, frame - 1, frame, 2*frame + 1} {
				roundTrip(t, peer, pattern(6*frame), max(part, 1))
			}
			if _, err := peer.Write(make([]byte, frame-1)); err != nil {
				t.Error(err)
			}
			peer.Close()
			r.join(t)
			if err := <-h.end; err != io.ErrUnexpectedEOF {
				t.Errorf("%s, frame %d: half a frame and the end give %v", l.name, frame, err)
			}
		}
	}
}

// Many small connections in a row, each with a request and its end in one segment.
func TestManyShort(t *testing.T) {
	rounds := 10_000
	if testing.Short() {
		rounds = 500
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range rounds {
		peer, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = peer.Write([]byte("hello"))
		_ = peer.(*net.TCPConn).CloseWrite()
		ours, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c, err := sock.New(ours, sock.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		h := newEcho(1)(c).(*echo)
		r := run(c, h)
		got, err := io.ReadAll(peer)
		if string(got) != "hello" || err != nil {
			t.Fatalf("got %q, %v", got, err)
		}
		peer.Close()
		r.join(t)
		if err := <-h.end; err != io.EOF {
			t.Fatalf("closed with %v", err)
		}
	}
}

// The end that comes in the same segment as the last bytes is noticed, although it has no wake-up of its own.
func TestHalfClose(t *testing.T) {
	for range 300 {
		r, peer := start(t, "tcp", sock.Limits{}, newEcho(1))
		roundTrip(t, peer, []byte("first"), 5) // the reader waits now, or soon
		_, _ = peer.Write(pattern(70_000))
		_ = peer.(*net.TCPConn).CloseWrite()
		if got, err := io.ReadAll(peer); len(got) != 70_000 || err != nil {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
		r.join(t)
		peer.Close()
	}
}

func TestPeerResets(t *testing.T) {
	h := make(chan *echo, 1)
	r, peer := start(t, "tcp", sock.Limits{}, func(c *sock.Conn) sock.Handler {
		e := newEcho(1)(c).(*echo)
		h <- e
		return e
	})
	roundTrip(t, peer, []byte("x"), 1)
	_ = peer.(*net.TCPConn).SetLinger(0)
	peer.Close()
	r.join(t)
	if err := <-(<-h).end; err == nil || !strings.Contains(err.Error(), "reset") {
		t.Errorf("closed with %v", err)
	}
}

// An idle connection holds no segment, one in the middle of a frame a small one.
func TestMemory(t *testing.T) {
	for _, l := range layers {
		t.Run(l.name, func(t *testing.T) {
			c, peer := l.make(t, "tcp", sock.Limits{})
			r := run(c, newEcho(100)(c))
			roundTrip(t, peer, pattern(100_000), 1000)
			await(t, "no segment while idle", func() bool { n, _ := buf.InUse(); return n == 0 })
			_, _ = peer.Write(pattern(99))
			await(t, "one small segment in a frame", func() bool { n, size := buf.InUse(); return n == 1 && size == 4096 })
			_, _ = peer.Write(pattern(1))
			if _, err := io.ReadFull(peer, make([]byte, 100)); err != nil {
				t.Error(err)
			}
			peer.Close()
			r.join(t)
		})
	}
}

// A handler that takes nothing is cut off instead of growing.
func TestStuckHandler(t *testing.T) {
	end := make(chan error, 1)
	r, peer := start(t, "tcp", sock.Limits{}, func(*sock.Conn) sock.Handler {
		return &handler{
			consume: func([]byte, *buf.Segment, *sock.Batch) (int, error) { return 0, nil },
			closed:  func(err error, _ *sock.Batch) { end <- err },
		}
	})
	_, _ = peer.Write(make([]byte, 1<<20))
	if err := <-end; !strings.Contains(err.Error(), "takes nothing") {
		t.Error(err)
	}
	peer.Close()
	r.join(t)
}

// Pausing at random moments loses nothing; a Resume may come before the pause.
func TestPauseUnderLoad(t *testing.T) {
	for _, l := range layers {
		t.Run(l.name, func(t *testing.T) {
			c, peer := l.make(t, "tcp", sock.Limits{})
			e := newEcho(1)(c).(*echo)
			rnd := rand.New(rand.NewSource(1))
			var resumers sync.WaitGroup
			r := run(c, &handler{
				consume: func(in []byte, seg *buf.Segment, b *sock.Batch) (int, error) {
					if rnd.Intn(3) > 0 {
						return e.Consume(in[:rnd.Intn(len(in))+1], seg, b)
					}
					if rnd.Intn(2) == 0 {
						c.Resume()
					} else {
						resumers.Add(1)
						go func() { c.Resume(); resumers.Done() }() // ends at once; joined below
					}
					return 0, sock.ErrPause
				},
				writable: e.Writable,
				closed:   e.Closed,
			})
			for range 10 {
				roundTrip(t, peer, pattern(70_000), 30_000)
			}
			peer.Close()
			r.join(t)
			resumers.Wait()
		})
	}
}

// roundTrip writes data in parts and expects it back.
func roundTrip(t testing.TB, peer net.Conn, data []byte, part int) {
	t.Helper()
	sent := make(chan error, 1)
	go func() { // ends with data; joined below
		for rest := data; len(rest) > 0; {
			n := min(part, len(rest))
			if _, err := peer.Write(rest[:n]); err != nil {
				sent <- err
				return
			}
			rest = rest[n:]
		}
		sent <- nil
	}()
	got := make([]byte, len(data))
	_, err := io.ReadFull(peer, got)
	if err := errors.Join(err, <-sent); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, data) {
		t.Fatalf("%d bytes came back changed", len(data))
	}
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8 + i>>16*13) // no period of a segment
	}
	return b
}

// await waits for a condition that nothing announces.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
