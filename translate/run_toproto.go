package translate

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unicode/utf8"

	"weft/translate/pbwire"
	"weft/translate/schema"
)

// toProto is one run from Thrift to protobuf. Its methods take the output so far and the position in the input and return both
// further on. depth counts the structs and containers of the input, the current one included.
//
// protobuf says lengths before contents: gap.go leaves room for them and moves what outgrew it.
type toProto struct {
	o             *Out
	src           []byte
	skip          skipper // over the same src
	limit         int
	compact       bool
	refuseUnknown bool
	careful       bool // a field came twice: look ahead for the last occurrence
	unknown       int
}

// message writes the fields of the struct at src[i:], without tag and length.
func (t *toProto) message(b []byte, i int, m *protoMessage, depth int) ([]byte, int, *Error) {
	if depth > MaxDepth {
		return b, i, errTooDeep()
	}
	if m.steps != nil && !t.careful {
		return t.quick(b, i, m, depth)
	}
	return t.anyMessage(b, i, m, depth)
}

// anyMessage is message for structs of any number of fields that come in any way.
func (t *toProto) anyMessage(b []byte, i int, m *protoMessage, depth int) ([]byte, int, *Error) {
	sc := &t.o.scratch
	seenMark, lastMark := len(sc.seen), len(sc.last)
	var seen []uint64
	sc.seen, seen = push(sc.seen, m.words)
	clear(seen)
	var winners []int32
	if t.careful {
		var err *Error
		if winners, err = t.lookAhead(i, m, depth); err != nil {
			return b, i, err
		}
	}
	for last := int16(0); ; {
		h, next := thriftHeader{}, i+3
		if !t.compact && next <= len(t.src) && t.src[i] != 0 { // readHeader's most frequent case, without a call
			h = thriftHeader{id: int16(binary.BigEndian.Uint16(t.src[i+1:])), code: t.src[i]}
		} else if h, next = readHeader(t.src, i, t.compact, last); next < 0 {
			return b, i, errThrift(next)
		}
		if h.code == 0 {
			i = next
			break
		}
		last = h.id
		k := m.byID.find(int32(h.id))
		var err *Error
		if k < 0 || (h.code != m.fields[k].value.code || !m.fields[k].value.plain) && !t.accepts(&m.fields[k].value, h.code, next) {
			if i, err = t.skipped(next, h, k, depth); err != nil {
				return b, i, err
			}
			continue
		}
		f := &m.fields[k]
		if t.careful && int(winners[k]) != next {
			if i = t.skip.field(next, h.code, depth); i < 0 {
				return b, next, errThrift(i).in(f.name)
			}
			continue
		}
		word, bit := &seen[k>>6], uint64(1)<<(k&63)
		if *word&bit != 0 {
			return b, i, errAgain
		}
		*word |= bit
		if f.value.boolean {
			b, i, err = t.header(b, next, &f.value, h.code)
		} else {
			b, i, err = t.value(b, next, &f.value, depth)
		}
		if err != nil {
			return b, i, err.in(f.name)
		}
	}
	if err := m.check(seen); err != nil {
		return b, i, err
	}
	sc.seen, sc.last = sc.seen[:seenMark], sc.last[:lastMark]
	if len(b)+t.o.refBytes > t.limit {
		return b, i, errTooLarge(t.limit)
	}
	return b, i, nil
}

// check says whether the fields of a struct that came are enough.
func (m *protoMessage) check(seen []uint64) *Error {
	set := 0
	for w, need := range m.required {
		if need &^= seen[w]; need != 0 {
			return errMissing().in(m.fields[w<<6+bits.TrailingZeros64(need)].name)
		}
		set += bits.OnesCount64(seen[w])
	}
	if m.union && set != 1 {
		return errUnion(m.name, set)
	}
	for _, members := range m.oneofs {
		if err := m.checkOneof(seen, members); err != nil {
			return err
		}
	}
	return nil
}

// checkOneof refuses a struct that sets several members of a oneof, of which protobuf can say one only.
func (m *protoMessage) checkOneof(seen, members []uint64) *Error {
	first := -1
	for w, word := range members {
		for word &= seen[w]; word != 0; word &= word - 1 {
			k := w<<6 + bits.TrailingZeros64(word)
			if first >= 0 {
				return fail(OutOfRange, "%s.%s is set as well, and protobuf holds one of them", m.name, m.fields[first].name).in(m.fields[k].name)
			}
			first = k
		}
	}
	return nil
}

// accepts says whether the value at src[i:] of type code is of the plan's type. Thrift's readers skip it where it is
// not. Elements count as part of the type, except those of an empty container.
func (t *toProto) accepts(v *protoValue, code byte, i int) bool {
	if code != v.code {
		return v.boolean && code == compactFalse
	}
	if v.op == opWrap {
		v = v.elem
	}
	switch v.op {
	case opList:
		c, next := readList(t.src, i, t.compact)
		return next < 0 || c.n == 0 || t.same(v.elem, c.elem)
	case opMap:
		c, next := readMap(t.src, i, t.compact)
		return next < 0 || c.n == 0 || t.same(v.elem, c.elem) && t.same(v.key, c.key)
	}
	return true
}

