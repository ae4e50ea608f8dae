package thriftio

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"weft/pkg/budget"
	"weft/pkg/buf"
	"weft/pkg/leakcheck"
	"weft/translate/thriftwire"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// decoded is what came out of a stream: one line per message or refused message, and the final error.
type decoded struct {
	events   []string
	messages []string // the events that are messages
	final    error
	partial  bool
}

// decode feeds the pieces to d, each from a segment of its own that is freed (and poisoned) once it was taken.
func decode(t testing.TB, d *Decoder, pieces [][]byte) (out decoded) {
	t.Helper()
	defer d.Release()
	fed := 0
	for _, piece := range pieces {
		seg := buf.Get(len(piece))
		seg.B = append(seg.B, piece...)
		fed += len(piece)
		more := decodePiece(t, d, seg, &out)
		seg.Free()
		if _, capacity := buf.InUse(); capacity > int64(max(64<<10, 16*fed)) {
			t.Fatalf("%d bytes held after %d had arrived", capacity, fed)
		}
		if !more {
			return out
		}
	}
	out.partial = d.Partial()
	return out
}

func decodePiece(t testing.TB, d *Decoder, seg *buf.Segment, out *decoded) bool {
	t.Helper()
	in := seg.B
	for {
		msg, n, ok, err := d.Next(in, seg)
		if n < 0 || n > len(in) {
			t.Fatalf("took %d of %d bytes", n, len(in))
		}
		in = in[n:]
		var call *CallError
		switch {
		case errors.As(err, &call):
			out.events = append(out.events, fmt.Sprintf("refused %s %d %s", msg.Header.Name, msg.Header.Seq, why(call)))
		case err != nil:
			out.final = err
			if _, k, ok, again := d.Next(in, seg); k != 0 || ok || again != err {
				t.Fatalf("after the final error: %d %v %v", k, ok, again)
			}
			return false
		case !ok:
			if len(in) > 0 {
				t.Fatalf("%d bytes were left without a message", len(in))
			}
			return true
		default:
			if !within(msg.Body, msg.Segment.B) && len(msg.Body) > 0 {
				t.Fatal("body does not lie in the segment")
			}
			h := msg.Header
			event := fmt.Sprintf("%v %v %d %q %d %x", msg.Framing, h.Protocol, h.Type, h.Name, h.Seq, msg.Body)
			out.events = append(out.events, event)
			out.messages = append(out.messages, event)
		}
	}
}

// within reports whether part is a slice of whole, not only equal to some of it.
func within(part, whole []byte) bool {
	for i := range whole {
		if &whole[i] == &part[0] {
			return i+len(part) <= len(whole)
		}
	}
	return false
}

func why(e *CallError) string {
	return [...]string{TooLarge: "too large", OverBudget: "over budget", Malformed: "malformed"}[e.Reason]
}

// cuts of a stream: whole, byte by byte, and random.
func cuts(b []byte, seed uint64) [][][]byte {
	var single, random [][]byte
	for i := range b {
		single = append(single, b[i:i+1])
	}
	rnd := rand.New(rand.NewPCG(seed, 3))
	for rest := b; len(rest) > 0; {
		n := 1 + rnd.IntN(min(len(rest), 1+rnd.IntN(200)))
		random = append(random, rest[:n])
		rest = rest[n:]
	}
	return [][][]byte{{b}, single, random}
}

func message(f Framing, p thriftwire.Protocol, name string, seq int32, body string) []byte {
	h := thriftwire.Header{Protocol: p, Strict: true, Type: thriftwire.Call, Name: []byte(name), Seq: seq}
	return append(AppendEnvelope(nil, f, h, len(body)), body...)
}

func nonStrict(f Framing, name string, body string) []byte {
	h := thriftwire.Header{Protocol: thriftwire.Binary, Type: thriftwire.Call, Name: []byte(name)}
	return append(AppendEnvelope(nil, f, h, len(body)), body...)
}

// text is a binary struct with one string field of n bytes.
func text(n int) string {
	b := thriftwire.AppendField(nil, thriftwire.Binary, 0, 1, thriftwire.String)
	return string(append(thriftwire.AppendString(b, thriftwire.Binary, strings.Repeat("x", n)), 0))
}

func frameOf(parts ...[]byte) []byte {
	all := bytes.Join(parts, nil)
	return append([]byte{byte(len(all) >> 24), byte(len(all) >> 16), byte(len(all) >> 8), byte(len(all))}, all...)
}

const (
	bin  = thriftwire.Binary
	comp = thriftwire.Compact
)

type streamCase struct {
	name   string
	stream []byte
	events []string // each the beginning of what comes out
	final  error
}

var errAny = errors.New("any")

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

