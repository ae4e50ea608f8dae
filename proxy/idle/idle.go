// Package idle tells when a connection has had nothing to do for a given time. It costs the connection nothing while there is
// traffic: a Watch looks at it from time to time.
//
// The proxy's packages bridge and upstream are the callers.
package idle

import (
	"sync"
	"time"

	"weft/pkg/wheel"
)

// A Watch looks at something four times in the time that it may be quiet.
type Watch struct {
	wheel *wheel.Wheel
	after time.Duration
	look  func() (mark int64, busy bool)
	end   func()

	mu      sync.Mutex
	timer   wheel.Timer
	stopped bool
	quiet   bool // since then it was not busy and its mark was last
	since   time.Time
	last    int64
}

// looks is how often a Watch looks in the time that it may be quiet. The end may come later by one such interval.
const looks = 4

// Start begins to watch, unless after is 0 or less. look says whether there is something under way, and gives a mark that changes with
// each sign of life. end is called when nothing was under way and no mark has changed for the given time, and each time again that
// this lasts. Both run on the wheel's goroutine.
func (wt *Watch) Start(w *wheel.Wheel, after time.Duration, look func() (mark int64, busy bool), end func()) {
	if after <= 0 {
		return
	}
	wt.mu.Lock()
	defer wt.mu.Unlock()
	wt.wheel, wt.after, wt.look, wt.end = w, after, look, end
	wt.timer.Handler = wt
	w.Add(&wt.timer, after/looks)
}

// Stop ends the watching. A call of look or end that is under way is waited for, so that it must not be called with a lock held
// that these take, nor by them.
func (wt *Watch) Stop() {
	wt.mu.Lock()
	defer wt.mu.Unlock()
	wt.stopped = true
	if wt.wheel != nil {
		wt.wheel.Stop(&wt.timer)
	}
}

// TimedOut looks.
func (wt *Watch) TimedOut(*wheel.Timer) {
	wt.mu.Lock()
	defer wt.mu.Unlock()
	if wt.stopped {
		return
	}
	mark, busy := wt.look()
	switch now := time.Now(); {
	case busy:
		wt.quiet = false
	case !wt.quiet || mark != wt.last:
		wt.quiet, wt.last, wt.since = true, mark, now
	case now.Sub(wt.since) >= wt.after:
		wt.since = now
		wt.end()
	}
	wt.wheel.Add(&wt.timer, wt.after/looks)
}
