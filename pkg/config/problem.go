package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Pos is a place in a file; Line and Col count from 1 and are 0 where the file as a whole is meant.
type Pos struct {
	File      string
	Line, Col int
}

// String gives file:line:col, or the file alone.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Problem is one finding about a configuration.
type Problem struct {
	Pos
	Text string
}

// Error gives "file:line:col: text".
func (p Problem) Error() string { return p.Pos.String() + ": " + p.Text }

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

// sort orders by place and drops repetitions.
func (ps Problems) sort() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return slices.Compact(ps)
}

// place is where a key and its value stand. Items of lists have no key of their own.
type place struct{ key, value Pos }

// path is the way to a value: keys (string) and indices (int).
type path []any

// with returns p with one more step.
func (p path) with(step any) path { return append(p[:len(p):len(p)], step) }

// String gives the path as people write it: outbound.listeners[0].listen.
func (p path) String() string {
	var b strings.Builder
	for _, step := range p {
		switch s := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", s)
		case string:
			if strings.ContainsAny(s, ".[] \t\n\"") || s == "" {
				fmt.Fprintf(&b, "[%q]", s)
				continue
			}
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s)
		}
	}
	return b.String()
}

// id tells paths apart whatever their keys contain.
func (p path) id() string {
	var b strings.Builder
	for _, step := range p {
		switch s := step.(type) {
		case int:
			b.WriteString("#" + strconv.Itoa(s))
		case string:
			b.WriteString("." + strconv.Itoa(len(s)) + ":" + s)
		}
	}
	return b.String()
}
