// Package lifecycle is the order in which a program comes up and goes down: ready when it serves, then, on a signal, not ready,
// no longer accepting, calls in flight finished or their grace over, closed. main runs it with the pieces that it built as functions.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// State is where a program is in its life. It only moves forward.
type State uint8

// The states.
const (
	Starting State = iota // not everything is open yet
	Ready                 // serving
	Draining              // nothing new is taken, what is in flight may end
	Stopped               // everything is closed
)

// String returns the word that the admin endpoint shows.
func (s State) String() string {
	return [...]string{"starting", "ready", "draining", "stopped"}[s]
}

// ErrForced is what Run returns when a second signal cut the drain short.
var ErrForced = errors.New("ended by a second signal before the drain was over")

// Steps are the pieces of a program. Nil steps are left out.
type Steps struct {
	// Start opens everything. When it returns an error, what it had opened is closed already. ctx ends when a signal comes
	// before Start is done, or else after Close.
	Start func(ctx context.Context) error

	// StopAccepting closes the listeners and tells peers that keep connections to go elsewhere (GOAWAY). It does not wait.
	StopAccepting func()

	// Drain waits until the calls in flight are over or ctx ends, which is after Grace.
	Drain func(ctx context.Context) error

	// Close ends what is left and waits for its goroutines.
	Close func()

	// Reload is called on SIGHUP while ready. What is wrong with the new configuration it tells itself: the program goes on
	// with the old one.
	Reload func()

	// Changed is told of each state, for the log.
	Changed func(State)

	Grace time.Duration // for Drain; 0: what is in flight is cut off at once

	// Failed ends the program like a signal when it yields an error: a listener died, say. It may be nil.
	Failed <-chan error
}

// Life is one run of a program.
type Life struct {
	steps Steps

	mu    sync.Mutex
	state State
}

// New returns a life that has not begun.
func New(s Steps) *Life { return &Life{steps: s} }

// State returns where the program is. Any goroutine.
func (l *Life) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Ready reports whether the program serves. Any goroutine.
func (l *Life) Ready() bool { return l.State() == Ready }

// enter moves to a later state, and tells it.
func (l *Life) enter(s State) {
	l.mu.Lock()
	moved := s > l.state
	if moved {
		l.state = s
	}
	l.mu.Unlock()
	if moved && l.steps.Changed != nil {
		l.steps.Changed(s)
	}
}

// Run starts the program and returns when it has stopped: after SIGTERM or SIGINT (nil), after a second one (ErrForced), after ctx
// ended (nil), or because of an error of Start, Failed or Drain. Close has been called in all cases but an error of Start.
func (l *Life) Run(ctx context.Context) error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)
	return l.run(ctx, signals, func() { signal.Stop(signals) })
}

// run lives the life; unhook makes signals end the process, should Close not return.
func (l *Life) run(ctx context.Context, signals <-chan os.Signal, unhook func()) error {
	defer l.enter(Stopped)
	starting, cancel := context.WithCancel(ctx)
	defer cancel()
	stop, err := l.start(starting, cancel, signals)
	if stop && errors.Is(err, context.Canceled) {
		return nil // it gave up because it was told to
	}
	if err != nil {
		return err
	}
	var failed error
	if !stop {
		l.enter(Ready)
		failed = l.serve(ctx, signals)
	}
	l.enter(Draining)
	call(l.steps.StopAccepting)
	err = l.drain(signals)
	unhook()
	call(l.steps.Close)
	return errors.Join(failed, err)
}

// start opens everything, and gives up when a signal comes meanwhile; stop says that one came too late for that.
func (l *Life) start(ctx context.Context, cancel func(), signals <-chan os.Signal) (stop bool, err error) {
	if l.steps.Start == nil {
		return false, nil
	}
	done := make(chan error, 1)
	go func() { done <- l.steps.Start(ctx) }() // ends soon after ctx; joined below
	for {
		select {
		case err := <-done:
			return stop, err
		case s := <-signals:
			if s != syscall.SIGHUP { // nothing to load again yet
				stop = true
				cancel()
			}
		}
	}
}

// serve returns when there is a reason to stop: nil for an orderly one.
func (l *Life) serve(ctx context.Context, signals <-chan os.Signal) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-l.steps.Failed:
			return err
		case s := <-signals:
			if s != syscall.SIGHUP {
				return nil
			}
			call(l.steps.Reload)
		}
	}
}

// drain waits for the calls in flight, as long as Grace and signals let it.
func (l *Life) drain(signals <-chan os.Signal) error {
	if l.steps.Drain == nil || l.steps.Grace <= 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), l.steps.Grace)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- l.steps.Drain(ctx) }() // ends with ctx at the latest; joined below
	forced := false
	for {
		select {
		case err := <-done:
			switch {
			case forced:
				return ErrForced
			case errors.Is(err, context.DeadlineExceeded):
				return nil // what was not over is cut off, as the grace says
			case err != nil:
				return fmt.Errorf("drain: %w", err)
			}
			return nil
		case s := <-signals:
			if s != syscall.SIGHUP {
				forced = true
				cancel()
			}
		}
	}
}

func call(step func()) {
	if step != nil {
		step()
	}
}
