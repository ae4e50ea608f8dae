package schema

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema/binding"
	"weft/translate/schema/thriftidl"
)

// request pairs the arguments of a method with a request message.
func (p *pairer) request(sc *scope, fn *thriftidl.Function, md protoreflect.MethodDescriptor, e *binding.Method) Body {
	in := md.Input()
	var entries []*binding.Field
	word := ""
	if e != nil {
		entries, word = e.Args, e.Request
	}
	if p.fromProto {
		word = "bare"
	}
	if p.links != nil && !p.fromProto {
		word = "wrapped"
	}
	if word == "" {
		word = p.requestForm(sc, fn, in, entries)
	}
	if word == "" {
		return Body{}
	}
	if word == "bare" {
		if len(fn.Args) != 1 || fn.Args[0].Type.Underlying().Struct == nil {
			p.errorf(sc, fn.Pos, "the request of %s cannot be bare: the method has not exactly one argument that is a struct", fn.Name)
			return Body{}
		}
		n := p.structure(fn.Args[0].Type.Underlying().Struct, in)
		sc.deps = append(sc.deps, &n.scope)
		return Body{Bare: true, FieldID: fn.Args[0].ID, Message: n.message}
	}
	m := newMessage(fn.Name, in)
	set := fieldSet{owner: "the arguments of " + fn.Name, pos: fn.Pos, fields: fn.Args, md: in, entries: entries}
	for _, t := range p.protoOnly(in) {
		set.entries = append(slices.Clone(set.entries), t.Fields...)
		set.byNumber = set.byNumber || t.ByNumber
	}
	p.fields(sc, m, set)
	return Body{Message: m}
}

// requestForm decides whether a request message is that of the only argument's struct (bare), or holds the arguments as
// fields (wrapped, and always so where the binding has entries for arguments); "" after an error.
func (p *pairer) requestForm(sc *scope, fn *thriftidl.Function, in protoreflect.MessageDescriptor, entries []*binding.Field) string {
	if len(fn.Args) != 1 || fn.Args[0].Type.Underlying().Struct == nil || len(entries) > 0 {
		return "wrapped"
	}
	arg := fn.Args[0]
	s := arg.Type.Underlying().Struct
	fd, _, wrapped := byName(fieldsOf(in), protoName[protoreflect.FieldDescriptor], arg.Name)
	wrapped = wrapped && fd.Message() != nil && fd.Cardinality() != protoreflect.Repeated
	bare := p.alike(s, in)
	switch {
	case bare && (!wrapped || sameName(s, in)):
		return "bare"
	case wrapped && (!bare || sameName(s, fd.Message())):
		return "wrapped"
	case bare && wrapped:
		p.errorf(sc, fn.Pos, "the request %s%s may be %s itself, or hold it in field %s: say `request: bare` or `request: wrapped` in the binding", in.FullName(), p.other(in), s.Name, fd.Name())
	default:
		p.errorf(sc, fn.Pos, "the request %s%s is neither like %s nor has it a field %s: say `request: bare` or `request: wrapped` in the binding", in.FullName(), p.other(in), s.Name, arg.Name)
	}
	return ""
}

// sameName compares the names of a struct and a message without regard to case and underscores.
func sameName(s *thriftidl.Struct, md protoreflect.MessageDescriptor) bool {
	return md != nil && fold(s.Name) == fold(string(md.Name()))
}

// alike tells whether a struct and a message are meant for one another: by the binding, by their names, by the name of
// a field, or because both are empty.
func (p *pairer) alike(s *thriftidl.Struct, md protoreflect.MessageDescriptor) bool {
	if len(s.Fields) == 0 && md.Fields().Len() == 0 || sameName(s, md) {
		return true
	}
	for _, e := range p.l.binding.TypesOf(s.File.Base(), s.Name) {
		if e.Proto != "" && binding.IsProto(e.Proto, string(md.FullName())) {
			return true
		}
	}
	return slices.ContainsFunc(s.Fields, func(f *thriftidl.Field) bool {
		_, _, ok := byName(fieldsOf(md), protoName[protoreflect.FieldDescriptor], f.Name)
		return ok
	})
}

