package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"weft/pkg/config"
	"weft/pkg/dialect"
	"weft/pkg/leakcheck"
	"weft/pkg/policy"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// environment is that of the tests.
func environment(name string) (string, bool) {
	v, ok := map[string]string{"SOCKET": "out.sock", "DEPTH": "12", "EMPTY": "", "DOLLARS": "$$${DEPTH}", "SLOW": "3s", "ON": "true"}[name]
	return v, ok
}

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("dir/weft.yaml", []byte(text), environment)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const minimal = `version: weft/v1
schemas: {billing: {files: [billing.thrift]}}
outbound: {listeners: [{listen: "127.0.0.1:15101", service: billing}]}
upstreams: {billing: {schema: billing}}
discovery: {static: {billing: [{address: "127.0.0.1:9091", dialect: thrift}]}}
`

func TestMinimal(t *testing.T) {
	t.Parallel()
	c := parse(t, minimal)
	if got := c.Schemas["billing"].Files; !reflect.DeepEqual(got, []string{"dir/billing.thrift"}) {
		t.Errorf("files %v", got)
	}
	want := config.Endpoint{Address: "127.0.0.1:9091", EndpointTraits: config.EndpointTraits{
		Dialect: dialect.ThriftFramedBinary, Via: "direct", Pipeline: 1, Weight: 1, MaxConnections: 64, Schema: "billing"}}
	if got := c.Discovery.Static["billing"]; len(got) != 1 || got[0] != want {
		t.Errorf("endpoints %+v, want %+v", got, want)
	}
	if got := c.Policy(c.Upstream("billing").Policy); !reflect.DeepEqual(got, policy.Default()) {
		t.Errorf("policy %+v", got)
	}
	if c.Admin.Listen != "127.0.0.1:15000" || c.Has("admin") || c.Limits.Memory != 256<<20 || c.Telemetry.AccessLog != nil {
		t.Errorf("defaults: admin %+v, limits %+v, telemetry %+v", c.Admin, c.Limits, c.Telemetry)
	}
}

func TestVersionAlone(t *testing.T) {
	t.Parallel()
	c := parse(t, "version: weft/v1\nschemas:\nlimits: ~\n")
	if len(c.Schemas) != 0 || c.Limits.Depth != 64 || c.Has("limits") {
		t.Errorf("got %+v", c)
	}
}

func TestWhole(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/whole.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c := parse(t, string(text))
	s := c.Schemas["orders"]
	if s.Binding != "dir/idl/orders.binding.yaml" || !s.Strict || s.ImportPaths[0] != "dir/idl" || c.Schemas["billing"].Files[0] != "/etc/weft/billing.binpb" || c.StateDir != "dir/state" {
		t.Errorf("schema %+v, state %s", s, c.StateDir)
	}
	if l := c.Inbound.Listeners[0]; l.Port != "main" || c.Port("orders", l.Port).Pipeline != 8 {
		t.Errorf("inbound listener %+v", l)
	}
	if got := c.Outbound.Listeners[1].Listen; got != "unix:///run/weft/out.sock" {
		t.Errorf("listen %s", got)
	}
	static := c.Discovery.Static["billing"]
	inherited := config.EndpointTraits{Dialect: dialect.ThriftUnframedCompact, Via: "direct", Pipeline: 4, Weight: 5, MaxConnections: 64, Schema: "billing"}
	if static[2].EndpointTraits != inherited {
		t.Errorf("an endpoint without keys is %+v, want %+v", static[2].EndpointTraits, inherited)
	}
	if static[0].Weight != 1 || static[0].Dialect != dialect.GRPC || static[1].Pipeline != 32 || static[1].Weight != 5 {
		t.Errorf("endpoints with keys of their own: %+v", static)
	}
	if got := c.Discovery.Static["billing-old"][0].Address; got != "billing.internal:443" {
		t.Errorf("alias gives %s", got)
	}
	if r := c.Routes; r[0].Match.Headers["x-canary"] != "yes" || r[0].Split[0].Weight != 99 || r[1].Match.Method != "*" ||
		len(r[1].Split) != 1 || r[1].Split[0] != (config.Split{Service: "billing", Weight: 1}) {
		t.Errorf("routes %+v", r)
	}
	p := c.Policy("patient")
	if p.Timeout != time.Minute || p.ConnectTimeout != time.Second || p.Ordering != policy.Unordered || p.MaxPending != 16 || !p.IsIdempotent("getInvoice") {
		t.Errorf("policy %+v", p)
	}
	l := c.Limits
	if l.ConnectionMemory != 24<<20 || l.Message != 16<<20 || l.ConnectionWindow != 2<<20 || l.FirstByte != 2*time.Second {
		t.Errorf("limits %+v", l)
	}
	if c.Admin.Listen != "" || c.Telemetry.AccessLog.Sample != 0.25 || c.Log != (config.Log{Level: "debug", Format: "json"}) {
		t.Errorf("admin %+v, telemetry %+v, log %+v", c.Admin, c.Telemetry, c.Log)
	}
}

