package thriftwire

import (
	"encoding/binary"
	"math/bits"
)

// uvarint32 reads the varint at b[i] and returns the position behind it, or a fault: short, or badVarint where it has more
// than 5 bytes or 32 bits.
func uvarint32(b []byte, i int) (uint32, int) {
	if i < len(b) && b[i] < 0x80 {
		return uint32(b[i]), i + 1
	}
	var v uint32
	for shift := 0; shift < 7*maxVarint32; shift += 7 {
		if i >= len(b) {
			return 0, short
		}
		c := b[i]
		i++
		if shift == 28 && c > 0x0f {
			return 0, badVarint
		}
		v |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return v, i
		}
	}
	return 0, badVarint
}

// uvarint64 is the same for 10 bytes and 64 bits.
func uvarint64(b []byte, i int) (uint64, int) {
	if i < len(b) && b[i] < 0x80 {
		return uint64(b[i]), i + 1
	}
	var v uint64
	for shift := 0; shift < 7*maxVarint64; shift += 7 {
		if i >= len(b) {
			return 0, short
		}
		c := b[i]
		i++
		if shift == 63 && c > 1 {
			return 0, badVarint
		}
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v, i
		}
	}
	return 0, badVarint
}

// length32 reads a varint that is a length or a count: at most math.MaxInt32.
func length32(b []byte, i int) (int, int) {
	v, i := uvarint32(b, i)
	if i >= 0 && v > 1<<31-1 {
		return 0, badLength
	}
	return int(v), i
}

// skipVarint returns the position behind the varint at b[i], which may have up to most bytes. Whether its value is in
// range is not looked at.
func skipVarint(b []byte, i, most int) int {
	if len(b)-i >= 8 {
		// The first byte without a continuation bit ends the varint.
		if ends := ^binary.LittleEndian.Uint64(b[i:]) & 0x8080808080808080; ends != 0 {
			n := bits.TrailingZeros64(ends)>>3 + 1
			if n > most {
				return badVarint
			}
			return i + n
		}
	}
	for end := i + most; i < end; i++ {
		if i >= len(b) {
			return short
		}
		if b[i] < 0x80 {
			return i + 1
		}
	}
	return badVarint
}

// skipVarints passes over n varints.
func skipVarints(b []byte, i, n, most int) int {
	for n > 0 {
		if n >= 8 && len(b)-i >= 8 && binary.LittleEndian.Uint64(b[i:])&0x8080808080808080 == 0 {
			i += 8
			n -= 8
			continue
		}
		if i = skipVarint(b, i, most); i < 0 {
			return i
		}
		n--
	}
	return i
}

// uvarintLen returns the length of v as a varint.
func uvarintLen(v uint32) int { return (bits.Len32(v|1) + 6) / 7 }

func zigzag32(v int32) uint64 { return uint64(uint32(v<<1) ^ uint32(v>>31)) }
func zigzag64(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

func unzigzag32(v uint32) int32 { return int32(v>>1) ^ -int32(v&1) }
func unzigzag64(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }
