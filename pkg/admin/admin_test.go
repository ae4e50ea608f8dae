package admin_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weft/pkg/admin"
	"weft/pkg/leakcheck"
	"weft/pkg/telemetry"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// serve runs a server for the time of a test and returns a client whose requests all go to it.
func serve(t *testing.T, o admin.Options, network, address string) *http.Client {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	s := admin.New(o)
	var g sync.WaitGroup
	g.Go(func() { // ends with Shutdown
		if err := s.Serve(l); err != nil {
			t.Error(err)
		}
	})
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, l.Addr().String())
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		g.Wait()
	})
	return &http.Client{Transport: transport}
}

func get(t *testing.T, c *http.Client, method, url string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

func ready() (string, bool) { return "ready", true }

func TestPages(t *testing.T) {
	t.Parallel()
	c := serve(t, admin.Options{
		State:   ready,
		Metrics: telemetry.NewMetrics().Gatherer(),
		Config:  func() ([]byte, error) { return []byte("version: weft/v1\n"), nil },
		Pages: []admin.Page{
			{Path: "/endpoints", Title: "who is there", Write: func(w io.Writer) error { _, err := io.WriteString(w, "billing\n"); return err }},
			{Path: "/broken", Title: "never", Write: func(w io.Writer) error { _, _ = io.WriteString(w, "half"); return errors.New("no state") }},
		},
	}, "tcp", "127.0.0.1:0")
	cases := []struct {
		name, method, path string
		code               int
		has, contentType   string
	}{
		{"alive", "GET", "/healthz", 200, "ok\n", "text/plain"},
		{"ready", "GET", "/readyz", 200, "ready\n", "text/plain"},
		{"metrics", "GET", "/metrics", 200, "weft_buffers_in_use ", "text/plain"},
		{"configuration", "GET", "/config", 200, "version: weft/v1\n", "application/yaml"},
		{"own page", "GET", "/endpoints", 200, "billing\n", "text/plain"},
		{"page with an error", "GET", "/broken", 500, "no state\n", "text/plain"},
		{"index", "GET", "/", 200, `<a href="/endpoints">/endpoints</a> who is there`, "text/html"},
		{"profiles", "GET", "/debug/pprof/", 200, "goroutine", "text/html"},
		{"a profile", "GET", "/debug/pprof/goroutine?debug=1", 200, "goroutine profile:", "text/plain"},
		{"unknown", "GET", "/quitquitquit", 404, "", ""},
		{"post", "POST", "/healthz", 405, "", ""},
	}
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			code, body, header := get(t, c, x.method, "http://localhost"+x.path)
			if code != x.code || !strings.Contains(body, x.has) || !strings.HasPrefix(header.Get("Content-Type"), x.contentType) {
				t.Errorf("%d, %s, %q", code, header.Get("Content-Type"), body)
			}
		})
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	var word atomic.Value
	word.Store("starting")
	c := serve(t, admin.Options{State: func() (string, bool) { w := word.Load().(string); return w, w == "ready" }}, "tcp", "127.0.0.1:0")
	for _, x := range []struct {
		word string
		code int
	}{{"starting", 503}, {"ready", 200}, {"draining", 503}} {
		word.Store(x.word)
		if code, body, _ := get(t, c, "GET", "http://localhost/readyz"); code != x.code || body != x.word+"\n" {
			t.Errorf("%s: %d %q", x.word, code, body)
		}
		if code, _, _ := get(t, c, "GET", "http://localhost/healthz"); code != 200 {
			t.Errorf("%s: alive gives %d", x.word, code)
		}
	}
	if code, _, _ := get(t, c, "GET", "http://localhost/metrics"); code != 404 {
		t.Errorf("metrics without metrics give %d", code)
	}
}

// A web page whose name resolves to 127.0.0.1 reads no configuration.
func TestOtherHostsAreKeptOut(t *testing.T) {
	t.Parallel()
	c := serve(t, admin.Options{State: ready, Config: func() ([]byte, error) { return []byte("x"), nil }}, "tcp", "127.0.0.1:0")
	for url, want := range map[string]int{
		"http://evil.example/config":       403,
		"http://evil.example/":             403,
		"http://evil.example/debug/pprof/": 403,
		"http://evil.example/readyz":       200,
		"http://127.0.0.1:1/config":        200,
		"http://[::1]:1/config":            200,
		"http://localhost:1/config":        200,
	} {
		if code, _, _ := get(t, c, "GET", url); code != want {
			t.Errorf("%s gives %d, want %d", url, code, want)
		}
	}
}

func TestOtherMachinesAreKeptOut(t *testing.T) {
	t.Parallel()
	address := ""
	addresses, _ := net.InterfaceAddrs()
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			address = ip.IP.String() + ":0"
		}
	}
	if address == "" {
		t.Skip("this machine has no address but loopback")
	}
	c := serve(t, admin.Options{State: ready, Config: func() ([]byte, error) { return []byte("x"), nil }}, "tcp", address)
	for path, want := range map[string]int{"/config": 403, "/healthz": 200} {
		if code, _, _ := get(t, c, "GET", "http://localhost"+path); code != want {
			t.Errorf("%s gives %d, want %d", path, code, want)
		}
	}
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	c := serve(t, admin.Options{State: ready, Config: func() ([]byte, error) { return []byte("x"), nil }}, "unix", filepath.Join(t.TempDir(), "a.sock"))
	if code, body, _ := get(t, c, "GET", "http://localhost/config"); code != 200 || body != "x" {
		t.Errorf("%d %q", code, body)
	}
}
