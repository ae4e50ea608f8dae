// Package leakcheck makes the tests of a package fail when they leave goroutines or buffers behind. Each
// package's TestMain calls Main; nothing but tests imports it.
package leakcheck

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"weft/pkg/buf"
)

// patience is how long goroutines that were told to end may take.
const patience = 5 * time.Second

// Main runs a package's tests and then waits, for some seconds at most, until all goroutines that they started have
// ended and all segments of package buf are freed. It exits with the tests' code, or with 1 and the stacks of what was
// left. It sets buf.Debug, so that a use after free shows.
func Main(m *testing.M) {
	buf.Debug = true
	before := ids(stacks())
	code := m.Run()
	if code == 0 {
		if err := Wait(patience, before); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		buf.CheckFreed()
	}
	os.Exit(code)
}

// Snapshot returns the goroutines that run now, to be given to Wait later.
func Snapshot() map[string]bool { return ids(stacks()) }

// Wait returns nil as soon as no goroutine runs that is not in before and no segment is in use. After the time given it
// returns an error that tells what was left, with stacks.
func Wait(most time.Duration, before map[string]bool) error {
	deadline := time.Now().Add(most)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		left := newer(stacks(), before)
		segments, size := buf.InUse()
		if len(left) == 0 && segments == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return leaked(left, segments, size)
		}
		// Nothing announces the end of somebody else's goroutine: polling is all there is.
		time.Sleep(pause)
	}
}

func leaked(left []string, segments, size int64) error {
	var b strings.Builder
	if segments != 0 {
		fmt.Fprintf(&b, "leakcheck: %d segments of %d bytes in all were not freed\n", segments, size)
	}
	if len(left) != 0 {
		fmt.Fprintf(&b, "leakcheck: %d goroutines were left\n", len(left))
		for _, s := range left {
			io.WriteString(&b, s+"\n\n")
		}
	}
	return fmt.Errorf("%s", strings.TrimRight(b.String(), "\n"))
}

// stacks returns one text per goroutine but the calling one.
func stacks() []string {
	room := make([]byte, 64<<10)
	for {
		n := runtime.Stack(room, true)
		if n < len(room) {
			room = room[:n]
			break
		}
		room = make([]byte, 2*len(room))
	}
	var all []string
	for _, s := range bytes.Split(room, []byte("\n\n")) {
		all = append(all, strings.TrimSpace(string(s)))
	}
	return all[1:] // the first is the caller's
}

// newer returns the stacks of goroutines that are not in before and not the runtime's or the test driver's own.
func newer(all []string, before map[string]bool) []string {
	var left []string
	for _, s := range all {
		if !before[id(s)] && !own(s) {
			left = append(left, s)
		}
	}
	return left
}

// own reports goroutines that live on by design: the signal watcher of os/signal and the test driver's.
func own(stack string) bool {
	for _, f := range []string{"os/signal.signal_recv", "os/signal.loop", "testing.(*F).Fuzz", "testing.runFuzzing", "internal/fuzz."} {
		if strings.Contains(stack, f) {
			return true
		}
	}
	return false
}

func ids(all []string) map[string]bool {
	m := make(map[string]bool, len(all))
	for _, s := range all {
		m[id(s)] = true
	}
	return m
}

// id is "goroutine 12" of a stack text; numbers are never used twice.
func id(stack string) string {
	head, _, _ := strings.Cut(stack, " [")
	return head
}
