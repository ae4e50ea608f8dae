package thriftidl

import (
	"fmt"
	"strconv"
	"strings"
)

// tokenKind says what a token is.
type tokenKind uint8

const (
	tokenEOF tokenKind = iota
	tokenName
	tokenKeyword
	tokenInt // true and false are the integers 1 and 0, as in Apache's compiler
	tokenDouble
	tokenString
	tokenSymbol
)

type token struct {
	kind   tokenKind
	text   string // the value of a string, else as written
	pos    Pos
	first  bool // on its line
	offset int
	int    int64
	double float64
}

// is says whether the token is this keyword or symbol.
func (t token) is(text string) bool {
	return (t.kind == tokenKeyword || t.kind == tokenSymbol) && t.text == text
}

// describe names the token in a message.
func (t token) describe() string {
	text := t.text
	if len(text) > maxQuotedBytes {
		text = text[:maxQuotedBytes] + "..."
	}
	switch t.kind {
	case tokenEOF:
		return "end of file"
	case tokenString:
		return "string " + strconv.Quote(text)
	case tokenKeyword:
		return "keyword '" + text + "'"
	case tokenInt, tokenDouble:
		return "number " + text
	default:
		return "'" + text + "'"
	}
}

// keywords are the words that are no names. uuid, senum and slist are not among them: old files use the first
// as a name, new ones the others.
var keywords = map[string]bool{
	"namespace": true, "include": true, "cpp_include": true, "cpp_type": true,
	"xsd_all": true, "xsd_optional": true, "xsd_nillable": true, "xsd_attrs": true,
	"void": true, "bool": true, "byte": true, "i8": true, "i16": true, "i32": true, "i64": true,
	"double": true, "string": true, "binary": true, "map": true, "list": true, "set": true,
	"oneway": true, "async": true, "typedef": true, "struct": true, "union": true, "exception": true,
	"extends": true, "throws": true, "service": true, "enum": true, "const": true,
	"required": true, "optional": true,
}

// lexer cuts a file into tokens. Bytes that begin no token are reported and skipped.
type lexer struct {
	file     string
	src      string
	at       int // next byte
	line     int
	lineAt   int // offset of the line's first byte
	fresh    bool
	doc      string // the last doc comment before the token that next gave, until it is taken
	docs     int    // number of doc comments so far
	firstDoc string
	sink     *sink
}

func newLexer(file string, data []byte, s *sink) *lexer {
	src := strings.TrimPrefix(string(data), "\ufeff") // a byte order mark
	return &lexer{file: file, src: src, line: 1, fresh: true, sink: s}
}

func (l *lexer) pos() Pos { return Pos{File: l.file, Line: l.line, Col: l.at - l.lineAt + 1} }

// next gives the next token, tokenEOF at the end and after too many errors.
func (l *lexer) next() token {
	for !l.sink.full() && l.skipSpace() {
		t := token{pos: l.pos(), offset: l.at, first: l.fresh}
		l.fresh = false
		c := l.src[l.at]
		switch {
		case isNameStart(c):
			l.name(&t)
		case c == '"' || c == '\'':
			l.literal(&t, c)
		case strings.IndexByte(":;,{}()=<>[]*&", c) >= 0:
			t.kind, t.text = tokenSymbol, l.src[l.at:l.at+1]
			l.at++
		case !l.number(&t):
			l.sink.errorf(t.pos, fmt.Sprintf("unexpected character %q", rune(c)))
			l.at++
			continue
		}
		return t
	}
	return token{kind: tokenEOF, pos: l.pos(), offset: len(l.src), first: true}
}

