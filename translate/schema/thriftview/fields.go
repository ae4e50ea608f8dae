package thriftview

import (
	"math"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema/binding"
	"weft/translate/schema/thriftidl"
)

// fill gives the structs their fields.
func (d *deriver) fill(f *File, list protoreflect.MessageDescriptors) {
	for i := range list.Len() {
		md := list.Get(i)
		if md.IsMapEntry() {
			continue
		}
		s := f.decls[md.FullName()].structure
		var entries []*binding.Field
		for _, e := range d.b.TypesFor(string(md.FullName())) {
			entries = append(entries, e.Fields...)
		}
		ids, names := map[int16]bool{}, map[string]bool{}
		for j := range md.Fields().Len() {
			d.field(f, s, md.Fields().Get(j), entries, ids, names)
		}
		d.fill(f, md.Messages())
	}
}

// field adds one field, unless it is dropped or has a number that no Thrift id can be.
func (d *deriver) field(f *File, s *thriftidl.Struct, fd protoreflect.FieldDescriptor, entries []*binding.Field, ids map[int16]bool, names map[string]bool) {
	var e binding.Field
	for _, entry := range entries {
		if entry.Proto == string(fd.Name()) {
			e = *entry
		}
	}
	if e.Drop {
		return
	}
	id := int(fd.Number())
	if e.ID != 0 {
		id = e.ID
	}
	if id > math.MaxInt16 {
		f.left[s] = append(f.left[s], string(fd.Name()))
		return
	}
	tf := &thriftidl.Field{
		Pos: d.place(fd), Name: identifier(string(fd.Name())), Doc: doc(fd), ID: int16(id),
		Requiredness: requiredness(s, fd), Type: d.fieldType(f, fd, e.Convert),
	}
	if e.Thrift != "" {
		tf.Name = e.Thrift
	}
	if ids[tf.ID] {
		d.errorf(tf.Pos, "two fields of message %s would have the id %d in the Thrift view", fd.ContainingMessage().FullName(), tf.ID)
	}
	if names[tf.Name] {
		d.errorf(tf.Pos, "two fields of message %s would be named %s in the Thrift view: give one of them another name in the binding", fd.ContainingMessage().FullName(), tf.Name)
	}
	ids[tf.ID], names[tf.Name] = true, true
	if s.Kind != thriftidl.Union && e.Convert == "" {
		tf.Default = d.value(fd, tf)
	}
	d.view.Links.Fields[tf] = fd.Number()
	s.Fields = append(s.Fields, tf)
}

// requiredness: explicit presence is optional; without presence a field is always written; proto2's required stays.
func requiredness(s *thriftidl.Struct, fd protoreflect.FieldDescriptor) thriftidl.Requiredness {
	switch {
	case s.Kind == thriftidl.Union:
		return thriftidl.Optional
	case fd.Cardinality() == protoreflect.Required:
		return thriftidl.Required
	case fd.HasPresence():
		return thriftidl.Optional
	}
	return thriftidl.DefaultRequired
}

func (d *deriver) fieldType(f *File, fd protoreflect.FieldDescriptor, convert string) *thriftidl.Type {
	pos := d.place(fd)
	switch {
	case fd.IsMap():
		return &thriftidl.Type{Pos: pos, Kind: thriftidl.Map, Name: "map", Key: d.single(f, fd.MapKey(), ""), Elem: d.single(f, fd.MapValue(), convert)}
	case fd.IsList():
		return &thriftidl.Type{Pos: pos, Kind: thriftidl.List, Name: "list", Elem: d.single(f, fd, convert)}
	}
	return d.single(f, fd, convert)
}

var scalars = map[protoreflect.Kind]thriftidl.Type{
	protoreflect.BoolKind:     {Kind: thriftidl.Bool, Name: "bool"},
	protoreflect.Int32Kind:    {Kind: thriftidl.I32, Name: "i32"},
	protoreflect.Sint32Kind:   {Kind: thriftidl.I32, Name: "i32"},
	protoreflect.Sfixed32Kind: {Kind: thriftidl.I32, Name: "i32"},
	protoreflect.Uint32Kind:   {Kind: thriftidl.I64, Name: "i64"},
	protoreflect.Fixed32Kind:  {Kind: thriftidl.I64, Name: "i64"},
	protoreflect.Int64Kind:    {Kind: thriftidl.I64, Name: "i64"},
	protoreflect.Sint64Kind:   {Kind: thriftidl.I64, Name: "i64"},
	protoreflect.Sfixed64Kind: {Kind: thriftidl.I64, Name: "i64"},
	protoreflect.Uint64Kind:   {Kind: thriftidl.I64, Name: "i64"},
	protoreflect.Fixed64Kind:  {Kind: thriftidl.I64, Name: "i64"},
	protoreflect.FloatKind:    {Kind: thriftidl.Double, Name: "double"},
	protoreflect.DoubleKind:   {Kind: thriftidl.Double, Name: "double"},
	protoreflect.StringKind:   {Kind: thriftidl.String, Name: "string"},
	protoreflect.BytesKind:    {Kind: thriftidl.Binary, Name: "binary"},
}

