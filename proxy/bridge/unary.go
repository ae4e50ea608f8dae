package bridge

import (
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"

	"weft/pkg/buf"
	"weft/pkg/sock"
	"weft/pkg/telemetry"
	"weft/pkg/wheel"
	"weft/proxy/balance"
	"weft/proxy/h2"
	"weft/proxy/route"
	"weft/proxy/thriftio"
	"weft/proxy/upstream"
	"weft/translate"
	"weft/translate/thriftwire"
)

// unary is an exchange with one whole message each way: every call in which one side speaks Thrift.
//
// It is referenced by the downstream connection until it is answered or given up there, by the upstream side (parked, or
// outstanding on a connection) until that is over, and by the timer while it is armed; the last to let go returns it to
// the pool. over is moved once, by whoever answers or gives up the call.
type unary struct {
	br   *Bridge
	refs atomic.Int32
	over atomic.Bool

	// set before the call is sent, by the reader goroutine of the downstream connection
	svc     *route.Service
	method  *route.Method
	rule    *route.Rule
	timed   bool
	timeout time.Duration // of the call, 0: none
	unsent  int           // bytes of memory, for an answer that the caller's windows do not take yet; guarded by its connection's lock
	oneway  bool
	replied bool // a Thrift endpoint has answered
	record  telemetry.Record
	upBytes atomic.Int64 // of the request as it was sent
	unknown atomic.Int64 // fields dropped by translation

	// the downstream half: one of the two
	stream  *h2.Stream        // gRPC
	caller  *Thrift           // Thrift
	call    thriftwire.Header // the envelope of its call; Name is the method's bare name
	framing thriftio.Framing

	in   gather         // the request, until it is sent
	kept buf.Queue      // the request as it will be sent, while the call is parked or may have to be sent again
	name []byte         // its name on the Thrift wire
	on   *upstream.Conn // it has to go there, behind a oneway call of the same connection; nil: anywhere
	conn atomic.Pointer[upstream.Conn]

	endpoint atomic.Pointer[balance.Endpoint] // of the present attempt
	attempts atomic.Int32

	// the upstream half on gRPC; what is no atomic belongs to the connection's reader
	ust   atomic.Pointer[h2.Stream]
	reply gather
	head  *h2.Headers // response headers

	parked upstream.Parked
	timer  wheel.Timer
}

func newUnary(br *Bridge) *unary {
	x := &unary{br: br}
	x.timer.Handler = x
	return x
}

// begin takes an exchange from the pool, with one reference, which is the downstream connection's.
func (br *Bridge) begin(svc *route.Service, m *route.Method, r *route.Rule, ep *balance.Endpoint) *unary {
	x := br.unaries.Get().(*unary)
	x.refs.Store(1)
	x.over.Store(false)
	x.svc, x.method, x.rule = svc, m, r
	x.endpoint.Store(ep)
	x.attempts.Store(1)
	return x
}

// Ref adds a reference.
func (x *unary) Ref() { x.refs.Add(1) }

// Unref gives one up; the last one returns the exchange to its pool.
func (x *unary) Unref() {
	switch n := x.refs.Add(-1); {
	case n > 0:
		return
	case n < 0:
		panic("bridge: exchange released twice")
	}
	if x.unsent > 0 {
		x.reply.memory.Release(x.unsent)
		x.unsent = 0
	}
	x.in.drop()
	x.reply.drop()
	x.kept.Reset()
	x.conn.Store(nil)
	x.endpoint.Store(nil)
	x.ust.Store(nil)
	x.svc, x.method, x.rule = nil, nil, nil
	x.stream, x.caller, x.head, x.name = nil, nil, nil, nil
	x.call = thriftwire.Header{}
	x.on = nil
	x.timeout = 0
	x.timed, x.oneway, x.replied = false, false, false
	x.record = telemetry.Record{}
	x.upBytes.Store(0)
	x.unknown.Store(0)
	x.br.unaries.Put(x)
}

// Parked is the link in a pool's queue.
func (x *unary) Parked() *upstream.Parked { return &x.parked }

// arm starts the deadline; 0 is none.
func (x *unary) arm(d time.Duration) {
	if d <= 0 {
		return
	}
	x.timed, x.timeout = true, d
	x.Ref()
	x.br.Wheel.Add(&x.timer, d)
}

// done completes the record.
func (x *unary) done(code codes.Code, outcome telemetry.Outcome) {
	x.record.RequestOut, x.record.UnknownFields = x.upBytes.Load(), int(x.unknown.Load())
	x.br.triedAt(&x.record, x.ep(), x.attempts.Load())
	x.br.end(&x.record, code, outcome)
}

