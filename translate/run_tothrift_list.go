package translate

import (
	"encoding/binary"

	"weft/translate/pbwire"
)

// cursor walks the occurrences of a repeated field, run by run.
type cursor struct {
	i, end int   // what is left of the current run
	next   int32 // the span after it
	wire   pbwire.Type
}

// first starts at the first occurrence in slot s.
func (t *toThrift) first(s slot) cursor {
	part := &t.o.scratch.spans[s.lo]
	return cursor{i: int(part.start), end: int(part.end), next: part.next}
}

// advance gives the value of the next occurrence: the payload of bytes and groups, else its place. The index pass has
// read all of it before, so it is well-formed.
func (t *toThrift) advance(c *cursor) (lo, hi int, ok bool) {
	if c.i >= c.end {
		if c.next < 0 {
			return 0, 0, false
		}
		part := &t.o.scratch.spans[c.next]
		c.i, c.end, c.next = int(part.start), int(part.end), part.next
	}
	num, wire, i := pbwire.Tag(t.src, c.i)
	c.wire = wire
	switch wire {
	case pbwire.Bytes:
		lo, hi = pbwire.Length(t.src, i)
		c.i = hi
	case pbwire.StartGroup:
		lo = i
		hi, c.i = pbwire.SkipGroup(t.src, i, num, MaxDepth)
	default:
		lo = i
		hi = pbwire.Skip(t.src, i, num, wire, 0)
		c.i = hi
	}
	return lo, hi, true
}

// list writes a list or set.
func (t *toThrift) list(b []byte, v *thriftValue, s slot, depth int) ([]byte, *Error) {
	if depth > MaxDepth {
		return b, errTooDeep()
	}
	if len(b)+t.o.refBytes+int(s.n)*leastSize(v.elem.code, t.compact) > t.limit {
		return b, errTooLarge(t.limit)
	}
	b = appendListHeader(b, t.compact, v.elem.code, int(s.n))
	var err *Error
	c := t.first(s)
	for j := 0; ; {
		lo, hi, ok := t.advance(&c)
		if !ok {
			return b, nil
		}
		if v.elem.op == opScalar {
			b, j, err = t.packed(b, v.elem, lo, hi, j)
		} else {
			b, err = t.value(b, v.elem, slot{lo: int32(lo), hi: int32(hi), n: 1}, depth)
			j++
		}
		if err != nil {
			return b, err.atIndex(max(j-1, 0))
		}
	}
}

// packed writes the scalars in src[lo:hi], of which the first is element j, and returns the number of the next. A value that
// does not stand packed is a payload of one.
func (t *toThrift) packed(b []byte, v *thriftValue, lo, hi, j int) ([]byte, int, *Error) {
	src := t.src[:hi]
	if v.bulk != bulkNone && hi-lo >= minBulk {
		n, err := t.countPacked(v.wire, slot{lo: int32(lo), hi: int32(hi)})
		if err == nil {
			b, err = t.packedBulk(b, v, src[lo:], int(n))
		}
		return b, j + int(n), err
	}
	for i := lo; i < len(src); j++ {
		var x uint64
		switch v.wire {
		case pbwire.Fixed64:
			x = binary.LittleEndian.Uint64(src[i:])
			i += 8
		case pbwire.Fixed32:
			x = uint64(binary.LittleEndian.Uint32(src[i:]))
			i += 4
		default:
			if x, i = pbwire.Uvarint(src, i); i < 0 {
				return b, j + 1, malformed(i)
			}
		}
		x, err := v.scalar(x)
		if err != nil {
			return b, j + 1, err
		}
		b = appendScalar(b, v.write, x)
	}
	return b, j, nil
}
