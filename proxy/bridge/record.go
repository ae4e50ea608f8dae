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
	r.Series, r.Downstream, r.Start = m.Series, down, time.Now()
	if ep != nil {
		r.Upstream, r.Endpoint, r.Attempts = ep.Dialect, ep.Address, 1
	}
	br.Telemetry.Begin(r)
}

// end completes it.
func (br *Bridge) end(r *telemetry.Record, code codes.Code, outcome telemetry.Outcome) {
	r.Code, r.Outcome = code, outcome
	switch outcome {
	case telemetry.Timeout, telemetry.Cancelled, telemetry.Reset:
		r.MayHaveExecuted = r.BytesUp > 0
	}
	br.Telemetry.End(r)
}

// rejected records a call that never became an exchange.
func (br *Bridge) rejected(m *route.Method, down dialect.Dialect, why *callError) {
	var r telemetry.Record
	br.start(&r, m, down, nil)
	r.Error = why.text
	br.end(&r, why.code, telemetry.Rejected)
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

// protocolOf is the encoding that an endpoint understands.
func protocolOf(d dialect.Dialect) thriftwire.Protocol {
	if d.Protocol == dialect.Compact {
		return thriftwire.Compact
	}
	return thriftwire.Binary
}
