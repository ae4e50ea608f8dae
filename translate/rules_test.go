package translate_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"weft/translate"
	"weft/translate/schema"
)

// Types that the cases below use.
var (
	i8Type     = &schema.Type{Thrift: schema.ThriftI8, Proto: schema.ProtoInt32}
	i16Type    = &schema.Type{Thrift: schema.ThriftI16, Proto: schema.ProtoInt32}
	i32Type    = &schema.Type{Thrift: schema.ThriftI32, Proto: schema.ProtoInt32}
	i64Type    = &schema.Type{Thrift: schema.ThriftI64, Proto: schema.ProtoInt64}
	boolType   = &schema.Type{Thrift: schema.ThriftBool, Proto: schema.ProtoBool}
	stringType = &schema.Type{Thrift: schema.ThriftString, Proto: schema.ProtoString}
	doubleType = &schema.Type{Thrift: schema.ThriftDouble, Proto: schema.ProtoDouble}
	floatType  = &schema.Type{Thrift: schema.ThriftDouble, Proto: schema.ProtoFloat}
	uint64Type = &schema.Type{Thrift: schema.ThriftI64, Proto: schema.ProtoUint64}
	bitsType   = &schema.Type{Thrift: schema.ThriftI64, Proto: schema.ProtoUint64, Uint64: schema.Uint64Bits}
	uuidType   = &schema.Type{Thrift: schema.ThriftUUID, Proto: schema.ProtoBytes}
	enumType   = &schema.Type{Thrift: schema.ThriftI32, Proto: schema.ProtoEnum, Enum: &schema.Enum{
		Thrift: "State", Proto: "t.State", Values: []schema.EnumValue{{Thrift: 5, Proto: 0}, {Thrift: 7, Proto: 1}, {Thrift: 9, Proto: 1000000}}}}
	millisType = &schema.Type{Thrift: schema.ThriftI64, Proto: schema.ProtoMessage, Convert: schema.Timestamp, Unit: schema.Millis}
)

func listOf(t *schema.Type) *schema.Type {
	return &schema.Type{Thrift: schema.ThriftList, Elem: t, Packed: t.Thrift < schema.ThriftString}
}

func mapOf(key, elem *schema.Type) *schema.Type {
	return &schema.Type{Thrift: schema.ThriftMap, Key: key, Elem: elem, KeyNum: 1, ElemNum: 2}
}

func structOf(m *schema.Message) *schema.Type {
	return &schema.Type{Thrift: schema.ThriftStruct, Proto: schema.ProtoMessage, Message: m}
}

func wrapped(t *schema.Type) *schema.Type {
	w := *t
	w.Wrap = 1
	return &w
}

// message makes a schema whose fields have the ids and numbers 1, 2, … and the names a, b, …
func message(fields ...*schema.Field) *schema.Message {
	m := &schema.Message{Thrift: "S", Proto: "t.S", Fields: fields}
	for i, f := range fields {
		f.ThriftID, f.ProtoNum = int16(i+1), int32(i+1)
		if f.Name == "" {
			f.Name = string(rune('a' + i))
		}
	}
	return m
}

func implicit(t *schema.Type) *schema.Field {
	return &schema.Field{Type: t, Absent: schema.WriteZero}
}
func omitted(t *schema.Type) *schema.Field { return &schema.Field{Type: t} }
func explicit(t *schema.Type) *schema.Field {
	return &schema.Field{Type: t, Presence: schema.Explicit, Requiredness: schema.Optional}
}
func required(t *schema.Type) *schema.Field {
	return &schema.Field{Type: t, Presence: schema.Explicit, Requiredness: schema.Required, Absent: schema.Refuse}
}
func repeated(t *schema.Type) *schema.Field {
	return &schema.Field{Type: t, Presence: schema.Repeated, Absent: schema.WriteZero}
}
func member(t *schema.Type) *schema.Field {
	return &schema.Field{Type: t, Presence: schema.Explicit, Oneof: 1}
}

func oneof(fields ...*schema.Field) *schema.Message {
	m := message(fields...)
	m.Oneofs = 1
	return m
}

func union(fields ...*schema.Field) *schema.Message {
	m := oneof(fields...)
	m.Union, m.Thrift = true, "U"
	return m
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return b
}