// finish moves the exchange from open to over and reports whether this call did it: the caller then answers.
func (x *unary) finish() bool {
	if !x.over.CompareAndSwap(false, true) {
		return false
	}
	if x.timed && x.br.Wheel.Stop(&x.timer) {
		x.Unref()
	}
	return true
}

// TimedOut ends the call on the wheel's goroutine when its deadline has passed.
func (x *unary) TimedOut(*wheel.Timer) {
	var b sock.Batch
	if x.over.CompareAndSwap(false, true) {
		x.abandon(&b)
		x.answerError(deadlineError(x.ep()), telemetry.Timeout, &b)
		b.Flush()
	}
	x.Unref()
}

// cancel gives the call up because its caller did, or has gone.
func (x *unary) cancel(b *sock.Batch) {
	if x.finish() {
		x.abandon(b)
		x.done(codes.Canceled, telemetry.Cancelled)
	}
}

// fail answers the call with an error of this proxy.
func (x *unary) fail(err *callError, outcome telemetry.Outcome, b *sock.Batch) {
	if x.finish() {
		x.answerError(err, outcome, b)
	}
}

// abandon frees the upstream side of a call that is over before its answer came.
func (x *unary) abandon(b *sock.Batch) {
	if upstream.Unpark(x) {
		x.Unref()
		return
	}
	c := x.conn.Load()
	switch {
	case c == nil: // not sent yet: the sender will see that it is over
	case c.Thrift != nil:
		if c.Thrift.Abandon(x) {
			x.Unref()
		}
	default:
		x.cancelStream(b)
	}
}

// dispatch translates the request and sends it, or parks it. body is lent and lies in seg.
func (x *unary) dispatch(body []byte, seg *buf.Segment, b *sock.Batch) {
	if len(body) < bigMessage || x.method.Plan == nil {
		x.request(body, seg, b)
		return
	}
	x.Ref()
	seg.Ref()
	x.br.aside(func() {
		var own sock.Batch
		x.request(body, seg, &own)
		own.Flush()
		seg.Free()
		x.Unref()
	})
}

func (x *unary) request(body []byte, seg *buf.Segment, b *sock.Batch) {
	if x.over.Load() { // given up already
		return
	}
	out := x.br.out()
	defer x.br.putOut(out)
	payload, err := x.encodeRequest(out, body, seg)
	if err != nil {
		x.fail(requestError(err), telemetry.TranslationFailed, b)
		return
	}
	x.Ref() // the upstream side's
	if c := x.ep().Pool.Acquire(x.on); c != nil {
		x.send(c, &payload, b)
		return
	}
	payload.AppendTo(&x.kept)
	if !x.in.hold(payload.Len()) {
		x.fail(noMemory(x.in.memory, payload.Len()), telemetry.Rejected, b)
		x.Unref()
		return
	}
	x.acquire(b)
}

// encodeRequest turns the body into what the endpoint understands.
func (x *unary) encodeRequest(out *translate.Out, body []byte, seg *buf.Segment) (upstream.Payload, error) {
	d := x.ep().Dialect
	if x.stream != nil { // gRPC to Thrift
		out.Reset(0)
		unknown, err := x.method.Plan.RequestToThrift(out, upstream.ThriftProtocol(d), body)
		x.unknown.Add(int64(unknown))
		return upstream.Payload{B: out.B, Refs: out.Refs, Seg: seg}, err
	}
	if !d.IsThrift() { // Thrift to gRPC
		out.Reset(grpcPrefix)
		_, unknown, err := x.method.Plan.RequestToProto(out, x.call.Protocol, body)
		x.unknown.Add(int64(unknown))
		putPrefix(out)
		return upstream.Payload{B: out.B, Refs: out.Refs, Seg: seg}, err
	}
	return reframe(out, upstream.ThriftProtocol(d), body, x.call.Protocol, seg)
}

// reframe passes a Thrift body on, from one protocol into the other where they differ.
func reframe(out *translate.Out, to thriftwire.Protocol, body []byte, from thriftwire.Protocol, seg *buf.Segment) (upstream.Payload, error) {
	if to == from {
		return upstream.Payload{B: body, Seg: seg, InSeg: true}, nil
	}
	out.Reset(0)
	var err error
	out.B, _, err = thriftwire.Transcode(out.B, to, body, from, translate.MaxDepth)
	return upstream.Payload{B: out.B}, err
}

// putPrefix fills in the five bytes that stand in front of a gRPC message.
func putPrefix(out *translate.Out) {
	n := out.Len() - grpcPrefix
	out.B[0] = 0
	out.B[1], out.B[2], out.B[3], out.B[4] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
}
