package thriftidl

// fields reads a list of fields up to closer, which it passes.
func (p *parser) fields(closer string) ([]*Field, bool) {
	p.implicitID = -1
	var list []*Field
	ok := p.items(closer, "a field", func() bool {
		f, ok := p.field()
		if ok {
			list = append(list, f)
		}
		return ok
	})
	return list, ok
}

func (p *parser) field() (*Field, bool) {
	f := &Field{Doc: p.takeDoc()}
	id, idPos := p.tok, p.tok.pos
	explicit := id.kind == tokenInt
	if explicit {
		p.advance()
		if !p.expect(":") {
			return nil, false
		}
	}
	p.requiredness(f)
	var ok bool
	if f.Type, ok = p.fieldType(0); !ok {
		return nil, false
	}
	f.Reference = p.accept("&")
	if !p.fieldName(f) {
		return nil, false
	}
	p.assignID(f, explicit, id.int, idPos)
	if p.accept("=") {
		if f.Default, ok = p.value(0); !ok {
			return nil, false
		}
	}
	if !p.xsd() {
		return nil, false
	}
	f.Annotations, ok = p.annotations()
	p.separator()
	return f, ok
}

func (p *parser) requiredness(f *Field) {
	switch at := p.tok.pos; {
	case p.accept("required"):
		f.Requiredness = Required
	case p.tok.is("optional") && p.inService:
		p.warnf(at, "\"optional\" means nothing in arguments and throws")
		p.advance()
	case p.accept("optional"):
		f.Requiredness = Optional
	}
}

// fieldName reads a name, which may be a keyword if it cannot be taken for what may follow a name.
func (p *parser) fieldName(f *Field) bool {
	switch p.tok.text {
	case "cpp_type", "xsd_all", "xsd_optional", "xsd_nillable", "xsd_attrs":
		return p.expected("the name of the field")
	}
	if p.tok.kind != tokenName && p.tok.kind != tokenKeyword {
		return p.expected("the name of the field")
	}
	f.Name, f.Pos = p.tok.text, p.tok.pos
	p.checkSimple(f.Name, f.Pos)
	p.advance()
	return true
}

// assignID sets the id of a field: the explicit one, or the next implicit one.
func (p *parser) assignID(f *Field, explicit bool, id int64, pos Pos) {
	switch {
	case explicit && id > maxExplicitID, explicit && id < maxImplicitID:
		p.errorf(pos, "the id %d of %s is not between %d and %d", id, f.Name, maxImplicitID, maxExplicitID)
		return
	case explicit && id > 0:
		f.ID = int16(id)
		return
	case explicit && p.options.AllowNegKeys:
		if id != int64(p.implicitID) {
			p.warnf(pos, "the id %d of %s differs from %d, which it would get by itself", id, f.Name, p.implicitID)
		}
		f.ID = int16(id)
		p.implicitID = int(id) - 1
		return
	case p.implicitID < maxImplicitID:
		p.errorf(pos, "too many fields without ids")
		return
	case explicit:
		p.warnf(pos, "the id %d of %s is not positive, %d is taken in its place", id, f.Name, p.implicitID)
	default:
		p.warnf(pos, "%s has no id, %d is taken", f.Name, p.implicitID)
	}
	f.ID, f.ImplicitID = int16(p.implicitID), true
	p.implicitID--
}

// xsd passes the words that once served XML schemas. As in Apache's compiler the fields of xsd_attrs use up
// implicit ids: they restart at -1 and go on after the list.
func (p *parser) xsd() bool {
	p.accept("xsd_optional")
	p.accept("xsd_nillable")
	if !p.accept("xsd_attrs") {
		return true
	}
	if !p.expect("{") {
		return false
	}
	if p.nested++; p.nested > maxDepth {
		p.errorf(p.tok.pos, "more than %d lists of xsd_attrs inside one another", maxDepth)
		return false
	}
	_, ok := p.fields("}")
	p.nested--
	return ok
}

// baseTypes are the types named by a keyword.
var baseTypes = map[string]Kind{
	"bool": Bool, "byte": I8, "i8": I8, "i16": I16, "i32": I32, "i64": I64, "double": Double,
	"string": String, "binary": Binary,
}

var containers = map[string]Kind{"list": List, "set": Set, "map": Map}

// fieldType reads a type. Names are resolved later, uuid and slist too: old files define types of that name.
func (p *parser) fieldType(depth int) (*Type, bool) {
	t := &Type{Pos: p.tok.pos, Name: p.tok.text}
	if depth > maxDepth {
		p.errorf(t.Pos, "types nested more than %d deep", maxDepth)
		return nil, false
	}
	ok := true
	switch {
	case p.tok.kind == tokenName:
		p.advance()
		if t.Name != "uuid" && t.Name != "slist" {
			return t, true
		}
	case p.tok.kind == tokenKeyword && baseTypes[t.Name] != 0:
		t.Kind = baseTypes[t.Name]
		p.advance()
	case p.tok.kind == tokenKeyword && containers[t.Name] != 0:
		t.Kind = containers[t.Name]
		p.advance()
		ok = p.container(t, depth)
	default:
		ok = p.expected("a type")
	}
	if !ok {
		return nil, false
	}
	t.Annotations, ok = p.annotations()
	return t, ok
}

// container reads what follows the word list, set or map.
func (p *parser) container(t *Type, depth int) (ok bool) {
	if !p.cppType(t) || !p.expect("<") {
		return false
	}
	if t.Kind == Map {
		if t.Key, ok = p.fieldType(depth + 1); !ok || !p.expect(",") {
			return false
		}
	}
	if t.Elem, ok = p.fieldType(depth + 1); !ok || !p.expect(">") {
		return false
	}
	// The old place of cpp_type, for lists only.
	return t.Kind != List || p.cppType(t)
}

func (p *parser) cppType(t *Type) (ok bool) {
	if p.accept("cpp_type") {
		t.CppType, ok = p.text("a C++ type in quotes")
		return ok
	}
	return true
}

// value reads a constant value.
func (p *parser) value(depth int) (*Value, bool) {
	v := &Value{Pos: p.tok.pos}
	if depth > maxDepth {
		p.errorf(v.Pos, "values nested more than %d deep", maxDepth)
		return nil, false
	}
	switch p.tok.kind {
	case tokenInt:
		v.Kind, v.Int = IntValue, p.tok.int
	case tokenDouble:
		v.Kind, v.Double = DoubleValue, p.tok.double
	case tokenString:
		v.Kind, v.String = StringValue, p.tok.text
	case tokenName:
		v.Kind, v.Ident = IdentValue, p.tok.text
	default:
		switch {
		case p.accept("["):
			v.Kind = ListValue
			return v, p.items("]", "a value", func() bool { return p.listItem(v, depth) })
		case p.accept("{"):
			v.Kind = MapValue
			return v, p.items("}", "a value", func() bool { return p.mapEntry(v, depth) })
		}
		return nil, p.expected("a value")
	}
	p.advance()
	return v, true
}

func (p *parser) listItem(v *Value, depth int) bool {
	item, ok := p.value(depth + 1)
	if !ok {
		return false
	}
	p.separator()
	v.List = append(v.List, item)
	return true
}

func (p *parser) mapEntry(v *Value, depth int) bool {
	key, ok := p.value(depth + 1)
	if !ok || !p.expect(":") {
		return false
	}
	value, ok := p.value(depth + 1)
	if !ok {
		return false
	}
	p.separator()
	v.Map = append(v.Map, MapEntry{Key: key, Value: value})
	return true
}
