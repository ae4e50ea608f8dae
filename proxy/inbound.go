package proxy

import (
	"fmt"

	"weft/discovery"
	"weft/pkg/config"
	"weft/pkg/telemetry"
	"weft/proxy/route"
)

// inbound builds the entries for calls to the local applications: each listener stands for one port, which is a cluster of one
// endpoint.
func (p *Proxy) inbound() error {
	for _, l := range p.config.Inbound.Listeners {
		port := p.config.Port(l.Service, l.Port)
		if port == nil {
			return fmt.Errorf("port %s/%s is not in the configuration", l.Service, l.Port)
		}
		var app config.Service
		for _, s := range p.config.Services {
			if s.Name == l.Service {
				app = s
			}
		}
		targets, err := p.targetsOf(app.Schema)
		if err != nil {
			return fmt.Errorf("service %s: %w", l.Service, err)
		}
		pol := p.config.Policy(app.Policy)
		f := p.newFeeder(l.Service, telemetry.Inbound, pol)
		f.apply(&discovery.Snapshot{Service: l.Service, Endpoints: []discovery.Endpoint{localEndpoint(port)}})
		p.local = append(p.local, f)
		rules := []*route.Rule{{Method: "*", Policy: &pol, Splits: []route.Split{{Cluster: f.cluster, Weight: 1}}}}
		svc := newService(l.Service, telemetry.Inbound, rules, targets, port.Interfaces, p.metrics)
		p.entries = append(p.entries, p.newEntry(l.Listen, telemetry.Inbound, svc, pol))
	}
	return nil
}

// localEndpoint is an application's own port.
func localEndpoint(port *config.Port) discovery.Endpoint {
	network, address := config.SplitAddress(port.Address)
	return discovery.Endpoint{
		Network: network, Address: address, Dialect: port.Dialect,
		Pipeline: port.Pipeline, Weight: 1, MaxConnections: port.MaxConnections, Healthy: true,
	}
}
