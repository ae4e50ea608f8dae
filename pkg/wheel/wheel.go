// Package wheel is a hashed timer wheel for the deadlines of calls and connections: very many timers of which nearly
// all are stopped before they fire. Adding and stopping are a few instructions under a sharded lock and allocate
// nothing, because a Timer is embedded in what it times.
//
// The price is precision: a timer fires up to one tick late (and as late as its wheel's goroutine is scheduled), never
// early. Timers further away than one turn of the wheel (Slots ticks) are looked at once a turn.
//
// The proxy's bridge and thriftio packages are the callers.
package wheel

import (
	"context"
	"math"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Slots is the number of ticks of one turn of a wheel.
const Slots = 4096

// DefaultTick makes a turn 16.4 s, so that a call with the default time-out of 15 s is looked at once.
const DefaultTick = 4 * time.Millisecond

// never is the wake-up tick of a wheel without timers.
const never = math.MaxInt64

// Handler is told that a timer fired. All calls come on the goroutine that runs the wheel, so it must not block; it may
// add t again.
type Handler interface {
	TimedOut(t *Timer)
}

// Timer is embedded in what it times. Handler is set once, before the first Add. A timer belongs to one wheel for all its
// life and must not be copied after its first Add.
type Timer struct {
	Handler Handler

	home       *shard // set by the first Add
	prev, next *Timer // guarded by home.mu, as are the two below
	tick       int64
	queued     bool
}

// Options of a wheel; zero values mean the defaults.
type Options struct {
	Tick   time.Duration // default DefaultTick
	Shards int           // locks; default as many as CPUs, at most 8

	// After, if set, is called at the end of each round of TimedOut calls that was not empty, on the same
	// goroutine: the place to flush what the handlers wrote.
	After func()
}

// Wheel is a set of timers that is run by one goroutine.
type Wheel struct {
	// immutable
	tick   time.Duration
	base   time.Time
	shards []*shard
	after  func()
	manual bool
	kick   chan struct{}

	elapsed atomic.Int64 // manual wheels: nanoseconds since base
	wake    atomic.Int64 // the tick for which the goroutine has its wake-up; Add lowers it

	// owned by the goroutine that runs the wheel
	fired []*Timer
}

type shard struct {
	w *Wheel

	mu     sync.Mutex
	done   int64 // the last tick that was worked off
	slots  [Slots]*Timer
	filled [Slots / 64]uint64 // a bit per slot that is not empty
}

// New returns a wheel on which nothing fires before Run.
func New(o Options) *Wheel {
	if o.Tick <= 0 {
		o.Tick = DefaultTick
	}
	if o.Shards <= 0 {
		o.Shards = min(runtime.GOMAXPROCS(0), 8)
	}
	w := &Wheel{tick: o.Tick, base: time.Now(), after: o.After, kick: make(chan struct{}, 1)}
	for range o.Shards {
		w.shards = append(w.shards, &shard{w: w})
	}
	w.wake.Store(never)
	return w
}

// NewManual returns a wheel for tests, whose time stands still until Advance moves it. It is not run.
func NewManual(o Options) *Wheel {
	w := New(o)
	w.manual = true
	return w
}

// Run fires timers until ctx ends. The caller owns the goroutine; timers that are left when Run returns never
// fire.
func (w *Wheel) Run(ctx context.Context) {
	sleep := time.NewTimer(time.Hour)
	defer sleep.Stop()
	for {
		w.work()
		if next := w.plan(); next == never {
			sleep.Stop()
		} else {
			sleep.Reset(w.timeOf(next) - w.now())
		}
		select {
		case <-ctx.Done():
			return
		case <-sleep.C:
		case <-w.kick:
		}
	}
}

// Advance moves the time of a manual wheel by d and fires what is due, on the calling goroutine. It is not for concurrent use.
func (w *Wheel) Advance(d time.Duration) {
	w.elapsed.Add(int64(d))
	w.work()
}

// Add starts t, which must not be running: it fires once, d from now or a little later. Any goroutine.
func (w *Wheel) Add(t *Timer, d time.Duration) {
	if t.home == nil {
		t.home = w.shards[rand.IntN(len(w.shards))]
	}
	tick := w.tickAfter(d)
	s := t.home
	s.mu.Lock()
	if t.queued {
		s.mu.Unlock()
		panic("wheel: timer added twice")
	}
	if tick <= s.done { // the wheel went past it since tickAfter
		tick = s.done + 1
	}
	t.tick, t.queued = tick, true
	s.link(t)
	s.mu.Unlock()
	w.wakeBy(tick)
}

// Stop ends t and reports whether that kept it from firing. False means that t fired, is about to (TimedOut was called
// or will be, perhaps at this moment on the wheel's goroutine) or was not running; a fired timer may be added again from TimedOut on.
// Any goroutine.
func (w *Wheel) Stop(t *Timer) bool {
	s := t.home
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !t.queued {
		return false
	}
	s.unlink(t)
	return true
}

// now is the wheel's time, since base.
func (w *Wheel) now() time.Duration {
	if w.manual {
		return time.Duration(w.elapsed.Load())
	}
	return time.Since(w.base)
}

func (w *Wheel) timeOf(tick int64) time.Duration { return time.Duration(tick) * w.tick }

// tickAfter is the first tick that does not come before now + d.
func (w *Wheel) tickAfter(d time.Duration) int64 {
	at := w.now() + max(d, 0)
	if at < 0 || at > math.MaxInt64-w.tick { // past the end of time
		return math.MaxInt64 / int64(w.tick)
	}
	return int64((at + w.tick - 1) / w.tick)
}

// wakeBy makes sure that the goroutine looks at the wheel at tick or before.
func (w *Wheel) wakeBy(tick int64) {
	for {
		planned := w.wake.Load()
		if tick >= planned {
			return
		}
		if w.wake.CompareAndSwap(planned, tick) {
			break
		}
	}
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// plan returns the tick at which there may be something to do. While it looks, every Add kicks, so that none is missed.
func (w *Wheel) plan() int64 {
	w.wake.Store(never)
	next := int64(never)
	for _, s := range w.shards {
		next = min(next, s.next())
	}
	for {
		planned := w.wake.Load()
		if planned <= next {
			return planned
		}
		if w.wake.CompareAndSwap(planned, next) {
			return next
		}
	}
}

// work fires everything that is due.
func (w *Wheel) work() {
	now := int64(w.now() / w.tick)
	for _, s := range w.shards {
		w.fired = s.collect(now, w.fired)
	}
	if len(w.fired) == 0 {
		return
	}
	for i := 0; i < len(w.fired); i++ {
		t := w.fired[i]
		w.fired[i] = nil
		t.Handler.TimedOut(t)
	}
	w.fired = w.fired[:0]
	if cap(w.fired) > Slots {
		w.fired = nil
	}
	if w.after != nil {
		w.after()
	}
}

// collect takes the timers out whose tick is not after now and appends them to fired.
func (s *shard) collect(now int64, fired []*Timer) []*Timer {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := min(now, s.done+Slots) // one turn sees every slot
	for tick := s.nextLocked(); tick <= last; tick = s.nextLocked() {
		for t := s.slots[tick%Slots]; t != nil; {
			after := t.next
			if t.tick <= now {
				s.unlink(t)
				fired = append(fired, t)
			}
			t = after
		}
		s.done = tick
	}
	s.done = max(s.done, now)
	return fired
}

func (s *shard) next() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nextLocked()
}

// nextLocked returns the first tick after done whose slot is not empty, never if all are.
func (s *shard) nextLocked() int64 {
	first := s.done + 1
	start := int(first % Slots)
	for i := range len(s.filled) + 1 { // the first word twice: its upper part, then its lower
		word := (start/64 + i) % len(s.filled)
		b := s.filled[word]
		switch i {
		case 0:
			b &= ^uint64(0) << (start % 64)
		case len(s.filled):
			b &= 1<<(start%64) - 1
		}
		if b != 0 {
			slot := word*64 + bits.TrailingZeros64(b)
			return first + int64((slot-start+Slots)%Slots)
		}
	}
	return never
}

func (s *shard) link(t *Timer) {
	slot := t.tick % Slots
	head := s.slots[slot]
	t.prev, t.next = nil, head
	if head != nil {
		head.prev = t
	}
	s.slots[slot] = t
	s.filled[slot/64] |= 1 << (slot % 64)
}

func (s *shard) unlink(t *Timer) {
	slot := t.tick % Slots
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		s.slots[slot] = t.next
		if t.next == nil {
			s.filled[slot/64] &^= 1 << (slot % 64)
		}
	}
	if t.next != nil {
		t.next.prev = t.prev
	}
	t.prev, t.next, t.queued = nil, nil, false
}
