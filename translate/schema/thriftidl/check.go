package thriftidl

import "fmt"

// checkState of something that may refer to others of its kind.
type checkState uint8

const (
	unchecked checkState = iota
	checking
	checked
	broken // reported; what refers to it stays silent
)

// checker resolves the names of a file and checks it, once the files that it includes are checked.
type checker struct {
	file   *File
	sink   *sink
	strict bool // values must not lose anything: they are defaults
	lost   bool // the constant being checked loses something
}

func checkFile(f *File, s *sink) {
	c := &checker{file: f, sink: s}
	c.register()
	for _, td := range f.Typedefs {
		c.resolve(td.Type)
	}
	for _, s := range f.Structs {
		c.fields(s.Fields, "struct "+s.Name)
		for _, field := range s.Fields {
			s.byName[field.Name] = field
		}
	}
	for _, td := range f.Typedefs {
		c.typedef(td)
	}
	for _, s := range f.Services {
		c.service(s)
	}
	c.values()
}

func (c *checker) errorf(pos Pos, format string, args ...any) {
	c.sink.errorf(pos, fmt.Sprintf(format, args...))
}

func (c *checker) warnf(pos Pos, format string, args ...any) {
	c.sink.warn(pos, fmt.Sprintf(format, args...))
}

// register enters the file's definitions under their names.
func (c *checker) register() {
	f := c.file
	f.types = make(map[string]*definition)
	f.consts = make(map[string]*Const)
	for _, td := range f.Typedefs {
		c.define(td.Name, &definition{pos: td.Pos, typedef: td})
	}
	for _, e := range f.Enums {
		c.define(e.Name, &definition{pos: e.Pos, enum: e})
		c.members(e)
	}
	for _, s := range f.Structs {
		s.byName = make(map[string]*Field, len(s.Fields))
		c.define(s.Name, &definition{pos: s.Pos, strct: s})
	}
	for _, s := range f.Services {
		c.define(s.Name, &definition{pos: s.Pos, service: s})
	}
	for _, k := range f.Consts {
		if first := f.consts[k.Name]; first != nil {
			c.errorf(k.Pos, "constant %s is already defined at %s", k.Name, first.Pos)
			continue
		}
		f.consts[k.Name] = k
	}
}

// define enters a type or service. As for Apache's compiler a name may not be used again in an included file
// unless some namespace tells the two apart.
func (c *checker) define(name string, d *definition) {
	if first := c.file.types[name]; first != nil {
		if d.pos.before(first.pos) {
			first, d = d, first
			c.file.types[name] = first
		}
		c.errorf(d.pos, "%s is already defined at %s", name, first.pos)
		return
	}
	c.file.types[name] = d
	for _, inc := range c.file.Includes {
		if inc.File == nil {
			continue
		}
		if other := inc.File.types[name]; other != nil && sameNamespaces(c.file, inc.File) {
			c.errorf(d.pos, "%s is already defined at %s, and no namespace tells the two apart", name, other.pos)
			return
		}
	}
}

func (p Pos) before(q Pos) bool { return p.Line < q.Line || p.Line == q.Line && p.Col < q.Col }

// sameNamespaces says whether each scope named by either file gives both the same namespace.
func sameNamespaces(a, b *File) bool {
	for _, list := range [][]Namespace{a.Namespaces, b.Namespaces} {
		for _, ns := range list {
			if a.namespaceOrAny(ns.Scope) != b.namespaceOrAny(ns.Scope) {
				return false
			}
		}
	}
	return true
}

func (f *File) namespaceOrAny(scope string) string {
	name, ok := f.Namespace(scope)
	if !ok {
		name, _ = f.Namespace("*")
	}
	return name
}

// members enters the members of an enum under their names and numbers.
func (c *checker) members(e *Enum) {
	e.byName = make(map[string]*EnumValue, len(e.Values))
	e.byNumber = make(map[int32]*EnumValue, len(e.Values))
	for _, v := range e.Values {
		if first := e.byName[v.Name]; first != nil {
			c.errorf(v.Pos, "%s.%s is already defined at %s", e.Name, v.Name, first.Pos)
			continue
		}
		e.byName[v.Name] = v
		if e.byNumber[v.Number] == nil {
			e.byNumber[v.Number] = v
		}
	}
}

// fields resolves the types of fields and checks that names and ids are used once.
func (c *checker) fields(list []*Field, where string) {
	names := make(map[string]*Field, len(list))
	ids := make(map[int16]*Field, len(list))
	for _, f := range list {
		c.resolve(f.Type)
		if first := names[f.Name]; first != nil {
			c.errorf(f.Pos, "the name %s is already used in %s at %s", f.Name, where, first.Pos)
		} else if first := ids[f.ID]; first != nil {
			c.errorf(f.Pos, "the id %d of %s is already used in %s by %s at %s", f.ID, f.Name, where, first.Name, first.Pos)
		}
		names[f.Name], ids[f.ID] = f, f
	}
}

func (c *checker) service(s *Service) {
	c.extends(s)
	s.byName = make(map[string]*Function, len(s.Functions))
	for _, f := range s.Functions {
		c.function(s, f)
		switch first := s.Function(f.Name); {
		case first == nil:
		case s.byName[f.Name] != nil:
			c.errorf(f.Pos, "function %s is already defined in service %s at %s", f.Name, s.Name, first.Pos)
		default:
			c.errorf(f.Pos, "function %s is already inherited by service %s, from %s", f.Name, s.Name, first.Pos)
		}
		s.byName[f.Name] = f
	}
}

// extends resolves the parent of a service, which must stand before it, as for Apache's compiler.
func (c *checker) extends(s *Service) {
	if s.parent == "" || c.file.missing(s.parent) {
		return
	}
	d, several := c.file.find(s.parent)
	switch {
	case several:
		c.errorf(s.parentPos, "several included files define %s", s.parent)
	case d == nil:
		c.errorf(s.parentPos, "service %s is not defined", s.parent)
	case d.service == nil:
		c.errorf(s.parentPos, "%s is not a service", s.parent)
	case d.service == s:
		c.errorf(s.parentPos, "service %s extends itself", s.Name)
	case d.service.File == c.file && !d.pos.before(s.Pos):
		c.errorf(s.parentPos, "service %s must be defined before service %s", s.parent, s.Name)
	case d.service.depth >= maxDepth:
		c.errorf(s.parentPos, "more than %d services extend one another", maxDepth)
	default:
		s.Extends, s.depth = d.service, d.service.depth+1
	}
}

func (c *checker) function(s *Service, f *Function) {
	where := s.Name + "." + f.Name
	if f.Result != nil {
		c.resolve(f.Result)
	}
	c.fields(f.Args, "the arguments of "+where)
	c.fields(f.Throws, "the throws of "+where)
	for _, t := range f.Throws {
		u := t.Type.Underlying()
		if u.Kind != 0 && (u.Kind != KindStruct || u.Struct.Kind != Exception) {
			c.errorf(t.Type.Pos, "%s cannot be thrown, it is not an exception", t.Type.Name)
		}
	}
}
