package translate

import (
	"encoding/binary"

	"weft/translate/pbwire"
)

// This file reads the pieces of TBinaryProtocol and TCompactProtocol (thrift-binary-protocol.md,
// thrift-compact-protocol.md) that are the same whatever the plan. Readers return the position behind what they read; a
// negative one is an error, whose text errThrift gives.

const (
	thriftShort = -1 - iota
	thriftVarint
	thriftType
	thriftCount
	thriftDeep
)

func errThrift(pos int) *Error {
	switch pos {
	case thriftVarint:
		return fail(Malformed, "integer is longer than its type")
	case thriftType:
		return fail(Malformed, "type number is not one of Thrift's")
	case thriftCount:
		return fail(Malformed, "container claims more elements than there are bytes")
	case thriftDeep:
		return errTooDeep()
	}
	return fail(Malformed, "Thrift message ends inside a value")
}

// uvarint reads a varint and maps pbwire's errors to this file's.
func uvarint(b []byte, i int) (uint64, int) {
	if i < len(b) && b[i] < 0x80 {
		return uint64(b[i]), i + 1
	}
	v, next := pbwire.Uvarint(b, i)
	if next < 0 {
		return 0, varintError(next)
	}
	return v, next
}

// varintError gives this file's number for an error of pbwire.Uvarint.
func varintError(pos int) int {
	if pbwire.Err(pos) == pbwire.ErrTruncated {
		return thriftShort
	}
	return thriftVarint
}

// thriftHeader is what stands in front of a field.
type thriftHeader struct {
	id   int16
	code byte // 0: the struct ends here
}

// readHeader reads the header of the field after the one with id last.
func readHeader(b []byte, i int, compact bool, last int16) (h thriftHeader, next int) {
	if i >= len(b) {
		return h, thriftShort
	}
	c := b[i]
	i++
	if !compact {
		if c == 0 {
			return h, i
		}
		if len(b)-i < 2 {
			return h, thriftShort
		}
		return thriftHeader{id: int16(binary.BigEndian.Uint16(b[i:])), code: c}, i + 2
	}
	if c&15 == 0 {
		return h, i
	}
	h.code = c & 15
	if c >= 16 {
		h.id = last + int16(c>>4)
		return h, i
	}
	v, i := uvarint(b, i)
	if i < 0 {
		return h, i
	}
	id := pbwire.Unzigzag(v)
	if id != int64(int16(id)) {
		return h, thriftVarint
	}
	h.id = int16(id)
	return h, i
}

// container is the header of a list, set or map.
type container struct {
	n         int
	key, elem byte // type codes; key 0 in lists and sets
}

// readList reads the header of a list or set. The count is checked against the bytes that follow.
func readList(b []byte, i int, compact bool) (c container, next int) {
	if i >= len(b) {
		return c, thriftShort
	}
	if !compact {
		if len(b)-i < 5 {
			return c, thriftShort
		}
		c.elem = b[i]
		c.n = int(int32(binary.BigEndian.Uint32(b[i+1:])))
		return c, checkCount(b, i+5, &c, compact)
	}
	c.elem, c.n = b[i]&15, int(b[i]>>4)
	i++
	if c.n == 15 {
		n, next := uvarint(b, i)
		if next < 0 {
			return c, next
		}
		c.n, i = int(min(n, 1<<32)), next
	}
	return c, checkCount(b, i, &c, compact)
}

// readMap reads the header of a map. An empty one has no types in compact.
func readMap(b []byte, i int, compact bool) (c container, next int) {
	if !compact {
		if len(b)-i < 6 {
			return c, thriftShort
		}
		c.key, c.elem = b[i], b[i+1]
		c.n = int(int32(binary.BigEndian.Uint32(b[i+2:])))
		return c, checkCount(b, i+6, &c, compact)
	}
	n, i := uvarint(b, i)
	if i < 0 || n == 0 {
		return c, i
	}
	if i >= len(b) {
		return c, thriftShort
	}
	c.n, c.key, c.elem = int(min(n, 1<<32)), b[i]>>4, b[i]&15
	return c, checkCount(b, i+1, &c, compact)
}

// checkCount refuses a count that the bytes from i on cannot hold, and types that are none. Empty containers may have any type.
func checkCount(b []byte, i int, c *container, compact bool) (next int) {
	if c.n == 0 {
		return i
	}
	least := leastSize(c.elem, compact)
	if least == 0 {
		return thriftType
	}
	if c.key != 0 {
		k := leastSize(c.key, compact)
		if k == 0 {
			return thriftType
		}
		least += k
	}
	if c.n < 0 || c.n > (len(b)-i)/least {
		return thriftCount
	}
	return i
}

