package telemetry_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weft/pkg/budget"
	"weft/pkg/buf"
	"weft/pkg/dialect"
	"weft/pkg/leakcheck"
	"weft/pkg/telemetry"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// lines renders weft's metrics as name{label="value"} value, sorted.
func lines(t testing.TB, m *telemetry.Metrics) []string {
	t.Helper()
	families, err := m.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "weft_") {
			continue
		}
		for _, x := range f.GetMetric() {
			var labels []string
			for _, l := range x.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			head := f.GetName() + "{" + strings.Join(labels, ",") + "} "
			switch {
			case x.GetCounter() != nil:
				out = append(out, head+fmt.Sprint(x.GetCounter().GetValue()))
			case x.GetGauge() != nil:
				out = append(out, head+fmt.Sprint(x.GetGauge().GetValue()))
			case x.GetHistogram() != nil:
				h := x.GetHistogram()
				out = append(out, head+fmt.Sprintf("count %d sum %g", h.GetSampleCount(), h.GetSampleSum()))
				for _, b := range h.GetBucket() {
					out = append(out, fmt.Sprintf("%s le %g: %d", f.GetName(), b.GetUpperBound(), b.GetCumulativeCount()))
				}
			}
		}
	}
	return out
}

func wantLines(t *testing.T, m *telemetry.Metrics, want ...string) {
	t.Helper()
	got := lines(t, m)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("no line %s in\n%s", w, strings.Join(got, "\n"))
		}
	}
}

