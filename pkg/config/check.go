package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// checker finds what each key by itself and the sections together get wrong.
type checker struct {
	c        *Config
	problems Problems          // those of the decoder first
	unread   map[Pos]bool      // places of what the decoder could not read: nothing more is said of them
	listens  map[string]string // address to the path that has it
}

func newChecker(c *Config, found Problems) *checker {
	k := &checker{c: c, problems: found, unread: map[Pos]bool{}, listens: map[string]string{}}
	for _, f := range found {
		k.unread[f.Pos] = true
	}
	return k
}

// report notes a problem at the value of a path.
func (k *checker) report(p path, format string, args ...any) {
	k.reportAt(k.c.at(p).value, p, format, args...)
}

func (k *checker) reportAt(at Pos, p path, format string, args ...any) {
	if k.unread[at] {
		return
	}
	k.problems = append(k.problems, Problem{at, p.String() + ": " + fmt.Sprintf(format, args...)})
}

func (k *checker) all() {
	if v := k.c.Version; v != Version && k.c.Has("version") {
		k.report(path{"version"}, "%q is not known: want %s", v, Version)
	}
	k.schemas()
	k.services()
	k.inbound()
	k.outbound()
	k.upstreams()
	k.routes()
	k.policies()
	k.discovery()
	k.admin()
	k.limits()
	k.unavailable()
}

// sorted gives a map's keys in order, so that messages are too.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (k *checker) schemas() {
	for _, name := range sorted(k.c.Schemas) {
		s := k.c.Schemas[name]
		p := path{"schemas", name, "files"}
		if len(s.Files) == 0 && k.c.Has(p...) {
			k.report(p, "empty: name at least one file")
		}
		for i, f := range s.Files {
			if !slices.ContainsFunc([]string{".thrift", ".proto", ".binpb", ".pb"}, func(ext string) bool { return strings.HasSuffix(f, ext) }) {
				k.report(p.with(i), "%q: want a file that ends in .thrift, .proto, .binpb or .pb", f)
			}
		}
	}
}

func (k *checker) services() {
	for i, s := range k.c.Services {
		p := path{"services", i}
		if s.Name != "" && k.c.service(s.Name) != &k.c.Services[i] {
			k.report(p.with("name"), "%q is the name of another service above", s.Name)
		}
		k.refSchema(p.with("schema"), s.Schema)
		k.refPolicy(p.with("policy"), s.Policy)
		for j, port := range s.Ports {
			k.port(p.with("ports").with(j), s, j, port)
		}
	}
}

func (k *checker) port(p path, s Service, j int, port Port) {
	for _, before := range s.Ports[:j] {
		if before.Name == port.Name && port.Name != "" {
			k.report(p.with("name"), "%q is the name of another port of the service", port.Name)
		}
	}
	k.address(p.with("address"), port.Address)
	k.atLeast(p.with("pipeline"), port.Pipeline, 1)
	k.atLeast(p.with("max_connections"), port.MaxConnections, 1)
	k.pipeline(p, port.Pipeline, s.Schema, EndpointTraits{Dialect: port.Dialect})
	defaults := 0
	for n, face := range port.Interfaces {
		at := p.with("interfaces").with(n)
		if face.Thrift == "" && face.GRPC == "" {
			k.report(at, "thrift or grpc must name a service")
		}
		if face.Default {
			if defaults++; defaults == 2 {
				k.report(at.with("default"), "only one interface of a port can be the default")
			}
		}
	}
}

// pipeline checks that calls in flight on one connection can be told apart.
func (k *checker) pipeline(p path, n int, schema string, t EndpointTraits) {
	at := p.with("pipeline")
	switch {
	case n <= 1 || !k.c.Has(at...) || !t.Dialect.Valid():
	case !t.Dialect.IsThrift():
		k.report(at, "is for Thrift; %s has streams", t.Dialect)
	case schema == "":
		k.report(at, "needs a schema: without one a oneway call cannot be told from one that is answered")
	}
}

func (k *checker) inbound() {
	for i, l := range k.c.Inbound.Listeners {
		p := path{"inbound", "listeners", i}
		k.listen(p.with("listen"), l.Listen)
		k.oneOf(p.with("opaque"), l.Opaque, "deny", "allow")
		s := k.c.service(l.Service)
		switch {
		case l.Service == "":
		case s == nil:
			k.report(p.with("service"), "no service %q in services", l.Service)
		case l.Port == "" && len(s.Ports) > 1:
			k.report(p, "port is missing: service %s has %d ports", l.Service, len(s.Ports))
		case l.Port != "" && k.c.Port(l.Service, l.Port) == nil:
			k.report(p.with("port"), "service %s has no port %q", l.Service, l.Port)
		}
	}
	if m := k.c.Inbound.Mesh; m != nil {
		k.listen(path{"inbound", "mesh", "listen"}, m.Listen)
	}
	if t := k.c.Inbound.Transparent; t != nil {
		k.listen(path{"inbound", "transparent", "listen"}, t.Listen)
		k.oneOf(path{"inbound", "transparent", "plaintext"}, t.Plaintext, "permissive", "deny")
	}
}

