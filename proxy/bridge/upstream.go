package bridge

import (
	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"

	"weft/pkg/buf"
	"weft/pkg/sock"
	"weft/pkg/telemetry"
	"weft/proxy/h2"
	"weft/proxy/upstream"
)

// This file is the upstream half of a unary exchange towards a gRPC endpoint. The stream belongs to the exchange as long as
// it is the stream's owner, which the connection's lock guards.

// openStream sends the request. False: the connection takes no stream any more.
func (x *unary) openStream(c *upstream.Conn, payload *upstream.Payload, b *sock.Batch) bool {
	c.H2.Lock()
	defer c.H2.Unlock()
	st := c.H2.Open(x.method.RequestHeaders(x.rule), false, x, b)
	if st == nil {
		return false
	}
	x.ust.Store(st)
	writePayload(st, payload, true, b)
	return true
}

// writePayload writes a body to a stream, whose connection is locked.
func writePayload(st *h2.Stream, payload *upstream.Payload, end bool, b *sock.Batch) {
	payload.Each(func(p []byte, seg *buf.Segment, last bool) {
		if seg != nil {
			st.WriteShared(p, seg, end && last, b)
		} else {
			st.WriteData(p, end && last, b)
		}
	})
}

// leaveStream ends the exchange's ownership of its stream and gives its place back. False: that has been done before.
func (x *unary) leaveStream(b *sock.Batch) bool {
	st := x.ust.Load()
	if st == nil {
		return false
	}
	c := st.Conn()
	c.Lock()
	owned := x.ust.Load() == st && st.Owner == any(x)
	if owned {
		st.Owner = nil
		x.ust.Store(nil)
		st.Reset(http2.ErrCodeCancel, b) // unless it is over: part of the request may not have left
		st.Done(b)
	}
	c.Unlock()
	if owned {
		x.conn.Load().Release(b)
	}
	return owned
}

// cancelStream gives the upstream side up.
func (x *unary) cancelStream(b *sock.Batch) {
	if x.leaveStream(b) {
		x.Unref()
	}
}

// UpHeaders takes response headers and trailers.
func (x *unary) UpHeaders(_ *h2.Stream, h *h2.Headers, end bool, b *sock.Batch) {
	if len(h.Status) == 3 && h.Status[0] == '1' {
		return
	}
	if !end {
		x.head = h
		return
	}
	x.ended(h, b)
}

// UpData takes the response's message.
func (x *unary) UpData(st *h2.Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch) {
	if bad := x.reply.add(p, seg, false, x.br.Limits.Message); bad != nil {
		x.fail(failure(bad.code, "response from %s: %s", x.ep().Address, bad.text), telemetry.Rejected, b)
		x.cancelStream(b)
		return
	}
	if end { // no trailers: not gRPC
		x.ended(nil, b)
		return
	}
	if !x.reply.whole {
		c := st.Conn()
		c.Lock()
		if st.Owner == any(x) {
			st.Release(len(p), b)
		}
		c.Unlock()
	}
}

// UpReset fails the call, or sends it again if it cannot have been executed.
func (x *unary) UpReset(st *h2.Stream, code http2.ErrCode, unprocessed bool, b *sock.Batch) {
	if !x.leaveStream(b) {
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

// UpSent is of no interest: the request is whole in the stream's queue.
func (x *unary) UpSent(*h2.Stream, int, *sock.Batch) {}

// ended answers the caller when the response is complete. h holds the trailers.
func (x *unary) ended(h *h2.Headers, b *sock.Batch) {
	if !x.leaveStream(b) {
		return
	}
	if x.finish() {
		st := x.statusOf(h)
		switch {
		case x.oneway: // nobody waits for an answer; the next call of the connection waited for the end
			x.caller.reply(x, answer{}, b)
			x.done(st.code, outcomeOf(st.code, overdue(&x.record, x.timeout)))
		case st.code == codes.OK:
			x.grpcReply(b)
		default:
			x.answerStatus(st, b)
		}
	}
	x.Unref()
}

// statusOf reads the status out of the trailers, or out of the headers where there are only those.
func (x *unary) statusOf(trailers *h2.Headers) *grpcStatus {
	if trailers == nil {
		return &grpcStatus{code: codes.Internal, text: "response from " + x.ep().Address + " ends without a status"}
	}
	first := x.head
	if first == nil {
		first = trailers
	}
	return readStatus(first, trailers)
}
