package bridge

import (
	"sync"
	"sync/atomic"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"

	"weft/pkg/buf"
	"weft/pkg/dialect"
	"weft/pkg/sock"
	"weft/pkg/telemetry"
	"weft/pkg/wheel"
	"weft/proxy/balance"
	"weft/proxy/h2"
	"weft/proxy/route"
	"weft/proxy/upstream"
)

// stream is an exchange that passes: both sides speak gRPC, and headers, data and trailers of any kind of call go through
// as they come. Window credit is given to a sender only for bytes that have left towards the other side, so that
// neither side can fill the proxy.
//
// It is referenced by the downstream stream, by the upstream side (parked, or its stream) and by the armed timer. over is
// moved once, by whoever ends the exchange: the upstream's end, a reset of either side, or the deadline.
type stream struct {
	br   *Bridge
	refs atomic.Int32
	over atomic.Bool

	// set before the call is sent
	svc                *route.Service
	method             *route.Method
	rule               *route.Rule
	ep                 *balance.Endpoint
	timed              bool
	record             telemetry.Record
	upBytes, backBytes atomic.Int64
	down               *h2.Stream
	fields             []hpack.HeaderField // the request's headers, pseudo-header fields first

	conn    atomic.Pointer[upstream.Conn]
	replied atomic.Bool // response headers went to the caller

	// guarded by mu, which is taken before a connection's lock
	mu       sync.Mutex
	up       *h2.Stream
	sent     bool      // up was opened
	waiting  buf.Queue // body that came before there was a stream upstream
	ended    bool      // the request is complete
	trailers []hpack.HeaderField

	parked upstream.Parked
	timer  wheel.Timer
}

func newStream(br *Bridge) *stream {
	x := &stream{br: br}
	x.timer.Handler = x
	return x
}

// beginStream starts to relay a call.
func (br *Bridge) beginStream(g *grpcDown, st *h2.Stream, h *h2.Headers, in *incoming, ep *balance.Endpoint, end bool, b *sock.Batch) {
	x := br.streams.Get().(*stream)
	x.refs.Store(2) // the caller's stream's, and this function's
	defer x.Unref()
	x.over.Store(false)
	x.svc, x.method, x.rule, x.ep = g.svc, in.method, in.rule, ep
	x.down, x.ended = st, end
	if in.fields == nil {
		in.fields = passHeaders(h)
	}
	x.fields = in.fields
	br.start(&x.record, in.method, dialect.GRPC, ep)
	if in.timeout > 0 { // a policy's time-out is for calls of one message: this may be a stream that lives for days
		x.timed = true
		x.Ref()
		br.Wheel.Add(&x.timer, in.timeout)
	}
	own(st, x)
	x.Ref() // the upstream side's
	c, err := ep.Pool.AcquireOrPark(x)
	switch {
	case err != nil:
		x.fail(placeError(ep, err), telemetry.Rejected, b)
		x.Unref()
	case c != nil:
		x.Assigned(c, b)
	}
}

// passHeaders is the header list of the request as it goes on.
func passHeaders(h *h2.Headers) []hpack.HeaderField {
	fields := make([]hpack.HeaderField, 0, len(h.Fields)+4)
	fields = append(fields,
		hpack.HeaderField{Name: ":method", Value: h.Method}, hpack.HeaderField{Name: ":scheme", Value: "http"},
		hpack.HeaderField{Name: ":path", Value: h.Path}, hpack.HeaderField{Name: ":authority", Value: h.Authority})
	return append(fields, h.Fields...)
}

// Ref adds a reference.
func (x *stream) Ref() { x.refs.Add(1) }

// Unref gives one up; the last one returns the exchange to its pool.
func (x *stream) Unref() {
	switch n := x.refs.Add(-1); {
	case n > 0:
		return
	case n < 0:
		panic("bridge: stream released twice")
	}
	x.waiting.Reset()
	x.conn.Store(nil)
	x.replied.Store(false)
	x.svc, x.method, x.rule, x.ep = nil, nil, nil, nil
	x.down, x.up, x.fields, x.trailers = nil, nil, nil, nil
	x.timed, x.sent, x.ended = false, false, false
	x.record = telemetry.Record{}
	x.upBytes.Store(0)
	x.backBytes.Store(0)
	x.br.streams.Put(x)
}

// Parked is the link in a pool's queue.
func (x *stream) Parked() *upstream.Parked { return &x.parked }

