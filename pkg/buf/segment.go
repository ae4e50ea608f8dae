// Package buf holds the pooled, counted byte buffers of the data path: segments, which are read into and
// handed on without copying, and queues of them, which wait to be written.
//
// Rules: a segment is born with one reference; who holds a reference frees it, once. Handing bytes to a
// function lends them unless its name or comment says that it takes them. A double free always panics. Debug adds,
// for tests, a panic for a write after the free and bytes 0xdb for a read after it, and InUse tells what leaked, at every size.
package buf

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// Sizes of the pooled classes in bytes. A larger segment is allocated and left to the collector, so that a
// rare huge message is not kept for ever.
var classes = [...]int{4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20}

var pools [len(classes)]sync.Pool

// out counts the segments that were handed out and not yet freed and, in its lower bits, their capacity: one atomic
// addition for both.
var out atomic.Int64

const countShift = 44 // 16 TiB

// Debug fills freed segments with 0xdb and keeps them out of the pools; a segment that was written to after its free
// is noticed some frees later, or by CheckFreed. Only tests set it, before the first segment is taken.
var Debug bool

// Segment is a counted buffer. B may be re-sliced by its owner; its capacity stays.
type Segment struct {
	B     []byte
	full  []byte
	refs  atomic.Int32
	class int8 // -1: not pooled
}

// Get returns a segment of at least size bytes' capacity, with len(B) 0 and one reference. The bytes up to the capacity
// are those of earlier users.
func Get(size int) *Segment {
	s := take(size)
	out.Add(1<<countShift + int64(len(s.full)))
	s.B = s.full[:0]
	s.refs.Store(1)
	return s
}

func take(size int) *Segment {
	for c, n := range classes {
		if size > n {
			continue
		}
		if s, _ := pools[c].Get().(*Segment); s != nil {
			return s
		}
		return &Segment{full: make([]byte, n), class: int8(c)}
	}
	return &Segment{full: make([]byte, size), class: -1}
}

// Ref adds a reference and returns s. Any goroutine that holds a reference may call it.
func (s *Segment) Ref() *Segment {
	if s.refs.Add(1) <= 1 {
		panic("buf: reference to a freed segment")
	}
	return s
}

// Shared reports whether somebody beside the caller holds a reference. False is final for a caller that holds the
// only reference; true may be outdated at once.
func (s *Segment) Shared() bool { return s.refs.Load() > 1 }

// Free gives up one reference. The last one returns the segment to its pool.
func (s *Segment) Free() {
	switch n := s.refs.Add(-1); {
	case n > 0:
		return
	case n < 0:
		panic(fmt.Sprintf("buf: segment of %d bytes freed twice", len(s.full)))
	}
	out.Add(-(1<<countShift + int64(len(s.full))))
	s.B = nil
	if Debug {
		quarantine.add(s)
		return
	}
	if s.class >= 0 {
		pools[s.class].Put(s)
	}
}

// InUse returns the number of segments that are out and the bytes they hold. Zero after everything has been closed,
// or something leaked.
func InUse() (segments, capacity int64) {
	v := out.Load()
	return v >> countShift, v & (1<<countShift - 1)
}
