package thriftidl

import (
	"fmt"
	"strings"
)

// parser reads one file by recursive descent with one token of look-ahead. A method that meets something
// unexpected reports it and returns false; lists and the top level then go on at the next plausible place.
type parser struct {
	lex        *lexer
	tok        token // look-ahead
	file       *File
	options    Options
	sink       *sink
	implicitID int  // the next one, counted down from -1 in each list of fields
	nested     int  // depth of xsd_attrs
	inService  bool // "optional" means nothing in arguments and throws
}

// parseFile reads the bytes of a file into a tree in which no name is resolved yet.
func parseFile(name string, data []byte, o Options, s *sink) *File {
	p := &parser{lex: newLexer(name, data, s), file: &File{Name: name}, options: o, sink: s}
	p.advance()
	headers, definitions := 0, 0
	for p.tok.kind != tokenEOF {
		start := p.tok.offset
		if headers+definitions == 0 {
			p.fileDoc()
		}
		if p.atHeader() {
			if definitions > 0 {
				p.errorf(p.tok.pos, "%s must stand before the first definition", p.tok.describe())
			}
			headers++
			p.lex.doc = ""
			if !p.header() {
				p.skipToDefinition(start)
			}
			continue
		}
		definitions++
		if !p.definition() {
			p.skipToDefinition(start)
		}
	}
	if headers+definitions == 0 {
		p.file.Doc = p.lex.firstDoc
	}
	return p.file
}

// fileDoc takes the file's own doc comment: the first one, unless that belongs to the first definition.
func (p *parser) fileDoc() {
	if p.atHeader() || p.lex.docs > 1 {
		p.file.Doc = p.lex.firstDoc
	}
}

func (p *parser) advance() { p.tok = p.lex.next() }

func (p *parser) errorf(pos Pos, format string, args ...any) {
	p.sink.errorf(pos, fmt.Sprintf(format, args...))
}

func (p *parser) warnf(pos Pos, format string, args ...any) {
	p.sink.warn(pos, fmt.Sprintf(format, args...))
}

// expected reports that something else stands at the look-ahead. It returns false for callers to pass on.
func (p *parser) expected(what string) bool {
	p.errorf(p.tok.pos, "expected %s, found %s", what, p.tok.describe())
	return false
}

