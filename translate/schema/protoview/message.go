package protoview

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"weft/translate/schema/binding"
	"weft/translate/schema/thriftidl"
)

// message is a message under construction: one of the top level with the helpers nested in it.
type message struct {
	d      *deriver
	f      *File
	full   string
	proto  *descriptorpb.DescriptorProto
	folded map[string]string // folded field names -> name
	helper map[string]string // names of the helper messages -> key of the type
	oneof  bool              // fields are members of oneof 0
}

func (d *deriver) message(f *File, name, doc string) *message {
	m := &message{
		d: d, f: f, full: f.proto.GetPackage() + "." + name,
		proto:  &descriptorpb.DescriptorProto{Name: proto.String(name)},
		folded: map[string]string{}, helper: map[string]string{},
	}
	f.docs[m.full] = doc
	f.proto.MessageType = append(f.proto.MessageType, m.proto)
	return m
}

// fields adds fields with presence of their own, then the synthetic oneofs that say so.
func (m *message) fields(fields []*thriftidl.Field, entries []*binding.Field) {
	for _, f := range fields {
		e := fieldEntry(entries, f.Name)
		if e != nil && e.Drop {
			continue
		}
		m.field(f, e)
	}
	if !m.oneof {
		m.presence()
	}
}

func (m *message) field(f *thriftidl.Field, e *binding.Field) {
	number := Number(f.ID)
	name := m.fieldName(f, e)
	fd := &descriptorpb.FieldDescriptorProto{Name: &name, Number: &number}
	m.d.links.Fields[f] = descNumber(number)
	m.f.docs[m.full+"."+name] = f.Doc
	if m.oneof && container(f.Type) {
		m.wrapped(fd, f.Type) // a oneof holds no repeated field
	} else {
		convert := ""
		if e != nil {
			convert = e.Convert
		}
		m.typed(m.proto, fd, f.Type, convert)
	}
	if u := f.Type.Underlying(); u.Kind == thriftidl.Set {
		m.f.notes[m.full+"."+name] = "a set"
	}
	if m.oneof {
		fd.OneofIndex = proto.Int32(0)
	}
	m.proto.Field = append(m.proto.Field, fd)
}

// fieldName is the name as written. A field whose JSON name an earlier one has gets its id behind the name.
func (m *message) fieldName(f *thriftidl.Field, e *binding.Field) string {
	name := identifier(f.Name)
	if e != nil && e.Proto != "" {
		name = e.Proto
	}
	if !valid(name) {
		m.d.errorf(f.Pos, "field %s cannot be named %q in protobuf", f.Name, name)
	}
	if other, ok := m.folded[fold(name)]; ok {
		renamed := ClashName(name, f.ID)
		m.d.warnf(f.Pos, "field %s and field %s have one JSON name, so it is named %s in the protobuf view", f.Name, other, renamed)
		name = renamed
		if other, ok := m.folded[fold(name)]; ok {
			m.d.errorf(f.Pos, "field %s would be named %s in the protobuf view, as field %s: give one of them a name in the binding", f.Name, name, other)
		}
	}
	m.folded[fold(name)] = f.Name
	return name
}

// presence marks every singular scalar as `optional`: Thrift tells zero from absent.
func (m *message) presence() {
	used := map[string]bool{}
	for _, fd := range m.proto.Field {
		used[fd.GetName()] = true
	}
	for _, fd := range m.proto.Field {
		if fd.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REPEATED || fd.GetType() == descriptorpb.FieldDescriptorProto_TYPE_MESSAGE {
			continue
		}
		name := "_" + fd.GetName()
		for used[name] {
			name = "X" + name
		}
		used[name] = true
		fd.Proto3Optional = proto.Bool(true)
		fd.OneofIndex = proto.Int32(int32(len(m.proto.OneofDecl)))
		m.proto.OneofDecl = append(m.proto.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: &name})
	}
}

// union makes the message one oneof. Its name is "value" with as many underscores as no member has.
func (m *message) union(s *thriftidl.Struct, entries []*binding.Field) {
	m.oneof = true
	m.fields(s.Fields, entries)
	if len(m.proto.Field) == 0 {
		return
	}
	name := "value"
	for m.hasField(name) {
		name += "_"
	}
	m.proto.OneofDecl = []*descriptorpb.OneofDescriptorProto{{Name: &name}}
}

func (m *message) hasField(name string) bool {
	for _, fd := range m.proto.Field {
		if fd.GetName() == name {
			return true
		}
	}
	return false
}

func fieldEntry(entries []*binding.Field, name string) *binding.Field {
	for _, e := range entries {
		if e.Thrift == name {
			return e
		}
	}
	return nil
}