var point = message(implicit(i32Type), implicit(i32Type))
var points = message(explicit(structOf(message(omitted(i32Type), repeated(listOf(i32Type))))))

// toThriftCases: protobuf in hexadecimal; the Thrift struct as value.String writes it ("id=type.number"), or an error.
var toThriftCases = []struct {
	name    string
	schema  *schema.Message
	in      string
	want    string
	unknown int
}{
	{"empty message", message(explicit(i32Type)), "", "{}", 0},
	{"implicit zero is written", message(implicit(i32Type)), "", "{1=8.0 }", 0},
	{"implicit zero on the wire is absence", message(omitted(i32Type)), "0800", "{}", 0},
	{"explicit zero survives", message(explicit(i32Type)), "0800", "{1=8.0 }", 0},
	{"negative zero is no zero", message(omitted(doubleType)), "09 0000000000000080", "{1=d-8000000000000000 }", 0},
	{"implicit empty string", message(omitted(stringType), implicit(stringType)), "0a00", `{2="" }`, 0},
	{"fields in any order", message(explicit(i32Type), explicit(boolType)), "1001 0805", "{1=8.5 2=2.1 }", 0},
	{"last scalar wins", message(explicit(i32Type)), "0801 0802 0803", "{1=8.3 }", 0},
	{"last implicit zero wins", message(omitted(i32Type)), "0801 0800", "{}", 0},
	{"messages are merged", message(explicit(structOf(point))), "0a020801 0a021002 0a020803", "{1={1=8.3 2=8.2 } }", 0},
	{"merging concatenates lists", points, "0a04 0801 1005 0a04 12020607 0a02 1008", "{1={1=8.1 2=15[8.5 8.6 8.7 8.8] } }", 0},
	{"packed and unpacked mixed", message(repeated(listOf(i32Type))), "0801 0a020203 0804", "{1=15[8.1 8.2 8.3 8.4] }", 0},
	{"interleaved repeated fields", message(repeated(listOf(i32Type)), repeated(listOf(boolType))), "0801 1001 0802 1000", "{1=15[8.1 8.2] 2=15[2.1 2.0] }", 0},
	{"packed fixed", message(repeated(listOf(doubleType))), "0a08 000000000000f03f 09 0000000000000040", "{1=15[d3ff0000000000000 d4000000000000000] }", 0},
	{"empty list for absence", message(repeated(listOf(i32Type))), "0a00", "{1=15[] }", 0},
	{"int32 is cut to 32 bits", message(explicit(i32Type)), "08 ffffffffffffffffff01", "{1=8.-1 }", 0},
	{"int32 above 32 bits", message(explicit(i32Type)), "08 8180808010", "{1=8.1 }", 0},
	{"bool is any varint but zero", message(explicit(boolType)), "08 8001", "{1=2.1 }", 0},
	{"over-long tag", message(explicit(i32Type)), "88808080808080808000 05", "{1=8.5 }", 0},
	{"sets keep duplicates", message(repeated(&schema.Type{Thrift: schema.ThriftSet, Elem: i32Type})), "0a020505", "{1=14[8.5 8.5] }", 0},
	{"map, last key wins", message(repeated(mapOf(stringType, i32Type))), "0a05 0a0161 1001 0a05 0a0162 1002 0a05 0a0161 1003", `{1=map["a":8.3 "b":8.2] }`, 0},
	{"map, key equal after cutting", message(repeated(mapOf(i32Type, i32Type))), "0a04 0801 1001 0a08 088180808010 1002", "{1=map[8.1:8.2] }", 0},
	{"map entry without key and value", message(repeated(mapOf(stringType, i32Type))), "0a00", `{1=map["":8.0] }`, 0},
	{"map entry with extra field", message(repeated(mapOf(i32Type, i32Type))), "0a06 0801 1002 1803", "{1=map[8.1:8.2] }", 1},
	{"map entry whose key comes last and twice", message(repeated(mapOf(i32Type, i32Type))), "0a06 1002 0801 0807", "{1=map[8.7:8.2] }", 0},
	{"map value is merged within an entry", message(repeated(mapOf(i32Type, structOf(point)))), "0a0a 0801 12020801 12021002", "{1=map[8.1:{1=8.1 2=8.2 }] }", 0},
	{"map value absent is the empty struct", message(repeated(mapOf(i32Type, structOf(point)))), "0a02 0801", "{1=map[8.1:{1=8.0 2=8.0 }] }", 0},
	{"oneof, later member wins", oneof(member(i32Type), member(stringType)), "0801 120161", `{2="a" }`, 0},
	{"oneof, back to the first", oneof(member(i32Type), member(stringType)), "0801 120161 0802", "{1=8.2 }", 0},
	{"oneof merges the same member", oneof(member(structOf(point)), member(i32Type)), "0a020801 0a021002", "{1={1=8.1 2=8.2 } }", 0},
	{"oneof forgets a message that was replaced", oneof(member(structOf(point)), member(i32Type)), "0a020801 1001 0a021002", "{1={1=8.0 2=8.2 } }", 0},
	{"union", union(member(i32Type), member(stringType)), "120161", `{2="a" }`, 0},
	{"empty union", union(member(i32Type), member(stringType)), "", "union U has 0 fields set instead of one", 0},
	{"unknown fields", message(explicit(i32Type)), "1001 190000000000000000 2201ff 2b2c 3d00000000 0805", "{1=8.5 }", 5},
	{"unknown nested groups", message(explicit(i32Type)), "1b 23 2801 24 1c 0805", "{1=8.5 }", 1},
	{"another wire type is an unknown field", message(explicit(i32Type)), "0a0101 0d01000000 0805", "{1=8.5 }", 2},
	{"dropped on purpose", &schema.Message{Thrift: "S", DropProto: []int32{9}}, "4801", "{}", 0},
	{"wrapped scalar", message(explicit(wrapped(i32Type)), explicit(wrapped(boolType))), "0a00 12020801", "{1=8.0 2=2.1 }", 0},
	{"wrapped list", message(repeated(listOf(wrapped(listOf(i32Type))))), "0a04 0a020102 0a00", "{1=15[15[8.1 8.2] 15[]] }", 0},
	{"enum of other numbers", message(implicit(enumType), explicit(enumType)), "1001", "{1=8.5 2=8.7 }", 0},
	{"enum of sparse numbers", message(explicit(enumType)), "08 c0843d", "{1=8.9 }", 0},
	{"enum without counterpart", message(explicit(enumType)), "0802", "a: number 2 of enum t.State has no counterpart in State", 0},
	{"timestamp", message(explicit(millisType)), "0a06 0801 10c0843d", "{1=10.1001 }", 0},
	{"uuid", message(explicit(uuidType)), "0a10 00112233445566778899aabbccddeeff", `{1="\x00\x11\"3DUfw\x88\x99\xaa\xbb\xcc\xdd\xee\xff" }`, 0},
	{"uuid of 15 bytes", message(explicit(uuidType)), "0a0f 00112233445566778899aabbccddee", "a: 15 bytes are no uuid; it has 16", 0},
	{"i16 out of range", message(explicit(i16Type)), "08 f0a204", "a: value 70000 does not fit i16 (-32768..32767)", 0},
	{"i8 out of range in a list in a list", message(explicit(structOf(message(repeated(listOf(i8Type)))))), "0a 05 0a 03 01 80 01", "a.a[1]: value 128 does not fit i8 (-128..127)", 0},
	{"path through a map", message(repeated(mapOf(stringType, structOf(message(explicit(i8Type)))))), "0a0a 0a036b6579 1203 08c801", `a["key"].a: value 200 does not fit i8 (-128..127)`, 0},
	{"path through a map of numbers", message(repeated(mapOf(i32Type, i8Type))), "0a05 0803 10c801", "a[3]: value 200 does not fit i8 (-128..127)", 0},
	{"uint64 above MaxInt64", message(explicit(uint64Type)), "08 ffffffffffffffffff01", "a: value 18446744073709551615 does not fit i64 (-9223372036854775808..9223372036854775807)", 0},
	{"uint64 as bits", message(explicit(bitsType)), "08 ffffffffffffffffff01", "{1=10.-1 }", 0},
	{"invalid UTF-8", message(explicit(stringType)), "0a01ff", "a: string is not valid UTF-8", 0},
	{"required field missing", message(explicit(structOf(message(required(i32Type))))), "0a00", "a.a: required field is missing", 0},
	{"field number 0", message(), "0001", "field number is out of range", 0},
	{"field number above 2^29", message(), "808080801001", "field number is out of range", 0},
	{"wire type 6", message(), "0e", "wire type is not one of protobuf's", 0},
	{"wire type 7", message(), "0f", "wire type is not one of protobuf's", 0},
	{"group without end", message(), "0b", "protobuf message ends inside a field", 0},
	{"group end without start", message(), "0c", "group end does not match its start", 0},
	{"group end of another number", message(), "0b14", "group end does not match its start", 0},
	{"varint of 11 bytes", message(explicit(i32Type)), "08 80808080808080808080 01", "varint is longer than 64 bits", 0},
	{"packed varint cut off", message(repeated(listOf(i32Type))), "0a0181", "a: protobuf message ends inside a field", 0},
	{"packed double cut off", message(repeated(listOf(doubleType))), "0a0400000000", "a: protobuf message ends inside a field", 0},
	{"length beyond the end", message(explicit(stringType)), "0a05 61", "a: protobuf message ends inside a field", 0},
	{"length of 2^63", message(explicit(stringType)), "0a ffffffffffffffffff01", "a: protobuf message ends inside a field", 0},
}

