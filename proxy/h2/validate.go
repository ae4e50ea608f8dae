package h2

import (
	"strings"

	"golang.org/x/net/http2/hpack"
)

// pseudoSet is which pseudo-header fields a list has.
type pseudoSet uint8

const (
	hasMethod pseudoSet = 1 << iota
	hasScheme
	hasAuthority
	hasPath
	hasStatus

	ofRequest = hasMethod | hasScheme | hasAuthority | hasPath
)

// setPseudo takes a pseudo-header field (RFC 9113, 8.3): each once, before all others, and no unknown ones.
func (h *Headers) setPseudo(f hpack.HeaderField, behindFields bool) {
	var (
		bit pseudoSet
		to  *string
	)
	switch f.Name {
	case ":method":
		bit, to = hasMethod, &h.Method
	case ":scheme":
		bit, to = hasScheme, &h.Scheme
	case ":authority":
		bit, to = hasAuthority, &h.Authority
	case ":path":
		bit, to = hasPath, &h.Path
	case ":status":
		bit, to = hasStatus, &h.Status
	default:
		h.malformed("unknown pseudo-header field")
		return
	}
	switch {
	case behindFields:
		h.malformed("pseudo-header field behind others")
	case h.pseudo&bit != 0:
		h.malformed("pseudo-header field twice")
	case !validValue(f.Value):
		h.malformed("pseudo-header field with a wrong character")
	}
	h.pseudo |= bit
	*to = f.Value
}

// malformed keeps the first reason.
func (h *Headers) malformed(reason string) {
	if h.bad == "" {
		h.bad = reason
	}
}

// check takes a field that is not a pseudo-header field (RFC 9113, 8.2).
func (h *Headers) check(f hpack.HeaderField) {
	switch {
	case !validName(f.Name):
		h.malformed("field name with a wrong character")
		return
	case !validValue(f.Value):
		h.malformed("field value with a wrong character")
		return
	}
	switch f.Name {
	case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade":
		h.malformed("connection-specific field " + f.Name)
	case "te":
		if !strings.EqualFold(f.Value, "trailers") {
			h.malformed("te is not trailers")
		}
	case "content-length":
		n, ok := parseLength(f.Value)
		if !ok || h.length >= 0 && h.length != n {
			h.malformed("content-length is not one number")
		}
		h.length = n
	}
}

// finish works out what depends on several fields.
func (h *Headers) finish() {
	if h.pseudo&ofRequest == 0 {
		return
	}
	for i := range h.Fields {
		switch f := &h.Fields[i]; {
		case f.Name != "host":
		case h.Authority == "":
			h.Authority = f.Value
		case !strings.EqualFold(h.Authority, f.Value):
			h.malformed("host is not :authority") // 8.3.1
		}
	}
}

// badRequest says why the list is no request (8.3.1), "" if it is one.
func (h *Headers) badRequest(end bool) string {
	switch {
	case h.bad != "":
		return h.bad
	case h.pseudo&hasStatus != 0:
		return "request with :status"
	case !validMethod(h.Method):
		return "request without a :method"
	case h.Method == "CONNECT": // 8.5
		if h.pseudo&(hasScheme|hasPath) != 0 || h.Authority == "" {
			return "CONNECT takes :authority alone"
		}
	case h.Scheme == "" || h.Path == "":
		return "request without :scheme or :path"
	case h.Path[0] != '/' && (h.Path != "*" || h.Method != "OPTIONS"):
		return ":path does not begin with a slash"
	}
	if end && h.length > 0 {
		return "content-length without a body"
	}
	return ""
}

// badResponse says why the list is no response (8.3.2), "" if it is one.
func (h *Headers) badResponse(end bool) string {
	switch {
	case h.bad != "":
		return h.bad
	case h.pseudo != hasStatus:
		return "response with other pseudo-header fields than :status"
	case !validStatus(h.Status):
		return ":status is not a number of three digits"
	case h.Status[0] == '1' && (end || h.Status == "101"):
		return "informational response that ends the stream or switches the protocol"
	}
	return ""
}

// badTrailers says why the list may not stand behind a body (8.1), "" if it may.
func (h *Headers) badTrailers() string {
	if h.bad == "" && h.pseudo != 0 {
		return "pseudo-header field in trailers"
	}
	return h.bad
}

func validStatus(s string) bool {
	return len(s) == 3 && s[0] >= '1' && s[0] <= '9' && isDigit(s[1]) && isDigit(s[2])
}

func isDigit(ch byte) bool { return ch >= '0' && ch <= '9' }

func parseLength(s string) (int64, bool) {
	if len(s) == 0 || len(s) > 18 {
		return 0, false
	}
	var n int64
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}

// nameChars are the characters of a token (RFC 9110, 5.6.2) but capitals.
var nameChars = func() (ok [256]bool) {
	for _, ch := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
		ok[ch] = true
	}
	return ok
}()

func validName(s string) bool {
	for i := range len(s) {
		if !nameChars[s[i]] {
			return false
		}
	}
	return len(s) > 0
}

func validMethod(s string) bool {
	for i := range len(s) {
		ch := s[i]
		if ch >= 'A' && ch <= 'Z' {
			ch += 'a' - 'A'
		}
		if !nameChars[ch] {
			return false
		}
	}
	return len(s) > 0
}

// validValue refuses what could end a field in HTTP/1 (RFC 9113, 8.2.1).
func validValue(s string) bool {
	for i := range len(s) {
		if ch := s[i]; ch == 0 || ch == '\r' || ch == '\n' {
			return false
		}
	}
	return true
}

// trimSpace drops the blanks around a value. RFC 9113 calls such a field malformed; gRPC's callers send them, and gRPC lets
// them be dropped.
func trimSpace(s string) string { return strings.Trim(s, " \t") }
