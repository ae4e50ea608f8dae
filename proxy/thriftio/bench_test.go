package thriftio

import (
	"bytes"
	"testing"

	"weft/pkg/buf"
)

// chunk is 64 KiB of messages of about 600 bytes in a segment.
func chunk(f Framing) (*buf.Segment, int) {
	one := message(f, bin, "getOrder", 1, text(570))
	seg := buf.Get(64 << 10)
	n := cap(seg.B) / len(one)
	seg.B = append(seg.B, bytes.Repeat(one, n)...)
	return seg, n
}

func drain(tb testing.TB, d *Decoder, seg *buf.Segment, want int) {
	in, got := seg.B, 0
	for {
		_, n, ok, err := d.Next(in, seg)
		if err != nil {
			tb.Fatal(err)
		}
		if in = in[n:]; !ok {
			break
		}
		got++
	}
	if got != want {
		tb.Fatalf("%d messages of %d", got, want)
	}
}

func BenchmarkDecoder(b *testing.B) {
	for _, f := range []Framing{Framed, Unframed} {
		b.Run(f.String(), func(b *testing.B) {
			seg, n := chunk(f)
			defer seg.Free()
			d := NewDecoder(Limits{})
			defer d.Release()
			b.SetBytes(int64(len(seg.B)))
			b.ReportAllocs()
			for b.Loop() {
				drain(b, d, seg, n)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/message")
		})
	}
}

func TestViewsAllocateNothing(t *testing.T) {
	for _, f := range []Framing{Framed, Unframed} {
		seg, n := chunk(f)
		d := NewDecoder(Limits{})
		if allocs := testing.AllocsPerRun(10, func() { drain(t, d, seg, n) }); allocs != 0 {
			t.Errorf("%v: %v allocations for %d messages", f, allocs, n)
		}
		d.Release()
		seg.Free()
	}
}