// response pairs the result of a method with a response message.
func (p *pairer) response(sc *scope, fn *thriftidl.Function, md protoreflect.MethodDescriptor, e *binding.Method) Body {
	out := md.Output()
	if fn.Result == nil {
		return Body{Void: true, Message: newMessage(fn.Name, out)}
	}
	word := ""
	if e != nil {
		word = e.Response
	}
	if p.fromProto {
		word = "bare"
	}
	if p.links != nil && !p.fromProto {
		word = "success"
	}
	if word == "" {
		word = p.responseForm(sc, fn, out)
	}
	if word == "" {
		return Body{}
	}
	if word == "bare" {
		s := fn.Result.Underlying().Struct
		if s == nil {
			p.errorf(sc, fn.Pos, "the response of %s cannot be bare: its result is no struct", fn.Name)
			return Body{}
		}
		n := p.structure(s, out)
		sc.deps = append(sc.deps, &n.scope)
		return Body{Bare: true, Message: n.message}
	}
	fd := out.Fields().ByName(protoreflect.Name(word))
	if fd == nil {
		p.errorf(sc, e.Pos, "message %s%s has no field %s", out.FullName(), p.other(out), word)
		return Body{}
	}
	return Body{Message: p.success(sc, fn, fd)}
}

// success pairs the result with one field of the response message.
func (p *pairer) success(sc *scope, fn *thriftidl.Function, fd protoreflect.FieldDescriptor) *Message {
	out := fd.ContainingMessage()
	m := newMessage(fn.Name, out)
	result := &thriftidl.Field{Pos: fn.Pos, Name: "success", Requiredness: thriftidl.Optional, Type: fn.Result}
	set := fieldSet{owner: "the result of " + fn.Name, pos: fn.Pos, fields: []*thriftidl.Field{result}, md: out}
	set.entries = []*binding.Field{{Thrift: "success", Proto: string(fd.Name()), Zero: "write"}}
	for _, t := range p.protoOnly(out) {
		for _, e := range t.Fields {
			if e.Proto != string(fd.Name()) {
				set.entries = append(set.entries, e)
				continue
			}
			bound := *e
			bound.Thrift, bound.Zero = "success", "write"
			set.entries[0] = &bound
		}
	}
	if p.links != nil {
		p.links.Fields[result] = fd.Number()
	}
	p.fields(sc, m, set)
	for _, f := range m.Fields {
		if f.Type.Enum != nil && !zeroPaired(fn.Result, f.Type) {
			f.Absent = Refuse // Thrift's zero would be another value than protobuf's
		}
	}
	return m
}

// protoOnly gives the binding's entries for a message that name no struct: those that hold for arguments and results.
func (p *pairer) protoOnly(md protoreflect.MessageDescriptor) []*binding.Type {
	return slices.DeleteFunc(p.l.binding.TypesFor(string(md.FullName())), func(t *binding.Type) bool { return t.Thrift != "" })
}

// responseForm gives "bare" where the response message is that of the result's struct, else the name of the field that
// holds the result; "" after an error.
func (p *pairer) responseForm(sc *scope, fn *thriftidl.Function, out protoreflect.MessageDescriptor) string {
	field, decided := "", false
	s := fn.Result.Underlying().Struct
	for _, name := range []string{"success", "result"} {
		if fd, _, ok := byName(fieldsOf(out), protoName[protoreflect.FieldDescriptor], name); ok && field == "" {
			field = string(fd.Name())
			decided = s != nil && sameName(s, fd.Message())
		}
	}
	bare := s != nil && p.alike(s, out)
	switch {
	case bare && (field == "" || sameName(s, out)):
		return "bare"
	case field != "" && (!bare || decided):
		return field
	case bare:
		p.errorf(sc, fn.Pos, "the response %s%s may be %s itself, or hold it in field %s: say `response: bare` or `response: %s` in the binding", out.FullName(), p.other(out), s.Name, field, field)
	default:
		p.errorf(sc, fn.Pos, "the response %s%s has no field success or result for %s: say `response:` with the field's name in the binding", out.FullName(), p.other(out), thriftText(fn.Result))
	}
	return ""
}