var streamCases = []streamCase{
	{"framed binary", message(Framed, bin, "m", 1, "\x00"), []string{`framed binary 1 "m" 1 00`}, nil},
	{"framed compact", message(Framed, comp, "m", -1, "\x00"), []string{`framed compact 1 "m" -1 00`}, nil},
	{"framed non-strict", nonStrict(Framed, "m", "\x00"), []string{`framed binary 1 "m" 0 00`}, nil},
	{"unframed binary", message(Unframed, bin, "m", 1, "\x00"), []string{`unframed binary 1 "m" 1 00`}, nil},
	{"unframed compact, shortest", message(Unframed, comp, "", 0, "\x00"), []string{`unframed compact 1 "" 0 00`}, nil},
	{"unframed non-strict", nonStrict(Unframed, "m", "\x00"), []string{`unframed binary 1 "m" 0 00`}, nil},
	{"protocol per message", join(message(Framed, bin, "a", 1, text(3)), message(Framed, comp, "b", 2, "\x15\x02\x00"), nonStrict(Framed, "c", text(0))),
		[]string{`framed binary 1 "a" 1`, `framed compact 1 "b" 2 150200`, `framed binary 1 "c" 0`}, nil},
	{"unframed, three in a row", join(message(Unframed, bin, "a", 1, text(300)), message(Unframed, comp, "b", 2, "\x00"), nonStrict(Unframed, "c", text(9))),
		[]string{`unframed binary 1 "a" 1`, `unframed compact 1 "b" 2`, `unframed binary 1 "c" 0`}, nil},
	{"three in one frame", join(frameOf(message(Unframed, bin, "a", 1, text(5)), message(Unframed, comp, "b", 2, "\x00"), message(Unframed, bin, "c", 3, "\x00")),
		message(Framed, bin, "d", 4, "\x00")),
		[]string{`framed binary 1 "a" 1`, `framed compact 1 "b" 2`, `framed binary 1 "c" 3`, `framed binary 1 "d" 4`}, nil},
	{"frame above 4 KiB", join(message(Framed, bin, "a", 1, text(9000)), message(Framed, bin, "b", 2, "\x00")),
		[]string{`framed binary 1 "a" 1`, `framed binary 1 "b" 2`}, nil},
	{"frame above 64 KiB", join(message(Framed, bin, "a", 1, text(70_000)), message(Framed, bin, "b", 2, "\x00")),
		[]string{`framed binary 1 "a" 1`, `framed binary 1 "b" 2`}, nil},
	{"unframed above 64 KiB", join(message(Unframed, bin, "a", 1, text(70_000)), message(Unframed, bin, "b", 2, "\x00")),
		[]string{`unframed binary 1 "a" 1`, `unframed binary 1 "b" 2`}, nil},

	{"malformed body in a frame", join(message(Framed, bin, "a", 1, "\x01\x02"), message(Framed, bin, "b", 2, "\x00")),
		[]string{`refused a 1 malformed`, `framed binary 1 "b" 2`}, nil},
	{"body cut by its frame", join(message(Framed, bin, "a", 1, text(9)[:12]), message(Framed, bin, "b", 2, "\x00")),
		[]string{`refused a 1 malformed`, `framed binary 1 "b" 2`}, nil},
	{"body too deep in a frame", join(message(Framed, comp, "a", 1, strings.Repeat("\x1c", 64)+strings.Repeat("\x00", 65)), message(Framed, bin, "b", 2, "\x00")),
		[]string{`refused a 1 malformed`, `framed binary 1 "b" 2`}, nil},
	{"malformed body, unframed", join(message(Unframed, bin, "a", 1, "\x00"), message(Unframed, bin, "b", 2, "\x01\x02")),
		[]string{`unframed binary 1 "a" 1`}, errAny},
	{"garbage behind a message", join(frameOf(message(Unframed, bin, "a", 1, "\x00"), []byte("garbage"))), []string{`framed binary 1 "a" 1`}, errAny},
	{"a byte behind a message", join(frameOf(message(Unframed, bin, "a", 1, "\x00"), []byte{0})), []string{`framed binary 1 "a" 1`}, errFrameEnds},
	{"frame ends in the envelope", []byte("\x00\x00\x00\x06\x80\x01\x00\x01\x00\x00"), nil, errFrameEnds},
	{"no envelope in a frame", []byte("\x00\x00\x00\x06\x80\x02"), nil, errAny},
	{"empty frame first", []byte("\x00\x00\x00\x00"), nil, errEmptyFrame},
	{"empty frame later", join(message(Framed, bin, "a", 1, "\x00"), []byte("\x00\x00\x00\x00")), []string{`framed binary 1 "a" 1`}, errEmptyFrame},
	{"frame length out of range", join(message(Framed, bin, "a", 1, "\x00"), []byte("\x40\x00\x00\x00")), []string{`framed binary 1 "a" 1`}, errFrameLength},
	{"text", []byte("GET / HTTP/1.1\r\n"), nil, errNotThrift},
	{"control characters", []byte("\x00\x00\x00\x05\x07"), nil, errNotThrift},
	{"unframed after framed", join(message(Framed, bin, "a", 1, "\x00"), message(Unframed, bin, "b", 2, "\x00")), []string{`framed binary 1 "a" 1`}, errFrameLength},
}

