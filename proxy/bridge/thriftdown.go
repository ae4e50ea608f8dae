package bridge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"google.golang.org/grpc/codes"

	"weft/pkg/budget"
	"weft/pkg/buf"
	"weft/pkg/policy"
	"weft/pkg/sock"
	"weft/pkg/telemetry"
	"weft/proxy/balance"
	"weft/proxy/idle"
	"weft/proxy/route"
	"weft/proxy/thriftio"
	"weft/proxy/upstream"
	"weft/translate/status"
	"weft/translate/thriftwire"
)

// Thrift is a downstream Thrift connection. It takes messages out of the bytes that arrive and begins an exchange for
// each. Replies leave in the order of the calls, because nothing else matches them for some clients; with ordering
// `connection` the next call begins when the one before is complete, and reading stops until then.
type Thrift struct {
	br     *Bridge
	svc    *route.Service
	memory *budget.Budget
	s      *sock.Conn
	shard  uint8 // of the counters
	closed func(error)

	dec     *thriftio.Decoder // owned by the reader goroutine
	partial atomic.Bool       // a message has begun and waits for its rest

	idle, stall idle.Watch

	// guarded by the connection's lock
	calls    []callSlot // in order of arrival, from head on
	head     int
	most     int  // calls outstanding at which reading stops
	stopped  bool // reading waits for room in calls, or for the caller to take replies
	waiting  int  // bytes of replies that wait for those before them
	reserved int  // bytes of memory, for replies that the caller does not take
	after    oneway
	ended    bool
	draining bool // it ends when the outstanding calls have been answered
	closing  bool // it ends now: no call is begun any more
}

// oneway is the last oneway call of a connection, as long as nothing shows that its endpoint has begun to act on it. Calls after it go to the
// same connection, because servers keep the order on one.
type oneway struct {
	conn *upstream.Conn // nil: there is none
	rule *route.Rule
	ep   *balance.Endpoint
}

// A callSlot is a call whose reply has not been queued yet.
type callSlot struct {
	x     *unary    // nil where the call was refused before it became an exchange
	ready bool      // the reply is in out, and waits for those before it
	out   buf.Queue // empty for a oneway call
}

// Calls outstanding on a connection with ordering `none`.
const mostUnordered = 128

// ServeThrift puts Thrift on a downstream connection, for calls to svc. closed is called at its end.
func (br *Bridge) ServeThrift(s *sock.Conn, svc *route.Service, pol *policy.Policy, closed func(error)) *Thrift {
	t := &Thrift{br: br, shard: br.shard(), svc: svc, s: s, closed: closed, most: 1, memory: br.Memory.Child(br.Limits.ConnectionMemory)}
	if pol.Ordering == policy.Unordered {
		t.most = mostUnordered
	}
	t.dec = br.decoder(t.memory)
	t.idle.Start(br.Wheel, pol.IdleTimeout, t.life, t.endIdle)
	t.stall.Start(br.Wheel, br.Limits.BetweenBytes, t.progress, func() { s.Close(ErrBetweenBytes) })
	return t
}

// ErrBetweenBytes ends a connection on which a message has begun whose rest does not come.
var ErrBetweenBytes = errors.New("no bytes of a message that has begun came within limits.between_bytes")

// life is what the idle watch looks at.
func (t *Thrift) life() (mark int64, busy bool) {
	t.s.Lock()
	defer t.s.Unlock()
	return t.s.LastInput(), t.head < len(t.calls) || t.s.Queued() > 0
}

func (t *Thrift) endIdle() {
	var b sock.Batch
	t.s.Lock()
	late := t.head < len(t.calls) // a call has just come
	if !late {
		t.closeWhenSent(&b)
	}
	t.s.Unlock()
	b.Flush()
	if !late {
		t.br.Recorder.Metrics.Exceeded(t.svc.Direction, telemetry.LimitIdle)
	}
}

// closeWhenSent ends the connection when what is queued has left, and begins no further call; the lock is held.
func (t *Thrift) closeWhenSent(b *sock.Batch) {
	t.closing = true
	t.s.CloseWhenSent(b)
}

// progress is what the watch of half-received messages looks at.
func (t *Thrift) progress() (mark int64, busy bool) { return t.s.LastInput(), !t.partial.Load() }

// Consume takes calls.
func (t *Thrift) Consume(in []byte, seg *buf.Segment, b *sock.Batch) (int, error) {
	taken, err := t.consume(in, seg, b)
	t.partial.Store(err == nil && t.dec.Partial())
	return taken, err
}

func (t *Thrift) consume(in []byte, seg *buf.Segment, b *sock.Batch) (int, error) {
	taken := 0
	for {
		if (taken < len(in) || t.dec.Whole()) && t.full() {
			return taken, sock.ErrPause
		}
		m, n, ok, err := t.dec.Next(in[taken:], seg)
		taken += n
		var one *thriftio.CallError
		switch {
		case errors.As(err, &one):
			if one.Reason == thriftio.Malformed {
				t.br.Recorder.Metrics.ProtocolError(t.svc.Direction, telemetry.Downstream, thriftDialect(m.Framing, m.Header.Protocol))
			}
			t.refuse(&m.Header, m.Framing, callErrorOf(one, t.memory), b)
		case err != nil:
			t.complain(&m, err, b)
			return taken, fmt.Errorf("read thrift call: %w", err)
		case !ok:
			return taken, nil
		default:
			t.begin(&m, b)
		}
	}
}

