package translate

import (
	"encoding/binary"

	"weft/translate/pbwire"
)

// This file is the first of the two passes from protobuf to Thrift. It walks the tags of one message, not of
// its sub-messages, and notes in slots where the value of each field stands; the second pass writes the fields in
// Thrift's order. Two passes are needed because Thrift says counts before elements and protobuf lets the last value
// win, merges messages that come twice and spreads a repeated field over the message
// (protobuf.dev/programming-guides/encoding, "Last One Wins").

// frame is the slots of one message while it is being translated: a part of the scratch stacks.
type frame struct {
	slots []slot
	seen  []uint64 // the set of slots that are filled

	slotMark, seenMark, spanMark int32 // where the stacks stood before
}

func (t *toThrift) open(m *thriftMessage) frame {
	s := &t.o.scratch
	f := frame{slotMark: int32(len(s.slots)), seenMark: int32(len(s.seen)), spanMark: int32(len(s.spans))}
	s.slots, f.slots = push(s.slots, len(m.slots))
	s.seen, f.seen = push(s.seen, m.words)
	clear(f.seen)
	return f
}

func (t *toThrift) close(f *frame) {
	s := &t.o.scratch
	s.slots, s.seen, s.spans = s.slots[:f.slotMark], s.seen[:f.seenMark], s.spans[:f.spanMark]
}

// indexAll indexes every occurrence of a message: they are merged by being read one after the other.
func (t *toThrift) indexAll(m *thriftMessage, f *frame, s slot) *Error {
	if s.n == 1 {
		return t.index(m, f, int(s.lo), int(s.hi))
	}
	for at := s.lo; at >= 0; {
		part := t.o.scratch.spans[at]
		if err := t.index(m, f, int(part.start), int(part.end)); err != nil {
			return err
		}
		at = part.next
	}
	return nil
}

// index notes the fields of src[lo:hi].
func (t *toThrift) index(m *thriftMessage, f *frame, lo, hi int) *Error {
	src := t.src[:hi]
	for i := lo; i < len(src); {
		start := i
		key := uint64(src[i])
		if key < 0x80 {
			i++
		} else if key, i = pbwire.Uvarint(src, i); i < 0 {
			return malformed(i)
		}
		if key>>3 == 0 || key>>3 > pbwire.MaxNumber {
			return malformedText(pbwire.ErrNumber)
		}
		k := m.byNumber.find(int32(key >> 3))
		if k < 0 || m.slots[k].wire != pbwire.Type(key&7) {
			var err *Error
			if i, err = t.other(m, f, k, key, src, start, i); err != nil {
				return err
			}
			continue
		}
		p, s := &m.slots[k], &f.slots[k]
		first := f.mark(m, k, p.oneof)
		switch p.shape { // the shapes of nearly all fields, without a call
		case shapeVarint:
			if i < len(src) && src[i] < 0x80 {
				s.bits = uint64(src[i])
				i++
			} else if s.bits, i = pbwire.Uvarint(src, i); i < 0 {
				return malformed(i).in(m.fields[k].name)
			}
			continue
		case shapeFixed64:
			if len(src)-i < 8 {
				return malformedText(pbwire.ErrTruncated).in(m.fields[k].name)
			}
			s.bits = binary.LittleEndian.Uint64(src[i:])
			i += 8
			continue
		case shapeBytes:
			if i < len(src) && int(src[i]) < 0x80 && int(src[i]) < len(src)-i {
				s.lo = int32(i + 1)
				i += 1 + int(src[i])
				s.hi = int32(i)
				continue
			}
		}
		v, next := payload(src, i, key)
		if next < 0 {
			return malformed(next).in(m.fields[k].name)
		}
		i = next
		switch p.shape {
		case shapeMessage:
			t.addMessage(s, first, v)
		case shapeRepeated:
			t.addRun(s, first, 1, int32(start), int32(i))
		default:
			*s = v
		}
	}
	return nil
}

// other steps over a field that is not the plan's, at src[i:], or notes a packed one. k is the field with that number.
func (t *toThrift) other(m *thriftMessage, f *frame, k int, key uint64, src []byte, start, i int) (int, *Error) {
	v, next := payload(src, i, key)
	if next < 0 {
		return next, malformed(next)
	}
	switch {
	case k == dropped:
		return next, nil
	case k == notFound:
		return next, t.skipped(int32(key>>3), pbwire.Type(key&7))
	}
	p := &m.slots[k]
	if pbwire.Type(key&7) != pbwire.Bytes || p.pack == pbwire.Bytes {
		// protobuf's readers take another wire type for an unknown field.
		err := t.skipped(0, pbwire.Type(key&7))
		if err != nil {
			err = err.in(m.fields[k].name)
		}
		return next, err
	}
	n, err := t.countPacked(p.pack, v)
	if err != nil {
		return next, err.in(m.fields[k].name)
	}
	t.addRun(&f.slots[k], f.mark(m, k, p.oneof), n, int32(start), int32(next))
	return next, nil
}

