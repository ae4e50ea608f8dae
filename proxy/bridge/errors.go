package bridge

import (
	"errors"
	"strconv"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"

	"weft/pkg/budget"
	"weft/pkg/telemetry"
	"weft/proxy/balance"
	"weft/proxy/h2"
	"weft/proxy/route"
	"weft/proxy/thriftio"
	"weft/proxy/upstream"
	"weft/translate"
	"weft/translate/status"
)

// requestError is what a caller is told whose request cannot be translated.
func requestError(err error) *callError {
	var e *translate.Error
	if errors.As(err, &e) && e.Kind == translate.TooLarge {
		return failure(codes.ResourceExhausted, "request: %v", err).of(telemetry.LimitMessage)
	}
	return failure(codes.InvalidArgument, "request: %v", err)
}

// responseError is what a caller is told whose response cannot be translated: the call was executed.
func responseError(err error) *callError {
	return failure(codes.Internal, "response (the call was executed): %v", err)
}

// placeError is what a caller is told whose call got no connection: it was not executed.
func placeError(ep *balance.Endpoint, err error) *callError {
	if errors.Is(err, upstream.ErrOverflow) {
		return failure(codes.ResourceExhausted, "endpoint %s: %v (policy: max_pending)", ep.Address, err).of(telemetry.LimitMaxPending)
	}
	if errors.Is(err, upstream.ErrPending) {
		return failure(codes.ResourceExhausted, "endpoint %s: %v (limits: pending)", ep.Address, err).of(telemetry.LimitPending)
	}
	return failure(codes.Unavailable, "endpoint %s: %v", ep.Address, err)
}

// lostError is what a caller is told whose call was sent and got no answer, or none that can be used.
func lostError(ep *balance.Endpoint, err error) (*callError, telemetry.Outcome) {
	var one *thriftio.CallError
	var broken *upstream.ProtocolError
	switch {
	case errors.As(err, &one) && one.Reason == thriftio.Malformed:
		return failure(codes.Internal, "reply from %s (the call was executed): %v", ep.Address, err), telemetry.ProtocolError
	case errors.As(err, &one):
		e := failure(codes.ResourceExhausted, "reply from %s (the call was executed): %v", ep.Address, err)
		return e.of(limitOf(one, nil)), telemetry.Rejected
	case errors.As(err, &broken):
		return failure(codes.Internal, "endpoint broke its protocol, the call may have been executed: %v", err), telemetry.ProtocolError
	}
	return failure(codes.Unavailable, "connection to %s ended before the answer came, the call may have been executed: %v", ep.Address, err), telemetry.Reset
}

// limitOf is the limit because of which a Thrift message was not delivered; m is the budget that it had to fit.
func limitOf(e *thriftio.CallError, m *budget.Budget) telemetry.Limit {
	switch {
	case e.Reason == thriftio.TooLarge:
		return telemetry.LimitMessage
	case m == nil:
		return telemetry.LimitMemory
	}
	return memoryLimit(m, e.Size)
}

// deadlineError is what a caller is told whose deadline has passed.
func deadlineError(ep *balance.Endpoint) *callError {
	return failure(codes.DeadlineExceeded, "deadline exceeded while waiting for %s", ep.Address)
}

// resetError is what a caller is told whose stream was reset by the endpoint (PROTOCOL-HTTP2.md, "Errors"), or ended with its
// connection. overdue says that the call's deadline has passed: an endpoint that knows it cancels then, and may be faster than
// the wheel. It is called on the connection's reader goroutine.
func resetError(ep *balance.Endpoint, st *h2.Stream, code http2.ErrCode, unprocessed, overdue bool) (*callError, telemetry.Outcome) {
	if overdue && code == http2.ErrCodeCancel {
		return deadlineError(ep), telemetry.Timeout
	}
	if err := st.Conn().Err(); err != nil {
		return lostError(ep, err)
	}
	if unprocessed {
		return failure(codes.Unavailable, "endpoint %s refused the stream (%v), the call was not executed", ep.Address, code), telemetry.Reset
	}
	c := codes.Internal
	switch code {
	case http2.ErrCodeCancel:
		c = codes.Canceled
	case http2.ErrCodeEnhanceYourCalm:
		c = codes.ResourceExhausted
	case http2.ErrCodeInadequateSecurity:
		c = codes.PermissionDenied
	case http2.ErrCodeConnect, http2.ErrCodeRefusedStream:
		c = codes.Unavailable
	}
	return failure(c, "endpoint %s reset the stream (%v), the call may have been executed", ep.Address, code), telemetry.Reset
}

