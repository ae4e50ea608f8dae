package thriftwire

import (
	"errors"
	"testing"
)

func TestReadApplicationException(t *testing.T) {
	cases := []struct {
		name string
		p    Protocol
		hex  string
		want ApplicationException
	}{
		{"both", Binary, "0b0001 00000002 6869 080002 00000006 00", ApplicationException{6, "hi"}},
		{"no type, as Node writes it", Binary, "0b0001 00000002 6869 00", ApplicationException{0, "hi"}},
		{"neither", Binary, "00", ApplicationException{}},
		{"unknown fields", Binary, "020003 01 0c0004 0b0001 00000001 78 00 0b0001 00000001 61 080002 00000001 00", ApplicationException{1, "a"}},
		{"other types", Binary, "080001 00000001 0b0002 00000001 61 00", ApplicationException{}},
		{"negative type", Binary, "080002 ffffffff 00", ApplicationException{Type: -1}},
		{"compact", Compact, "18 02 6869 15 0c 00", ApplicationException{6, "hi"}},
		{"compact, bools skipped", Compact, "18 01 61 21 32 19 21 0102 05 04 02 00", ApplicationException{1, "a"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := unhex(t, c.hex)
			got, err := ReadApplicationException(b, c.p)
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
			for i := range b {
				if _, err := ReadApplicationException(b[:i], c.p); !errors.Is(err, ErrShort) {
					t.Errorf("first %d bytes: %v", i, err)
				}
			}
		})
	}
}

func TestAppendApplicationException(t *testing.T) {
	for _, p := range []Protocol{Binary, Compact} {
		want := ApplicationException{Type: 11, Text: "no \xff UTF-8"}
		b := AppendApplicationException([]byte{1}, p, want)[1:]
		if n, err := SkipStruct(b, p, 1); n != len(b) || err != nil {
			t.Errorf("%v: skip %d of %d, %v", p, n, len(b), err)
		}
		if got, err := ReadApplicationException(b, p); got != want || err != nil {
			t.Errorf("%v: got %+v, %v", p, got, err)
		}
	}
}

func FuzzReadApplicationException(f *testing.F) {
	f.Add(unhex(f, "0b0001 00000002 6869 080002 00000006 00"), false)
	f.Add(unhex(f, "18 01 61 21 32 19 21 0102 05 04 02 00"), true)
	for _, c := range skipCases {
		f.Add(unhex(f, c.hex), c.p == Compact)
	}
	f.Fuzz(func(t *testing.T, b []byte, compact bool) {
		p := Binary
		if compact {
			p = Compact
		}
		e, err := ReadApplicationException(b, p)
		n, skipErr := SkipStruct(b, p, DefaultMaxDepth)
		if err == nil && skipErr != nil || err == nil && len(e.Text) > n {
			t.Fatalf("read %+v, skip %d %v", e, n, skipErr)
		}
		if err != nil && skipErr == nil && !errors.Is(err, errFieldID) && !errors.Is(err, errVarint) {
			t.Fatalf("skip takes it, read says %v", err)
		}
	})
}
