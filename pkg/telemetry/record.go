package telemetry

// CONTRACT with proxy/bridge, written by the lead: keep these names; the bodies below marked contract are to be replaced.

import (
	"time"

	"google.golang.org/grpc/codes"

	"weft/pkg/dialect"
)

// Direction of an exchange, seen from the application beside the sidecar.
type Direction uint8

const (
	Inbound Direction = iota + 1
	Outbound
)

// Outcome sorts how exchanges end.
type Outcome uint8

const (
	OK                   Outcome = iota + 1 // "ok"
	Exception                               // "exception": a declared exception
	ApplicationException                    // "application_exception"
	Failed                                  // "error": the endpoint answered with a gRPC status other than OK
	Rejected                                // "rejected": this proxy refused or could not translate it
	Timeout                                 // "timeout"
	Cancelled                               // "cancelled"
	Reset                                   // "reset": the upstream connection or stream broke
	ConnectFailed                           // "connect_failed"
	ProtocolError                           // "protocol_error": the endpoint's answer was not understood
)

// OfStatus is the outcome of a response with a gRPC status.
func OfStatus(c codes.Code) Outcome {
	if c == codes.OK {
		return OK
	}
	return Failed
}

// Record is all that is known of one exchange. The bridge fills it in as the call goes on; metrics, access log and
// whatever decides by a call's fate read it at its end. It is owned by whoever ends the exchange.
type Record struct {
	Series     *MethodSeries // labels direction, service and method
	Downstream dialect.Dialect
	Upstream   dialect.Dialect // zero where no endpoint was picked
	Endpoint   string
	Start      time.Time
	Attempts   int

	BytesIn   int64 // body from the caller
	BytesUp   int64 // body to the endpoint
	BytesBack int64 // body from the endpoint
	BytesOut  int64 // body to the caller

	UnknownFields int // fields dropped by translation

	Code    codes.Code
	Outcome Outcome
	Error   string // why, where Outcome is not OK
	// MayHaveExecuted: the request was sent, and there is no answer that says what became of it.
	MayHaveExecuted bool
}

// MethodSeries are the counters of one method in one direction, looked up when the route is built.
type MethodSeries struct{ contract struct{} }

// Method returns the counters for a method; name is "unknown" where the schema has none. Not for the hot path.
func (t *Telemetry) Method(dir Direction, service, method string) *MethodSeries { panic("contract") }

// Begin counts an exchange in flight. Series, Downstream, Upstream, Endpoint and Start are set.
func (t *Telemetry) Begin(r *Record) { panic("contract") }

// End counts a complete exchange and logs it where the access log wants it. No allocation with the access log off.
func (t *Telemetry) End(r *Record) { panic("contract") }

// Telemetry is the sink of records, and of connection and limit counters.
type Telemetry struct{ contract struct{} }
