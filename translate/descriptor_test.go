package translate_test

import (
	"fmt"
	"sort"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"weft/translate/schema"
)

// describer makes protobuf descriptors for schema messages that were built by hand or at random, so that dynamicpb can read
// and write what the plans read and write. It uses edition 2023, which has every presence and encoding as a feature.
type describer struct {
	file  *descriptorpb.FileDescriptorProto
	names map[*schema.Message]string
	queue []*schema.Message
}

// describe returns the descriptor of each message that root reaches.
func describe(t testing.TB, root *schema.Message) map[*schema.Message]protoreflect.MessageDescriptor {
	t.Helper()
	d := &describer{
		file: &descriptorpb.FileDescriptorProto{
			Name: proto.String("test.proto"), Package: proto.String("t"), Syntax: proto.String("editions"),
			Edition: descriptorpb.Edition_EDITION_2023.Enum(),
		},
		names: map[*schema.Message]string{},
	}
	d.name(root)
	for i := 0; i < len(d.queue); i++ {
		d.message(d.queue[i])
	}
	file, err := protodesc.NewFile(d.file, nil)
	if err != nil {
		t.Fatalf("describing the schema: %v", err)
	}
	out := map[*schema.Message]protoreflect.MessageDescriptor{}
	for m, name := range d.names {
		out[m] = file.Messages().ByName(protoreflect.Name(name))
	}
	return out
}

func (d *describer) name(m *schema.Message) string {
	if _, ok := d.names[m]; !ok {
		d.names[m] = fmt.Sprintf("M%d", len(d.queue))
		d.queue = append(d.queue, m)
	}
	return d.names[m]
}

func (d *describer) message(m *schema.Message) {
	dm := &descriptorpb.DescriptorProto{Name: proto.String(d.names[m])}
	d.file.MessageType = append(d.file.MessageType, dm)
	oneofs := map[int]int32{}
	for _, f := range m.Fields {
		fd := d.field(dm, f.Type, f.ProtoNum)
		if fd.GetLabel() != descriptorpb.FieldDescriptorProto_LABEL_REPEATED {
			setPresence(fd, f.Presence)
		}
		if f.Oneof > 0 {
			if _, ok := oneofs[f.Oneof]; !ok {
				oneofs[f.Oneof] = int32(len(dm.OneofDecl))
				dm.OneofDecl = append(dm.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: proto.String(fmt.Sprintf("o%d", f.Oneof))})
			}
			fd.OneofIndex = proto.Int32(oneofs[f.Oneof])
			fd.Options.Features.FieldPresence = nil
		}
		dm.Field = append(dm.Field, fd)
	}
	// Members of a oneof have to stand together.
	sort.SliceStable(dm.Field, func(i, j int) bool { return oneofOf(dm.Field[i]) < oneofOf(dm.Field[j]) })
}

func oneofOf(fd *descriptorpb.FieldDescriptorProto) int32 {
	if fd.OneofIndex == nil {
		return -1
	}
	return fd.GetOneofIndex()
}

func setPresence(fd *descriptorpb.FieldDescriptorProto, p schema.Presence) {
	message := fd.GetType() == descriptorpb.FieldDescriptorProto_TYPE_MESSAGE
	switch {
	case p == schema.Legacy:
		fd.Options.Features.FieldPresence = descriptorpb.FeatureSet_LEGACY_REQUIRED.Enum()
	case p == schema.Implicit && !message:
		fd.Options.Features.FieldPresence = descriptorpb.FeatureSet_IMPLICIT.Enum()
	}
}

