package bridge

import (
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"

	"weft/pkg/buf"
	"weft/pkg/sock"
	"weft/pkg/telemetry"
	"weft/proxy/h2"
	"weft/proxy/upstream"
)

// This file is what a passing exchange does with the events of its two streams.

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
	if up != nil { // else the caller's window is the limit: it gets no credit
		x.limitKept(len(p))
	}
	if x.held {
		x.kept.Append(p)
	}
	x.ended = x.ended || end
	x.mu.Unlock()
	if up != nil {
		x.leftUp(up, x.forward(up, p, seg, end, b), b)
	}
}

func (x *stream) downTrailers(h *h2.Headers, b *sock.Batch) {
	x.mu.Lock()
	up := x.up
	x.ended, x.trailers = true, h.Fields
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

// leftUp counts bytes of the request that have left on up, and lets the caller send as many again. What leaves a second time does
// not count.
func (x *stream) leftUp(up *h2.Stream, n int, b *sock.Batch) {
	x.mu.Lock()
	credit := 0
	if up == x.up {
		x.left += n
		credit = max(0, x.left-x.credited)
		x.credited += credit
	}
	x.mu.Unlock()
	x.credit(x.down, credit, b)
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
	x.plain = codeWithout(h)
	x.mu.Lock()
	x.giveUpKept() // the endpoint acts on it
	x.mu.Unlock()
	c := x.down.Conn()
	c.Lock()
	if x.down.Owner == any(x) {
		x.replied = true
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
		if h.Get("grpc-status") == "" {
			if code = x.plain; h.Status != "" { // there are only these headers
				code = codeWithout(h)
			}
		}
		x.leaveCaller(b)
		x.done(code, outcomeOf(code, overdue(&x.record, x.timeout)))
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
			x.done(x.plain, outcomeOf(x.plain, overdue(&x.record, x.timeout)))
		}
		if x.leaveUpstream(b) {
			x.Unref()
		}
	}
}

// UpReset fails the call, or places it again if it cannot have been executed.
func (x *stream) UpReset(st *h2.Stream, code http2.ErrCode, unprocessed bool, b *sock.Batch) {
	if !x.leaveUpstream(b) {
		return
	}
	why, outcome := resetError(x.ep(), st, code, unprocessed, overdue(&x.record, x.timeout))
	if unprocessed {
		x.again(why, outcome, true, b)
		return
	}
	x.fail(why, outcome, b)
	x.Unref()
}

// UpSent: bytes of the request have left, so that the caller may send as many again.
func (x *stream) UpSent(st *h2.Stream, n int, b *sock.Batch) { x.leftUp(st, n, b) }

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
