package thriftwire

import (
	"bytes"
	"errors"
	"runtime"
	"testing"
)

func TestTranscodeGolden(t *testing.T) {
	bin, comp := unhex(t, goldenBinary), unhex(t, goldenCompact)
	out, n, err := Transcode([]byte("x"), Compact, append(bin, 9), Binary, DefaultMaxDepth)
	if err != nil || n != len(bin) || !bytes.Equal(out[1:], comp) {
		t.Errorf("to compact: %d %v\n got %x\nwant %x", n, err, out[1:], comp)
	}
	// The empty map's types are lost in compact.
	want := bytes.Replace(bin, unhex(t, "0d0067 0b08"), unhex(t, "0d0067 0b0b"), 1)
	out, n, err = Transcode([]byte("x"), Binary, append(comp, 9), Compact, DefaultMaxDepth)
	if err != nil || n != len(comp) || !bytes.Equal(out[1:], want) {
		t.Errorf("to binary: %d %v\n got %x\nwant %x", n, err, out[1:], want)
	}
}

func TestTranscode(t *testing.T) {
	cases := []struct {
		name          string
		from          Protocol
		in, out, back string // back: out transcoded again, "" where it equals in
	}{
		{"any non-zero bool is true", Binary, "0200017f 00", "11 00", "02000101 00"},
		{"false", Binary, "02000100 00", "12 00", ""},
		{"bool list", Binary, "0f0001 02 00000003 050001 00", "19 31 010201 00", "0f0001 02 00000003 010001 00"},
		{"bool list of nibble 2", Compact, "19 22 0102 00", "0f0001 02 00000002 0100 00", "19 21 0102 00"},
		{"bool list with 0 for false", Compact, "19 21 0100 00", "0f0001 02 00000002 0100 00", "19 21 0102 00"},
		{"bool map", Binary, "0d0001 0202 00000001 0001 00", "1b 01 11 0201 00", ""},
		{"field 0", Binary, "080000 00000001 00", "05 00 02 00", ""},
		{"negative and descending ids", Binary, "030005 01 03ffff 02 038000 03 037fff 04 00",
			"53 01 03 01 02 03 ffff03 03 03 feff03 04 00", ""},
		{"delta 15 and 16", Binary, "03000f 01 03001f 02 00", "f3 01 03 3e 02 00", ""},
		{"ids are per struct", Binary, "0c0002 030003 01 00 030004 01 00", "2c 33 01 00 23 01 00", ""},
		{"long form id, compact", Compact, "03 02 07 00", "030001 07 00", "13 07 00"},
		{"extremes", Binary, "060001 8000 080002 80000000 0a0003 8000000000000000 00",
			"14 ffff03 15 ffffffff0f 16 ffffffffffffffffff01 00", ""},
		{"list of 14", Binary, "0f0001 03 0000000e 0102030405060708090a0b0c0d0e 00", "19 e3 0102030405060708090a0b0c0d0e 00", ""},
		{"list of 15", Binary, "0f0001 03 0000000f 0102030405060708090a0b0c0d0e0f 00", "19 f3 0f 0102030405060708090a0b0c0d0e0f 00", ""},
		{"set of i16", Binary, "0e0001 06 00000002 0001ffff 00", "1a 24 0201 00", ""},
		{"list of doubles", Binary, "0f0001 04 00000001 3ff8000000000000 00", "19 17 000000000000f83f 00", ""},
		{"list of uuids", Binary, "0f0001 10 00000001 00112233445566778899aabbccddeeff 00", "19 1d 00112233445566778899aabbccddeeff 00", ""},
		{"list of strings", Binary, "0f0001 0b 00000002 00000001 61 00000000 00", "19 28 01 61 00 00", ""},
		{"empty list of no type", Binary, "0f0001 00 00000000 00", "19 08 00", "0f0001 0b 00000000 00"},
		{"compact empty list of no type", Compact, "19 00 00", "0f0001 0b 00000000 00", "19 08 00"},
		{"empty map in list", Binary, "0f0001 0d 00000001 0308 00000000 00", "19 1b 00 00", "0f0001 0d 00000001 0b0b 00000000 00"},
		{"struct as key", Binary, "0d0001 0c03 00000001 030001 05 00 07 00", "1b 01 c3 13 05 00 07 00", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in, want, back := unhex(t, c.in), unhex(t, c.out), unhex(t, c.back)
			if c.back == "" {
				back = in
			}
			to := 3 - c.from
			out, n, err := Transcode(nil, to, in, c.from, DefaultMaxDepth)
			if err != nil || n != len(in) || !bytes.Equal(out, want) {
				t.Fatalf("%d %v\n got %x\nwant %x", n, err, out, want)
			}
			out, n, err = Transcode(nil, c.from, want, to, DefaultMaxDepth)
			if err != nil || n != len(want) || !bytes.Equal(out, back) {
				t.Fatalf("back: %d %v\n got %x\nwant %x", n, err, out, back)
			}
		})
	}
}

