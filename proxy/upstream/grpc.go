package upstream

import (
	"errors"
	"io"

	"go.uber.org/zap"
	"golang.org/x/net/http2"

	"weft/pkg/buf"
	"weft/pkg/dialect"
	"weft/pkg/sock"
	"weft/pkg/telemetry"
	"weft/pkg/wheel"
	"weft/proxy/h2"
	"weft/proxy/thriftio"
	"weft/translate/thriftwire"
)

// StreamCall is the owner of a stream on an HTTP/2 connection to an endpoint. The calls come on the connection's reader goroutine,
// except Sent. A stream that has lost its owner gets none.
type StreamCall interface {
	UpHeaders(st *h2.Stream, h *h2.Headers, end bool, b *sock.Batch)
	UpData(st *h2.Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch)
	UpReset(st *h2.Stream, code http2.ErrCode, unprocessed bool, b *sock.Batch)
	UpSent(st *h2.Stream, n int, b *sock.Batch)
	// Ref and Unref keep the owner from being reused while an event is delivered to it.
	Ref()
	Unref()
}

// grpcEvents passes the events of a connection to the owners of its streams.
type grpcEvents struct {
	conn  *Conn
	setup wheel.Timer // armed until the peer's first SETTINGS
}

var errNoSettings = errors.New("connected, but the peer does not speak HTTP/2: no SETTINGS came")

func newGRPCEvents(c *Conn) *grpcEvents {
	e := &grpcEvents{conn: c}
	e.setup.Handler = e
	c.pool.env.Wheel.Add(&e.setup, c.pool.opt.ConnectTimeout)
	return e
}

// TimedOut gives up a connection on which no SETTINGS came.
func (e *grpcEvents) TimedOut(*wheel.Timer) {
	e.conn.pool.mu.Lock()
	ready := e.conn.ready
	e.conn.pool.mu.Unlock()
	if !ready {
		e.conn.Sock.Close(errNoSettings)
	}
}

// owner returns the stream's owner with a reference to it, nil where it has none any more.
func owner(st *h2.Stream) StreamCall {
	c := st.Conn()
	c.Lock()
	defer c.Unlock()
	o, _ := st.Owner.(StreamCall)
	if o != nil {
		o.Ref()
	}
	return o
}

func (e *grpcEvents) Headers(st *h2.Stream, h *h2.Headers, end bool, b *sock.Batch) {
	if o := owner(st); o != nil {
		o.UpHeaders(st, h, end, b)
		o.Unref()
	}
}

func (e *grpcEvents) Data(st *h2.Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch) {
	if o := owner(st); o != nil {
		o.UpData(st, p, seg, end, b)
		o.Unref()
	}
}

func (e *grpcEvents) Reset(st *h2.Stream, code http2.ErrCode, unprocessed bool, b *sock.Batch) {
	if o := owner(st); o != nil {
		o.UpReset(st, code, unprocessed, b)
		o.Unref()
	}
}

func (e *grpcEvents) Sent(st *h2.Stream, n int, b *sock.Batch) {
	if o := owner(st); o != nil {
		o.UpSent(st, n, b)
		o.Unref()
	}
}

// Capacity follows the peer's MAX_CONCURRENT_STREAMS.
func (e *grpcEvents) Capacity(n uint32, b *sock.Batch) {
	e.conn.pool.env.Wheel.Stop(&e.setup)
	e.conn.setDepth(int(min(n, 1<<20)), b)
}

// Closed forgets the connection.
func (e *grpcEvents) Closed(err error, b *sock.Batch) {
	e.conn.pool.env.Wheel.Stop(&e.setup)
	e.conn.close(0, err, b)
}

// close ends a connection's life in its pool; places is the number of calls whose place was never given back.
func (c *Conn) close(places int, err error, b *sock.Batch) {
	c.idle.Stop()
	p := c.pool
	p.mu.Lock()
	c.free(places)
	p.mu.Unlock()
	c.remove(err, b)
	p.opt.Counters.Closed()
	p.report(err)
}

// report counts and logs why a connection ended. One that was closed in order is nothing to report.
func (p *Pool) report(err error) {
	if errors.Is(err, ErrClosed) || errors.Is(err, sock.ErrClosed) || errors.Is(err, io.EOF) {
		return
	}
	p.env.Log.Warn("connection to endpoint ended", zap.String("address", p.opt.Address), zap.Error(err))
	var thrift *ProtocolError
	var http h2.ConnectionError
	switch {
	case errors.As(err, &thrift), errors.As(err, &http):
		if p.opt.ProtocolError != nil {
			p.opt.ProtocolError()
		}
	case errors.Is(err, sock.ErrStalled) && p.opt.Exceeded != nil:
		p.opt.Exceeded(telemetry.LimitWriteStall)
	}
}

// ThriftProtocol is the encoding that a Thrift endpoint understands.
func ThriftProtocol(d dialect.Dialect) thriftwire.Protocol {
	if d.Protocol == dialect.Compact {
		return thriftwire.Compact
	}
	return thriftwire.Binary
}

func thriftFraming(d dialect.Dialect) thriftio.Framing {
	if d.Transport == dialect.Unframed {
		return thriftio.Unframed
	}
	return thriftio.Framed
}
