package config

import (
	"path/filepath"
	"strings"

	"weft/pkg/policy"
)

// complete fills in what follows from other parts of the file. It runs before the checks and copes with mistakes.
func (c *Config) complete(dir string) {
	c.completePaths(dir)
	if c.Policies == nil {
		c.Policies = map[string]Policy{}
	}
	if _, ok := c.Policies["default"]; !ok {
		var p Policy
		p.defaults()
		c.Policies["default"] = p
	}
	if c.Admin.Listen == "off" {
		c.Admin.Listen = ""
	}
	for i := range c.Inbound.Listeners {
		l := &c.Inbound.Listeners[i]
		if s := c.service(l.Service); s != nil && l.Port == "" && len(s.Ports) == 1 {
			l.Port = s.Ports[0].Name
		}
	}
	for i := range c.Routes {
		r := &c.Routes[i]
		if len(r.Split) == 0 && r.Match.Service != "" {
			r.Split = []Split{{Service: r.Match.Service, Weight: 1}}
		}
		lower := map[string]string{}
		for name, value := range r.Match.Headers {
			lower[strings.ToLower(name)] = value
		}
		r.Match.Headers = lower
	}
	c.completeLimits()
	c.completeEndpoints()
}

// completeLimits keeps defaults inside what the file sets next to them.
func (c *Config) completeLimits() {
	l := &c.Limits
	if !c.Has("limits", "connection_memory") {
		l.ConnectionMemory = min(l.ConnectionMemory, l.Memory)
	}
	if !c.Has("limits", "message") {
		l.Message = min(l.Message, l.ConnectionMemory)
	}
	if !c.Has("limits", "connection_window") {
		l.ConnectionWindow = max(l.ConnectionWindow, l.StreamWindow)
	}
}

// completePaths makes relative paths relative to the directory of the file.
func (c *Config) completePaths(dir string) {
	fix := func(p *string) {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	for name, s := range c.Schemas {
		for i := range s.Files {
			fix(&s.Files[i])
		}
		for i := range s.ImportPaths {
			fix(&s.ImportPaths[i])
		}
		fix(&s.Binding)
		c.Schemas[name] = s
	}
	if id := c.Identity; id != nil {
		fix(&id.Cert)
		fix(&id.Key)
		fix(&id.CA)
	}
	fix(&c.StateDir)
}

// completeEndpoints gives each static endpoint the traits of its upstream, key by key where it has none of its own.
func (c *Config) completeEndpoints() {
	for service, list := range c.Discovery.Static {
		up := c.Upstream(service)
		for i := range list {
			e := &list[i].EndpointTraits
			inherit := func(key string, take func()) {
				if !c.Has("discovery", "static", service, i, key) {
					take()
				}
			}
			inherit("dialect", func() { e.Dialect = up.Endpoint.Dialect })
			inherit("via", func() { e.Via = up.Endpoint.Via })
			inherit("pipeline", func() { e.Pipeline = up.Endpoint.Pipeline })
			inherit("weight", func() { e.Weight = up.Endpoint.Weight })
			inherit("max_connections", func() { e.MaxConnections = up.Endpoint.MaxConnections })
			inherit("schema", func() { e.Schema = up.Endpoint.Schema })
			if e.Schema == "" {
				e.Schema = up.Schema
			}
		}
	}
}

// Upstream returns what is known of a service that is called; the defaults where the file says nothing.
func (c *Config) Upstream(service string) Upstream {
	if u, ok := c.Upstreams[service]; ok {
		return u
	}
	var u Upstream
	u.defaults()
	u.Endpoint.defaults()
	return u
}

// Policy returns a policy by its name in the form that the proxy uses; the default policy where there is none of that
// name, which a loaded configuration does not refer to.
func (c *Config) Policy(name string) policy.Policy {
	p, ok := c.Policies[name]
	if !ok {
		p = c.Policies["default"]
	}
	return p.Resolve()
}

// Resolve returns the policy in the form that the proxy uses.
func (p Policy) Resolve() policy.Policy {
	ordering, _ := policy.ParseOrdering(p.Ordering) // checked at load
	return policy.Policy{
		Timeout:        p.Timeout,
		ConnectTimeout: p.ConnectTimeout,
		IdleTimeout:    p.IdleTimeout,
		Ordering:       ordering,
		Idempotent:     p.Idempotent,
		MaxPending:     p.MaxPending,
	}
}

// service returns the service of that name, nil where there is none.
func (c *Config) service(name string) *Service {
	for i := range c.Services {
		if c.Services[i].Name == name {
			return &c.Services[i]
		}
	}
	return nil
}

// Port returns a port of a service, as inbound listeners name them; nil where there is none.
func (c *Config) Port(service, port string) *Port {
	s := c.service(service)
	if s == nil {
		return nil
	}
	for i := range s.Ports {
		if s.Ports[i].Name == port {
			return &s.Ports[i]
		}
	}
	return nil
}
