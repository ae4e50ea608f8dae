package translate

import (
	"encoding/binary"
	"unicode/utf8"

	"weft/translate/pbwire"
	"weft/translate/schema"
)

// This file is the short cut from protobuf to Thrift for messages as nearly all writers write them: each field once, in
// ascending order of numbers, a repeated field in one piece. Where the ids ascend in the same order the struct can be
// written while the message is read, without slots. At the first field that is out of order the run ends with errAgain,
// and the message is run again by index.go, as a whole and once.

// inOrder writes the struct for the message src[lo:hi]. It writes to out[n:], where stepRoom bytes are free at the start of each
// step: that saves a look at the capacity for each piece.
func (t *toThrift) inOrder(b []byte, m *thriftMessage, lo, hi, depth int) (_ []byte, err *Error) {
	src := t.src[:hi]
	out, n := b[:cap(b)], len(b)
	id, k := int16(0), 0 // the last id written; the fields before this one are done
	for i := lo; i < len(src); k++ {
		s := &m.steps[k]
		if uint16(src[i]) != s.tag { // it is not the field behind the last one
			at := int(m.byTag[src[i]]) - 1
			if b, i, k, id, err = t.elsewhere(out[:n], m, at, i, hi, k, id, depth); err != nil {
				return b, err
			}
			if out, n = b[:cap(b)], len(b); k != at {
				k-- // the loop adds one
				continue
			}
			s = &m.steps[k]
		}
		var x uint64
		i++
		if s.kind == stepWord || s.kind == stepWordLE {
			if len(src)-i < 8 {
				return b, malformedText(pbwire.ErrTruncated).in(m.fields[k].name)
			}
			x = binary.LittleEndian.Uint64(src[i:])
			i += 8
		} else if i < len(src) && src[i] < 0x80 {
			x = uint64(src[i])
			i++
		} else if x, i = uvarintWord(src, i); i < 0 {
			return b, malformed(i).in(m.fields[k].name)
		}
		if s.omitZero && x<<(s.narrow&63) == 0 {
			continue
		}
		if len(out)-n < stepRoom {
			out = grow(out, n, 0)
		}
		if t.compact {
			n = putCompactHeader(out, n, s, id, x)
		} else {
			binary.LittleEndian.PutUint32(out[n:], s.header)
			n += 3
		}
		id = s.id
		w := (*[12]byte)(out[n:])
		switch s.kind {
		case stepI32:
			binary.BigEndian.PutUint32(w[:], uint32(x))
			n += 4
		case stepI64, stepWord:
			binary.BigEndian.PutUint64(w[:], x)
			n += 8
		case stepWordLE:
			binary.LittleEndian.PutUint64(w[:], x)
			n += 8
		case stepFlag: // its header says it
		case stepBool:
			w[0] = byte((x | -x) >> 63) // 1 if any bit is set
			n++
		case stepZigzag32:
			n = putUvarint(out, n, pbwire.Zigzag(int64(int32(x))))
		case stepZigzag64:
			n = putUvarint(out, n, pbwire.Zigzag(int64(x)))
		case stepText:
			if x > uint64(len(src)-i) {
				return b, malformedText(pbwire.ErrTruncated).in(m.fields[k].name)
			}
			if out, n, err = t.text(out, n, &m.fields[k].value, i, i+int(x)); err != nil {
				return b, err.in(m.fields[k].name)
			}
			i += int(x)
		default:
			if b, i, err = t.longStep(out[:n], m, k, x, i, hi, depth); err != nil {
				return b, err.in(m.fields[k].name)
			}
			out, n = b[:cap(b)], len(b)
		}
	}
	return t.endOrdered(out[:n], m, k, id)
}

// elsewhere goes on to the step at that the tag at src[i:] belongs to. Where it has none, or one that is done, it moves the field, and
// the k that it returns, the number of fields done, is not at.
func (t *toThrift) elsewhere(b []byte, m *thriftMessage, at, i, hi, k int, id int16, depth int) ([]byte, int, int, int16, *Error) {
	if at < k {
		return t.anyField(b, m, i, hi, k, id, depth)
	}
	b, id, err := t.zeros(b, m, k, at, id)
	return b, i, at, id, err
}

