package config

import (
	"reflect"
	"time"

	"weft/pkg/policy"
)

// defaulter is a struct with default values. They are copied in before the file's are read.
type defaulter interface{ defaults() }

// applyDefaults fills v and the structs in it.
func applyDefaults(v reflect.Value) {
	if v.Kind() != reflect.Struct {
		return
	}
	if d, ok := v.Addr().Interface().(defaulter); ok {
		d.defaults()
	}
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() {
			applyDefaults(v.Field(i))
		}
	}
}

// An endpoint may leave its dialect to its upstream, so that has no default.

func (c *Config) defaults()             { c.StateDir = "/var/lib/weft" }
func (s *Service) defaults()            { s.Policy = "default" }
func (p *Port) defaults()               { p.Pipeline, p.MaxConnections = 1, 64 }
func (l *InboundListener) defaults()    { l.Opaque = "deny" }
func (t *InboundTransparent) defaults() { t.Plaintext = "permissive" }
func (u *Upstream) defaults()           { u.Policy = "default" }
func (m *Match) defaults()              { m.Method = "*" }
func (s *Split) defaults()              { s.Weight = 1 }
func (c *Consul) defaults()             { c.Address = "127.0.0.1:8500" }
func (i *Identity) defaults()           { i.Source = "files" }
func (a *Admin) defaults()              { a.Listen = "127.0.0.1:15000" }
func (l *Log) defaults()                { l.Level, l.Format = "info", "console" }
func (a *AccessLog) defaults()          { a.Sample = 1 }
func (t *Tracing) defaults()            { t.Sample = 1 }

func (e *EndpointTraits) defaults() {
	e.Via, e.Pipeline, e.Weight, e.MaxConnections = "direct", 1, 1, 64
}

func (p *Policy) defaults() {
	d := policy.Default()
	*p = Policy{
		Timeout:        d.Timeout,
		ConnectTimeout: d.ConnectTimeout,
		IdleTimeout:    d.IdleTimeout,
		Ordering:       d.Ordering.String(),
		MaxPending:     d.MaxPending,
	}
}

func (l *Limits) defaults() {
	*l = Limits{
		Memory:               256 << 20,
		ConnectionMemory:     32 << 20,
		Message:              16 << 20,
		HeaderList:           64 << 10,
		QueuedBytes:          1 << 20,
		StreamWindow:         256 << 10,
		ConnectionWindow:     1 << 20,
		Connections:          10000,
		StreamsPerConnection: 1000,
		Pending:              10000,
		Depth:                64,
		FirstByte:            10 * time.Second,
		BetweenBytes:         30 * time.Second,
		WriteStall:           30 * time.Second,
		Drain:                20 * time.Second,
	}
}
