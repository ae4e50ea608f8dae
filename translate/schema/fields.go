package schema

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema/binding"
	"weft/translate/schema/thriftidl"
)

// field pairs two fields; nil after an error.
func (p *pairer) field(sc *scope, set fieldSet, tf *thriftidl.Field, fd protoreflect.FieldDescriptor, e *binding.Field) *Field {
	f := &Field{
		Name: tf.Name, ThriftID: tf.ID, ProtoNum: int32(fd.Number()),
		Requiredness: Requiredness(tf.Requiredness), Presence: presence(fd), Oneof: oneof(fd),
	}
	if set.union {
		f.Requiredness = Optional
		if f.Presence == Implicit {
			p.errorf(sc, tf.Pos, "member %s of union %s is field %s of %s, whose zero is not told from absent: make it optional or a member of a oneof%s", tf.Name, set.owner, fd.Name(), set.md.FullName(), p.other(fd))
			return nil
		}
	}
	c := &fieldContext{p: p, sc: sc, tf: tf, owner: set.owner, fd: fd, policy: p.l.binding.Policies()}
	if e != nil {
		c.entry = *e
	}
	f.Type = c.pair(tf.Type, protoValue{fd: fd})
	if f.Type == nil {
		if !c.failed {
			p.errorf(sc, tf.Pos, "field %s of %s is %s and field %s of %s is %s, which cannot carry each other%s%s",
				tf.Name, set.owner, thriftText(tf.Type), fd.Name(), set.md.FullName(), protoText(protoValue{fd: fd}), p.other(fd), c.hint)
		}
		return nil
	}
	if c.entry.Convert != "" && !c.used {
		p.errorf(sc, e.Pos, "convert: %s does not fit field %s of %s, which is %s, and field %s of %s, which is %s",
			c.entry.Convert, tf.Name, set.owner, thriftText(tf.Type), fd.Name(), set.md.FullName(), protoText(protoValue{fd: fd}))
		return nil
	}
	f.Absent = c.absent(f)
	return f
}

func presence(fd protoreflect.FieldDescriptor) Presence {
	switch {
	case fd.Cardinality() == protoreflect.Required:
		return Legacy
	case fd.Cardinality() == protoreflect.Repeated:
		return Repeated
	case fd.HasPresence():
		return Explicit
	}
	return Implicit
}

// oneof counts from 1. Synthetic oneofs stand behind all others and are no group.
func oneof(fd protoreflect.FieldDescriptor) int {
	if o := fd.ContainingOneof(); o != nil && !o.IsSynthetic() {
		return o.Index() + 1
	}
	return 0
}

// absent decides what a protobuf field that did not arrive becomes; docs/mapping.md has the table.
func (c *fieldContext) absent(f *Field) Absent {
	zero := c.entry.Zero
	if zero == "omit" && f.Requiredness == Required {
		c.errorf("field %s of %s is required, so that `zero: omit` would make messages that Thrift readers refuse", c.tf.Name, c.owner)
	}
	switch {
	case zero == "write":
		return WriteZero
	case zero == "omit":
		return Omit
	case f.Presence == Repeated:
		if f.Requiredness == Optional {
			return Omit
		}
		return WriteZero
	case f.Presence != Implicit:
		if f.Requiredness == Required {
			return Refuse
		}
		return Omit
	}
	return c.implicitZero(f)
}

// implicitZero decides for a field whose zero protobuf does not write.
func (c *fieldContext) implicitZero(f *Field) Absent {
	noZero := !zeroPaired(c.tf.Type, f.Type)
	switch {
	case !zeroValue(c.tf.Default):
		c.errorf("field %s of %s has a default that is not zero, but field %s of %s does not tell zero from absent%s: say `zero: write` or `zero: omit` in the binding", c.tf.Name, c.owner, c.fd.Name(), c.fd.Parent().FullName(), c.p.other(c.fd))
	case noZero && f.Requiredness == Required:
		c.errorf("required field %s of %s is enum %s, which has nothing for the zero of field %s of %s, and that does not tell zero from absent%s: say `zero: write` in the binding", c.tf.Name, c.owner, c.tf.Type.Underlying().Enum.Name, c.fd.Name(), c.fd.Parent().FullName(), c.p.other(c.fd))
	case noZero || f.Requiredness == Optional:
		return Omit
	}
	return WriteZero
}

// zeroPaired tells whether the zero of the protobuf value has an equal on the Thrift side. Only enums may have none.
func zeroPaired(t *thriftidl.Type, pair *Type) bool {
	if pair.Enum != nil {
		return slices.ContainsFunc(pair.Enum.Values, func(v EnumValue) bool { return v.Proto == 0 })
	}
	u := t.Underlying()
	return u.Kind != thriftidl.KindEnum || slices.ContainsFunc(u.Enum.Values, func(v *thriftidl.EnumValue) bool { return v.Number == 0 })
}

// zeroValue tells whether a default is none, or the zero of its type.
func zeroValue(v *thriftidl.Value) bool {
	if v == nil {
		return true
	}
	switch v.Kind {
	case thriftidl.IntValue:
		return v.Int == 0
	case thriftidl.DoubleValue:
		return v.Double == 0
	case thriftidl.StringValue:
		return v.String == ""
	case thriftidl.ListValue:
		return len(v.List) == 0
	case thriftidl.MapValue:
		return len(v.Map) == 0
	}
	switch {
	case v.EnumValue != nil:
		return v.EnumValue.Number == 0
	case v.Const != nil:
		return zeroValue(v.Const.Value)
	}
	return v.Ident == "false"
}
