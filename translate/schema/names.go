package schema

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema/thriftidl"
)

// fold is a name without regard to case and underscores (and the dots that Thrift allows): the form in which
// names of the two IDLs are compared.
func fold(name string) string { return strings.ToLower(foldReplacer.Replace(name)) }

var foldReplacer = strings.NewReplacer("_", "", ".", "")

// byName finds the element that is called name: exactly, else folded. more is a second one of the same folded name.
func byName[T any](list []T, nameOf func(T) string, name string) (found, more T, ok bool) {
	for _, v := range list {
		if nameOf(v) == name {
			return v, more, true
		}
	}
	several := false
	for _, v := range list {
		if fold(nameOf(v)) != fold(name) {
			continue
		}
		if !ok {
			found, ok = v, true
		} else if !several {
			more, several = v, true
		}
	}
	return found, more, ok
}

// stripped is a folded enum value name without the folded names of the enums in front of it.
func stripped(value string, enums ...string) string {
	v := fold(value)
	for _, e := range enums {
		if rest, ok := strings.CutPrefix(v, fold(e)); ok && rest != "" {
			return rest
		}
	}
	return v
}

func fieldsOf(md protoreflect.MessageDescriptor) []protoreflect.FieldDescriptor {
	list := make([]protoreflect.FieldDescriptor, md.Fields().Len())
	for i := range list {
		list[i] = md.Fields().Get(i)
	}
	return list
}

func methodsOf(sd protoreflect.ServiceDescriptor) []protoreflect.MethodDescriptor {
	list := make([]protoreflect.MethodDescriptor, sd.Methods().Len())
	for i := range list {
		list[i] = sd.Methods().Get(i)
	}
	return list
}

func protoName[D protoreflect.Descriptor](d D) string { return string(d.Name()) }

// thriftText names a Thrift type for a message: "i64", "list<Item>".
func thriftText(t *thriftidl.Type) string {
	switch u := t.Underlying(); u.Kind {
	case thriftidl.List:
		return "list<" + thriftText(u.Elem) + ">"
	case thriftidl.Set:
		return "set<" + thriftText(u.Elem) + ">"
	case thriftidl.Map:
		return "map<" + thriftText(u.Key) + ", " + thriftText(u.Elem) + ">"
	case thriftidl.KindEnum:
		return "enum " + u.Enum.Name
	case thriftidl.KindStruct:
		return "struct " + u.Struct.Name
	default:
		return u.Name
	}
}

// protoText names the type of a protobuf field for a message: "int64", "repeated shop.v1.Item".
func protoText(v protoValue) string {
	fd := v.fd
	name := fd.Kind().String()
	switch {
	case fd.IsMap() && !v.elem:
		return fmt.Sprintf("map<%s, %s>", protoText(protoValue{fd: fd.MapKey()}), protoText(protoValue{fd: fd.MapValue()}))
	case fd.Message() != nil:
		name = string(fd.Message().FullName())
	case fd.Enum() != nil:
		name = string(fd.Enum().FullName())
	}
	if fd.IsList() && !v.elem {
		return "repeated " + name
	}
	return name
}
