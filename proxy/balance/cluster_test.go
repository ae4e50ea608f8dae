package balance_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"weft/pkg/budget"
	"weft/pkg/dialect"
	"weft/pkg/leakcheck"
	"weft/pkg/sock"
	"weft/pkg/telemetry"
	"weft/pkg/wheel"
	"weft/proxy/balance"
	"weft/proxy/upstream"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// parked is a call that waits for ever: load.
type parked struct{ link upstream.Parked }

func (p *parked) Assigned(*upstream.Conn, *sock.Batch) bool { return false }
func (p *parked) Unassigned(error, *sock.Batch)             {}
func (p *parked) Parked() *upstream.Parked                  { return &p.link }

// newEndpoint is an endpoint at a listener that takes connections and says nothing.
func newEndpoint(t *testing.T, weight int) *balance.Endpoint {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	env := &upstream.Env{Log: zap.NewNop(), Wheel: wheel.New(wheel.Options{}), Memory: budget.New(1 << 20), Pending: budget.New(1 << 20)}
	pool := upstream.NewPool(upstream.Options{
		Network: "tcp", Address: l.Addr().String(), Dialect: dialect.GRPC, Depth: 1000, MaxConnections: 1, MaxPending: 10_000,
		ConnectTimeout: time.Minute, Counters: telemetry.NewMetrics().Connections(telemetry.Outbound, telemetry.Upstream, "s", dialect.GRPC),
	}, env)
	return &balance.Endpoint{Address: l.Addr().String(), Dialect: dialect.GRPC, Weight: weight, Pool: pool}
}

func newCluster(t *testing.T, weights ...int) (*balance.Cluster, []*balance.Endpoint) {
	t.Helper()
	c := &balance.Cluster{Name: "s", Grace: time.Minute}
	var all []*balance.Endpoint
	for _, w := range weights {
		all = append(all, newEndpoint(t, w))
	}
	c.Update(all)
	t.Cleanup(c.Close)
	return c, all
}

func addLoad(t *testing.T, e *balance.Endpoint, n int) {
	t.Helper()
	for range n {
		if _, err := e.Pool.AcquireOrPark(&parked{}, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func shares(c *balance.Cluster, all []*balance.Endpoint, picks int) []float64 {
	share := make([]float64, len(all))
	for range picks {
		e := c.Pick()
		for i := range all {
			if all[i] == e {
				share[i] += 1 / float64(picks)
			}
		}
	}
	return share
}

func TestPickDistribution(t *testing.T) {
	for _, r := range []struct {
		name    string
		weights []int
		load    []int
		low     []float64 // of the shares
		high    []float64
	}{
		{"one", []int{3}, []int{0}, []float64{1}, []float64{1}},
		{"equal", []int{1, 1}, []int{0, 0}, []float64{0.47, 0.47}, []float64{0.53, 0.53}},
		{"weights without load", []int{1, 3, 6}, []int{0, 0, 0}, []float64{0.08, 0.27, 0.57}, []float64{0.12, 0.33, 0.63}},
		{"99 to 1 without load", []int{99, 1}, []int{0, 0}, []float64{0.98, 0.004}, []float64{0.996, 0.02}},
		{"99 to 1, the heavy one has one call", []int{99, 1}, []int{1, 0}, []float64{0.98, 0.004}, []float64{0.996, 0.02}},
		{"weights with load in proportion", []int{1, 3}, []int{10, 30}, []float64{0.22, 0.72}, []float64{0.28, 0.78}},
		{"the one behind gets less", []int{1, 1}, []int{10, 0}, []float64{0.2, 0.7}, []float64{0.3, 0.8}},
	} {
		t.Run(r.name, func(t *testing.T) {
			c, all := newCluster(t, r.weights...)
			for i, n := range r.load {
				addLoad(t, all[i], n)
			}
			for i, s := range shares(c, all, 20_000) {
				if s < r.low[i]-1e-9 || s > r.high[i]+1e-9 {
					t.Errorf("endpoint %d has a share of %.3f, want %.3f to %.3f", i, s, r.low[i], r.high[i])
				}
			}
		})
	}
}

func TestPickOfNothing(t *testing.T) {
	if e := new(balance.Cluster).Pick(); e != nil {
		t.Errorf("a cluster without a snapshot gave %v", e)
	}
	c, _ := newCluster(t)
	if e := c.Pick(); e != nil {
		t.Errorf("an empty cluster gave %v", e)
	}
}

func TestOther(t *testing.T) {
	c, all := newCluster(t, 1, 1000)
	addLoad(t, all[0], 100)
	for range 100 {
		if e := c.Other(all[1]); e != all[0] {
			t.Fatalf("other than %s is %v", all[1].Address, e)
		}
	}
	alone, one := newCluster(t, 1)
	if e := alone.Other(one[0]); e != nil {
		t.Errorf("other than the only one is %v", e)
	}
	foreign := *all[0]
	foreign.Dialect = dialect.ThriftFramedBinary
	if e := c.Other(&foreign); e != nil {
		t.Errorf("other than one of another dialect is %v", e)
	}
}

// A pool that is gone from the snapshot stays open as long as it has calls.
func TestUpdateLetsCallsFinish(t *testing.T) {
	c, all := newCluster(t, 1, 1)
	call := &parked{}
	if _, err := all[0].Pool.AcquireOrPark(call, nil); err != nil {
		t.Fatal(err)
	}
	c.Update(all[1:])
	for range 100 {
		if c.Pick() != all[1] {
			t.Fatal("an endpoint that is gone was picked")
		}
	}
	if !upstream.Unpark(call) {
		t.Error("the call of an endpoint that is gone was not left alone")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	all[0].Pool.Drain(ctx) // returns as soon as the pool has no calls
	if ctx.Err() != nil {
		t.Error("the pool did not end with its last call")
	}
	if _, err := all[0].Pool.AcquireOrPark(call, nil); err != upstream.ErrClosed {
		t.Errorf("a pool that has ended says %v", err)
	}
}

// Pick and Update at the same time.
func TestPickDuringUpdate(t *testing.T) {
	c, all := newCluster(t, 1, 2, 3)
	var running sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		running.Go(func() { // ends with done
			for {
				select {
				case <-done:
					return
				default:
					if c.Pick() == nil {
						t.Error("nothing to pick")
						return
					}
				}
			}
		})
	}
	for range 1000 { // the same pools: none ends
		c.Update([]*balance.Endpoint{all[2], all[0], all[1]})
	}
	close(done)
	running.Wait()
}
