package thriftwire

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

// The struct of the golden vectors: 1 bool true, 2 i8 -1, -5 i16 -300, 100 double 1.5, 101 uuid, 102 list<bool>[true,false],
// 103 empty map<string,i32>, 104 map<i32,double>{7:+Inf}, 105 binary 00ff, as Apache's Go library writes it.
const (
	goldenBinary = `02000101 030002ff 06fffbfed4 0400643ff8000000000000 100065 00112233445566778899aabbccddeeff
		0f0066 02 00000002 01 00 0d0067 0b08 00000000 0d0068 0804 00000001 00000007 7ff0000000000000 0b0069 00000002 00ff 00`
	goldenCompact = `11 13ff 0409d704 07c801 000000000000f83f 1d 00112233445566778899aabbccddeeff 19 21 01 02 1b 00
		1b 01 57 0e 000000000000f07f 18 02 00ff 00`
)

type skipCase struct {
	name string
	p    Protocol
	hex  string
	want error // nil: the whole of it is one struct
}

// skipCases also serve as fuzz seeds.
var skipCases = []skipCase{
	{"golden binary", Binary, goldenBinary, nil},
	{"golden compact", Compact, goldenCompact, nil},
	{"empty struct", Binary, "00", nil},
	{"empty compact struct", Compact, "00", nil},
	{"struct in struct", Binary, "0c0001 0800010000002a 00 00", nil},
	{"list of structs", Binary, "0f0001 0c00000002 00 0200010100 00", nil},
	{"list of strings", Binary, "0f0001 0b00000002 00000001 61 00000000 00", nil},
	{"map of string to list", Binary, "0d0001 0b0f 00000001 00000001 61 0800000001 00000001 00", nil},
	{"map of i8 to string", Binary, "0d0001 030b 00000002 01 00000000 02 00000000 00", nil},
	{"empty list of no type", Binary, "0f0001 00 00000000 00", nil},
	{"empty map of no types", Binary, "0d0001 0000 00000000 00", nil},
	{"compact list of 15", Compact, "19 f3 0f 000102030405060708090a0b0c0d0e 00", nil},
	{"compact list of i64", Compact, "19 36 01 ff01 ffffffffffffffffff01 00", nil},
	{"compact list of lists", Compact, "19 29 15 02 25 02 8001 00", nil},
	{"compact list of bools, nibble 2", Compact, "19 22 01 02 00", nil},
	{"compact map of string to struct", Compact, "1b 02 8c 01 61 00 01 62 1502 00 00", nil},
	{"compact empty list of no type", Compact, "19 00 00", nil},
	{"compact long field id", Compact, "05 c801 02 00", nil},

	{"unknown type", Binary, "01", errType},
	{"unknown element type", Binary, "0f0001 01 00000001", errType},
	{"unknown map value type", Binary, "0d0001 0b11 00000001 00000000", errType},
	{"negative string", Binary, "0b0001 80000000", errLength},
	{"negative list", Binary, "0f0001 08 ffffffff", errLength},
	{"negative map", Binary, "0d0001 0808 ffffffff", errLength},
	{"compact type 14", Compact, "1e", errType},
	{"compact type 0 with delta", Compact, "10", errType},
	{"compact element type 15", Compact, "19 1f", errType},
	{"compact varint of 6 bytes", Compact, "15 8080808080", errVarint},
	{"compact varint of 11 bytes", Compact, "16 80808080808080808080", errVarint},
	{"compact varint of 7 bytes and more behind it", Compact, "15 80808080808001 00 000000", errVarint},
	{"compact field id of 6 bytes", Compact, "05 8080808080", errVarint},
	{"compact string of 2 GiB", Compact, "18 8080808008", errLength},
	{"compact list of 2 GiB", Compact, "19 f5 8080808008", errLength},
	{"compact map of 2 GiB", Compact, "1b 8080808008", errLength},

	{"claimed list", Binary, "0f0001 0a 7fffffff 0000", ErrShort},
	{"claimed string", Binary, "0b0001 7fffffff 0000", ErrShort},
	{"claimed map", Binary, "0d0001 0a0a 7fffffff 0000", ErrShort},
	{"claimed compact list", Compact, "19 f7 ffffffff07 0000", ErrShort},
	{"claimed compact map", Compact, "1b ffffffff07 37 0000", ErrShort},
	{"nothing", Binary, "", ErrShort},
}