// payload reads the value behind a tag: the bits of a number, or lo and hi of bytes and groups.
func payload(src []byte, i int, key uint64) (v slot, next int) {
	v.n = 1
	switch pbwire.Type(key & 7) {
	case pbwire.Varint:
		v.bits, next = pbwire.Uvarint(src, i)
	case pbwire.Bytes:
		lo, hi := pbwire.Length(src, i)
		v.lo, v.hi, next = int32(lo), int32(hi), hi
	case pbwire.Fixed32:
		if next = pbwire.Skip(src, i, 0, pbwire.Fixed32, 0); next >= 0 {
			v.bits = uint64(binary.LittleEndian.Uint32(src[i:]))
		}
	case pbwire.Fixed64:
		if next = pbwire.Skip(src, i, 0, pbwire.Fixed64, 0); next >= 0 {
			v.bits = binary.LittleEndian.Uint64(src[i:])
		}
	case pbwire.StartGroup:
		var hi int
		hi, next = pbwire.SkipGroup(src, i, int32(key>>3), MaxDepth)
		v.lo, v.hi = int32(i), int32(hi)
	default: // an end without a start, or no wire type
		next = pbwire.Skip(src, i, 0, pbwire.Type(key&7), 0)
	}
	return v, next
}

// mark enters k in the set of filled slots, takes out the other members of its oneof, and says whether k is new.
func (f *frame) mark(m *thriftMessage, k int, oneof int16) (first bool) {
	word, bit := &f.seen[k>>6], uint64(1)<<(k&63)
	if *word&bit != 0 {
		return false
	}
	if oneof > 0 {
		for w, members := range m.oneofs[oneof-1] {
			f.seen[w] &^= members
		}
	}
	*word |= bit
	return true
}

// addMessage adds an occurrence of a message.
func (t *toThrift) addMessage(s *slot, first bool, v slot) {
	if first {
		*s = v
		return
	}
	sc := &t.o.scratch
	if s.n == 1 { // turn the only payload into a chain
		sc.spans = append(sc.spans, span{s.lo, s.hi, -1})
		s.lo = int32(len(sc.spans) - 1)
		s.hi = s.lo
	}
	sc.spans = append(sc.spans, span{v.lo, v.hi, -1})
	at := int32(len(sc.spans) - 1)
	sc.spans[s.hi].next = at
	s.hi = at
	s.n++
}

// addRun adds an occurrence of a repeated field, with n elements. Occurrences without a gap are one span.
func (t *toThrift) addRun(s *slot, first bool, n, start, end int32) {
	sc := &t.o.scratch
	if !first {
		s.n += n
		if last := &sc.spans[s.hi]; last.end == start {
			last.end = end
			return
		}
	}
	sc.spans = append(sc.spans, span{start, end, -1})
	at := int32(len(sc.spans) - 1)
	if first {
		*s = slot{lo: at, hi: at, n: n}
		return
	}
	sc.spans[s.hi].next = at
	s.hi = at
}

// countPacked counts the elements of a packed payload.
func (t *toThrift) countPacked(pack pbwire.Type, v slot) (int32, *Error) {
	b := t.src[v.lo:v.hi]
	width := 1
	switch pack {
	case pbwire.Fixed32:
		width = 4
	case pbwire.Fixed64:
		width = 8
	default:
		if len(b) > 0 && b[len(b)-1] >= 0x80 {
			return 0, malformedText(pbwire.ErrTruncated)
		}
		return int32(pbwire.CountVarints(b)), nil
	}
	if len(b)%width != 0 {
		return 0, malformedText(pbwire.ErrTruncated)
	}
	return int32(len(b) / width), nil
}

// skipped counts a field that Thrift has no name for, or refuses it.
func (t *toThrift) skipped(num int32, wire pbwire.Type) *Error {
	t.unknown++
	switch {
	case !t.refuseUnknown:
		return nil
	case num == 0:
		return fail(UnknownField, "wire type %d is not the field's", wire)
	}
	return fail(UnknownField, "field %d is not known", num)
}

func malformed(pos int) *Error { return malformedText(pbwire.Err(pos)) }

func malformedText(err error) *Error {
	kind := Malformed
	if err == pbwire.ErrDepth {
		kind = TooDeep
	}
	return fail(kind, "%v", err)
}
