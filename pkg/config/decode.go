package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// mostNodes caps the values of a file, so that aliases of aliases do not blow up.
const mostNodes = 100_000

// decoder fills structs from the tree of a YAML file, goes on after mistakes, and notes where everything stood.
type decoder struct {
	file     string
	env      func(string) (string, bool)
	anchors  map[string]ast.Node
	pos      map[string]place
	problems Problems
	nodes    int
}

func (d *decoder) problem(at Pos, format string, args ...any) {
	d.problems = append(d.problems, Problem{Pos: at, Text: fmt.Sprintf(format, args...)})
}

// at is where a value starts. The parser's token of a block mapping or sequence is not always its first.
func (d *decoder) at(n ast.Node) Pos {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return Pos{File: d.file}
	}
	p := n.GetToken().Position
	return Pos{File: d.file, Line: p.Line, Col: p.Column}
}

// value fills v, which has its defaults, from n.
func (d *decoder) value(n ast.Node, v reflect.Value, p path) {
	n, ok := d.resolve(n)
	if !ok {
		return
	}
	if d.nodes++; d.nodes > mostNodes {
		if d.nodes == mostNodes+1 {
			d.problem(d.at(n), "more than %d values, counting what aliases repeat", mostNodes)
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		applyDefaults(v.Elem())
		d.value(n, v.Elem(), p)
	case reflect.Slice:
		d.list(n, v, p)
	case reflect.Map:
		d.dictionary(n, v, p)
	case reflect.Struct:
		if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
			d.text(n, p, u)
			return
		}
		d.object(n, v, p)
	default:
		d.scalar(n, v, p)
	}
}

// resolve follows anchors and aliases. An alias can only name what stood before it, so that there are no circles.
func (d *decoder) resolve(n ast.Node) (ast.Node, bool) {
	switch x := n.(type) {
	case *ast.AnchorNode:
		d.anchors[x.Name.GetToken().Value] = x.Value
		return d.resolve(x.Value)
	case *ast.AliasNode:
		name := x.Value.GetToken().Value
		target, ok := d.anchors[name]
		if !ok {
			d.problem(d.at(n), "alias *%s has no anchor before it", name)
			return nil, false
		}
		return target, true
	case *ast.TagNode:
		d.problem(d.at(n), "tags such as %s are not supported", x.Start.Value)
		return nil, false
	}
	return n, true
}

// isNull reports whether a key was written without a value, which is the same as not writing it.
func isNull(n ast.Node) bool {
	_, null := n.(*ast.NullNode)
	return n == nil || null
}

// entries returns the keys of a mapping that may be used, in order. Wrong and repeated ones are reported.
func (d *decoder) entries(n ast.Node, p path) (keys []string, nodes []*ast.MappingValueNode, ok bool) {
	var all []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		all = m.Values
	case *ast.MappingValueNode:
		all = []*ast.MappingValueNode{m}
	default:
		d.wrongType(n, p, "a mapping of keys to values")
		return nil, nil, false
	}
	seen := map[string]bool{}
	for _, e := range all {
		var key string
		switch k := e.Key.(type) {
		case *ast.StringNode:
			key = k.Value
		case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
			key = k.GetToken().Value
		case *ast.MergeKeyNode:
			d.problem(d.at(k), "merge keys (<<) are not supported")
			continue
		default:
			d.problem(d.at(e.Key), "a key must be a plain text")
			continue
		}
		if seen[key] {
			d.problem(d.at(e.Key), "%s is given twice", p.with(key))
			continue
		}
		seen[key] = true
		keys, nodes = append(keys, key), append(nodes, e)
	}
	return keys, nodes, true
}

// object fills a struct.
func (d *decoder) object(n ast.Node, v reflect.Value, p path) {
	keys, nodes, ok := d.entries(n, p)
	if !ok {
		return
	}
	fields := fieldsOf(v)
	given := map[string]bool{}
	for i, key := range keys {
		f, known := fields.find(key)
		if !known {
			d.problem(d.at(nodes[i].Key), "unknown key %q%s: want %s", key, inside(p), fields.names())
			continue
		}
		given[key] = true
		if isNull(nodes[i].Value) {
			given[key] = !f.required
			continue
		}
		d.keyed(nodes[i], f.value, p.with(key))
	}
	for _, f := range fields {
		if f.required && !given[f.name] {
			d.problem(d.at(n), "%s is missing", p.with(f.name))
		}
	}
}

// keyed fills v from the value of a key and notes where both stand.
func (d *decoder) keyed(e *ast.MappingValueNode, v reflect.Value, p path) {
	d.pos[p.id()] = place{key: d.at(e.Key), value: d.at(e.Value)}
	d.value(e.Value, v, p)
}

