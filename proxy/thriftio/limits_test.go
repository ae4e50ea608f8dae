package thriftio

import (
	"errors"
	"strings"
	"testing"

	"weft/pkg/budget"
	"weft/pkg/buf"
)

func TestTooLarge(t *testing.T) {
	for _, f := range []Framing{Framed, Unframed} {
		t.Run(f.String(), func(t *testing.T) {
			stream := join(message(f, bin, "a", 1, "\x00"), message(f, bin, "big", 2, text(5000)), message(f, comp, "c", 3, "\x00"),
				message(f, comp, "big", 4, "\x18\xb8\x17"+strings.Repeat("y", 3000)+"\x00"), message(f, bin, "e", 5, text(900)))
			prefix := f.String()
			for i, pieces := range cuts(stream, 2) {
				got := decode(t, NewDecoder(Limits{MaxMessage: 1000}), pieces)
				expect(t, i, got, []string{prefix + ` binary 1 "a" 1`, "refused big 2 too large", prefix + ` compact 1 "c" 3`,
					"refused big 4 too large", prefix + ` binary 1 "e" 5`}, nil)
			}
		})
	}
}

// The limit is exact, and the same for a view and for an assembled message.
func TestLimitIsExact(t *testing.T) {
	for _, f := range []Framing{Framed, Unframed} {
		b := message(f, bin, "a", 1, text(500))
		size := len(b)
		if f == Framed {
			size -= 4
		}
		for i, pieces := range cuts(b, 3) {
			if got := decode(t, NewDecoder(Limits{MaxMessage: size}), pieces); len(got.messages) != 1 {
				t.Errorf("%v, cut %d: at the limit: %q %v", f, i, got.events, got.final)
			}
			if got := decode(t, NewDecoder(Limits{MaxMessage: size - 1}), pieces); len(got.messages) != 0 || len(got.events) != 1 {
				t.Errorf("%v, cut %d: above the limit: %q %v", f, i, got.events, got.final)
			}
		}
	}
}

func TestOverBudget(t *testing.T) {
	for _, f := range []Framing{Framed, Unframed} {
		t.Run(f.String(), func(t *testing.T) {
			stream := join(message(f, bin, "a", 1, text(200)), message(f, bin, "big", 2, text(5000)), message(f, bin, "c", 3, text(200)))
			for i, pieces := range cuts(stream, 4)[1:] {
				process := budget.New(2000)
				got := decode(t, NewDecoder(Limits{Budget: process}), pieces)
				expect(t, i, got, []string{f.String() + ` binary 1 "a" 1`, "refused big 2 over budget", f.String() + ` binary 1 "c" 3`}, nil)
				if process.Used() != 0 {
					t.Errorf("cut %d: %d bytes are still reserved", i, process.Used())
				}
			}
			// What lies whole in the caller's bytes needs no budget.
			got := decode(t, NewDecoder(Limits{Budget: budget.New(1)}), [][]byte{stream})
			if len(got.messages) != 3 {
				t.Errorf("views: %q %v", got.events, got.final)
			}
		})
	}
}

// The envelope of a refused frame may itself arrive in pieces, or be missing.
func TestRefusedEnvelope(t *testing.T) {
	cases := []struct {
		name   string
		stream string
		events []string
		final  error
	}{
		{"no envelope", "\x00\x00\x10\x00garbage", nil, errAny},
		{"frame ends in the envelope", "\x00\x00\x00\x10\x80\x01\x00\x01\x00\x00\x00\x09methodxx", nil, errFrameEnds},
		{"longest name", string(join([]byte("\x00\x10\x00\x00\x80\x01\x00\x01\x00\x00\x04\x00"), []byte(strings.Repeat("n", 1024)), []byte("\x00\x00\x00\x09rest"))),
			[]string{"refused " + strings.Repeat("n", 1024) + " 9 too large"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for i, pieces := range cuts([]byte(c.stream), 5) {
				d := NewDecoder(Limits{MaxMessage: 10})
				d.SetFraming(Framed)
				expect(t, i, decode(t, d, pieces), c.events, c.final)
			}
		})
	}
}

// A frame that claims a gigabyte allocates what has arrived, and no more than the first room ahead.
func TestClaimedLength(t *testing.T) {
	d := NewDecoder(Limits{MaxMessage: 1 << 30})
	defer d.Release()
	stream := append([]byte("\x3f\x00\x00\x00"), message(Unframed, bin, "m", 1, text(20_000)[:10_000])...)
	for _, b := range stream {
		if _, n, ok, err := d.Next([]byte{b}, nil); n != 1 || ok || err != nil {
			t.Fatalf("%d %v %v", n, ok, err)
		}
	}
	if segs, capacity := buf.InUse(); segs != 1 || capacity > firstRoom {
		t.Errorf("%d segments of %d bytes", segs, capacity)
	}
}

// An unframed message that never ends is refused at the limit and passed over without being held.
func TestEndlessUnframed(t *testing.T) {
	d := NewDecoder(Limits{MaxMessage: 10_000})
	defer d.Release()
	d.Next(message(Unframed, bin, "m", 1, ""), nil)
	field := []byte("\x0a\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")
	refused := 0
	for range 5000 {
		_, n, ok, err := d.Next(field, nil)
		var call *CallError
		if errors.As(err, &call) && call.Reason == TooLarge {
			refused++
			continue
		}
		if n != len(field) || ok || err != nil {
			t.Fatalf("%d %v %v", n, ok, err)
		}
		if _, capacity := buf.InUse(); capacity > 16<<10 {
			t.Fatalf("%d bytes held", capacity)
		}
	}
	if segs, _ := buf.InUse(); refused != 1 || segs != 0 {
		t.Errorf("refused %d times, %d segments held", refused, segs)
	}
}
