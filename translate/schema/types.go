package schema

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema/binding"
	"weft/translate/schema/thriftidl"
)

// fieldContext is what pairing the types of one field needs to know.
type fieldContext struct {
	p      *pairer
	sc     *scope
	tf     *thriftidl.Field
	owner  string
	fd     protoreflect.FieldDescriptor
	entry  binding.Field // empty without one
	policy binding.Policy

	used   bool   // entry.Convert was needed
	failed bool   // the reason why there is no type is reported
	hint   string // what to say beside "cannot carry each other"
}

func (c *fieldContext) errorf(format string, args ...any) {
	c.failed = true
	c.p.errorf(c.sc, c.tf.Pos, format, args...)
}

// protoValue is a protobuf field, or an element of it.
type protoValue struct {
	fd   protoreflect.FieldDescriptor
	elem bool // one element of a repeated field
}

func (v protoValue) single() bool { return v.elem || v.fd.Cardinality() != protoreflect.Repeated }

// pair gives the type of two values, nil where they cannot carry each other.
func (c *fieldContext) pair(t *thriftidl.Type, v protoValue) *Type {
	u := t.Underlying()
	switch u.Kind {
	case thriftidl.List, thriftidl.Set:
		return c.list(u, v)
	case thriftidl.Map:
		return c.mapping(u, v)
	}
	if !v.single() {
		return nil
	}
	switch u.Kind {
	case thriftidl.KindStruct:
		return c.structure(u, v)
	case thriftidl.KindEnum:
		return c.enum(u, v)
	}
	return c.scalar(u, v)
}

func (c *fieldContext) list(t *thriftidl.Type, v protoValue) *Type {
	if v.single() {
		return c.wrapped(t, v)
	}
	if v.fd.IsMap() {
		return nil
	}
	elem := c.pair(t.Elem, protoValue{v.fd, true})
	if elem == nil {
		return nil
	}
	kind := ThriftList
	if t.Kind == thriftidl.Set {
		kind = ThriftSet
	}
	return &Type{Thrift: kind, Elem: elem, Packed: v.fd.IsPacked()}
}

// mapping pairs a map with a map field, or with a repeated message that has a key and a value.
func (c *fieldContext) mapping(t *thriftidl.Type, v protoValue) *Type {
	if v.single() {
		return c.wrapped(t, v)
	}
	if v.fd.Message() == nil {
		return nil
	}
	key, value := entryFields(v.fd.Message())
	if key == nil || value == nil {
		c.hint = "; a map needs a map field or a repeated message with the fields key and value"
		return nil
	}
	kt := c.pair(t.Key, protoValue{fd: key})
	et := c.pair(t.Elem, protoValue{fd: value})
	if kt == nil || et == nil {
		return nil
	}
	return &Type{Thrift: ThriftMap, Key: kt, Elem: et, KeyNum: int32(key.Number()), ElemNum: int32(value.Number())}
}

// entryFields gives the key and the value field of a map entry, or of a message made like one.
func entryFields(md protoreflect.MessageDescriptor) (key, value protoreflect.FieldDescriptor) {
	if md.Fields().Len() != 2 {
		return nil, nil
	}
	return md.Fields().ByName("key"), md.Fields().ByName("value")
}

// wrapped pairs a container with a message whose only field holds it.
func (c *fieldContext) wrapped(t *thriftidl.Type, v protoValue) *Type {
	md := v.fd.Message()
	if md == nil || md.Fields().Len() != 1 || md.Fields().Get(0).Cardinality() != protoreflect.Repeated {
		return nil
	}
	inner := md.Fields().Get(0)
	ty := c.pair(t, protoValue{fd: inner})
	if ty != nil {
		ty.Wrap = int32(inner.Number())
	}
	return ty
}

func (c *fieldContext) structure(t *thriftidl.Type, v protoValue) *Type {
	if v.fd.Message() == nil {
		return nil
	}
	n := c.p.structure(t.Struct, v.fd.Message())
	c.sc.deps = append(c.sc.deps, &n.scope)
	return &Type{Thrift: ThriftStruct, Proto: ProtoKind(v.fd.Kind()), Message: n.message}
}

func (c *fieldContext) enum(t *thriftidl.Type, v protoValue) *Type {
	if v.fd.Enum() != nil {
		n := c.p.enum(t.Enum, v.fd.Enum())
		c.sc.deps = append(c.sc.deps, &n.scope)
		return &Type{Thrift: ThriftI32, Proto: ProtoEnum, Enum: n.enum}
	}
	if integer(v.fd.Kind()) {
		if c.convert("enum_number") {
			return c.number(ThriftI32, v.fd)
		}
		c.hint = ": say `convert: enum_number` in the binding to carry the number as it is"
	}
	return nil
}

// convert tells whether the binding has that word for the field.
func (c *fieldContext) convert(word string) bool {
	if c.entry.Convert != word {
		return false
	}
	c.used = true
	return true
}

var thriftKinds = map[thriftidl.Kind]ThriftKind{
	thriftidl.Bool: ThriftBool, thriftidl.I8: ThriftI8, thriftidl.I16: ThriftI16, thriftidl.I32: ThriftI32,
	thriftidl.I64: ThriftI64, thriftidl.Double: ThriftDouble, thriftidl.String: ThriftString,
	thriftidl.Binary: ThriftString, thriftidl.UUID: ThriftUUID,
}

