// Package policy holds how the calls of a service are treated: time limits, order, what may be retried. The
// configuration (and later discovery) resolves a name to a Policy; the proxy reads it and never changes it.
package policy

import (
	"fmt"
	"slices"
	"time"
)

// Ordering says what the order of calls on one Thrift connection binds.
type Ordering uint8

// The orderings. HTTP/2 streams are independent in any case.
const (
	// PerConnection dispatches the next call of a connection when the previous one is complete, as Thrift servers do it.
	PerConnection Ordering = iota
	// Unordered dispatches calls as they come; replies still go out in the order of the calls where the client relies on it.
	Unordered
)

// ParseOrdering returns the ordering of its word: "connection" or "none".
func ParseOrdering(s string) (Ordering, error) {
	switch s {
	case "connection":
		return PerConnection, nil
	case "none":
		return Unordered, nil
	}
	return 0, fmt.Errorf("unknown ordering %q: want connection or none", s)
}

// String returns the word that ParseOrdering reads.
func (o Ordering) String() string {
	if o == Unordered {
		return "none"
	}
	return "connection"
}

// Policy is immutable once it is handed out.
type Policy struct {
	Timeout        time.Duration // of a call, from its first byte; a shorter deadline of the caller wins; 0: no limit
	ConnectTimeout time.Duration // of a connection's set-up, TLS included
	IdleTimeout    time.Duration // after which a connection without calls is closed; 0: never
	Ordering       Ordering      // of the calls of one Thrift connection
	Idempotent     []string      // methods that may be sent again after bytes were written; "*": all
	MaxPending     int           // calls that may wait for a connection or a stream slot
}

// Default returns what holds where nothing is configured.
func Default() Policy {
	return Policy{
		Timeout:        15 * time.Second,
		ConnectTimeout: time.Second,
		IdleTimeout:    5 * time.Minute,
		Ordering:       PerConnection,
		MaxPending:     1024,
	}
}

// IsIdempotent reports whether method, by the name under which the schema has it, may be sent again. It is meant for the
// time when a route is built, not for each call.
func (p *Policy) IsIdempotent(method string) bool {
	return slices.Contains(p.Idempotent, "*") || slices.Contains(p.Idempotent, method)
}
