package translate

import (
	"encoding/binary"
	"math/bits"
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
	code := byte(0)                   // of the last field whose header was read
	var err *Error
	for k := 0; ; k++ {
		s := &m.steps[k]
		if len(src)-i >= 4 && binary.LittleEndian.Uint32(src[i:])&s.mask == s.header {
			i += int(s.size) // it is the field behind the last one
		} else if i < len(src) && src[i] == 0 {
			return t.endQuick(out[:n], i+1, m, seen)
		} else {
			h, next := readHeader(src, i, t.compact, last)
			if next < 0 {
				return out[:n], i, errThrift(next)
			}
			if h.code == 0 {
				return t.endQuick(out[:n], next, m, seen)
			}
			if k = m.byID.find(int32(h.id)); k < 0 || !t.fits(m, k, h.code, next) {
				if i, err = t.skipped(next, h, k, depth); err != nil {
					return out[:n], i, err
				}
				last, k = h.id, len(m.fields)-1
				continue
			}
			i, s, code = next, &m.steps[k], h.code
		}
		if seen>>(k&63)&1 != 0 {
			return out[:n], i, errAgain
		}
		seen |= 1 << (k & 63)
		last = s.id
		var x uint64
		switch s.kind {
		case stepI32:
			if len(src)-i < 4 {
				return out[:n], i, errThrift(thriftShort).in(m.fields[k].name)
			}
			x = uint64(int64(int32(binary.BigEndian.Uint32(src[i:]))))
			i += 4
		case stepI64, stepWord, stepWordLE:
			if len(src)-i < 8 {
				return out[:n], i, errThrift(thriftShort).in(m.fields[k].name)
			}
			x = binary.LittleEndian.Uint64(src[i:])
			if s.kind != stepWordLE {
				x = bits.ReverseBytes64(x)
			}
			i += 8
		case stepText:
			if out, n, i, err = t.text(out, n, i, &m.fields[k].value, s.tag); err != nil {
				return out[:n], i, err.in(m.fields[k].name)
			}
			continue
		default:
			if b, i, err = t.longStep(out[:n], i, &m.fields[k].value, s, code, depth); err != nil {
				return b, i, err.in(m.fields[k].name)
			}
			out, n = b[:cap(b)], len(b)
			continue
		case stepBool:
			if i >= len(src) {
				return out[:n], i, errThrift(thriftShort).in(m.fields[k].name)
			}
			if src[i] != 0 {
				x = 1
			}
			i++
		case stepZigzag64:
			if x, i = uvarint(src, i); i < 0 {
				return out[:n], i, errThrift(i).in(m.fields[k].name)
			}
			x = uint64(pbwire.Unzigzag(x))
		}
		if x == 0 && s.implicit {
			continue
		}
		if len(out)-n < stepRoom {
			out = grow(out, n, 0)
		}
		w := (*[16]byte)(out[n:])
		w[0] = s.tag
		switch {
		case s.kind == stepWord || s.kind == stepWordLE:
			binary.LittleEndian.PutUint64(w[1:], x)
			n += 9
		case x < 0x80:
			w[1] = byte(x)
			n += 2
		default:
			n = putUvarint(out, n+1, x)
		}
	}
}

// fits says whether the value of field k at src[i:], whose type number is code, is of the plan's type.
func (t *toProto) fits(m *protoMessage, k int, code byte, i int) bool {
	v := &m.fields[k].value
	return code == v.code && v.plain || t.accepts(v, code, i)
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
		return b, i, errElement(v, c.elem)
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
