package telemetry

import (
	"maps"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"weft/pkg/buf"
	"weft/pkg/dialect"
)

// desc is a metric's description, with what the client library hides of it.
type desc struct {
	*prometheus.Desc
	name   string
	labels []string
}

var all []desc

func describe(name, help string, labels ...string) desc {
	d := desc{prometheus.NewDesc(name, help, labels, nil), name, labels}
	all = append(all, d)
	return d
}

// The metrics; docs/metrics.md explains them, and a test compares.
var (
	requests = describe("weft_requests_total", "Calls that are over, by how they ended.",
		"direction", "service", "method", "downstream", "upstream", "status", "outcome")
	durations = describe("weft_request_duration_seconds", "Time from the first byte of a call to its end, by how it ended.",
		"direction", "service", "method", "downstream", "upstream", "status", "outcome")
	inFlight = describe("weft_requests_in_flight", "Calls that have come in and are not over.",
		"direction", "service", "method", "downstream")
	retries = describe("weft_request_retries_total", "Attempts after the first one of a call.",
		"direction", "service", "method")
	unknownFields = describe("weft_unknown_fields_total", "Fields dropped in translation because the other side has no name for them.",
		"direction", "service", "method")
	received = describe("weft_bytes_received_total", "Bytes of messages received, without headers and HTTP/2 framing.",
		"direction", "service", "side")
	sent = describe("weft_bytes_sent_total", "Bytes of messages sent, without headers and HTTP/2 framing.",
		"direction", "service", "side")
	open = describe("weft_connections_open", "Connections that are open.",
		"direction", "side", "service", "dialect")
	opened = describe("weft_connections_opened_total", "Connections that became usable.",
		"direction", "side", "service", "dialect")
	failed = describe("weft_connections_failed_total", "Connections that were refused or whose set-up failed.",
		"direction", "side", "service", "dialect")
	buffers     = describe("weft_buffers_in_use", "Pooled buffers that are handed out.")
	bufferBytes = describe("weft_buffers_bytes", "Capacity of the pooled buffers that are handed out.")
	memoryUsed  = describe("weft_limits_memory_used_bytes", "Bytes of messages held or announced, of limits.memory.")
	memoryLimit = describe("weft_limits_memory_bytes", "The limit limits.memory.")
	exceeded    = describe("weft_limits_exceeded_total", "Calls and connections that were refused or cut off because of a limit.",
		"direction", "limit")
	protocolErrors = describe("weft_protocol_errors_total", "Times that a peer broke the protocol it speaks.",
		"direction", "side", "dialect")
)

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range all {
		out <- d.Desc
	}
}

// Names returns the names of weft's metrics with those of their labels.
func (m *Metrics) Names() map[string][]string {
	names := map[string][]string{}
	for _, d := range all {
		names[d.name] = d.labels
	}
	return names
}

func counter(out chan<- prometheus.Metric, d desc, v uint64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d.Desc, prometheus.CounterValue, float64(v), labels...)
}

func gauge(out chan<- prometheus.Metric, d desc, v int64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d.Desc, prometheus.GaugeValue, float64(v), labels...)
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	m.mu.Lock()
	methods, connections, memory := maps.Clone(m.methods), maps.Clone(m.connections), m.memory
	m.mu.Unlock()

	traffic := map[trafficKey]*traffic{}
	for _, x := range methods {
		x.collect(out, traffic)
	}
	for k, t := range traffic {
		for s := range sides {
			counter(out, received, t.received[s], k.direction.String(), k.service, s.String())
			counter(out, sent, t.sent[s], k.direction.String(), k.service, s.String())
		}
	}
	for k, c := range connections {
		labels := []string{k.direction.String(), k.side.String(), k.service, k.dialect.String()}
		closed := c.closed.Load() // before opened, so that the difference is not negative
		n := c.opened.Load()
		gauge(out, open, int64(n-closed), labels...)
		counter(out, opened, n, labels...)
		counter(out, failed, c.failed.Load(), labels...)
	}
	segments, size := buf.InUse()
	gauge(out, buffers, segments)
	gauge(out, bufferBytes, size)
	if memory != nil {
		gauge(out, memoryUsed, memory.Used())
		gauge(out, memoryLimit, memory.Limit())
	}
	m.collectRefusals(out)
}

func (m *Metrics) collectRefusals(out chan<- prometheus.Metric) {
	for d := range directions {
		for l := range limits {
			counter(out, exceeded, m.exceeded[d][l].Load(), d.String(), l.String())
		}
		for s := range sides {
			for i := range m.protocolErrors[d][s] {
				if n := m.protocolErrors[d][s][i].Load(); n > 0 {
					counter(out, protocolErrors, n, d.String(), s.String(), dialect.At(i).String())
				}
			}
		}
	}
}

// traffic is the bytes of all methods of a service, by side.
type traffic struct{ received, sent [sides]uint64 }

type trafficKey struct {
	direction Direction
	service   string
}

// collect sends the metrics of a method and adds its bytes to those of its service.
func (m *Method) collect(out chan<- prometheus.Metric, bytes map[trafficKey]*traffic) {
	direction := m.Direction.String()
	k := trafficKey{m.Direction, m.Service}
	if bytes[k] == nil {
		bytes[k] = &traffic{}
	}
	counter(out, retries, m.retries.Load(), direction, m.Service, m.Name)
	counter(out, unknownFields, m.unknownFields.Load(), direction, m.Service, m.Name)
	t := m.sums()
	for down, used := range t.used {
		if used {
			gauge(out, inFlight, t.inFlight[down], direction, m.Service, m.Name, dialect.At(down).String())
		}
	}
	for e, c := range t.cells {
		bytes[k].add(c)
		c.collect(out, direction, m.Service, m.Name, dialect.At(e.down).String(), dialect.At(e.up).String(), e.code.String(), e.outcome.String())
	}
}

func (t *traffic) add(c *cellSum) {
	t.received[Downstream] += c.requestIn
	t.sent[Upstream] += c.requestOut
	t.received[Upstream] += c.responseIn
	t.sent[Downstream] += c.responseOut
}

func (t *cellSum) collect(out chan<- prometheus.Metric, labels ...string) {
	var count uint64
	cumulative := make(map[float64]uint64, len(bounds))
	for i, n := range t.buckets {
		count += n
		if i < len(bounds) {
			cumulative[bounds[i].Seconds()] = count
		}
	}
	counter(out, requests, count, labels...)
	out <- prometheus.MustNewConstHistogram(durations.Desc, count, time.Duration(t.nanos).Seconds(), cumulative, labels...)
}
