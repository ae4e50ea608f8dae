package bridge

import (
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"

	"weft/pkg/budget"
	"weft/pkg/buf"
	"weft/pkg/dialect"
	"weft/pkg/policy"
	"weft/pkg/sock"
	"weft/pkg/telemetry"
	"weft/proxy/h2"
	"weft/proxy/idle"
	"weft/proxy/route"
	"weft/translate/status"
)

// grpcDown is a downstream HTTP/2 connection: it begins an exchange for each stream and hands it the stream's events.
type grpcDown struct {
	br     *Bridge
	svc    *route.Service
	memory *budget.Budget
	conn   *h2.Conn
	shard  uint8 // of the counters
	closed func(error)
	idle   idle.Watch
	told   bool // of its end for idleness; belongs to idle
}

// streamOwner is an exchange as the stream of its caller sees it.
type streamOwner interface {
	downData(st *h2.Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch)
	downTrailers(h *h2.Headers, b *sock.Batch)
	downReset(st *h2.Stream, code http2.ErrCode, b *sock.Batch)
	downSent(st *h2.Stream, n int, b *sock.Batch)
	Ref()
	Unref()
}

// ServeGRPC puts HTTP/2 on a downstream connection, for calls to svc. closed is called at its end.
func (br *Bridge) ServeGRPC(s *sock.Conn, svc *route.Service, pol *policy.Policy, closed func(error)) GRPC {
	g := &grpcDown{br: br, shard: br.shard(), svc: svc, memory: br.Memory.Child(br.Limits.ConnectionMemory), closed: closed}
	g.conn = h2.NewServer(s, br.Limits.HTTP2, g)
	g.idle.Start(br.Wheel, pol.IdleTimeout, g.life, g.endIdle)
	return GRPC{g.conn}
}

// life is what the idle watch looks at: PINGs are no sign of life.
func (g *grpcDown) life() (mark int64, busy bool) {
	g.conn.Lock()
	defer g.conn.Unlock()
	open, last := g.conn.Streams()
	return int64(last), open > 0
}

// endIdle says GOAWAY. A client that does not follow it for as long again is cut off.
func (g *grpcDown) endIdle() {
	var b sock.Batch
	g.conn.Lock()
	g.conn.GoAway(&b)
	g.conn.Unlock()
	b.Flush()
	if g.told {
		g.conn.Sock().Close(nil)
	} else {
		g.told = true
		g.br.Recorder.Metrics.Exceeded(g.svc.Direction, telemetry.LimitIdle)
	}
}

// GRPC is a downstream HTTP/2 connection.
type GRPC struct{ *h2.Conn }

// Drain ends the connection once its calls have been answered.
func (g GRPC) Drain(b *sock.Batch) {
	g.Lock()
	g.GoAway(b)
	g.Unlock()
}

// incoming is what the headers of a request say. It is worked out once for requests with the same header bytes.
type incoming struct {
	method  *route.Method
	rule    *route.Rule
	timeout time.Duration // 0: none was sent
	fields  []hpack.HeaderField
	refuse  *callError
	http    string // HTTP status to refuse with; "" for a gRPC status
}

func (g *grpcDown) read(h *h2.Headers) *incoming {
	if in, ok := h.Memo.(*incoming); ok {
		return in
	}
	in := &incoming{method: g.svc.ByPath(h.Path)}
	in.rule = in.method.Rule(h.Fields)
	h.Memo = in
	switch {
	case h.Method != "POST":
		in.http = "405"
	case !strings.HasPrefix(h.Get("content-type"), "application/grpc"):
		in.http = "415"
	}
	if t := h.Get("grpc-timeout"); t != "" {
		d, err := status.ParseTimeout(t)
		if err != nil {
			in.refuse = failure(codes.InvalidArgument, "malformed grpc-timeout %q", t)
		}
		in.timeout = d
	}
	return in
}

// Headers begins an exchange, or ends the request of one.
func (g *grpcDown) Headers(st *h2.Stream, h *h2.Headers, end bool, b *sock.Batch) {
	if h.Method == "" { // trailers
		if o := downOwner(st); o != nil {
			o.downTrailers(h, b)
			o.Unref()
		}
		return
	}
	in := g.read(h)
	if in.http != "" {
		g.refuse(st, []hpack.HeaderField{{Name: ":status", Value: in.http}}, b)
		return
	}
	if in.refuse != nil {
		g.reject(st, in, in.refuse, b)
		return
	}
	ep := in.rule.Pick()
	switch {
	case ep == nil:
		g.reject(st, in, failure(codes.Unavailable, "service %s has no endpoint", g.svc.Name), b)
	case ep.Dialect.Kind == dialect.KindGRPC:
		g.br.beginStream(g, st, h, in, ep, end, b)
	case in.method.Plan == nil:
		g.reject(st, in, unusable(in.method, h.Path), b)
	default:
		x := g.br.begin(g.svc, in.method, in.rule, ep)
		x.Ref() // this function's: the deadline may end the call before it returns
		x.in.memory, x.reply.memory = g.memory, g.memory
		x.stream, x.name, x.oneway = st, in.method.Upstream, in.method.Oneway
		x.record.Shard = g.shard
		g.br.start(&x.record, in.method, dialect.GRPC, ep)
		own(st, x)
		x.arm(shorter(in.timeout, in.rule.Policy.Timeout))
		if end {
			x.requestEnded(nil, b)
		}
		x.Unref()
	}
}

