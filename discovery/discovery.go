// Package discovery says who is there: for each service a snapshot of its endpoints, handed over whole whenever it changes.
// This package has the words and the interface; static (and later Consul) are the sources. The balancer of the proxy is the
// caller. It knows nothing of calls or of their bytes.
package discovery

import (
	"context"
	"fmt"

	"weft/pkg/dialect"
)

// Via says what stands at an endpoint's address.
type Via uint8

// What may stand there.
const (
	Direct Via = iota // the application itself
	Weft              // a sidecar, which speaks the hop
)

// ParseVia returns what its word says: "direct" or "weft".
func ParseVia(s string) (Via, error) {
	switch s {
	case "direct":
		return Direct, nil
	case "weft":
		return Weft, nil
	}
	return Direct, fmt.Errorf("unknown via %q: want direct or weft", s)
}

// String returns the word of the configuration and of Consul's metadata.
func (v Via) String() string {
	if v == Weft {
		return "weft"
	}
	return "direct"
}

// Endpoint is one address of a service. It is a comparable value.
type Endpoint struct {
	Network        string // "tcp" or "unix"
	Address        string // host:port, or the path of a Unix socket
	Dialect        dialect.Dialect
	Via            Via
	Schema         string // by which this sidecar translates; "": it cannot
	Pipeline       int    // calls in flight on one Thrift connection, at least 1
	Weight         int    // share of the calls; 0: none
	MaxConnections int    // at least 1
	Healthy        bool   // as far as the source knows
}

// Snapshot is everything that is known of one service at one moment. It is immutable and shared: whoever has one may keep it, nobody
// may change it.
type Snapshot struct {
	Service   string
	Version   uint64     // grows with each change of the service within one source
	Endpoints []Endpoint // in the source's order, each (Network, Address) once
}

// Endpoints is a source of snapshots.
type Endpoints interface {
	// Watch calls update with the service's snapshot and again whenever it changes, until ctx ends, and returns ctx's error.
	// It blocks: the caller owns the goroutine, and the calls of update come on it, one after the other. A service that the source does not
	// know is ErrUnknown at once. A source that loses its own supply keeps the last snapshot in force: stale beats partial.
	Watch(ctx context.Context, service string, update func(*Snapshot)) error

	// Snapshot returns the service's present snapshot, nil where there is none (yet). It does not block.
	Snapshot(service string) *Snapshot
}
