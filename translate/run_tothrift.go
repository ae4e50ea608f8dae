package translate

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"weft/translate/pbwire"
	"weft/translate/schema"
)

// toThrift is one run from protobuf to Thrift. Its methods take the output so far and return it longer; it lies in
// registers that way. depth counts the structs and containers on the Thrift side, the current one included.
type toThrift struct {
	o             *Out
	src           []byte
	limit         int
	compact       bool
	refuseUnknown bool
	ordered       bool // messages whose plan allows it are written while they are read
	unknown       int
}

// structValue writes a struct from all occurrences of its message.
func (t *toThrift) structValue(b []byte, m *thriftMessage, s slot, depth int) ([]byte, *Error) {
	if depth > MaxDepth {
		return b, errTooDeep()
	}
	if t.ordered && m.ordered && s.n == 1 {
		return t.inOrder(b, m, int(s.lo), int(s.hi), depth)
	}
	f := t.open(m)
	if err := t.indexAll(m, &f, s); err != nil {
		return b, err
	}
	b, err := t.fields(b, m, &f, depth)
	if err != nil {
		return b, err
	}
	t.close(&f)
	if len(b)+t.o.refBytes > t.limit {
		return b, errTooLarge(t.limit)
	}
	return b, nil
}

// fields writes the fields of an indexed message and the stop byte: those that came, and zeros where absence asks
// for them.
func (t *toThrift) fields(b []byte, m *thriftMessage, f *frame, depth int) ([]byte, *Error) {
	last, set := int16(0), 0
	for w, seen := range f.seen {
		for todo := seen | m.always[w]; todo != 0; todo &= todo - 1 {
			k := w<<6 + bits.TrailingZeros64(todo)
			fd := &m.fields[k]
			wrote := seen&todo&-todo != 0
			var err *Error
			if wrote {
				b, wrote, err = t.field(b, fd, &f.slots[k], last, depth)
			}
			if !wrote && err == nil && fd.absent != schema.Omit {
				wrote = true
				b, err = t.absent(b, fd, last)
			}
			if err != nil {
				return b, err.in(fd.name)
			}
			if wrote {
				last = fd.id
				set++
			}
		}
	}
	if m.union && set != 1 {
		return b, errUnion(m.name, set)
	}
	return append(b, 0), nil
}

// field writes a field that came, and says whether it did: a zero in a field without presence and a repeated field
// without elements are the same as absence.
func (t *toThrift) field(b []byte, fd *thriftField, s *slot, last int16, depth int) (out []byte, wrote bool, err *Error) {
	v := &fd.value
	switch v.op {
	case opScalar:
		x := decodeBits(v.decode, s.bits)
		if fd.implicit && x == 0 {
			return b, false, nil
		}
		if v.check {
			if x, err = v.checked(x); err != nil {
				return b, false, err
			}
		}
		if fd.boolean {
			return appendCompactHeader(b, compactFalse-byte(x), fd.id, last), true, nil
		}
		return appendScalar(fd.appendHeader(b, t.compact, last), v.write, x), true, nil
	case opString, opBytes:
		if fd.implicit && s.lo == s.hi {
			return b, false, nil
		}
		b, err = t.bytes(fd.appendHeader(b, t.compact, last), v, t.src[s.lo:s.hi])
		return b, true, err
	case opUUID, opUUIDText:
		if fd.implicit && s.lo == s.hi {
			return b, false, nil
		}
	case opList, opMap:
		if s.n == 0 {
			return b, false, nil
		}
	case opWrap:
		if fd.boolean { // the value as an element is the type in the header as a field
			if b, err = t.wrapped(b, v, *s, depth); err != nil {
				return b, false, err
			}
			end := len(b) - 1
			return appendCompactHeader(b[:end], b[end], fd.id, last), true, nil
		}
	}
	b, err = t.value(fd.appendHeader(b, t.compact, last), v, *s, depth)
	return b, true, err
}

