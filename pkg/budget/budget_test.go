package budget_test

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"

	"weft/pkg/budget"
	"weft/pkg/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// What the data path asks of a budget.
var _ interface {
	Reserve(int) bool
	Release(int)
} = (*budget.Budget)(nil)

func TestReserve(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name          string
		limit, child  int64
		taken         int // by a sibling
		n             int
		want          bool
		process, conn int64 // used afterwards
	}{
		{"fits both", 100, 50, 0, 50, true, 50, 50},
		{"too large for the connection", 100, 50, 0, 51, false, 0, 0},
		{"too large for the process", 100, 200, 0, 101, false, 0, 0},
		{"the process is used up", 100, 50, 80, 21, false, 80, 0},
		{"the last byte", 100, 50, 80, 20, true, 100, 20},
		{"nothing", 100, 50, 100, 0, true, 100, 0},
		{"negative", 100, 50, 10, -1, false, 10, 0},
		{"no limit of its own", 100, 0, 0, 100, true, 100, 100},
		{"no limit at all", 0, 0, 5, math.MaxInt - 5, true, math.MaxInt64, math.MaxInt64 - 5},
		{"overflow", 0, 0, 5, math.MaxInt, false, 5, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			process := budget.New(c.limit)
			if !process.Child(0).Reserve(c.taken) {
				t.Fatal("the sibling did not fit")
			}
			conn := process.Child(c.child)
			if got := conn.Reserve(c.n); got != c.want {
				t.Errorf("Reserve(%d) = %v", c.n, got)
			}
			if process.Used() != c.process || conn.Used() != c.conn {
				t.Errorf("used: process %d, connection %d, want %d and %d", process.Used(), conn.Used(), c.process, c.conn)
			}
			conn.Release(int(conn.Used()))
			if process.Used() != int64(c.taken) || conn.Used() != 0 {
				t.Errorf("after release: process %d, connection %d", process.Used(), conn.Used())
			}
		})
	}
}

func TestReleaseTooMuchPanics(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]int{"more than reserved": 11, "negative": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := budget.New(100)
			b.Reserve(10)
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			b.Release(n)
		})
	}
}

func TestConcurrentNeverAboveLimit(t *testing.T) {
	t.Parallel()
	const limit = 1000
	process := budget.New(limit)
	var held atomic.Int64
	var g sync.WaitGroup
	for range 4 {
		g.Go(func() { // ends by itself
			conn := process.Child(600)
			for range 5000 {
				if conn.Reserve(300) {
					if now := held.Add(300); now > limit {
						t.Errorf("%d bytes held", now)
					}
					held.Add(-300)
					conn.Release(300)
				}
			}
		})
	}
	g.Wait()
	if process.Used() != 0 {
		t.Errorf("%d bytes left", process.Used())
	}
}

func TestNoAllocation(t *testing.T) {
	conn := budget.New(1000).Child(500)
	if n := testing.AllocsPerRun(100, func() {
		if conn.Reserve(100) {
			conn.Release(100)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkReserveRelease(b *testing.B) {
	process := budget.New(1 << 30)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		conn := process.Child(1 << 20)
		for pb.Next() {
			if conn.Reserve(512) {
				conn.Release(512)
			}
		}
	})
}
