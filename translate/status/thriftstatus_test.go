package status

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"weft/translate/thriftwire"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAppendStatusException(t *testing.T) {
	s := Status{codes.NotFound, "no", []Detail{{"t", []byte{0xff}}}}
	want := map[thriftwire.Protocol]string{
		thriftwire.Binary: "0c0001 080001 00000005 0b0002 00000002 6e6f 0f0003 0c 00000001 0b0001 00000001 74 0b0002 00000001 ff 00 00 00",
		// i32 5 is zigzag 0a
		thriftwire.Compact: "1c 15 0a 18 02 6e6f 19 1c 18 01 74 18 01 ff 00 00 00",
	}
	for p, text := range want {
		if got := AppendStatusException(nil, p, s); hex.EncodeToString(got) != strings.ReplaceAll(text, " ", "") {
			t.Errorf("%v: got %x, want %s", p, got, text)
		}
	}
}

func TestStatusExceptionThereAndBack(t *testing.T) {
	for _, p := range []thriftwire.Protocol{thriftwire.Binary, thriftwire.Compact} {
		for _, c := range statusCases {
			b := AppendStatusException([]byte("x"), p, c.s)[1:]
			if n, err := thriftwire.SkipStruct(b, p, 4); n != len(b) || err != nil {
				t.Errorf("%v %s: no struct: %d of %d, %v", p, c.name, n, len(b), err)
			}
			if got, err := ReadStatusException(b, p); err != nil || !equal(got, c.s) {
				t.Errorf("%v %s: %+v, %v", p, c.name, got, err)
			}
			for i := range b {
				if _, err := ReadStatusException(b[:i], p); !errors.Is(err, thriftwire.ErrShort) {
					t.Fatalf("%v %s: first %d bytes: %v", p, c.name, i, err)
				}
			}
		}
	}
}

func TestReadStatusException(t *testing.T) {
	cases := []struct {
		name string
		hex  string
		want Status
		err  bool
	}{
		{"nothing set", "0c0001 00 00", Status{}, false},
		{"unknown fields", "020009 01 0c0001 0c0007 00 080001 00000005 00 00", Status{Code: 5}, false},
		{"other types", "0c0001 0b0001 00000000 080002 00000001 0b0003 00000000 00 00", Status{}, false},
		{"details of another type", "0c0001 0f0003 08 00000002 00000001 00000002 00 00", Status{}, false},
		{"unknown fields of a detail", "0c0001 0f0003 0c 00000001 080009 00000001 0b0001 00000001 61 00 00 00", Status{Details: []Detail{{TypeURL: "a"}}}, false},
		{"success", "0c0000 00 00", Status{}, true},
		{"empty result", "00", Status{}, true},
		{"another exception", "0c0002 00 00", Status{}, true},
		{"claimed details", "0c0001 0f0003 0c 7fffffff 00", Status{}, true},
		{"malformed", "0c0001 07", Status{}, true},
	}
	for _, c := range cases {
		got, err := ReadStatusException(unhex(t, c.hex), thriftwire.Binary)
		if (err != nil) != c.err || !equal(got, c.want) {
			t.Errorf("%s: got %+v, %v", c.name, got, err)
		}
	}
}

func FuzzReadStatusException(f *testing.F) {
	for _, c := range statusCases {
		f.Add(AppendStatusException(nil, thriftwire.Binary, c.s), false)
		f.Add(AppendStatusException(nil, thriftwire.Compact, c.s), true)
	}
	f.Add(unhex(f, "020009 01 0c0001 0c0007 00 080001 00000005 00 00"), false)
	f.Fuzz(func(t *testing.T, b []byte, compact bool) {
		p := thriftwire.Binary
		if compact {
			p = thriftwire.Compact
		}
		s, err := ReadStatusException(b, p)
		if err != nil {
			return
		}
		again, err := ReadStatusException(AppendStatusException(nil, p, s), p)
		if err != nil || !equal(again, s) {
			t.Fatalf("%+v is read back as %+v, %v", s, again, err)
		}
	})
}