// leastSize is the number of bytes that a value takes at least, 0 where code is no type.
func leastSize(code byte, compact bool) int {
	if int(code) >= len(binaryMin) {
		return 0
	}
	if compact {
		return int(compactMin[code])
	}
	return int(binaryMin[code])
}

// readBytes reads the length of a string and returns where its bytes start and end.
func readBytes(b []byte, i int, compact bool) (lo, hi int) {
	var n uint64
	if compact {
		if n, i = uvarint(b, i); i < 0 {
			return 0, i
		}
	} else {
		if len(b)-i < 4 {
			return 0, thriftShort
		}
		n = uint64(binary.BigEndian.Uint32(b[i:]))
		i += 4
	}
	if n > uint64(len(b)-i) {
		return 0, thriftShort
	}
	return i, i + int(n)
}

// skipper steps over values that the plan does not know.
type skipper struct {
	src     []byte
	compact bool
}

// field steps over the value of a field; a bool of compact stands in the header.
func (s *skipper) field(i int, code byte, depth int) (next int) {
	if s.compact && code <= compactFalse {
		return i
	}
	return s.value(i, code, depth)
}

// value steps over a value. depth is that of the struct or container around it.
func (s *skipper) value(i int, code byte, depth int) (next int) {
	if !s.compact {
		switch code {
		case 2, 3, 4, 6, 8, 10, 16: // fixed sizes
			return s.fixed(i, int(binaryMin[code]))
		case 11:
			_, next = readBytes(s.src, i, false)
			return next
		case 12:
			return s.structValue(i, depth+1)
		case 13:
			return s.mapValue(i, depth+1)
		case 14, 15:
			return s.list(i, depth+1)
		}
		return thriftType
	}
	switch code {
	case 1, 2, 3:
		return s.fixed(i, 1)
	case 4, 5, 6:
		_, next = uvarint(s.src, i)
		return next
	case 7:
		return s.fixed(i, 8)
	case 8:
		_, next = readBytes(s.src, i, true)
		return next
	case 9, 10:
		return s.list(i, depth+1)
	case 11:
		return s.mapValue(i, depth+1)
	case 12:
		return s.structValue(i, depth+1)
	case 13:
		return s.fixed(i, 16)
	}
	return thriftType
}

func (s *skipper) fixed(i, size int) int {
	if len(s.src)-i < size {
		return thriftShort
	}
	return i + size
}

func (s *skipper) structValue(i, depth int) int {
	if depth > MaxDepth {
		return thriftDeep
	}
	last := int16(0)
	for {
		h, next := readHeader(s.src, i, s.compact, last)
		if next < 0 || h.code == 0 {
			return next
		}
		last = h.id
		if i = s.field(next, h.code, depth); i < 0 {
			return i
		}
	}
}

func (s *skipper) list(i, depth int) int {
	if depth > MaxDepth {
		return thriftDeep
	}
	c, i := readList(s.src, i, s.compact)
	if i < 0 {
		return i
	}
	if size := s.size(c.elem); size > 0 { // the count was checked against it
		return i + c.n*size
	}
	for ; c.n > 0 && i >= 0; c.n-- {
		i = s.value(i, c.elem, depth)
	}
	return i
}

func (s *skipper) mapValue(i, depth int) int {
	if depth > MaxDepth {
		return thriftDeep
	}
	c, i := readMap(s.src, i, s.compact)
	if i < 0 {
		return i
	}
	key, elem := s.size(c.key), s.size(c.elem)
	if key > 0 && elem > 0 {
		return i + c.n*(key+elem)
	}
	for ; c.n > 0 && i >= 0; c.n-- {
		if i = s.value(i, c.key, depth); i >= 0 {
			i = s.value(i, c.elem, depth)
		}
	}
	return i
}

// size is the size of a type whose values all have the same, else 0.
func (s *skipper) size(code byte) int {
	if s.compact {
		switch code {
		case 1, 2, 3, 7, 13:
			return int(compactMin[code])
		}
		return 0
	}
	switch code {
	case 2, 3, 4, 6, 8, 10, 16:
		return int(binaryMin[code])
	}
	return 0
}