// single gives the type of one value of a field.
func (d *deriver) single(f *File, fd protoreflect.FieldDescriptor, convert string) *thriftidl.Type {
	t := &thriftidl.Type{Pos: d.place(fd)}
	switch {
	case fd.Message() != nil:
		name := string(fd.Message().FullName())
		if name == "google.protobuf.Timestamp" && strings.HasPrefix(convert, "unix_") ||
			name == "google.protobuf.Duration" && strings.HasPrefix(convert, "duration_") {
			t.Kind, t.Name = thriftidl.I64, "i64"
			return t
		}
		if inner := wrapped(fd.Message()); inner != nil {
			return d.single(f, inner, "")
		}
		return d.structType(f, fd.Message(), t.Pos)
	case fd.Enum() != nil:
		if convert == "enum_number" {
			t.Kind, t.Name = thriftidl.I32, "i32"
			return t
		}
		home, prefix := d.home(f, fd.Enum())
		e := home.decls[fd.Enum().FullName()].enum
		t.Kind, t.Enum, t.Name = thriftidl.KindEnum, e, prefix+e.Name
		return t
	case fd.Kind() == protoreflect.StringKind && convert == "uuid_string",
		fd.Kind() == protoreflect.BytesKind && convert == "uuid_bytes":
		t.Kind, t.Name = thriftidl.UUID, "uuid"
		return t
	}
	base := scalars[fd.Kind()]
	t.Kind, t.Name = base.Kind, base.Name
	return t
}

func (d *deriver) structType(f *File, md protoreflect.MessageDescriptor, pos thriftidl.Pos) *thriftidl.Type {
	home, prefix := d.home(f, md)
	s := home.decls[md.FullName()].structure
	return &thriftidl.Type{Pos: pos, Kind: thriftidl.KindStruct, Struct: s, Name: prefix + s.Name}
}

// home is the file that declares a type, and the prefix under which f names it. It becomes an include of f.
func (d *deriver) home(f *File, t protoreflect.Descriptor) (*File, string) {
	home := d.file(t.ParentFile())
	if home == f {
		return home, ""
	}
	known := false
	for _, inc := range f.order {
		known = known || inc == home
	}
	if !known {
		f.order = append(f.order, home)
	}
	return home, home.IDL.Base() + "."
}

// wrapped gives the value field of google.protobuf.Int32Value and its like, nil for other messages.
func wrapped(md protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	switch md.FullName() {
	case "google.protobuf.BoolValue", "google.protobuf.BytesValue", "google.protobuf.DoubleValue",
		"google.protobuf.FloatValue", "google.protobuf.Int32Value", "google.protobuf.Int64Value",
		"google.protobuf.StringValue", "google.protobuf.UInt32Value", "google.protobuf.UInt64Value":
		return md.Fields().ByName("value")
	}
	return nil
}

// value is the default that proto2 and editions may give a field, nil where Thrift text has no way to say it.
func (d *deriver) value(fd protoreflect.FieldDescriptor, tf *thriftidl.Field) *thriftidl.Value {
	if !fd.HasDefault() {
		return nil
	}
	v := &thriftidl.Value{Pos: tf.Pos}
	def := fd.Default()
	switch tf.Type.Kind {
	case thriftidl.Bool:
		v.Kind, v.Ident = thriftidl.IdentValue, "false"
		if def.Bool() {
			v.Ident = "true"
		}
	case thriftidl.I32, thriftidl.I64:
		v.Kind = thriftidl.IntValue
		switch u := def.Interface().(type) {
		case uint32:
			v.Int = int64(u)
		case uint64:
			v.Int = int64(u)
			if u > math.MaxInt64 {
				return nil
			}
		default:
			v.Int = def.Int()
		}
	case thriftidl.Double:
		v.Kind, v.Double = thriftidl.DoubleValue, def.Float()
		if math.IsNaN(v.Double) || math.IsInf(v.Double, 0) {
			return nil
		}
	case thriftidl.String:
		v.Kind, v.String = thriftidl.StringValue, def.String()
		if strings.ContainsFunc(v.String, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
			return nil
		}
	case thriftidl.KindEnum:
		v.Kind, v.Enum = thriftidl.IdentValue, tf.Type.Enum
		for _, ev := range v.Enum.Values {
			if ev.Number == int32(def.Enum()) {
				v.EnumValue, v.Ident = ev, tf.Type.Name+"."+ev.Name
				return v
			}
		}
		return nil
	default:
		return nil
	}
	return v
}
