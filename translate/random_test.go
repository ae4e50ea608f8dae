package translate_test

import (
	"math"
	"math/rand/v2"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"weft/translate/schema"
)

// random makes schemas and messages of them. Values are drawn so that the rules meet: small sets of map keys, fields that
// come twice, unknown fields, numbers at the edges of types.
type random struct {
	*rand.Rand
	messages []*schema.Message
	budget   int  // fields still to be made
	wild     bool // values that have no equal on the other side
}

func (r *random) chance(percent int) bool { return r.IntN(100) < percent }

func pick[T any](r *random, from ...T) T { return from[r.IntN(len(from))] }

// message makes a schema of a struct; depth limits how deep types are nested.
func (r *random) message(depth int) *schema.Message {
	m := &schema.Message{Thrift: "S", Proto: "t.S"}
	r.messages = append(r.messages, m)
	m.Union = depth < 3 && r.chance(10)
	if m.Union {
		m.Oneofs = 1
	} else {
		m.Oneofs = r.IntN(2)
	}
	id, nums := int16(r.IntN(3)-1), r.Perm(40)
	if r.chance(60) {
		slices.Sort(nums) // as derived schemas have them
	}
	for i := range 1 + r.IntN(10) {
		f := &schema.Field{Name: string(rune('a' + i)), ThriftID: id, ProtoNum: int32(nums[i]) + 1}
		if r.chance(5) {
			f.ProtoNum += 268435456
		}
		id += int16(1 + r.IntN(2)*r.IntN(20))
		f.Type = r.fieldType(depth)
		r.presence(m, f)
		m.Fields = append(m.Fields, f)
	}
	return m
}

func (r *random) presence(m *schema.Message, f *schema.Field) {
	repeated := f.Type.Wrap == 0 && (f.Type.Thrift == schema.ThriftList || f.Type.Thrift == schema.ThriftSet || f.Type.Thrift == schema.ThriftMap)
	message := f.Type.Wrap != 0 || f.Type.Thrift == schema.ThriftStruct || f.Type.Convert == schema.Timestamp || f.Type.Convert == schema.Duration
	switch {
	case repeated && m.Union:
		f.Type = &schema.Type{Thrift: schema.ThriftI32, Proto: schema.ProtoInt32}
		f.Presence, f.Oneof = schema.Explicit, 1
	case m.Union, !repeated && m.Oneofs > 0 && r.chance(30):
		f.Presence, f.Oneof = schema.Explicit, 1
	case repeated:
		f.Presence, f.Absent = schema.Repeated, pick(r, schema.Omit, schema.WriteZero)
	case message:
		f.Presence = schema.Explicit
		if f.Type.Thrift != schema.ThriftStruct && r.chance(20) {
			f.Absent = schema.WriteZero
		}
	case r.chance(40):
		f.Presence, f.Absent = schema.Explicit, pick(r, schema.Omit, schema.Omit, schema.WriteZero)
		if r.chance(3) {
			f.Presence, f.Absent, f.Requiredness = pick(r, schema.Legacy, schema.Explicit), schema.Refuse, schema.Required
		}
	default:
		f.Presence, f.Absent = schema.Implicit, pick(r, schema.Omit, schema.WriteZero, schema.WriteZero)
	}
}

func (r *random) fieldType(depth int) *schema.Type {
	if depth > 0 {
		switch r.IntN(10) {
		case 0, 1:
			return r.list(depth)
		case 2, 3:
			return r.mapType(depth)
		case 4:
			t := pick(r, r.list, r.mapType)(depth)
			t.Wrap = int32(1 + r.IntN(3))
			return t
		case 5:
			return r.structType(depth)
		}
	}
	return r.scalar(true)
}

func (r *random) list(depth int) *schema.Type {
	t := &schema.Type{Thrift: pick(r, schema.ThriftList, schema.ThriftList, schema.ThriftSet), Elem: r.element(depth)}
	if t.Elem.Wrap == 0 && t.Elem.Convert == schema.Plain && t.Elem.Thrift < schema.ThriftString {
		t.Packed = r.chance(70)
	}
	return t
}

func (r *random) mapType(depth int) *schema.Type {
	key := r.scalar(false)
	for key.Wrap != 0 || key.Convert == schema.Timestamp || key.Convert == schema.Duration || key.Convert == schema.UUIDString {
		key = r.scalar(false)
	}
	return &schema.Type{Thrift: schema.ThriftMap, Key: key, Elem: r.element(depth), KeyNum: 1, ElemNum: 2}
}

func (r *random) element(depth int) *schema.Type {
	switch {
	case depth > 1 && r.chance(25):
		t := pick(r, r.list, r.mapType)(depth - 1)
		t.Wrap = 1
		return t
	case r.chance(30):
		return r.structType(depth)
	}
	return r.scalar(true)
}

