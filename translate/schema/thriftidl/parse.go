package thriftidl

import (
	"slices"
	"strings"
)

// Limits on what Parse takes in, so that no input makes it run or grow without bound. They are far above
// what people write.
const (
	maxFileSize    = 4 << 20  // bytes of one file
	maxTotalSize   = 16 << 20 // bytes of a file and all that it includes
	maxFiles       = 1000
	maxDepth       = 64      // nesting of types, typedefs, values, and of services that extend one another
	maxTypeNodes   = 4096    // nodes of a typedef with all typedefs in it written out
	maxValueNodes  = 1 << 16 // nodes of a value with all constants in it written out
	maxErrors      = 50
	maxWarnings    = 500
	maxImplicitID  = -1 << 15
	maxExplicitID  = 1<<15 - 1
	maxQuotedBytes = 40 // of a token in a message
)

// Parse reads name and all that it includes. Files are the parsed files, name first, each once; problems are
// all errors and warnings found, in order of files and lines. An error among the problems means that files
// must not be used. When a file has syntax errors, names and values are not checked.
//
// What Apache's compiler 0.25 accepts is accepted, except for: field ids above 32767; defaults that do not fit
// their type; two members for a union or one field twice in a value; includes that are not found; a name that two
// includes of one base name define; oneway functions with a result; lone signs as numbers; members of an enum with
// a dot in the name; a value that is no list or map for a list or map, unless it is empty. Beyond Apache are
// accepted: senum, slist and php_namespace and the like as in old versions (with a warning); the name uuid;
// annotations of "namespace *"; types, exceptions and defaults that refer to what comes later; and constants that
// refer to whole lists, maps, structs and enums.
func Parse(name string, o Options) (files []*File, problems []Problem) {
	l := newLoader(o)
	l.root(name)
	if !l.syntaxErrors {
		for _, f := range l.done {
			checkFile(f, l.sink)
		}
	}
	return l.files, l.sink.sorted(l.files)
}

// sink collects problems up to the limits.
type sink struct {
	list     []Problem
	errors   int
	warnings int
	last     Pos // of the last error that was kept
}

func (s *sink) full() bool { return s.errors >= maxErrors }

func (s *sink) errorf(pos Pos, text string) {
	if s.full() {
		return
	}
	s.errors++
	s.last = pos
	s.list = append(s.list, Problem{Pos: pos, Text: text})
}

func (s *sink) warn(pos Pos, text string) {
	if s.warnings >= maxWarnings {
		return
	}
	s.warnings++
	s.list = append(s.list, Problem{Pos: pos, Warning: true, Text: text})
}

// sorted gives the problems in order of files, then of lines.
func (s *sink) sorted(files []*File) []Problem {
	rank := make(map[string]int, len(files))
	for i, f := range files {
		rank[f.Name] = i
	}
	slices.SortStableFunc(s.list, func(a, b Problem) int {
		if d := rank[a.Pos.File] - rank[b.Pos.File]; d != 0 {
			return d
		}
		if d := a.Pos.Line - b.Pos.Line; d != 0 {
			return d
		}
		return a.Pos.Col - b.Pos.Col
	})
	if s.full() {
		s.list = append(s.list, Problem{Pos: s.last, Text: "too many errors, the rest is not shown"})
	}
	return s.list
}

// base is Apache's name of a program: the last element of the path without its extension.
func base(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		name = name[:dot]
	}
	return name
}
