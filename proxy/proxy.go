package proxy

import (
	"context"
	"sync"

	"go.uber.org/zap"

	"weft/discovery"
	"weft/pkg/budget"
	"weft/pkg/config"
	"weft/pkg/telemetry"
	"weft/pkg/wheel"
	"weft/proxy/accept"
	"weft/proxy/bridge"
	"weft/proxy/upstream"
	"weft/translate/schema"
)

// Options are the pieces that a proxy is built of.
type Options struct {
	Config    *config.Config
	Schemas   map[string]*schema.Schema // by their names in the configuration
	Discovery discovery.Endpoints
	Metrics   *telemetry.Metrics
	Access    *telemetry.AccessLog // nil: off
	Log       *zap.Logger
}

// Proxy is a running sidecar's data path.
type Proxy struct {
	// immutable after New
	config  *config.Config
	schemas map[string]*schema.Schema
	source  discovery.Endpoints
	metrics *telemetry.Metrics
	log     *zap.Logger
	wheel   *wheel.Wheel
	memory  *budget.Budget
	bridge  *bridge.Bridge
	env     *upstream.Env
	cap     *accept.Cap
	targets map[string][]target
	feeders map[string]*feeder // of services that are called
	local   []*feeder          // of the applications beside this sidecar
	entries []*entry

	stop     context.CancelFunc // ends wheel and watches
	running  sync.WaitGroup     // wheel and watches
	serving  sync.WaitGroup     // listeners with their connections
	conns    connections
	stopOnce sync.Once
}

// New builds the routes and compiles the plans. It opens no port and dials nothing.
func New(o Options) (*Proxy, error) {
	p := &Proxy{
		config: o.Config, schemas: o.Schemas, source: o.Discovery, metrics: o.Metrics, log: o.Log,
		wheel:   wheel.New(wheel.Options{}),
		memory:  budget.New(int64(o.Config.Limits.Memory)),
		cap:     &accept.Cap{Most: int64(o.Config.Limits.Connections)},
		targets: map[string][]target{}, feeders: map[string]*feeder{},
	}
	l := o.Config.Limits
	p.bridge = bridge.New(o.Log, p.wheel, p.memory, bridge.Limits{
		Message: int(l.Message), ConnectionMemory: int64(l.ConnectionMemory), QueuedBytes: int(l.QueuedBytes), BetweenBytes: l.BetweenBytes,
		Depth: l.Depth, HTTP2: http2Config(l),
	}, &telemetry.Recorder{Metrics: o.Metrics, Access: o.Access})
	o.Metrics.SetMemory(p.memory)
	p.cap.Refused = func(d telemetry.Direction) { o.Metrics.Exceeded(d, telemetry.LimitConnections) }
	p.env = &upstream.Env{Log: o.Log, Wheel: p.wheel, Memory: p.memory, Pending: budget.New(int64(l.Pending))}
	if err := p.outbound(); err != nil {
		return nil, err
	}
	if err := p.inbound(); err != nil {
		return nil, err
	}
	return p, nil
}

// Memory is the budget of messages that are held whole.
func (p *Proxy) Memory() *budget.Budget { return p.memory }

// Start begins discovery, opens every listener, and serves. After an error nothing is left running.
func (p *Proxy) Start() error {
	for _, e := range p.entries {
		l, err := accept.Listen(e.listen, e.direction, p.cap, p.log)
		if err != nil {
			for _, opened := range p.entries {
				if opened.listener != nil {
					opened.listener.Close()
				}
			}
			return err
		}
		e.listener = l
	}
	var ctx context.Context
	ctx, p.stop = context.WithCancel(context.Background())
	p.running.Add(1)
	go func() { defer p.running.Done(); p.wheel.Run(ctx) }() // ends with Close
	for _, f := range p.feeders {
		if snap := p.source.Snapshot(f.cluster.Name); snap != nil {
			f.apply(snap) // what is known already serves the first call
		}
		p.running.Add(1)
		go f.watch(ctx, p.source, p.log, &p.running) // ends with Close
	}
	for _, e := range p.entries {
		p.serving.Add(1)
		go func() { defer p.serving.Done(); e.listener.Serve(e.serve) }() // ends with Drain or Close
		p.log.Info("listening", zap.String("address", e.listener.Addr().String()),
			zap.String("direction", e.direction.String()), zap.String("service", e.service.Name))
	}
	return nil
}

// Addr returns the address on which a configured listener serves: with port 0 the one that the system chose. "" where there is
// no such listener.
func (p *Proxy) Addr(listen string) string {
	for _, e := range p.entries {
		if e.listen == listen && e.listener != nil {
			return e.listener.Addr().String()
		}
	}
	return ""
}
