package bridge

import (
	"google.golang.org/grpc/codes"

	"weft/pkg/sock"
	"weft/pkg/telemetry"
	"weft/proxy/h2"
	"weft/proxy/upstream"
	"weft/translate"
	"weft/translate/schema"
	"weft/translate/status"
	"weft/translate/thriftwire"
)

// This file is the last step of a unary exchange: the answer to the caller. Each function is called by the one goroutine
// that won finish, and completes the record.

// countFrom is the size in bytes from which a response is counted while its caller's windows do not take it.
const countFrom = 4 << 10

// answerMessage sends a gRPC caller the response message, prefix included. Where the caller's windows do not take all of it, the exchange
// stays the stream's owner until they have.
func (x *unary) answerMessage(payload *upstream.Payload, b *sock.Batch) {
	n := payload.Len()
	counted := n >= countFrom
	if counted && !x.reply.memory.Reserve(n) {
		why := noMemory(x.reply.memory, n)
		why.text = "response (the call was executed): " + why.text
		x.answerError(why, telemetry.Rejected, b)
		return
	}
	x.record.ResponseOut = int64(n)
	x.done(codes.OK, telemetry.OK)
	c := x.stream.Conn()
	c.Lock()
	st := x.stream
	owned := st.Owner == any(x)
	if owned {
		st.WriteBlock(responseBlock, nil, false, b)
		writePayload(st, payload, false, b)
		st.WriteBlock(trailersOK, nil, true, b)
	}
	if counted && owned && st.Waiting() > 0 {
		x.unsent = n
		owned = false
	} else if counted {
		x.reply.memory.Release(n)
	}
	if owned {
		x.leave(b)
	}
	c.Unlock()
	if owned {
		x.Unref()
	}
}

// leave ends the exchange's ownership of its caller's stream, whose connection is locked. The reference that goes with it is the caller's
// to give up.
func (x *unary) leave(b *sock.Batch) {
	x.stream.Owner = nil
	x.stream.Done(b)
}

// answerResult sends a Thrift caller a result struct.
func (x *unary) answerResult(payload *upstream.Payload, outcome telemetry.Outcome, b *sock.Batch) {
	x.record.ResponseOut = int64(payload.Len())
	x.caller.reply(x, answer{result: payload}, b)
	code := codes.OK
	if outcome == telemetry.Exception {
		code = codes.Unknown
	}
	x.done(code, outcome)
}

// answerOneway completes a oneway call, whose request has left.
func (x *unary) answerOneway(b *sock.Batch) {
	if !x.finish() {
		return
	}
	if x.caller != nil {
		x.caller.reply(x, answer{}, b)
		x.done(codes.OK, telemetry.OK)
		return
	}
	x.answerMessage(&emptyMessage, b)
}

var emptyMessage = upstream.Payload{B: make([]byte, grpcPrefix)}

// onStream calls write with the caller's stream, if it is still the exchange's, and leaves it.
func (x *unary) onStream(b *sock.Batch, write func(*h2.Stream)) {
	c := x.stream.Conn()
	c.Lock()
	owned := x.stream.Owner == any(x)
	if owned {
		write(x.stream)
		x.leave(b)
	}
	c.Unlock()
	if owned {
		x.Unref()
	}
}

// answerError answers with an error of this proxy.
func (x *unary) answerError(err *callError, outcome telemetry.Outcome, b *sock.Batch) {
	x.record.Reason = err.text
	x.br.exceeded(x.method, err)
	if x.caller != nil {
		x.caller.reply(x, x.errorReply(err), b)
	} else {
		x.onStream(b, func(st *h2.Stream) { st.WriteHeaders(errorTrailers(err), true, b) })
	}
	x.done(err.code, outcome)
}

// errorReply is an error of this proxy for a Thrift caller: a GrpcStatus where the method declares that, so that its errors have
// one form wherever they come from, else an application exception.
func (x *unary) errorReply(err *callError) answer {
	if x.method.Plan != nil {
		for i := range x.method.Plan.Schema.Exceptions {
			if x.method.Plan.Schema.Exceptions[i].Status {
				s := status.Status{Code: err.code, Message: err.text}
				return answer{result: &upstream.Payload{B: status.AppendStatusException(nil, x.call.Protocol, s)}}
			}
		}
	}
	ex := status.ToApplicationException(err.code, err.text, status.Apache)
	return answer{ex: &ex}
}

