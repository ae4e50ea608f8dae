package lifecycle_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"weft/pkg/leakcheck"
	"weft/pkg/lifecycle"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// story notes what happens, and lets tests wait for it.
type story struct {
	mu     sync.Mutex
	lines  []string
	change chan struct{}
}

func newStory() *story { return &story{change: make(chan struct{})} }

func (s *story) note(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
	close(s.change)
	s.change = make(chan struct{})
}

func (s *story) await(t *testing.T, line string) {
	t.Helper()
	for timeout := time.After(10 * time.Second); ; {
		s.mu.Lock()
		seen, change := slices.Contains(s.lines, line), s.change
		s.mu.Unlock()
		if seen {
			return
		}
		select {
		case <-change:
		case <-timeout:
			t.Fatalf("%q did not happen", line)
		}
	}
}

func (s *story) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, ", ")
}

// steps notes every step; drain may be nil for one that ends at once.
func (s *story) steps(drain func(context.Context) error) lifecycle.Steps {
	return lifecycle.Steps{
		Start:         func(context.Context) error { s.note("start"); return nil },
		StopAccepting: func() { s.note("stop accepting") },
		Drain: func(ctx context.Context) error {
			s.note("drain")
			if drain == nil {
				return nil
			}
			return drain(ctx)
		},
		Close:   func() { s.note("close") },
		Reload:  func() { s.note("reload") },
		Changed: func(st lifecycle.State) { s.note("[" + st.String() + "]") },
		Grace:   time.Minute,
	}
}

const whole = "start, [ready], [draining], stop accepting, drain, close, [stopped]"

func send(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}

func begin(ctx context.Context, l *lifecycle.Life) <-chan error {
	result := make(chan error, 1)
	go func() { result <- l.Run(ctx) }() // ends when the test makes Run end; its result is awaited
	return result
}

func TestSignalDrains(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(s.String(), func(t *testing.T) {
			st := newStory()
			l := lifecycle.New(st.steps(nil))
			if l.State() != lifecycle.Starting || l.Ready() {
				t.Errorf("before Run: %v", l.State())
			}
			result := begin(t.Context(), l)
			st.await(t, "[ready]")
			if !l.Ready() {
				t.Error("not ready while serving")
			}
			send(t, s)
			if err := <-result; err != nil {
				t.Errorf("error %v", err)
			}
			if st.String() != whole || l.State() != lifecycle.Stopped {
				t.Errorf("got %s, state %v", st, l.State())
			}
		})
	}
}

func TestReload(t *testing.T) {
	st := newStory()
	result := begin(t.Context(), lifecycle.New(st.steps(nil)))
	st.await(t, "[ready]")
	send(t, syscall.SIGHUP)
	st.await(t, "reload")
	send(t, syscall.SIGTERM)
	if err := <-result; err != nil {
		t.Errorf("error %v", err)
	}
	if want := strings.Replace(whole, "[ready]", "[ready], reload", 1); st.String() != want {
		t.Errorf("got %s", st)
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	st := newStory()
	result := begin(t.Context(), lifecycle.New(st.steps(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })))
	st.await(t, "[ready]")
	send(t, syscall.SIGTERM)
	st.await(t, "drain")
	send(t, syscall.SIGHUP) // changes nothing any more
	send(t, syscall.SIGINT)
	if err := <-result; !errors.Is(err, lifecycle.ErrForced) {
		t.Errorf("error %v", err)
	}
	if st.String() != whole {
		t.Errorf("got %s", st)
	}
}

// A signal during the start ends it; what was open all the same is closed in order.
func TestSignalWhileStarting(t *testing.T) {
	for name, heeds := range map[string]bool{"start gives up": true, "start is just done": false} {
		t.Run(name, func(t *testing.T) {
			st := newStory()
			steps := st.steps(nil)
			steps.Start = func(ctx context.Context) error {
				st.note("start")
				<-ctx.Done()
				if heeds {
					return ctx.Err()
				}
				return nil
			}
			result := begin(t.Context(), lifecycle.New(steps))
			st.await(t, "start")
			send(t, syscall.SIGHUP) // changes nothing
			send(t, syscall.SIGTERM)
			err, want := <-result, strings.Replace(whole, "[ready], ", "", 1)
			if heeds {
				want = "start, [stopped]"
			}
			if err != nil || st.String() != want {
				t.Errorf("error %v, got %s", err, st)
			}
		})
	}
}

func TestEnds(t *testing.T) {
	broken := errors.New("listener broke")
	failed := make(chan error, 1)
	failed <- broken
	cases := []struct {
		name   string
		change func(*lifecycle.Steps)
		want   error
		story  string
	}{
		{"context", func(*lifecycle.Steps) {}, nil, whole},
		{"grace is over", func(s *lifecycle.Steps) {
			s.Grace = time.Millisecond
			s.Drain = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		}, nil, strings.Replace(whole, "drain, ", "", 1)},
		{"no grace", func(s *lifecycle.Steps) { s.Grace = 0 }, nil, strings.Replace(whole, "drain, ", "", 1)},
		{"drain fails", func(s *lifecycle.Steps) { s.Drain = func(context.Context) error { return broken } }, broken, strings.Replace(whole, "drain, ", "", 1)},
		{"start fails", func(s *lifecycle.Steps) { s.Start = func(context.Context) error { return broken } }, broken, "[stopped]"},
		{"a piece fails", func(s *lifecycle.Steps) { s.Failed = failed }, broken, whole},
		{"no steps", func(s *lifecycle.Steps) { *s = lifecycle.Steps{} }, nil, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			st := newStory()
			steps := st.steps(nil)
			c.change(&steps)
			if c.want == nil {
				cancel()
			}
			if c.name == "drain fails" {
				steps.Changed = func(s lifecycle.State) {
					st.note("[" + s.String() + "]")
					cancel()
				}
			}
			if err := lifecycle.New(steps).Run(ctx); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if st.String() != c.story {
				t.Errorf("got %s, want %s", st, c.story)
			}
		})
	}
}