// field describes a field of any type and number; helper messages become nested types of dm.
func (d *describer) field(dm *descriptorpb.DescriptorProto, t *schema.Type, num int32) *descriptorpb.FieldDescriptorProto {
	fd := &descriptorpb.FieldDescriptorProto{
		Name: proto.String(fmt.Sprintf("f%d", num)), Number: proto.Int32(num),
		Label:   descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		Options: &descriptorpb.FieldOptions{Features: &descriptorpb.FeatureSet{}},
	}
	message := func(name string) {
		fd.Type, fd.TypeName = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(), proto.String(name)
	}
	switch {
	case t.Wrap != 0:
		inner := *t
		inner.Wrap = 0
		message(d.nested(dm, fmt.Sprintf("Wrap%d", num), func(h *descriptorpb.DescriptorProto) {
			v := d.field(h, &inner, t.Wrap)
			if v.GetLabel() != descriptorpb.FieldDescriptorProto_LABEL_REPEATED && t.WrapImplicit {
				setPresence(v, schema.Implicit)
			}
			h.Field = append(h.Field, v)
		}))
	case t.Convert == schema.Timestamp || t.Convert == schema.Duration:
		message(d.nested(dm, fmt.Sprintf("Time%d", num), func(h *descriptorpb.DescriptorProto) {
			for i, k := range []schema.ProtoKind{schema.ProtoInt64, schema.ProtoInt32} {
				v := d.field(h, &schema.Type{Thrift: schema.ThriftI64, Proto: k}, int32(i+1))
				setPresence(v, schema.Implicit)
				h.Field = append(h.Field, v)
			}
		}))
	case t.Thrift == schema.ThriftList || t.Thrift == schema.ThriftSet:
		fd = d.field(dm, t.Elem, num)
		fd.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
		if !t.Packed {
			fd.Options.Features.RepeatedFieldEncoding = descriptorpb.FeatureSet_EXPANDED.Enum()
		}
	case t.Thrift == schema.ThriftMap:
		message(d.entry(dm, t, num))
		fd.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	case t.Thrift == schema.ThriftStruct:
		message(".t." + d.name(t.Message))
		if t.Proto == schema.ProtoGroup {
			fd.Options.Features.MessageEncoding = descriptorpb.FeatureSet_DELIMITED.Enum()
		}
	case t.Proto == schema.ProtoEnum:
		fd.Type, fd.TypeName = descriptorpb.FieldDescriptorProto_TYPE_ENUM.Enum(), proto.String(d.enum(dm, t.Enum, num))
	default:
		fd.Type = descriptorpb.FieldDescriptorProto_Type(t.Proto).Enum()
		if t.Proto == schema.ProtoString && t.UTF8 == schema.UTF8Pass {
			fd.Options.Features.Utf8Validation = descriptorpb.FeatureSet_NONE.Enum()
		}
	}
	return fd
}

func (d *describer) nested(dm *descriptorpb.DescriptorProto, name string, fill func(*descriptorpb.DescriptorProto)) string {
	h := &descriptorpb.DescriptorProto{Name: proto.String(dm.GetName() + name)}
	fill(h)
	d.file.MessageType = append(d.file.MessageType, h)
	return ".t." + h.GetName()
}

// entry describes the message of a map's pairs: a real map where protobuf allows the key.
func (d *describer) entry(dm *descriptorpb.DescriptorProto, t *schema.Type, num int32) string {
	return d.nested(dm, fmt.Sprintf("Entry%d", num), func(h *descriptorpb.DescriptorProto) {
		h.Field = append(h.Field, d.field(h, t.Key, t.KeyNum), d.field(h, t.Elem, t.ElemNum))
	})
}

func (d *describer) enum(dm *descriptorpb.DescriptorProto, e *schema.Enum, num int32) string {
	name := fmt.Sprintf("%sEnum%d", dm.GetName(), num)
	de := &descriptorpb.EnumDescriptorProto{Name: proto.String(name)}
	add := func(n int32) {
		de.Value = append(de.Value, &descriptorpb.EnumValueDescriptorProto{
			Name: proto.String(fmt.Sprintf("%s_V%d", name, len(de.Value))), Number: proto.Int32(n)})
	}
	add(0)
	if e != nil {
		for _, v := range e.Values {
			if v.Proto != 0 {
				add(v.Proto)
			}
		}
	}
	d.file.EnumType = append(d.file.EnumType, de)
	return ".t." + name
}
