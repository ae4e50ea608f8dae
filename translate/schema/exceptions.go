package schema

import (
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema/binding"
	"weft/translate/schema/thriftidl"
	"weft/translate/schema/thriftview"
)

const typeURLPrefix = "type.googleapis.com/"

// exceptions pairs the members of a throws clause with the messages that carry them in a status.
func (p *pairer) exceptions(sc *scope, fn *thriftidl.Function, md protoreflect.MethodDescriptor) []Exception {
	if p.fromProto {
		if fn.Oneway {
			return nil
		}
		return []Exception{{FieldID: 1, Name: thriftview.StatusName, FieldName: "status", Code: codes.Unknown, Status: true}}
	}
	var list []Exception
	for _, t := range fn.Throws {
		s := t.Type.Underlying().Struct
		if s == nil {
			p.errorf(sc, t.Pos, "%s of the throws clause of %s is no exception", t.Name, fn.Name)
			continue
		}
		e := p.l.binding.ExceptionOf(s.File.Base(), s.Name)
		if e == nil && p.links == nil && isStatus(s) {
			list = append(list, Exception{FieldID: t.ID, Name: s.Name, FieldName: t.Name, Code: codes.Unknown, Status: true})
			continue
		}
		x := Exception{FieldID: t.ID, Name: s.Name, FieldName: t.Name, Code: p.code(sc, s, e), TextField: p.text(sc, s, e)}
		n := p.exceptionMessage(sc, s, e, md)
		if n == nil {
			continue
		}
		sc.deps = append(sc.deps, &n.scope)
		x.Message, x.Descriptor, x.TypeURL = n.message, n.message.Descriptor, typeURLPrefix+n.message.Proto
		for _, other := range list {
			if other.TypeURL == x.TypeURL {
				p.errorf(sc, t.Pos, "%s and %s of the throws clause of %s are both %s, so that the way back cannot tell them apart", other.FieldName, t.Name, fn.Name, n.message.Proto)
			}
		}
		list = append(list, x)
	}
	return list
}

// isStatus tells whether an exception is the GrpcStatus of a printed Thrift view.
func isStatus(s *thriftidl.Struct) bool {
	kinds := []thriftidl.Kind{thriftidl.I32, thriftidl.String, thriftidl.List}
	if s.Name != thriftview.StatusName || len(s.Fields) != len(kinds) {
		return false
	}
	for i, f := range s.Fields {
		if int(f.ID) != i+1 || f.Type.Underlying().Kind != kinds[i] {
			return false
		}
	}
	detail := s.Fields[2].Type.Underlying().Elem.Underlying().Struct
	return detail != nil && detail.Name == thriftview.StatusDetailName
}

// code is that of the binding, else of the annotation (rpc.code = "NOT_FOUND"), else UNKNOWN.
func (p *pairer) code(sc *scope, s *thriftidl.Struct, e *binding.Exception) codes.Code {
	if e != nil && e.HasCode {
		return e.Code
	}
	for _, a := range s.Annotations {
		if a.Key != "rpc.code" {
			continue
		}
		code, ok := binding.Code(a.Value)
		if !ok {
			p.errorf(sc, a.Pos, "rpc.code of exception %s is the name of a gRPC error, as NOT_FOUND, not %q", s.Name, a.Value)
			break
		}
		return code
	}
	return codes.Unknown
}

// text is the id of the field that becomes the status message: the binding's, else the first string field called
// message, msg, errorMessage or what.
func (p *pairer) text(sc *scope, s *thriftidl.Struct, e *binding.Exception) int16 {
	names := []string{"message", "msg", "errormessage", "what"}
	if e != nil && e.Message != "" {
		names = []string{fold(e.Message)}
	}
	for _, name := range names {
		for _, f := range s.Fields {
			if fold(f.Name) == name && f.Type.Underlying().Kind == thriftidl.String {
				return f.ID
			}
		}
	}
	if e != nil && e.Message != "" {
		p.errorf(sc, e.Pos, "exception %s has no string field %s (%s)", s.Name, e.Message, s.Pos)
	}
	return 0
}