// shorter is the deadline of a call whose caller may have sent one; 0 is none.
func shorter(sent, policy time.Duration) time.Duration {
	if sent > 0 && (policy <= 0 || sent < policy) {
		return sent
	}
	return policy
}

func own(st *h2.Stream, o streamOwner) {
	c := st.Conn()
	c.Lock()
	st.Owner = o
	c.Unlock()
}

// downOwner returns the stream's exchange with a reference to it, nil where it has left the stream.
func downOwner(st *h2.Stream) streamOwner {
	c := st.Conn()
	c.Lock()
	defer c.Unlock()
	o, _ := st.Owner.(streamOwner)
	if o != nil {
		o.Ref()
	}
	return o
}

// reject answers a call that never became an exchange with a gRPC status.
func (g *grpcDown) reject(st *h2.Stream, in *incoming, why *callError, b *sock.Batch) {
	g.br.rejected(in.method, dialect.GRPC, why)
	g.refuse(st, errorTrailers(why), b)
}

// refuse answers with a header list alone.
func (g *grpcDown) refuse(st *h2.Stream, fields []hpack.HeaderField, b *sock.Batch) {
	c := st.Conn()
	c.Lock()
	st.WriteHeaders(fields, true, b)
	st.Done(b)
	c.Unlock()
}

// Data hands the body on.
func (g *grpcDown) Data(st *h2.Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch) {
	if o := downOwner(st); o != nil {
		o.downData(st, p, seg, end, b)
		o.Unref()
	}
}

// Reset ends the exchange: its caller gave it up.
func (g *grpcDown) Reset(st *h2.Stream, code http2.ErrCode, _ bool, b *sock.Batch) {
	if o := downOwner(st); o != nil {
		o.downReset(st, code, b)
		o.Unref()
	}
}

// Sent tells the exchange that bytes of its answer have left.
func (g *grpcDown) Sent(st *h2.Stream, n int, b *sock.Batch) {
	if o := downOwner(st); o != nil {
		o.downSent(st, n, b)
		o.Unref()
	}
}

// Capacity is of clients only.
func (g *grpcDown) Capacity(uint32, *sock.Batch) {}

// Closed is the end of the connection; its streams have been reset.
func (g *grpcDown) Closed(err error, _ *sock.Batch) {
	g.idle.Stop()
	g.closed(err)
}

// The downstream half of a unary exchange on a stream.

func (x *unary) downData(st *h2.Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch) {
	if x.over.Load() {
		return
	}
	if bad := x.in.add(p, seg, end, x.br.Limits.Message); bad != nil {
		x.fail(bad, telemetry.Rejected, b)
		return
	}
	if end {
		x.requestEnded(seg, b)
		return
	}
	c := st.Conn()
	c.Lock()
	if st.Owner == any(x) {
		st.Release(len(p), b)
	}
	c.Unlock()
}

func (x *unary) downTrailers(_ *h2.Headers, b *sock.Batch) { x.requestEnded(nil, b) }

// requestEnded sends the request; seg is what its last bytes lie in.
func (x *unary) requestEnded(seg *buf.Segment, b *sock.Batch) {
	msg, bad := x.in.message()
	if bad != nil {
		x.fail(bad, telemetry.Rejected, b)
		return
	}
	if x.in.seg != nil {
		seg = x.in.seg
	}
	x.dispatch(msg, seg, b)
}

func (x *unary) downReset(_ *h2.Stream, _ http2.ErrCode, b *sock.Batch) {
	x.cancel(b)
	x.leaveCaller(b)
}

// downSent ends the ownership of a stream whose response has left.
func (x *unary) downSent(st *h2.Stream, _ int, b *sock.Batch) {
	c := st.Conn()
	c.Lock()
	sent := st.Owner == any(x) && x.unsent > 0 && st.Waiting() == 0
	if sent {
		x.leave(b)
	}
	c.Unlock()
	if sent {
		x.Unref()
	}
}

// leaveCaller ends the exchange's ownership of its caller's stream.
func (x *unary) leaveCaller(b *sock.Batch) {
	c := x.stream.Conn()
	c.Lock()
	owned := x.stream.Owner == any(x)
	if owned {
		x.leave(b)
	}
	c.Unlock()
	if owned {
		x.Unref()
	}
}
