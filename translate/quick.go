package translate

import (
	"encoding/binary"
	"unicode/utf8"

	"weft/translate/pbwire"
	"weft/translate/schema"
)

// This file is the short cut from Thrift to protobuf: structs of up to 64 fields, each of which comes once. At the first that comes
// again the run ends with errAgain, and the message is run again with care, as a whole and once (run_toproto.go).

// quick writes the fields of the struct at t.src[i:]. It writes to out[n:], where stepRoom bytes are free at the start of each step.
func (t *toProto) quick(b []byte, i int, m *protoMessage, depth int) ([]byte, int, *Error) {
	src := t.src
	out, n := b[:cap(b)], len(b)
	seen, last := uint64(0), int16(0) // the set of fields that came, the id of the last one
	var h thriftHeader                // the last one that was not as foreseen
	var err *Error
	for k := 0; ; k++ {
		s := &m.steps[k]
		if len(src)-i >= 4 && binary.LittleEndian.Uint32(src[i:])&s.mask == s.header {
			i += int(s.size) // it is the field behind the last one
		} else if i < len(src) && src[i] == 0 {
			return t.endQuick(out[:n], i+1, m, seen)
		} else {
			if i, k, h, err = t.seek(i, m, last, depth); err != nil {
				return out[:n], i, err
			}
			if last = h.id; k < 0 {
				k = len(m.fields) - 1 // what follows is not behind a field of the table
				continue
			}
			s = &m.steps[k]
		}
		if seen>>(k&63)&1 != 0 {
			return out[:n], i, errAgain
		}
		seen |= 1 << (k & 63)
		last = s.id
		if len(src)-i < int(s.least) {
			return out[:n], i, errThrift(thriftShort).in(m.fields[k].name)
		}
		var x uint64
		switch s.kind {
		case stepI32:
			x = uint64(int64(int32(binary.BigEndian.Uint32(src[i:]))))
			i += 4
		case stepI64, stepWord:
			x = binary.BigEndian.Uint64(src[i:])
			i += 8
		case stepWordLE:
			x = binary.LittleEndian.Uint64(src[i:])
			i += 8
		case stepBool:
			x = (uint64(src[i]) + 0xff) >> 8 // 1 if any bit is set
			i++
		case stepZigzag32, stepZigzag64:
			next := 0
			if x, next = readZigzag(src, i, s.kind == stepZigzag32); next < 0 {
				return out[:n], i, errThrift(next).in(m.fields[k].name)
			}
			i = next
		case stepText:
			if out, n, i, err = t.text(out, n, i, &m.fields[k].value, s.tag); err != nil {
				return out[:n], i, err.in(m.fields[k].name)
			}
			continue
		default:
			if b, i, err = t.longStep(out[:n], i, &m.fields[k].value, s, h.code, depth); err != nil {
				return b, i, err.in(m.fields[k].name)
			}
			out, n = b[:cap(b)], len(b)
			continue
		}
		if x == 0 && s.implicit {
			continue
		}
		if len(out)-n < stepRoom {
			out = grow(out, n, 0)
		}
		out[n] = s.tag
		if s.kind == stepWord || s.kind == stepWordLE {
			binary.LittleEndian.PutUint64(out[n+1:], x)
			n += 9
		} else {
			n = putUvarint(out, n+1, x)
		}
	}
}

// seek reads the header at src[i:] and finds its field. k is -1 where there is none, and the value was skipped.
func (t *toProto) seek(i int, m *protoMessage, last int16, depth int) (next, k int, h thriftHeader, err *Error) {
	h, next = readHeader(t.src, i, t.compact, last)
	if next < 0 {
		return i, -1, h, errThrift(next)
	}
	if k = m.byID.find(int32(h.id)); k < 0 || !m.fields[k].value.fits(h.code) {
		next, err = t.skipped(next, h, k, depth)
		return next, -1, h, err
	}
	return next, k, h, nil
}

