package schema

import (
	"fmt"
	"strings"
	"testing"
)

// TestMapping compares whole mappings, written as text, with golden files.
func TestMapping(t *testing.T) {
	for _, tc := range []struct {
		name string
		src  Source
	}{
		{"everything-thrift", Source{Files: []string{"testdata/thrift/everything.thrift"}}},
		{"everything-proto", Source{Files: []string{"testdata/proto/everything.proto"}}},
		{"legacy-proto", Source{Files: []string{"testdata/proto/legacy.proto"}}},
		{"edition-proto", Source{Files: []string{"testdata/proto/edition.proto"}}},
		{"orders", Source{Files: []string{"testdata/pair/orders.thrift", "testdata/pair/orders.proto"}, Binding: "testdata/pair/binding.yaml"}},
		{"orders-derived", Source{Files: []string{"testdata/pair/orders.thrift"}, Binding: "testdata/pair/derived.yaml"}},
		{"orders-derived-thrift", Source{Files: []string{"testdata/pair/orders.proto"}, Binding: "testdata/pair/derived-thrift.yaml"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := Load(tc.src)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, "testdata/golden/mapping/"+tc.name+".txt", dump(s))
		})
	}
}

// dump writes a schema as text.
func dump(s *Schema) string {
	d := &dumper{seen: map[*Message]bool{}}
	for _, p := range s.Warnings {
		d.linef("%s", p.Error())
	}
	d.linef("unknown field error: %v", s.UnknownFieldError)
	for _, svc := range s.Services {
		d.linef("service %s = %s", svc.Thrift, svc.GRPC)
		for _, m := range svc.Methods {
			d.method(m)
		}
	}
	for len(d.queue) > 0 {
		m := d.queue[0]
		d.queue = d.queue[1:]
		d.message(m)
	}
	return d.b.String()
}

type dumper struct {
	b     strings.Builder
	seen  map[*Message]bool
	queue []*Message
}

func (d *dumper) linef(format string, args ...any) { fmt.Fprintf(&d.b, format+"\n", args...) }

func (d *dumper) method(m *Method) {
	d.linef("  %s = %s (oneway %v, streaming %v %v)", m.Thrift, m.GRPC, m.Oneway, m.ClientStreaming, m.ServerStreaming)
	if m.Unusable != nil {
		d.linef("    unusable: %v", m.Unusable)
		return
	}
	d.body("request", m.Request)
	d.body("response", m.Response)
	for _, x := range m.Exceptions {
		d.linef("    %d: throws %s %s, %v, %s, text %d, status %v", x.FieldID, x.Name, x.FieldName, x.Code, x.TypeURL, x.TextField, x.Status)
		d.later(x.Message)
	}
}

func (d *dumper) body(what string, b Body) {
	if b.Bare {
		d.linef("    %s: bare field %d, %s = %s", what, b.FieldID, b.Message.Thrift, b.Message.Proto)
		d.later(b.Message)
		return
	}
	d.linef("    %s: void %v, %s", what, b.Void, b.Message.Proto)
	for _, f := range b.Message.Fields {
		d.linef("      %s", d.field(f))
	}
}

func (d *dumper) later(m *Message) {
	if m != nil && !d.seen[m] {
		d.seen[m] = true
		d.queue = append(d.queue, m)
	}
}

func (d *dumper) message(m *Message) {
	d.linef("message %s = %s (union %v, oneofs %d, drop %v %v)", m.Thrift, m.Proto, m.Union, m.Oneofs, m.DropThrift, m.DropProto)
	for _, f := range m.Fields {
		d.linef("  %s", d.field(f))
	}
}

func (d *dumper) field(f *Field) string {
	return fmt.Sprintf("%d %s = %d: %s, %s, %s, oneof %d, %s", f.ThriftID, f.Name, f.ProtoNum,
		[]string{"default", "required", "optional"}[f.Requiredness], []string{"implicit", "explicit", "legacy", "repeated"}[f.Presence],
		[]string{"omit", "write zero", "refuse"}[f.Absent], f.Oneof, d.typ(f.Type))
}

func (d *dumper) typ(t *Type) string {
	s := fmt.Sprintf("T%d", t.Thrift)
	switch {
	case t.Thrift == ThriftMap:
		s += fmt.Sprintf("<%d %s, %d %s>", t.KeyNum, d.typ(t.Key), t.ElemNum, d.typ(t.Elem))
	case t.Elem != nil:
		s += fmt.Sprintf("<%s> packed %v", d.typ(t.Elem), t.Packed)
	default:
		s += fmt.Sprintf("=P%d", t.Proto)
	}
	if t.Wrap != 0 {
		s += fmt.Sprintf(" wrap %d %v", t.Wrap, t.WrapImplicit)
	}
	if t.Message != nil {
		s += " " + t.Message.Thrift
		d.later(t.Message)
	}
	if t.Enum != nil {
		s += fmt.Sprintf(" enum %v open %v", t.Enum.Values, t.Enum.Open)
	}
	if t.Convert != Plain {
		s += fmt.Sprintf(" convert %d unit %d", t.Convert, t.Unit)
	}
	if t.UTF8 != 0 || t.Uint64 != 0 {
		s += fmt.Sprintf(" utf8 %d uint64 %d", t.UTF8, t.Uint64)
	}
	return s
}