func TestDecoder(t *testing.T) {
	for _, c := range streamCases {
		t.Run(c.name, func(t *testing.T) {
			for i, pieces := range cuts(c.stream, 1) {
				got := decode(t, NewDecoder(Limits{}), pieces)
				expect(t, i, got, c.events, c.final)
				if got.partial {
					t.Errorf("cut %d: partial at the end", i)
				}
			}
		})
	}
}

func expect(t *testing.T, cut int, got decoded, events []string, final error) {
	t.Helper()
	if len(got.events) != len(events) {
		t.Fatalf("cut %d: got %d events %.200q, want %d", cut, len(got.events), got.events, len(events))
	}
	for j, want := range events {
		if !strings.HasPrefix(got.events[j], want) {
			t.Errorf("cut %d: event %d is %.100q, want %q…", cut, j, got.events[j], want)
		}
	}
	if final == errAny && got.final != nil {
		return
	}
	if !errors.Is(got.final, final) {
		t.Errorf("cut %d: ended with %v, want %v", cut, got.final, final)
	}
}

func TestPartial(t *testing.T) {
	for _, f := range []Framing{Framed, Unframed} {
		b := join(message(f, bin, "a", 1, text(3)), message(f, comp, "b", 1, "\x00"))
		first := len(message(f, bin, "a", 1, text(3)))
		for i := range b {
			got := decode(t, NewDecoder(Limits{}), [][]byte{b[:i]})
			if want := i != 0 && i != first; got.partial != want || got.final != nil {
				t.Errorf("%v: after %d of %d bytes: partial %v, error %v", f, i, len(b), got.partial, got.final)
			}
		}
	}
}

// A message that lies whole in the input is a view of it; the caller may keep it by a reference of its own.
func TestZeroCopy(t *testing.T) {
	for _, f := range []Framing{Framed, Unframed} {
		b := message(f, bin, "a", 1, text(3))
		seg := buf.Get(len(b))
		seg.B = append(seg.B, b...)
		d := NewDecoder(Limits{})
		msg, n, ok, err := d.Next(seg.B, seg)
		if n != len(b) || !ok || err != nil {
			t.Fatalf("%v: %d %v %v", f, n, ok, err)
		}
		if msg.Segment != seg || &msg.Body[0] != &seg.B[len(b)-len(msg.Body)] {
			t.Errorf("%v: the body is not a view", f)
		}
		if segs, _ := buf.InUse(); segs != 1 {
			t.Errorf("%v: %d segments in use", f, segs)
		}
		d.Release()
		seg.Free()
	}
}

func TestKeepAssembled(t *testing.T) {
	b := message(Framed, bin, "a", 1, text(3))
	process := budget.New(1 << 20)
	d := NewDecoder(Limits{Budget: process})
	d.Next(b[:10], nil)
	msg, _, ok, _ := d.Next(b[10:], nil)
	if !ok || int(process.Used()) != len(b)-4 {
		t.Fatalf("ok %v, %d reserved of %d", ok, process.Used(), len(b)-4)
	}
	kept, reserved := msg.Segment.Ref(), d.TakeReservation()
	if d.Release(); process.Used() != int64(reserved) || !bytes.Equal(msg.Body, []byte(text(3))) {
		t.Errorf("%d reserved, body %x", process.Used(), msg.Body)
	}
	kept.Free()
	process.Release(reserved)
	d.Release()
	if _, _, _, err := d.Next(b, nil); !errors.Is(err, errReleased) {
		t.Errorf("after the release: %v", err)
	}
}

func TestSetFraming(t *testing.T) {
	d := NewDecoder(Limits{})
	d.SetFraming(Unframed)
	defer d.Release()
	// An empty name would be an empty frame if the framing were not known.
	b := []byte("\x00\x00\x00\x00\x01\x00\x00\x00\x07\x00")
	msg, n, ok, err := d.Next(b, nil)
	if n != len(b) || !ok || err != nil || msg.Header.Seq != 7 || d.Framing() != Unframed {
		t.Errorf("got %+v %d %v %v", msg, n, ok, err)
	}
}