func TestRulesToThrift(t *testing.T) {
	for _, c := range toThriftCases {
		t.Run(c.name, func(t *testing.T) {
			method := compile(t, c.schema)
			for _, p := range both {
				var o translate.Out
				unknown, err := method.RequestToThrift(&o, p, unhex(t, c.in))
				if err != nil {
					if !strings.Contains(err.Error(), c.want) {
						t.Errorf("%s: error %q, want %q", protocolNames[p], err, c.want)
					}
					continue
				}
				got, rest, err := parse(p, o.B)
				if err != nil || rest != 0 || got.String() != c.want || unknown != c.unknown {
					t.Errorf("%s: %x: got %v, %d unknown (%v, %d left), want %s, %d", protocolNames[p], o.B, got, unknown, err, rest, c.want, c.unknown)
				}
			}
		})
	}
}

func num(k schema.ThriftKind, n int64) value { return value{kind: k, num: n} }
func i32(n int64) value                      { return num(schema.ThriftI32, n) }
func str(s string) value                     { return value{kind: schema.ThriftString, str: []byte(s)} }
func list(k schema.ThriftKind, elems ...value) value {
	return value{kind: schema.ThriftList, elem: k, elems: elems}
}

// structure has the values as fields 1, 2, …
func structure(values ...value) value {
	v := value{kind: schema.ThriftStruct}
	for i, x := range values {
		v.fields = append(v.fields, field{int16(i + 1), x})
	}
	return v
}

