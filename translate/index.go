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
func (t *toThrift) indexAll(m *thriftMessage, f *frame, s *slot) *Error {
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
		num, wire := int32(key>>3), pbwire.Type(key&7)

		var v slot // bits of a number, or lo and hi of a payload
		switch wire {
		case pbwire.Varint:
			if i < len(src) && src[i] < 0x80 {
				v.bits = uint64(src[i])
				i++
			} else if v.bits, i = pbwire.Uvarint(src, i); i < 0 {
				return malformed(i)
			}
		case pbwire.Bytes:
			from, to := pbwire.Length(src, i)
			if to < 0 {
				return malformed(to)
			}
			v.lo, v.hi, i = int32(from), int32(to), to
		case pbwire.Fixed32:
			if len(src)-i < 4 {
				return malformedText(pbwire.ErrTruncated)
			}
			v.bits = uint64(binary.LittleEndian.Uint32(src[i:]))
			i += 4
		case pbwire.Fixed64:
			if len(src)-i < 8 {
				return malformedText(pbwire.ErrTruncated)
			}
			v.bits = binary.LittleEndian.Uint64(src[i:])
			i += 8
		case pbwire.StartGroup:
			to, next := pbwire.SkipGroup(src, i, num, MaxDepth)
			if next < 0 {
				return malformed(next)
			}
			v.lo, v.hi, i = int32(i), int32(to), next
		case pbwire.EndGroup:
			return malformedText(pbwire.ErrGroup)
		default:
			return malformedText(pbwire.ErrType)
		}

		k := m.byNumber.find(num)
		if k < 0 {
			if k == notFound {
				if err := t.skipped(num, wire); err != nil {
					return err
				}
			}
			continue
		}
		if err := t.note(m, f, k, wire, &v, start, i); err != nil {
			return err.in(m.fields[k].name)
		}
	}
	return nil
}

// note enters one occurrence of field k, whose tag and value are src[start:end], into its slot.
func (t *toThrift) note(m *thriftMessage, f *frame, k int, wire pbwire.Type, v *slot, start, end int) *Error {
	p, s := &m.slots[k], &f.slots[k]
	n := int32(1)
	if wire != p.wire {
		if wire != pbwire.Bytes || p.pack == pbwire.Bytes {
			return t.skipped(0, wire) // protobuf's readers take another wire type for an unknown field
		}
		var err *Error
		if n, err = t.countPacked(p.pack, v); err != nil {
			return err
		}
	}
	first := f.mark(m, k, p.oneof)
	switch p.shape {
	case shapeScalar, shapeBytes:
		*s = *v
	case shapeMessage:
		if first {
			*s = slot{lo: v.lo, hi: v.hi, n: 1}
		} else {
			t.addPayload(s, v)
		}
	case shapeRepeated:
		t.addRun(s, first, n, int32(start), int32(end))
	}
	return nil
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

// addPayload adds a further occurrence of a message.
func (t *toThrift) addPayload(s *slot, v *slot) {
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
func (t *toThrift) countPacked(pack pbwire.Type, v *slot) (int32, *Error) {
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
