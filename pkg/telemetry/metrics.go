package telemetry

import (
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"weft/pkg/budget"
	"weft/pkg/dialect"
)

// Metrics has every counter of a process. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	exceeded       [directions][limits]atomic.Uint64
	protocolErrors [directions][sides][dialect.Count]atomic.Uint64

	mu          sync.Mutex
	methods     map[methodKey]*Method
	connections map[connKey]*Connections
	memory      *budget.Budget // nil: none was set
}

type methodKey struct {
	direction     Direction
	service, name string
}

type connKey struct {
	direction Direction
	side      Side
	service   string
	dialect   dialect.Dialect
}

// NewMetrics returns counters at zero, those of the Go runtime and of the process among them.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry:    prometheus.NewRegistry(),
		methods:     map[methodKey]*Method{},
		connections: map[connKey]*Connections{},
	}
	m.registry.MustRegister(m, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Gatherer returns what the admin endpoint serves.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// Method returns the counters of a method; the same ones for the same names. name is the schema's, or Unknown for all calls
// whose method the schema does not have: never what came over the wire. It takes a lock: call it when a route is built.
func (m *Metrics) Method(d Direction, service, name string) *Method {
	k := methodKey{d, service, name}
	m.mu.Lock()
	defer m.mu.Unlock()
	found := m.methods[k]
	if found == nil {
		found = &Method{Direction: k.direction, Service: k.service, Name: k.name}
		m.methods[k] = found
	}
	return found
}

// Connections counts the connections of one kind.
type Connections struct {
	opened, closed, failed atomic.Uint64
}

// Connections returns the counters of a kind of connection; the same ones for the same kind. It takes a lock: call it when a connection is
// made. A downstream connection has its dialect once that was detected, and is "unknown" where it never was.
func (m *Metrics) Connections(d Direction, side Side, service string, speaks dialect.Dialect) *Connections {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := connKey{d, side, service, speaks}
	found := m.connections[k]
	if found == nil {
		found = &Connections{}
		m.connections[k] = found
	}
	return found
}

// Opened counts a connection that is usable now.
func (c *Connections) Opened() { c.opened.Add(1) }

// Closed counts the end of a connection that was Opened.
func (c *Connections) Closed() { c.closed.Add(1) }

// Failed counts a connection that never became usable: it was refused, or its set-up failed or took too long.
func (c *Connections) Failed() { c.failed.Add(1) }

// Exceeded counts something that was refused or cut off because of a limit.
func (m *Metrics) Exceeded(d Direction, l Limit) { m.exceeded[d][min(l, limits-1)].Add(1) }

// ProtocolError counts a peer that broke the protocol it speaks.
func (m *Metrics) ProtocolError(d Direction, side Side, speaks dialect.Dialect) {
	m.protocolErrors[d][side][speaks.Index()].Add(1)
}

// SetMemory shows the budget of the process.
func (m *Metrics) SetMemory(b *budget.Budget) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.memory = b
}
