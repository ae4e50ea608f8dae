package h2

import (
	"net"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

var (
	okBlock       = EncodeBlock(hpack.HeaderField{Name: ":status", Value: "200"}, hpack.HeaderField{Name: "content-type", Value: "application/grpc"})
	trailersBlock = EncodeBlock(hpack.HeaderField{Name: "grpc-status", Value: "0"})
)

// echo is a server's handler that sends back what it gets. Header fields that begin with "echo-" come back as well.
type echo struct {
	body   string // sent back to a request without one
	conn   *Conn
	mu     sync.Mutex
	open   int
	closed error
}

func (e *echo) Headers(st *Stream, h *Headers, end bool, b *sock.Batch) {
	if h.Get("hold") != "" { // never answered
		return
	}
	var fields []hpack.HeaderField
	for _, f := range h.Fields {
		if len(f.Name) > 5 && f.Name[:5] == "echo-" {
			fields = append(fields, f)
		}
	}
	c := st.Conn()
	c.Lock()
	if h.Method != "" {
		e.count(1)
		st.WriteBlock(okBlock, fields, false, b)
	}
	e.finish(st, end, b)
	c.Unlock()
}

func (e *echo) finish(st *Stream, end bool, b *sock.Batch) {
	if end {
		if e.body != "" {
			st.WriteData([]byte(e.body), true, b)
		}
		st.WriteBlock(trailersBlock, nil, true, b)
		if st.Waiting() == 0 {
			st.Done(b)
			e.count(-1)
		}
	}
}

func (e *echo) Data(st *Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch) {
	c := st.Conn()
	c.Lock()
	if !st.began { // held
		c.Unlock()
		return
	}
	waiting := st.WriteShared(p, seg, false, b)
	st.Release(len(p)-waiting, b)
	e.finish(st, end, b)
	c.Unlock()
}

func (e *echo) Reset(st *Stream, code http2.ErrCode, unprocessed bool, b *sock.Batch) {
	st.Conn().Lock()
	st.Done(b)
	st.Conn().Unlock()
	e.count(-1)
}

func (e *echo) Sent(st *Stream, n int, b *sock.Batch) {
	st.Conn().Lock()
	st.Release(n, b)
	if st.over() && !st.done {
		st.Done(b)
		e.count(-1)
	}
	st.Conn().Unlock()
}

func (e *echo) Capacity(n uint32, b *sock.Batch) { panic("capacity of a server") }

func (e *echo) Closed(err error, b *sock.Batch) {
	e.mu.Lock()
	e.closed = err
	e.mu.Unlock()
}

func (e *echo) count(n int) {
	e.mu.Lock()
	e.open += n
	e.mu.Unlock()
}

// serve accepts connections on a port of its own and returns its address.
func serve(t testing.TB, cfg Config, handler func() Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	var mu sync.Mutex
	conns := map[*sock.Conn]bool{}
	running.Add(1)
	go func() { // ends with the listener; the clean-up waits
		defer running.Done()
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			s, err := sock.New(nc, sock.Limits{})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			conns[s] = true
			mu.Unlock()
			h := handler()
			c := NewServer(s, cfg, h)
			if e, ok := h.(*echo); ok {
				e.mu.Lock()
				e.conn = c
				e.mu.Unlock()
			}
			running.Add(1)
			go func() { // ends with the connection; the clean-up waits
				defer running.Done()
				s.Run(c)
				mu.Lock()
				delete(conns, s)
				mu.Unlock()
			}()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for s := range conns {
			s.Close(nil)
		}
		mu.Unlock()
		running.Wait()
	})
	return l.Addr().String()
}
