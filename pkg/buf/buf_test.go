package buf_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"weft/pkg/buf"
	"weft/pkg/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

var sizes = []int{0, 1, 4095, 4096, 4097, 16 << 10, 16<<10 + 1, 64 << 10, 256 << 10, 1 << 20, 1<<20 + 1, 5 << 20}

func TestGet(t *testing.T) {
	for _, size := range sizes {
		s := buf.Get(size)
		if len(s.B) != 0 || cap(s.B) < size {
			t.Errorf("Get(%d) has length %d and capacity %d", size, len(s.B), cap(s.B))
		}
		if n, held := buf.InUse(); n != 1 || held != int64(cap(s.B)) {
			t.Errorf("size %d: %d segments of %d bytes in use", size, n, held)
		}
		s.Free()
		if n, held := buf.InUse(); n != 0 || held != 0 {
			t.Errorf("size %d, freed: %d segments of %d bytes in use", size, n, held)
		}
	}
}

func TestShared(t *testing.T) {
	s := buf.Get(1)
	if s.Shared() {
		t.Error("new segment is shared")
	}
	if s.Ref() != s || !s.Shared() {
		t.Error("segment with two references is not shared")
	}
	s.Free()
	if n, _ := buf.InUse(); n != 1 || s.Shared() {
		t.Error("after one of two frees")
	}
	s.Free()
}

// Misuse panics at every size.
func TestMisuse(t *testing.T) {
	tests := []struct {
		name string
		do   func(s *buf.Segment)
		want string
	}{
		{"double free", func(s *buf.Segment) { s.Free(); s.Free() }, "freed twice"},
		{"reference after free", func(s *buf.Segment) { s.Free(); s.Ref() }, "reference to a freed segment"},
		{"write after free", func(s *buf.Segment) { b := s.B[:1]; s.Free(); b[0] = 1; buf.CheckFreed() }, "written to after its free"},
		{"write after free, noticed later", func(s *buf.Segment) {
			b := s.B[:1]
			s.Free()
			b[0] = 1
			for range 64 {
				buf.Get(1).Free()
			}
		}, "written to after its free"},
		{"index after free", func(s *buf.Segment) { s.B = s.B[:1]; s.Free(); s.B[0] = 1 }, "out of range"},
	}
	for _, tt := range tests {
		for _, size := range sizes {
			s := buf.Get(size + 1)
			if got := panicOf(func() { tt.do(s) }); !strings.Contains(got, tt.want) {
				t.Errorf("%s of %d bytes: panic %q", tt.name, size, got)
			}
		}
	}
}

func TestReadAfterFree(t *testing.T) {
	for _, size := range sizes {
		s := buf.Get(size + 1)
		b := append(s.B, 1)
		s.Free()
		if b[0] != 0xdb {
			t.Errorf("size %d: freed bytes are still there", size)
		}
	}
}

func panicOf(f func()) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	f()
	return ""
}

// References may be taken and given up by many goroutines; the last one frees.
func TestConcurrentRefs(t *testing.T) {
	s := buf.Get(100)
	s.B = append(s.B, 42)
	var wg sync.WaitGroup
	for range 8 {
		s.Ref()
		wg.Add(1)
		go func() { // ends after 1000 rounds; joined below
			defer wg.Done()
			for range 1000 {
				if s.Ref().B[0] != 42 {
					t.Error("changed")
				}
				s.Free()
			}
			s.Free()
		}()
	}
	wg.Wait()
	if s.Shared() {
		t.Error("still shared")
	}
	s.Free()
}