func record(m *telemetry.Method, outcome telemetry.Outcome, code telemetry.Code, total time.Duration) *telemetry.Record {
	return &telemetry.Record{
		Method: m, Resolved: true, Downstream: dialect.GRPC, Upstream: dialect.ThriftFramedCompact, Peer: "10.0.0.1:4000", Endpoint: "10.0.0.2:9090",
		Attempts: 1, RequestIn: 100, RequestOut: 80, ResponseIn: 40, ResponseOut: 50,
		Start: time.Unix(1, 0), Total: total, Outcome: outcome, Code: code,
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics()
	r := &telemetry.Recorder{Metrics: m}
	get := m.Method(telemetry.Inbound, "orders", "Get")
	if m.Method(telemetry.Inbound, "orders", "Get") != get || m.Method(telemetry.Outbound, "orders", "Get") == get {
		t.Error("a method's counters are not its own")
	}
	for range 2 {
		x := record(get, telemetry.OK, 0, 500*time.Microsecond)
		r.Begin(x)
		r.End(x)
	}
	slow := record(get, telemetry.Timeout, 4, time.Minute)
	slow.Attempts, slow.UnknownFields = 3, 2
	r.Begin(slow)
	flying := record(get, telemetry.OK, 0, 0)
	r.Begin(flying)
	wantLines(t, m, "weft_requests_in_flight{direction=inbound,downstream=grpc,method=Get,service=orders} 2")
	r.End(slow)
	odd := record(m.Method(telemetry.Outbound, "orders", telemetry.Unknown), telemetry.Outcome(99), 200, -time.Second)
	odd.Downstream, odd.Upstream, odd.RequestIn = dialect.TCP, dialect.Dialect{}, -5
	r.Begin(odd)
	r.End(odd)
	const labels = "direction=inbound,downstream=grpc,method=Get,outcome=%s,service=orders,status=%s,upstream=thrift/framed/compact"
	wantLines(t, m,
		"weft_requests_total{"+fmt.Sprintf(labels, "ok", "OK")+"} 2",
		"weft_requests_total{"+fmt.Sprintf(labels, "timeout", "DEADLINE_EXCEEDED")+"} 1",
		"weft_request_duration_seconds{"+fmt.Sprintf(labels, "ok", "OK")+"} count 2 sum 0.001",
		"weft_request_duration_seconds{"+fmt.Sprintf(labels, "timeout", "DEADLINE_EXCEEDED")+"} count 1 sum 60",
		"weft_request_duration_seconds le 0.00025: 0",
		"weft_request_duration_seconds le 0.0005: 2",
		"weft_request_duration_seconds le 30: 0",
		"weft_requests_in_flight{direction=inbound,downstream=grpc,method=Get,service=orders} 1",
		"weft_request_retries_total{direction=inbound,method=Get,service=orders} 2",
		"weft_unknown_fields_total{direction=inbound,method=Get,service=orders} 2",
		"weft_bytes_received_total{direction=inbound,service=orders,side=downstream} 300",
		"weft_bytes_sent_total{direction=inbound,service=orders,side=upstream} 240",
		"weft_bytes_received_total{direction=inbound,service=orders,side=upstream} 120",
		"weft_bytes_sent_total{direction=inbound,service=orders,side=downstream} 150",
		"weft_bytes_received_total{direction=outbound,service=orders,side=downstream} 0",
		"weft_requests_total{direction=outbound,downstream=tcp,method=unknown,outcome=no_endpoint,service=orders,status=UNKNOWN,upstream=unknown} 1",
	)
}

func TestTheRest(t *testing.T) {
	m := telemetry.NewMetrics()
	c := m.Connections(telemetry.Outbound, telemetry.Upstream, "billing", dialect.GRPC)
	c.Opened()
	c.Opened()
	c.Closed()
	m.Connections(telemetry.Outbound, telemetry.Upstream, "billing", dialect.GRPC).Failed()
	m.Exceeded(telemetry.Inbound, telemetry.LimitHeaderList)
	m.ProtocolError(telemetry.Inbound, telemetry.Downstream, dialect.ThriftFramedBinary)
	b := budget.New(1000)
	b.Reserve(10)
	m.SetMemory(b)
	s := buf.Get(1)
	defer s.Free()
	wantLines(t, m,
		"weft_connections_open{dialect=grpc,direction=outbound,service=billing,side=upstream} 1",
		"weft_connections_opened_total{dialect=grpc,direction=outbound,service=billing,side=upstream} 2",
		"weft_connections_failed_total{dialect=grpc,direction=outbound,service=billing,side=upstream} 1",
		"weft_limits_exceeded_total{direction=inbound,limit=header_list} 1",
		"weft_limits_exceeded_total{direction=outbound,limit=write_stall} 0",
		"weft_protocol_errors_total{dialect=thrift/framed/binary,direction=inbound,side=downstream} 1",
		"weft_limits_memory_used_bytes{} 10",
		"weft_limits_memory_bytes{} 1000",
		"weft_buffers_in_use{} 1",
		"weft_buffers_bytes{} 4096",
	)
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics()
	r := &telemetry.Recorder{Metrics: m}
	var g sync.WaitGroup
	for reader := range uint8(4) {
		g.Go(func() { // ends by itself
			for i := range 500 {
				x := record(m.Method(telemetry.Inbound, "orders", "Get"), telemetry.OK, telemetry.Code(i%17), 0)
				x.Shard = 99*reader + uint8(i%2)
				r.Begin(x)
				r.End(x)
			}
			lines(t, m)
		})
	}
	g.Wait()
	wantLines(t, m,
		"weft_bytes_received_total{direction=inbound,service=orders,side=downstream} 200000",
		"weft_requests_in_flight{direction=inbound,downstream=grpc,method=Get,service=orders} 0")
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	all, err := telemetry.NewAccessLog(&out, "json", 1)
	if err != nil {
		t.Fatal(err)
	}
	m := telemetry.NewMetrics()
	r := &telemetry.Recorder{Metrics: m, Access: all}
	x := record(m.Method(telemetry.Inbound, "orders", "Get"), telemetry.Reset, 14, 3*time.Millisecond)
	x.Reason, x.MayHaveExecuted = "connection reset by peer", true
	r.Begin(x)
	r.End(x)
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	for key, want := range map[string]any{"logger": "access", "message": "call", "direction": "inbound", "service": "orders", "method": "Get", "downstream": "grpc",
		"upstream": "thrift/framed/compact", "peer": "10.0.0.1:4000", "endpoint": "10.0.0.2:9090", "attempts": 1.0, "status": "UNAVAILABLE", "outcome": "reset",
		"total": "3ms", "request_in": 100.0, "response_out": 50.0, "may_have_executed": true, "reason": "connection reset by peer"} {
		if got[key] != want {
			t.Errorf("%s is %v, want %v", key, got[key], want)
		}
	}
}

func TestAccessLogSample(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	none, err := telemetry.NewAccessLog(&out, "console", 0)
	if err != nil {
		t.Fatal(err)
	}
	m := telemetry.NewMetrics()
	r := &telemetry.Recorder{Metrics: m, Access: none}
	for _, o := range []telemetry.Outcome{telemetry.OK, telemetry.OK, telemetry.Exception} {
		x := record(m.Method(telemetry.Inbound, "orders", "Get"), o, 0, 0)
		r.Begin(x)
		r.End(x)
	}
	if n := strings.Count(out.String(), "\n"); n != 1 || !strings.Contains(out.String(), `"outcome": "exception"`) {
		t.Errorf("%d lines: %s", n, out.String())
	}
}

func TestLogger(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l, err := telemetry.NewLogger(&out, "warn", "json")
	if err != nil {
		t.Fatal(err)
	}
	l.Info("quiet")
	l.Warn("loud")
	if s := out.String(); strings.Contains(s, "quiet") || !strings.Contains(s, `"message":"loud"`) {
		t.Errorf("logged %s", s)
	}
	if _, err := telemetry.NewLogger(&out, "chatty", "json"); err == nil || !strings.HasPrefix(err.Error(), `unknown log level "chatty"`) {
		t.Errorf("error %v", err)
	}
	if _, err := telemetry.NewLogger(&out, "info", "xml"); err == nil || err.Error() != `unknown log format "xml": want console or json` {
		t.Errorf("error %v", err)
	}
}

// docs/metrics.md has every metric, with its labels, and nothing else; and the words of outcome and limit.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(weft_[a-z_]+)` \\| [a-z]+ \\|([^|]*)\\|").FindAllStringSubmatch(string(text), -1) {
		documented[row[1]] = strings.NewReplacer("`", "", " ", "").Replace(row[2])
	}
	m := telemetry.NewMetrics()
	for name, labels := range m.Names() {
		if got, ok := documented[name]; !ok || got != strings.Join(labels, ",") {
			t.Errorf("%s has labels %v, the documentation says %q", name, labels, got)
		}
		delete(documented, name)
	}
	for name := range documented {
		t.Errorf("documented but not there: %s", name)
	}
	for o := telemetry.OK; o.String() != "unknown"; o++ {
		if !strings.Contains(string(text), "| `"+o.String()+"` |") {
			t.Errorf("outcome %s is not documented", o)
		}
	}
	for l := telemetry.LimitMemory; l.String() != "unknown"; l++ {
		if !strings.Contains(string(text), "`"+l.String()+"`") {
			t.Errorf("limit %s is not documented", l)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	m := telemetry.NewMetrics()
	r := &telemetry.Recorder{Metrics: m}
	x := record(m.Method(telemetry.Inbound, "orders", "Get"), telemetry.OK, 0, time.Millisecond)
	if n := testing.AllocsPerRun(100, func() { r.Begin(x); r.End(x) }); n != 0 {
		t.Errorf("%v allocations per call", n)
	}
}

func BenchmarkCall(b *testing.B) {
	m := telemetry.NewMetrics()
	r := &telemetry.Recorder{Metrics: m}
	get := m.Method(telemetry.Inbound, "orders", "Get")
	var readers atomic.Uint32
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		x := record(get, telemetry.OK, 0, time.Millisecond)
		x.Shard = uint8(readers.Add(1))
		for pb.Next() {
			r.Begin(x)
			r.End(x)
		}
	})
}
