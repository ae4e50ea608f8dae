// Package budget counts bytes that are going to be held, before they are held, against the limits of a connection and of
// the process. It allocates nothing and holds nothing itself: a reader reserves the size of a message when its length
// prefix arrives, and refuses the message where that does not fit, so that half-received messages never wait for each other.
package budget

import (
	"math"
	"sync/atomic"
)

// Budget is a number of bytes that may be reserved at once. It is safe for concurrent use.
type Budget struct {
	parent *Budget
	limit  int64
	used   atomic.Int64
}

// New returns a budget of limit bytes; 0 or less means no limit (bytes are counted all the same).
func New(limit int64) *Budget {
	if limit <= 0 {
		limit = math.MaxInt64
	}
	return &Budget{limit: limit}
}

// Child returns a budget of limit bytes (0 or less: no limit of its own) whose reservations count against b as well. It
// holds nothing that needs closing, but what it has reserved must be released before it is dropped.
func (b *Budget) Child(limit int64) *Budget {
	c := New(limit)
	c.parent = b
	return c
}

// Reserve takes n bytes (n >= 0) and reports whether they fit, here and in every parent; otherwise nothing is taken.
func (b *Budget) Reserve(n int) bool {
	for at := b; at != nil; at = at.parent {
		if !at.take(int64(n)) {
			for undo := b; undo != at; undo = undo.parent {
				undo.used.Add(-int64(n))
			}
			return false
		}
	}
	return true
}

// Release gives n reserved bytes back. Giving back more than was taken panics: it is a fault of the caller that would lift
// the limit.
func (b *Budget) Release(n int) {
	if n < 0 {
		panic("budget: release of a negative size")
	}
	for at := b; at != nil; at = at.parent {
		if at.used.Add(-int64(n)) < 0 {
			panic("budget: released more than was reserved")
		}
	}
}

// Used returns the bytes that are reserved now.
func (b *Budget) Used() int64 { return b.used.Load() }

// Limit returns the bytes that may be reserved at once; math.MaxInt64 without a limit.
func (b *Budget) Limit() int64 { return b.limit }

func (b *Budget) take(n int64) bool {
	if n < 0 {
		return false
	}
	for {
		used := b.used.Load()
		if n > b.limit-used {
			return false
		}
		if b.used.CompareAndSwap(used, used+n) {
			return true
		}
	}
}
