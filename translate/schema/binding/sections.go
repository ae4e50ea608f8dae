package binding

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

type keys = map[string]func(ast.Node)

func (r *reader) file(f *File, n ast.Node) {
	if _, empty := n.(*ast.NullNode); empty {
		return
	}
	r.keys(n, "the binding", keys{
		"services":   r.list("services", func(n ast.Node) { f.Services = append(f.Services, r.service(n)) }),
		"types":      r.list("types", func(n ast.Node) { f.Types = append(f.Types, r.structure(n)) }),
		"enums":      r.list("enums", func(n ast.Node) { f.Enums = append(f.Enums, r.enum(n)) }),
		"exceptions": r.list("exceptions", func(n ast.Node) { f.Exceptions = append(f.Exceptions, r.exception(n)) }),
		"policy":     func(n ast.Node) { r.policy(&f.Policy, n) },
	})
}

func (r *reader) service(n ast.Node) *Service {
	s := &Service{Pos: r.pos(start(n))}
	r.keys(n, "an entry of services", keys{
		"thrift":  r.text(&s.Thrift, "thrift"),
		"grpc":    r.text(&s.GRPC, "grpc"),
		"methods": r.list("methods", func(n ast.Node) { s.Methods = append(s.Methods, r.method(n)) }),
	})
	if s.Thrift == "" && s.GRPC == "" {
		r.problem(start(n), "an entry of services needs thrift, grpc or both")
	}
	return s
}

func (r *reader) method(n ast.Node) *Method {
	m := &Method{Pos: r.pos(start(n))}
	r.keys(n, "an entry of methods", keys{
		"thrift":   r.text(&m.Thrift, "thrift"),
		"grpc":     r.text(&m.GRPC, "grpc"),
		"request":  r.word(&m.Request, "request", "bare", "wrapped"),
		"response": r.text(&m.Response, "response"),
		"args":     r.list("args", func(n ast.Node) { m.Args = append(m.Args, r.field(n)) }),
		"drop":     r.flag(&m.Drop, "drop"),
	})
	if m.Thrift == "" && m.GRPC == "" {
		r.problem(start(n), "an entry of methods needs thrift, grpc or both")
	}
	return m
}

func (r *reader) structure(n ast.Node) *Type {
	t := &Type{Pos: r.pos(start(n))}
	var by string
	r.keys(n, "an entry of types", keys{
		"thrift":  r.text(&t.Thrift, "thrift"),
		"proto":   r.text(&t.Proto, "proto"),
		"pair_by": r.word(&by, "pair_by", "name", "number"),
		"fields":  r.list("fields", func(n ast.Node) { t.Fields = append(t.Fields, r.field(n)) }),
	})
	t.ByNumber = by == "number"
	if t.Thrift == "" && t.Proto == "" {
		r.problem(start(n), "an entry of types needs thrift, proto or both")
	}
	return t
}

func (r *reader) field(n ast.Node) *Field {
	f := &Field{Pos: r.pos(start(n))}
	r.keys(n, "an entry of fields", keys{
		"thrift":  r.text(&f.Thrift, "thrift"),
		"proto":   r.text(&f.Proto, "proto"),
		"convert": r.word(&f.Convert, "convert", Conversions...),
		"drop":    r.flag(&f.Drop, "drop"),
		"zero":    r.word(&f.Zero, "zero", "write", "omit"),
		"id":      r.id(&f.ID, "id"),
		"utf8":    r.word(&f.UTF8, "utf8", "reject", "replace", "pass"),
		"uint64":  r.word(&f.Uint64, "uint64", "error", "bits"),
	})
	if f.Thrift == "" && f.Proto == "" {
		r.problem(start(n), "an entry of fields needs thrift, proto or both")
	}
	if f.Drop && (f.Convert != "" || f.Zero != "" || f.ID != 0 || f.UTF8 != "" || f.Uint64 != "") {
		r.problem(start(n), "a field that is dropped takes no other key")
	}
	return f
}

func (r *reader) enum(n ast.Node) *Enum {
	e := &Enum{Pos: r.pos(start(n))}
	r.keys(n, "an entry of enums", keys{
		"thrift": r.text(&e.Thrift, "thrift"),
		"proto":  r.text(&e.Proto, "proto"),
		"values": func(n ast.Node) { r.values(e, n) },
	})
	if e.Thrift == "" && e.Proto == "" {
		r.problem(start(n), "an entry of enums needs thrift, proto or both")
	}
	return e
}

func (r *reader) values(e *Enum, n ast.Node) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		r.problem(n, "values is a mapping of Thrift names to protobuf names")
		return
	}
	for _, v := range values {
		ev := EnumValue{Pos: r.pos(v.Key), Thrift: strings.TrimSpace(v.Key.String())}
		if t := v.Key.GetToken(); t != nil {
			ev.Thrift = t.Value
		}
		r.text(&ev.Proto, "the protobuf name of "+ev.Thrift)(v.Value)
		e.Values = append(e.Values, ev)
	}
}

func (r *reader) exception(n ast.Node) *Exception {
	e := &Exception{Pos: r.pos(start(n))}
	r.keys(n, "an entry of exceptions", keys{
		"thrift":  r.text(&e.Thrift, "thrift"),
		"proto":   r.text(&e.Proto, "proto"),
		"code":    r.code(e),
		"message": r.text(&e.Message, "message"),
	})
	if e.Thrift == "" {
		r.problem(start(n), "an entry of exceptions needs thrift")
	}
	return e
}

func (r *reader) policy(p *Policy, n ast.Node) {
	r.keys(n, "policy", keys{
		"uint64":        r.word(&p.Uint64, "uint64", "error", "bits"),
		"fixed64":       r.word(&p.Fixed64, "fixed64", "error", "bits"),
		"utf8":          r.word(&p.UTF8, "utf8", "reject", "replace", "pass"),
		"unknown_field": r.word(&p.UnknownField, "unknown_field", "drop", "error"),
	})
}

// start is where an entry begins for a reader: at its first key, not at the colon after it.
func start(n ast.Node) ast.Node {
	switch m := n.(type) {
	case *ast.MappingNode:
		if len(m.Values) > 0 {
			return m.Values[0].Key
		}
	case *ast.MappingValueNode:
		return m.Key
	}
	return n
}