// unusable is what the caller of a method is told that cannot be translated.
func unusable(m *route.Method, name string) *callError {
	if m.Unusable != "" {
		return failure(codes.Unimplemented, "method %s cannot be carried: %s", name, m.Unusable)
	}
	return failure(codes.Unimplemented, "unknown method %s", name)
}

// callErrorOf is what a Thrift caller is told whose call could not be read.
func callErrorOf(err *thriftio.CallError, m *budget.Budget) *callError {
	if err.Reason == thriftio.Malformed {
		return failure(codes.InvalidArgument, "%v", err)
	}
	return failure(codes.ResourceExhausted, "%v", err).of(limitOf(err, m))
}

// Header blocks that are always the same.
var (
	responseBlock = h2.EncodeBlock(hpack.HeaderField{Name: ":status", Value: "200"}, hpack.HeaderField{Name: "content-type", Value: "application/grpc"})
	trailersOK    = h2.EncodeBlock(hpack.HeaderField{Name: "grpc-status", Value: "0"})
)

// errorTrailers is a response of trailers alone (PROTOCOL-HTTP2.md, Trailers-Only).
func errorTrailers(err *callError) []hpack.HeaderField {
	return []hpack.HeaderField{
		{Name: ":status", Value: "200"}, {Name: "content-type", Value: "application/grpc"},
		{Name: "grpc-status", Value: strconv.Itoa(int(err.code))},
		{Name: "grpc-message", Value: string(status.AppendMessage(nil, err.text))},
	}
}

// statusTrailers is errorTrailers for a status with details. Details that could burst the peer's header limit are left out, marked.
func statusTrailers(s status.Status) []hpack.HeaderField {
	fields := errorTrailers(&callError{code: s.Code, text: s.Message})
	if len(s.Details) == 0 {
		return fields
	}
	details, omitted := status.AppendStatusDetails(nil, s)
	if omitted > 0 {
		return append(fields, hpack.HeaderField{Name: "weft-details-omitted", Value: strconv.Itoa(omitted)})
	}
	return append(fields, hpack.HeaderField{Name: "grpc-status-details-bin", Value: string(details)})
}

// grpcStatus is the status of a response.
type grpcStatus struct {
	code    codes.Code
	text    string
	details string // grpc-status-details-bin as it came
}

// full is the status with its details; details that cannot be read are dropped.
func (s *grpcStatus) full() status.Status {
	full := status.Status{Code: s.code, Message: s.text}
	if s.details == "" {
		return full
	}
	if parsed, err := status.ParseStatusDetails(s.details); err == nil && parsed.Code == s.code {
		full.Details = parsed.Details
	}
	return full
}

// readStatus reads a response's status out of its first header list and its trailers, which are the same list where the
// response has only one.
func readStatus(first, trailers *h2.Headers) *grpcStatus {
	s := &grpcStatus{code: trailersCode(trailers)}
	if first.Status != "" && first.Status != "200" && trailers.Get("grpc-status") == "" {
		return &grpcStatus{code: codeOfHTTP(first.Status), text: "endpoint answered with HTTP status " + first.Status}
	}
	s.text = status.DecodeMessage(trailers.Get("grpc-message"))
	s.details = trailers.Get("grpc-status-details-bin")
	if trailers.Get("grpc-status") == "" {
		s.text = "endpoint's response has no grpc-status"
	}
	return s
}

// trailersCode is the code in a header list; a missing or malformed one is UNKNOWN.
func trailersCode(h *h2.Headers) codes.Code {
	v := h.Get("grpc-status")
	if v == "0" {
		return codes.OK
	}
	n, err := strconv.ParseUint(v, 10, 8)
	if err != nil || n > uint64(codes.Unauthenticated) {
		return codes.Unknown
	}
	return codes.Code(n)
}

// codeWithout is the code of a response with these headers that has no grpc-status.
func codeWithout(h *h2.Headers) codes.Code {
	if h.Status == "200" {
		return codes.Unknown
	}
	return codeOfHTTP(h.Status)
}

// codeOfHTTP is gRPC's table for responses without a gRPC status (http-grpc-status-mapping.md).
func codeOfHTTP(s string) codes.Code {
	switch s {
	case "400":
		return codes.Internal
	case "401":
		return codes.Unauthenticated
	case "403":
		return codes.PermissionDenied
	case "404":
		return codes.Unimplemented
	case "429", "502", "503", "504":
		return codes.Unavailable
	}
	return codes.Unknown
}