// readZigzag reads an integer of TCompactProtocol; narrow ones have 32 bits.
func readZigzag(b []byte, i int, narrow bool) (x uint64, next int) {
	if i < len(b) && b[i] < 0x80 {
		return uint64(pbwire.Unzigzag(uint64(b[i]))), i + 1
	}
	x, next = uvarintWord(b, i)
	if next < 0 {
		return 0, varintError(next)
	}
	n := pbwire.Unzigzag(x)
	if narrow && n != int64(int32(n)) {
		return 0, thriftVarint
	}
	return uint64(n), next
}

// fits says whether a header's type number is that of the plan. The elements of containers are looked at when they are read.
func (v *protoValue) fits(code byte) bool {
	return code == v.code || v.boolean && code == compactFalse
}

// endQuick checks the struct that was read up to src[:i].
func (t *toProto) endQuick(b []byte, i int, m *protoMessage, seen uint64) ([]byte, int, *Error) {
	if m.checks {
		if err := m.check([]uint64{seen}); err != nil {
			return b, i, err
		}
	}
	if len(b)+t.o.refBytes > t.limit {
		return b, i, errTooLarge(t.limit)
	}
	return b, i, nil
}

// longStep moves a field of those kinds that take some time.
func (t *toProto) longStep(b []byte, i int, v *protoValue, s *protoStep, code byte, depth int) ([]byte, int, *Error) {
	switch s.kind {
	case stepFlag:
		return t.header(b, i, v, code)
	case stepStruct:
		return t.lengthy(append(b, s.tag, 0), i, v.message, depth+1)
	case stepStructs:
		return t.structs(b, i, v, s.tag, depth+1)
	}
	return t.value(b, i, v, depth)
}

// lengthy writes the message for the struct at src[i:], behind a length that has got one byte.
func (t *toProto) lengthy(b []byte, i int, m *protoMessage, depth int) ([]byte, int, *Error) {
	g := gap{room: 1, start: len(b), refs: len(t.o.Refs), refBytes: t.o.refBytes}
	b, i, err := t.message(b, i, m, depth)
	if n := len(b) - g.start + t.o.refBytes - g.refBytes; uint(n) < 0x80 {
		b[g.start-1] = byte(n)
		return b, i, err
	}
	return t.closeGap(b, &g), i, err
}

// structs writes a list of structs.
func (t *toProto) structs(b []byte, i int, v *protoValue, tag uint8, depth int) ([]byte, int, *Error) {
	if depth > MaxDepth {
		return b, i, errTooDeep()
	}
	c, i := readList(t.src, i, t.compact)
	if i < 0 {
		return b, 0, errThrift(i)
	}
	if c.n > 0 && c.elem != v.elem.code {
		return b, i, t.errElement(v, c.elem)
	}
	var err *Error
	for j := range c.n {
		if b, i, err = t.lengthy(append(b, tag, 0), i, v.elem.message, depth+1); err != nil {
			return b, i, err.atIndex(j)
		}
	}
	return b, i, nil
}

// text writes the string at src[i:].
func (t *toProto) text(out []byte, n, i int, v *protoValue, tag uint8) ([]byte, int, int, *Error) {
	lo, hi := readBytes(t.src, i, t.compact)
	size := hi - lo
	if hi < 0 || t.o.RefMin > 0 && size >= t.o.RefMin {
		return t.longText(out, n, i, v)
	}
	if size == 0 && v.implicit {
		return out, n, hi, nil
	}
	if len(out)-n < size+stepRoom {
		out = grow(out, n, size)
	}
	out[n] = tag
	at := putUvarint(out, n+1, uint64(size))
	if !copyText(out[at:], t.src, lo, hi) && v.op == opString && v.utf8 != schema.UTF8Pass && !utf8.Valid(t.src[lo:hi]) {
		return t.longText(out, n, i, v)
	}
	return out, at + size, hi, nil
}

// longText writes the string at src[i:] as any value.
func (t *toProto) longText(out []byte, n, i int, v *protoValue) ([]byte, int, int, *Error) {
	b, i, err := t.value(out[:n], i, v, 0)
	return b[:cap(b)], len(b), i, err
}
