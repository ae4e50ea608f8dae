// Package pbwire reads and writes the pieces of protobuf's wire format (protobuf.dev/programming-guides/encoding)
// that package translate works on: tags, varints, fields to be stepped over. It works on bytes that lie in memory and
// allocates nothing but what is appended.
//
// Readers take the bytes and a position and return the position behind what they read. A negative position is an
// error; Err gives its text. That way a reader costs two registers in a hot loop.
package pbwire

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// Type is a wire type: the low three bits of a tag.
type Type uint8

// The wire types. 6 and 7 are not in use and are errors.
const (
	Varint     Type = 0
	Fixed64    Type = 1
	Bytes      Type = 2
	StartGroup Type = 3
	EndGroup   Type = 4
	Fixed32    Type = 5
)

// MaxNumber is the largest field number.
const MaxNumber = 1<<29 - 1

// Positions that stand for errors.
const (
	truncated = -1 - iota
	overflow
	badNumber
	badType
	badGroup
	tooDeep
)

// The errors that Err gives.
var (
	ErrTruncated = errors.New("protobuf message ends inside a field")
	ErrOverflow  = errors.New("varint is longer than 64 bits")
	ErrNumber    = errors.New("field number is out of range")
	ErrType      = errors.New("wire type is not one of protobuf's")
	ErrGroup     = errors.New("group end does not match its start")
	ErrDepth     = errors.New("groups are nested too deep")
)

// Err gives the error for a negative position.
func Err(pos int) error {
	switch pos {
	case truncated:
		return ErrTruncated
	case overflow:
		return ErrOverflow
	case badNumber:
		return ErrNumber
	case badType:
		return ErrType
	case badGroup:
		return ErrGroup
	case tooDeep:
		return ErrDepth
	}
	return nil
}

// Uvarint reads the varint at b[i:].
func Uvarint(b []byte, i int) (v uint64, next int) {
	for shift := uint(0); shift < 63; shift += 7 {
		if uint(i) >= uint(len(b)) {
			return 0, truncated
		}
		c := b[i]
		i++
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v, i
		}
	}
	if i >= len(b) {
		return 0, truncated
	}
	if b[i] > 1 { // the tenth byte holds the last of 64 bits
		return 0, overflow
	}
	return v | uint64(b[i])<<63, i + 1
}

// Tag reads the tag at b[i:] and splits it. Tags may be over-long varints of up to ten bytes.
func Tag(b []byte, i int) (num int32, typ Type, next int) {
	v, i := Uvarint(b, i)
	if i < 0 {
		return 0, 0, i
	}
	if v>>3 == 0 || v>>3 > MaxNumber {
		return 0, 0, badNumber
	}
	return int32(v >> 3), Type(v & 7), i
}

// Length reads the length of a Bytes field at b[i:] and returns where its payload starts and ends.
func Length(b []byte, i int) (start, end int) {
	n, i := Uvarint(b, i)
	if i < 0 {
		return 0, i
	}
	if n > uint64(len(b)-i) {
		return 0, truncated
	}
	return i, i + int(n)
}

// Skip steps over the value at b[i:] of a field whose tag was read. Groups may be nested depth deep in it.
func Skip(b []byte, i int, num int32, typ Type, depth int) (next int) {
	switch typ {
	case Varint:
		_, next = Uvarint(b, i)
		return next
	case Fixed64:
		next = i + 8
	case Fixed32:
		next = i + 4
	case Bytes:
		_, next = Length(b, i)
		return next
	case StartGroup:
		_, next = SkipGroup(b, i, num, depth)
		return next
	case EndGroup:
		return badGroup
	default:
		return badType
	}
	if next > len(b) {
		return truncated
	}
	return next
}

// SkipGroup steps over the fields of group num, which start at b[i:]. It returns where they end and the position
// behind the end tag.
func SkipGroup(b []byte, i int, num int32, depth int) (end, next int) {
	if depth <= 0 {
		return 0, tooDeep
	}
	for {
		n, typ, j := Tag(b, i)
		if j < 0 {
			return 0, j
		}
		if typ == EndGroup {
			if n != num {
				return 0, badGroup
			}
			return i, j
		}
		if i = Skip(b, j, n, typ, depth-1); i < 0 {
			return 0, i
		}
	}
}

// CountVarints returns how many varints end in b.
func CountVarints(b []byte) int {
	const high = 0x8080808080808080
	n := 0
	for ; len(b) >= 8; b = b[8:] {
		n += bits.OnesCount64(^binary.LittleEndian.Uint64(b) & high)
	}
	for _, c := range b {
		if c < 0x80 {
			n++
		}
	}
	return n
}

// AppendUvarint appends v as a varint.
func AppendUvarint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// PutUvarint writes v at the start of b, which must have room, and returns its length in bytes.
func PutUvarint(b []byte, v uint64) int {
	n := 0
	for v >= 0x80 {
		b[n] = byte(v) | 0x80
		v >>= 7
		n++
	}
	b[n] = byte(v)
	return n + 1
}

// SizeUvarint returns the length of v as a varint in bytes.
func SizeUvarint(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// Zigzag folds the sign into the lowest bit, as sint32, sint64 and Thrift's compact protocol have it.
func Zigzag(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }

// Unzigzag is the inverse of Zigzag.
func Unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }
