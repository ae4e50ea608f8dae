package telemetry

import (
	"time"

	"weft/pkg/dialect"
)

// Record is one exchange. The data path embeds it in its exchange, fills it as the call goes on, and hands it to
// Recorder.Begin and Recorder.End; it belongs to the exchange before, between and after.
type Record struct {
	Method     *Method         // set before Begin and not changed; its service's Unknown where the schema has no such method
	Shard      uint8           // any number, different for readers that run at the same time; not changed between Begin and End
	Resolved   bool            // the schema has the method
	Downstream dialect.Dialect // set before Begin and not changed
	Upstream   dialect.Dialect // zero as long as no endpoint was picked
	Peer       string          // the caller's address; may be empty
	Endpoint   string          // the address of the last attempt's endpoint; empty if none was picked
	Attempts   int             // endpoints that were tried

	// MayHaveExecuted says that bytes of the request may have reached the application, so that a call that failed may have
	// taken effect.
	MayHaveExecuted bool

	// Message bytes as they were on each side, without headers and framing of HTTP/2.
	RequestIn, RequestOut   int64 // from downstream, to upstream
	ResponseIn, ResponseOut int64 // from upstream, to downstream

	UnknownFields int // fields dropped in translation because the other side has no name for them

	Start    time.Time     // the first byte of the call
	Sent     time.Duration // from Start until the request had been handed to the upstream connection; 0: never
	Answered time.Duration // from Start until the first byte of the response; 0: never
	Total    time.Duration // from Start until the exchange was over; End needs it

	Code    Code
	Outcome Outcome
	Reason  string // for people, where Outcome is not OK; a constant or made on the slow path
}

// Recorder is what the data path hands records to. The zero Access turns the access log off. It is safe for
// concurrent use.
type Recorder struct {
	Metrics *Metrics
	Access  *AccessLog // nil: off
}

// Begin counts a call that has come in. Each Begin is followed by one End.
func (r *Recorder) Begin(x *Record) {
	x.Method.shard(x).inFlight[x.Downstream.Index()].Add(1)
}

// End counts a call that is over, and logs it if the access log wants it.
func (r *Recorder) End(x *Record) {
	m := x.Method
	s := m.shard(x)
	s.inFlight[x.Downstream.Index()].Add(-1)
	s.add(x)
	if x.UnknownFields > 0 {
		m.unknownFields.Add(uint64(x.UnknownFields))
	}
	if x.Attempts > 1 {
		m.retries.Add(uint64(x.Attempts - 1))
	}
	if r.Access != nil {
		r.Access.log(x)
	}
}
