package h2

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

// caller is a client's handler; its calls are the owners of streams.
type caller struct {
	conn *Conn
	sock *sock.Conn

	mu       sync.Mutex
	capacity []uint32
	closed   error
	done     chan struct{}
}

// call is one request and its response.
type call struct {
	status   string
	trailers *Headers
	body     bytes.Buffer
	code     http2.ErrCode
	reset    bool
	refused  bool
	waiting  int
	given    bool // the stream was given back; guarded by the connection's lock
	over     chan struct{}
}

func (c *caller) Headers(st *Stream, h *Headers, end bool, b *sock.Batch) {
	cl := st.Owner.(*call)
	if h.Status != "" {
		cl.status = h.Status
	}
	if end {
		cl.trailers = h
		c.finish(st, b)
	}
}

func (c *caller) Data(st *Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch) {
	cl := st.Owner.(*call)
	cl.body.Write(p)
	c.conn.Lock()
	st.Release(len(p), b)
	c.conn.Unlock()
	if end {
		c.finish(st, b)
	}
}

func (c *caller) finish(st *Stream, b *sock.Batch) {
	cl := st.Owner.(*call)
	c.conn.Lock()
	defer c.conn.Unlock()
	c.giveBack(cl, st, b)
}

// giveBack (locked) is called by the reader goroutine or by one that cancels, whichever comes first.
func (c *caller) giveBack(cl *call, st *Stream, b *sock.Batch) {
	if !cl.given {
		cl.given = true
		st.Done(b)
		close(cl.over)
	}
}

func (c *caller) Reset(st *Stream, code http2.ErrCode, unprocessed bool, b *sock.Batch) {
	cl := st.Owner.(*call)
	cl.reset, cl.code, cl.refused = true, code, unprocessed
	c.finish(st, b)
}

func (c *caller) Sent(st *Stream, n int, b *sock.Batch) {
	cl := st.Owner.(*call)
	c.mu.Lock()
	cl.waiting -= n
	c.mu.Unlock()
}

func (c *caller) Capacity(n uint32, b *sock.Batch) {
	c.mu.Lock()
	c.capacity = append(c.capacity, n)
	c.mu.Unlock()
}

func (c *caller) Closed(err error, b *sock.Batch) {
	c.mu.Lock()
	c.closed = err
	c.mu.Unlock()
	close(c.done)
}

// dial connects a client of ours.
func dial(t testing.TB, addr string, cfg Config) *caller {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sock.New(nc, sock.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	c := &caller{sock: s, done: make(chan struct{})}
	c.conn = NewClient(s, cfg, c)
	var b sock.Batch
	s.Lock()
	s.Dirty(&b)
	s.Unlock()
	b.Flush()
	var running sync.WaitGroup
	running.Go(func() { s.Run(c.conn) }) // ends with the connection; the clean-up waits
	t.Cleanup(func() {
		s.Close(nil)
		running.Wait()
	})
	return c
}

var requestFields = []hpack.HeaderField{
	{Name: ":method", Value: "POST"},
	{Name: ":scheme", Value: "http"},
	{Name: ":path", Value: "/a.B/C"},
	{Name: ":authority", Value: "test"},
	{Name: "content-type", Value: "application/grpc"},
	{Name: "te", Value: "trailers"},
}

// grpcMessage puts the prefix of a gRPC message before p.
func grpcMessage(p []byte) []byte {
	m := make([]byte, 5, 5+len(p))
	binary.BigEndian.PutUint32(m[1:], uint32(len(p)))
	return append(m, p...)
}

// ended is why the connection ended, nil while it lives.
func (c *caller) ended() error {
	c.conn.Lock()
	defer c.conn.Unlock()
	return c.conn.Err()
}

// start opens a stream and sends body; nil where no stream is to be had.
func (c *caller) start(body []byte, end bool) (*call, *Stream) {
	cl := &call{over: make(chan struct{})}
	var b sock.Batch
	c.conn.Lock()
	st := c.conn.Open(requestFields, len(body) == 0 && end, cl, &b)
	if st != nil && len(body) > 0 {
		n := st.WriteData(body, end, &b)
		c.mu.Lock()
		cl.waiting += n
		c.mu.Unlock()
	}
	c.conn.Unlock()
	b.Flush()
	if st == nil {
		return nil, nil
	}
	return cl, st
}

func (cl *call) await() error {
	select {
	case <-cl.over:
		return nil
	case <-time.After(20 * time.Second):
		return fmt.Errorf("no end after 20 s: %d bytes so far", cl.body.Len())
	}
}

// echoOnce makes a call of one message and compares the answer.
func (c *caller) echoOnce(n int) error {
	want := grpcMessage(message(n))
	cl, _ := c.start(want, true)
	if cl == nil {
		return fmt.Errorf("no stream")
	}
	if err := cl.await(); err != nil {
		return err
	}
	switch {
	case cl.reset:
		return fmt.Errorf("reset: %v", cl.code)
	case cl.status != "200" || cl.trailers.Get("grpc-status") != "0":
		return fmt.Errorf("status %s, trailers %+v", cl.status, cl.trailers)
	case !bytes.Equal(cl.body.Bytes(), want):
		return fmt.Errorf("%d bytes came back as %d", len(want), cl.body.Len())
	}
	return nil
}

// serveGRPC runs a server of grpc-go that echoes.
func serveGRPC(t testing.TB, opts ...grpc.ServerOption) (string, *grpc.Server) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	opts = append(opts, grpc.ForceServerCodec(raw{}), grpc.MaxRecvMsgSize(64<<20),
		grpc.UnknownServiceHandler(func(_ any, st grpc.ServerStream) error {
			for {
				var m []byte
				if err := st.RecvMsg(&m); err != nil {
					return nil
				}
				if err := st.SendMsg(&m); err != nil {
					return err
				}
			}
		}))
	srv := grpc.NewServer(opts...)
	var running sync.WaitGroup
	running.Go(func() { _ = srv.Serve(l) }) // ends with Stop
	t.Cleanup(func() {
		srv.Stop()
		running.Wait()
	})
	return l.Addr().String(), srv
}

func TestClientUnary(t *testing.T) {
	addr, _ := serveGRPC(t)
	for name, cfg := range map[string]Config{"default": {}, "tiny windows": {StreamWindow: 7, ConnWindow: 65535}} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, addr, cfg)
			for _, n := range []int{0, 1, 100, 16 << 10, 100_000, 1 << 20} {
				if cfg.StreamWindow == 7 && n > 20_000 {
					continue
				}
				if err := c.echoOnce(n); err != nil {
					t.Fatalf("%d bytes: %v", n, err)
				}
			}
		})
	}
}

func TestClientParallel(t *testing.T) {
	addr, _ := serveGRPC(t)
	c := dial(t, addr, Config{})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for j := range 30 {
				if err := c.echoOnce(i * j * 10); err != nil {
					t.Errorf("call %d of %d: %v", j, i, err)
					return
				}
			}
		})
	}
	wg.Wait()
}
