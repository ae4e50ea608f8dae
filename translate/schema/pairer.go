package schema

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema/binding"
	"weft/translate/schema/protoview"
	"weft/translate/schema/thriftidl"
)

// pairer matches the two sides. It is used once.
type pairer struct {
	l         *loader
	links     *binding.Links // set where one side is derived from the other
	fromProto bool           // the Thrift side is the derived one

	structs map[structPair]*structNode
	enums   map[enumPair]*enumNode
	view    *protoview.View // the derived protobuf view, nil where the .proto is given
	derived *pairer         // see exceptionPairer
}

func newPairer(l *loader) *pairer {
	return &pairer{l: l, structs: map[structPair]*structNode{}, enums: map[enumPair]*enumNode{}}
}

// scope collects the errors of one method, message pair or enum pair. A method is unusable where its scope or one that
// it reaches has an error.
type scope struct {
	errs []Problem
	deps []*scope
}

// first gives the first error that s reaches.
func (s *scope) first() (Problem, bool) {
	seen := map[*scope]bool{}
	queue := []*scope{s}
	for len(queue) > 0 {
		s, queue = queue[0], queue[1:]
		if seen[s] {
			continue
		}
		seen[s] = true
		if len(s.errs) > 0 {
			return s.errs[0], true
		}
		queue = append(queue, s.deps...)
	}
	return Problem{}, false
}

func (p *pairer) errorf(sc *scope, pos thriftidl.Pos, format string, args ...any) {
	problem := Problem{File: pos.File, Line: pos.Line, Col: pos.Col, Text: fmt.Sprintf(format, args...)}
	sc.errs = append(sc.errs, problem)
	p.l.problems = append(p.l.problems, problem)
}

func (p *pairer) warnf(pos thriftidl.Pos, format string, args ...any) {
	p.l.problems = append(p.l.problems,
		Problem{File: pos.File, Line: pos.Line, Col: pos.Col, Warning: true, Text: fmt.Sprintf(format, args...)})
}

// at gives the place of a descriptor in brackets, with a space before it, or nothing where it has none.
func (p *pairer) at(d protoreflect.Descriptor) string {
	if pos := p.l.protoPos(d); pos.Line > 0 {
		return " (" + pos.String() + ")"
	}
	return ""
}

// exceptionPairer pairs exceptions that the given protobuf files have no message for with derived ones. Its view is nil
// where none can be derived; the problems then say why, at the first call.
func (p *pairer) exceptionPairer() (*pairer, []thriftidl.Problem) {
	if p.derived != nil {
		return p.derived, nil
	}
	p.derived = newPairer(p.l)
	view, problems := protoview.Derive(p.l.thriftFiles, nil)
	if view != nil {
		p.derived.view, p.derived.links = view, view.Links
	}
	return p.derived, problems
}
