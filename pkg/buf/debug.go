package buf

import (
	"fmt"
	"sync"
)

const poison = 0xdb

// ward keeps the segments that were freed last, filled with poison. When one leaves to make room for another, its bytes
// tell whether somebody wrote to it meanwhile.
type ward struct {
	mu   sync.Mutex
	segs [64]*Segment
	next int
}

var quarantine ward

func (w *ward) add(s *Segment) {
	for i := range s.full {
		s.full[i] = poison
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.release(w.next)
	w.segs[w.next] = s
	w.next = (w.next + 1) % len(w.segs)
}

// release checks the segment in slot i and lets the collector have it.
func (w *ward) release(i int) {
	s := w.segs[i]
	w.segs[i] = nil
	if s == nil {
		return
	}
	for at, v := range s.full {
		if v != poison {
			panic(fmt.Sprintf("buf: segment of %d bytes written to after its free, at byte %d", len(s.full), at))
		}
	}
}

// CheckFreed panics where one of the last 64 freed segments was written to after its free. It needs Debug.
func CheckFreed() {
	quarantine.mu.Lock()
	defer quarantine.mu.Unlock()
	for i := range quarantine.segs {
		quarantine.release(i)
	}
}