func (r *random) structType(depth int) *schema.Type {
	t := &schema.Type{Thrift: schema.ThriftStruct, Proto: pick(r, schema.ProtoMessage, schema.ProtoMessage, schema.ProtoGroup)}
	if r.chance(30) {
		t.Message = r.messages[r.IntN(len(r.messages))] // recursion
	} else {
		t.Message = r.message(depth - 1)
	}
	return t
}

var integers = []schema.ProtoKind{schema.ProtoInt32, schema.ProtoInt64, schema.ProtoUint32, schema.ProtoUint64, schema.ProtoSint32,
	schema.ProtoSint64, schema.ProtoFixed32, schema.ProtoFixed64, schema.ProtoSfixed32, schema.ProtoSfixed64, schema.ProtoEnum}

func (r *random) scalar(wrap bool) *schema.Type {
	t := &schema.Type{}
	switch r.IntN(9) {
	case 0:
		t.Thrift, t.Proto = schema.ThriftBool, schema.ProtoBool
	case 1:
		t.Thrift, t.Proto = schema.ThriftDouble, pick(r, schema.ProtoDouble, schema.ProtoFloat)
	case 2, 3:
		t.Thrift, t.Proto = schema.ThriftString, pick(r, schema.ProtoString, schema.ProtoBytes)
		t.UTF8 = pick(r, schema.UTF8Reject, schema.UTF8Replace, schema.UTF8Pass)
	case 4:
		switch r.IntN(4) {
		case 0:
			t.Thrift, t.Proto = schema.ThriftUUID, schema.ProtoBytes
		case 1:
			t.Thrift, t.Proto, t.Convert = schema.ThriftUUID, schema.ProtoString, schema.UUIDString
		default:
			t.Thrift, t.Proto, t.Convert = schema.ThriftI64, schema.ProtoMessage, pick(r, schema.Timestamp, schema.Duration)
			t.Unit = pick(r, schema.Seconds, schema.Millis, schema.Micros, schema.Nanos)
			return t
		}
	default:
		t.Thrift = pick(r, schema.ThriftI8, schema.ThriftI16, schema.ThriftI32, schema.ThriftI64)
		t.Proto, t.Uint64 = pick(r, integers...), pick(r, schema.Uint64Error, schema.Uint64Bits)
		if t.Proto == schema.ProtoEnum {
			t.Thrift = schema.ThriftI32
			if r.chance(50) {
				t.Enum = &schema.Enum{Values: []schema.EnumValue{{Thrift: 1}, {Thrift: 2, Proto: 1}, {Thrift: 7, Proto: 100000}, {Thrift: -1, Proto: -1}}}
			}
		}
	}
	if wrap && r.chance(15) {
		t.Wrap, t.WrapImplicit = 1, t.Enum == nil && r.chance(60)
	}
	return t
}

// number draws an integer, often one at an edge.
func (r *random) number() int64 {
	if !r.wild || r.chance(60) {
		return int64(r.IntN(128))
	}
	n := pick[int64](r, 0, -1, math.MaxInt8, math.MinInt8-1, math.MaxInt16, math.MaxInt16+1, math.MaxInt32, math.MinInt32, math.MaxUint32, math.MaxInt64, math.MinInt64)
	return n + int64(r.IntN(3)-1)
}

func (r *random) enumNumber() int64 {
	if r.wild && r.chance(10) {
		return r.number()
	}
	return pick[int64](r, 0, 1, 100000, -1)
}

func (r *random) double() float64 {
	if r.wild && r.chance(10) {
		return 1e300
	}
	return pick(r, 0, math.Copysign(0, -1), 1.5, math.Inf(1), math.NaN(), -3e10)
}

func (r *random) text() string {
	return pick(r, "", "a", "b", "héllo", "a longer piece of text that takes more than one hundred and twenty-eight bytes so that its length needs two bytes as a varint", "日本")
}

// wire writes a random protobuf message of m the way that no sane writer would.
func (r *random) wire(m *schema.Message, depth int) []byte {
	if depth < 0 || r.budget < 0 {
		return nil
	}
	r.budget -= len(m.Fields)
	var parts [][]byte
	inOrder := r.chance(60)
	for _, f := range m.Fields {
		n := pick(r, 1, 1, 1, 0, 2, 3)
		if inOrder {
			n = min(n, 1)
		}
		for range n {
			if depth > 0 || f.Type.Thrift != schema.ThriftStruct {
				parts = append(parts, r.wireField(nil, f.Type, f.ProtoNum, depth))
			}
		}
		if m.Union && n > 0 && r.chance(70) {
			break
		}
	}
	for r.chance(10) {
		parts = append(parts, r.unknownField())
	}
	if inOrder {
		return slices.Concat(parts...)
	}
	r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func (r *random) unknownField() []byte {
	num := protowire.Number(1000 + r.IntN(3))
	switch r.IntN(4) {
	case 0:
		return protowire.AppendVarint(protowire.AppendTag(nil, num, protowire.VarintType), r.Uint64())
	case 1:
		return protowire.AppendFixed32(protowire.AppendTag(nil, num, protowire.Fixed32Type), 7)
	case 2:
		return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), []byte("xyz"))
	}
	b := protowire.AppendTag(nil, num, protowire.StartGroupType)
	if r.chance(50) {
		b = append(b, r.unknownField()...)
	}
	return protowire.AppendTag(b, num, protowire.EndGroupType)
}

