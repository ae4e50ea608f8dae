package translate

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"weft/translate/pbwire"
)

// This file has the loops for packed lists whose elements need no check. They take most of the time of messages full
// of numbers, so they make room once and write by index.

// bulk names such a loop.
type bulk uint8

const (
	bulkNone   bulk = iota
	bulkCopy        // double, both little-endian: fixed64 <-> compact
	bulkSwap64      // fixed64 <-> big-endian i64 or double
	bulkI32         // varint <-> big-endian i32
	bulkI64         // varint <-> big-endian i64
	bulkZigzag      // varint <-> zigzag varint
)

// minBulk is the payload in bytes from which a loop is worth its preparation.
const minBulk = 16

// chooseBulk finds the loop for lists of v on their way to Thrift.
func chooseBulk(v *thriftValue) bulk {
	switch {
	case v.check:
	case v.wire == pbwire.Fixed64 && v.decode == decodeRaw && v.write == writeLE64:
		return bulkCopy
	case v.wire == pbwire.Fixed64 && v.decode == decodeRaw && v.write == writeI64:
		return bulkSwap64
	case v.wire == pbwire.Varint && v.decode == decodeInt32 && v.write == writeI32:
		return bulkI32
	case v.wire == pbwire.Varint && v.decode == decodeRaw && v.write == writeI64:
		return bulkI64
	case v.wire == pbwire.Varint && (v.decode == decodeRaw || v.decode == decodeInt32) && v.write == writeZigzag:
		return bulkZigzag
	}
	return bulkNone
}

// chooseProtoBulk finds the loop for packed lists of v on their way to protobuf.
func chooseProtoBulk(v *protoValue) bulk {
	switch {
	case v.bounds.on || v.enum != nil:
	case v.encode == encodeFixed64 && v.read == readLE64:
		return bulkCopy
	case v.encode == encodeFixed64 && v.read == readI64:
		return bulkSwap64
	case v.encode == encodeVarint && v.read == readI32:
		return bulkI32
	case v.encode == encodeVarint && v.read == readI64:
		return bulkI64
	case v.encode == encodeVarint && (v.read == readZigzag32 || v.read == readZigzag64):
		return bulkZigzag
	}
	return bulkNone
}

// packedBulk writes the n elements of the packed payload src to Thrift.
func (t *toThrift) packedBulk(b []byte, v *thriftValue, src []byte, n int) ([]byte, *Error) {
	at := len(b)
	switch v.bulk {
	case bulkCopy:
		if t.o.RefMin > 0 && len(src) >= t.o.RefMin {
			t.o.refer(at, src)
			return b, nil
		}
		return append(b, src...), nil
	case bulkSwap64:
		b = slices.Grow(b, len(src))[:at+len(src)]
		swap64(b[at:], src)
		return b, nil
	case bulkI32:
		b = slices.Grow(b, 4*n)[:at+4*n]
		for i := 0; i < len(src); at += 4 {
			x, next := shortUvarint(src, i)
			if next < 0 {
				return b, malformed(next)
			}
			i = next
			binary.BigEndian.PutUint32(b[at:], uint32(x))
		}
		return b, nil
	case bulkI64:
		b = slices.Grow(b, 8*n)[:at+8*n]
		for i := 0; i < len(src); at += 8 {
			x, next := shortUvarint(src, i)
			if next < 0 {
				return b, malformed(next)
			}
			i = next
			binary.BigEndian.PutUint64(b[at:], x)
		}
		return b, nil
	}
	// A zigzag varint is at most one byte longer than the varint of the same number.
	b = slices.Grow(b, len(src)+n)[:at+len(src)+n]
	for i := 0; i < len(src); {
		x, next := shortUvarint(src, i)
		if next < 0 {
			return b, malformed(next)
		}
		i = next
		if v.decode == decodeInt32 {
			x = uint64(int64(int32(x)))
		}
		at = putUvarint(b, at, pbwire.Zigzag(int64(x)))
	}
	return b[:at], nil
}

// packedBulk writes n elements at src[i:] of Thrift as the payload of a packed field, without its length.
func (t *toProto) packedBulk(b []byte, i int, v *protoValue, n int) ([]byte, int, *Error) {
	src, at := t.src, len(b)
	switch v.bulk {
	case bulkCopy:
		data := src[i : i+8*n]
		if t.o.RefMin > 0 && len(data) >= t.o.RefMin {
			t.o.refer(at, data)
			return b, i + 8*n, nil
		}
		return append(b, data...), i + 8*n, nil
	case bulkSwap64:
		b = slices.Grow(b, 8*n)[:at+8*n]
		swap64(b[at:], src[i:i+8*n])
		return b, i + 8*n, nil
	}
	b = slices.Grow(b, 10*n)[:at+10*n] // the longest varints; the count was checked against the bytes
	switch v.bulk {
	case bulkI32:
		for end := i + 4*n; i < end; i += 4 {
			at = putUvarint(b, at, uint64(int64(int32(binary.BigEndian.Uint32(src[i:])))))
		}
	case bulkI64:
		for end := i + 8*n; i < end; i += 8 {
			at = putUvarint(b, at, binary.BigEndian.Uint64(src[i:]))
		}
	default:
		for j := range n {
			x, next := shortUvarint(src, i)
			if next < 0 {
				return b, i, errThrift(varintError(next)).atIndex(j)
			}
			y := pbwire.Unzigzag(x)
			if v.read == readZigzag32 && y != int64(int32(y)) {
				return b, i, errThrift(thriftVarint).atIndex(j)
			}
			i = next
			at = putUvarint(b, at, uint64(y))
		}
	}
	return b[:at], i, nil
}

// swap64 copies words of 8 bytes with their bytes reversed; dst is as long as src.
func swap64(dst, src []byte) {
	for len(src) >= 8 && len(dst) >= 8 {
		binary.BigEndian.PutUint64(dst, binary.LittleEndian.Uint64(src))
		dst, src = dst[8:], src[8:]
	}
}

// uvarintWord is pbwire.Uvarint for numbers of more than one byte: it looks at eight bytes at once.
func uvarintWord(b []byte, i int) (uint64, int) {
	if len(b)-i < 8 {
		return pbwire.Uvarint(b, i)
	}
	x := binary.LittleEndian.Uint64(b[i:])
	size := uint(bits.TrailingZeros64(^x&highBits) + 1) // in bits, with those that say whether the number goes on
	if size > 64 {
		return pbwire.Uvarint(b, i)
	}
	x &= 1<<size - 1
	x = x&0x007f007f007f007f | x>>1&0x3f803f803f803f80
	x = x&0x00003fff00003fff | x>>2&0x0fffc0000fffc000
	x = x&0x000000000fffffff | x>>4&0x00fffffff0000000
	return x, i + int(size)>>3
}

// shortUvarint is pbwire.Uvarint for numbers of mostly one or two bytes.
func shortUvarint(b []byte, i int) (uint64, int) {
	if uint(i)+1 < uint(len(b)) {
		c, d := b[i], b[i+1]
		if c < 0x80 {
			return uint64(c), i + 1
		}
		if d < 0x80 {
			return uint64(c&0x7f) | uint64(d)<<7, i + 2
		}
	}
	return pbwire.Uvarint(b, i)
}

// putUvarint writes x to b[at:], which has room, and returns the position behind it.
func putUvarint(b []byte, at int, x uint64) int {
	for x >= 0x80 {
		b[at] = byte(x) | 0x80
		x >>= 7
		at++
	}
	b[at] = byte(x)
	return at + 1
}
