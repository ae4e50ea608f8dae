package bridge

import (
	"google.golang.org/grpc/codes"

	"weft/pkg/buf"
	"weft/pkg/sock"
	"weft/pkg/telemetry"
	"weft/proxy/thriftio"
	"weft/proxy/upstream"
	"weft/translate/thriftwire"
)

// Reply answers the call with what the Thrift endpoint said. It holds the upstream side's reference.
func (x *unary) Reply(m *thriftio.Message, b *sock.Batch) {
	if !x.finish() {
		x.Unref()
		return
	}
	x.replied = true
	x.record.ResponseIn = int64(len(m.Body))
	if len(m.Body) < bigMessage {
		x.thriftReply(m.Header, m.Body, m.Segment, b)
		x.Unref()
		return
	}
	head, body, seg := m.Header, m.Body, m.Segment.Ref()
	x.br.aside(func() {
		var own sock.Batch
		x.thriftReply(head, body, seg, &own)
		own.Flush()
		seg.Free()
		x.Unref()
	})
}

// Sent completes a oneway call: its bytes have left.
func (x *unary) Sent(err error, b *sock.Batch) {
	x.conn.Load().Release(b)
	if err != nil {
		x.lost(err, b)
	} else {
		x.answerOneway(b)
	}
	x.Unref()
}

// Lost fails the call: the connection ended before the answer came, or the answer could not be read.
func (x *unary) Lost(err error, b *sock.Batch) {
	x.lost(err, b)
	x.Unref()
}

func (x *unary) lost(err error, b *sock.Batch) {
	why, outcome := lostError(x.ep(), err)
	x.fail(why, outcome, b)
}

func (x *unary) thriftReply(h thriftwire.Header, body []byte, seg *buf.Segment, b *sock.Batch) {
	switch h.Type {
	case thriftwire.Exception:
		ex, err := thriftwire.ReadApplicationException(body, h.Protocol)
		if err != nil {
			x.answerError(failure(codes.Internal, "exception from %s: %v", x.ep().Address, err), telemetry.ProtocolError, b)
			return
		}
		x.answerApplicationException(ex, b)
	case thriftwire.Reply:
		x.thriftResult(h.Protocol, body, seg, b)
	default:
		x.answerError(failure(codes.Internal, "reply from %s has message type %d", x.ep().Address, h.Type), telemetry.ProtocolError, b)
	}
}

// thriftResult answers with a result struct.
func (x *unary) thriftResult(p thriftwire.Protocol, body []byte, seg *buf.Segment, b *sock.Batch) {
	out := x.br.out()
	defer x.br.putOut(out)
	if x.caller != nil { // Thrift to Thrift
		payload, err := reframe(out, x.call.Protocol, body, p, seg)
		if err != nil {
			x.answerError(responseError(err), telemetry.TranslationFailed, b)
			return
		}
		x.answerResult(&payload, resultOutcome(body, p), b)
		return
	}
	out.Reset(grpcPrefix)
	_, exc, unknown, err := x.method.Plan.ResponseToProto(out, p, body)
	x.unknown.Add(int64(unknown))
	switch {
	case err != nil:
		x.answerError(responseError(err), telemetry.TranslationFailed, b)
	case exc >= 0:
		x.answerException(exc, body, p, out, b)
	default:
		putPrefix(out)
		x.answerMessage(&upstream.Payload{B: out.B, Refs: out.Refs, Seg: seg}, b)
	}
}

// resultOutcome looks whether a result struct that is passed on holds a declared exception: its first field then has
// an id above 0.
func resultOutcome(body []byte, p thriftwire.Protocol) telemetry.Outcome {
	if id, ok := thriftwire.FirstField(body, p); ok && id > 0 {
		return telemetry.Exception
	}
	return telemetry.OK
}

// grpcReply answers a Thrift caller with what the gRPC endpoint said.
func (x *unary) grpcReply(b *sock.Batch) {
	body, bad := x.reply.message()
	if bad != nil {
		x.answerError(failure(codes.Internal, "response from %s: %s", x.ep().Address, bad.text), telemetry.ProtocolError, b)
		return
	}
	x.record.ResponseIn = int64(len(body))
	if len(body) < bigMessage {
		x.protoResult(body, b)
		return
	}
	x.Ref()
	x.br.aside(func() {
		var own sock.Batch
		x.protoResult(body, &own)
		own.Flush()
		x.Unref()
	})
}

func (x *unary) protoResult(body []byte, b *sock.Batch) {
	out := x.br.out()
	defer x.br.putOut(out)
	out.Reset(0)
	unknown, err := x.method.Plan.ResponseToThrift(out, x.call.Protocol, body)
	x.unknown.Add(int64(unknown))
	if err != nil {
		x.answerError(responseError(err), telemetry.TranslationFailed, b)
		return
	}
	x.answerResult(&upstream.Payload{B: out.B, Refs: out.Refs, Seg: x.reply.seg}, telemetry.OK, b)
}
