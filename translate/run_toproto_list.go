package translate

import (
	"fmt"

	"weft/translate/pbwire"
)

// list writes a list or set as a repeated field. An empty one writes nothing.
func (t *toProto) list(b []byte, i int, v *protoValue, depth int) ([]byte, int, *Error) {
	if depth > MaxDepth {
		return b, i, errTooDeep()
	}
	c, i := readList(t.src, i, t.compact)
	if i < 0 {
		return b, 0, errThrift(i)
	}
	if c.n == 0 {
		return b, i, nil
	}
	if !t.same(v.elem, c.elem) {
		return b, i, t.errElement(v, c.elem)
	}
	if v.packed {
		return t.packed(b, i, v, c.n)
	}
	var err *Error
	for j := 0; j < c.n; j++ {
		if b, i, err = t.value(b, i, v.elem, depth); err != nil {
			return b, i, err.atIndex(j)
		}
	}
	return b, i, nil
}

// packed writes n scalars behind one tag.
func (t *toProto) packed(b []byte, i int, v *protoValue, n int) ([]byte, int, *Error) {
	if len(b)+t.o.refBytes+n > t.limit {
		return b, i, errTooLarge(t.limit)
	}
	g := gap{room: pbwire.SizeUvarint(uint64(n))} // most lists are of small numbers
	if v.elem.encode == encodeFixed64 {
		g.room = pbwire.SizeUvarint(uint64(8 * n))
	}
	b = t.openGap(v.tag.append(b), &g)
	if v.elem.bulk != bulkNone {
		b, i, err := t.packedBulk(b, i, v.elem, n)
		return t.closeGap(b, &g), i, err
	}
	for j := 0; j < n; j++ {
		var x uint64
		if x, i = readScalar(t.src, i, v.elem.read); i < 0 {
			return b, 0, errThrift(i).atIndex(j)
		}
		x, err := v.elem.check(x)
		if err != nil {
			return b, i, err.atIndex(j)
		}
		b = encodeScalar(b, v.elem.encode, x)
	}
	return t.closeGap(b, &g), i, nil
}

// mapValue writes a map as repeated entries, in the order of the input; key and value are always written.
func (t *toProto) mapValue(b []byte, i int, v *protoValue, depth int) ([]byte, int, *Error) {
	if depth > MaxDepth {
		return b, i, errTooDeep()
	}
	c, i := readMap(t.src, i, t.compact)
	if i < 0 {
		return b, 0, errThrift(i)
	}
	if c.n > 0 && !(t.same(v.key, c.key) && t.same(v.elem, c.elem)) {
		return b, i, t.errElement(v, c.elem)
	}
	var err *Error
	for j := 0; j < c.n; j++ {
		g, start := gap{}, i
		b = t.openGap(v.tag.append(b), &g)
		if b, i, err = t.value(b, i, v.key, depth); err != nil {
			return b, i, err.at(fmt.Sprintf("[key %d]", j))
		}
		if b, i, err = t.value(b, i, v.elem, depth); err != nil {
			return b, i, err.at(t.keyText(v.key, start, j))
		}
		b = t.closeGap(b, &g)
	}
	return b, i, nil
}

// errElement reports a container inside of a container whose elements have another type; it cannot be skipped there. That of a
// field can: the careful run has seen to it, and is asked for.
func (t *toProto) errElement(v *protoValue, code byte) *Error {
	if !t.careful {
		return errAgain
	}
	return fail(Malformed, "%s has elements of type %d instead of %d", thriftNames[v.thrift], code, v.elem.code)
}

// keyText says in an error's path which pair is meant: by its key, which starts at src[i:], where that is a string or an
// integer, else by its number.
func (t *toProto) keyText(key *protoValue, i, j int) string {
	switch key.op {
	case opString:
		if lo, hi := readBytes(t.src, i, t.compact); hi >= 0 {
			return fmt.Sprintf("[%q]", t.src[lo:hi])
		}
	case opScalar:
		if x, next := readScalar(t.src, i, key.read); next >= 0 {
			return keyNumber(key.thrift, x)
		}
	}
	return fmt.Sprintf("[#%d]", j)
}
