package translate_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"weft/translate"
	"weft/translate/schema"
)

// answers is a method whose result is an i32 or one of two exceptions.
func answers(t testing.TB) *translate.Method {
	return compileMethod(t, &schema.Method{Thrift: "f", Request: schema.Body{Message: message()},
		Response: schema.Body{Message: &schema.Message{Thrift: "f_result", Fields: []*schema.Field{
			{Name: "success", ThriftID: 0, ProtoNum: 1, Type: i32Type}}}},
		Exceptions: []schema.Exception{
			{FieldID: 1, FieldName: "nope", Message: message(explicit(stringType))},
			{FieldID: 2, FieldName: "status", Status: true},
		}})
}

// bare is a method whose argument 3 and whose result are structs that stand for the messages.
func bare(t testing.TB) *translate.Method {
	return compileMethod(t, &schema.Method{Thrift: "f", Request: schema.Body{Bare: true, FieldID: 3, Message: message(explicit(i8Type))},
		Response: schema.Body{Bare: true, Message: message(implicit(i8Type))}})
}

func compileMethod(t testing.TB, m *schema.Method) *translate.Method {
	t.Helper()
	var c translate.Compiler
	method, err := c.Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	return method
}

func TestResultToThrift(t *testing.T) {
	void := compileMethod(t, &schema.Method{Thrift: "f", Request: schema.Body{Message: message()}, Response: schema.Body{Void: true, Message: message()}})
	object := compileMethod(t, &schema.Method{Thrift: "f", Request: schema.Body{Message: message()},
		Response: schema.Body{Message: &schema.Message{Thrift: "f_result", Fields: []*schema.Field{
			{Name: "success", ThriftID: 0, ProtoNum: 1, Presence: schema.Explicit, Type: structOf(message(implicit(i32Type), required(i32Type)))}}}}})
	cases := []struct {
		name   string
		method *translate.Method
		exc    int // -1: response
		in     string
		want   string // in compact, in hexadecimal, or an error
	}{
		{"value", answers(t), -1, "0805", "05000a00"}, // id 0 needs the long form
		{"no value", answers(t), -1, "", "05000000"},
		{"exception", answers(t), 0, "0a026e6f", "1c 18026e6f00 00"},
		{"status exception", answers(t), 1, "0805 12026e6f", "2c 150a 18026e6f 190c 00 00"},
		{"bare", bare(t), -1, "0805", "0c00 1305 00 00"},
		{"bare out of range", bare(t), -1, "08c801", "success.a: value 200 does not fit i8 (-128..127)"},
		{"exception out of its rules", answers(t), 0, "0a01ff", "nope.a: string is not valid UTF-8"},
		{"void", void, -1, "", "00"},
		{"zero value has a required field", object, -1, "", "success.b: required field is missing"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var o translate.Out
			o.Reset(3)
			var err error
			if c.exc < 0 {
				_, err = c.method.ResponseToThrift(&o, both[1], unhex(t, c.in))
			} else {
				_, err = c.method.ExceptionToThrift(&o, both[1], c.exc, unhex(t, c.in))
			}
			if err != nil {
				if err.Error() != c.want {
					t.Errorf("error %q, want %q", err, c.want)
				}
				return
			}
			if !bytes.Equal(o.B[3:], unhex(t, c.want)) {
				t.Errorf("got %x, want %s", o.B[3:], c.want)
			}
		})
	}
}

