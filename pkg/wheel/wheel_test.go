package wheel_test

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"weft/pkg/leakcheck"
	"weft/pkg/wheel"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// call stands for an exchange.
type call struct {
	timer wheel.Timer
	fired int
	on    func(*call)
}

func newCall(on func(*call)) *call {
	c := &call{on: on}
	c.timer.Handler = c
	return c
}

func (c *call) TimedOut(t *wheel.Timer) {
	c.fired++
	if t != &c.timer {
		panic("another timer")
	}
	if c.on != nil {
		c.on(c)
	}
}

func TestFiresOnceNotBefore(t *testing.T) {
	t.Parallel()
	const tick = 10 * time.Millisecond
	turn := wheel.Slots * tick
	cases := []struct {
		name  string
		start time.Duration // the wheel's time when the timer is added
		d     time.Duration
	}{
		{"now", 0, 0},
		{"in the past", 0, -time.Second},
		{"less than a tick", 0, time.Millisecond},
		{"a tick", 0, tick},
		{"a tick, between ticks", 3 * time.Millisecond, tick},
		{"seconds", 7 * time.Second, 15 * time.Second},
		{"just under a turn", 5 * tick, turn - tick},
		{"a turn", 5 * tick, turn},
		{"more than a turn", 5 * tick, turn + tick},
		{"many turns", 123 * tick, 10*turn + 7*tick},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := wheel.NewManual(wheel.Options{Tick: tick})
			w.Advance(c.start)
			x := newCall(nil)
			w.Add(&x.timer, c.d)
			for at := time.Duration(0); at < c.d; at += time.Millisecond {
				if x.fired != 0 {
					t.Fatalf("fired %v after Add, not %v", at, c.d)
				}
				w.Advance(time.Millisecond)
			}
			w.Advance(tick)
			if x.fired != 1 {
				t.Fatalf("fired %d times a tick after its time", x.fired)
			}
			w.Advance(3 * turn)
			if x.fired != 1 {
				t.Errorf("fired %d times", x.fired)
			}
		})
	}
}

// A goroutine that was held up for long still fires everything, once.
func TestLateAdvance(t *testing.T) {
	t.Parallel()
	w := wheel.NewManual(wheel.Options{Tick: time.Millisecond})
	due, later := newCall(nil), newCall(nil)
	w.Add(&due.timer, 10*time.Second)
	w.Add(&later.timer, time.Hour)
	w.Advance(50 * time.Minute)
	if due.fired != 1 || later.fired != 0 {
		t.Errorf("due fired %d times, later %d", due.fired, later.fired)
	}
	w.Advance(10 * time.Minute)
	if later.fired != 1 {
		t.Errorf("later fired %d times", later.fired)
	}
}

func TestEndOfTime(t *testing.T) {
	t.Parallel()
	w := wheel.NewManual(wheel.Options{})
	w.Advance(time.Hour)
	x := newCall(nil)
	w.Add(&x.timer, math.MaxInt64)
	w.Advance(1000 * time.Hour)
	if x.fired != 0 || !w.Stop(&x.timer) {
		t.Errorf("fired %d times", x.fired)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	w := wheel.NewManual(wheel.Options{Shards: 1})
	a, b, c := newCall(nil), newCall(nil), newCall(nil)
	if w.Stop(&a.timer) {
		t.Error("a timer that was never added was stopped")
	}
	for _, x := range []*call{a, b, c} { // one slot
		w.Add(&x.timer, time.Second)
	}
	if !w.Stop(&b.timer) || w.Stop(&b.timer) {
		t.Error("Stop must be true once")
	}
	w.Add(&b.timer, 2*time.Second)
	if !w.Stop(&c.timer) { // the slot's head
		t.Error("the head of a slot was not stopped")
	}
	w.Advance(1100 * time.Millisecond)
	if a.fired != 1 || b.fired != 0 || c.fired != 0 {
		t.Errorf("fired %d, %d, %d times", a.fired, b.fired, c.fired)
	}
	if w.Stop(&a.timer) {
		t.Error("a fired timer was stopped")
	}
	w.Advance(time.Second)
	if b.fired != 1 {
		t.Errorf("b fired %d times", b.fired)
	}
}

func TestAddTwicePanics(t *testing.T) {
	t.Parallel()
	w := wheel.NewManual(wheel.Options{})
	x := newCall(nil)
	w.Add(&x.timer, time.Second)
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	w.Add(&x.timer, time.Second)
}

// Handlers may start their own timer again and stop others; After comes once per round.
func TestHandlersUseTheWheel(t *testing.T) {
	t.Parallel()
	rounds := 0
	w := wheel.NewManual(wheel.Options{Tick: time.Millisecond, After: func() { rounds++ }})
	other := newCall(nil)
	x := newCall(func(c *call) {
		if c.fired < 3 {
			w.Add(&c.timer, 5*time.Millisecond)
		}
		w.Stop(&other.timer)
	})
	w.Add(&x.timer, 5*time.Millisecond)
	w.Add(&other.timer, 6*time.Millisecond)
	for range 30 {
		w.Advance(time.Millisecond)
	}
	if x.fired != 3 || other.fired != 0 || rounds != 3 {
		t.Errorf("fired %d times, the stopped one %d, %d rounds", x.fired, other.fired, rounds)
	}
}

// On a running wheel timers fire within a tick, and the goroutine sleeps between them.
func TestRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := wheel.New(wheel.Options{Tick: 5 * time.Millisecond})
		var runs sync.WaitGroup
		runs.Go(func() { w.Run(ctx) }) // ends with cancel
		start := time.Now()
		var got []time.Duration
		for _, d := range []time.Duration{time.Minute, 0, 3 * time.Millisecond, time.Second, 40 * time.Second} {
			x := newCall(func(*call) {
				late := time.Since(start) - d
				if late < 0 || late > 5*time.Millisecond {
					t.Errorf("timer of %v fired %v late", d, late)
				}
				got = append(got, d)
			})
			w.Add(&x.timer, d)
			synctest.Wait()
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if len(got) != 5 {
			t.Errorf("fired: %v", got)
		}
		x := newCall(nil) // an empty wheel sleeps, and wakes for the next
		w.Add(&x.timer, time.Hour)
		time.Sleep(time.Hour + 5*time.Millisecond)
		synctest.Wait()
		if x.fired != 1 {
			t.Errorf("fired %d times", x.fired)
		}
		cancel()
		runs.Wait()
	})
}

