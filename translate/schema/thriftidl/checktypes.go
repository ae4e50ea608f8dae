package thriftidl

// shape is the size of a type with its typedefs written out.
type shape struct {
	depth int
	nodes int
}

// resolve finds what the names in a type mean. A type whose name means nothing keeps the kind 0.
func (c *checker) resolve(t *Type) {
	switch t.Kind {
	case 0:
		c.resolveName(t)
	case Map:
		c.resolve(t.Key)
		c.resolve(t.Elem)
	case List, Set:
		c.resolve(t.Elem)
	}
}

func (c *checker) resolveName(t *Type) {
	d, several := c.file.find(t.Name)
	switch {
	case several:
		c.errorf(t.Pos, "several included files define %s", t.Name)
	case d == nil && t.Name == "uuid":
		t.Kind = UUID
	case d == nil && t.Name == "slist":
		c.warnf(t.Pos, "slist is an old form, write 'string'")
		t.Kind = String
	case d == nil && !c.file.missing(t.Name):
		c.errorf(t.Pos, "type %s is not defined", t.Name)
	case d == nil:
	case d.service != nil:
		c.errorf(t.Pos, "%s is a service, not a type", t.Name)
	case d.enum != nil:
		t.Kind, t.Enum = KindEnum, d.enum
	case d.strct != nil:
		t.Kind, t.Struct = KindStruct, d.strct
	default:
		t.Kind, t.Typedef = KindTypedef, d.typedef
	}
}

// typedef checks that a typedef is finite and of bounded size. One that is not is cut off, so that following
// typedefs always ends.
func (c *checker) typedef(td *Typedef) shape {
	switch td.state {
	case checked, broken:
		return td.shape
	case checking:
		c.cutOff(td, "typedef %s stands for itself", td.Name)
		return td.shape
	}
	td.state = checking
	s := c.shapeOf(td.Type)
	if td.state == broken {
		return td.shape
	}
	td.shape, td.state = s, checked
	if s.depth > maxDepth {
		c.cutOff(td, "typedef %s is nested more than %d deep", td.Name, maxDepth)
	} else if s.nodes > maxTypeNodes {
		c.cutOff(td, "typedef %s has more than %d parts when written out", td.Name, maxTypeNodes)
	}
	return td.shape
}

func (c *checker) cutOff(td *Typedef, format string, args ...any) {
	c.errorf(td.Pos, format, args...)
	td.Type = &Type{Pos: td.Type.Pos, Name: td.Type.Name}
	td.state, td.shape = broken, shape{1, 1}
}

func (c *checker) shapeOf(t *Type) shape {
	s := shape{1, 1}
	add := func(inner shape) {
		s.depth = max(s.depth, inner.depth+1)
		s.nodes += inner.nodes
	}
	switch t.Kind {
	case KindTypedef:
		add(c.typedef(t.Typedef))
	case Map:
		add(c.shapeOf(t.Key))
		add(c.shapeOf(t.Elem))
	case List, Set:
		add(c.shapeOf(t.Elem))
	}
	return s
}

// sameType says whether two types are the same once typedefs are followed.
func sameType(a, b *Type) bool {
	a, b = a.Underlying(), b.Underlying()
	if a.Kind != b.Kind || a.Enum != b.Enum || a.Struct != b.Struct {
		return false
	}
	switch a.Kind {
	case Map:
		return sameType(a.Key, b.Key) && sameType(a.Elem, b.Elem)
	case List, Set:
		return sameType(a.Elem, b.Elem)
	}
	return true
}

// describe names a type in a message: as written, and what a typedef stands for.
func (t *Type) describe() string {
	u := t.Underlying()
	switch {
	case t.Kind == KindTypedef && u.Kind != KindEnum && u.Kind != KindStruct:
		return t.Name + " (" + u.written() + ")"
	case u.Kind == KindEnum:
		return "enum " + u.Enum.Name
	case u.Kind == KindStruct:
		return [...]string{"struct ", "union ", "exception "}[u.Struct.Kind] + u.Struct.Name
	}
	return t.written()
}

// written gives a type as it is written in the file.
func (t *Type) written() string {
	switch t.Kind {
	case Map:
		return "map<" + t.Key.written() + ", " + t.Elem.written() + ">"
	case List, Set:
		return t.Name + "<" + t.Elem.written() + ">"
	}
	return t.Name
}
