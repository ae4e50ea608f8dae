package e2e

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metric sums the samples of a metric that have these labels, given as names and values in turn. Of a histogram it is the count.
func metric(t testing.TB, w *sidecar, name string, labels ...string) float64 {
	t.Helper()
	r := prometheus.NewRegistry()
	if err := r.Register(w.metrics); err != nil {
		t.Fatal(err)
	}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
	samples:
		for _, m := range f.Metric {
			for i := 0; i < len(labels); i += 2 {
				found := false
				for _, l := range m.Label {
					found = found || l.GetName() == labels[i] && l.GetValue() == labels[i+1]
				}
				if !found {
					continue samples
				}
			}
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return sum
}

// eventually waits until a condition holds that nothing announces.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after 10 s still not: %s", what)
		}
	}
}

// settled waits until no call is in flight and no place of an endpoint is taken.
func settled(t testing.TB, w *sidecar) {
	t.Helper()
	eventually(t, "no call in flight", func() bool { return metric(t, w, "weft_requests_in_flight") == 0 })
	eventually(t, "no place taken", func() bool { return w.proxy.Outstanding() == 0 })
}

// calls is the number of calls that are over.
func calls(t testing.TB, w *sidecar, labels ...string) int {
	t.Helper()
	return int(metric(t, w, "weft_requests_total", labels...))
}