// answerException answers a gRPC caller with a declared exception: a status with the exception as detail. out holds its
// protobuf form behind the room for a message prefix; body is the result struct that it came in.
func (x *unary) answerException(i int, body []byte, p thriftwire.Protocol, out *translate.Out, b *sock.Batch) {
	exc := &x.method.Plan.Schema.Exceptions[i]
	var s status.Status
	if exc.Status {
		var err error
		if s, err = status.ReadStatusException(body, p); err != nil {
			x.answerError(responseError(err), telemetry.TranslationFailed, b)
			return
		}
		if s.Code == codes.OK { // an error that says it is none
			s.Code = codes.Unknown
		}
	} else {
		s = status.Status{Code: exc.Code, Message: exceptionText(exc, body, p)}
		s.Details = []status.Detail{{TypeURL: exc.TypeURL, Value: out.Append(nil)[grpcPrefix:]}}
	}
	x.record.Reason = s.Message
	x.onStream(b, func(st *h2.Stream) { st.WriteHeaders(statusTrailers(s), true, b) })
	x.done(s.Code, telemetry.Exception)
}

// exceptionText is the text of a declared exception: its text field, else its name.
func exceptionText(exc *schema.Exception, body []byte, p thriftwire.Protocol) string {
	if exc.TextField != 0 {
		if text, ok := thriftwire.FindString(body, p, exc.FieldID, exc.TextField); ok && len(text) > 0 {
			return string(text)
		}
	}
	return exc.Name
}

// answerApplicationException passes on what a Thrift endpoint said went wrong.
func (x *unary) answerApplicationException(ex thriftwire.ApplicationException, b *sock.Batch) {
	code, text := status.FromApplicationException(ex, status.Apache)
	x.record.Reason = text
	if x.caller != nil {
		x.caller.reply(x, answer{ex: &ex}, b)
	} else {
		s := status.Status{Code: code, Message: text, Details: []status.Detail{status.ExceptionDetail(ex)}}
		x.onStream(b, func(st *h2.Stream) { st.WriteHeaders(statusTrailers(s), true, b) })
	}
	x.done(code, telemetry.ApplicationException)
}

// answerStatus answers a Thrift caller with the status of a gRPC endpoint: as the declared exception that its details hold,
// as a GrpcStatus where the method declares that, else as an application exception.
func (x *unary) answerStatus(s *grpcStatus, b *sock.Batch) {
	x.record.Reason = s.text
	full := s.full()
	out := x.br.out()
	defer x.br.putOut(out)
	if payload, ok := x.declared(&full, out); ok {
		x.caller.reply(x, answer{result: payload}, b)
		x.done(s.code, telemetry.Exception)
		return
	}
	ex, ok := status.RestoreApplicationException(full.Details)
	if !ok {
		ex = status.ToApplicationException(s.code, s.text, status.Apache)
	}
	x.caller.reply(x, answer{ex: &ex}, b)
	x.done(s.code, outcomeOf(s.code, overdue(&x.record, x.timeout)))
}

// declared finds the declared exception that a status stands for and encodes it as a result struct.
func (x *unary) declared(s *status.Status, out *translate.Out) (*upstream.Payload, bool) {
	for i := range x.method.Plan.Schema.Exceptions {
		exc := &x.method.Plan.Schema.Exceptions[i]
		if exc.Status {
			out.Reset(0)
			return &upstream.Payload{B: status.AppendStatusException(out.B, x.call.Protocol, *s)}, true
		}
		for _, d := range s.Details {
			if d.TypeURL != exc.TypeURL {
				continue
			}
			out.Reset(0)
			if unknown, err := x.method.Plan.ExceptionToThrift(out, x.call.Protocol, i, d.Value); err == nil {
				x.unknown.Add(int64(unknown))
				return &upstream.Payload{B: out.Append(nil)}, true
			}
		}
	}
	return nil, false
}
