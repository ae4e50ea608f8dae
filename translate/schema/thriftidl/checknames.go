package thriftidl

// ident resolves a name that stands for a value and checks what it stands for against the type.
func (c *checker) ident(v *Value, t *Type) (nodes int, ok bool) {
	if c.file.missing(v.Ident) {
		return 1, false
	}
	k, e, member := c.file.findValue(v.Ident)
	switch {
	case k != nil:
		return c.constant(v, k, t)
	case t.Underlying().Kind == KindEnum:
		return 1, c.enumMember(v, e, member, t)
	case member != nil:
		v.Enum, v.EnumValue = e, member
		return 1, c.literal(v, &Value{Kind: IntValue, Int: int64(member.Number)}, t)
	}
	c.errorf(v.Pos, "no constant or member of an enum is named %s", v.Ident)
	return 1, false
}

// enumMember gives v the member of t's enum. Apache's compiler looks at the last part of the name only, and so
// does this, with a warning.
func (c *checker) enumMember(v *Value, found *Enum, member *EnumValue, t *Type) bool {
	e := t.Underlying().Enum
	if found != e {
		_, name, qualified := cutLast(v.Ident)
		member = e.byName[name]
		switch {
		case member != nil && !qualified:
			c.errorf(v.Pos, "no constant is named %s, a member of an enum is written %s.%s", v.Ident, e.Name, name)
			return false
		case member == nil:
			c.errorf(v.Pos, "%s is not a member of %s", v.Ident, t.describe())
			return false
		}
		c.warnf(v.Pos, "%s is taken for %s.%s", v.Ident, e.Name, name)
	}
	v.Enum, v.EnumValue = e, member
	v.literal = &Value{Pos: v.Pos, Kind: IntValue, Int: int64(member.Number), Enum: e, EnumValue: member}
	return true
}

// constant gives v the value of a constant, which must be checked already: constants are used after their
// definition, as in Apache's compiler.
func (c *checker) constant(v *Value, k *Const, t *Type) (nodes int, ok bool) {
	v.Const = k
	switch k.state {
	case broken:
		return 1, false
	case unchecked, checking:
		c.errorf(v.Pos, "constant %s is used before its definition at %s", k.Name, k.Pos)
		return 1, false
	}
	switch u := t.Underlying(); u.Kind {
	case List, Set, Map, KindStruct, KindEnum:
		if !sameType(k.Type, t) {
			c.errorf(v.Pos, "expected a value of type %s, found constant %s of type %s",
				t.describe(), v.Ident, k.Type.describe())
			return 1, false
		}
		v.literal = k.Value.Literal()
		return k.nodes, !k.lossy || c.lossy(v, "constant %s at %s does not fit its type", k.Name, k.Pos)
	}
	return 1, c.literal(v, k.Value.Literal(), t)
}

// literal gives v, a name, a copy of the scalar that it stands for, made to fit the type.
func (c *checker) literal(v, from *Value, t *Type) bool {
	l := *from
	l.Pos = v.Pos
	switch l.Kind {
	case ListValue, MapValue:
		return c.mismatch(v, t)
	}
	if !c.scalar(&l, t) {
		return false
	}
	v.literal = &l
	return true
}
