package route_test

import (
	"testing"

	"golang.org/x/net/http2/hpack"

	"weft/pkg/leakcheck"
	"weft/pkg/policy"
	"weft/pkg/telemetry"
	"weft/proxy/balance"
	"weft/proxy/route"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// cluster has one endpoint of its name.
func cluster(t *testing.T, name string) *balance.Cluster {
	t.Helper()
	c := &balance.Cluster{Name: name}
	c.Update([]*balance.Endpoint{{Address: name, Weight: 1}})
	return c
}

func rule(method string, headers map[string]string, splits ...route.Split) *route.Rule {
	p := policy.Default()
	return &route.Rule{Method: method, Headers: headers, Splits: splits, Policy: &p}
}

func TestRule(t *testing.T) {
	to := func(name string) route.Split { return route.Split{Cluster: cluster(t, name), Weight: 1} }
	methods := []*route.Method{
		{Path: "/p.S/Get", Thrift: []byte("get"), Upstream: []byte("get")},
		{Path: "/p.S/Put", Thrift: []byte("put"), Upstream: []byte("put")},
		{Path: "/p.S/List", Thrift: []byte("list"), Upstream: []byte("list")},
	}
	unknown := &route.Method{}
	s := route.NewService("s", telemetry.Outbound, []*route.Rule{
		rule("/p.S/Get", map[string]string{"x-user": "a"}, to("get of a")),
		rule("/p.S/Get", map[string]string{"x-user": "a", "x-more": "b"}, to("never")),
		rule("/p.S/Get", nil, to("get")),
		rule("put", nil, to("put")),
		rule("*", map[string]string{"x-canary": "yes"}, to("canary")),
		rule("*", nil, to("rest")),
	}, methods, unknown)
	s.AddThriftName("S:get", methods[0])
	for _, r := range []struct {
		name, path, thrift string
		headers            []hpack.HeaderField
		want               string
	}{
		{name: "by path", path: "/p.S/Get", want: "get"},
		{name: "by Thrift name", thrift: "get", want: "get"},
		{name: "by multiplexed name", thrift: "S:get", want: "get"},
		{name: "header", path: "/p.S/Get", headers: []hpack.HeaderField{{Name: "x-user", Value: "a"}}, want: "get of a"},
		{name: "the first rule wins", path: "/p.S/Get", headers: []hpack.HeaderField{{Name: "x-user", Value: "a"}, {Name: "x-more", Value: "b"}}, want: "get of a"},
		{name: "one of several values", path: "/p.S/Get", headers: []hpack.HeaderField{{Name: "x-user", Value: "z"}, {Name: "x-user", Value: "a"}}, want: "get of a"},
		{name: "another value", path: "/p.S/Get", headers: []hpack.HeaderField{{Name: "x-user", Value: "A"}}, want: "get"},
		{name: "rule by Thrift name, call by path", path: "/p.S/Put", want: "put"},
		{name: "method before header", path: "/p.S/Put", headers: []hpack.HeaderField{{Name: "x-canary", Value: "yes"}}, want: "put"},
		{name: "header of any method", path: "/p.S/List", headers: []hpack.HeaderField{{Name: "x-canary", Value: "yes"}}, want: "canary"},
		{name: "rest", path: "/p.S/List", want: "rest"},
		{name: "unknown path", path: "/p.S/None", want: "rest"},
		{name: "unknown path with the header", path: "/p.S/None", headers: []hpack.HeaderField{{Name: "x-canary", Value: "yes"}}, want: "canary"},
		{name: "unknown Thrift name", thrift: "none", want: "rest"},
	} {
		t.Run(r.name, func(t *testing.T) {
			m := s.ByPath(r.path)
			if r.path == "" {
				m = s.ByThrift([]byte(r.thrift))
			}
			if got := m.Rule(r.headers).Pick().Address; got != r.want {
				t.Errorf("goes to %q, want %q", got, r.want)
			}
		})
	}
	if ep := s.Any(); ep.Address != "rest" {
		t.Errorf("a connection without methods goes to %q", ep.Address)
	}
}

func TestSplit(t *testing.T) {
	for _, r := range []struct {
		name      string
		weights   []int
		low, high int // calls of 10,000 to the last one
	}{
		{"99 to 1", []int{99, 1}, 60, 150},
		{"half and half", []int{5, 5}, 4700, 5300},
		{"nothing to the last", []int{1, 0}, 0, 0},
		{"three", []int{1, 1, 2}, 4700, 5300},
		{"all to the last", []int{0, 7}, 10_000, 10_000},
	} {
		t.Run(r.name, func(t *testing.T) {
			names := []string{"a", "b", "c"}
			var splits []route.Split
			for i, w := range r.weights {
				splits = append(splits, route.Split{Cluster: cluster(t, names[i]), Weight: w})
			}
			x := rule("*", nil, splits...)
			last := 0
			for range 10_000 {
				if x.Pick().Address == names[len(splits)-1] {
					last++
				}
			}
			if last < r.low || last > r.high {
				t.Errorf("%d of 10,000, want %d to %d", last, r.low, r.high)
			}
		})
	}
	if ep := rule("*", nil, route.Split{Cluster: cluster(t, "a")}, route.Split{Cluster: cluster(t, "b")}).Pick(); ep != nil {
		t.Errorf("without any weight a call goes to %s", ep.Address)
	}
}

// Another endpoint is found in whatever cluster has one and gets calls.
func TestOther(t *testing.T) {
	a, b, never := cluster(t, "a"), cluster(t, "b"), cluster(t, "never")
	r := rule("*", nil, route.Split{Cluster: a, Weight: 99}, route.Split{Cluster: b, Weight: 1}, route.Split{Cluster: never})
	for range 100 {
		if ep := r.Other(a.Endpoints()[0]); ep == nil || ep.Address != "b" {
			t.Fatalf("other than a is %v", ep)
		}
	}
	if ep := rule("*", nil, route.Split{Cluster: a, Weight: 1}).Other(a.Endpoints()[0]); ep != nil {
		t.Errorf("other than the only one is %s", ep.Address)
	}
}
