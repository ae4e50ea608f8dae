package thriftwire

import (
	"encoding/binary"
	"math"
)

// SkipStruct returns the length of the struct at the start of b: ErrShort where b ends inside it, another error where it is malformed or
// nested deeper than maxDepth (ErrDepth). An unknown element type is let through in an empty container, because some writers put
// none there.
func SkipStruct(b []byte, p Protocol, maxDepth int) (n int, err error) {
	if p == Compact {
		n = skipCompactStruct(b, 0, maxDepth)
	} else {
		n = skipBinaryStruct(b, 0, maxDepth)
	}
	if n < 0 {
		return 0, faultError(n)
	}
	return n, nil
}

// The walkers below return the position behind the value at b[i], or a fault. depth is the number of levels that
// are left, the value's own included. i may lie behind the end of b: that is short.

func skipBinaryStruct(b []byte, i, depth int) int {
	if depth <= 0 {
		return tooDeep
	}
	for {
		if i >= len(b) {
			return short
		}
		t := b[i]
		if w := binaryWidth[t]; w != 0 {
			i += 3 + int(w) // the next round sees whether it was there
			continue
		}
		switch Type(t) {
		case Stop:
			return i + 1
		case String:
			i = skipBinaryString(b, i+3)
		case Struct:
			i = skipBinaryStruct(b, i+3, depth-1)
		case List, Set:
			i = skipBinaryList(b, i+3, depth-1)
		case Map:
			i = skipBinaryMap(b, i+3, depth-1)
		default:
			return badType
		}
		if i < 0 {
			return i
		}
	}
}

func skipBinaryString(b []byte, i int) int {
	if len(b)-i < 4 {
		return short
	}
	n := binary.BigEndian.Uint32(b[i:])
	i += 4
	if n > math.MaxInt32 {
		return badLength
	}
	if int(n) > len(b)-i {
		return short
	}
	return i + int(n)
}

func skipBinaryList(b []byte, i, depth int) int {
	if depth <= 0 {
		return tooDeep
	}
	if len(b)-i < 5 {
		return short
	}
	t, n := b[i], binary.BigEndian.Uint32(b[i+1:])
	i += 5
	if n > math.MaxInt32 {
		return badLength
	}
	if w := int(binaryWidth[t]); w != 0 {
		return skipRun(b, i, int(n), w)
	}
	for ; n > 0; n-- {
		if i = skipBinaryValue(b, i, t, depth); i < 0 {
			return i
		}
	}
	return i
}

func skipBinaryMap(b []byte, i, depth int) int {
	if depth <= 0 {
		return tooDeep
	}
	if len(b)-i < 6 {
		return short
	}
	kt, vt, n := b[i], b[i+1], binary.BigEndian.Uint32(b[i+2:])
	i += 6
	if n > math.MaxInt32 {
		return badLength
	}
	if kw, vw := int(binaryWidth[kt]), int(binaryWidth[vt]); kw != 0 && vw != 0 {
		return skipRun(b, i, int(n), kw+vw)
	}
	for ; n > 0; n-- {
		if i = skipBinaryValue(b, i, kt, depth); i < 0 {
			return i
		}
		if i = skipBinaryValue(b, i, vt, depth); i < 0 {
			return i
		}
	}
	return i
}

// skipBinaryValue passes over an element of a container that has depth levels left.
func skipBinaryValue(b []byte, i int, t byte, depth int) int {
	switch Type(t) {
	case String:
		return skipBinaryString(b, i)
	case Struct:
		return skipBinaryStruct(b, i, depth-1)
	case List, Set:
		return skipBinaryList(b, i, depth-1)
	case Map:
		return skipBinaryMap(b, i, depth-1)
	}
	if w := binaryWidth[t]; w != 0 {
		return skipRun(b, i, 1, int(w))
	}
	return badType
}

// skipRun passes over n values of width bytes each.
func skipRun(b []byte, i, n, width int) int {
	if n > (len(b)-i)/width {
		return short
	}
	return i + n*width
}

func skipCompactStruct(b []byte, i, depth int) int {
	if depth <= 0 {
		return tooDeep
	}
	for {
		if i >= len(b) {
			return short
		}
		head := b[i]
		i++
		if head == 0 {
			return i
		}
		t := head & 0x0f
		if binaryOf[t] == Stop {
			return badType
		}
		if head < 0x10 { // long form: the field id follows
			if i = skipVarint(b, i, maxVarint32); i < 0 {
				return i
			}
		}
		if t <= compactFalse {
			continue // the value lies in the type
		}
		if i = skipCompactValue(b, i, t, depth); i < 0 {
			return i
		}
	}
}

// skipCompactValue passes over a field's value, or an element of a container, inside of something that has depth levels left.
func skipCompactValue(b []byte, i int, t byte, depth int) int {
	switch t {
	case compactTrue, compactFalse, compactI8:
		return skipRun(b, i, 1, 1)
	case compactI16, compactI32:
		return skipVarint(b, i, maxVarint32)
	case compactI64:
		return skipVarint(b, i, maxVarint64)
	case compactDouble:
		return skipRun(b, i, 1, 8)
	case compactString:
		n, i := length32(b, i)
		if i >= 0 {
			return skipRun(b, i, n, 1)
		}
		return i
	case compactStruct:
		return skipCompactStruct(b, i, depth-1)
	case compactList, compactSet:
		return skipCompactList(b, i, depth-1)
	case compactMap:
		return skipCompactMap(b, i, depth-1)
	case compactUUID:
		return skipRun(b, i, 1, 16)
	}
	return badType
}

func skipCompactList(b []byte, i, depth int) int {
	if depth <= 0 {
		return tooDeep
	}
	t, n, i := compactListHead(b, i)
	if i < 0 {
		return i
	}
	switch t {
	case compactI16, compactI32:
		return skipVarints(b, i, n, maxVarint32)
	case compactI64:
		return skipVarints(b, i, n, maxVarint64)
	}
	if w := int(compactWidth[t]); w != 0 {
		return skipRun(b, i, n, w)
	}
	for ; n > 0; n-- {
		if i = skipCompactValue(b, i, t, depth); i < 0 {
			return i
		}
	}
	return i
}

// compactListHead reads the element type and count of a list or set.
func compactListHead(b []byte, i int) (t byte, n, next int) {
	if i >= len(b) {
		return 0, 0, short
	}
	head := b[i]
	i++
	if head < 0xf0 {
		return head & 0x0f, int(head >> 4), i
	}
	n, i = length32(b, i)
	return head & 0x0f, n, i
}

func skipCompactMap(b []byte, i, depth int) int {
	if depth <= 0 {
		return tooDeep
	}
	kt, vt, n, i := compactMapHead(b, i)
	if i < 0 {
		return i
	}
	if kw, vw := int(compactWidth[kt]), int(compactWidth[vt]); kw != 0 && vw != 0 {
		return skipRun(b, i, n, kw+vw)
	}
	for ; n > 0; n-- {
		if i = skipCompactValue(b, i, kt, depth); i < 0 {
			return i
		}
		if i = skipCompactValue(b, i, vt, depth); i < 0 {
			return i
		}
	}
	return i
}

// compactMapHead reads the types and the count of a map. An empty map has no types (thrift-compact-protocol.md).
func compactMapHead(b []byte, i int) (kt, vt byte, n, next int) {
	n, i = length32(b, i)
	if i < 0 || n == 0 {
		return 0, 0, 0, i
	}
	if i >= len(b) {
		return 0, 0, 0, short
	}
	return b[i] >> 4, b[i] & 0x0f, n, i + 1
}