// fields has the values all under id 1.
func same(values ...value) value {
	v := structure(values...)
	for i := range v.fields {
		v.fields[i].id = 1
	}
	return v
}

// toProtoCases: a Thrift struct; protobuf in hexadecimal, or an error.
var toProtoCases = []struct {
	name    string
	schema  *schema.Message
	in      value
	want    string
	unknown int
}{
	{"empty struct", message(explicit(i32Type)), structure(), "", 0},
	{"implicit zero is not written", message(implicit(i32Type), implicit(stringType)), structure(i32(0), str("")), "", 0},
	{"explicit zero is written", message(explicit(i32Type), explicit(stringType)), structure(i32(0), str("")), "08001200", 0},
	{"negative int32 takes ten bytes", message(explicit(i32Type)), structure(i32(-1)), "08ffffffffffffffffff01", 0},
	{"packed", message(repeated(listOf(i32Type))), structure(list(schema.ThriftI32, i32(1), i32(300))), "0a0301ac02", 0},
	{"not packed", message(repeated(&schema.Type{Thrift: schema.ThriftList, Elem: i32Type})), structure(list(schema.ThriftI32, i32(1), i32(0))), "08010800", 0},
	{"empty list", message(repeated(listOf(i32Type))), structure(list(schema.ThriftI32)), "", 0},
	{"empty list of another type", message(repeated(listOf(i32Type))), structure(list(schema.ThriftI8)), "", 0},
	{"list of another type is unknown", message(repeated(listOf(i32Type))), structure(list(schema.ThriftI8, num(schema.ThriftI8, 1))), "", 1},
	{"another type is unknown", message(explicit(i32Type)), structure(num(schema.ThriftI64, 1)), "", 1},
	{"map writes zero keys and values", message(repeated(mapOf(i32Type, i32Type))),
		structure(value{kind: schema.ThriftMap, key: schema.ThriftI32, elem: schema.ThriftI32, elems: []value{i32(0), i32(0)}}), "0a0408001000", 0},
	{"last scalar wins", message(implicit(i32Type)), same(i32(5), i32(0)), "", 0},
	{"struct is replaced whole", message(explicit(structOf(point))), same(structure(i32(1), i32(2)), structure(i32(3))), "0a020803", 0},
	{"list is replaced whole", message(repeated(listOf(i32Type))), same(list(schema.ThriftI32, i32(1)), list(schema.ThriftI32, i32(2))), "0a0102", 0},
	{"replaced value may be wrong", message(explicit(uint64Type)), same(num(schema.ThriftI64, -1), num(schema.ThriftI64, 1)), "0801", 0},
	{"another type does not replace", message(explicit(i32Type)), same(i32(1), i32(2), str("x")), "0802", 1},
	{"union", union(member(i32Type), member(stringType)), structure(i32(0)), "0800", 0},
	{"union twice the same", union(member(i32Type), member(stringType)), same(i32(1), i32(2)), "0802", 0},
	{"empty union", union(member(i32Type)), structure(), "union U has 0 fields set instead of one", 0},
	{"union of two", message(explicit(structOf(union(member(i32Type), member(stringType))))), structure(structure(i32(1), str("a"))), "a: union U has 2 fields set instead of one", 0},
	{"two members of a oneof", oneof(member(i32Type), member(stringType)), structure(i32(1), str("a")), "b: S.a is set as well, and protobuf holds one of them", 0},
	{"required missing", message(required(i32Type)), structure(), "a: required field is missing", 0},
	{"unknown field", message(), structure(i32(1), structure(i32(1))), "", 2},
	{"dropped on purpose", &schema.Message{Thrift: "S", DropThrift: []int16{1}}, structure(i32(1)), "", 0},
	{"wrapped", message(explicit(wrapped(i32Type)), explicit(wrapped(boolType))), structure(i32(0), num(schema.ThriftBool, 1)), "0a020800 12020801", 0},
	{"int32 out of range", message(explicit(&schema.Type{Thrift: schema.ThriftI64, Proto: schema.ProtoInt32})), structure(num(schema.ThriftI64, 5e9)), "a: value 5000000000 does not fit int32 (-2147483648..2147483647)", 0},
	{"negative uint64", message(repeated(listOf(uint64Type))), structure(list(schema.ThriftI64, num(schema.ThriftI64, -1))), "a[0]: value -1 does not fit uint64 (0..9223372036854775807)", 0},
	{"uint64 as bits", message(explicit(bitsType)), structure(num(schema.ThriftI64, -1)), "08ffffffffffffffffff01", 0},
	{"float overflows", message(explicit(floatType)), structure(num(schema.ThriftDouble, 0x7e37e43c8800759c)), "a: value 1e+300 does not fit float", 0},
	{"float infinity", message(explicit(floatType)), structure(num(schema.ThriftDouble, 0x7ff0000000000000)), "0d 0000807f", 0},
	{"float NaN", message(explicit(floatType)), structure(num(schema.ThriftDouble, 0x7ff8000000000001)), "0d 0000c07f", 0},
	{"enum of other numbers", message(implicit(enumType)), structure(i32(5)), "", 0},
	{"enum without counterpart", message(implicit(enumType)), structure(i32(6)), "a: number 6 of enum State has no counterpart in t.State", 0},
	{"timestamp before 1970", message(explicit(millisType)), structure(num(schema.ThriftI64, -1)), "0a11 08ffffffffffffffffff01 10c08faedc03", 0},
	{"invalid UTF-8", message(explicit(stringType)), structure(str("a\xff")), "a: string is not valid UTF-8", 0},
	{"invalid UTF-8 replaced", message(explicit(&schema.Type{Thrift: schema.ThriftString, Proto: schema.ProtoString, UTF8: schema.UTF8Replace})), structure(str("a\xff\xfe")), "0a07 61efbfbdefbfbd", 0},
	{"path through list and map", message(repeated(listOf(structOf(message(repeated(mapOf(stringType, stringType))))))),
		structure(list(schema.ThriftStruct, structure(), structure(value{kind: schema.ThriftMap, key: schema.ThriftString, elem: schema.ThriftString, elems: []value{str("k"), str("\xff")}}))),
		`a[1].a["k"]: string is not valid UTF-8`, 0},
}