// longStep moves a field of those kinds that take some time: x is the varint behind its tag, and src[i:] what follows.
func (t *toThrift) longStep(b []byte, m *thriftMessage, k int, x uint64, i, hi, depth int) ([]byte, int, *Error) {
	v := &m.fields[k].value
	if v.op == opScalar {
		x, err := v.scalar(x)
		return appendScalar(b, v.write, x), i, err
	}
	end := i + int(x)
	if x > uint64(hi-i) {
		return b, i, malformedText(pbwire.ErrTruncated)
	}
	switch s := &m.steps[k]; s.kind {
	case stepStructs:
		return t.structs(b, v, byte(s.tag), i, end, hi, depth+1)
	case stepPacked:
		b, err := t.onePacked(b, v.elem, i, end, depth+1)
		return b, end, err
	case stepMap:
		return t.orderedMap(b, m, k, i, end, hi, depth+1)
	}
	b, err := t.structValue(b, v.message, slot{lo: int32(i), hi: int32(end), n: 1}, depth+1)
	return b, end, err
}

// onePacked writes the list whose elements are src[lo:hi].
func (t *toThrift) onePacked(b []byte, elem *thriftValue, lo, hi, depth int) ([]byte, *Error) {
	if depth > MaxDepth {
		return b, errTooDeep()
	}
	n, err := t.countPacked(elem.wire, slot{lo: int32(lo), hi: int32(hi)})
	if err != nil {
		return b, err
	}
	if len(b)+t.o.refBytes+int(n)*leastSize(elem.code, t.compact) > t.limit {
		return b, errTooLarge(t.limit)
	}
	var j int
	if b, j, err = t.packed(appendListHeader(b, t.compact, elem.code, int(n)), elem, lo, hi, 0); err != nil {
		return b, err.atIndex(max(j-1, 0))
	}
	return b, nil
}

// structs writes a list of structs. The first is src[lo:hi], and others follow up to src[:end] as long as the tag is theirs.
func (t *toThrift) structs(b []byte, v *thriftValue, tag uint8, lo, hi, end, depth int) ([]byte, int, *Error) {
	if depth > MaxDepth {
		return b, lo, errTooDeep()
	}
	src := t.src[:end]
	n := 1
	for i := hi; i < len(src) && src[i] == tag; n++ {
		var size uint64
		if size, i = shortUvarint(src, i+1); i < 0 {
			return b, lo, malformed(i)
		}
		if size > uint64(len(src)-i) {
			return b, lo, malformedText(pbwire.ErrTruncated)
		}
		i += int(size)
	}
	b = appendListHeader(b, t.compact, v.elem.code, n)
	var err *Error
	for j := 0; ; j++ {
		if b, err = t.structValue(b, v.elem.message, slot{lo: int32(lo), hi: int32(hi), n: 1}, depth+1); err != nil {
			return b, lo, err.atIndex(j)
		}
		if j+1 == n {
			return b, hi, nil
		}
		size, i := shortUvarint(src, hi+1)
		lo, hi = i, i+int(size)
	}
}

// orderedMap writes the map whose first entry is src[lo:hi]: in one go if it is small, else as run_tothrift_map.go does it.
func (t *toThrift) orderedMap(b []byte, m *thriftMessage, k, lo, hi, end, depth int) ([]byte, int, *Error) {
	if depth > MaxDepth {
		return b, lo, errTooDeep()
	}
	v, tag := &m.fields[k].value, byte(m.steps[k].tag)
	b, next, ok, err := t.smallMap(b, v, tag, lo, hi, end, depth)
	if ok {
		return b, next, err
	}
	start := lo - 1 // back over the length to the tag, whose byte is below 0x80
	for t.src[start-1] >= 0x80 {
		start--
	}
	s, next := t.sequence(&m.slots[k], uint64(tag), t.src[:end], start-1, start)
	if next < 0 {
		return b, lo, malformed(next)
	}
	b, err = t.mapValue(b, v, s, depth)
	t.o.scratch.spans = t.o.scratch.spans[:s.lo]
	return b, next, err
}