// skipSpace passes white space and comments. It says whether anything follows.
func (l *lexer) skipSpace() bool {
	for l.at < len(l.src) {
		rest := l.src[l.at:]
		switch {
		case rest[0] == '\n':
			l.at++
			l.newLine()
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r':
			l.at++
		case rest[0] == '#' || strings.HasPrefix(rest, "//"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			l.at += end
		case strings.HasPrefix(rest, "/*"):
			l.comment(rest)
		default:
			return true
		}
	}
	return false
}

func (l *lexer) newLine() {
	l.line++
	l.lineAt = l.at
	l.fresh = true
}

// comment passes a comment in /* */ and keeps the text of one in /** */. Stars alone make no doc comment.
func (l *lexer) comment(rest string) {
	open := len("/*")
	stars := open + len(rest[open:]) - len(strings.TrimLeft(rest[open:], "*"))
	isDoc := stars > open && (stars == len(rest) || rest[stars] != '/')
	if isDoc {
		open++
	}
	var size int
	switch end := strings.Index(rest[open:], "*/"); {
	case stars > len("/*") && !isDoc:
		size = stars + 1
	case end < 0:
		l.sink.errorf(l.pos(), "comment without end")
		l.at = len(l.src)
		return
	default:
		size = open + end + len("*/")
	}
	if isDoc {
		l.doc = cleanDoc(rest[open : size-len("*/")])
		if l.docs == 0 {
			l.firstDoc = l.doc
		}
		l.docs++
	}
	for end := l.at + size; l.at < end; {
		l.at++
		if l.src[l.at-1] == '\n' {
			l.newLine()
		}
	}
}

func isNameStart(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool     { return '0' <= c && c <= '9' }

// name reads a name or keyword. A dot belongs to it if more of a name follows.
func (l *lexer) name(t *token) {
	end := l.at
	for end < len(l.src) {
		c := l.src[end]
		inner := isNameStart(c) || isDigit(c)
		if c == '.' && end+1 < len(l.src) {
			inner = isNameStart(l.src[end+1]) || isDigit(l.src[end+1])
		}
		if !inner {
			break
		}
		end++
	}
	t.kind, t.text = tokenName, l.src[l.at:end]
	l.at = end
	switch {
	case t.text == "true" || t.text == "false":
		t.kind = tokenInt
		if t.text == "true" {
			t.int = 1
		}
	case keywords[t.text]:
		t.kind = tokenKeyword
	}
}

// literal reads a quoted string, which ends on its line at the latest.
func (l *lexer) literal(t *token, quote byte) {
	var b strings.Builder
	t.kind = tokenString
	for l.at++; l.at < len(l.src) && l.src[l.at] != '\n'; l.at++ {
		c := l.src[l.at]
		if c == quote {
			l.at++
			t.text = b.String()
			return
		}
		if c == '\\' && l.at+1 < len(l.src) && l.src[l.at+1] != '\n' {
			c = l.escape()
		}
		b.WriteByte(c)
	}
	l.sink.errorf(t.pos, "string without end on its line")
	t.text = b.String()
}

// escape reads what follows a backslash; l.at is left on its last byte.
func (l *lexer) escape() byte {
	at := l.pos()
	l.at++
	switch c := l.src[l.at]; c {
	case 'r':
		return '\r'
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case '"', '\'', '\\':
		return c
	default:
		l.sink.errorf(at, fmt.Sprintf(`unknown escape %q, expected one of \r \n \t \" \' \\`, `\`+string(rune(c))))
		return c
	}
}

// number reads an integer, in hex too, or a double. It says whether there was one.
func (l *lexer) number(t *token) bool {
	rest := l.src[l.at:]
	sign := 0
	if rest[0] == '+' || rest[0] == '-' {
		sign = 1
	}
	if size := hexDigits(rest, sign); size > 0 {
		l.integer(t, rest[:size], 16, sign)
		return true
	}
	whole := digits(rest, sign)
	end := whole
	if end < len(rest) && rest[end] == '.' {
		if frac := digits(rest, end+1); frac > end+1 {
			end = frac
		}
	}
	if end == sign {
		return false
	}
	if e := end; e < len(rest) && (rest[e] == 'e' || rest[e] == 'E') {
		e++
		if e < len(rest) && (rest[e] == '+' || rest[e] == '-') {
			e++
		}
		if exp := digits(rest, e); exp > e {
			end = exp
		}
	}
	if end == whole {
		l.integer(t, rest[:end], 10, sign)
		return true
	}
	t.kind, t.text = tokenDouble, rest[:end]
	// A number beyond the range of a double is an infinity, as for Apache's compiler.
	t.double, _ = strconv.ParseFloat(t.text, 64)
	l.at += end
	return true
}

// digits gives the end of the decimal digits from an offset on.
func digits(s string, from int) int {
	for from < len(s) && isDigit(s[from]) {
		from++
	}
	return from
}

// hexDigits gives the end of a hexadecimal number after its sign, 0 if there is none.
func hexDigits(s string, sign int) int {
	if !strings.HasPrefix(s[sign:], "0x") {
		return 0
	}
	end := sign + len("0x")
	for end < len(s) && (isDigit(s[end]) || 'a' <= s[end] && s[end] <= 'f' || 'A' <= s[end] && s[end] <= 'F') {
		end++
	}
	if end == sign+len("0x") {
		return 0
	}
	return end
}

func (l *lexer) integer(t *token, text string, radix, sign int) {
	t.kind, t.text = tokenInt, text
	l.at += len(text)
	number := text
	if radix == 16 {
		number = text[:sign] + text[sign+len("0x"):]
	}
	n, err := strconv.ParseInt(number, radix, 64)
	if err != nil {
		l.sink.errorf(t.pos, fmt.Sprintf("integer %s does not fit in 64 bits", text))
	}
	t.int = n
}
