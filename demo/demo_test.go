package demo

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"weft/pkg/config"
)

// Each side's calls against its own kind of server, without a sidecar: what they expect is right.
func TestCallsWithoutSidecar(t *testing.T) {
	var out bytes.Buffer
	s := &show{out: &out}
	g, err := startGRPC()
	if err != nil {
		t.Fatal(err)
	}
	defer g.stop()
	th, err := startThrift()
	if err != nil {
		t.Fatal(err)
	}
	defer th.stop()
	for round := 1; round <= 2; round++ {
		if err := grpcCalls(t.Context(), s, g.addr, round); err != nil {
			t.Error(err)
		}
		if err := thriftCalls(t.Context(), s, th.addr, round); err != nil {
			t.Error(err)
		}
	}
	if s.calls != 24 {
		t.Errorf("%d calls, want 24:\n%s", s.calls, &out)
	}
	for _, want := range []string{"status NotFound", `"weightKg":1.25`, "exception OutOfStock", "oneway"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not shown:\n%s", want, &out)
		}
	}
}

// An answer that is not the expected one ends the demo with an error.
func TestWrongAnswer(t *testing.T) {
	g, err := startGRPC()
	if err != nil {
		t.Fatal(err)
	}
	defer g.stop()
	s := &show{out: &bytes.Buffer{}}
	if err := grpcCalls(t.Context(), s, g.addr, 1); err != nil {
		t.Fatal(err)
	}
	if err := grpcCalls(t.Context(), s, g.addr, 1); err == nil { // the server has counted two views by now
		t.Error("a second view passes as the first")
	}
}

func TestConfigLoads(t *testing.T) {
	for _, dialect := range []string{"thrift", "grpc"} {
		addr, file, err := writeConfig(t.TempDir(), dialect, "127.0.0.1:9090")
		if err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(file)
		if err != nil {
			t.Fatalf("the %s server's sidecar: %v", dialect, err)
		}
		if got := c.Inbound.Listeners[0].Listen; got != addr {
			t.Errorf("the %s server's sidecar listens at %s, the demo calls %s", dialect, got, addr)
		}
	}
}

func TestSidecarThatDoesNotStart(t *testing.T) {
	broken := errors.New("no room")
	err := Run(t.Context(), Options{Once: true, Out: &bytes.Buffer{}}, func(context.Context, string) (func() error, error) {
		return nil, broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}