// text writes the string or binary src[lo:hi].
func (t *toThrift) text(out []byte, n int, v *thriftValue, lo, hi int) ([]byte, int, *Error) {
	size := hi - lo
	if t.o.RefMin > 0 && size >= t.o.RefMin {
		b, err := t.bytes(out[:n], v, t.src[lo:hi])
		return b[:cap(b)], len(b), err
	}
	if len(out)-n < size+stepRoom {
		out = grow(out, n, size)
	}
	if t.compact {
		n = putUvarint(out, n, uint64(size))
	} else {
		binary.BigEndian.PutUint32(out[n:], uint32(size))
		n += 4
	}
	if !copyText(out[n:], t.src, lo, hi) && v.utf8 && !utf8.Valid(t.src[lo:hi]) {
		return out, n, errUTF8()
	}
	return out, n + size, nil
}

// putCompactHeader writes the header of step s behind the field with id last to out[n:]. x is the value if it is a bool.
func putCompactHeader(out []byte, n int, s *thriftStep, last int16, x uint64) int {
	code := s.code
	if s.kind == stepFlag && x == 0 {
		code = compactFalse
	}
	if by := uint(s.id) - uint(last); by-1 < 15 {
		out[n] = byte(by)<<4 | code
		return n + 1
	}
	return len(appendCompactHeader(out[:n], code, s.id, last))
}

// endOrdered writes what the absence of the fields from k on asks for, and the stop byte.
func (t *toThrift) endOrdered(b []byte, m *thriftMessage, k int, id int16) ([]byte, *Error) {
	if m.steps[k].zeroAt != m.steps[len(m.fields)].zeroAt {
		var err *Error
		if b, _, err = t.zeros(b, m, k, len(m.fields), id); err != nil {
			return b, err
		}
	}
	if len(b)+t.o.refBytes > t.limit {
		return b, errTooLarge(t.limit)
	}
	return append(b, 0), nil
}

// zeros writes what the absence of fields[from:to] asks for, behind the field with the given id.
func (t *toThrift) zeros(b []byte, m *thriftMessage, from, to int, id int16) ([]byte, int16, *Error) {
	first, last := &m.steps[from], &m.steps[to]
	if m.allZeros && (!t.compact || id == first.zeroID) { // the headers of compact depend on the field before
		return append(b, m.zeros[first.zeroAt:last.zeroAt]...), last.zeroID, nil
	}
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

// anyField moves the field at src[i:hi], whatever it is, where the fields before k are done. It returns the position behind it, the
// number of the fields that are done then, and the last id that was written.
func (t *toThrift) anyField(b []byte, m *thriftMessage, i, hi, k int, id int16, depth int) ([]byte, int, int, int16, *Error) {
	src := t.src[:hi]
	key, next := pbwire.Uvarint(src, i)
	if next < 0 {
		return b, i, k, id, malformed(next)
	}
	if key>>3 == 0 || key>>3 > pbwire.MaxNumber {
		return b, i, k, id, malformedText(pbwire.ErrNumber)
	}
	at := m.byNumber.find(int32(key >> 3))
	if at < 0 {
		next, err := t.other(m, nil, at, key, src, i, next)
		return b, next, k, id, err
	}
	if at < k {
		return b, i, k, id, errAgain
	}
	b, id, err := t.zeros(b, m, k, at, id)
	if err != nil {
		return b, i, k, id, err
	}
	fd := &m.fields[at]
	s, next := t.occurrences(&m.slots[at], key, src, i, next)
	if next < 0 {
		return b, i, k, id, malformed(next).in(fd.name)
	}
	if s.n < 0 {
		return b, i, k, id, errAgain
	}
	wrote := false
	if b, wrote, err = t.field(b, fd, &s, id, depth); err != nil {
		return b, i, k, id, err.in(fd.name)
	}
	if m.slots[at].shape == shapeRepeated {
		t.o.scratch.spans = t.o.scratch.spans[:s.lo]
	}
	if wrote {
		return b, next, at + 1, fd.id, nil
	}
	b, id, err = t.zeros(b, m, at, at+1, id)
	return b, next, at + 1, id, err
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