func (k *checker) outbound() {
	for i, l := range k.c.Outbound.Listeners {
		p := path{"outbound", "listeners", i}
		k.listen(p.with("listen"), l.Listen)
		if l.Service != "" && !k.reachable(l.Service) {
			k.report(p.with("service"), "service %q has no endpoints in discovery.static and no route", l.Service)
		}
	}
	if t := k.c.Outbound.Transparent; t != nil {
		k.listen(path{"outbound", "transparent", "listen"}, t.Listen)
	}
}

// reachable reports whether calls of a service go somewhere.
func (k *checker) reachable(service string) bool {
	return k.discovered(service) || slices.ContainsFunc(k.c.Routes, func(r Route) bool { return r.Match.Service == service })
}

// discovered reports whether a service has endpoints, as far as the file can tell.
func (k *checker) discovered(service string) bool {
	_, static := k.c.Discovery.Static[service]
	return static || k.c.Discovery.Consul != nil
}

func (k *checker) upstreams() {
	for _, name := range sorted(k.c.Upstreams) {
		u, p := k.c.Upstreams[name], path{"upstreams", name}
		if !k.discovered(name) {
			k.reportAt(k.c.KeyAt(p...), p, "service %q has no endpoints in discovery.static", name)
		}
		k.refSchema(p.with("schema"), u.Schema)
		k.refPolicy(p.with("policy"), u.Policy)
		k.traits(p.with("endpoint"), u.Endpoint)
	}
}

// traits checks those that stand at p, not those that were inherited.
func (k *checker) traits(p path, t EndpointTraits) {
	k.oneOf(p.with("via"), t.Via, "direct", "weft")
	k.atLeast(p.with("pipeline"), t.Pipeline, 1)
	k.atLeast(p.with("weight"), t.Weight, 0)
	k.atLeast(p.with("max_connections"), t.MaxConnections, 1)
	if k.c.Has(p.with("schema")...) {
		k.refSchema(p.with("schema"), t.Schema)
	}
}

func (k *checker) routes() {
	for i, r := range k.c.Routes {
		p := path{"routes", i}
		if m := r.Match.Method; m != "*" && strings.Contains(m, "*") || m == "" {
			k.report(p.with("match").with("method"), "%q: want the name of a method, or * for all", m)
		}
		for name := range r.Match.Headers {
			if !isHeader(name) {
				k.report(p.with("match").with("headers"), "%q is not the name of a header", name)
			}
		}
		total := 0
		for j, s := range r.Split {
			at := p.with("split").with(j)
			k.atLeast(at.with("weight"), s.Weight, 0)
			total += s.Weight
			if s.Service != "" && !k.discovered(s.Service) {
				k.report(at.with("service"), "service %q has no endpoints in discovery.static", s.Service)
			}
		}
		if total == 0 && len(r.Split) > 0 {
			k.report(p.with("split"), "all weights are 0")
		}
		k.refPolicy(p.with("policy"), r.Policy)
	}
}

