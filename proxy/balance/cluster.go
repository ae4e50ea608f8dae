// Package balance picks an endpoint of a service for a call: step 5 of a call's path. A Cluster holds the endpoints of
// the newest snapshot that discovery handed over, each with its pool of connections.
package balance

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"weft/pkg/dialect"
	"weft/proxy/upstream"
)

// Endpoint is one address of a service that calls can be sent to. It is immutable but for its pool.
type Endpoint struct {
	Address string
	Dialect dialect.Dialect
	Weight  int // >= 1
	Pool    *upstream.Pool
}

// Cluster is the endpoints of one service.
type Cluster struct {
	Name  string
	Grace time.Duration // for the calls of an endpoint that is gone; set before the first Update

	now atomic.Pointer[table]

	mu     sync.Mutex // orders Update and Close
	ending sync.WaitGroup
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
}

// table is the endpoints in force. It is immutable.
type table struct {
	endpoints []*Endpoint
	upTo      []int // sums of the weights up to and with each endpoint; nil where all are the same
}

func newTable(endpoints []*Endpoint) *table {
	t := &table{endpoints: endpoints}
	sum, same := 0, true
	for _, e := range endpoints {
		sum += e.Weight
		t.upTo = append(t.upTo, sum)
		same = same && e.Weight == endpoints[0].Weight
	}
	if same {
		t.upTo = nil
	}
	return t
}

// draw returns an endpoint with a probability in proportion to its weight.
func (t *table) draw() *Endpoint {
	if t.upTo == nil {
		return t.endpoints[rand.IntN(len(t.endpoints))]
	}
	i, _ := slices.BinarySearch(t.upTo, 1+rand.IntN(t.upTo[len(t.upTo)-1]))
	return t.endpoints[i]
}

// Update replaces the endpoints. The pools of those that are gone get no further calls; the calls they have may finish
// within the grace.
func (c *Cluster) Update(now []*Endpoint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx == nil {
		c.ctx, c.cancel = context.WithCancel(context.Background())
	}
	kept := make(map[*upstream.Pool]bool, len(now))
	for _, e := range now {
		kept[e.Pool] = true
	}
	before := c.now.Swap(newTable(now))
	if before == nil {
		return
	}
	for _, e := range before.endpoints {
		if !kept[e.Pool] {
			c.ending.Add(1)
			go c.end(e.Pool) // ends after the grace at the latest; Close waits for it
		}
	}
}

func (c *Cluster) end(p *upstream.Pool) {
	defer c.ending.Done()
	ctx, cancel := context.WithTimeout(c.ctx, c.Grace)
	defer cancel()
	p.Drain(ctx)
}

// Endpoints returns the endpoints in force. The slice is not to be changed.
func (c *Cluster) Endpoints() []*Endpoint {
	if t := c.now.Load(); t != nil {
		return t.endpoints
	}
	return nil
}

// Pick returns the endpoint for a call: the first of two drawn by weight, unless the second would have less load for its weight
// even with the call. So the shares are those of the weights as long as nobody is behind. nil where the service has no endpoint.
func (c *Cluster) Pick() *Endpoint {
	t := c.now.Load()
	switch {
	case t == nil || len(t.endpoints) == 0:
		return nil
	case len(t.endpoints) == 1:
		return t.endpoints[0]
	}
	a, b := t.draw(), t.draw()
	// (load b + 1)/weight b <= load a/weight a, compared without division
	if (b.Pool.Outstanding()+1)*int64(a.Weight) <= a.Pool.Outstanding()*int64(b.Weight) {
		return b
	}
	return a
}

// Other returns an endpoint of the same dialect as one that a call has been tried at. nil where there is none.
func (c *Cluster) Other(than *Endpoint) *Endpoint {
	all := c.Endpoints()
	if len(all) == 0 {
		return nil
	}
	start := rand.IntN(len(all))
	for i := range all {
		e := all[(start+i)%len(all)]
		if e.Address != than.Address && e.Dialect == than.Dialect {
			return e
		}
	}
	return nil
}

// Close ends the pools of all endpoints at once and waits for them.
func (c *Cluster) Close() {
	c.Update(nil)
	c.cancel()
	c.ending.Wait()
}

// Outstanding is the number of calls that are under way to the endpoints in force, or parked.
func (c *Cluster) Outstanding() int64 {
	var n int64
	for _, e := range c.Endpoints() {
		n += e.Pool.Outstanding()
	}
	return n
}
