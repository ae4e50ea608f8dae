package translate_test

import (
	"encoding/hex"
	"testing"

	"weft/translate"
	"weft/translate/schema"
)

func scalarType(t schema.ThriftKind, p schema.ProtoKind) *schema.Type {
	return &schema.Type{Thrift: t, Proto: p}
}

func TestSmoke(t *testing.T) {
	item := &schema.Message{Thrift: "Item", Fields: []*schema.Field{
		{Name: "id", ThriftID: 1, ProtoNum: 1, Absent: schema.WriteZero, Type: scalarType(schema.ThriftI64, schema.ProtoInt64)},
		{Name: "ok", ThriftID: 2, ProtoNum: 2, Absent: schema.WriteZero, Type: scalarType(schema.ThriftBool, schema.ProtoBool)},
	}}
	req := &schema.Message{Thrift: "Args", Fields: []*schema.Field{
		{Name: "name", ThriftID: 1, ProtoNum: 1, Absent: schema.WriteZero, Type: scalarType(schema.ThriftString, schema.ProtoString)},
		{Name: "item", ThriftID: 2, ProtoNum: 2, Presence: schema.Explicit, Type: &schema.Type{Thrift: schema.ThriftStruct, Proto: schema.ProtoMessage, Message: item}},
		{Name: "prices", ThriftID: 3, ProtoNum: 3, Presence: schema.Repeated, Absent: schema.WriteZero, Type: &schema.Type{Thrift: schema.ThriftList, Packed: true, Elem: scalarType(schema.ThriftI32, schema.ProtoInt32)}},
		{Name: "m", ThriftID: 4, ProtoNum: 4, Presence: schema.Repeated, Absent: schema.WriteZero, Type: &schema.Type{Thrift: schema.ThriftMap, KeyNum: 1, ElemNum: 2, Key: scalarType(schema.ThriftString, schema.ProtoString), Elem: scalarType(schema.ThriftDouble, schema.ProtoDouble)}},
	}}
	var c translate.Compiler
	m, err := c.Compile(&schema.Method{Thrift: "f", Oneway: true, Request: schema.Body{Message: req}})
	if err != nil {
		t.Fatal(err)
	}
	in, _ := hex.DecodeString("0a0161" + "120408051001" + "1a03010203" + "220c0a016b11000000000000f03f")
	for _, p := range both {
		var o, back translate.Out
		if _, err := m.RequestToThrift(&o, p, in); err != nil {
			t.Fatal(err)
		}
		t.Logf("%x", o.B)
		n, _, err := m.RequestToProto(&back, p, o.B)
		if err != nil || n != len(o.B) {
			t.Fatal(n, err)
		}
		if string(back.B) != string(in) {
			t.Errorf("%x back to %x", o.B, back.B)
		}
	}
}
