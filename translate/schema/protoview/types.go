package protoview

import (
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"weft/translate/schema/thriftidl"
)

func descNumber(n int32) protoreflect.FieldNumber { return protoreflect.FieldNumber(n) }

func container(t *thriftidl.Type) bool {
	k := t.Underlying().Kind
	return k == thriftidl.List || k == thriftidl.Set || k == thriftidl.Map
}

var scalars = map[thriftidl.Kind]descriptorpb.FieldDescriptorProto_Type{
	thriftidl.Bool:   descriptorpb.FieldDescriptorProto_TYPE_BOOL,
	thriftidl.I8:     descriptorpb.FieldDescriptorProto_TYPE_INT32,
	thriftidl.I16:    descriptorpb.FieldDescriptorProto_TYPE_INT32,
	thriftidl.I32:    descriptorpb.FieldDescriptorProto_TYPE_INT32,
	thriftidl.I64:    descriptorpb.FieldDescriptorProto_TYPE_INT64,
	thriftidl.Double: descriptorpb.FieldDescriptorProto_TYPE_DOUBLE,
	thriftidl.String: descriptorpb.FieldDescriptorProto_TYPE_STRING,
	thriftidl.Binary: descriptorpb.FieldDescriptorProto_TYPE_BYTES,
	thriftidl.UUID:   descriptorpb.FieldDescriptorProto_TYPE_BYTES,
}

// mapKey tells whether protobuf takes the type as the key of a map.
func mapKey(t *thriftidl.Type) bool {
	switch t.Underlying().Kind {
	case thriftidl.Bool, thriftidl.I8, thriftidl.I16, thriftidl.I32, thriftidl.I64, thriftidl.String:
		return true
	}
	return false
}

// typed gives fd, a field of parent, the type and label for t. parent is m.proto or a helper in it.
func (m *message) typed(parent *descriptorpb.DescriptorProto, fd *descriptorpb.FieldDescriptorProto, t *thriftidl.Type, convert string) {
	u := t.Underlying()
	switch u.Kind {
	case thriftidl.List, thriftidl.Set:
		if container(u.Elem) {
			m.wrapped(fd, u.Elem)
		} else {
			m.single(fd, u.Elem, convert)
		}
		fd.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	case thriftidl.Map:
		m.mapped(parent, fd, u, convert)
	default:
		m.single(fd, u, convert)
		fd.Label = descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()
	}
}

// single gives fd the type for a value that is no container.
func (m *message) single(fd *descriptorpb.FieldDescriptorProto, t *thriftidl.Type, convert string) {
	u := t.Underlying()
	switch {
	case strings.HasPrefix(convert, "unix_") && u.Kind == thriftidl.I64:
		m.known(fd, "timestamp.proto", ".google.protobuf.Timestamp")
	case strings.HasPrefix(convert, "duration_") && u.Kind == thriftidl.I64:
		m.known(fd, "duration.proto", ".google.protobuf.Duration")
	case convert == "uuid_string" && u.Kind == thriftidl.UUID:
		fd.Type = descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum()
	case u.Kind == thriftidl.KindEnum:
		fd.Type = descriptorpb.FieldDescriptorProto_TYPE_ENUM.Enum()
		fd.TypeName = m.reference(u.Enum.File, enumName(u.Enum, m.d.b))
	case u.Kind == thriftidl.KindStruct:
		fd.Type = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum()
		fd.TypeName = m.reference(u.Struct.File, structName(u.Struct, m.d.b))
	default:
		fd.Type = scalars[u.Kind].Enum()
	}
}

func (m *message) known(fd *descriptorpb.FieldDescriptorProto, file, name string) {
	m.f.deps["google/protobuf/"+file] = true
	fd.Type = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum()
	fd.TypeName = &name
}

// reference gives the absolute name of a type and imports its file.
func (m *message) reference(in *thriftidl.File, name string) *string {
	other := m.d.byIDL[in]
	if other == nil {
		m.d.errorf(thriftidl.Pos{File: in.Name, Line: 1, Col: 1}, "the file is used but not among the files to derive")
		return proto.String("")
	}
	if other != m.f {
		m.f.deps[other.proto.GetName()] = true
	}
	return proto.String("." + other.proto.GetPackage() + "." + name)
}

// mapped makes fd a map field, or a repeated entry message of the same wire form where protobuf does not take the key.
func (m *message) mapped(parent *descriptorpb.DescriptorProto, fd *descriptorpb.FieldDescriptorProto, t *thriftidl.Type, convert string) {
	fd.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	fd.Type = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum()
	if mapKey(t.Key) {
		entry := &descriptorpb.DescriptorProto{
			Name:    proto.String(mapEntry(fd.GetName())),
			Options: &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)},
		}
		parent.NestedType = append(parent.NestedType, entry)
		m.entryFields(entry, t, convert)
		scope := m.full
		if parent != m.proto {
			scope += "." + parent.GetName()
		}
		fd.TypeName = proto.String("." + scope + "." + entry.GetName())
		return
	}
	fd.TypeName = m.help("MapEntry", t, func(entry *descriptorpb.DescriptorProto) {
		m.entryFields(entry, t, convert)
	})
}

func (m *message) entryFields(entry *descriptorpb.DescriptorProto, t *thriftidl.Type, convert string) {
	key := &descriptorpb.FieldDescriptorProto{Name: proto.String("key"), Number: proto.Int32(1)}
	value := &descriptorpb.FieldDescriptorProto{Name: proto.String("value"), Number: proto.Int32(2)}
	for _, part := range []struct {
		fd      *descriptorpb.FieldDescriptorProto
		t       *thriftidl.Type
		convert string
	}{{key, t.Key, ""}, {value, t.Elem, convert}} {
		if container(part.t) {
			m.wrapped(part.fd, part.t)
		} else {
			m.single(part.fd, part.t, part.convert)
		}
		part.fd.Label = descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()
	}
	entry.Field = append(entry.Field, key, value)
}

// wrapped gives fd a message that holds the container t in field 1, `items`.
func (m *message) wrapped(fd *descriptorpb.FieldDescriptorProto, t *thriftidl.Type) {
	fd.Type = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum()
	fd.Label = descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()
	fd.TypeName = m.help("", t, func(w *descriptorpb.DescriptorProto) {
		items := &descriptorpb.FieldDescriptorProto{Name: proto.String("items"), Number: proto.Int32(1)}
		m.typed(w, items, t, "")
		w.Field = append(w.Field, items)
	})
}

// help makes a helper message for the container t inside m, once per name, and gives its absolute name.
func (m *message) help(prefix string, t *thriftidl.Type, fill func(*descriptorpb.DescriptorProto)) *string {
	name := typeName(t, m.f.IDL)
	if prefix != "" {
		name = prefix + strings.TrimPrefix(name, "MapOf")
	}
	key := prefix + typeKey(t)
	if other, ok := m.helper[name]; !ok {
		m.helper[name] = key
		h := &descriptorpb.DescriptorProto{Name: &name}
		fill(h)
		m.proto.NestedType = append(m.proto.NestedType, h)
	} else if other != key {
		m.d.errorf(t.Pos, "two container types would have the message %s.%s in the protobuf view: rename one of the types in it", m.full, name)
	}
	return proto.String("." + m.full + "." + name)
}