// same compares the type of elements. Compact has two numbers for bool; both are in use here.
func (t *toProto) same(v *protoValue, code byte) bool {
	return code == v.code || t.compact && v.code == compactTrue && code == compactFalse
}

// skipped steps over a field without a counterpart and counts or refuses it.
func (t *toProto) skipped(i int, h thriftHeader, k, depth int) (int, *Error) {
	if k != dropped {
		t.unknown++
		if t.refuseUnknown {
			return i, fail(UnknownField, "field %d is not known", h.id)
		}
	}
	next := t.skip.field(i, h.code, depth)
	if next < 0 {
		return i, errThrift(next)
	}
	return next, nil
}

// lookAhead notes where the value of the last occurrence of each field of the struct at src[i:] starts.
func (t *toProto) lookAhead(i int, m *protoMessage, depth int) ([]int32, *Error) {
	var winners []int32
	t.o.scratch.last, winners = push(t.o.scratch.last, len(m.fields))
	for last := int16(0); ; {
		h, next := readHeader(t.src, i, t.compact, last)
		if next < 0 {
			return nil, errThrift(next)
		}
		if h.code == 0 {
			return winners, nil
		}
		last = h.id
		if k := m.byID.find(int32(h.id)); k >= 0 && t.accepts(&m.fields[k].value, h.code, next) {
			winners[k] = int32(next)
		}
		if i = t.skip.field(next, h.code, depth); i < 0 {
			return nil, errThrift(i)
		}
	}
}

// header writes a bool whose value stands in the header of its field.
func (t *toProto) header(b []byte, i int, v *protoValue, code byte) ([]byte, int, *Error) {
	x := uint64(compactFalse - code)
	if v.op == opScalar {
		b, err := v.put(b, x)
		return b, i, err
	}
	g := gap{}
	b = t.openGap(v.tag.append(b), &g)
	b, err := v.elem.put(b, x)
	return t.closeGap(b, &g), i, err
}

// value writes the value at src[i:] with its tag.
func (t *toProto) value(b []byte, i int, v *protoValue, depth int) ([]byte, int, *Error) {
	switch v.op {
	case opScalar:
		x, i := readScalar(t.src, i, v.read)
		if i < 0 {
			return b, 0, errThrift(i)
		}
		if v.checked {
			b, err := v.put(b, x)
			return b, i, err
		}
		if v.implicit && x == 0 {
			return b, i, nil
		}
		return encodeScalar(v.tag.append(b), v.encode, x), i, nil
	case opString, opBytes:
		lo, hi := readBytes(t.src, i, t.compact)
		if hi < 0 {
			return b, i, errThrift(hi)
		}
		b, err := t.bytes(b, v, t.src[lo:hi])
		return b, hi, err
	case opStruct:
		return t.structValue(b, i, v, depth+1)
	case opInline:
		return t.message(b, i, v.message, depth+1)
	case opList:
		return t.list(b, i, v, depth+1)
	case opMap:
		return t.mapValue(b, i, v, depth+1)
	case opWrap:
		g := gap{}
		b = t.openGap(v.tag.append(b), &g)
		b, i, err := t.value(b, i, v.elem, depth)
		return t.closeGap(b, &g), i, err
	case opUUID, opUUIDText:
		return t.uuid(b, i, v)
	default:
		return t.time(b, i, v)
	}
}

// readScalar takes a scalar off the wire.
func readScalar(b []byte, i int, r reading) (x uint64, next int) {
	switch r {
	case readI32:
		if len(b)-i < 4 {
			return 0, thriftShort
		}
		return uint64(int64(int32(binary.BigEndian.Uint32(b[i:])))), i + 4
	case readI64:
		if len(b)-i < 8 {
			return 0, thriftShort
		}
		return binary.BigEndian.Uint64(b[i:]), i + 8
	case readI16:
		if len(b)-i < 2 {
			return 0, thriftShort
		}
		return uint64(int64(int16(binary.BigEndian.Uint16(b[i:])))), i + 2
	case readLE64:
		if len(b)-i < 8 {
			return 0, thriftShort
		}
		return binary.LittleEndian.Uint64(b[i:]), i + 8
	case readZigzag16, readZigzag32, readZigzag64:
		x, next = uvarint(b, i)
		n := pbwire.Unzigzag(x)
		if r == readZigzag16 && n != int64(int16(n)) || r == readZigzag32 && n != int64(int32(n)) {
			return 0, thriftVarint
		}
		return uint64(n), next
	}
	if i >= len(b) {
		return 0, thriftShort
	}
	switch {
	case r == readByte:
		return uint64(int64(int8(b[i]))), i + 1
	case r == readBool && b[i] != 0, r == readBoolCompact && b[i] == compactTrue:
		return 1, i + 1
	}
	return 0, i + 1
}

