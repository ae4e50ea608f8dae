package protoview

import (
	"fmt"
	"strings"

	"weft/translate/schema/thriftidl"
)

// identifier makes a protobuf name of a Thrift one, which may hold dots.
func identifier(name string) string { return strings.ReplaceAll(name, ".", "_") }

// valid tells whether name is an identifier of protobuf.
func valid(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// methodName cuts a Thrift name at underscores (and dots) and makes each part's first letter upper case.
func methodName(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(identifier(name), "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// fold is a name without regard to case and underscores: protobuf wants the fields of a message to differ in it,
// because their JSON names would be the same otherwise.
func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// pascal is the form in which protobuf compares the values of one enum: "FIRST_ONE" is FirstOne.
func pascal(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + strings.ToLower(part[1:]))
		}
	}
	return b.String()
}

// mapEntry is the name that protobuf demands of the entry message of a map field.
func mapEntry(field string) string {
	var b strings.Builder
	upper := true
	for _, c := range field {
		switch {
		case c == '_':
			upper = true
		case upper:
			b.WriteString(strings.ToUpper(string(c)))
			upper = false
		default:
			b.WriteRune(c)
		}
	}
	return b.String() + "Entry"
}

// Escape is added to the unsigned 16-bit form of a Thrift id that is no field number of protobuf.
const Escape = 0x10000000

// Number gives the protobuf field number for a Thrift id: the id itself, or the escape for ids below 1 and for
// 19000 to 19999, which protobuf keeps for itself.
func Number(id int16) int32 {
	if id < 1 || id >= 19000 && id <= 19999 {
		return Escape + int32(uint16(id))
	}
	return int32(id)
}

// packageName is `namespace proto`, else `namespace *`, else the base name of the file.
func packageName(f *thriftidl.File) string {
	name, ok := f.Namespace("proto")
	if !ok {
		name, ok = f.Namespace("*")
	}
	if !ok || strings.Trim(name, ".") == "" {
		name = f.Base()
	}
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '.' })
	for i, p := range parts {
		p = strings.Map(func(r rune) rune {
			if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				return r
			}
			return '_'
		}, p)
		if p[0] >= '0' && p[0] <= '9' {
			p = "_" + p
		}
		parts[i] = p
	}
	return strings.Join(parts, ".")
}

// typeName names a type inside the names of wrapper messages: i32, Item, ListOf_i32, MapOf_string_shared_Item. A type
// of another file than home has that file's base name before it.
func typeName(t *thriftidl.Type, home *thriftidl.File) string {
	u := t.Underlying()
	switch u.Kind {
	case thriftidl.List:
		return "ListOf_" + typeName(u.Elem, home)
	case thriftidl.Set:
		return "SetOf_" + typeName(u.Elem, home)
	case thriftidl.Map:
		return "MapOf_" + typeName(u.Key, home) + "_" + typeName(u.Elem, home)
	case thriftidl.KindEnum:
		return declaredName(u.Enum.Name, u.Enum.File, home)
	case thriftidl.KindStruct:
		return declaredName(u.Struct.Name, u.Struct.File, home)
	default:
		return scalarNames[u.Kind]
	}
}

func declaredName(name string, file, home *thriftidl.File) string {
	if file != home {
		name = file.Base() + "_" + name
	}
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '-' {
			return '_'
		}
		return r
	}, name)
}

// typeKey is equal for two types only where they are the same.
func typeKey(t *thriftidl.Type) string {
	u := t.Underlying()
	switch u.Kind {
	case thriftidl.List, thriftidl.Set:
		return fmt.Sprintf("%d<%s>", u.Kind, typeKey(u.Elem))
	case thriftidl.Map:
		return fmt.Sprintf("map<%s,%s>", typeKey(u.Key), typeKey(u.Elem))
	case thriftidl.KindEnum:
		return u.Enum.File.Name + ":" + u.Enum.Name
	case thriftidl.KindStruct:
		return u.Struct.File.Name + ":" + u.Struct.Name
	default:
		return scalarNames[u.Kind]
	}
}

var scalarNames = map[thriftidl.Kind]string{
	thriftidl.Bool: "bool", thriftidl.I8: "i8", thriftidl.I16: "i16", thriftidl.I32: "i32", thriftidl.I64: "i64",
	thriftidl.Double: "double", thriftidl.String: "string", thriftidl.Binary: "binary", thriftidl.UUID: "uuid",
}

// ClashName is what a field is called whose own name would clash with an earlier one's in JSON.
func ClashName(name string, id int16) string {
	if id < 0 {
		return fmt.Sprintf("%s_neg%d", name, -int(id))
	}
	return fmt.Sprintf("%s_%d", name, id)
}
