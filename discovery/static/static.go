// Package static is the discovery source whose endpoints stand in the configuration. It needs nothing but the values, and changes
// when the configuration is loaded again.
package static

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"weft/discovery"
)

// Source hands out the endpoints it was last given. It is safe for concurrent use and starts no goroutine.
type Source struct {
	mu       sync.Mutex
	services map[string]*entry
}

// entry is one service. It stays when the service disappears, so that watchers see that and the versions go on.
type entry struct {
	snapshot *discovery.Snapshot
	changed  chan struct{} // closed when snapshot was replaced
	listed   bool          // the configuration has it
}

var _ discovery.Endpoints = (*Source)(nil)

// New returns a source of services, by name. The values are copied.
func New(services map[string][]discovery.Endpoint) *Source {
	s := &Source{services: map[string]*entry{}}
	s.Set(services)
	return s
}

// Set replaces all services at once. Watchers of a service hear of it only if its endpoints changed; a service that is no longer listed
// changes to one without endpoints.
func (s *Source) Set(services map[string][]discovery.Endpoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, e := range s.services {
		if _, stays := services[name]; !stays {
			e.listed = false
			e.replace(name, nil)
		}
	}
	for name, endpoints := range services {
		e := s.services[name]
		if e == nil {
			e = &entry{changed: make(chan struct{})}
			s.services[name] = e
		}
		e.listed = true
		e.replace(name, endpoints)
	}
}

// replace makes a new snapshot unless the endpoints are the same.
func (e *entry) replace(name string, endpoints []discovery.Endpoint) {
	var version uint64
	if e.snapshot != nil {
		if slices.Equal(e.snapshot.Endpoints, endpoints) {
			return
		}
		version = e.snapshot.Version
	}
	e.snapshot = &discovery.Snapshot{Service: name, Version: version + 1, Endpoints: slices.Clone(endpoints)}
	close(e.changed)
	e.changed = make(chan struct{})
}

// Snapshot returns a service's present endpoints, nil for a service that is not listed.
func (s *Source) Snapshot(service string) *discovery.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.services[service]; e != nil && e.listed {
		return e.snapshot
	}
	return nil
}

// Watch implements discovery.Endpoints.
func (s *Source) Watch(ctx context.Context, service string, update func(*discovery.Snapshot)) error {
	s.mu.Lock()
	e := s.services[service]
	known := e != nil && e.listed
	s.mu.Unlock()
	if !known {
		return fmt.Errorf("watch service %q in discovery.static: %w", service, discovery.ErrUnknown)
	}
	for {
		s.mu.Lock()
		snapshot, changed := e.snapshot, e.changed
		s.mu.Unlock()
		update(snapshot)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}