func TestSkipStruct(t *testing.T) {
	for _, c := range skipCases {
		t.Run(c.name, func(t *testing.T) {
			b := unhex(t, c.hex)
			n, err := SkipStruct(append(b[:len(b):len(b)], 1, 2, 3)[:len(b)], c.p, DefaultMaxDepth)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if c.want != nil {
				return
			}
			if n != len(b) {
				t.Errorf("length %d, want %d", n, len(b))
			}
			if n, err := SkipStruct(append(b, 0xff, 0xff), c.p, DefaultMaxDepth); n != len(b) || err != nil {
				t.Errorf("with bytes behind it: %d %v", n, err)
			}
			for i := range b {
				if _, err := SkipStruct(b[:i], c.p, DefaultMaxDepth); !errors.Is(err, ErrShort) {
					t.Errorf("first %d bytes: %v, want ErrShort", i, err)
				}
			}
		})
	}
}

func TestScannerByteByByte(t *testing.T) {
	var s Scanner
	for _, c := range skipCases {
		t.Run(c.name, func(t *testing.T) {
			b := unhex(t, c.hex)
			s.Reset(c.p, DefaultMaxDepth)
			var done bool
			var err error
			for i := range b {
				var n int
				n, done, err = s.Scan(b[i : i+1])
				if last := i == len(b)-1; err != nil || done || n != 1 {
					if c.want == nil && !last {
						t.Fatalf("at byte %d: n %d, done %v, err %v", i, n, done, err)
					}
					break
				}
			}
			switch c.want {
			case nil:
				if !done || err != nil {
					t.Errorf("done %v, err %v", done, err)
				}
			case ErrShort:
				if done || err != nil {
					t.Errorf("done %v, err %v, want more bytes to be asked for", done, err)
				}
			default:
				if !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if _, _, again := s.Scan([]byte{0}); again != err {
					t.Errorf("the error is not kept: %v", again)
				}
			}
		})
	}
}

// nested returns a struct that holds levels-1 further levels: structs, lists or maps.
func nested(p Protocol, levels int, open, middle, end string) []byte {
	s := strings.Repeat(open, levels-1) + middle + strings.Repeat(end, levels-1)
	return []byte(s)
}

// structsInLists alternates structs and lists; list is the head of a field that is a list of one struct, empty that of an empty one.
func structsInLists(levels int, list, empty string) []byte {
	pairs := (levels - 1) / 2
	s := strings.Repeat(list, pairs)
	if levels%2 == 0 {
		s += empty
	}
	return []byte(s + strings.Repeat("\x00", pairs+1))
}

