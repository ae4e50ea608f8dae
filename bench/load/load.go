// Package load makes closed-loop load: each of N connections keeps M calls outstanding and sends the next when an answer
// has come. It speaks HTTP/2 and framed Thrift on raw frames, so that it costs little beside what it measures.
//
// The first answer of each connection is checked as a whole; the others have to have its size and status.
package load

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Load is a load to be made.
type Load struct {
	Addr        string
	Connections int
	Outstanding int                // calls under way on each connection
	Request     []byte             // the message: protobuf, or the argument struct in Thrift binary
	Check       func([]byte) error // of an answer's message, or result struct
	WarmUp      time.Duration
	Duration    time.Duration
}

// Result is what was measured between the warm-up and the end.
type Result struct {
	Calls   int
	Elapsed time.Duration
	P50     time.Duration
	P99     time.Duration
}

// PerSecond gives the calls in a second.
func (r Result) PerSecond() float64 { return float64(r.Calls) / r.Elapsed.Seconds() }

// drain is how long the last answers may take after the end.
const drain = 5 * time.Second

// loop runs one connection until stop is set and its last answer has come.
type loop func(conn net.Conn, rec *recorder) error

// run makes the load with one goroutine for each connection. begin and end are called where the measurement begins and
// ends.
func (l Load) run(dial loop, begin, end func()) (Result, error) {
	var phase atomic.Int32
	recorders := make([]*recorder, l.Connections)
	conns := make([]net.Conn, l.Connections)
	defer func() {
		for _, c := range conns {
			if c != nil {
				_ = c.Close()
			}
		}
	}()
	for i := range conns {
		var err error
		if conns[i], err = net.Dial("tcp", l.Addr); err != nil {
			return Result{}, fmt.Errorf("connect the load: %w", err)
		}
		recorders[i] = &recorder{phase: &phase}
	}
	failed := make(chan error, l.Connections)
	var wg sync.WaitGroup
	for i := range conns {
		wg.Go(func() { // ends when phase is stopping and the last answer has come, or the connection's deadline
			if err := dial(conns[i], recorders[i]); err != nil {
				failed <- fmt.Errorf("connection %d: %w", i, err)
			}
		})
	}
	err := wait(l.WarmUp, failed)
	begin()
	from := time.Now()
	phase.Store(measuring)
	if err == nil {
		err = wait(l.Duration, failed)
	}
	phase.Store(stopping)
	elapsed := time.Since(from)
	end()
	for _, c := range conns {
		_ = c.SetReadDeadline(time.Now().Add(drain))
	}
	wg.Wait()
	if err == nil && len(failed) > 0 {
		err = <-failed
	}
	return summary(recorders, elapsed), err
}

func wait(d time.Duration, failed <-chan error) error {
	select {
	case <-time.After(d):
		return nil
	case err := <-failed:
		return err
	}
}

func summary(recorders []*recorder, elapsed time.Duration) Result {
	var all []time.Duration
	for _, r := range recorders {
		all = append(all, r.took...)
	}
	if len(all) == 0 {
		return Result{Elapsed: elapsed}
	}
	slices.Sort(all)
	return Result{Calls: len(all), Elapsed: elapsed, P50: all[len(all)/2], P99: all[len(all)*99/100]}
}

// Phases of a load.
const (
	warming = iota
	measuring
	stopping
)

var errStatus = errors.New("the answer is not OK")

// recorder keeps one connection's latencies and the size of its answers.
type recorder struct {
	phase *atomic.Int32
	took  []time.Duration
	size  int // of the first answer; 0 before it
}

func (r *recorder) stopped() bool { return r.phase.Load() == stopping }

// answer takes an answer to a call that was sent at from.
func (r *recorder) answer(from time.Time, body []byte, check func([]byte) error) error {
	if r.size == 0 {
		if err := check(body); err != nil {
			return err
		}
		r.size = len(body)
	}
	if len(body) != r.size {
		return fmt.Errorf("an answer of %d bytes after one of %d", len(body), r.size)
	}
	if r.phase.Load() == measuring {
		r.took = append(r.took, time.Since(from))
	}
	return nil
}
