package static_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"weft/discovery"
	"weft/discovery/static"
	"weft/pkg/dialect"
	"weft/pkg/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func endpoint(address string) discovery.Endpoint {
	return discovery.Endpoint{Network: "tcp", Address: address, Dialect: dialect.GRPC, Pipeline: 1, Weight: 1, MaxConnections: 1, Healthy: true}
}

func services(name string, addresses ...string) map[string][]discovery.Endpoint {
	list := []discovery.Endpoint{}
	for _, a := range addresses {
		list = append(list, endpoint(a))
	}
	return map[string][]discovery.Endpoint{name: list}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	given := services("billing", "a:1", "b:1")
	s := static.New(given)
	given["billing"][0].Address = "changed:1" // the source has its own copy
	got := s.Snapshot("billing")
	if got == nil || got.Service != "billing" || len(got.Endpoints) != 2 || got.Endpoints[0] != endpoint("a:1") {
		t.Fatalf("snapshot %+v", got)
	}
	if s.Snapshot("orders") != nil {
		t.Error("a service that is not listed has a snapshot")
	}
	s.Set(services("billing", "a:1", "b:1"))
	if s.Snapshot("billing") != got {
		t.Error("the same endpoints made another snapshot")
	}
	s.Set(services("billing", "b:1"))
	if now := s.Snapshot("billing"); now.Version <= got.Version || len(now.Endpoints) != 1 || len(got.Endpoints) != 2 {
		t.Errorf("after a change: %+v, before: %+v", now, got)
	}
	s.Set(nil)
	if s.Snapshot("billing") != nil {
		t.Error("a service that is no longer listed has a snapshot")
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	s := static.New(services("billing", "a:1"))
	ctx, cancel := context.WithCancel(t.Context())
	var watch sync.WaitGroup
	got := make(chan *discovery.Snapshot)
	watch.Go(func() { // ends with cancel
		if err := s.Watch(ctx, "billing", func(x *discovery.Snapshot) { got <- x }); !errors.Is(err, context.Canceled) {
			t.Errorf("Watch returned %v", err)
		}
	})
	steps := []struct {
		name string
		set  map[string][]discovery.Endpoint
		want []string
	}{
		{"at once", nil, []string{"a:1"}},
		{"added", services("billing", "a:1", "b:1"), []string{"a:1", "b:1"}},
		{"gone", services("orders", "x:1"), nil},
		{"back", services("billing", "c:1"), []string{"c:1"}},
	}
	var version uint64
	for i, step := range steps {
		if i > 0 {
			s.Set(step.set)
		}
		x := <-got
		if x.Version <= version {
			t.Errorf("%s: version %d after %d", step.name, x.Version, version)
		}
		version = x.Version
		var addresses []string
		for _, e := range x.Endpoints {
			addresses = append(addresses, e.Address)
		}
		if len(addresses) != len(step.want) || len(addresses) > 0 && addresses[0] != step.want[0] {
			t.Errorf("%s: endpoints %v, want %v", step.name, addresses, step.want)
		}
	}
	cancel()
	watch.Wait()
}

func TestWatchUnknown(t *testing.T) {
	t.Parallel()
	err := static.New(nil).Watch(t.Context(), "billing", func(*discovery.Snapshot) { t.Error("a snapshot of nothing") })
	if !errors.Is(err, discovery.ErrUnknown) || err.Error() != `watch service "billing" in discovery.static: unknown service` {
		t.Errorf("error %v", err)
	}
}
