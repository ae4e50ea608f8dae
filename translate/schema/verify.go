package schema

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema/binding"
	"weft/translate/schema/thriftidl"
)

// verifyBinding reports names in the binding that no given file declares: a mistyped entry would do nothing. In a derived
// view names of the derived side are what the binding makes them.
func (l *loader) verifyBinding() {
	if l.binding == nil {
		return
	}
	hasThrift, hasProto := len(l.thriftFiles) > 0, l.proto != nil
	for _, e := range l.binding.Types {
		if hasThrift && e.Thrift != "" {
			l.verifyStruct(e)
		}
		if hasProto && e.Proto != "" {
			l.verifyMessage(e)
		}
	}
	for _, e := range l.binding.Enums {
		if hasThrift && e.Thrift != "" {
			l.verifyThriftEnum(e)
		}
		if hasProto && e.Proto != "" {
			l.verifyProtoEnum(e)
		}
	}
	for _, e := range l.binding.Exceptions {
		if hasThrift && !slices.ContainsFunc(l.structs(e.Thrift), func(s *thriftidl.Struct) bool { return s.Kind == thriftidl.Exception }) {
			l.fail(e.Pos, "no .thrift file of the schema declares exception "+e.Thrift)
		}
		if hasProto && e.Proto != "" && l.messageNamed(e.Proto) == nil {
			l.fail(e.Pos, "no protobuf file of the schema declares message "+e.Proto)
		}
	}
	for _, e := range l.binding.Services {
		l.verifyService(e, hasThrift, hasProto)
	}
}

// structs gives the declarations that a name of the binding may mean.
func (l *loader) structs(name string) []*thriftidl.Struct {
	var list []*thriftidl.Struct
	for _, f := range l.thriftFiles {
		for _, s := range f.Structs {
			if binding.IsThrift(name, f.Base(), s.Name) {
				list = append(list, s)
			}
		}
	}
	return list
}

func (l *loader) messageNamed(name string) (found protoreflect.MessageDescriptor) {
	l.proto.messages(func(m protoreflect.MessageDescriptor) {
		if found == nil && binding.IsProto(name, string(m.FullName())) {
			found = m
		}
	})
	return found
}

func (l *loader) verifyStruct(e *binding.Type) {
	list := l.structs(e.Thrift)
	if len(list) == 0 {
		l.fail(e.Pos, "no .thrift file of the schema declares struct "+e.Thrift)
		return
	}
	for _, f := range e.Fields {
		if f.Thrift != "" && !slices.ContainsFunc(list, func(s *thriftidl.Struct) bool { return hasField(s.Fields, f.Thrift) }) {
			l.fail(f.Pos, "struct "+e.Thrift+" has no field "+f.Thrift)
		}
	}
}

func hasField(fields []*thriftidl.Field, name string) bool {
	return slices.ContainsFunc(fields, func(f *thriftidl.Field) bool { return f.Name == name })
}

func (l *loader) verifyMessage(e *binding.Type) {
	m := l.messageNamed(e.Proto)
	if m == nil {
		l.fail(e.Pos, "no protobuf file of the schema declares message "+e.Proto)
		return
	}
	for _, f := range e.Fields {
		if f.Proto != "" && m.Fields().ByName(protoreflect.Name(f.Proto)) == nil {
			l.fail(f.Pos, "message "+e.Proto+" has no field "+f.Proto)
		}
	}
}

func (l *loader) verifyThriftEnum(e *binding.Enum) {
	for _, f := range l.thriftFiles {
		for _, te := range f.Enums {
			if !binding.IsThrift(e.Thrift, f.Base(), te.Name) {
				continue
			}
			for _, v := range e.Values {
				if !slices.ContainsFunc(te.Values, func(t *thriftidl.EnumValue) bool { return t.Name == v.Thrift }) {
					l.fail(v.Pos, "enum "+e.Thrift+" has no value "+v.Thrift)
				}
			}
			return
		}
	}
	l.fail(e.Pos, "no .thrift file of the schema declares enum "+e.Thrift)
}

func (l *loader) verifyProtoEnum(e *binding.Enum) {
	var found protoreflect.EnumDescriptor
	l.proto.enums(func(d protoreflect.EnumDescriptor) {
		if found == nil && binding.IsProto(e.Proto, string(d.FullName())) {
			found = d
		}
	})
	if found == nil {
		l.fail(e.Pos, "no protobuf file of the schema declares enum "+e.Proto)
		return
	}
	for _, v := range e.Values {
		if found.Values().ByName(protoreflect.Name(v.Proto)) == nil {
			l.fail(v.Pos, "enum "+e.Proto+" has no value "+v.Proto)
		}
	}
}

func (l *loader) verifyService(e *binding.Service, hasThrift, hasProto bool) {
	if hasThrift && e.Thrift != "" {
		var found *thriftidl.Service
		for _, f := range l.thriftFiles {
			for _, s := range f.Services {
				if binding.IsThrift(e.Thrift, f.Base(), s.Name) {
					found = s
				}
			}
		}
		if found == nil {
			l.fail(e.Pos, "no .thrift file of the schema declares service "+e.Thrift)
		} else {
			l.verifyFunctions(e, functions(found))
		}
	}
	if hasProto && e.GRPC != "" {
		l.verifyRPCs(e)
	}
}

func (l *loader) verifyFunctions(e *binding.Service, list []*thriftidl.Function) {
	for _, m := range e.Methods {
		if m.Thrift == "" {
			continue
		}
		i := slices.IndexFunc(list, func(fn *thriftidl.Function) bool { return fn.Name == m.Thrift })
		if i < 0 {
			l.fail(m.Pos, "service "+e.Thrift+" has no method "+m.Thrift)
			continue
		}
		for _, a := range m.Args {
			if a.Thrift != "" && !hasField(list[i].Args, a.Thrift) {
				l.fail(a.Pos, "method "+m.Thrift+" has no argument "+a.Thrift)
			}
		}
	}
}

func (l *loader) verifyRPCs(e *binding.Service) {
	for _, fd := range l.proto.roots {
		for i := range fd.Services().Len() {
			sd := fd.Services().Get(i)
			if !binding.IsProto(e.GRPC, string(sd.FullName())) {
				continue
			}
			for _, m := range e.Methods {
				if m.GRPC != "" && sd.Methods().ByName(protoreflect.Name(m.GRPC)) == nil {
					l.fail(m.Pos, "service "+e.GRPC+" has no rpc "+m.GRPC)
				}
			}
			return
		}
	}
	l.fail(e.Pos, "no protobuf file of the schema declares service "+e.GRPC)
}