// absent does what the field asks for where nothing came.
func (t *toThrift) absent(b []byte, fd *thriftField, last int16) ([]byte, *Error) {
	if fd.absent == schema.Refuse {
		return b, errMissing()
	}
	if fd.value.zeroErr != nil {
		return b, fd.value.zeroErr.clone()
	}
	return fd.appendZero(b, t.compact, last), nil
}

func (f *thriftField) appendHeader(b []byte, compact bool, last int16) []byte {
	if compact {
		return appendCompactHeader(b, f.value.code, f.id, last)
	}
	return append(b, f.header[0], f.header[1], f.header[2])
}

// value writes the value in slot s, without a header.
func (t *toThrift) value(b []byte, v *thriftValue, s slot, depth int) ([]byte, *Error) {
	switch v.op {
	case opScalar:
		x, err := v.scalar(s.bits)
		if err != nil {
			return b, err
		}
		return appendScalar(b, v.write, x), nil
	case opString, opBytes:
		return t.bytes(b, v, t.src[s.lo:s.hi])
	case opUUID, opUUIDText:
		return appendUUID(b, t.src[s.lo:s.hi], v.op == opUUIDText)
	case opStruct:
		return t.structValue(b, v.message, s, depth+1)
	case opList:
		return t.list(b, v, s, depth+1)
	case opMap:
		return t.mapValue(b, v, s, depth+1)
	case opWrap:
		return t.wrapped(b, v, s, depth)
	default:
		return t.time(b, v, s)
	}
}

// orZero writes field k of a helper message, or its zero where it did not come.
func (t *toThrift) orZero(b []byte, m *thriftMessage, f *frame, k int, depth int) ([]byte, *Error) {
	v := &m.fields[k].value
	if f.seen[0]>>k&1 != 0 {
		return t.value(b, v, f.slots[k], depth)
	}
	if v.zeroErr != nil {
		return b, v.zeroErr.clone()
	}
	if len(b)+t.o.refBytes+len(v.zero) > t.limit {
		return b, errTooLarge(t.limit)
	}
	return append(b, v.zero...), nil
}

// wrapped writes the value that stands in a message of its own on the protobuf side.
func (t *toThrift) wrapped(b []byte, v *thriftValue, s slot, depth int) ([]byte, *Error) {
	f := t.open(v.message)
	if err := t.indexAll(v.message, &f, s); err != nil {
		return b, err
	}
	b, err := t.orZero(b, v.message, &f, 0, depth)
	if err != nil {
		return b, err
	}
	t.close(&f)
	return b, nil
}

// time writes a Timestamp or Duration as a number.
func (t *toThrift) time(b []byte, v *thriftValue, s slot) ([]byte, *Error) {
	f := t.open(v.message)
	if err := t.indexAll(v.message, &f, s); err != nil {
		return b, err
	}
	var seconds, nanos int64
	if f.seen[0]&1 != 0 {
		seconds = int64(f.slots[0].bits)
	}
	if f.seen[0]&2 != 0 {
		nanos = int64(int32(f.slots[1].bits))
	}
	t.close(&f)
	x, err := timeToUnits(v.op, v.unit, seconds, nanos)
	if err != nil {
		return b, err
	}
	return appendScalar(b, v.write, uint64(x)), nil
}

// bytes writes a string or binary; a large one is referenced.
func (t *toThrift) bytes(b []byte, v *thriftValue, data []byte) ([]byte, *Error) {
	if v.utf8 && !utf8.Valid(data) {
		return b, errUTF8()
	}
	if len(b)+t.o.refBytes+len(data) > t.limit {
		return b, errTooLarge(t.limit)
	}
	if t.compact {
		b = pbwire.AppendUvarint(b, uint64(len(data)))
	} else {
		b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	}
	if t.o.RefMin > 0 && len(data) >= t.o.RefMin {
		t.o.refer(len(b), data)
		return b, nil
	}
	return append(b, data...), nil
}

func errUTF8() *Error { return fail(OutOfRange, "string is not valid UTF-8") }
