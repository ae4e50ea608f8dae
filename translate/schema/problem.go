package schema

import (
	"fmt"
	"strings"
)

// Problem is one finding about an IDL, a pairing or a binding.
type Problem struct {
	File    string
	Line    int // from 1; 0 where the finding belongs to the file as a whole
	Col     int // from 1
	Warning bool
	Text    string
}

// Error gives "file:line:col: text", with "warning: " before the text of a warning.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Col)
	}
	b.WriteString(": ")
	if p.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// Problems is a list of findings that is an error as a whole.
type Problems []Problem

// Error gives one line per finding.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}
