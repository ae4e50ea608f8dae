package buf_test

import (
	"testing"

	"weft/pkg/buf"
)

// pooled turns Debug off, which keeps segments out of the pools.
func pooled(b *testing.B) {
	buf.Debug = false
	b.Cleanup(func() { buf.Debug = true })
	b.ReportAllocs()
}

func BenchmarkGetFree(b *testing.B) {
	pooled(b)
	for b.Loop() {
		buf.Get(64 << 10).Free()
	}
}

func BenchmarkGetFreeParallel(b *testing.B) {
	pooled(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			buf.Get(64 << 10).Free()
		}
	})
}

func BenchmarkAppendAdvance(b *testing.B) {
	pooled(b)
	var q buf.Queue
	data := make([]byte, 400)
	b.SetBytes(400)
	for i := 0; b.Loop(); i++ {
		q.Append(data)
		if i%32 == 31 {
			q.Advance(q.Len())
		}
	}
	q.Reset()
}

func BenchmarkMoveTo(b *testing.B) {
	pooled(b)
	for _, size := range []int{400, 8000} {
		b.Run(map[int]string{400: "copied", 8000: "handed over"}[size], func(b *testing.B) {
			var q, dst buf.Queue
			data := make([]byte, size)
			for b.Loop() {
				q.Append(data)
				q.MoveTo(&dst, size)
				dst.Advance(size)
			}
		})
	}
}