// exceptionMessage finds the message for an exception: the binding's, one of its name, else a derived one.
func (p *pairer) exceptionMessage(sc *scope, s *thriftidl.Struct, e *binding.Exception, md protoreflect.MethodDescriptor) *structNode {
	if p.links != nil {
		return p.structure(s, p.view.Message(s, p.l.binding))
	}
	pkg := string(md.ParentFile().Package()) + "."
	var found, other protoreflect.MessageDescriptor
	p.l.proto.messages(func(m protoreflect.MessageDescriptor) {
		full := string(m.FullName())
		switch {
		case e != nil && e.Proto != "":
			if binding.IsProto(e.Proto, full) {
				found = m
			}
		case fold(string(m.Name())) != fold(s.Name) && !p.boundTo(s, full):
		case found == nil || strings.HasPrefix(full, pkg) && !strings.HasPrefix(string(found.FullName()), pkg):
			found, other = m, nil
		case strings.HasPrefix(full, pkg) == strings.HasPrefix(string(found.FullName()), pkg):
			other = m
		}
	})
	switch {
	case other != nil:
		p.errorf(sc, s.Pos, "exception %s may be %s%s or %s%s: say which in the binding", s.Name, found.FullName(), p.other(found), other.FullName(), p.other(other))
		return nil
	case found != nil:
		return p.structure(s, found)
	}
	return p.derivedException(sc, s)
}

func (p *pairer) boundTo(s *thriftidl.Struct, full string) bool {
	for _, t := range p.l.binding.TypesOf(s.File.Base(), s.Name) {
		if t.Proto != "" && binding.IsProto(t.Proto, full) {
			return true
		}
	}
	return false
}

// derivedException pairs an exception with the message that the derived view has for it.
func (p *pairer) derivedException(sc *scope, s *thriftidl.Struct) *structNode {
	derived, problems := p.exceptionPairer()
	if derived.view == nil {
		text := "its protobuf view cannot be derived"
		if len(problems) > 0 {
			text += ": " + problems[0].Error()
		}
		p.errorf(sc, s.Pos, "exception %s has no message of its name, and %s", s.Name, text)
		return nil
	}
	return derived.structure(s, derived.view.Message(s, nil))
}

// messages calls f for every message of the protobuf files, nested ones included.
func (pf *protoFiles) messages(f func(protoreflect.MessageDescriptor)) {
	var walk func(protoreflect.MessageDescriptors)
	walk = func(list protoreflect.MessageDescriptors) {
		for i := range list.Len() {
			f(list.Get(i))
			walk(list.Get(i).Messages())
		}
	}
	pf.each(func(fd protoreflect.FileDescriptor) { walk(fd.Messages()) })
}

// enums calls f for every enum of the protobuf files, nested ones included.
func (pf *protoFiles) enums(f func(protoreflect.EnumDescriptor)) {
	pf.each(func(fd protoreflect.FileDescriptor) {
		for i := range fd.Enums().Len() {
			f(fd.Enums().Get(i))
		}
	})
	pf.messages(func(m protoreflect.MessageDescriptor) {
		for i := range m.Enums().Len() {
			f(m.Enums().Get(i))
		}
	})
}

// each calls f for the given files and what they import, in a fixed order.
func (pf *protoFiles) each(f func(protoreflect.FileDescriptor)) {
	seen := map[string]bool{}
	var visit func(protoreflect.FileDescriptor)
	visit = func(fd protoreflect.FileDescriptor) {
		if seen[fd.Path()] {
			return
		}
		seen[fd.Path()] = true
		for i := range fd.Imports().Len() {
			visit(fd.Imports().Get(i).FileDescriptor)
		}
		f(fd)
	}
	for _, fd := range pf.roots {
		visit(fd)
	}
}
