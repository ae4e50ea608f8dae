package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"weft/discovery"
	"weft/discovery/static"
	"weft/pkg/config"
	"weft/pkg/leakcheck"
	"weft/pkg/telemetry"
	"weft/proxy"
	"weft/testpeers"
	"weft/translate/schema"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// everything is the IDL of service Everything.
func everything() []string {
	return []string{filepath.Join(testpeers.Root(), "testpeers", "idl", "everything.thrift")}
}

// A sidecar is a weft in the test's process.
type sidecar struct {
	proxy   *proxy.Proxy
	metrics *telemetry.Metrics
	source  *static.Source
	listen  string
}

// bridgeTo starts a sidecar with one outbound listener, for a service with these endpoints, and gives it. It is drained at the end of
// the test.
func bridgeTo(t testing.TB, idl []string, endpoints ...string) *sidecar {
	t.Helper()
	return bridgeWith(t, idl, "", endpoints...)
}

// bridgeWith is bridgeTo with more configuration.
func bridgeWith(t testing.TB, idl []string, more string, endpoints ...string) *sidecar {
	t.Helper()
	var y strings.Builder
	fmt.Fprintf(&y, "version: weft/v1\nadmin: {listen: \"\"}\nschemas: {s: {files: [%s]}}\n", strings.Join(idl, ", "))
	y.WriteString("outbound: {listeners: [{listen: \"127.0.0.1:0\", service: peer}]}\nupstreams: {peer: {schema: s}}\n")
	y.WriteString("discovery:\n  static:\n    peer:\n")
	for _, e := range endpoints {
		fmt.Fprintf(&y, "    - {%s}\n", e)
	}
	y.WriteString(more)
	return startSidecar(t, y.String())
}

// startSidecar runs a configuration.
func startSidecar(t testing.TB, text string) *sidecar {
	t.Helper()
	c, err := config.Parse("weft.yaml", []byte(text), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatalf("configuration:\n%s\n%v", text, err)
	}
	schemas := map[string]*schema.Schema{}
	for name, s := range c.Schemas {
		loaded, err := schema.Load(schema.Source{Name: name, Files: s.Files, ImportPaths: s.ImportPaths, Binding: s.Binding, Strict: s.Strict})
		if err != nil {
			t.Fatalf("schema %s: %v", name, err)
		}
		schemas[name] = loaded
	}
	m := telemetry.NewMetrics()
	source := static.New(endpointsOf(c))
	p, err := proxy.New(proxy.Options{Config: c, Schemas: schemas, Discovery: source, Metrics: m, Log: zaptest.NewLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		p.Drain(ctx)
		if used := p.Memory().Used(); used != 0 {
			t.Errorf("%d bytes of the memory budget are still reserved after the end", used)
		}
	})
	s := &sidecar{proxy: p, metrics: m, source: source}
	if len(c.Outbound.Listeners) > 0 {
		s.listen = p.Addr(c.Outbound.Listeners[0].Listen)
	} else {
		s.listen = p.Addr(c.Inbound.Listeners[0].Listen)
	}
	return s
}

func endpointsOf(c *config.Config) map[string][]discovery.Endpoint {
	services := map[string][]discovery.Endpoint{}
	for name, list := range c.Discovery.Static {
		for _, e := range list {
			network, address := config.SplitAddress(e.Address)
			services[name] = append(services[name], discovery.Endpoint{
				Network: network, Address: address, Dialect: e.Dialect, Schema: e.Schema,
				Pipeline: e.Pipeline, Weight: e.Weight, MaxConnections: e.MaxConnections, Healthy: true,
			})
		}
	}
	return services
}

func endpoint(addr, dialect string) string {
	return fmt.Sprintf("address: \"%s\", dialect: %s", addr, dialect)
}
