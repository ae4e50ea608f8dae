package h2

import (
	"os"
	"os/signal"
	"testing"
)

// TestServeForH2spec serves for h2spec until it is interrupted, where H2SPEC is set.
func TestServeForH2spec(t *testing.T) {
	if os.Getenv("H2SPEC") == "" {
		t.Skip("H2SPEC is not set")
	}
	addr := serve(t, Config{MaxStreams: 100}, func() Handler { return &echo{body: "an answer of some length"} })
	if err := os.WriteFile(os.Getenv("H2SPEC"), []byte(addr), 0o600); err != nil {
		t.Fatal(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	<-stop
}
