package schema

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"weft/translate/schema/binding"
	"weft/translate/schema/protoview"
	"weft/translate/schema/thriftidl"
	"weft/translate/schema/thriftview"
)

// Source names the files of one schema, as the configuration has them; paths are already made relative to
// the working directory.
type Source struct {
	Name        string
	Files       []string // .thrift, .proto, .binpb or .pb (FileDescriptorSet)
	ImportPaths []string
	Binding     string // "" where there is none
	Strict      bool

	// AllowNegKeys keeps field ids below 1 that a .thrift writes, as Apache's --allow-neg-keys does. Without it the
	// compiler gives such a field the next implicit id, and so does weft.
	AllowNegKeys bool
}

// Load reads, checks and matches the files of src. The error is of type Problems and holds every error and warning
// found; on success what was found is in Schema.Warnings. A fault that concerns single methods makes those Unusable
// and does not fail Load, except with src.Strict.
func Load(src Source) (*Schema, error) {
	s, problems, failed := load(src)
	if failed || src.Strict && hasErrors(problems) {
		return nil, problems
	}
	s.Warnings = problems
	s.index()
	return s, nil
}

// Check loads src and gives everything found, in order of files and lines.
func Check(src Source) Problems {
	_, problems, _ := load(src)
	return problems
}

func hasErrors(ps Problems) bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return !p.Warning })
}

// loader is the state of one Load.
type loader struct {
	src      Source
	binding  *binding.File
	problems Problems
	failed   bool // an error that is not of single methods

	thriftFiles []*thriftidl.File // the given ones and all that they include
	thriftRoots []*thriftidl.File // the given ones
	proto       *protoFiles       // nil without a protobuf file
}

func load(src Source) (*Schema, Problems, bool) {
	l := &loader{src: src}
	s := &Schema{Name: src.Name}
	l.read()
	if !l.failed {
		l.match(s)
	}
	return s, l.sorted(), l.failed
}

// read reads the binding and the IDL files.
func (l *loader) read() {
	var thrift, proto []string
	for _, name := range l.src.Files {
		switch filepath.Ext(name) {
		case ".thrift":
			thrift = append(thrift, name)
		case ".proto", ".binpb", ".pb":
			proto = append(proto, name)
		default:
			l.fail(thriftidl.Pos{File: name}, "the name of a schema file ends in .thrift, .proto, .binpb or .pb")
		}
	}
	if len(l.src.Files) == 0 {
		l.fail(thriftidl.Pos{File: l.src.Name}, "the schema has no files")
	}
	l.readBinding()
	if len(thrift) > 0 {
		l.readThrift(thrift)
	}
	if len(proto) > 0 {
		l.readProto(proto)
	}
}

// match derives the view that is missing, or pairs the two that are there.
func (l *loader) match(s *Schema) {
	l.verifyBinding()
	if l.failed {
		return
	}
	p := newPairer(l)
	var pairs []servicePair
	switch {
	case l.proto == nil:
		view, problems := protoview.Derive(l.thriftFiles, l.binding)
		l.take(problems)
		if l.failed {
			return
		}
		p.links, p.view = view.Links, view
		pairs = p.thriftPairs(view.Registry)
	case len(l.thriftFiles) == 0:
		view, problems := thriftview.Derive(l.proto.roots, l.binding, l.protoPos)
		l.take(problems)
		if l.failed {
			return
		}
		p.links, p.fromProto = view.Links, true
		pairs = p.protoPairs(view)
	default:
		pairs = p.namePairs()
	}
	if l.failed {
		return
	}
	s.UnknownFieldError = l.binding.Policies().UnknownField == "error"
	s.Services = p.services(pairs)
	slices.SortStableFunc(s.Services, func(a, b *Service) int {
		return cmp.Or(strings.Compare(a.GRPC, b.GRPC), strings.Compare(a.Thrift, b.Thrift))
	})
}

// take adds the findings of another package.
func (l *loader) take(list []thriftidl.Problem) {
	for _, p := range list {
		l.failed = l.failed || !p.Warning
		l.problems = append(l.problems, Problem{File: p.Pos.File, Line: p.Pos.Line, Col: p.Pos.Col, Warning: p.Warning, Text: p.Text})
	}
}

// fail adds an error that concerns the schema as a whole.
func (l *loader) fail(pos thriftidl.Pos, text string) {
	l.failed = true
	l.problems = append(l.problems, Problem{File: pos.File, Line: pos.Line, Col: pos.Col, Text: text})
}

// sorted gives each finding once, in order of files, lines and columns.
func (l *loader) sorted() Problems {
	slices.SortStableFunc(l.problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Col-b.Col, strings.Compare(a.Text, b.Text))
	})
	return slices.Compact(l.problems)
}
