package detect

import "encoding/binary"

// verdict of one row about the bytes so far. yes and no are final.
type verdict uint8

const (
	no verdict = iota
	maybe
	yes
)

// rows in order of precedence: the first that does not say no decides. At most one row says yes to most inputs; where two
// could, the order matters and the row says why.
var rows = []struct {
	kind  Kind
	match func(b []byte) verdict
}{
	{TLS, isTLS}, // as a frame length it would be 369 MB
	{H2, func(b []byte) verdict { return text(b, 0, "PRI ") }},
	{HTTP1, isHTTP1},
	{UnframedBinary, func(b []byte) verdict { return binaryMagic(b, 0) }},
	{UnframedCompact, func(b []byte) verdict { return compactMagic(b, 0) }},
	{UnframedJSON, func(b []byte) verdict { return text(b, 0, `[1,"`) }},
	{Zlib, isZlib},
	{KitexMesh, func(b []byte) verdict { return text(b, 0, "\xff\xaf") }},
	{SASL, isSASL}, // as a frame length it would be 16 MiB
	{THeader, framed(func(b []byte) verdict { return text(b, 4, "\x0f\xff") })},
	{TTHeader, framed(func(b []byte) verdict { return text(b, 4, "\x10\x00") })},
	{KitexProtobuf, framed(func(b []byte) verdict { return text(b, 4, "\x90\x01") })},
	{FramedBinary, framed(func(b []byte) verdict { return binaryMagic(b, 4) })},
	{FramedCompact, framed(func(b []byte) verdict { return compactMagic(b, 4) })},
	{FramedJSON, framed(func(b []byte) verdict { return text(b, 4, "[1,") })},
	{Mux, framed(isMux)},
	{FramedTHeader, framed(isFramedTHeader)},
	{Rocket, isRocket},
	{UnframedNonStrict, func(b []byte) verdict { return nonStrict(b, 0) }},
	{FramedNonStrict, framed(func(b []byte) verdict { return nonStrict(b, 4) })},
}

// test is the verdict about the byte at i.
func test(b []byte, i int, ok func(c byte) bool) verdict {
	switch {
	case i >= len(b):
		return maybe
	case ok(b[i]):
		return yes
	}
	return no
}

// both is yes where both are.
func both(x, y verdict) verdict { return min(x, y) }

// text is the verdict about s standing at i.
func text(b []byte, i int, s string) verdict {
	for j := range len(s) {
		if i+j >= len(b) {
			return maybe
		}
		if b[i+j] != s[j] {
			return no
		}
	}
	return yes
}

// framed is match behind a 4-byte length of 1 to 0x3fffffff.
func framed(match func(b []byte) verdict) func(b []byte) verdict {
	return func(b []byte) verdict { return both(length(b), match(b)) }
}

func length(b []byte) verdict {
	for i := range min(len(b), 4) {
		if b[i] != 0 {
			return test(b, 0, func(c byte) bool { return c <= 0x3f })
		}
	}
	if len(b) < 4 {
		return maybe
	}
	return no
}

func isTLS(b []byte) verdict {
	return both(text(b, 0, "\x16\x03"), test(b, 2, func(c byte) bool { return c <= 4 }))
}

// methods are the first four bytes of HTTP/1.1 requests.
var methods = []string{"POST", "GET ", "HEAD", "PUT ", "OPTI", "DELE", "PATC", "CONN", "TRAC"}

func isHTTP1(b []byte) verdict {
	v := no
	for _, m := range methods {
		v = max(v, text(b, 0, m))
	}
	return v
}

// binaryMagic is the version word of a strict binary message.
func binaryMagic(b []byte, i int) verdict { return text(b, i, "\x80\x01") }

// compactMagic is the protocol id, and version 1 with a message type of 1 to 4.
func compactMagic(b []byte, i int) verdict {
	return both(text(b, i, "\x82"), test(b, i+1, func(c byte) bool { return c&0x1f == 1 && c>>5 >= 1 && c>>5 <= 4 }))
}

// isZlib is a zlib header for any of the four levels (RFC 1950).
func isZlib(b []byte) verdict {
	return both(text(b, 0, "\x78"), test(b, 1, func(c byte) bool { return c == 0x01 || c == 0x5e || c == 0x9c || c == 0xda }))
}

// isSASL is a START message with the name of a mechanism: 1 to 20 upper-case letters, digits, '-' and '_' (RFC 4422 3.1).
// Four of them are looked at.
func isSASL(b []byte) verdict {
	v := both(text(b, 0, "\x01\x00\x00\x00"), test(b, 4, func(c byte) bool { return c >= 1 && c <= 20 }))
	if v != yes {
		return v
	}
	v = test(b, 5, func(c byte) bool { return c >= 'A' && c <= 'Z' })
	for i := 6; i < 5+min(int(b[4]), 4); i++ {
		v = both(v, test(b, i, func(c byte) bool { return c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' }))
	}
	return v
}

// isMux is a Tinit (68), or the "tinit check" that older clients send first as Rerr (127, or -128), with a tag that begins with a
// zero byte; no envelope has one there.
func isMux(b []byte) verdict {
	return both(test(b, 4, func(c byte) bool { return c == 0x44 || c == 0x7f || c == 0x80 }), text(b, 5, "\x00"))
}

// isFramedTHeader is a second length, 4 less than the first, before the THeader magic.
func isFramedTHeader(b []byte) verdict {
	if len(b) < 4 {
		return maybe
	}
	inner := binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(b)-4)
	return both(text(b, 4, string(inner)), text(b, 8, "\x0f\xff"))
}

// isRocket is an RSocket frame of type SETUP (1, above two flag bits) on stream 0, and the zero byte that major
// version 0 or 1 begins with: 3 bytes length (1 to 65535 here), 4 stream, 2 type and flags, 2 major version.
func isRocket(b []byte) verdict {
	v := both(text(b, 0, "\x00"), text(b, 3, "\x00\x00\x00\x00"))
	if len(b) >= 3 && b[1] == 0 && b[2] == 0 {
		return no
	}
	v = both(v, test(b, 7, func(c byte) bool { return c&^0x03 == 0x04 }))
	return both(v, text(b, 9, "\x00"))
}

// nonStrict is a binary envelope without version word: the length of the name, the name, the message type. Of a name that
// goes beyond MaxPeek only the beginning is seen.
func nonStrict(b []byte, i int) verdict {
	v := both(text(b, i, "\x00\x00"), test(b, i+2, func(c byte) bool { return c <= 4 }))
	if v == no {
		return no
	}
	if len(b) < i+4 {
		return maybe
	}
	size := int(b[i+2])<<8 | int(b[i+3])
	if size == 0 || size > 1024 {
		return no
	}
	start := i + 4
	for at := start; at < start+size; at++ {
		if at == MaxPeek {
			return yes
		}
		if v := test(b, at, isNameByte); v != yes {
			return v
		}
	}
	if start+size >= MaxPeek {
		return yes
	}
	return test(b, start+size, func(c byte) bool { return c >= 1 && c <= 4 })
}

// isNameByte says what a method name is made of, with '.' and ':' for the names of multiplexed services.
func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == ':' || c == '-' || c == '/'
}