// put checks a value and writes it with its tag, unless it is a zero that is not written.
func (v *protoValue) put(b []byte, x uint64) ([]byte, *Error) {
	x, err := v.check(x)
	if err != nil || v.implicit && x == 0 {
		return b, err
	}
	return encodeScalar(v.tag.append(b), v.encode, x), nil
}

// check gives the number that protobuf has for a Thrift scalar.
func (v *protoValue) check(x uint64) (uint64, *Error) {
	if v.bounds.on && !v.bounds.ok(x) {
		return 0, fail(OutOfRange, "value %d does not fit %s (%d..%d)", int64(x), protoNames[v.proto], v.bounds.min, v.bounds.max)
	}
	if v.enum != nil {
		n, ok := v.enum.find(int32(x))
		if !ok {
			return 0, errEnum(v.enum, int32(x))
		}
		return uint64(int64(n)), nil
	}
	if v.encode == encodeFloat {
		d := math.Float64frombits(x)
		f := float32(d)
		if math.IsInf(float64(f), 0) && !math.IsInf(d, 0) {
			return 0, fail(OutOfRange, "value %g does not fit float", d)
		}
		return uint64(math.Float32bits(f)), nil
	}
	return x, nil
}

func encodeScalar(b []byte, e encoding, x uint64) []byte {
	switch e {
	case encodeFixed64:
		return binary.LittleEndian.AppendUint64(b, x)
	case encodeFixed32, encodeFloat:
		return binary.LittleEndian.AppendUint32(b, uint32(x))
	case encodeZigzag:
		x = pbwire.Zigzag(int64(x))
	}
	return pbwire.AppendUvarint(b, x)
}

// bytes writes a string or bytes field; a large one is referenced.
func (t *toProto) bytes(b []byte, v *protoValue, data []byte) ([]byte, *Error) {
	if v.implicit && len(data) == 0 {
		return b, nil
	}
	if len(b)+t.o.refBytes+len(data) > t.limit {
		return b, errTooLarge(t.limit)
	}
	b = v.tag.append(b)
	if v.op == opString && v.utf8 != schema.UTF8Pass && !utf8.Valid(data) {
		if v.utf8 == schema.UTF8Reject {
			return b, errUTF8()
		}
		g := gap{}
		b = t.openGap(b, &g)
		return t.closeGap(appendReplaced(b, data), &g), nil
	}
	b = pbwire.AppendUvarint(b, uint64(len(data)))
	if t.o.RefMin > 0 && len(data) >= t.o.RefMin {
		t.o.refer(len(b), data)
		return b, nil
	}
	return append(b, data...), nil
}

// appendReplaced appends data with U+FFFD for each byte that is not valid UTF-8.
func appendReplaced(b, data []byte) []byte {
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		b = utf8.AppendRune(b, r)
		data = data[n:]
	}
	return b
}

func (t *toProto) structValue(b []byte, i int, v *protoValue, depth int) ([]byte, int, *Error) {
	b = v.tag.append(b)
	if v.group {
		b, i, err := t.message(b, i, v.message, depth)
		return v.endTag.append(b), i, err
	}
	g := gap{}
	b = t.openGap(b, &g)
	b, i, err := t.message(b, i, v.message, depth)
	return t.closeGap(b, &g), i, err
}

func (t *toProto) uuid(b []byte, i int, v *protoValue) ([]byte, int, *Error) {
	if len(t.src)-i < 16 {
		return b, i, errThrift(thriftShort)
	}
	b = v.tag.append(b)
	if v.op == opUUIDText {
		return appendUUIDText(append(b, 36), t.src[i:i+16]), i + 16, nil
	}
	return append(append(b, 16), t.src[i:i+16]...), i + 16, nil
}

// time writes a Timestamp or Duration from a number of units.
func (t *toProto) time(b []byte, i int, v *protoValue) ([]byte, int, *Error) {
	x, i := readScalar(t.src, i, v.read)
	if i < 0 {
		return b, 0, errThrift(i)
	}
	seconds, nanos, err := unitsToTime(v.op, v.unit, int64(x))
	if err != nil {
		return b, i, err
	}
	b = append(v.tag.append(b), 0)
	at := len(b)
	if seconds != 0 {
		b = pbwire.AppendUvarint(append(b, 1<<3), uint64(seconds))
	}
	if nanos != 0 {
		b = pbwire.AppendUvarint(append(b, 2<<3), uint64(nanos))
	}
	b[at-1] = byte(len(b) - at)
	return b, i, nil
}