func TestRulesToProto(t *testing.T) {
	for _, c := range toProtoCases {
		t.Run(c.name, func(t *testing.T) {
			method := compile(t, c.schema)
			for _, p := range both {
				var o translate.Out
				in := print(t, p, c.in)
				n, unknown, err := method.RequestToProto(&o, p, append(bytes.Clone(in), 1, 2, 3))
				if err != nil {
					if err.Error() != c.want {
						t.Errorf("%s: error %q, want %q", protocolNames[p], err, c.want)
					}
					continue
				}
				want, wantErr := hex.DecodeString(strings.ReplaceAll(c.want, " ", ""))
				if wantErr != nil || !bytes.Equal(o.B, want) || n != len(in) || unknown != c.unknown {
					t.Errorf("%s: %x: got %x, %d of %d bytes, %d unknown; want %s, %d", protocolNames[p], in, o.B, n, len(in), unknown, c.want, c.unknown)
				}
			}
		})
	}
}

// TestKinds says which kind of error a caller gets, whose statuses depend on it.
func TestKinds(t *testing.T) {
	deep := message()
	deep.Fields = []*schema.Field{{Name: "a", ThriftID: 1, ProtoNum: 1, Presence: schema.Explicit, Type: structOf(deep)}}
	nest := func(levels int) []byte {
		var b []byte
		for range levels {
			b = append([]byte{0x0b}, append(b, 0x0c)...)
		}
		return b
	}
	group := message()
	group.Fields = []*schema.Field{{Name: "a", ThriftID: 1, ProtoNum: 1, Presence: schema.Explicit,
		Type: &schema.Type{Thrift: schema.ThriftStruct, Proto: schema.ProtoGroup, Message: group}}}
	cases := []struct {
		name   string
		schema *schema.Message
		in     []byte
		out    translate.Out
		kind   translate.Kind
	}{
		{"malformed", message(), []byte{0}, translate.Out{}, translate.Malformed},
		{"out of range", message(explicit(i8Type)), []byte{8, 0x80, 1}, translate.Out{}, translate.OutOfRange},
		{"missing", message(required(i8Type)), nil, translate.Out{}, translate.Missing},
		{"64 levels", group, nest(63), translate.Out{}, 0},
		{"65 levels", group, nest(64), translate.Out{}, translate.TooDeep},
		{"unknown groups too deep", message(), nest(65), translate.Out{}, translate.TooDeep},
		{"string beyond the limit", message(explicit(stringType)), append([]byte{0x0a, 100}, make([]byte, 100)...), translate.Out{Limit: 100}, translate.TooLarge},
		{"reference beyond the limit", message(explicit(stringType)), append([]byte{0x0a, 100}, make([]byte, 100)...), translate.Out{Limit: 100, RefMin: 1}, translate.TooLarge},
		{"list beyond the limit", message(repeated(listOf(i64Type))), append([]byte{0x0a, 100}, make([]byte, 100)...), translate.Out{Limit: 799}, translate.TooLarge},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := compile(t, c.schema).RequestToThrift(&c.out, both[0], c.in)
			var e *translate.Error
			if errors.As(err, &e); e == nil && c.kind != 0 || e != nil && e.Kind != c.kind {
				t.Errorf("error %v, want kind %d", err, c.kind)
			}
		})
	}
}

func TestUnknownFieldRefused(t *testing.T) {
	c := translate.Compiler{Options: translate.Options{UnknownFieldError: true}}
	m, err := c.Compile(&schema.Method{Oneway: true, Request: schema.Body{Message: message(explicit(structOf(message())))}})
	if err != nil {
		t.Fatal(err)
	}
	var o translate.Out
	if _, err := m.RequestToThrift(&o, both[0], unhex(t, "0a023801")); err == nil || err.Error() != "a: field 7 is not known" {
		t.Errorf("to Thrift: %v", err)
	}
	o.Reset(0)
	if _, _, err := m.RequestToProto(&o, both[0], print(t, both[0], structure(structure(i32(1))))); err == nil || err.Error() != "a: field 1 is not known" {
		t.Errorf("to protobuf: %v", err)
	}
}
