package bridge

import (
	"time"

	"google.golang.org/grpc/codes"

	"weft/pkg/dialect"
	"weft/pkg/telemetry"
	"weft/proxy/balance"
	"weft/proxy/route"
	"weft/proxy/thriftio"
	"weft/translate/thriftwire"
)

// start begins the record of an exchange.
func (br *Bridge) start(r *telemetry.Record, m *route.Method, down dialect.Dialect, ep *balance.Endpoint) {
	r.Method, r.Resolved, r.Downstream, r.Start = m.Counters, m.Path != "", down, time.Now()
	if ep != nil {
		r.Upstream, r.Endpoint, r.Attempts = ep.Dialect, ep.Address, 1
	}
	br.Recorder.Begin(r)
}

// triedAt says where the last of so many attempts went.
func (br *Bridge) triedAt(r *telemetry.Record, ep *balance.Endpoint, attempts int32) {
	if ep != nil {
		r.Upstream, r.Endpoint, r.Attempts = ep.Dialect, ep.Address, int(attempts)
	}
}

// end completes it.
func (br *Bridge) end(r *telemetry.Record, code codes.Code, outcome telemetry.Outcome) {
	r.Code, r.Outcome, r.Total = telemetry.Code(code), outcome, time.Since(r.Start)
	switch outcome {
	case telemetry.Timeout, telemetry.Cancelled, telemetry.Reset:
		r.MayHaveExecuted = r.RequestOut > 0
	}
	br.Recorder.End(r)
}

// rejected records a call that never became an exchange.
func (br *Bridge) rejected(m *route.Method, down dialect.Dialect, why *callError) {
	var r telemetry.Record
	br.start(&r, m, down, nil)
	r.Reason = why.text
	br.exceeded(m, why)
	br.end(&r, why.code, telemetry.Rejected)
}

// exceeded counts a call that was refused because of a limit.
func (br *Bridge) exceeded(m *route.Method, why *callError) {
	if why.limited {
		br.Recorder.Metrics.Exceeded(m.Counters.Direction, why.limit)
	}
}

// overdue reports whether a call has taken as long as it may.
func overdue(r *telemetry.Record, timeout time.Duration) bool {
	return timeout > 0 && time.Since(r.Start) >= timeout
}

// outcomeOf is the outcome of a call that an endpoint answered with a status.
func outcomeOf(c codes.Code, overdue bool) telemetry.Outcome {
	if c == codes.DeadlineExceeded && overdue { // it saw the deadline pass before the wheel did
		return telemetry.Timeout
	}
	if c == codes.OK {
		return telemetry.OK
	}
	return telemetry.Error
}

// thriftDialect is the dialect of a message of a Thrift caller.
func thriftDialect(f thriftio.Framing, p thriftwire.Protocol) dialect.Dialect {
	switch {
	case f == thriftio.Framed && p == thriftwire.Compact:
		return dialect.ThriftFramedCompact
	case f == thriftio.Framed:
		return dialect.ThriftFramedBinary
	case p == thriftwire.Compact:
		return dialect.ThriftUnframedCompact
	}
	return dialect.ThriftUnframedBinary
}