func TestDepth(t *testing.T) {
	cases := []struct {
		name  string
		p     Protocol
		build func(levels int) []byte
	}{
		{"binary structs", Binary, func(n int) []byte { return nested(Binary, n, "\x0c\x00\x01", "\x00", "\x00") }},
		{"compact structs", Compact, func(n int) []byte { return nested(Compact, n, "\x1c", "\x00", "\x00") }},
		{"binary lists", Binary, func(n int) []byte {
			if n == 1 {
				return []byte{0}
			}
			return []byte("\x0f\x00\x01" + strings.Repeat("\x0f\x00\x00\x00\x01", n-2) + "\x03\x00\x00\x00\x00" + "\x00")
		}},
		{"binary structs in lists", Binary, func(n int) []byte {
			return structsInLists(n, "\x0f\x00\x01\x0c\x00\x00\x00\x01", "\x0f\x00\x01\x03\x00\x00\x00\x00")
		}},
		{"compact structs in lists", Compact, func(n int) []byte { return structsInLists(n, "\x19\x1c", "\x19\x03") }},
		{"compact maps", Compact, func(n int) []byte {
			if n == 1 {
				return []byte{0}
			}
			return []byte("\x1b" + strings.Repeat("\x01\x3b\x07", n-2) + "\x00" + "\x00")
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, maxDepth := range []int{1, 2, 7, 64} {
				fits, over := c.build(maxDepth), c.build(maxDepth+1)
				if n, err := SkipStruct(fits, c.p, maxDepth); n != len(fits) || err != nil {
					t.Errorf("depth %d of %d: %d %v", maxDepth, maxDepth, n, err)
				}
				if _, _, err := Transcode(nil, 3-c.p, fits, c.p, maxDepth); err != nil {
					t.Errorf("transcode at depth %d: %v", maxDepth, err)
				}
				if _, err := SkipStruct(over, c.p, maxDepth); !errors.Is(err, ErrDepth) {
					t.Errorf("depth %d of %d: %v", maxDepth+1, maxDepth, err)
				}
				if _, _, err := Transcode(nil, 3-c.p, over, c.p, maxDepth); !errors.Is(err, ErrDepth) {
					t.Errorf("transcode above depth %d: %v", maxDepth, err)
				}
				var s Scanner
				s.Reset(c.p, maxDepth)
				if n, done, err := s.Scan(fits); n != len(fits) || !done || err != nil {
					t.Errorf("scan at depth %d: %d %v %v", maxDepth, n, done, err)
				}
				s.Reset(c.p, maxDepth)
				if _, _, err := s.Scan(over); !errors.Is(err, ErrDepth) {
					t.Errorf("scan above depth %d: %v", maxDepth, err)
				}
			}
			if _, err := SkipStruct([]byte{0}, c.p, 0); !errors.Is(err, ErrDepth) {
				t.Errorf("no level allowed: %v", err)
			}
		})
	}
}

// FuzzScanner holds that Scanner and SkipStruct agree, however the bytes are cut.
func FuzzScanner(f *testing.F) {
	for _, c := range skipCases {
		f.Add(unhex(f, c.hex), c.p == Compact, uint64(1), uint8(64))
	}
	f.Fuzz(func(t *testing.T, b []byte, compact bool, seed uint64, depth uint8) {
		p := Binary
		if compact {
			p = Compact
		}
		maxDepth := int(depth % 70)
		want, wantErr := SkipStruct(b, p, maxDepth)
		rnd := rand.New(rand.NewPCG(seed, 1))
		var s Scanner
		s.Reset(p, maxDepth)
		n, done, err := s.Scan(nil)
		for rest := b; len(rest) > 0 && !done && err == nil; {
			cut := 1 + rnd.IntN(min(len(rest), 1+rnd.IntN(40)))
			var k int
			k, done, err = s.Scan(rest[:cut])
			if k != cut && !done && err == nil {
				t.Fatalf("took %d of %d bytes", k, cut)
			}
			n += k
			rest = rest[cut:]
		}
		switch {
		case wantErr == nil && (!done || n != want):
			t.Fatalf("scanner: %d %v %v, skip: %d", n, done, err, want)
		case errors.Is(wantErr, ErrShort) && (done || err != nil):
			t.Fatalf("scanner: %d %v %v, skip: short", n, done, err)
		case wantErr != nil && !errors.Is(wantErr, ErrShort) && err != wantErr:
			t.Fatalf("scanner: %d %v %v, skip: %v", n, done, err, wantErr)
		}
		if cap(s.stack) > 2*maxDepth+8 {
			t.Fatalf("stack of %d for depth %d", cap(s.stack), maxDepth)
		}
	})
}
