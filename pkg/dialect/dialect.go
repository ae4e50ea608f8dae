// Package dialect names the ways of putting calls on a connection: gRPC over HTTP/2, Thrift as a transport and a
// protocol, and opaque bytes. The same words stand in the configuration, in Consul metadata, in logs and in metric
// labels. Everybody who handles calls or endpoints uses it; it imports nothing of weft.
package dialect

import (
	"fmt"
	"strings"
)

// Kind is the family of a dialect.
type Kind uint8

// The families. The zero Kind is that of the zero Dialect, which is no dialect.
const (
	KindGRPC Kind = iota + 1
	KindThrift
	KindTCP
)

// Transport is the envelope of Thrift messages on a connection; 0 outside Thrift.
type Transport uint8

// The Thrift transports.
const (
	Framed   Transport = iota + 1 // a 4-byte length before each message
	Unframed                      // messages back to back
	Header                        // THeader
	TTHeader                      // CloudWeGo's TTHeader
	HTTP                          // a POST per call
	ZeroMQ                        // ZeroMQ REQ/REP
)

// Protocol is the encoding of Thrift messages; 0 outside Thrift.
type Protocol uint8

// The Thrift protocols.
const (
	Binary Protocol = iota + 1
	Compact
	JSON
)

// Dialect is one way of putting calls on a connection. It is comparable; the zero value is no dialect and
// prints as "unknown".
type Dialect struct {
	Kind      Kind
	Transport Transport
	Protocol  Protocol
}

// The dialects that are not Thrift, and the Thrift ones that the data path carries.
var (
	GRPC                  = Dialect{Kind: KindGRPC}
	TCP                   = Dialect{Kind: KindTCP}
	ThriftFramedBinary    = Thrift(Framed, Binary)
	ThriftFramedCompact   = Thrift(Framed, Compact)
	ThriftUnframedBinary  = Thrift(Unframed, Binary)
	ThriftUnframedCompact = Thrift(Unframed, Compact)
)

// Thrift returns the Thrift dialect of a transport and a protocol.
func Thrift(t Transport, p Protocol) Dialect {
	return Dialect{Kind: KindThrift, Transport: t, Protocol: p}
}

var (
	transports = [...]string{Framed: "framed", Unframed: "unframed", Header: "header", TTHeader: "ttheader", HTTP: "http", ZeroMQ: "zeromq"}
	protocols  = [...]string{Binary: "binary", Compact: "compact", JSON: "json"}
	names      = nameTable()
)

// nameTable is the full name of each Thrift dialect, made once so that String does not allocate.
func nameTable() (t [len(transports)][len(protocols)]string) {
	for i := 1; i < len(transports); i++ {
		for j := 1; j < len(protocols); j++ {
			t[i][j] = "thrift/" + transports[i] + "/" + protocols[j]
		}
	}
	return t
}

// Parse returns the dialect of a word: "grpc", "tcp", "thrift" (thrift/framed/binary) or
// "thrift/TRANSPORT/PROTOCOL". Words are lower case.
func Parse(s string) (Dialect, error) {
	switch s {
	case "grpc":
		return GRPC, nil
	case "tcp":
		return TCP, nil
	case "thrift":
		return ThriftFramedBinary, nil
	}
	rest, ok := strings.CutPrefix(s, "thrift/")
	if !ok {
		return Dialect{}, fmt.Errorf("unknown dialect %q: want grpc, thrift, thrift/TRANSPORT/PROTOCOL or tcp", s)
	}
	tname, pname, ok := strings.Cut(rest, "/")
	if !ok {
		return Dialect{}, fmt.Errorf("unknown dialect %q: want thrift/TRANSPORT/PROTOCOL, for example thrift/framed/compact", s)
	}
	t := index(transports[:], tname)
	if t == 0 {
		return Dialect{}, fmt.Errorf("unknown Thrift transport %q in dialect %q: want %s", tname, s, strings.Join(transports[1:], ", "))
	}
	p := index(protocols[:], pname)
	if p == 0 {
		return Dialect{}, fmt.Errorf("unknown Thrift protocol %q in dialect %q: want %s", pname, s, strings.Join(protocols[1:], ", "))
	}
	return Thrift(Transport(t), Protocol(p)), nil
}

// index returns where s stands in words, 0 where it does not; words[0] is unused.
func index(words []string, s string) int {
	for i := 1; i < len(words); i++ {
		if words[i] == s {
			return i
		}
	}
	return 0
}

// String returns the word that Parse reads, in full ("thrift/framed/binary", not "thrift"), or "unknown". It does not
// allocate.
func (d Dialect) String() string {
	switch {
	case d == GRPC:
		return "grpc"
	case d == TCP:
		return "tcp"
	case d.Valid():
		return names[d.Transport][d.Protocol]
	}
	return "unknown"
}

// String returns the transport's word, "" for 0.
func (t Transport) String() string {
	if int(t) < len(transports) {
		return transports[t]
	}
	return ""
}

// String returns the protocol's word, "" for 0.
func (p Protocol) String() string {
	if int(p) < len(protocols) {
		return protocols[p]
	}
	return ""
}

// Valid reports whether d is a dialect that Parse can return.
func (d Dialect) Valid() bool {
	switch d.Kind {
	case KindGRPC, KindTCP:
		return d.Transport == 0 && d.Protocol == 0
	case KindThrift:
		return d.Transport > 0 && int(d.Transport) < len(transports) && d.Protocol > 0 && int(d.Protocol) < len(protocols)
	}
	return false
}

// IsThrift reports whether d is a Thrift dialect.
func (d Dialect) IsThrift() bool { return d.Kind == KindThrift }

// SameEncoding reports whether bodies of d and e have the same form, so that at most the envelope has to change between
// them.
func (d Dialect) SameEncoding(e Dialect) bool {
	return d.Kind == e.Kind && d.Protocol == e.Protocol
}

// Supported reports whether the data path of this version carries calls of d.
func (d Dialect) Supported() bool {
	switch d {
	case GRPC, ThriftFramedBinary, ThriftFramedCompact, ThriftUnframedBinary, ThriftUnframedCompact:
		return true
	}
	return false
}

// MarshalText gives the word of String; the zero Dialect is the empty text.
func (d Dialect) MarshalText() ([]byte, error) {
	if d == (Dialect{}) {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText is Parse; the empty text is the zero Dialect.
func (d *Dialect) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Dialect{}
		return nil
	}
	v, err := Parse(string(text))
	if err == nil {
		*d = v
	}
	return err
}

// Count is the number of dialects, "unknown" included: Index is below it.
const Count = 3 + (len(transports)-1)*(len(protocols)-1)

// Index numbers the dialects for tables: 0 is "unknown", that is every dialect that is not Valid.
func (d Dialect) Index() int {
	switch {
	case d == GRPC:
		return 1
	case d == TCP:
		return 2
	case d.Valid():
		return 3 + (int(d.Transport)-1)*(len(protocols)-1) + int(d.Protocol) - 1
	}
	return 0
}

// At returns the dialect with an index; the zero Dialect for 0 and for what is no index.
func At(index int) Dialect {
	switch {
	case index == 1:
		return GRPC
	case index == 2:
		return TCP
	case index >= 3 && index < Count:
		n := index - 3
		return Thrift(Transport(n/(len(protocols)-1)+1), Protocol(n%(len(protocols)-1)+1))
	}
	return Dialect{}
}
