package bridge

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

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
	timed              bool
	timeout            time.Duration // of the call, 0: none
	record             telemetry.Record
	upBytes, backBytes atomic.Int64
	down               *h2.Stream
	fields             []hpack.HeaderField // the request's headers, pseudo-header fields first

	endpoint atomic.Pointer[balance.Endpoint] // of the present attempt
	attempts atomic.Int32

	replied bool       // response headers went to the caller; guarded by its connection's lock
	plain   codes.Code // of a response that ends without a grpc-status; owned by the upstream's reader

	// guarded by mu, which is taken before a connection's lock
	mu       sync.Mutex
	conn     *upstream.Conn // that up is on
	up       *h2.Stream     // nil while there is none
	held     bool           // kept is the whole request so far: it can be sent, or sent again
	kept     buf.Queue
	ended    bool // the request is complete
	trailers []hpack.HeaderField
	left     int // bytes of the body that have left on up
	credited int // bytes of the body that the caller may send again

	parked upstream.Parked
	timer  wheel.Timer
}

func newStream(br *Bridge) *stream {
	x := &stream{br: br, plain: codes.Unknown}
	x.timer.Handler = x
	return x
}

// beginStream starts to relay a call.
func (br *Bridge) beginStream(g *grpcDown, st *h2.Stream, h *h2.Headers, in *incoming, ep *balance.Endpoint, end bool, b *sock.Batch) {
	x := br.streams.Get().(*stream)
	x.refs.Store(2) // the caller's stream's, and this function's
	defer x.Unref()
	x.over.Store(false)
	x.svc, x.method, x.rule = g.svc, in.method, in.rule
	x.endpoint.Store(ep)
	x.attempts.Store(1)
	x.down, x.ended, x.held = st, end, true
	if in.fields == nil {
		in.fields = passHeaders(h)
	}
	x.fields = in.fields
	x.record.Shard = g.shard
	br.start(&x.record, in.method, dialect.GRPC, ep)
	own(st, x)
	if in.timeout > 0 { // a policy's time-out is for calls of one message: this may be a stream that lives for days
		x.timed, x.timeout = true, in.timeout
		x.Ref()
		br.Wheel.Add(&x.timer, in.timeout)
	}
	x.Ref() // the upstream side's
	x.acquire(b)
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
	x.kept.Reset()
	x.endpoint.Store(nil)
	x.svc, x.method, x.rule = nil, nil, nil
	x.down, x.conn, x.up, x.fields, x.trailers = nil, nil, nil, nil, nil
	x.timed, x.replied, x.held, x.ended = false, false, false, false
	x.left, x.credited, x.timeout = 0, 0, 0
	x.plain = codes.Unknown
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
	x.br.triedAt(&x.record, x.ep(), x.attempts.Load())
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
		x.answerError(deadlineError(x.ep()), telemetry.Timeout, &b)
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
	if upstream.Unpark(x) {
		x.Unref()
		return
	}
	if x.leaveUpstream(b) {
		x.Unref()
	}
}

// The attempts.

func (x *stream) ep() *balance.Endpoint { return x.endpoint.Load() }

// acquire takes a place on a connection, or parks the call. The upstream side's reference goes with it.
func (x *stream) acquire(b *sock.Batch) {
	x.Ref() // this function's: once it is parked the call may be in other hands
	defer x.Unref()
	c, err := x.ep().Pool.AcquireOrPark(x, nil)
	switch {
	case err != nil:
		x.Unassigned(err, b)
	case c != nil:
		if !x.Assigned(c, b) {
			c.Release(b)
		}
	case x.over.Load() && upstream.Unpark(x): // given up in between
		x.Unref()
	}
}

// Assigned opens the stream upstream and sends what has come so far.
func (x *stream) Assigned(c *upstream.Conn, b *sock.Batch) bool {
	if x.over.Load() {
		x.Unref()
		return false
	}
	x.Ref() // this function's: the answer may be there before it returns
	defer x.Unref()
	if !x.open(c, b) {
		c.Refused(b)
		x.again(placeError(x.ep(), upstream.ErrClosed), telemetry.ConnectFailed, true, b)
	} else if x.over.Load() { // ended in between
		x.abandon(b)
	}
	return true
}

// Unassigned is told that there is no connection for the call.
func (x *stream) Unassigned(err error, b *sock.Batch) {
	why := placeError(x.ep(), err)
	if isFull(err) {
		x.fail(why, telemetry.Rejected, b)
		x.Unref()
		return
	}
	x.again(why, telemetry.ConnectFailed, false, b)
}

// again places a call that was not executed once more, at the same endpoint only where same is set, or fails it with why. The upstream
// side's reference goes with it.
func (x *stream) again(why *callError, outcome telemetry.Outcome, same bool, b *sock.Batch) {
	ep := another(x.rule, x.ep(), same)
	x.mu.Lock()
	held := x.held
	x.mu.Unlock()
	if ep == nil || !held || x.over.Load() || x.attempts.Load() >= mostAttempts {
		x.fail(why, outcome, b)
		x.Unref()
		return
	}
	x.attempts.Add(1)
	x.endpoint.Store(ep)
	x.acquire(b)
}

// open sends the request as far as it has come. False: the connection takes no stream.
func (x *stream) open(c *upstream.Conn, b *sock.Batch) bool {
	x.mu.Lock()
	n := x.kept.Len()
	last := x.ended && x.trailers == nil
	c.H2.Lock()
	up := c.H2.Open(x.fields, last && n == 0, x, b)
	if up == nil {
		c.H2.Unlock()
		x.mu.Unlock()
		return false
	}
	queued := 0
	for _, p := range x.kept.Vec(nil, math.MaxInt) {
		queued += up.WriteData(p, false, b)
	}
	if x.trailers != nil {
		up.WriteHeaders(x.trailers, true, b)
	} else if last && n > 0 {
		up.WriteData(nil, true, b)
	}
	c.H2.Unlock()
	x.conn, x.up, x.left = c, up, 0
	x.limitKept(0)
	x.mu.Unlock()
	x.leftUp(up, n-queued, b)
	return true
}

// limitKept gives the kept request up where it gets too long with n bytes more; mu is held.
func (x *stream) limitKept(n int) {
	if x.held && x.kept.Len()+n > mostKept {
		x.giveUpKept()
	}
}

func (x *stream) giveUpKept() {
	x.held = false
	x.kept.Reset()
}

// leaveUpstream ends the exchange's ownership of its stream upstream and gives its place back. False: there is none.
func (x *stream) leaveUpstream(b *sock.Batch) bool {
	x.mu.Lock()
	up, conn := x.up, x.conn
	x.up, x.conn = nil, nil
	x.mu.Unlock()
	if up == nil {
		return false
	}
	c := up.Conn()
	c.Lock()
	up.Owner = nil
	up.Reset(http2.ErrCodeCancel, b) // unless it is over: part of the request may not have left
	up.Done(b)
	c.Unlock()
	conn.Release(b)
	return true
}

// answerError ends the call with a status of this proxy: trailers alone, or behind what the caller has got already.
func (x *stream) answerError(err *callError, outcome telemetry.Outcome, b *sock.Batch) {
	c := x.down.Conn()
	c.Lock()
	if x.down.Owner == any(x) {
		fields := errorTrailers(err)
		if x.replied {
			fields = fields[2:] // no :status and content-type in trailers
		}
		x.down.WriteHeaders(fields, true, b)
	}
	c.Unlock()
	x.leaveCaller(b)
	x.record.Reason = err.text
	x.done(err.code, outcome)
}