// Timers that are added and stopped by many goroutines fire exactly when Stop said so.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	w := wheel.New(wheel.Options{Tick: time.Millisecond})
	var runs, adders sync.WaitGroup
	runs.Go(func() { w.Run(ctx) }) // ends with cancel
	var fired, due atomic.Int64
	for range 4 {
		adders.Go(func() { // ends by itself
			for range 2000 {
				x := newCall(func(*call) { fired.Add(1) })
				w.Add(&x.timer, time.Duration(rand.IntN(3))*time.Millisecond)
				if rand.IntN(2) == 0 || !w.Stop(&x.timer) {
					due.Add(1)
				}
			}
		})
	}
	adders.Wait()
	for deadline := time.Now().Add(20 * time.Second); fired.Load() < due.Load(); {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d timers fired", fired.Load(), due.Load())
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	runs.Wait()
	if fired.Load() != due.Load() {
		t.Errorf("%d timers fired, %d were due", fired.Load(), due.Load())
	}
}

// FuzzWheel compares with a list of deadlines: ops are pairs of bytes, an operation and its argument.
func FuzzWheel(f *testing.F) {
	f.Add([]byte{0, 10, 1, 200, 2, 0, 3, 255, 3, 9, 0, 0, 3, 1})
	f.Add([]byte{0, 255, 3, 255, 3, 255, 0, 3, 2, 0, 0, 4, 3, 3, 3, 3})
	f.Fuzz(func(t *testing.T, ops []byte) {
		const unit = 37 * time.Millisecond
		w := wheel.NewManual(wheel.Options{Tick: time.Millisecond})
		var now time.Duration
		calls := make([]*call, 8)
		want := make([]time.Duration, len(calls)) // 0: not running
		for i := range calls {
			calls[i] = newCall(nil)
		}
		for ; len(ops) >= 2; ops = ops[2:] {
			i := int(ops[0]>>2) % len(calls)
			x, arg := calls[i], time.Duration(ops[1])*unit
			switch ops[0] % 4 {
			case 0, 1:
				if want[i] == 0 {
					w.Add(&x.timer, arg)
					want[i] = max(now+arg, 1)
				}
			case 2:
				if stopped := w.Stop(&x.timer); stopped != (want[i] != 0) {
					t.Fatalf("Stop of timer %d gave %v", i, stopped)
				}
				want[i] = 0
			case 3:
				now += arg
				w.Advance(arg)
			}
			for j, c := range calls {
				due := want[j] != 0 && want[j] <= now && arg > 0 && ops[0]%4 == 3
				if (c.fired == 1) != due {
					t.Fatalf("timer %d due at %v fired %d times at %v", j, want[j], c.fired, now)
				}
				if due {
					c.fired, want[j] = 0, 0
				}
			}
		}
	})
}

func BenchmarkAddStop(b *testing.B) {
	ctx, cancel := context.WithCancel(b.Context())
	w := wheel.New(wheel.Options{})
	var runs sync.WaitGroup
	runs.Go(func() { w.Run(ctx) }) // ends with cancel
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		x := newCall(nil)
		for pb.Next() {
			w.Add(&x.timer, 15*time.Second)
			w.Stop(&x.timer)
		}
	})
	cancel()
	runs.Wait()
}
