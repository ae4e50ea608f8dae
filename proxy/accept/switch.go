package accept

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"weft/pkg/buf"
	"weft/pkg/sock"
	"weft/pkg/wheel"
	"weft/proxy/detect"
)

// ErrNoBytes ends a connection whose first bytes did not come in time.
var ErrNoBytes = errors.New("no bytes came within limits.first_byte")

// Switch is the handler of a connection until its first bytes have told its dialect; then it passes everything to
// the handler that choose returns for it. Step 2 of a call's path.
type Switch struct {
	s      *sock.Conn
	choose func(detect.Kind) (sock.Handler, error)
	failed func(error) // told when the connection ends before a handler was chosen
	wheel  *wheel.Wheel

	next    sock.Handler // owned by the reader goroutine
	decided atomic.Bool
	timer   wheel.Timer
}

// NewSwitch returns the handler for s. The first bytes must come within wait.
func NewSwitch(s *sock.Conn, w *wheel.Wheel, wait time.Duration, choose func(detect.Kind) (sock.Handler, error), failed func(error)) *Switch {
	sw := &Switch{s: s, choose: choose, failed: failed, wheel: w}
	sw.timer.Handler = sw
	w.Add(&sw.timer, wait)
	return sw
}

// TimedOut ends a connection that has not said what it is.
func (sw *Switch) TimedOut(*wheel.Timer) {
	if !sw.decided.Load() {
		sw.s.Close(ErrNoBytes)
	}
}

// Consume tells the dialect by the first bytes.
func (sw *Switch) Consume(in []byte, seg *buf.Segment, b *sock.Batch) (int, error) {
	if sw.next == nil {
		kind, done := detect.Detect(in)
		if !done {
			return 0, nil
		}
		next, err := sw.choose(kind)
		if err != nil {
			return 0, fmt.Errorf("first bytes %x: %w", in[:min(len(in), 16)], err)
		}
		sw.decided.Store(true)
		sw.wheel.Stop(&sw.timer)
		sw.next = next
	}
	return sw.next.Consume(in, seg, b)
}

// Writable passes on.
func (sw *Switch) Writable(b *sock.Batch) {
	if sw.decided.Load() {
		sw.next.Writable(b)
	}
}

// Closed passes on.
func (sw *Switch) Closed(err error, b *sock.Batch) {
	sw.wheel.Stop(&sw.timer)
	if sw.next != nil {
		sw.next.Closed(err, b)
		return
	}
	sw.failed(err)
}