// done completes the record.
func (x *stream) done(code codes.Code, outcome telemetry.Outcome) {
	x.record.RequestIn, x.record.RequestOut = x.upBytes.Load(), x.upBytes.Load()
	x.record.ResponseIn, x.record.ResponseOut = x.backBytes.Load(), x.backBytes.Load()
	x.br.end(&x.record, code, outcome)
}

func (x *stream) finish() bool {
	if !x.over.CompareAndSwap(false, true) {
		return false
	}
	if x.timed && x.br.Wheel.Stop(&x.timer) {
		x.Unref()
	}
	return true
}

// TimedOut ends the call when its deadline has passed.
func (x *stream) TimedOut(*wheel.Timer) {
	var b sock.Batch
	if x.over.CompareAndSwap(false, true) {
		x.abandon(&b)
		x.answerError(failure(codes.DeadlineExceeded, "deadline exceeded while waiting for %s", x.ep.Address), telemetry.Timeout, &b)
		b.Flush()
	}
	x.Unref()
}

func (x *stream) fail(err *callError, outcome telemetry.Outcome, b *sock.Batch) {
	if x.finish() {
		x.answerError(err, outcome, b)
	}
}

// abandon frees the upstream side of a call that is over.
func (x *stream) abandon(b *sock.Batch) {
	if x.ep.Pool.Unpark(x) {
		x.Unref()
		return
	}
	if x.leaveUpstream(b) {
		x.Unref()
	}
}

// Assigned opens the stream upstream and sends what has come so far.
func (x *stream) Assigned(c *upstream.Conn, b *sock.Batch) bool {
	if x.over.Load() {
		x.Unref()
		return false
	}
	x.conn.Store(c)
	if !x.open(c, b) {
		c.Release(b)
		x.fail(placeError(x.ep, upstream.ErrClosed), telemetry.ConnectFailed, b)
		x.Unref()
	} else if x.over.Load() { // ended in between
		x.abandon(b)
	}
	return true
}

func (x *stream) open(c *upstream.Conn, b *sock.Batch) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	c.H2.Lock()
	n := x.waiting.Len()
	last := x.ended && x.trailers == nil
	up := c.H2.Open(x.fields, last && n == 0, x, b)
	if up == nil {
		c.H2.Unlock()
		return false
	}
	x.up, x.sent = up, true
	held := 0
	for _, p := range x.waiting.Vec(nil, 1<<20) {
		held += up.WriteData(p, false, b)
	}
	if x.trailers != nil {
		up.WriteHeaders(x.trailers, true, b)
	} else if last && n > 0 {
		up.WriteData(nil, true, b)
	}
	c.H2.Unlock()
	x.waiting.Reset()
	x.credit(x.down, n-held, b)
	return true
}

// Unassigned fails a call that got no connection.
func (x *stream) Unassigned(err error, b *sock.Batch) {
	x.fail(placeError(x.ep, err), telemetry.ConnectFailed, b)
	x.Unref()
}

// credit lets the sender of a stream send n bytes more.
func (x *stream) credit(st *h2.Stream, n int, b *sock.Batch) {
	if st == nil || n <= 0 {
		return
	}
	c := st.Conn()
	c.Lock()
	if st.Owner == any(x) {
		st.Release(n, b)
	}
	c.Unlock()
}

// forward writes data to a stream that x owns and returns how many bytes of it left at once.
func (x *stream) forward(to *h2.Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch) int {
	c := to.Conn()
	c.Lock()
	defer c.Unlock()
	if to.Owner != any(x) {
		return 0
	}
	if len(p) >= upstream.ShareFrom {
		return len(p) - to.WriteShared(p, seg, end, b)
	}
	return len(p) - to.WriteData(p, end, b)
}

// From the caller.

func (x *stream) downData(st *h2.Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch) {
	x.upBytes.Add(int64(len(p)))
	x.mu.Lock()
	up := x.up
	if up == nil { // not opened yet, or left again
		if !x.sent {
			x.waiting.Append(p)
			x.ended = x.ended || end
		}
		x.mu.Unlock()
		return
	}
	x.mu.Unlock()
	x.credit(st, x.forward(up, p, seg, end, b), b)
}

func (x *stream) downTrailers(h *h2.Headers, b *sock.Batch) {
	x.mu.Lock()
	up := x.up
	if up == nil {
		x.ended, x.trailers = true, h.Fields
	}
	x.mu.Unlock()
	if up == nil {
		return
	}
	c := up.Conn()
	c.Lock()
	if up.Owner == any(x) {
		up.WriteHeaders(h.Fields, true, b)
	}
	c.Unlock()
}

