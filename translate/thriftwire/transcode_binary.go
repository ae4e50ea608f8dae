package thriftwire

import (
	"encoding/binary"
	"math"
	"slices"
)

// The functions below append the value at b[i], which is compact, in binary form, and return the position behind it or
// a fault. depth is the number of levels that are left, the value's own included.

func binaryStructOf(dst, b []byte, i, depth int) ([]byte, int) {
	if depth <= 0 {
		return dst, tooDeep
	}
	last := 0
	for {
		nibble, id, next := compactFieldHead(b, i, last)
		if next < 0 {
			return dst, next
		}
		i = next
		if nibble == 0 {
			return append(dst, 0), i
		}
		last = id
		dst = append(dst, byte(binaryOf[nibble]), byte(id>>8), byte(id))
		if nibble <= compactFalse {
			dst = append(dst, compactFalse-nibble) // true 1, false 0
			continue
		}
		if dst, i = binaryValueOf(dst, b, i, nibble, depth); i < 0 {
			return dst, i
		}
	}
}

// compactFieldHead reads a field head: nibble is 0 at the end of the struct.
func compactFieldHead(b []byte, i, last int) (nibble byte, id, next int) {
	if i >= len(b) {
		return 0, 0, short
	}
	head := b[i]
	i++
	if head == 0 {
		return 0, 0, i
	}
	nibble = head & 0x0f
	if binaryOf[nibble] == Stop {
		return 0, 0, badType
	}
	if head >= 0x10 {
		id = last + int(head>>4)
	} else {
		v, next := uvarint32(b, i)
		if next < 0 {
			return 0, 0, next
		}
		id, i = int(unzigzag32(v)), next
	}
	if id < math.MinInt16 || id > math.MaxInt16 {
		return 0, 0, badFieldID
	}
	return nibble, id, i
}

// binaryValueOf takes a field's value, or an element of a container, inside of something that has depth levels left.
func binaryValueOf(dst, b []byte, i int, nibble byte, depth int) ([]byte, int) {
	switch nibble {
	case compactString:
		n, i := length32(b, i)
		if i < 0 {
			return dst, i
		}
		if n > len(b)-i {
			return dst, short
		}
		dst = binary.BigEndian.AppendUint32(dst, uint32(n))
		return append(dst, b[i:i+n]...), i + n
	case compactStruct:
		return binaryStructOf(dst, b, i, depth-1)
	case compactList, compactSet:
		return binaryListOf(dst, b, i, depth-1)
	case compactMap:
		return binaryMapOf(dst, b, i, depth-1)
	}
	return binaryRunOf(dst, b, i, nibble, 1)
}

// binaryRunOf takes n values whose binary form has a fixed width.
func binaryRunOf(dst, b []byte, i int, nibble byte, n int) ([]byte, int) {
	if n > len(b)-i { // a value has at least one byte
		return dst, short
	}
	dst = slices.Grow(dst, n*int(binaryWidth[binaryOf[nibble]]))
	switch nibble {
	case compactI16, compactI32:
		return binaryInts32Of(dst, b, i, n, nibble == compactI16)
	case compactI64:
		for ; n > 0; n-- {
			v, next := uvarint64(b, i)
			if next < 0 {
				return dst, next
			}
			dst = binary.BigEndian.AppendUint64(dst, uint64(unzigzag64(v)))
			i = next
		}
		return dst, i
	}
	width := int(compactWidth[nibble])
	if width == 0 {
		return dst, badType
	}
	if n > (len(b)-i)/width {
		return dst, short
	}
	end := i + n*width
	switch nibble {
	case compactTrue, compactFalse:
		for ; i < end; i++ {
			v := byte(0)
			if b[i] == compactTrue {
				v = 1
			}
			dst = append(dst, v)
		}
	case compactDouble: // compact doubles are little-endian
		for ; i < end; i += 8 {
			dst = binary.BigEndian.AppendUint64(dst, binary.LittleEndian.Uint64(b[i:]))
		}
	default:
		dst = append(dst, b[i:end]...)
	}
	return dst, end
}

// binaryInts32Of takes n values i32, or i16 where narrow. Both are 32-bit varints; an i16 out of range is a fault.
func binaryInts32Of(dst, b []byte, i, n int, narrow bool) ([]byte, int) {
	for ; n > 0; n-- {
		u, next := uvarint32(b, i)
		if next < 0 {
			return dst, next
		}
		i = next
		v := unzigzag32(u)
		if !narrow {
			dst = binary.BigEndian.AppendUint32(dst, uint32(v))
			continue
		}
		if v < math.MinInt16 || v > math.MaxInt16 {
			return dst, badVarint
		}
		dst = binary.BigEndian.AppendUint16(dst, uint16(v))
	}
	return dst, i
}

func binaryListOf(dst, b []byte, i, depth int) ([]byte, int) {
	if depth <= 0 {
		return dst, tooDeep
	}
	nibble, n, i := compactListHead(b, i)
	if i < 0 {
		return dst, i
	}
	t := binaryOf[nibble]
	if t == Stop {
		if n > 0 {
			return dst, badType
		}
		t = String // an empty container without a type
	}
	dst = append(dst, byte(t))
	dst = binary.BigEndian.AppendUint32(dst, uint32(n))
	if n > 0 && binaryWidth[t] != 0 {
		return binaryRunOf(dst, b, i, nibble, n)
	}
	for ; n > 0; n-- {
		if dst, i = binaryValueOf(dst, b, i, nibble, depth); i < 0 {
			return dst, i
		}
	}
	return dst, i
}

func binaryMapOf(dst, b []byte, i, depth int) ([]byte, int) {
	if depth <= 0 {
		return dst, tooDeep
	}
	kn, vn, n, i := compactMapHead(b, i)
	if i < 0 {
		return dst, i
	}
	if n == 0 {
		return append(dst, byte(String), byte(String), 0, 0, 0, 0), i
	}
	kt, vt := binaryOf[kn], binaryOf[vn]
	if kt == Stop || vt == Stop {
		return dst, badType
	}
	dst = append(dst, byte(kt), byte(vt))
	dst = binary.BigEndian.AppendUint32(dst, uint32(n))
	for ; n > 0; n-- {
		if dst, i = binaryValueOf(dst, b, i, kn, depth); i < 0 {
			return dst, i
		}
		if dst, i = binaryValueOf(dst, b, i, vn, depth); i < 0 {
			return dst, i
		}
	}
	return dst, i
}