func TestResultToProto(t *testing.T) {
	void := compileMethod(t, &schema.Method{Thrift: "f", Request: schema.Body{Message: message()}, Response: schema.Body{Void: true, Message: message()},
		Exceptions: []schema.Exception{{FieldID: 1, FieldName: "nope", Message: message(explicit(stringType))}}})
	cases := []struct {
		name    string
		method  *translate.Method
		in      string // compact
		want    string
		exc     int
		unknown int
	}{
		{"value", answers(t), "05000a00", "0805", -1, 0},
		{"zero value", answers(t), "05000000", "", -1, 0},
		{"exception", answers(t), "1c 18026e6f00 00", "0a026e6f", 0, 0},
		{"status exception", answers(t), "2c 150a 18026e6f 191c 180161 180162 00 00 00", "0805 12026e6f 1a06 0a0161 120162", 1, 0},
		{"first counts", answers(t), "1c 18026e6f00 05000a 00", "0a026e6f", 0, 0},
		{"unknown field beside", answers(t), "750a 05000a 00", "0805", -1, 1},
		{"nothing", answers(t), "00", "result holds neither a value nor a declared exception", -1, 0},
		{"another type", answers(t), "0600 0a 00", "result holds neither a value nor a declared exception", -1, 0},
		{"bare", bare(t), "0c00 1305 00 00", "0805", -1, 0},
		{"bare, field twice", bare(t), "0c00 1305 030206 00 00", "0806", -1, 0},
		{"void", void, "00", "", -1, 0},
		{"void with exception", void, "1c 18026e6f00 00", "0a026e6f", 0, 0},
		{"cut off", answers(t), "0500", "success: Thrift message ends inside a value", -1, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var o translate.Out
			in := unhex(t, c.in)
			n, exc, unknown, err := c.method.ResponseToProto(&o, both[1], append(bytes.Clone(in), in...)[:len(in)])
			if err != nil {
				if err.Error() != c.want {
					t.Errorf("error %q, want %q", err, c.want)
				}
				var e *translate.Error
				if errors.As(err, &e); strings.HasPrefix(c.want, "result holds") != (e.Kind == translate.NoResult) {
					t.Errorf("kind %d", e.Kind)
				}
				return
			}
			if !bytes.Equal(o.B, unhex(t, c.want)) || n != len(in) || exc != c.exc || unknown != c.unknown {
				t.Errorf("got %x, n %d, exc %d, unknown %d", o.B, n, exc, unknown)
			}
		})
	}
}

func TestBareRequest(t *testing.T) {
	m := bare(t)
	var o, back translate.Out
	if _, err := m.RequestToThrift(&o, both[0], unhex(t, "0805")); err != nil || !bytes.Equal(o.B, unhex(t, "0c0003 03000105 00 00")) {
		t.Fatalf("got %x, %v", o.B, err)
	}
	if n, _, err := m.RequestToProto(&back, both[0], o.B); err != nil || n != len(o.B) || !bytes.Equal(back.B, unhex(t, "0805")) {
		t.Errorf("got %x, %d, %v", back.B, n, err)
	}
	if _, err := m.RequestToThrift(&o, both[0], unhex(t, "08c801")); err == nil || err.Error() != "request.a: value 200 does not fit i8 (-128..127)" {
		t.Errorf("error %v", err)
	}
	back.Reset(0)
	if n, _, err := m.RequestToProto(&back, both[0], []byte{0}); err != nil || n != 1 || len(back.B) != 0 {
		t.Errorf("absent argument: %x, %d, %v", back.B, n, err)
	}
}

// TestCompactBools reads both type numbers that writers use for lists of bool, and the values 0 and 2 for false.
func TestCompactBools(t *testing.T) {
	m := compile(t, message(repeated(listOf(boolType)), repeated(mapOf(boolType, boolType))))
	for _, in := range []string{"19 31 01 00 02 00", "19 32 01 00 02 00"} {
		var o translate.Out
		if _, _, err := m.RequestToProto(&o, both[1], unhex(t, in)); err != nil || !bytes.Equal(o.B, unhex(t, "0a03010000")) {
			t.Errorf("%s: got %x, %v", in, o.B, err)
		}
	}
	var o translate.Out
	if _, _, err := m.RequestToProto(&o, both[1], unhex(t, "2b 01 12 01 02 00")); err != nil || !bytes.Equal(o.B, unhex(t, "1204 0801 1000")) {
		t.Errorf("map: got %x, %v", o.B, err)
	}
}

func TestCompileErrors(t *testing.T) {
	endless := message()
	endless.Fields = []*schema.Field{{Name: "a", ThriftID: 1, ProtoNum: 1, Absent: schema.WriteZero, Presence: schema.Explicit, Type: structOf(endless)}}
	cases := []struct {
		name   string
		schema *schema.Message
		want   string
	}{
		{"no message", nil, "no message is given"},
		{"zero without end", endless, "holds itself in fields that are written when they are absent"},
		{"types that differ", message(explicit(&schema.Type{Thrift: schema.ThriftI32, Proto: schema.ProtoString})), "S.a: i32 and string cannot carry each other"},
		{"list in a list", message(repeated(listOf(listOf(i32Type)))), "has no message around it"},
		{"no type", message(explicit(nil)), "no type is given"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var compiler translate.Compiler
			_, err := compiler.Compile(&schema.Method{Thrift: "f", Oneway: true, Request: schema.Body{Message: c.schema}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
