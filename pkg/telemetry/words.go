// Package telemetry tells of calls. The data path fills one Record per exchange and hands it to a Recorder, which counts it and,
// if that is turned on, writes a line. Everything that has a name is looked up when routes are built or connections accepted; per call there
// are only atomic additions, no allocation and no formatting.
//
// The proxy is the caller; main puts Metrics on the admin endpoint.
package telemetry

// Direction is that of a call, seen from the application.
type Direction uint8

// The directions.
const (
	Inbound Direction = iota
	Outbound
	directions
)

// String returns the word of the metric label.
func (d Direction) String() string { return [...]string{"inbound", "outbound"}[d] }

// Side is one of the two halves of an exchange.
type Side uint8

// The sides.
const (
	Downstream Side = iota // the caller's
	Upstream               // the called one's
	sides
)

// String returns the word of the metric label.
func (s Side) String() string { return [...]string{"downstream", "upstream"}[s] }

// Outcome says how an exchange ended.
type Outcome uint8

// The outcomes.
const (
	OK                   Outcome = iota
	Exception                    // a declared exception of the method
	ApplicationException         // a TApplicationException of the Thrift server
	Error                        // a gRPC status that is neither OK nor a declared exception
	Rejected                     // weft refused it: a limit, a policy, no route
	TranslationFailed            // a message could not be said in the other dialect
	ProtocolError                // one side broke its protocol
	Timeout                      // the deadline passed
	Cancelled                    // the caller gave up
	Reset                        // the other side ended the stream or the connection before it answered
	ConnectFailed                // no connection to any endpoint
	NoEndpoint                   // the service has no endpoint that could be picked
	outcomes
)

var outcomeWords = [outcomes]string{"ok", "exception", "application_exception", "error", "rejected", "translation_failed",
	"protocol_error", "timeout", "cancelled", "reset", "connect_failed", "no_endpoint"}

// String returns the word of the metric label.
func (o Outcome) String() string {
	if o < outcomes {
		return outcomeWords[o]
	}
	return "unknown"
}

// Code is a gRPC status code, 0 to 16.
type Code uint8

// codes is the number of status codes that gRPC defines.
const codes = 17

var codeWords = [codes]string{"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL",
	"UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"}

// String returns the name in the gRPC specification; "UNKNOWN" for what gRPC does not define.
func (c Code) String() string { return codeWords[c.known()] }

// known is c, or UNKNOWN: codes come from the wire, labels do not.
func (c Code) known() Code {
	if c < codes {
		return c
	}
	return 2
}

// Limit is a cap of the data path.
type Limit uint8

// The limits, by their keys in the configuration.
const (
	LimitMemory Limit = iota
	LimitConnectionMemory
	LimitMessage
	LimitHeaderList
	LimitQueuedBytes
	LimitConnections
	LimitStreams
	LimitPending
	LimitMaxPending
	LimitDepth
	LimitFirstByte
	LimitBetweenBytes
	LimitWriteStall
	LimitIdle
	limits
)

var limitWords = [limits]string{"memory", "connection_memory", "message", "header_list", "queued_bytes", "connections",
	"streams_per_connection", "pending", "max_pending", "depth", "first_byte", "between_bytes", "write_stall", "idle_timeout"}

// String returns the word of the metric label.
func (l Limit) String() string {
	if l < limits {
		return limitWords[l]
	}
	return "unknown"
}
