package translate_test

import (
	"math"

	"weft/translate/schema"
)

// tree makes a random Thrift struct of m: fields in any order, some twice, some unknown, some of another type.
func (r *random) tree(m *schema.Message, depth int) value {
	v, member := value{kind: schema.ThriftStruct}, false
	if depth < 0 || r.budget < 0 {
		return v
	}
	r.budget -= len(m.Fields)
	for _, f := range m.Fields {
		n := pick(r, 1, 1, 1, 1, 0)
		if f.Oneof > 0 {
			if n = 0; !member || r.chance(1) {
				n, member = 1, true
			}
		}
		if f.Absent == schema.Refuse {
			n = 1
		}
		if r.wild && r.chance(3) {
			n++
		}
		for range n {
			if depth > 0 || f.Type.Thrift != schema.ThriftStruct {
				v.fields = append(v.fields, field{f.ThriftID, r.thriftValue(f.Type, depth)})
			}
		}
		if r.chance(2) {
			v.fields = append(v.fields, field{f.ThriftID, value{kind: schema.ThriftList, elem: schema.ThriftUUID, elems: []value{{kind: schema.ThriftUUID, str: make([]byte, 16)}}}})
		}
		if m.Union && len(v.fields) > 0 && !r.chance(5) {
			return v
		}
	}
	for r.chance(5) {
		v.fields = append(v.fields, field{int16(2000 + r.IntN(2)), r.unknownValue(3)})
	}
	if r.chance(30) {
		r.Shuffle(len(v.fields), func(i, j int) { v.fields[i], v.fields[j] = v.fields[j], v.fields[i] })
	}
	return v
}

func (r *random) unknownValue(depth int) value {
	if depth == 0 {
		return value{kind: schema.ThriftBool}
	}
	switch r.IntN(5) {
	case 0:
		return value{kind: schema.ThriftString, str: []byte("skip me")}
	case 1:
		return value{kind: schema.ThriftMap, key: schema.ThriftDouble, elem: schema.ThriftStruct,
			elems: []value{{kind: schema.ThriftDouble}, r.unknownStruct(depth)}}
	case 2:
		return value{kind: schema.ThriftSet, elem: schema.ThriftStruct, elems: []value{r.unknownStruct(depth)}}
	case 3:
		return value{kind: schema.ThriftUUID, str: make([]byte, 16)}
	}
	return r.unknownStruct(depth)
}

func (r *random) unknownStruct(depth int) value {
	return value{kind: schema.ThriftStruct, fields: []field{{-5, r.unknownValue(depth - 1)}, {0, value{kind: schema.ThriftI16, num: 300}}}}
}

func (r *random) thriftValue(t *schema.Type, depth int) value {
	v := value{kind: t.Thrift}
	switch t.Thrift {
	case schema.ThriftBool:
		v.num = int64(r.IntN(2))
	case schema.ThriftDouble:
		v.num = int64(math.Float64bits(r.double()))
	case schema.ThriftString:
		v.str = []byte(r.text())
		if r.wild && r.chance(10) {
			v.str = append(v.str, 0xff, 0xe6, 0x97)
		}
	case schema.ThriftUUID:
		v.str = []byte(pick(r, "0123456789abcdef", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	case schema.ThriftStruct:
		return r.tree(t.Message, depth-1)
	case schema.ThriftList, schema.ThriftSet:
		v.elem = t.Elem.Thrift
		for range pick(r, 0, 1, 3, 20) {
			if depth > 0 || v.elem != schema.ThriftStruct {
				v.elems = append(v.elems, r.thriftValue(t.Elem, depth))
			}
		}
	case schema.ThriftMap:
		v.key, v.elem = t.Key.Thrift, t.Elem.Thrift
		for range pick(r, 0, 1, 3) {
			if depth > 0 || v.elem != schema.ThriftStruct {
				v.elems = append(v.elems, r.thriftValue(t.Key, depth), r.thriftValue(t.Elem, depth))
			}
		}
	default:
		v.num = r.thriftNumber(t)
	}
	return v
}

func (r *random) thriftNumber(t *schema.Type) int64 {
	n := r.number()
	if t.Enum != nil {
		n = pick[int64](r, 1, 2, 7, -1)
		if r.wild && r.chance(5) {
			n = 3
		}
	}
	switch t.Thrift {
	case schema.ThriftI8:
		return int64(int8(n))
	case schema.ThriftI16:
		return int64(int16(n))
	case schema.ThriftI32:
		return int64(int32(n))
	}
	return n
}
