package protoview

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Print writes the derived file as .proto text. Types are named absolutely, so that no name hides another.
func (f *File) Print() string {
	p := &printer{f: f}
	fd := f.Descriptor
	p.linef("// Derived by weft from %s.thrift: change that file, not this one.", f.IDL.Base())
	p.linef("")
	p.doc(f.IDL.Doc)
	p.linef("syntax = \"proto3\";")
	p.linef("")
	p.linef("package %s;", fd.Package())
	imports := fd.Imports()
	for i := range imports.Len() {
		if i == 0 {
			p.linef("")
		}
		p.linef("import %q;", imports.Get(i).Path())
	}
	for i := range fd.Enums().Len() {
		p.linef("")
		p.enum(fd.Enums().Get(i))
	}
	for i := range fd.Messages().Len() {
		p.linef("")
		p.message(fd.Messages().Get(i))
	}
	for i := range fd.Services().Len() {
		p.linef("")
		p.service(fd.Services().Get(i))
	}
	return p.b.String()
}

type printer struct {
	f      *File
	b      strings.Builder
	indent int
}

func (p *printer) linef(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if line != "" {
		p.b.WriteString(strings.Repeat("  ", p.indent))
		p.b.WriteString(line)
	}
	p.b.WriteByte('\n')
}

func (p *printer) doc(text string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return
	}
	for line := range strings.Lines(text) {
		p.linef("%s", strings.TrimRight("// "+clean(line), " "))
	}
}

// clean drops line ends and control bytes, which no compiler takes in a comment.
func clean(line string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, line)
}

func (p *printer) enum(e protoreflect.EnumDescriptor) {
	p.doc(p.f.docs[string(e.FullName())])
	p.linef("enum %s {", e.Name())
	p.indent++
	seen, alias := map[protoreflect.EnumNumber]bool{}, false
	for i := range e.Values().Len() {
		n := e.Values().Get(i).Number()
		alias = alias || seen[n]
		seen[n] = true
	}
	if alias {
		p.linef("option allow_alias = true;")
	}
	for i := range e.Values().Len() {
		v := e.Values().Get(i)
		p.doc(p.f.docs[string(v.FullName())])
		p.linef("%s = %d;", v.Name(), v.Number())
	}
	p.indent--
	p.linef("}")
}

func (p *printer) message(m protoreflect.MessageDescriptor) {
	p.doc(p.f.docs[string(m.FullName())])
	p.linef("message %s {", m.Name())
	p.indent++
	for i := range m.ReservedRanges().Len() {
		p.linef("reserved %d;", m.ReservedRanges().Get(i)[0])
	}
	for i := range m.Messages().Len() {
		if nested := m.Messages().Get(i); !nested.IsMapEntry() {
			p.message(nested)
		}
	}
	if m.Oneofs().Len() > 0 && !m.Oneofs().Get(0).IsSynthetic() {
		p.linef("oneof %s {", m.Oneofs().Get(0).Name())
		p.indent++
		p.fields(m)
		p.indent--
		p.linef("}")
	} else {
		p.fields(m)
	}
	p.indent--
	p.linef("}")
}

func (p *printer) fields(m protoreflect.MessageDescriptor) {
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		p.doc(p.f.docs[string(f.FullName())])
		label := ""
		switch {
		case f.IsMap():
		case f.Cardinality() == protoreflect.Repeated:
			label = "repeated "
		case f.HasOptionalKeyword():
			label = "optional "
		}
		note := p.f.notes[string(f.FullName())]
		if note != "" {
			note = " // " + note
		}
		p.linef("%s%s %s = %d;%s", label, fieldType(f), f.Name(), f.Number(), note)
	}
}

func fieldType(f protoreflect.FieldDescriptor) string {
	switch {
	case f.IsMap():
		return "map<" + fieldType(f.MapKey()) + ", " + fieldType(f.MapValue()) + ">"
	case f.Message() != nil:
		return "." + string(f.Message().FullName())
	case f.Enum() != nil:
		return "." + string(f.Enum().FullName())
	}
	return f.Kind().String()
}

func (p *printer) service(s protoreflect.ServiceDescriptor) {
	p.doc(p.f.docs[string(s.FullName())])
	p.linef("service %s {", s.Name())
	p.indent++
	for i := range s.Methods().Len() {
		m := s.Methods().Get(i)
		p.doc(p.f.docs[string(m.FullName())])
		p.linef("rpc %s(.%s) returns (.%s);", m.Name(), m.Input().FullName(), m.Output().FullName())
	}
	p.indent--
	p.linef("}")
}
