package proxy

import (
	"fmt"

	"weft/pkg/telemetry"
)

// outbound builds the entries for calls that the local application makes: each listener stands for one service, whose routes
// name the clusters that discovery fills.
func (p *Proxy) outbound() error {
	for _, l := range p.config.Outbound.Listeners {
		up := p.config.Upstream(l.Service)
		targets, err := p.targetsOf(up.Schema)
		if err != nil {
			return fmt.Errorf("upstream %s: %w", l.Service, err)
		}
		svc := newService(l.Service, telemetry.Outbound, p.rules(l.Service), targets, nil, p.metrics)
		p.entries = append(p.entries, p.newEntry(l.Listen, telemetry.Outbound, svc, p.config.Policy(up.Policy)))
	}
	return nil
}
