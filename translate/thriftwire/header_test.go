package thriftwire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var headerCases = []struct {
	name string
	hex  string
	want Header
}{
	{"strict", "80010001 00000001 6d fffffffe", Header{Binary, true, Call, []byte("m"), -2}},
	{"strict, byte 2 set", "8001ff02 00000001 6d 00000005", Header{Binary, true, Reply, []byte("m"), 5}},
	{"strict, no name", "80010003 00000000 7fffffff", Header{Binary, true, Exception, []byte{}, 1<<31 - 1}},
	{"non-strict", "00000001 6d 01 fffffffe", Header{Binary, false, Call, []byte("m"), -2}},
	{"non-strict oneway", "00000002 6d6e 04 00000000", Header{Binary, false, Oneway, []byte("mn"), 0}},
	{"compact", "82 21 feffffff0f 01 6d", Header{Compact, true, Call, []byte("m"), -2}},
	{"compact reply", "82 41 07 02 6162", Header{Compact, true, Reply, []byte("ab"), 7}},
	{"compact exception", "82 61 00 00", Header{Compact, true, Exception, []byte{}, 0}},
	{"compact oneway", "82 81 00 01 6d", Header{Compact, true, Oneway, []byte("m"), 0}},
}

func TestReadHeader(t *testing.T) {
	for _, c := range headerCases {
		t.Run(c.name, func(t *testing.T) {
			b := append(unhex(t, c.hex), 0x0b, 0x00)
			h, n, err := ReadHeader(b)
			if err != nil || n != len(b)-2 {
				t.Fatalf("n %d of %d, err %v", n, len(b)-2, err)
			}
			if h.Protocol != c.want.Protocol || h.Strict != c.want.Strict || h.Type != c.want.Type ||
				h.Seq != c.want.Seq || !bytes.Equal(h.Name, c.want.Name) {
				t.Errorf("got %+v, want %+v", h, c.want)
			}
			for i := range n {
				if _, _, err := ReadHeader(b[:i]); !errors.Is(err, ErrShort) {
					t.Errorf("first %d bytes: %v, want ErrShort", i, err)
				}
			}
			out := AppendHeader(nil, h)
			if HeaderLen(h) != len(out) {
				t.Errorf("HeaderLen %d, appended %d", HeaderLen(h), len(out))
			}
			if !strings.Contains(c.name, "byte 2") && !bytes.Equal(out, b[:n]) {
				t.Errorf("written %x, want %x", out, b[:n])
			}
		})
	}
}

func TestReadHeaderRefuses(t *testing.T) {
	cases := []struct{ name, hex string }{
		{"other version", "8002"},
		{"other first byte", "81"},
		{"text", "47"},
		{"strict, type 0", "80010000"},
		{"strict, type 5", "80010005"},
		{"strict, negative name", "80010001 ff"},
		{"strict, name of 16 MiB", "80010001 01"},
		{"strict, name of 64 KiB", "80010001 0001"},
		{"strict, name of 1280", "80010001 000005"},
		{"strict, name of 1025", "80010001 00000401"},
		{"non-strict, name of 1025", "00000401"},
		{"non-strict, name of 64 KiB", "0001"},
		{"non-strict, type 0", "00000001 6d 00"},
		{"non-strict, type 11", "00000001 6d 0b"},
		{"compact, version 2", "8222"},
		{"compact, type 0", "8201"},
		{"compact, type 7", "82e1"},
		{"compact, sequence id of 6 bytes", "8221 ffffffffff"},
		{"compact, sequence id of 33 bits", "8221 ffffffff1f"},
		{"compact, name of 1025", "8221 00 8108"},
		{"compact, name of 6 bytes", "8221 00 8080808080"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := unhex(t, c.hex)
			if _, _, err := ReadHeader(b); err == nil || errors.Is(err, ErrShort) {
				t.Errorf("got %v, want a refusal", err)
			}
			if _, _, err := ReadHeader(b[:len(b)-1]); !errors.Is(err, ErrShort) {
				t.Errorf("one byte earlier: got %v, want ErrShort", err)
			}
		})
	}
}

func TestReadHeaderLongestName(t *testing.T) {
	name := []byte(strings.Repeat("n", MaxName))
	for _, h := range []Header{{Binary, true, Call, name, -1}, {Binary, false, Call, name, -1}, {Compact, true, Call, name, -1}} {
		b := AppendHeader(nil, h)
		if len(b) > MaxHeader {
			t.Errorf("%v: %d bytes, MaxHeader is %d", h.Protocol, len(b), MaxHeader)
		}
		if got, n, err := ReadHeader(b); err != nil || n != len(b) || !bytes.Equal(got.Name, name) {
			t.Errorf("%v: n %d, err %v", h.Protocol, n, err)
		}
	}
}

func FuzzReadHeader(f *testing.F) {
	for _, c := range headerCases {
		f.Add(unhex(f, c.hex))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, err := ReadHeader(b)
		if err != nil {
			if errors.Is(err, ErrShort) && len(b) >= MaxHeader+8 {
				t.Fatalf("%d bytes are short", len(b))
			}
			return
		}
		for i := range n {
			if _, _, err := ReadHeader(b[:i]); !errors.Is(err, ErrShort) {
				t.Fatalf("first %d bytes: %v", i, err)
			}
		}
		out := AppendHeader(nil, h)
		again, m, err := ReadHeader(out)
		if err != nil || m != len(out) || again.Type != h.Type || again.Seq != h.Seq || !bytes.Equal(again.Name, h.Name) {
			t.Fatalf("written %x, read %+v %d %v", out, again, m, err)
		}
	})
}