// isHeader reports whether a name in lower case can be sent as a header (RFC 9110 5.6.2), pseudo-headers excluded.
func isHeader(name string) bool {
	for i := range len(name) {
		if c := name[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return name != ""
}

func (k *checker) policies() {
	for _, name := range sorted(k.c.Policies) {
		q, p := k.c.Policies[name], path{"policies", name}
		k.notNegative(p.with("timeout"), q.Timeout)
		k.positive(p.with("connect_timeout"), q.ConnectTimeout)
		k.notNegative(p.with("idle_timeout"), q.IdleTimeout)
		k.oneOf(p.with("ordering"), q.Ordering, "connection", "none")
		k.atLeast(p.with("max_pending"), q.MaxPending, 1)
	}
}

func (k *checker) discovery() {
	for _, name := range sorted(k.c.Discovery.Static) {
		p := path{"discovery", "static", name}
		list := k.c.Discovery.Static[name]
		if len(list) == 0 {
			k.report(p, "empty: name at least one endpoint")
		}
		seen := map[string]int{}
		for i, e := range list {
			at := p.with(i)
			k.address(at.with("address"), e.Address)
			if first, twice := seen[e.Address]; twice && e.Address != "" {
				k.report(at.with("address"), "%q is given by %s already", e.Address, p.with(first))
			} else {
				seen[e.Address] = i
			}
			k.traits(at, e.EndpointTraits)
			if !e.Dialect.Valid() && !k.c.Has(at.with("dialect")...) && !k.c.Has("upstreams", name, "endpoint", "dialect") {
				k.report(at, "dialect is missing: give it here or in upstreams.%s.endpoint", name)
			}
			k.pipeline(at, e.Pipeline, e.Schema, e.EndpointTraits)
		}
	}
	for _, name := range sorted(k.c.Upstreams) { // their pipeline, for the endpoints that inherit it
		u := k.c.Upstreams[name]
		k.pipeline(path{"upstreams", name, "endpoint"}, u.Endpoint.Pipeline, u.Schema+u.Endpoint.Schema, u.Endpoint)
	}
}

func (k *checker) admin() {
	if k.c.Has("admin", "listen") { // the default gives way where somebody else has it
		k.listen(path{"admin", "listen"}, k.c.Admin.Listen)
	}
	k.oneOf(path{"log", "level"}, k.c.Log.Level, "debug", "info", "warn", "error")
	k.oneOf(path{"log", "format"}, k.c.Log.Format, "console", "json")
	if a := k.c.Telemetry.AccessLog; a != nil && !(a.Sample >= 0 && a.Sample <= 1) {
		k.report(path{"telemetry", "access_log", "sample"}, "%v is not a share from 0 to 1", a.Sample)
	}
	if id := k.c.Identity; id != nil {
		k.oneOf(path{"identity", "source"}, id.Source, "files", "consul")
	}
}

func (k *checker) limits() {
	l := &k.c.Limits
	at := func(key string) path { return path{"limits", key} }
	const kib, mib, gib = Size(1 << 10), Size(1 << 20), Size(1 << 30)
	k.between(at("memory"), l.Memory, mib, 1<<20*gib)
	k.between(at("connection_memory"), l.ConnectionMemory, 64*kib, l.Memory)
	k.between(at("message"), l.Message, kib, min(gib, l.ConnectionMemory))
	k.between(at("header_list"), l.HeaderList, 4*kib, 16*mib)
	k.between(at("queued_bytes"), l.QueuedBytes, 16*kib, gib)
	k.between(at("stream_window"), l.StreamWindow, 64*kib, gib)
	k.between(at("connection_window"), l.ConnectionWindow, l.StreamWindow, gib)
	k.atLeast(at("connections"), l.Connections, 1)
	k.atLeast(at("streams_per_connection"), l.StreamsPerConnection, 1)
	k.atLeast(at("pending"), l.Pending, 1)
	if l.Depth < 1 || l.Depth > 64 {
		k.report(at("depth"), "%d is not from 1 to 64", l.Depth)
	}
	k.positive(at("first_byte"), l.FirstByte)
	k.positive(at("between_bytes"), l.BetweenBytes)
	k.positive(at("write_stall"), l.WriteStall)
	k.notNegative(at("drain"), l.Drain)
}

func (k *checker) between(p path, v, least, most Size) {
	if k.c.Has(p...) && (v < least || v > most) {
		k.report(p, "%s is not from %s to %s", v, least, most)
	}
}

func (k *checker) atLeast(p path, v, least int) {
	if v < least {
		k.report(p, "%d is less than %d", v, least)
	}
}

func (k *checker) notNegative(p path, d time.Duration) {
	if d < 0 {
		k.report(p, "%v is negative", d)
	}
}

func (k *checker) positive(p path, d time.Duration) {
	if d <= 0 && k.c.Has(p...) {
		k.report(p, "%v: must be more than 0", d)
	}
}

func (k *checker) oneOf(p path, v string, words ...string) {
	if !slices.Contains(words, v) {
		k.report(p, "%q is not known: want %s", v, strings.Join(words, " or "))
	}
}

func (k *checker) address(p path, v string) {
	if v == "" {
		return // missing, which is told, or wrong
	}
	if err := checkAddress(v, false); err != nil {
		k.report(p, "%v", err)
	}
}

// listen checks an address to listen on, and that nobody else has it.
func (k *checker) listen(p path, v string) {
	if v == "" {
		return
	}
	if err := checkAddress(v, true); err != nil {
		k.report(p, "%v", err)
		return
	}
	if strings.HasSuffix(v, ":0") {
		return
	}
	if other, taken := k.listens[v]; taken {
		k.report(p, "%q is taken by %s", v, other)
		return
	}
	k.listens[v] = p.String()
}

func (k *checker) refSchema(p path, name string) {
	if _, ok := k.c.Schemas[name]; !ok && name != "" {
		k.report(p, "no schema %q in schemas", name)
	}
}

func (k *checker) refPolicy(p path, name string) {
	if _, ok := k.c.Policies[name]; !ok && name != "" {
		k.report(p, "no policy %q in policies", name)
	}
}
