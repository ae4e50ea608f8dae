// Package route finds, for a call, what the configuration says about it: step 4 of a call's path. Everything is
// resolved when the configuration is loaded; during a call a route is found by one look-up of the method and, only where
// rules look at headers or split, a few comparisons.
package route

import (
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/net/http2/hpack"

	"weft/pkg/policy"
	"weft/pkg/telemetry"
	"weft/proxy/balance"
	"weft/translate"
	"weft/translate/status"
)

// Service is everything that calls to one service need in one direction. It is immutable.
type Service struct {
	Name      string
	Direction telemetry.Direction
	Rules     []*Rule // the first that matches decides; the last one matches everything
	HasSchema bool

	byPath   map[string]*Method
	byThrift map[string]*Method
	unknown  *Method
}

// Rule sends calls to clusters.
type Rule struct {
	Method  string            // "*", a gRPC path "/pkg.Service/Method" or a Thrift name
	Headers map[string]string // all must be present with these values
	Splits  []Split
	Policy  *policy.Policy
}

// Split is a share of the calls.
type Split struct {
	Cluster *balance.Cluster
	Weight  int
}

// Method is a method of a service with its rules. It is immutable.
type Method struct {
	Label    string // for metrics: the gRPC path, or "unknown"
	Path     string // "/pkg.Service/Method"
	Thrift   []byte // name on the Thrift wire, bare: as replies carry it
	Upstream []byte // name as Thrift endpoints are called, perhaps with a multiplexed service in front
	Oneway   bool
	Plan     *translate.Method // nil: no call of this method can be translated, see Unusable
	Unusable string            // why, for the caller
	Counters *telemetry.Method // by which calls are counted

	rules []*Rule // those whose Method matches
	// header lists of calls to gRPC endpoints for callers that bring none of their own, one for each rule
	requests [][]hpack.HeaderField
	sole     *Rule // the one rule where there is no choice
}

// NewService puts a service together; methods may be empty. rules must end with one that matches everything.
func NewService(name string, dir telemetry.Direction, rules []*Rule, methods []*Method, unknown *Method) *Service {
	s := &Service{Name: name, Direction: dir, Rules: rules, HasSchema: len(methods) > 0,
		byPath: make(map[string]*Method), byThrift: make(map[string]*Method), unknown: unknown}
	for _, m := range append([]*Method{unknown}, methods...) {
		m.bind(name, rules)
	}
	for _, m := range methods {
		if m.Path != "" {
			s.byPath[m.Path] = m
		}
		if len(m.Thrift) > 0 {
			if _, taken := s.byThrift[string(m.Thrift)]; !taken {
				s.byThrift[string(m.Thrift)] = m
			}
		}
	}
	return s
}

// AddThriftName makes a method reachable under another name on the Thrift wire ("Service:method").
func (s *Service) AddThriftName(name string, m *Method) { s.byThrift[name] = m }

func (m *Method) bind(service string, rules []*Rule) {
	for _, r := range rules {
		if r.Method == "" || r.Method == "*" || r.Method == m.Path || r.Method == string(m.Thrift) {
			m.rules = append(m.rules, r)
			m.requests = append(m.requests, requestHeaders(service, m.Path, r.Policy.Timeout))
			if len(r.Headers) == 0 {
				break // nothing behind it can be reached
			}
		}
	}
	if len(m.rules) == 1 {
		m.sole = m.rules[0]
	}
}

// ByPath returns the method for a gRPC path; the service's unknown method where the schema has none of that name.
func (s *Service) ByPath(path string) *Method {
	if m := s.byPath[path]; m != nil {
		return m
	}
	return s.unknown
}

// ByThrift returns the method for a name on the Thrift wire, which may have a multiplexed service in front. The service's unknown
// method where the schema has none of that name.
func (s *Service) ByThrift(name []byte) *Method {
	if m := s.byThrift[string(name)]; m != nil {
		return m
	}
	return s.unknown
}

// Any returns an endpoint for a connection whose calls are not known. nil where there is none.
func (s *Service) Any() *balance.Endpoint { return s.unknown.Rule(nil).Pick() }

// Unknown reports whether m stands for every method that the schema does not have.
func (s *Service) Unknown(m *Method) bool { return m == s.unknown }

// requestHeaders is what a Thrift call's request to a gRPC endpoint starts with. It is the same for every call, so that it
// takes a few bytes on the wire.
func requestHeaders(service, path string, timeout time.Duration) []hpack.HeaderField {
	h := []hpack.HeaderField{
		{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "http"},
		{Name: ":path", Value: path}, {Name: ":authority", Value: service},
		{Name: "content-type", Value: "application/grpc"}, {Name: "te", Value: "trailers"},
		{Name: "user-agent", Value: "weft"},
	}
	if timeout > 0 {
		h = append(h, hpack.HeaderField{Name: "grpc-timeout", Value: string(status.AppendTimeout(nil, timeout))})
	}
	return h
}

// RequestHeaders returns the header list for a call that r routes and that has no headers of its own.
func (m *Method) RequestHeaders(r *Rule) []hpack.HeaderField {
	for i := range m.rules {
		if m.rules[i] == r {
			return m.requests[i]
		}
	}
	return nil
}

// Rule returns the rule for a call with these metadata.
func (m *Method) Rule(headers []hpack.HeaderField) *Rule {
	if m.sole != nil {
		return m.sole
	}
	for _, r := range m.rules {
		if r.matches(headers) {
			return r
		}
	}
	return m.rules[len(m.rules)-1]
}

func (r *Rule) matches(headers []hpack.HeaderField) bool {
	for name, want := range r.Headers {
		found := false
		for _, f := range headers {
			if f.Value == want && strings.EqualFold(f.Name, name) {
				found = true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// Pick draws a cluster by weight and an endpoint of it. nil where there is none.
func (r *Rule) Pick() *balance.Endpoint {
	if i := r.draw(); i >= 0 {
		return r.Splits[i].Cluster.Pick()
	}
	return nil
}

// Other returns an endpoint for a call that has been tried at one of them and that can go to another one of the same dialect.
// nil where there is none.
func (r *Rule) Other(than *balance.Endpoint) *balance.Endpoint {
	first := r.draw()
	for i := range r.Splits { // first the cluster that was drawn, then those that get calls at all
		s := r.Splits[(max(first, 0)+i)%len(r.Splits)]
		if s.Weight == 0 {
			continue
		}
		if ep := s.Cluster.Other(than); ep != nil {
			return ep
		}
	}
	return nil
}

// draw returns the index of a split, drawn by weight, -1 where all weights are 0.
func (r *Rule) draw() int {
	if len(r.Splits) == 1 {
		return 0
	}
	total := 0
	for _, s := range r.Splits {
		total += s.Weight
	}
	if total == 0 {
		return -1
	}
	n := rand.IntN(total)
	for i, s := range r.Splits {
		if n -= s.Weight; n < 0 {
			return i
		}
	}
	return -1
}
