// Package balance picks an endpoint of a service for a call: step 5 of a call's path. A Cluster holds the endpoints of
// the newest snapshot that discovery handed over, each with its pool of connections.
package balance

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"

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
	Name string

	endpoints atomic.Pointer[[]*Endpoint]
	mu        sync.Mutex // orders Update and Close
}

// Update replaces the endpoints. The pools of those that are gone
// are closed, which ends their calls, after the new ones are in force.
func (c *Cluster) Update(now []*Endpoint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := make(map[*upstream.Pool]bool, len(now))
	for _, e := range now {
		kept[e.Pool] = true
	}
	before := c.endpoints.Swap(&now)
	if before == nil {
		return
	}
	for _, e := range *before {
		if !kept[e.Pool] {
			e.Pool.Close()
		}
	}
}

// Endpoints returns the endpoints in force. The slice is not to be changed.
func (c *Cluster) Endpoints() []*Endpoint {
	if p := c.endpoints.Load(); p != nil {
		return *p
	}
	return nil
}

// Pick returns the endpoint for a call: of two drawn at random the one with less load for its weight. nil
// where the service has none.
func (c *Cluster) Pick() *Endpoint {
	all := c.Endpoints()
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	i := rand.IntN(len(all))
	j := rand.IntN(len(all) - 1)
	if j >= i {
		j++
	}
	a, b := all[i], all[j]
	// (load+1)/weight, compared without division
	if (a.Pool.Outstanding()+1)*int64(b.Weight) <= (b.Pool.Outstanding()+1)*int64(a.Weight) {
		return a
	}
	return b
}

// Close ends the pools of all endpoints and waits for them.
func (c *Cluster) Close() { c.Update(nil) }
