package binding

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	yaml "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"google.golang.org/grpc/codes"

	"weft/translate/schema/thriftidl"
)

// MaxSize is the largest binding file that Parse reads, in bytes.
const MaxSize = 1 << 20

// The YAML parser's time grows with the square of some things that a binding needs little of.
const (
	maxNesting = 100      // brackets open at once, dashes on one line; a binding needs five levels
	maxFlow    = 16 << 10 // bytes between an outermost bracket and its end
	maxLine    = 16 << 10 // bytes of a line
	maxAnchors = 100      // ampersands and asterisks, which no name of an IDL has
)

// Parse reads a binding file. It finds every error of form: unknown and repeated keys, values of the wrong type, words
// that a key does not know, entries that name nothing. The File is not to be used where there is an error.
func Parse(name string, data []byte) (*File, []thriftidl.Problem) {
	r := &reader{name: name}
	if len(data) > MaxSize {
		r.problem(nil, "binding files are at most %d bytes long, this one has %d", MaxSize, len(data))
		return &File{}, r.problems
	}
	if line, why := refused(data); line > 0 {
		r.problems = append(r.problems, thriftidl.Problem{Pos: thriftidl.Pos{File: name, Line: line, Col: 1}, Text: why})
		return &File{}, r.problems
	}
	doc, err := parser.ParseBytes(data, 0)
	if err != nil {
		r.syntax(err)
		return &File{}, r.problems
	}
	f := &File{}
	if len(doc.Docs) > 1 && doc.Docs[1].Body != nil {
		r.problem(doc.Docs[1].Body, "a binding file holds one YAML document")
	}
	if len(doc.Docs) > 0 && doc.Docs[0].Body != nil {
		r.file(f, doc.Docs[0].Body)
	}
	return f, r.problems
}

// refused gives the line on which data passes one of the limits above, 0 if it does not. It looks at bytes, not at YAML, and
// so counts what stands in texts as well.
func refused(data []byte) (line int, why string) {
	open, flow, anchors := 0, 0, 0
	for text := range bytes.Lines(data) {
		line++
		for _, c := range text {
			switch c {
			case '[', '{':
				open++
			case ']', '}':
				open = max(0, open-1)
			case '&', '*':
				anchors++
			}
			flow++
			if open == 0 {
				flow = 0
			}
			if flow > maxFlow {
				return line, fmt.Sprintf("more than %d bytes stand in one pair of brackets: write a list with dashes", maxFlow)
			}
		}
		switch {
		case len(text) > maxLine:
			return line, fmt.Sprintf("the line is longer than %d bytes", maxLine)
		case open > maxNesting || bytes.Count(text, []byte("- "))+bytes.Count(text, []byte("? ")) > maxNesting:
			return line, fmt.Sprintf("the binding is nested deeper than %d levels", maxNesting)
		case anchors > maxAnchors:
			return line, fmt.Sprintf("the binding has more than %d anchors and aliases, of which it needs none", maxAnchors)
		}
	}
	return 0, ""
}

type reader struct {
	name     string
	problems []thriftidl.Problem
}

func (r *reader) pos(n ast.Node) thriftidl.Pos {
	p := thriftidl.Pos{File: r.name, Line: 1, Col: 1}
	if n == nil {
		return p
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		p.Line, p.Col = t.Position.Line, t.Position.Column
	}
	return p
}

func (r *reader) problem(n ast.Node, format string, args ...any) {
	r.problems = append(r.problems, thriftidl.Problem{Pos: r.pos(n), Text: fmt.Sprintf(format, args...)})
}

func (r *reader) syntax(err error) {
	p := thriftidl.Problem{Pos: r.pos(nil), Text: "reading the binding as YAML: " + err.Error()}
	var at yaml.Error
	if errors.As(err, &at) {
		p.Text = "reading the binding as YAML: " + at.GetMessage()
		if t := at.GetToken(); t != nil && t.Position != nil {
			p.Pos.Line, p.Pos.Col = t.Position.Line, t.Position.Column
		}
	}
	r.problems = append(r.problems, p)
}

// keys runs the function for each key of a mapping; what is not in known is an error.
func (r *reader) keys(n ast.Node, what string, known map[string]func(ast.Node)) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		r.problem(n, "%s is a mapping of keys to values", what)
		return
	}
	seen := map[string]bool{}
	for _, v := range values {
		key := strings.TrimSpace(v.Key.String())
		if t := v.Key.GetToken(); t != nil {
			key = t.Value
		}
		read, ok := known[key]
		switch {
		case !ok:
			names := make([]string, 0, len(known))
			for k := range known {
				names = append(names, k)
			}
			slices.Sort(names)
			r.problem(v.Key, "unknown key %q in %s (known: %s)", key, what, strings.Join(names, ", "))
		case seen[key]:
			r.problem(v.Key, "key %q stands twice in %s", key, what)
		default:
			seen[key] = true
			read(v.Value)
		}
	}
}

// list runs the function for each element of a sequence.
func (r *reader) list(what string, each func(ast.Node)) func(ast.Node) {
	return func(n ast.Node) {
		switch s := n.(type) {
		case *ast.SequenceNode:
			for _, v := range s.Values {
				each(v)
			}
		case *ast.NullNode, nil:
		default:
			r.problem(n, "%s is a list", what)
		}
	}
}

func (r *reader) text(dst *string, what string) func(ast.Node) {
	return func(n ast.Node) {
		switch s := n.(type) {
		case *ast.StringNode:
			*dst = s.Value
		case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
			*dst = n.GetToken().Value
		default:
			r.problem(n, "%s is a word", what)
			return
		}
		if *dst == "" {
			r.problem(n, "%s is empty", what)
		}
	}
}

func (r *reader) word(dst *string, what string, words ...string) func(ast.Node) {
	return func(n ast.Node) {
		before := len(r.problems)
		r.text(dst, what)(n)
		if len(r.problems) == before && !slices.Contains(words, *dst) {
			r.problem(n, "%s is one of %s, not %q", what, strings.Join(words, ", "), *dst)
			*dst = ""
		}
	}
}

func (r *reader) flag(dst *bool, what string) func(ast.Node) {
	return func(n ast.Node) {
		b, ok := n.(*ast.BoolNode)
		if !ok {
			r.problem(n, "%s is true or false", what)
			return
		}
		*dst = b.Value
	}
}

func (r *reader) id(dst *int, what string) func(ast.Node) {
	return func(n ast.Node) {
		if i, ok := n.(*ast.IntegerNode); ok {
			if v, ok := i.Value.(uint64); ok && v >= 1 && v <= 32767 {
				*dst = int(v)
				return
			}
		}
		r.problem(n, "%s is a number from 1 to 32767", what)
	}
}

func (r *reader) code(e *Exception) func(ast.Node) {
	return func(n ast.Node) {
		var word string
		before := len(r.problems)
		r.text(&word, "code")(n)
		if len(r.problems) > before {
			return
		}
		code, ok := Code(word)
		if !ok {
			r.problem(n, "code is the name of a gRPC error, as NOT_FOUND, not %q", word)
			return
		}
		e.Code, e.HasCode = code, true
	}
}

// Code gives the gRPC code with that name ("NOT_FOUND"). OK is no code of an error.
func Code(name string) (codes.Code, bool) {
	var c codes.Code
	if err := c.UnmarshalJSON([]byte(`"` + name + `"`)); err != nil || c == codes.OK {
		return 0, false
	}
	return c, true
}