// full reports whether reading must stop until calls are complete or the caller has taken replies.
func (t *Thrift) full() bool {
	t.s.Lock()
	defer t.s.Unlock()
	t.stopped = len(t.calls)-t.head >= t.most || t.s.Full()
	return t.stopped
}

// complain tells a caller whose bytes cannot be read any further why the connection ends.
func (t *Thrift) complain(m *thriftio.Message, err error, b *sock.Batch) {
	h, f := m.Header, m.Framing
	if f == 0 || h.Type == thriftwire.Oneway {
		return // nothing is known of what it speaks, or it expects nothing
	}
	if h.Type == 0 {
		h = thriftwire.Header{Protocol: thriftwire.Binary}
	}
	h.Name = bareName(h.Name)
	ex := status.ToApplicationException(codes.InvalidArgument, err.Error(), status.Apache)
	t.s.Lock()
	t.s.Out().Append(thriftio.AppendException(nil, f, h, ex))
	t.s.Dirty(b)
	t.s.Unlock()
}

// begin starts the exchange of a call.
func (t *Thrift) begin(m *thriftio.Message, b *sock.Batch) {
	h := m.Header
	if h.Type != thriftwire.Call && h.Type != thriftwire.Oneway {
		t.refuse(&h, m.Framing, failure(codes.InvalidArgument, "message type %d is not a call", h.Type), b)
		return
	}
	method := t.svc.ByThrift(h.Name)
	rule := method.Rule(nil)
	ep, on, open := t.claim(rule)
	if !open {
		return
	}
	x := t.br.begin(t.svc, method, rule, ep)
	x.Ref() // this function's: the deadline may end the call before it returns
	defer x.Unref()
	x.caller, x.call, x.framing, x.on = t, h, m.Framing, on
	x.name, x.call.Name = method.Upstream, method.Thrift
	x.oneway = method.Oneway
	if t.svc.Unknown(method) {
		x.oneway = h.Type == thriftwire.Oneway
		x.name = bytes.Clone(h.Name)
		x.call.Name = bareName(x.name)
	}
	x.in.memory, x.reply.memory = t.memory, t.memory
	x.in.held = t.dec.TakeReservation()
	x.record.Shard = t.shard
	t.br.start(&x.record, method, thriftDialect(m.Framing, h.Protocol), ep)
	t.fill(x)
	switch {
	case ep == nil:
		x.fail(failure(codes.Unavailable, "service %s has no endpoint", t.svc.Name), telemetry.NoEndpoint, b)
	case method.Plan == nil && !ep.Dialect.IsThrift():
		x.fail(unusable(method, string(x.name)), telemetry.Rejected, b)
	default:
		x.arm(rule.Policy.Timeout)
		x.dispatch(m.Body, m.Segment, b)
	}
}

// claim takes the slot of the next call, which fill completes, and picks its endpoint, and the connection to it where that matters. It is
// not open where the connection is about to be closed: a call that came so late is not begun, because its answer would not leave.
func (t *Thrift) claim(rule *route.Rule) (ep *balance.Endpoint, on *upstream.Conn, open bool) {
	t.s.Lock()
	after := t.after
	if !t.closing {
		t.pushSlot(callSlot{})
		open = true
	}
	t.s.Unlock()
	if after.conn != nil && after.rule == rule && after.conn.TakesCalls() {
		return after.ep, after.conn, open
	}
	return rule.Pick(), nil, open
}

