package thriftview

import (
	"fmt"
	"strconv"
	"strings"

	"weft/translate/schema/thriftidl"
)

// Print writes the derived file as .thrift text.
func (f *File) Print() string {
	p := &printer{f: f}
	p.linef("// Derived by weft from %s: change that file, not this one.", f.Proto.Path())
	p.linef("")
	for _, n := range f.IDL.Namespaces {
		p.linef("namespace %s %s", n.Scope, n.Name)
	}
	for i, inc := range f.IDL.Includes {
		if i == 0 {
			p.linef("")
		}
		p.linef("include %q", inc.Path)
	}
	for _, e := range f.IDL.Enums {
		p.linef("")
		p.enum(e)
	}
	for _, s := range f.IDL.Structs {
		p.linef("")
		p.structure(s)
	}
	for _, s := range f.IDL.Services {
		p.linef("")
		p.service(s)
	}
	return p.b.String()
}

type printer struct {
	f      *File
	b      strings.Builder
	indent string
}

func (p *printer) linef(format string, args ...any) {
	if line := fmt.Sprintf(format, args...); line != "" {
		p.b.WriteString(p.indent + line)
	}
	p.b.WriteByte('\n')
}

// doc writes a doc comment; what would end it or is no text is taken out.
func (p *printer) doc(text string) {
	if text == "" {
		return
	}
	text = strings.ReplaceAll(text, "*/", "* /")
	p.linef("/**")
	for line := range strings.Lines(text) {
		line = strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' || r == 0x7f {
				return -1
			}
			return r
		}, line)
		p.linef("%s", strings.TrimRight(" * "+strings.TrimPrefix(line, " "), " \t"))
	}
	p.linef(" */")
}

func (p *printer) enum(e *thriftidl.Enum) {
	p.doc(e.Doc)
	p.linef("enum %s {", e.Name)
	p.indent = "  "
	for _, v := range e.Values {
		p.doc(v.Doc)
		p.linef("%s = %d", v.Name, v.Number)
	}
	p.indent = ""
	p.linef("}")
}

var kinds = map[thriftidl.StructKind]string{thriftidl.PlainStruct: "struct", thriftidl.Union: "union", thriftidl.Exception: "exception"}

var requirednesses = map[thriftidl.Requiredness]string{thriftidl.Required: "required ", thriftidl.Optional: "optional "}

func (p *printer) structure(s *thriftidl.Struct) {
	p.doc(s.Doc)
	p.linef("%s %s {", kinds[s.Kind], s.Name)
	p.indent = "  "
	for _, f := range s.Fields {
		p.doc(f.Doc)
		word := requirednesses[f.Requiredness]
		if s.Kind == thriftidl.Union {
			word = ""
		}
		p.linef("%d: %s%s %s%s", f.ID, word, typeText(f.Type), f.Name, valueText(f.Default))
	}
	for _, name := range p.f.left[s] {
		p.linef("// field %s has a number that is no Thrift id", name)
	}
	p.indent = ""
	p.linef("}")
}

func (p *printer) service(s *thriftidl.Service) {
	p.doc(s.Doc)
	p.linef("service %s {", s.Name)
	p.indent = "  "
	for _, fn := range s.Functions {
		if p.f.streaming[fn] {
			p.linef("// rpc %s is streaming, for which Thrift has no form", fn.Name)
			continue
		}
		p.doc(fn.Doc)
		arg, exc := fn.Args[0], fn.Throws[0]
		p.linef("%s %s(%d: %s %s) throws (%d: %s %s)", typeText(fn.Result), fn.Name, arg.ID, typeText(arg.Type), arg.Name, exc.ID, typeText(exc.Type), exc.Name)
	}
	p.indent = ""
	p.linef("}")
}

func typeText(t *thriftidl.Type) string {
	switch t.Kind {
	case thriftidl.List:
		return "list<" + typeText(t.Elem) + ">"
	case thriftidl.Map:
		return "map<" + typeText(t.Key) + ", " + typeText(t.Elem) + ">"
	}
	return t.Name
}

func valueText(v *thriftidl.Value) string {
	if v == nil {
		return ""
	}
	switch v.Kind {
	case thriftidl.IntValue:
		return " = " + strconv.FormatInt(v.Int, 10)
	case thriftidl.DoubleValue:
		return " = " + strconv.FormatFloat(v.Double, 'g', -1, 64)
	case thriftidl.StringValue:
		return ` = "` + v.String + `"`
	}
	return " = " + v.Ident
}
