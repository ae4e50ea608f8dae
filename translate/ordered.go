package translate

import (
	"encoding/binary"

	"weft/translate/pbwire"
	"weft/translate/schema"
)

// This file is the short cut from protobuf to Thrift for messages as nearly all writers write them: each field once, in
// ascending order of numbers, a repeated field in one piece. Where the ids ascend in the same order the struct can be
// written while the message is read, without slots. At the first field that is out of order the run ends with errAgain,
// and the message is run again by index.go, as a whole and once.

// inOrder writes the struct for the message src[lo:hi].
func (t *toThrift) inOrder(b []byte, m *thriftMessage, lo, hi, depth int) ([]byte, *Error) {
	src := t.src[:hi]
	id, done := int16(0), 0 // the last id written; the fields before this one are done
	for i := lo; i < len(src); {
		key := uint64(src[i])
		next := i + 1
		if key >= 0x80 {
			if key, next = pbwire.Uvarint(src, i); next < 0 {
				return b, malformed(next)
			}
		}
		if key>>3 == 0 || key>>3 > pbwire.MaxNumber {
			return b, malformedText(pbwire.ErrNumber)
		}
		k := m.byNumber.find(int32(key >> 3))
		if k < 0 {
			var err *Error
			if i, err = t.other(m, nil, k, key, src, i, next); err != nil {
				return b, err
			}
			continue
		}
		if k < done {
			return b, errAgain
		}
		var err *Error
		if k > done {
			if b, id, err = t.absentUpTo(b, m, done, k, id); err != nil {
				return b, err
			}
		}
		done = k + 1
		fd := &m.fields[k]
		s, next := t.occurrences(&m.slots[k], key, src, i, next)
		if next < 0 {
			return b, malformed(next).in(fd.name)
		}
		if s.n < 0 {
			return b, errAgain
		}
		i = next
		wrote := false
		if b, wrote, err = t.field(b, fd, &s, id, depth); err != nil {
			return b, err.in(fd.name)
		}
		if m.slots[k].shape == shapeRepeated {
			t.o.scratch.spans = t.o.scratch.spans[:s.lo]
		}
		if wrote {
			id = fd.id
		} else if b, id, err = t.absentUpTo(b, m, k, k+1, id); err != nil {
			return b, err
		}
	}
	b, _, err := t.absentUpTo(b, m, done, len(m.fields), id)
	if err != nil {
		return b, err
	}
	if len(b)+t.o.refBytes > t.limit {
		return b, errTooLarge(t.limit)
	}
	return append(b, 0), nil
}

// absentUpTo writes what the absence of fields[from:to] asks for.
func (t *toThrift) absentUpTo(b []byte, m *thriftMessage, from, to int, id int16) ([]byte, int16, *Error) {
	for ; from < to; from++ {
		fd := &m.fields[from]
		if fd.absent == schema.Omit {
			continue
		}
		var err *Error
		if b, err = t.absent(b, fd, id); err != nil {
			return b, id, err.in(fd.name)
		}
		id = fd.id
	}
	return b, id, nil
}

// occurrences reads the value behind a tag that starts at src[start:] and ends before src[i:]; of a repeated field, all values
// that follow each other. n is -1 where the wire type is not the plan's.
func (t *toThrift) occurrences(p *slotPlan, key uint64, src []byte, start, i int) (s slot, next int) {
	if p.shape == shapeRepeated {
		return t.sequence(p, key, src, start, i)
	}
	if p.wire != pbwire.Type(key&7) {
		return slot{n: -1}, i
	}
	switch p.shape {
	case shapeVarint:
		if i < len(src) && src[i] < 0x80 {
			return slot{bits: uint64(src[i])}, i + 1
		}
	case shapeFixed64:
		if len(src)-i >= 8 {
			return slot{bits: binary.LittleEndian.Uint64(src[i:])}, i + 8
		}
	case shapeBytes, shapeMessage:
		if key&7 == uint64(pbwire.Bytes) && i < len(src) && src[i] < 0x80 && int(src[i]) < len(src)-i {
			hi := i + 1 + int(src[i])
			return slot{lo: int32(i + 1), hi: int32(hi), n: 1}, hi
		}
	}
	return payload(src, i, key)
}

// sequence counts the elements of a repeated field as far as its occurrences follow each other, and puts them into a span.
func (t *toThrift) sequence(p *slotPlan, first uint64, src []byte, start, i int) (s slot, next int) {
	key, end := first, start
	for {
		var v slot
		if v, next = payload(src, i, key); next < 0 {
			return s, next
		}
		n := int32(1)
		if pbwire.Type(key&7) != p.wire {
			if pbwire.Type(key&7) != pbwire.Bytes || p.pack == pbwire.Bytes {
				return slot{n: -1}, next
			}
			var err *Error
			if n, err = t.countPacked(p.pack, v); err != nil {
				return slot{n: -1}, next // the careful run reports it
			}
		}
		s.n, end = s.n+n, next
		if end >= len(src) {
			break
		}
		if key = uint64(src[end]); key < 0x80 {
			i = end + 1
		} else if key, i = pbwire.Uvarint(src, end); i < 0 {
			return s, i
		}
		if key>>3 != first>>3 {
			break
		}
	}
	sc := &t.o.scratch
	sc.spans = append(sc.spans, span{int32(start), int32(end), -1})
	s.lo = int32(len(sc.spans) - 1)
	s.hi = s.lo
	return s, end
}
