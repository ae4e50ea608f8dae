package thriftidl

import "math"

// definition reads one definition at the top level. Whatever could be read of a broken one is kept.
func (p *parser) definition() bool {
	doc := p.takeDoc()
	word := p.tok
	switch {
	case word.is("const"):
		return p.constant(doc)
	case word.is("typedef"):
		return p.typedef(doc)
	case word.is("enum"):
		return p.enum(doc)
	case word.kind == tokenName && word.text == "senum":
		return p.stringEnum(doc)
	case word.is("struct"):
		return p.structure(doc, PlainStruct)
	case word.is("union"):
		return p.structure(doc, Union)
	case word.is("exception"):
		return p.structure(doc, Exception)
	case word.is("service"):
		return p.service(doc)
	}
	return p.expected("a definition (const, typedef, enum, struct, union, exception or service)")
}

func (p *parser) constant(doc string) bool {
	p.advance()
	typ, ok := p.fieldType(0)
	if !ok {
		return false
	}
	name, pos, ok := p.simpleName("the name of the constant")
	if !ok || !p.expect("=") {
		return false
	}
	value, ok := p.value(0)
	if !ok {
		return false
	}
	p.separator()
	p.file.Consts = append(p.file.Consts,
		&Const{Pos: pos, File: p.file, Name: name, Doc: doc, Type: typ, Value: value})
	return true
}

func (p *parser) typedef(doc string) bool {
	p.advance()
	typ, ok := p.fieldType(0)
	if !ok {
		return false
	}
	name, pos, ok := p.simpleName("the new name of the type")
	if !ok {
		return false
	}
	annotations, ok := p.annotations()
	p.separator()
	p.file.Typedefs = append(p.file.Typedefs,
		&Typedef{Pos: pos, File: p.file, Name: name, Doc: doc, Type: typ, Annotations: annotations})
	return ok
}

func (p *parser) enum(doc string) bool {
	p.advance()
	name, pos, ok := p.simpleName("the name of the enum")
	if !ok || !p.expect("{") {
		return false
	}
	e := &Enum{Pos: pos, File: p.file, Name: name, Doc: doc}
	last := int64(-1)
	ok = p.items("}", "a member of the enum", func() bool {
		return p.enumValue(e, &last)
	})
	if !ok {
		return false
	}
	e.Annotations, ok = p.annotations()
	p.file.Enums = append(p.file.Enums, e)
	return ok
}

// enumValue reads one member of an enum; last is the number of the one before.
func (p *parser) enumValue(e *Enum, last *int64) bool {
	v := &EnumValue{Doc: p.takeDoc()}
	var ok bool
	v.Name, v.Pos, ok = p.simpleName("a member of the enum or '}'")
	if !ok {
		return false
	}
	number := *last + 1
	at := v.Pos
	if p.accept("=") {
		if p.tok.kind != tokenInt {
			return p.expected("the number of the member")
		}
		number, at = p.tok.int, p.tok.pos
		p.advance()
	}
	if number < math.MinInt32 || number > math.MaxInt32 {
		p.errorf(at, "the number %d of %s does not fit in 32 bits", number, v.Name)
		number = 0
	}
	*last = number
	v.Number = int32(number)
	v.Annotations, ok = p.annotations()
	p.separator()
	e.Values = append(e.Values, v)
	return ok
}

// stringEnum reads a senum, an old form in which members were mere documentation: it is a string.
func (p *parser) stringEnum(doc string) bool {
	p.warnf(p.tok.pos, "senum is an old form, write 'string'")
	typ := &Type{Pos: p.tok.pos, Kind: String, Name: "string"}
	p.advance()
	name, pos, ok := p.simpleName("the name of the senum")
	if !ok || !p.expect("{") {
		return false
	}
	ok = p.items("}", "a member of the senum", func() bool {
		_, ok := p.text("a member of the senum in quotes or '}'")
		p.separator()
		return ok
	})
	if !ok {
		return false
	}
	annotations, ok := p.annotations()
	p.file.Typedefs = append(p.file.Typedefs,
		&Typedef{Pos: pos, File: p.file, Name: name, Doc: doc, Type: typ, Annotations: annotations})
	return ok
}

// structure reads a struct, union or exception.
func (p *parser) structure(doc string, kind StructKind) bool {
	word := p.tok.text
	p.advance()
	name, pos, ok := p.simpleName("the name of the " + word)
	if !ok {
		return false
	}
	if kind != Exception {
		p.accept("xsd_all")
	}
	if !p.expect("{") {
		return false
	}
	s := &Struct{Pos: pos, File: p.file, Kind: kind, Name: name, Doc: doc}
	if s.Fields, ok = p.fields("}"); !ok {
		return false
	}
	if kind == Union {
		p.unionFields(s)
	}
	s.Annotations, ok = p.annotations()
	p.file.Structs = append(p.file.Structs, s)
	return ok
}

// unionFields makes every member of a union optional.
func (p *parser) unionFields(s *Struct) {
	for _, f := range s.Fields {
		if f.Requiredness == Required {
			p.warnf(f.Pos, "members of a union are optional: \"required\" of %s is ignored", f.Name)
		}
		f.Requiredness = Optional
	}
}

func (p *parser) service(doc string) bool {
	p.advance()
	name, pos, ok := p.simpleName("the name of the service")
	if !ok {
		return false
	}
	s := &Service{Pos: pos, File: p.file, Name: name, Doc: doc}
	if p.accept("extends") {
		if p.tok.kind != tokenName {
			return p.expected("the name of a service")
		}
		s.parent, s.parentPos = p.tok.text, p.tok.pos
		p.advance()
	}
	if !p.expect("{") {
		return false
	}
	p.inService = true
	ok = p.items("}", "a function", func() bool { return p.function(s) })
	p.inService = false
	if !ok {
		return false
	}
	s.Annotations, ok = p.annotations()
	p.file.Services = append(p.file.Services, s)
	return ok
}

func (p *parser) function(s *Service) bool {
	f := &Function{Doc: p.takeDoc()}
	if p.tok.is("async") {
		p.warnf(p.tok.pos, "async is an old form, write 'oneway'")
	}
	f.Oneway = p.accept("oneway") || p.accept("async")
	resultPos := p.tok.pos
	var ok bool
	if !p.accept("void") {
		if f.Result, ok = p.fieldType(0); !ok {
			return false
		}
	}
	if f.Name, f.Pos, ok = p.simpleName("the name of the function"); !ok || !p.expect("(") {
		return false
	}
	if f.Args, ok = p.fields(")"); !ok {
		return false
	}
	throwsPos := p.tok.pos
	if p.accept("throws") {
		if !p.expect("(") {
			return false
		}
		if f.Throws, ok = p.fields(")"); !ok {
			return false
		}
		p.throwsFields(f.Throws)
	}
	if f.Oneway && f.Result != nil {
		p.errorf(resultPos, "the oneway function %s must have the result void", f.Name)
	}
	if f.Oneway && len(f.Throws) > 0 {
		p.errorf(throwsPos, "the oneway function %s must not throw exceptions", f.Name)
	}
	f.Annotations, ok = p.annotations()
	p.separator()
	s.Functions = append(s.Functions, f)
	return ok
}

func (p *parser) throwsFields(fields []*Field) {
	for _, f := range fields {
		if f.Requiredness == Required {
			p.warnf(f.Pos, "\"required\" of %s means nothing in throws", f.Name)
			f.Requiredness = DefaultRequired
		}
	}
}
