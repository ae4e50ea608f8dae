package proxy

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// WriteEndpoints writes the endpoints of each service with their load, for operators.
func (p *Proxy) WriteEndpoints(w io.Writer) error {
	for _, name := range slices.Sorted(maps.Keys(p.feeders)) {
		if err := writeCluster(w, name, p.feeders[name]); err != nil {
			return err
		}
	}
	for _, f := range p.local {
		if err := writeCluster(w, f.cluster.Name+" (local)", f); err != nil {
			return err
		}
	}
	return nil
}

func writeCluster(w io.Writer, name string, f *feeder) error {
	if _, err := fmt.Fprintln(w, name); err != nil {
		return err
	}
	for _, e := range f.cluster.Endpoints() {
		if _, err := fmt.Fprintf(w, "  %s  %s  weight %d  calls %d\n", e.Address, e.Dialect, e.Weight, e.Pool.Outstanding()); err != nil {
			return err
		}
	}
	return nil
}

// Outstanding is the number of calls that are under way to endpoints, or wait for a connection.
func (p *Proxy) Outstanding() int64 {
	var n int64
	for _, f := range p.feeders {
		n += f.cluster.Outstanding()
	}
	for _, f := range p.local {
		n += f.cluster.Outstanding()
	}
	return n
}