func TestTranscodeRefuses(t *testing.T) {
	for _, c := range skipCases {
		if c.want == nil {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			src := unhex(t, c.hex)
			runtime.ReadMemStats(&before)
			out, n, err := Transcode([]byte("keep"), 3-c.p, src, c.p, DefaultMaxDepth)
			runtime.ReadMemStats(&after)
			if err == nil || n != 0 || string(out) != "keep" {
				t.Errorf("got %d %v %q", n, err, out)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
				t.Errorf("a claimed count made %d bytes of room", grown)
			}
		})
	}
	cases := []struct {
		name, hex string
		want      error
	}{
		{"i16 out of range", "14 808004 00", errVarint},
		{"i32 of 33 bits", "15 ffffffff1f 00", errVarint},
		{"i64 of 65 bits", "16 ffffffffffffffffff02 00", errVarint},
		{"field id out of range", "05 808004 02 00", errFieldID},
		{"field id runs over", "05 feff03 02 15 02 00", errFieldID},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := Transcode(nil, Binary, unhex(t, c.hex), Compact, DefaultMaxDepth); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestTranscodeSameProtocol(t *testing.T) {
	bin := unhex(t, goldenBinary)
	out, n, err := Transcode([]byte("x"), Binary, append(bin, 1), Binary, DefaultMaxDepth)
	if err != nil || n != len(bin) || !bytes.Equal(out[1:], bin) {
		t.Errorf("%d %v %x", n, err, out)
	}
}

// FuzzTranscode holds that what is transcoded is what SkipStruct takes, and that the second and third way give the same bytes:
// the first way may only have brought the value into its usual form.
func FuzzTranscode(f *testing.F) {
	for _, c := range skipCases {
		f.Add(unhex(f, c.hex), c.p == Compact)
	}
	f.Fuzz(func(t *testing.T, b []byte, compact bool) {
		from, to := Binary, Compact
		if compact {
			from, to = Compact, Binary
		}
		out, n, err := Transcode(nil, to, b, from, DefaultMaxDepth)
		skipped, skipErr := SkipStruct(b, from, DefaultMaxDepth)
		if err != nil {
			if skipErr == nil && err != errVarint && err != errFieldID {
				t.Fatalf("skip takes %d, transcode says %v", skipped, err)
			}
			return
		}
		if skipErr != nil || n != skipped {
			t.Fatalf("transcode took %d, skip %d %v", n, skipped, skipErr)
		}
		if len(out) > 16*n {
			t.Fatalf("%d bytes became %d", n, len(out))
		}
		back, n, err := Transcode(nil, from, out, to, DefaultMaxDepth)
		if err != nil || n != len(out) {
			t.Fatalf("back: %d of %d, %v", n, len(out), err)
		}
		again, n, err := Transcode(nil, to, back, from, DefaultMaxDepth)
		if err != nil || n != len(back) || !bytes.Equal(again, out) {
			t.Fatalf("again: %d of %d, %v\n%x\n%x", n, len(back), err, out, again)
		}
	})
}
