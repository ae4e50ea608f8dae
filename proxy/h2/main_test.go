package h2

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"weft/pkg/buf"
)

// TestMain fails where a test left a goroutine or a segment behind.
func TestMain(m *testing.M) {
	buf.Debug = true
	code := m.Run()
	if code == 0 {
		if err := awaitClean(10 * time.Second); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// awaitClean waits until no goroutine of ours runs and no segment is in use.
func awaitClean(patience time.Duration) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		segments, bytes := buf.InUse()
		stacks := ourGoroutines()
		if segments == 0 && len(stacks) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("left behind: %d segments of %d bytes, %d goroutines:\n%s",
				segments, bytes, len(stacks), strings.Join(stacks, "\n\n"))
		}
	}
}

func ourGoroutines() (ours []string) {
	text := make([]byte, 1<<20)
	text = text[:runtime.Stack(text, true)]
	for i, g := range strings.Split(string(text), "\n\n") {
		if i > 0 && (strings.Contains(g, "weft/") || strings.Contains(g, "google.golang.org/grpc")) {
			ours = append(ours, g)
		}
	}
	return ours
}
