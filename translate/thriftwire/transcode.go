package thriftwire

import (
	"encoding/binary"
	"slices"
)

// Transcode appends the struct at the start of src, written in protocol from, to dst in protocol to, and returns the bytes of src it took.
// Nothing but dst is allocated, and dst grows by at most a small factor of the bytes that src really holds.
//
// What one protocol cannot say: compact has no types for an empty map, they become string and string in binary. A binary bool
// other than 0 becomes true. On an error dst's length is unchanged; the room behind it may hold garbage.
func Transcode(dst []byte, to Protocol, src []byte, from Protocol, maxDepth int) (out []byte, n int, err error) {
	switch {
	case to == from:
		if n, err = SkipStruct(src, from, maxDepth); err != nil {
			return dst, 0, err
		}
		return append(dst, src[:n]...), n, nil
	case to == Compact:
		out, n = compactStructOf(dst, src, 0, maxDepth)
	default:
		out, n = binaryStructOf(dst, src, 0, maxDepth)
	}
	if n < 0 {
		return dst, 0, faultError(n)
	}
	return out, n, nil
}

// The functions below append the value at b[i], which is binary, in compact form, and return the position behind it or
// a fault. depth is the number of levels that are left, the value's own included.

func compactStructOf(dst, b []byte, i, depth int) ([]byte, int) {
	if depth <= 0 {
		return dst, tooDeep
	}
	last := 0
	for {
		if i >= len(b) {
			return dst, short
		}
		t := b[i]
		if Type(t) == Stop {
			return append(dst, 0), i + 1
		}
		nibble := compactOf[t]
		if nibble == 0 {
			return dst, badType
		}
		if len(b)-i < 4 { // every field has a value of at least one byte
			return dst, short
		}
		id := int(int16(binary.BigEndian.Uint16(b[i+1:])))
		i += 3
		if Type(t) == Bool && b[i] == 0 {
			nibble = compactFalse
		}
		dst = appendCompactField(dst, last, id, nibble)
		last = id
		if Type(t) == Bool {
			i++
			continue
		}
		if dst, i = compactValueOf(dst, b, i, t, depth); i < 0 {
			return dst, i
		}
	}
}

// appendCompactField appends a field head: the short form for ids up to 15 above the one before, else the long form.
func appendCompactField(dst []byte, last, id int, nibble byte) []byte {
	if delta := id - last; delta > 0 && delta <= 15 {
		return append(dst, byte(delta)<<4|nibble)
	}
	return binary.AppendUvarint(append(dst, nibble), zigzag32(int32(id)))
}

// compactValueOf takes a field's value, or an element of a container, inside of something that has depth levels left.
func compactValueOf(dst, b []byte, i int, t byte, depth int) ([]byte, int) {
	if w := int(binaryWidth[t]); w != 0 {
		if len(b)-i < w {
			return dst, short
		}
		return compactRunOf(dst, b, i, t, 1)
	}
	switch Type(t) {
	case String:
		end := skipBinaryString(b, i)
		if end < 0 {
			return dst, end
		}
		dst = binary.AppendUvarint(dst, uint64(end-i-4))
		return append(dst, b[i+4:end]...), end
	case Struct:
		return compactStructOf(dst, b, i, depth-1)
	case List, Set:
		return compactListOf(dst, b, i, depth-1)
	case Map:
		return compactMapOf(dst, b, i, depth-1)
	}
	return dst, badType
}

// compactRunOf takes n values of a fixed width, which are all there.
func compactRunOf(dst, b []byte, i int, t byte, n int) ([]byte, int) {
	end := i + n*int(binaryWidth[t])
	dst = slices.Grow(dst, n)
	switch Type(t) {
	case Bool:
		for ; i < end; i++ {
			v := byte(compactFalse)
			if b[i] != 0 {
				v = compactTrue
			}
			dst = append(dst, v)
		}
	case I8, UUID:
		dst = append(dst, b[i:end]...)
	case I16:
		for ; i < end; i += 2 {
			dst = binary.AppendUvarint(dst, zigzag32(int32(int16(binary.BigEndian.Uint16(b[i:])))))
		}
	case I32:
		for ; i < end; i += 4 {
			dst = binary.AppendUvarint(dst, zigzag32(int32(binary.BigEndian.Uint32(b[i:]))))
		}
	case I64:
		for ; i < end; i += 8 {
			dst = binary.AppendUvarint(dst, zigzag64(int64(binary.BigEndian.Uint64(b[i:]))))
		}
	case Double: // compact doubles are little-endian
		dst = slices.Grow(dst, 8*n)
		for ; i < end; i += 8 {
			dst = binary.LittleEndian.AppendUint64(dst, binary.BigEndian.Uint64(b[i:]))
		}
	}
	return dst, end
}

func compactListOf(dst, b []byte, i, depth int) ([]byte, int) {
	if depth <= 0 {
		return dst, tooDeep
	}
	if len(b)-i < 5 {
		return dst, short
	}
	t := b[i]
	n, next := binaryLength(b[i:], 5)
	if next < 0 {
		return dst, next
	}
	i += 5
	nibble := compactOf[t]
	if nibble == 0 {
		if n > 0 {
			return dst, badType
		}
		nibble = compactString // an empty container without a type
	}
	dst = appendCompactListHead(dst, nibble, n)
	if w := int(binaryWidth[t]); w != 0 {
		if n > (len(b)-i)/w {
			return dst, short
		}
		return compactRunOf(dst, b, i, t, n)
	}
	for ; n > 0; n-- {
		if dst, i = compactValueOf(dst, b, i, t, depth); i < 0 {
			return dst, i
		}
	}
	return dst, i
}

func compactMapOf(dst, b []byte, i, depth int) ([]byte, int) {
	if depth <= 0 {
		return dst, tooDeep
	}
	if len(b)-i < 6 {
		return dst, short
	}
	kt, vt := b[i], b[i+1]
	n, next := binaryLength(b[i:], 6)
	if next < 0 {
		return dst, next
	}
	i += 6
	if n == 0 {
		return append(dst, 0), i
	}
	if compactOf[kt] == 0 || compactOf[vt] == 0 {
		return dst, badType
	}
	dst = binary.AppendUvarint(dst, uint64(n))
	dst = append(dst, compactOf[kt]<<4|compactOf[vt])
	for ; n > 0; n-- {
		if dst, i = compactValueOf(dst, b, i, kt, depth); i < 0 {
			return dst, i
		}
		if dst, i = compactValueOf(dst, b, i, vt, depth); i < 0 {
			return dst, i
		}
	}
	return dst, i
}
