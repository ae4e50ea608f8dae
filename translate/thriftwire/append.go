package thriftwire

import "encoding/binary"

// AppendField appends the head of a field; last is the id of the field before it in the same struct, 0 for the first. Not for
// bool fields, whose compact value lies in the head.
func AppendField(dst []byte, p Protocol, last, id int16, t Type) []byte {
	if p == Compact {
		return appendCompactField(dst, int(last), int(id), compactOf[t])
	}
	return append(dst, byte(t), byte(uint16(id)>>8), byte(id))
}

// AppendStop appends the end of a struct.
func AppendStop(dst []byte) []byte { return append(dst, byte(Stop)) }

// AppendI32 appends an i32.
func AppendI32(dst []byte, p Protocol, v int32) []byte {
	if p == Compact {
		return binary.AppendUvarint(dst, zigzag32(v))
	}
	return binary.BigEndian.AppendUint32(dst, uint32(v))
}

// AppendString appends a string or binary.
func AppendString[S ~string | ~[]byte](dst []byte, p Protocol, v S) []byte {
	if p == Compact {
		dst = binary.AppendUvarint(dst, uint64(len(v)))
	} else {
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(v)))
	}
	return append(dst, v...)
}

// AppendList appends the head of a list or set of n elements of type t.
func AppendList(dst []byte, p Protocol, t Type, n int) []byte {
	if p == Compact {
		return appendCompactListHead(dst, compactOf[t], n)
	}
	return binary.BigEndian.AppendUint32(append(dst, byte(t)), uint32(n))
}

// appendCompactListHead writes counts up to 14 in the same byte as the type.
func appendCompactListHead(dst []byte, nibble byte, n int) []byte {
	if n < 15 {
		return append(dst, byte(n)<<4|nibble)
	}
	return binary.AppendUvarint(append(dst, 0xf0|nibble), uint64(n))
}
