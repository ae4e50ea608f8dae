package proxy

import (
	"context"
	"errors"
	"sync"

	"go.uber.org/zap"

	"weft/discovery"
	"weft/pkg/config"
	"weft/pkg/dialect"
	"weft/pkg/policy"
	"weft/pkg/sock"
	"weft/pkg/telemetry"
	"weft/proxy/balance"
	"weft/proxy/h2"
	"weft/proxy/thriftio"
	"weft/proxy/upstream"
)

// Streams that one HTTP/2 connection to an endpoint carries before the next is opened.
const streamsPerUpstream = 256

// A feeder keeps a cluster in step with the snapshots of its service.
type feeder struct {
	cluster *balance.Cluster
	env     *upstream.Env
	policy  policy.Policy
	metrics *telemetry.Metrics
	dir     telemetry.Direction
	limits  config.Limits

	pools map[discovery.Endpoint]*balance.Endpoint // owned by the watching goroutine
}

func (p *Proxy) newFeeder(name string, dir telemetry.Direction, pol policy.Policy) *feeder {
	cluster := &balance.Cluster{Name: name, Grace: p.config.Limits.Drain}
	return &feeder{cluster: cluster, env: p.env, policy: pol, metrics: p.metrics, dir: dir, limits: p.config.Limits, pools: map[discovery.Endpoint]*balance.Endpoint{}}
}

// apply puts a snapshot in force. An endpoint that stays as it was keeps its connections.
func (f *feeder) apply(snap *discovery.Snapshot) {
	var now []*balance.Endpoint
	pools := map[discovery.Endpoint]*balance.Endpoint{}
	for _, e := range snap.Endpoints {
		if e.Weight < 1 || !e.Healthy {
			continue
		}
		ep := f.pools[e]
		if ep == nil {
			ep = &balance.Endpoint{Address: e.Address, Dialect: e.Dialect, Weight: e.Weight, Pool: upstream.NewPool(f.options(e), f.env)}
		}
		pools[e] = ep
		now = append(now, ep)
	}
	f.pools = pools
	f.cluster.Update(now)
}

func (f *feeder) options(e discovery.Endpoint) upstream.Options {
	depth := e.Pipeline
	if e.Dialect.Kind == dialect.KindGRPC {
		depth = streamsPerUpstream
	}
	return upstream.Options{
		Network: e.Network, Address: e.Address, Dialect: e.Dialect,
		Depth: max(depth, 1), MaxConnections: max(e.MaxConnections, 1), MaxPending: f.policy.MaxPending,
		ConnectTimeout: f.policy.ConnectTimeout,
		IdleTimeout:    f.policy.IdleTimeout,
		Socket:         socketLimits(f.limits),
		HTTP2:          http2Config(f.limits),
		Counters:       f.metrics.Connections(f.dir, telemetry.Upstream, f.cluster.Name, e.Dialect),
		ProtocolError:  func() { f.metrics.ProtocolError(f.dir, telemetry.Upstream, e.Dialect) },
		Exceeded:       func(l telemetry.Limit) { f.metrics.Exceeded(f.dir, l) },
		Thrift:         thriftio.Limits{MaxMessage: int(f.limits.Message), MaxDepth: f.limits.Depth},
	}
}

func socketLimits(l config.Limits) sock.Limits {
	return sock.Limits{MaxQueued: int(l.QueuedBytes), WriteStall: l.WriteStall}
}

func http2Config(l config.Limits) h2.Config {
	return h2.Config{
		MaxStreams:     uint32(l.StreamsPerConnection),
		StreamWindow:   uint32(l.StreamWindow),
		ConnWindow:     uint32(l.ConnectionWindow),
		MaxHeaderBytes: uint32(l.HeaderList),
	}
}

// watch follows the service until ctx ends. The caller's WaitGroup is done then.
func (f *feeder) watch(ctx context.Context, source discovery.Endpoints, log *zap.Logger, done *sync.WaitGroup) {
	defer done.Done()
	err := source.Watch(ctx, f.cluster.Name, f.apply)
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Error("discovery of a service ended", zap.String("service", f.cluster.Name), zap.Error(err))
	}
}