// bareName takes the service off a multiplexed method name: replies carry the bare one.
func bareName(name []byte) []byte {
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

// fill puts the exchange into the slot that was claimed for it, which is the last one: only the reader takes slots.
func (t *Thrift) fill(x *unary) {
	t.s.Lock()
	defer t.s.Unlock()
	t.calls[len(t.calls)-1].x = x
}

func (t *Thrift) pushSlot(sl callSlot) {
	if t.head == len(t.calls) {
		t.calls, t.head = t.calls[:0], 0
	} else if t.head > 64 {
		n := copy(t.calls, t.calls[t.head:])
		clear(t.calls[n:])
		t.calls, t.head = t.calls[:n], 0
	}
	t.calls = append(t.calls, sl)
}

// refuse answers a call that never became an exchange. A oneway call gets no answer, whatever it is.
func (t *Thrift) refuse(h *thriftwire.Header, f thriftio.Framing, why *callError, b *sock.Batch) {
	method := t.svc.ByThrift(h.Name)
	t.br.rejected(method, thriftDialect(f, h.Protocol), why)
	sl := callSlot{ready: true}
	if !method.Oneway && h.Type != thriftwire.Oneway {
		reply := *h
		reply.Name = bareName(h.Name)
		sl.out.Append(thriftio.AppendException(nil, f, reply, status.ToApplicationException(why.code, why.text, status.Apache)))
	}
	t.s.Lock()
	t.pushSlot(sl)
	t.sendReady(b)
	t.s.Unlock()
}

// An answer is what a Thrift caller gets: a message with a result, or an exception, or nothing (oneway).
type answer struct {
	result *upstream.Payload
	ex     *thriftwire.ApplicationException
}

// reply queues the answer of a call in its place and gives up the connection's reference to it.
func (t *Thrift) reply(x *unary, a answer, b *sock.Batch) {
	t.s.Lock()
	if a.result != nil && !t.account(a.result.Len()) {
		a = t.noRoom(x, a)
	}
	owned := false
	for i := t.head; i < len(t.calls); i++ {
		sl := &t.calls[i]
		if sl.x != x || sl.ready {
			continue
		}
		q := &sl.out
		if i == t.head {
			q = t.s.Out()
		}
		x.queueAnswer(q, a)
		sl.ready, sl.x = true, nil
		t.waiting += sl.out.Len()
		t.order(x)
		owned = true
		break
	}
	t.sendReady(b)
	t.s.Unlock()
	if owned {
		x.Unref()
	}
}

// account keeps what is reserved in step with the replies that the caller has not taken, of which a further one has more bytes. False: there is no
// memory for them. The lock is held.
func (t *Thrift) account(more int) bool {
	want := t.waiting + t.s.Queued() + more
	if want <= t.br.Limits.QueuedBytes {
		want = 0
	}
	switch {
	case t.ended:
		return true
	case want > t.reserved && !t.memory.Reserve(want-t.reserved):
		return false
	case want < t.reserved:
		t.memory.Release(t.reserved - want)
	}
	t.reserved = want
	return true
}

// noRoom is the answer in place of one that is too large for what is left of the memory; the lock is held.
func (t *Thrift) noRoom(x *unary, a answer) answer {
	why := noMemory(t.memory, a.result.Len())
	t.br.exceeded(x.method, why)
	ex := status.ToApplicationException(why.code, "reply (the call was executed): "+why.text, status.Apache)
	return answer{ex: &ex}
}

// order notes what a call that is complete means for the place of those after it; the lock is held.
func (t *Thrift) order(x *unary) {
	switch c := x.conn.Load(); {
	case t.most > 1 || c == nil || c.Thrift == nil:
	case x.oneway:
		t.after = oneway{conn: c, rule: x.rule, ep: x.ep()}
	case x.replied && c == t.after.conn: // it has got past the oneway call
		t.after = oneway{}
	}
}

// queueAnswer writes the reply message.
func (x *unary) queueAnswer(q *buf.Queue, a answer) {
	h := x.call
	h.Strict = true
	switch {
	case x.oneway:
	case a.ex != nil:
		q.Append(thriftio.AppendException(nil, x.framing, h, *a.ex))
	default:
		h.Type = thriftwire.Reply
		upstream.QueueMessage(q, x.framing, h, a.result)
	}
}

// sendReady moves the replies whose turn it is into the connection's queue; the lock is held.
func (t *Thrift) sendReady(b *sock.Batch) {
	for t.head < len(t.calls) && t.calls[t.head].ready {
		sl := &t.calls[t.head]
		t.waiting -= sl.out.Len()
		sl.out.MoveTo(t.s.Out(), sl.out.Len())
		sl.out.Reset()
		*sl = callSlot{}
		t.head++
	}
	t.s.Dirty(b)
	if t.reserved > 0 && !t.s.Full() { // where it is full, Writable follows
		t.account(0)
	}
	t.resume()
	t.closeIfDrained(b)
}

// resume lets reading go on where there is room; the lock is held.
func (t *Thrift) resume() {
	if t.stopped && len(t.calls)-t.head < t.most && !t.s.Full() {
		t.stopped = false
		t.s.Resume()
	}
}

// Drain ends the connection once the outstanding calls have been answered.
func (t *Thrift) Drain(b *sock.Batch) {
	t.s.Lock()
	t.draining = true
	t.closeIfDrained(b)
	t.s.Unlock()
}

func (t *Thrift) closeIfDrained(b *sock.Batch) {
	if t.draining && !t.ended && t.head == len(t.calls) {
		t.closeWhenSent(b)
	}
}

// Writable says that the caller has taken replies.
func (t *Thrift) Writable(*sock.Batch) {
	t.s.Lock()
	t.account(0)
	t.resume()
	t.s.Unlock()
}

// Closed gives up what is outstanding: two-way calls are cancelled, a oneway call that was received is not.
func (t *Thrift) Closed(err error, b *sock.Batch) {
	t.idle.Stop()
	t.stall.Stop()
	t.s.Lock()
	t.ended = true
	t.memory.Release(t.reserved)
	t.reserved = 0
	left := t.calls[t.head:]
	t.calls, t.head = nil, 0
	t.s.Unlock()
	for i := range left {
		left[i].out.Reset()
		if x := left[i].x; x != nil {
			if !x.oneway {
				x.cancel(b)
			}
			x.Unref()
		}
	}
	partial := t.dec.Partial()
	t.dec.Release()
	if err == io.EOF && partial {
		err = io.ErrUnexpectedEOF
	}
	t.closed(err)
}
