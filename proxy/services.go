package proxy

import (
	"fmt"

	"weft/pkg/config"
	"weft/pkg/policy"
	"weft/pkg/telemetry"
	"weft/proxy/route"
	"weft/translate"
	"weft/translate/schema"
)

// A target is a method of a schema with its compiled plan, shared by all services that use the schema.
type target struct {
	service  *schema.Service
	method   *schema.Method
	plan     *translate.Method
	unusable string
}

// compile makes the plans of a schema's methods. A method that cannot be carried keeps the reason.
func compile(s *schema.Schema) []target {
	c := translate.Compiler{Options: translate.Options{UnknownFieldError: s.UnknownFieldError}}
	var targets []target
	for _, svc := range s.Services {
		for _, m := range svc.Methods {
			t := target{service: svc, method: m}
			switch {
			case m.Unusable != nil:
				t.unusable = m.Unusable.Error()
			case m.ClientStreaming || m.ServerStreaming:
				t.unusable = "it streams, and this Thrift dialect cannot"
			default:
				plan, err := c.Compile(m)
				if err != nil {
					t.unusable = err.Error()
				}
				t.plan = plan
			}
			targets = append(targets, t)
		}
	}
	return targets
}

// methods makes a service's own view of the targets: counters, and names on the Thrift wire.
func methods(name string, dir telemetry.Direction, targets []target, sink *telemetry.Metrics) []*route.Method {
	list := make([]*route.Method, 0, len(targets))
	for _, t := range targets {
		path := "/" + t.service.GRPC + "/" + t.method.GRPC
		list = append(list, &route.Method{
			Path: path, Thrift: []byte(t.method.Thrift), Upstream: []byte(t.method.Thrift),
			Oneway: t.method.Oneway, Plan: t.plan, Unusable: t.unusable,
			Counters: sink.Method(dir, name, path),
		})
	}
	return list
}

// newService puts the calls to one service together. interfaces may be empty: then a name without a service means the first
// service of the schema that has it.
func newService(name string, dir telemetry.Direction, rules []*route.Rule, targets []target, interfaces []config.Interface, sink *telemetry.Metrics) *route.Service {
	list := methods(name, dir, targets, sink)
	for i, t := range targets {
		if m := multiplexed(interfaces, t.service); m != "" {
			list[i].Upstream = []byte(m + ":" + t.method.Thrift)
		}
	}
	unknown := &route.Method{Counters: sink.Method(dir, name, "unknown")}
	s := route.NewService(name, dir, rules, list, unknown)
	for i, t := range targets {
		s.AddThriftName(t.service.Thrift+":"+t.method.Thrift, list[i])
		if m := multiplexed(interfaces, t.service); m != "" {
			s.AddThriftName(m+":"+t.method.Thrift, list[i])
		}
		if isDefault(interfaces, t.service) {
			s.AddThriftName(t.method.Thrift, list[i])
		}
	}
	return s
}

func multiplexed(interfaces []config.Interface, svc *schema.Service) string {
	for _, i := range interfaces {
		if i.Thrift == svc.Thrift {
			return i.Multiplexed
		}
	}
	return ""
}

func isDefault(interfaces []config.Interface, svc *schema.Service) bool {
	for _, i := range interfaces {
		if i.Default && i.Thrift == svc.Thrift && (i.GRPC == "" || i.GRPC == svc.GRPC) {
			return true
		}
	}
	return false
}

// rules of the calls to an upstream service: the configured routes in their order, then everything to the service itself.
func (p *Proxy) rules(service string) []*route.Rule {
	var rules []*route.Rule
	for _, r := range p.config.Routes {
		if r.Match.Service != service {
			continue
		}
		name := r.Policy
		if name == "" {
			name = p.config.Upstream(service).Policy
		}
		rule := &route.Rule{Method: r.Match.Method, Headers: r.Match.Headers, Policy: p.policy(name)}
		for _, s := range r.Split {
			rule.Splits = append(rule.Splits, route.Split{Cluster: p.feeder(s.Service).cluster, Weight: s.Weight})
		}
		rules = append(rules, rule)
	}
	all := &route.Rule{Method: "*", Policy: p.policy(p.config.Upstream(service).Policy)}
	all.Splits = []route.Split{{Cluster: p.feeder(service).cluster, Weight: 1}}
	return append(rules, all)
}

func (p *Proxy) policy(name string) *policy.Policy {
	resolved := p.config.Policy(name)
	return &resolved
}

// feeder returns the one feeder of a service that is called.
func (p *Proxy) feeder(service string) *feeder {
	f := p.feeders[service]
	if f == nil {
		f = p.newFeeder(service, telemetry.Outbound, *p.policy(p.config.Upstream(service).Policy))
		p.feeders[service] = f
	}
	return f
}

// targetsOf returns the plans of a schema of the configuration; none for "".
func (p *Proxy) targetsOf(name string) ([]target, error) {
	if name == "" {
		return nil, nil
	}
	s := p.schemas[name]
	if s == nil {
		return nil, fmt.Errorf("schema %s was not loaded", name)
	}
	t, ok := p.targets[name]
	if !ok {
		t = compile(s)
		p.targets[name] = t
	}
	return t, nil
}