func (x *stream) downReset(_ *h2.Stream, _ http2.ErrCode, b *sock.Batch) {
	if x.finish() {
		x.abandon(b)
		x.done(codes.Canceled, telemetry.Cancelled)
	}
	x.leaveCaller(b)
}

// downSent: bytes of the response have left, so that the endpoint may send as many again.
func (x *stream) downSent(_ *h2.Stream, n int, b *sock.Batch) {
	x.mu.Lock()
	up := x.up
	x.mu.Unlock()
	x.credit(up, n, b)
}

// From the endpoint.

// UpHeaders passes response headers and trailers on.
func (x *stream) UpHeaders(_ *h2.Stream, h *h2.Headers, end bool, b *sock.Batch) {
	if len(h.Status) == 3 && h.Status[0] == '1' {
		return
	}
	if end {
		x.passEnd(h, b)
		return
	}
	x.replied.Store(true)
	c := x.down.Conn()
	c.Lock()
	if x.down.Owner == any(x) {
		x.down.WriteHeaders(responseFields(h), false, b)
	}
	c.Unlock()
}

// responseFields is a response's header list as it goes on; trailers have no status.
func responseFields(h *h2.Headers) []hpack.HeaderField {
	if h.Status == "" {
		return h.Fields
	}
	if fields, ok := h.Memo.([]hpack.HeaderField); ok {
		return fields
	}
	fields := append([]hpack.HeaderField{{Name: ":status", Value: h.Status}}, h.Fields...)
	h.Memo = fields
	return fields
}

// passEnd completes the exchange with the endpoint's trailers.
func (x *stream) passEnd(h *h2.Headers, b *sock.Batch) {
	if x.finish() {
		c := x.down.Conn()
		c.Lock()
		if x.down.Owner == any(x) {
			x.down.WriteHeaders(responseFields(h), true, b)
		}
		c.Unlock()
		code := trailersCode(h)
		x.leaveCaller(b)
		x.done(code, outcomeOf(code))
	}
	if x.leaveUpstream(b) {
		x.Unref()
	}
}

// UpData passes the response's body on.
func (x *stream) UpData(st *h2.Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch) {
	x.backBytes.Add(int64(len(p)))
	x.credit(st, x.forward(x.down, p, seg, end, b), b)
	if end { // a body without trailers: not gRPC, but it is not ours to judge
		if x.finish() {
			x.leaveCaller(b)
			x.done(codes.Unknown, outcomeOf(codes.Unknown))
		}
		if x.leaveUpstream(b) {
			x.Unref()
		}
	}
}

// UpReset fails the call.
func (x *stream) UpReset(_ *h2.Stream, code http2.ErrCode, unprocessed bool, b *sock.Batch) {
	if x.leaveUpstream(b) {
		x.fail(resetError(x.ep, code, unprocessed), telemetry.Reset, b)
		x.Unref()
	}
}

// UpSent: bytes of the request have left, so that the caller may send as many again.
func (x *stream) UpSent(_ *h2.Stream, n int, b *sock.Batch) { x.credit(x.down, n, b) }

// leaveUpstream ends the exchange's ownership of its stream upstream. False: there is none.
func (x *stream) leaveUpstream(b *sock.Batch) bool {
	x.mu.Lock()
	up := x.up
	x.up = nil
	x.mu.Unlock()
	if up == nil {
		return false
	}
	c := up.Conn()
	c.Lock()
	up.Owner = nil
	up.Done(b)
	c.Unlock()
	x.conn.Load().Release(b)
	return true
}

// leaveCaller ends the exchange's ownership of its caller's stream.
func (x *stream) leaveCaller(b *sock.Batch) {
	c := x.down.Conn()
	c.Lock()
	owned := x.down.Owner == any(x)
	if owned {
		x.down.Owner = nil
		x.down.Done(b)
	}
	c.Unlock()
	if owned {
		x.Unref()
	}
}

// answerError ends the call with a status of this proxy: trailers alone, or behind what the caller has got already.
func (x *stream) answerError(err *callError, outcome telemetry.Outcome, b *sock.Batch) {
	c := x.down.Conn()
	c.Lock()
	if x.down.Owner == any(x) {
		fields := errorTrailers(err)
		if x.replied.Load() {
			fields = fields[2:] // no :status and content-type in trailers
		}
		x.down.WriteHeaders(fields, true, b)
	}
	c.Unlock()
	x.leaveCaller(b)
	x.record.Reason = err.text
	x.done(err.code, outcome)
}
