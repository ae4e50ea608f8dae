package thriftio

import (
	"slices"
	"testing"

	"weft/pkg/budget"
	"weft/pkg/buf"
)

// FuzzDecoder holds that the messages do not depend on how the bytes arrive, and that nothing leaks.
func FuzzDecoder(f *testing.F) {
	for _, c := range streamCases {
		if len(c.stream) < 20_000 {
			f.Add(c.stream, uint64(1), uint16(0))
			f.Add(c.stream, uint64(2), uint16(100))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64, limit uint16) {
		maxMessage := 1 << 20
		if limit > 0 {
			maxMessage = int(limit)
		}
		var whole decoded
		for i, pieces := range cuts(b, seed) {
			process := budget.New(1 << 30)
			got := decode(t, NewDecoder(Limits{MaxMessage: maxMessage, Budget: process}), pieces)
			if process.Used() != 0 {
				t.Fatalf("cut %d: %d bytes are still reserved", i, process.Used())
			}
			if segs, _ := buf.InUse(); segs != 0 {
				t.Fatalf("cut %d: %d segments leaked", i, segs)
			}
			if i == 0 {
				whole = got
				continue
			}
			if (got.final == nil) != (whole.final == nil) || got.partial != whole.partial || !slices.Equal(got.messages, whole.messages) {
				t.Fatalf("cut %d: %q %v\nwhole: %q %v", i, got.events, got.final, whole.events, whole.final)
			}
			// A message that is found to be malformed only behind the limit is refused first where it comes in pieces.
			if got.final == nil && !got.partial && !slices.Equal(got.events, whole.events) {
				t.Fatalf("cut %d: %q\nwhole: %q", i, got.events, whole.events)
			}
		}
	})
}
