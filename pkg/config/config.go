// Package config reads the configuration file: YAML in, a Config with every default filled in and every reference
// checked out. Mistakes are found all at once and told with file, line and column. It opens no file but the
// configuration itself; the IDL files, certificates and addresses that it names are for others to open, who report
// what they find at Config.At.
//
// The commands that need a file (proxy, validate) load it in main and hand its values on.
package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// mostBytes is the largest configuration file that is read. The YAML parser's time grows with the square of some files.
const mostBytes = 1 << 20

// Load reads and checks a file, with the environment of the process. An error in what the file says is of type Problems.
func Load(file string) (*Config, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(file, data, os.LookupEnv)
}

// Parse checks the contents of a file. file is its name in messages and what relative paths are relative to; env looks
// up ${NAME}. The error is of type Problems, sorted by place.
func Parse(file string, data []byte, env func(string) (string, bool)) (*Config, error) {
	c := &Config{file: file}
	root, problems := parse(file, data)
	if len(problems) > 0 {
		return nil, problems
	}
	d := &decoder{file: file, env: env, anchors: map[string]ast.Node{}, pos: map[string]place{}}
	applyDefaults(reflect.ValueOf(c).Elem())
	if root == nil {
		d.problem(Pos{File: file, Line: 1, Col: 1}, "version is missing")
	} else {
		d.value(root, reflect.ValueOf(c).Elem(), nil)
	}
	c.pos = d.pos
	c.complete(filepath.Dir(file))
	k := newChecker(c, d.problems)
	k.all()
	if len(k.problems) > 0 {
		return nil, k.problems.sort()
	}
	return c, nil
}

// parse returns the tree of the only document; nil where it is empty.
func parse(file string, data []byte) (root ast.Node, problems Problems) {
	start := Pos{File: file, Line: 1, Col: 1}
	if len(data) > mostBytes {
		return nil, Problems{{start, fmt.Sprintf("larger than %s", Size(mostBytes))}}
	}
	defer func() {
		// A reload must not end the program, whatever the YAML parser makes of the file.
		if r := recover(); r != nil {
			root, problems = nil, Problems{{start, fmt.Sprintf("not YAML: %v", r)}}
		}
	}()
	f, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil {
			at := syntax.Token.Position
			return nil, Problems{{Pos{file, at.Line, at.Column}, "not YAML: " + syntax.Message}}
		}
		return nil, Problems{{start, "not YAML: " + err.Error()}}
	}
	for _, doc := range f.Docs {
		switch {
		case doc.Body == nil || isComment(doc.Body):
		case root == nil:
			root = doc.Body
		default:
			at := doc.Body.GetToken().Position
			return nil, Problems{{Pos{file, at.Line, at.Column}, "a second document: the file must be one"}}
		}
	}
	return root, nil
}

func isComment(n ast.Node) bool {
	_, comment := n.(*ast.CommentGroupNode)
	return comment || isNull(n)
}

// File returns the name that the configuration was loaded under.
func (c *Config) File() string { return c.file }

// At returns where the value at a path stands, for messages about it: At("schemas", "orders", "files", 0). Of a path that the file
// does not have, it is the place of the nearest part above.
func (c *Config) At(steps ...any) Pos { return c.at(steps).value }

// KeyAt is At for the key itself instead of its value.
func (c *Config) KeyAt(steps ...any) Pos { return c.at(steps).key }

// Has reports whether the file itself gives a value to a path, or it has its default.
func (c *Config) Has(steps ...any) bool {
	_, ok := c.pos[path(steps).id()]
	return ok
}

func (c *Config) at(p path) place {
	for ; len(p) > 0; p = p[:len(p)-1] {
		if at, ok := c.pos[p.id()]; ok {
			return at
		}
	}
	whole := Pos{File: c.file}
	return place{whole, whole}
}