// accept passes a keyword or symbol if it is next.
func (p *parser) accept(text string) bool {
	if !p.tok.is(text) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(text string) bool {
	return p.accept(text) || p.expected("'"+text+"'")
}

// separator passes an optional comma or semicolon.
func (p *parser) separator() {
	if !p.accept(",") {
		p.accept(";")
	}
}

// takeDoc gives the doc comment that stands before the look-ahead and was not taken yet.
func (p *parser) takeDoc() string {
	doc := p.lex.doc
	p.lex.doc = ""
	return doc
}

// simpleName reads the name of something that is being defined.
func (p *parser) simpleName(what string) (name string, pos Pos, ok bool) {
	pos = p.tok.pos
	if p.tok.kind != tokenName {
		return "", pos, p.expected(what)
	}
	name = p.tok.text
	p.checkSimple(name, pos)
	p.advance()
	return name, pos, true
}

func (p *parser) checkSimple(name string, pos Pos) {
	if strings.Contains(name, ".") {
		p.errorf(pos, "the name %s must not contain a dot", name)
	}
}

// text reads a quoted string.
func (p *parser) text(what string) (string, bool) {
	if p.tok.kind != tokenString {
		return "", p.expected(what)
	}
	s := p.tok.text
	p.advance()
	return s, true
}

// definitionWords begin a definition or a header; at the front of a line they are hardly ever anything else.
var definitionWords = map[string]bool{
	"namespace": true, "include": true, "cpp_include": true, "const": true, "typedef": true, "enum": true,
	"senum": true, "struct": true, "union": true, "exception": true, "service": true,
}

func (p *parser) atDefinition() bool {
	return p.tok.first && (p.tok.kind == tokenKeyword || p.tok.kind == tokenName) && definitionWords[p.tok.text]
}

// skipToDefinition goes on after an error in a definition that began at the offset start.
func (p *parser) skipToDefinition(start int) {
	for p.tok.kind != tokenEOF && (p.tok.offset == start || !p.atDefinition()) {
		p.advance()
	}
}

// skipToItem goes on after an error in an item of a list that began at the offset start: behind a separator, at
// the front of a line, or at the list's end. It is false if the list seems to have been left.
func (p *parser) skipToItem(start int, closer string) bool {
	for {
		switch {
		case p.tok.kind == tokenEOF || p.atDefinition():
			return false
		case p.tok.is(closer):
			return true
		case p.tok.is("}"):
			return false
		case p.tok.is(",") || p.tok.is(";"):
			p.advance()
			return true
		case p.tok.first && p.tok.offset != start:
			return true
		}
		p.advance()
	}
}

// items reads items up to closer, which it passes. An item that fails is skipped.
func (p *parser) items(closer, what string, item func() bool) bool {
	for !p.accept(closer) {
		if p.tok.kind == tokenEOF {
			return p.expected(what + " or '" + closer + "'")
		}
		start := p.tok.offset
		if !item() && !p.skipToItem(start, closer) {
			return false
		}
	}
	return true
}

// oldNamespaces are the namespace words of early versions and the scopes that they stood for.
var oldNamespaces = map[string]string{
	"cpp_namespace": "cpp", "php_namespace": "php", "py_module": "py", "perl_package": "perl",
	"ruby_namespace": "rb", "smalltalk_category": "smalltalk.category", "smalltalk_prefix": "smalltalk.prefix",
	"java_package": "java", "cocoa_prefix": "cocoa", "csharp_namespace": "csharp", "delphi_namespace": "delphi",
	"xsd_namespace": "xsd",
}

// atHeader says whether a header line begins here.
func (p *parser) atHeader() bool {
	if p.tok.kind == tokenName {
		return oldNamespaces[p.tok.text] != ""
	}
	return p.tok.is("include") || p.tok.is("cpp_include") || p.tok.is("namespace")
}

func (p *parser) header() bool {
	word, pos := p.tok.text, p.tok.pos
	p.advance()
	switch word {
	case "include":
		at := p.tok.pos
		path, ok := p.text("the path of an include in quotes")
		if len(p.file.Includes) == maxFiles {
			p.errorf(at, "more than %d includes", maxFiles)
		} else if ok {
			p.file.Includes = append(p.file.Includes, &Include{Pos: at, Path: path})
		}
		return ok
	case "cpp_include":
		_, ok := p.text("the path of a C++ header in quotes")
		return ok
	case "namespace":
		return p.namespace(pos)
	default:
		return p.oldNamespace(word, pos)
	}
}

// namespace reads what follows that keyword.
func (p *parser) namespace(pos Pos) bool {
	scope := p.tok.text
	if p.tok.kind != tokenName && !p.tok.is("*") {
		return p.expected("the scope of a namespace or '*'")
	}
	p.advance()
	name := p.tok.text
	if p.tok.kind != tokenName {
		return p.expected("the name of a namespace")
	}
	p.advance()
	annotations, ok := p.annotations()
	p.file.Namespaces = append(p.file.Namespaces,
		Namespace{Pos: pos, Scope: scope, Name: name, Annotations: annotations})
	return ok
}

// oldNamespace reads what follows a word such as php_namespace, which Apache's compiler now refuses.
func (p *parser) oldNamespace(word string, pos Pos) bool {
	scope, name := oldNamespaces[word], p.tok.text
	p.warnf(pos, "%s is an old form, write 'namespace %s'", word, scope)
	if p.tok.kind != tokenName && p.tok.kind != tokenString {
		return p.expected("the name of a namespace")
	}
	p.advance()
	p.file.Namespaces = append(p.file.Namespaces, Namespace{Pos: pos, Scope: scope, Name: name})
	return true
}

// annotations reads an optional (key = "value", ...).
func (p *parser) annotations() ([]Annotation, bool) {
	if !p.accept("(") {
		return nil, true
	}
	var list []Annotation
	ok := p.items(")", "an annotation", func() bool {
		if p.tok.kind != tokenName {
			return p.expected("the name of an annotation or ')'")
		}
		a := Annotation{Pos: p.tok.pos, Key: p.tok.text, Value: "1"}
		p.advance()
		if p.accept("=") {
			value, ok := p.text("the value of an annotation in quotes")
			if !ok {
				return false
			}
			a.Value = value
		}
		p.separator()
		list = append(list, a)
		return true
	})
	return list, ok
}
