// Package detect tells from the first bytes of a connection how it speaks: gRPC, one of Thrift's many forms, TLS, or
// something unknown, which is relayed as it is. The listeners of the proxy peek, ask, and peek again until it is decided or
// their deadline has passed.
//
// The forms were not made to be told apart: most of Thrift's begin with a length. What makes it safe is that the bytes
// behind the length differ, and that a length above 0x3fffffff cannot be meant (HeaderFormat.md). A peer that wants to be taken
// for another form can have that; it is then refused by that form's own parser.
package detect

import "weft/pkg/dialect"

// Kind is what a connection begins with.
type Kind uint8

const (
	Unknown Kind = iota // none of the others: opaque
	TLS                 // a TLS handshake record
	H2                  // HTTP/2 with prior knowledge
	HTTP1               // an HTTP/1.1 request: Thrift over HTTP, or an upgrade

	UnframedBinary    // strict TBinaryProtocol
	UnframedNonStrict // TBinaryProtocol without the version word
	UnframedCompact
	UnframedJSON
	FramedBinary
	FramedNonStrict
	FramedCompact
	FramedJSON
	THeader
	FramedTHeader // THeader inside of a frame, as Apache's Python, Go and Node write it by mistake
	TTHeader      // CloudWeGo
	KitexMesh     // Kitex mesh header; another form follows it
	KitexProtobuf
	Zlib // a TZlib stream; another form lies inside
	SASL // a SASL START message; another form follows the handshake
	Mux  // ThriftMux
	Rocket
)

var kindNames = [...]string{
	Unknown: "unknown", TLS: "tls", H2: "h2", HTTP1: "http1",
	UnframedBinary: "thrift/unframed/binary", UnframedNonStrict: "thrift/unframed/binary (non-strict)",
	UnframedCompact: "thrift/unframed/compact", UnframedJSON: "thrift/unframed/json",
	FramedBinary: "thrift/framed/binary", FramedNonStrict: "thrift/framed/binary (non-strict)",
	FramedCompact: "thrift/framed/compact", FramedJSON: "thrift/framed/json",
	THeader: "thrift/header", FramedTHeader: "thrift/header (framed)", TTHeader: "thrift/ttheader",
	KitexMesh: "kitex mesh header", KitexProtobuf: "kitex protobuf", Zlib: "zlib", SASL: "sasl", Mux: "thriftmux", Rocket: "rocket",
}

// String returns the dialect's word where there is one, else a name for logs.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[Unknown]
}

// Dialect returns the dialect of the connection. ok is false where the first bytes do not settle it: inside TLS, HTTP/1.1,
// THeader and what else wraps a protocol, and for forms that weft has no dialect for.
func (k Kind) Dialect() (d dialect.Dialect, ok bool) {
	switch k {
	case H2:
		return dialect.GRPC, true
	case UnframedBinary, UnframedNonStrict:
		return dialect.ThriftUnframedBinary, true
	case UnframedCompact:
		return dialect.ThriftUnframedCompact, true
	case UnframedJSON:
		return dialect.Thrift(dialect.Unframed, dialect.JSON), true
	case FramedBinary, FramedNonStrict:
		return dialect.ThriftFramedBinary, true
	case FramedCompact:
		return dialect.ThriftFramedCompact, true
	case FramedJSON:
		return dialect.Thrift(dialect.Framed, dialect.JSON), true
	}
	return dialect.Dialect{}, false
}

// MaxPeek is the number of bytes that always suffice.
const MaxPeek = 24

// Detect tells what a connection that begins with b is. done false asks for more bytes; once it is true, more bytes
// never change the answer. It decides as soon as the bytes do: two are enough for an unframed compact call, which may have five in
// all.
func Detect(b []byte) (k Kind, done bool) {
	for _, r := range rows {
		switch r.match(b) {
		case yes:
			return r.kind, true
		case maybe:
			return Unknown, false
		}
	}
	return Unknown, true
}
