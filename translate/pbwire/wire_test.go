package pbwire_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"weft/translate/pbwire"
)

func TestErrors(t *testing.T) {
	cases := []struct {
		name string
		in   []byte
		want error
	}{
		{"empty", nil, pbwire.ErrTruncated},
		{"tag cut off", []byte{0x88}, pbwire.ErrTruncated},
		{"tag of eleven bytes", bytes.Repeat([]byte{0x80}, 11), pbwire.ErrOverflow},
		{"tenth byte above one", append(bytes.Repeat([]byte{0xff}, 9), 2), pbwire.ErrOverflow},
		{"number zero", []byte{0x05, 0, 0, 0, 0}, pbwire.ErrNumber},
		{"number 2^29", []byte{0x80, 0x80, 0x80, 0x80, 0x10, 0}, pbwire.ErrNumber},
		{"type 6", []byte{0x0e}, pbwire.ErrType},
		{"type 7", []byte{0x0f}, pbwire.ErrType},
		{"end without start", []byte{0x0c}, pbwire.ErrGroup},
		{"end of another group", []byte{0x0b, 0x14}, pbwire.ErrGroup},
		{"group without end", []byte{0x0b, 0x08, 0x01}, pbwire.ErrTruncated},
		{"groups too deep", bytes.Repeat([]byte{0x0b}, 5), pbwire.ErrDepth},
		{"length beyond the end", []byte{0x0a, 2, 0}, pbwire.ErrTruncated},
		{"length of 2^64-1", append([]byte{0x0a}, append(bytes.Repeat([]byte{0xff}, 9), 1)...), pbwire.ErrTruncated},
		{"fixed32 cut off", []byte{0x0d, 0, 0, 0}, pbwire.ErrTruncated},
		{"fixed64 cut off", []byte{0x09, 0, 0, 0, 0, 0, 0, 0}, pbwire.ErrTruncated},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if next := skipField(c.in); next >= 0 || !errors.Is(pbwire.Err(next), c.want) {
				t.Errorf("position %d, error %v, want %v", next, pbwire.Err(next), c.want)
			}
		})
	}
}

// skipField reads a tag and steps over its value, groups of four levels at most.
func skipField(b []byte) int {
	num, typ, i := pbwire.Tag(b, 0)
	if i < 0 {
		return i
	}
	return pbwire.Skip(b, i, num, typ, 4)
}

func TestVarints(t *testing.T) {
	for _, v := range []uint64{0, 1, 127, 128, 16383, 16384, 1<<32 - 1, math.MaxInt64, math.MaxUint64} {
		want := protowire.AppendVarint(nil, v)
		got := pbwire.AppendUvarint(nil, v)
		put := make([]byte, 10)
		n := pbwire.PutUvarint(put, v)
		if !bytes.Equal(got, want) || !bytes.Equal(put[:n], want) || pbwire.SizeUvarint(v) != len(want) {
			t.Errorf("%d: appended %x, put %x, size %d; want %x", v, got, put[:n], pbwire.SizeUvarint(v), want)
		}
		if back, next := pbwire.Uvarint(got, 0); back != v || next != len(want) {
			t.Errorf("%d: read back as %d up to %d", v, back, next)
		}
		if z := pbwire.Zigzag(int64(v)); z != protowire.EncodeZigZag(int64(v)) || pbwire.Unzigzag(z) != int64(v) {
			t.Errorf("%d: zigzag %d and back %d", int64(v), z, pbwire.Unzigzag(z))
		}
	}
}

// FuzzSkip compares with protowire, which allows deeper groups and leaves numbers above MaxNumber to proto.Unmarshal, and is
// otherwise as strict.
func FuzzSkip(f *testing.F) {
	f.Add([]byte{0x0b, 0x10, 0x01, 0x0c})
	f.Add([]byte{0x88, 0x80, 0x00, 0x05})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, want := protowire.ConsumeField(b)
		got := skipField(b)
		if err := pbwire.Err(got); err == pbwire.ErrDepth || err == pbwire.ErrNumber {
			return
		}
		if (got < 0) != (want < 0) || got >= 0 && got != want {
			t.Errorf("%x: %d, protowire %d", b, got, want)
		}
		n := 0
		for _, c := range b {
			if c < 0x80 {
				n++
			}
		}
		if c := pbwire.CountVarints(b); c != n {
			t.Errorf("%x: %d varints, want %d", b, c, n)
		}
	})
}