// dictionary fills a map with keys of the file's choice.
func (d *decoder) dictionary(n ast.Node, v reflect.Value, p path) {
	keys, nodes, ok := d.entries(n, p)
	if !ok {
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for i, key := range keys {
		if key == "" {
			d.problem(d.at(nodes[i].Key), "empty name%s", inside(p))
			continue
		}
		elem := reflect.New(v.Type().Elem()).Elem()
		applyDefaults(elem)
		if isNull(nodes[i].Value) {
			if elem.Kind() != reflect.Struct || fieldsOf(elem).required() {
				d.problem(d.at(nodes[i].Key), "%s has no value", p.with(key))
				continue
			}
			d.pos[p.with(key).id()] = place{key: d.at(nodes[i].Key), value: d.at(nodes[i].Key)}
		} else {
			d.keyed(nodes[i], elem, p.with(key))
		}
		v.SetMapIndex(reflect.ValueOf(key), elem)
	}
}

// list fills a slice.
func (d *decoder) list(n ast.Node, v reflect.Value, p path) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		d.wrongType(n, p, "a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, len(s.Values)))
	for i, item := range s.Values {
		elem := reflect.New(v.Type().Elem()).Elem()
		applyDefaults(elem)
		d.pos[p.with(i).id()] = place{key: d.at(item), value: d.at(item)}
		if isNull(item) {
			d.problem(d.at(item), "%s has no value", p.with(i))
		} else {
			d.value(item, elem, p.with(i))
		}
		v.Set(reflect.Append(v, elem))
	}
}

// text fills a type that reads itself from a word.
func (d *decoder) text(n ast.Node, p path, u encoding.TextUnmarshaler) {
	s, ok := d.word(n, p, "a text")
	if !ok {
		return
	}
	if s.text == "" {
		d.problem(d.at(n), "%s: empty", p)
	} else if err := u.UnmarshalText([]byte(s.text)); err != nil {
		d.problem(d.at(n), "%s: %v", p, err)
	}
}

// scalar fills a value without parts.
func (d *decoder) scalar(n ast.Node, v reflect.Value, p path) {
	want := describe(v.Type())
	s, ok := d.word(n, p, want)
	if !ok {
		return
	}
	var err error
	switch v.Interface().(type) {
	case time.Duration:
		var t time.Duration
		if t, err = time.ParseDuration(s.text); err != nil {
			err = fmt.Errorf("%q is not a duration such as 250ms or 15s", s.text)
		}
		v.SetInt(int64(t))
	case Size:
		var size Size
		size, err = ParseSize(s.text)
		v.SetInt(int64(size))
	default:
		err = s.set(v, want)
	}
	if err != nil {
		d.problem(d.at(n), "%s: %v", p, err)
	}
}

// word is the text of a scalar, and what YAML takes it for.
type word struct {
	text string
	kind string // "text", "number", "boolean", or "" where the environment is in it
}

// word reads a scalar and puts the environment into texts.
func (d *decoder) word(n ast.Node, p path, want string) (word, bool) {
	var text string
	switch x := n.(type) {
	case *ast.StringNode:
		text = x.Value
	case *ast.LiteralNode:
		text = x.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return word{n.GetToken().Value, "number"}, true
	case *ast.BoolNode:
		return word{n.GetToken().Value, "boolean"}, true
	default:
		d.wrongType(n, p, want)
		return word{}, false
	}
	full, err := expand(text, d.env)
	if err != nil {
		d.problem(d.at(n), "%s: %v", p, err)
		return word{}, false
	}
	if full != text {
		return word{full, ""}, true
	}
	return word{text, "text"}, true
}

// set puts w into v. A quoted number is not a number, and a bare one not a text.
func (w word) set(v reflect.Value, want string) error {
	is := func(kind string) bool { return w.kind == kind || w.kind == "" }
	switch v.Kind() {
	case reflect.String:
		if w.kind == "text" || w.kind == "" {
			v.SetString(w.text)
			return nil
		}
		return fmt.Errorf("want %s, not the %s %s (put it in quotes)", want, w.kind, w.text)
	case reflect.Bool:
		if b, err := strconv.ParseBool(w.text); err == nil && is("boolean") {
			v.SetBool(b)
			return nil
		}
	case reflect.Int:
		if n, err := strconv.ParseInt(w.text, 0, 32); err == nil && is("number") {
			v.SetInt(n)
			return nil
		}
	case reflect.Float64:
		if f, err := strconv.ParseFloat(w.text, 64); err == nil && is("number") {
			v.SetFloat(f)
			return nil
		}
	}
	return fmt.Errorf("want %s, not %q", want, w.text)
}

func (d *decoder) wrongType(n ast.Node, p path, want string) {
	got := "this"
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		got = "a mapping"
	case *ast.SequenceNode:
		got = "a list"
	case *ast.NullNode:
		got = "nothing"
	case *ast.StringNode, *ast.LiteralNode:
		got = "a text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		got = "a number"
	case *ast.BoolNode:
		got = "a boolean"
	}
	if len(p) == 0 {
		d.problem(d.at(n), "the file must be %s, not %s", want, got)
		return
	}
	d.problem(d.at(n), "%s: want %s, not %s", p, want, got)
}

// inside names the mapping that a key stands in, for messages.
func inside(p path) string {
	if len(p) == 0 {
		return ""
	}
	return " in " + p.String()
}

// describe names a type as the messages and the documentation do.
func describe(t reflect.Type) string {
	switch reflect.Zero(t).Interface().(type) {
	case time.Duration:
		return "a duration such as 250ms or 15s"
	case Size:
		return "a size such as 64KiB or 4MiB"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	return "a text"
}

// field is a key that a struct knows.
type field struct {
	name     string
	required bool
	value    reflect.Value
}

type fields []field

// fieldsOf lists the keys of a struct in order, with those of inlined structs.
func fieldsOf(v reflect.Value) fields {
	var fs fields
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		switch {
		case options == "inline":
			fs = append(fs, fieldsOf(v.Field(i))...)
		case name != "":
			fs = append(fs, field{name, options == "required", v.Field(i)})
		}
	}
	return fs
}

func (fs fields) find(name string) (field, bool) {
	for _, f := range fs {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

// required reports whether a key must be given.
func (fs fields) required() bool {
	return slices.ContainsFunc(fs, func(f field) bool { return f.required })
}

func (fs fields) names() string {
	var names []string
	for _, f := range fs {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}
