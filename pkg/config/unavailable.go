package config

import (
	"weft/pkg/dialect"
)

const unavailable = "not available in this version"

// unavailable refuses what this version reads but does not do, where going on without it would mislead: somebody would
// believe that traffic is encrypted, redirected or discovered.
func (k *checker) unavailable() {
	refuse := func(set bool, what string, p ...any) {
		if set {
			k.reportAt(k.c.KeyAt(p...), p, "%s is %s", what, unavailable)
		}
	}
	refuse(k.c.Inbound.Mesh != nil, "the hop between sidecars", "inbound", "mesh")
	refuse(k.c.Inbound.Transparent != nil, "redirected traffic", "inbound", "transparent")
	refuse(k.c.Outbound.Transparent != nil, "redirected traffic", "outbound", "transparent")
	refuse(k.c.Discovery.Consul != nil, "Consul", "discovery", "consul")
	refuse(k.c.Identity != nil, "mutual TLS", "identity")
	tracing := k.c.Telemetry.Tracing
	refuse(tracing != nil && tracing.Endpoint != "", "tracing", "telemetry", "tracing")
	for i, l := range k.c.Inbound.Listeners {
		if l.Opaque == "allow" {
			k.report(path{"inbound", "listeners", i, "opaque"}, "passing opaque bytes is %s", unavailable)
		}
	}
	for i, s := range k.c.Services {
		for j, port := range s.Ports {
			k.supported(path{"services", i, "ports", j, "dialect"}, port.Dialect)
		}
	}
	for _, name := range sorted(k.c.Upstreams) {
		k.availableTraits(path{"upstreams", name, "endpoint"}, k.c.Upstreams[name].Endpoint)
	}
	for _, name := range sorted(k.c.Discovery.Static) {
		for i, e := range k.c.Discovery.Static[name] {
			k.availableTraits(path{"discovery", "static", name, i}, e.EndpointTraits)
		}
	}
}

// availableTraits looks at those that stand at p.
func (k *checker) availableTraits(p path, t EndpointTraits) {
	if k.c.Has(p.with("dialect")...) {
		k.supported(p.with("dialect"), t.Dialect)
	}
	if t.Via == "weft" && k.c.Has(p.with("via")...) {
		k.report(p.with("via"), "the hop between sidecars is %s", unavailable)
	}
}

func (k *checker) supported(p path, d dialect.Dialect) {
	if d.Valid() && !d.Supported() {
		k.report(p, "dialect %s is %s", d, unavailable)
	}
}