func (r *random) wireField(b []byte, t *schema.Type, num int32, depth int) []byte {
	n := protowire.Number(num)
	message := func(body []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), body)
	}
	switch {
	case t.Wrap != 0:
		inner := *t
		inner.Wrap = 0
		if r.chance(10) {
			return message(nil)
		}
		return message(r.wireField(nil, &inner, t.Wrap, depth))
	case t.Convert == schema.Timestamp || t.Convert == schema.Duration:
		nanos := r.IntN(1000) * 1000000
		if r.wild && r.chance(20) {
			nanos = -nanos
		}
		body := protowire.AppendVarint([]byte{8}, uint64(r.number()))
		return message(protowire.AppendVarint(append(body, 16), uint64(nanos)))
	case t.Thrift == schema.ThriftList || t.Thrift == schema.ThriftSet:
		return r.wireList(b, t, num, depth)
	case t.Thrift == schema.ThriftMap:
		for range r.IntN(12) {
			var e []byte
			for range pick(r, 1, 1, 1, 1, 0, 2) {
				e = r.wireField(e, t.Key, t.KeyNum, depth)
			}
			for range pick(r, 1, 1, 1, 1, 0, 2) {
				e = r.wireField(e, t.Elem, t.ElemNum, depth)
			}
			b = message(e)
		}
		return b
	case t.Proto == schema.ProtoGroup:
		b = append(protowire.AppendTag(b, n, protowire.StartGroupType), r.wire(t.Message, depth-1)...)
		return protowire.AppendTag(b, n, protowire.EndGroupType)
	case t.Thrift == schema.ThriftStruct:
		return message(r.wire(t.Message, depth-1))
	}
	b = protowire.AppendTag(b, n, wireType(t))
	return r.wireScalar(b, t)
}

func (r *random) wireList(b []byte, t *schema.Type, num int32, depth int) []byte {
	scalar := t.Elem.Wrap == 0 && t.Elem.Convert == schema.Plain && t.Elem.Thrift < schema.ThriftString
	if scalar && r.chance(50) {
		var body []byte
		for range r.IntN(20) {
			body = r.wireScalar(body, t.Elem)
		}
		return protowire.AppendBytes(protowire.AppendTag(b, protowire.Number(num), protowire.BytesType), body)
	}
	for range r.IntN(5) {
		if r.budget--; depth > 0 || t.Elem.Thrift != schema.ThriftStruct {
			b = r.wireField(b, t.Elem, num, depth)
		}
	}
	return b
}

func wireType(t *schema.Type) protowire.Type {
	switch t.Proto {
	case schema.ProtoDouble, schema.ProtoFixed64, schema.ProtoSfixed64:
		return protowire.Fixed64Type
	case schema.ProtoFloat, schema.ProtoFixed32, schema.ProtoSfixed32:
		return protowire.Fixed32Type
	case schema.ProtoString, schema.ProtoBytes:
		return protowire.BytesType
	}
	return protowire.VarintType
}

func (r *random) wireScalar(b []byte, t *schema.Type) []byte {
	switch t.Proto {
	case schema.ProtoDouble:
		return protowire.AppendFixed64(b, math.Float64bits(r.double()))
	case schema.ProtoFloat:
		return protowire.AppendFixed32(b, math.Float32bits(float32(r.double())))
	case schema.ProtoFixed64, schema.ProtoSfixed64:
		return protowire.AppendFixed64(b, uint64(r.number()))
	case schema.ProtoFixed32, schema.ProtoSfixed32:
		return protowire.AppendFixed32(b, uint32(r.number()))
	case schema.ProtoBool:
		return protowire.AppendVarint(b, uint64(r.IntN(3)))
	case schema.ProtoEnum:
		return protowire.AppendVarint(b, uint64(r.enumNumber()))
	case schema.ProtoString, schema.ProtoBytes:
		return protowire.AppendString(b, r.stringValue(t))
	}
	return protowire.AppendVarint(b, uint64(r.number()))
}

func (r *random) stringValue(t *schema.Type) string {
	if t.Thrift != schema.ThriftUUID {
		return r.text()
	}
	if r.wild && r.chance(10) {
		return "no uuid"
	}
	if t.Proto == schema.ProtoBytes {
		return pick(r, "0123456789abcdef", "0000000000000000")
	}
	return pick(r, "00112233-4455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899-AABBCCDDEEFF")
}