// scalar pairs base types.
func (c *fieldContext) scalar(t *thriftidl.Type, v protoValue) *Type {
	kind, fd := thriftKinds[t.Kind], v.fd
	switch {
	case fd.Message() != nil:
		return c.known(t, fd)
	case kind == ThriftI8 || kind == ThriftI16 || kind == ThriftI32 || kind == ThriftI64:
		return c.integer(kind, fd)
	case kind == ThriftBool && fd.Kind() == protoreflect.BoolKind:
		return &Type{Thrift: kind, Proto: ProtoBool}
	case kind == ThriftDouble && fd.Kind() == protoreflect.DoubleKind:
		return &Type{Thrift: kind, Proto: ProtoDouble}
	case kind == ThriftDouble && fd.Kind() == protoreflect.FloatKind:
		if !c.convert("float") && c.p.links == nil {
			c.p.warnf(c.tf.Pos, "field %s of %s is double and loses precision in %s of %s, which is float%s: `convert: float` in the binding says that this is known", c.tf.Name, c.owner, fd.Name(), fd.Parent().FullName(), c.p.other(fd))
		}
		return &Type{Thrift: kind, Proto: ProtoFloat}
	case kind == ThriftString && fd.Kind() == protoreflect.StringKind:
		return &Type{Thrift: kind, Proto: ProtoString, UTF8: c.utf8(fd)}
	case kind == ThriftString && fd.Kind() == protoreflect.BytesKind:
		return &Type{Thrift: kind, Proto: ProtoBytes}
	case kind == ThriftUUID && fd.Kind() == protoreflect.BytesKind:
		c.convert("uuid_bytes")
		return &Type{Thrift: kind, Proto: ProtoBytes}
	case kind == ThriftUUID && fd.Kind() == protoreflect.StringKind:
		if c.convert("uuid_string") {
			return &Type{Thrift: kind, Proto: ProtoString, Convert: UUIDString}
		}
		c.hint = ": say `convert: uuid_string` in the binding for the canonical form"
	}
	return nil
}

func (c *fieldContext) integer(kind ThriftKind, fd protoreflect.FieldDescriptor) *Type {
	if integer(fd.Kind()) {
		return c.number(kind, fd)
	}
	if fd.Enum() == nil {
		return nil
	}
	if kind == ThriftI32 && c.convert("enum_number") {
		return &Type{Thrift: kind, Proto: ProtoEnum, Enum: closedNumbers(c.tf.Name, fd.Enum())}
	}
	c.hint = ": say `convert: enum_number` in the binding to carry the number of an enum as i32"
	return nil
}

func integer(k protoreflect.Kind) bool {
	switch k {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Uint32Kind, protoreflect.Int64Kind,
		protoreflect.Sint64Kind, protoreflect.Uint64Kind, protoreflect.Sfixed32Kind, protoreflect.Fixed32Kind,
		protoreflect.Sfixed64Kind, protoreflect.Fixed64Kind:
		return true
	}
	return false
}

func (c *fieldContext) number(kind ThriftKind, fd protoreflect.FieldDescriptor) *Type {
	t := &Type{Thrift: kind, Proto: ProtoKind(fd.Kind())}
	word := c.entry.Uint64
	switch t.Proto {
	case ProtoUint64:
		if word == "" {
			word = c.policy.Uint64
		}
	case ProtoFixed64:
		if word == "" {
			word = c.policy.Fixed64
		}
		if word == "" {
			word = "bits"
		}
	default:
		return t
	}
	if word == "bits" {
		t.Uint64 = Uint64Bits
	}
	return t
}

// utf8 is the policy for a protobuf string: the field's word, else the binding's, else what the .proto demands.
func (c *fieldContext) utf8(fd protoreflect.FieldDescriptor) UTF8Policy {
	word := c.entry.UTF8
	if word == "" {
		word = c.policy.UTF8
	}
	switch word {
	case "reject":
		return UTF8Reject
	case "replace":
		return UTF8Replace
	case "pass":
		return UTF8Pass
	}
	if f, ok := fd.(interface{ EnforceUTF8() bool }); ok && !f.EnforceUTF8() {
		return UTF8Pass
	}
	return UTF8Reject
}

var units = map[string]Unit{"seconds": Seconds, "millis": Millis, "micros": Micros, "nanos": Nanos}

// known pairs a base type with one of protobuf's well-known messages.
func (c *fieldContext) known(t *thriftidl.Type, fd protoreflect.FieldDescriptor) *Type {
	name := string(fd.Message().FullName())
	word, unit, _ := strings.Cut(c.entry.Convert, "_")
	switch {
	case name == "google.protobuf.Timestamp" || name == "google.protobuf.Duration":
		prefix, convert := "unix", Timestamp
		if name == "google.protobuf.Duration" {
			prefix, convert = "duration", Duration
		}
		if t.Kind == thriftidl.I64 && word == prefix {
			c.used = true
			return &Type{Thrift: ThriftI64, Proto: ProtoMessage, Convert: convert, Unit: units[unit]}
		}
		c.hint = fmt.Sprintf(": an i64 does with `convert: %s_millis` (or _seconds, _micros, _nanos) in the binding", prefix)
	case isWrapper(fd.Message()):
		inner := fd.Message().Fields().Get(0)
		c.convert("wrapper")
		if ty := c.scalar(t, protoValue{fd: inner}); ty != nil {
			ty.Wrap, ty.WrapImplicit = int32(inner.Number()), !inner.HasPresence()
			return ty
		}
	}
	return nil
}

// isWrapper tells google.protobuf.Int32Value and its like.
func isWrapper(md protoreflect.MessageDescriptor) bool {
	switch md.FullName() {
	case "google.protobuf.BoolValue", "google.protobuf.BytesValue", "google.protobuf.DoubleValue",
		"google.protobuf.FloatValue", "google.protobuf.Int32Value", "google.protobuf.Int64Value",
		"google.protobuf.StringValue", "google.protobuf.UInt32Value", "google.protobuf.UInt64Value":
		return md.Fields().Len() == 1
	}
	return false
}