// Of the structure that the interface promises, only what this version does not do is refused.
func TestInterface(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/interface.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = config.Parse("weft.yaml", text, environment)
	if err == nil {
		t.Fatal("accepted")
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if !strings.HasSuffix(line, "is not available in this version") {
			t.Error(line)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	for _, s := range []string{"0", "64KiB", "4 MiB", "9223372036854775807", "8589934592GiB", "+1", "1.5MiB"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		size, err := config.ParseSize(s)
		if err != nil {
			return
		}
		if back, err := config.ParseSize(size.String()); size < 0 || err != nil || back != size {
			t.Errorf("%q is %d, printed %s, read as %d, %v", s, int64(size), size, back, err)
		}
	})
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	c := parse(t, minimal)
	for _, x := range []struct{ got, want string }{
		{c.At("schemas", "billing", "files", 0).String(), "dir/weft.yaml:2:29"},
		{c.KeyAt("schemas", "billing").String(), "dir/weft.yaml:2:11"},
		{c.At("discovery", "static", "billing", 0, "address").String(), "dir/weft.yaml:5:42"},
		{c.At("discovery", "static", "billing", 0, "weight").String(), "dir/weft.yaml:5:32"},
		{c.At("limits", "memory").String(), "dir/weft.yaml"},
	} {
		if x.got != x.want {
			t.Errorf("at %s, want %s", x.got, x.want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	c := parse(t, "version: weft/v1\nstate_dir: \"/a$$/${DOLLARS}/${EMPTY}b\"\nlimits:\n  depth: ${DEPTH}\n  drain: ${SLOW}\n"+
		"schemas: {s: {files: [x.proto], strict: \"${ON}\"}}\n")
	if c.StateDir != "/a$/$$${DEPTH}/b" || c.Limits.Depth != 12 || c.Limits.Drain != 3*time.Second || !c.Schemas["s"].Strict {
		t.Errorf("got %s, %+v", c.StateDir, c.Limits)
	}
}

func TestRedacted(t *testing.T) {
	t.Parallel()
	c := parse(t, minimal)
	c.Discovery.Consul = &config.Consul{Token: "hush"}
	out, err := c.Redacted()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"memory: 256MiB", "timeout: 15s", "dialect: thrift/framed/binary", "***"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "hush") {
		t.Errorf("the secret is in\n%s", out)
	}
}

func TestSecretStaysHidden(t *testing.T) {
	t.Parallel()
	s := config.Secret("hush")
	for _, verb := range []string{"%v", "%s", "%q", "%x", "%d", "%+v", "%#v"} {
		if got := fmt.Sprintf(verb, s) + fmt.Sprintf(verb, struct{ S config.Secret }{s}); strings.Contains(got, "hush") || strings.Contains(got, "68757368") {
			t.Errorf("%s shows %s", verb, got)
		}
	}
	if s.Reveal() != "hush" || config.Secret("").String() != "" {
		t.Error("Reveal or the empty secret is wrong")
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.Size{"0": 0, "512": 512, "7B": 7, "64KiB": 64 << 10, "4 MiB": 4 << 20, "3GiB": 3 << 30, "1000": 1000} {
		got, err := config.ParseSize(text)
		if got != want || err != nil {
			t.Errorf("%q gives %d, %v", text, got, err)
		}
		if back, err := config.ParseSize(got.String()); back != got || err != nil {
			t.Errorf("%q prints as %s", text, got)
		}
	}
	for _, text := range []string{"", "KiB", "-1", "+1", "1.5MiB", "64KB", "64k", "9223372036854775807GiB", "99999999999999999999"} {
		if got, err := config.ParseSize(text); err == nil {
			t.Errorf("%q gives %d", text, got)
		}
	}
}

func TestSplitAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][2]string{"unix:///run/a.sock": {"unix", "/run/a.sock"}, "[::1]:80": {"tcp", "[::1]:80"}} {
		if network, address := config.SplitAddress(in); network != want[0] || address != want[1] {
			t.Errorf("%s gives %s %s", in, network, address)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "weft.yaml")
	if err := os.WriteFile(file, []byte(minimal), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file)
	if err != nil || c.File() != file || c.Schemas["billing"].Files[0] != filepath.Join(dir, "billing.thrift") {
		t.Errorf("got %+v, %v", c, err)
	}
	if _, err := config.Load(filepath.Join(dir, "none.yaml")); err == nil || !strings.HasPrefix(err.Error(), "read configuration: open ") {
		t.Errorf("a missing file gives %v", err)
	}
}

func FuzzParse(f *testing.F) {
	whole, err := os.ReadFile("testdata/whole.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(minimal))
	for _, c := range bad {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 16<<10 {
			return // the YAML parser takes seconds for some large files
		}
		c, err := config.Parse("weft.yaml", text, environment)
		if err != nil {
			problems, ok := err.(config.Problems)
			if !ok || len(problems) == 0 {
				t.Fatalf("error of type %T: %v", err, err)
			}
			for _, p := range problems {
				if p.Line < 1 || p.Col < 1 {
					t.Errorf("no place: %s", p.Error())
				}
			}
			return
		}
		if c.Version != config.Version {
			t.Errorf("version %q accepted", c.Version)
		}
		if _, err := c.Redacted(); err != nil {
			t.Errorf("cannot be shown: %v", err)
		}
	})
}
