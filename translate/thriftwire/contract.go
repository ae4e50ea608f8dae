// Package thriftwire reads and writes Thrift's wire forms without a schema: message envelopes, values to be skipped or
// turned from one protocol into the other, TApplicationException. It works on bytes that lie in memory; nothing is
// allocated from a length that the bytes claim.
package thriftwire

import "errors"

// Protocol is the encoding of values.
type Protocol uint8

const (
	Binary  Protocol = iota + 1 // TBinaryProtocol
	Compact                     // TCompactProtocol
)

// MessageType of an envelope.
type MessageType uint8

const (
	Call      MessageType = 1
	Reply     MessageType = 2
	Exception MessageType = 3
	Oneway    MessageType = 4
)

// ErrShort says that the bytes end before the value does: more may come.
var ErrShort = errors.New("thrift: message is incomplete")

// Header is a message envelope.
type Header struct {
	Protocol Protocol
	Strict   bool // binary only: version word in front; compact is always strict
	Type     MessageType
	Name     []byte // lent: lies in the bytes that were read
	Seq      int32
}

// MaxName is the longest method name that is accepted, in bytes.
const MaxName = 1024

// ReadHeader reads the envelope at the start of b and returns its length in bytes. The protocol and strictness are told by the
// first bytes. ErrShort where b ends inside it.
func ReadHeader(b []byte) (h Header, n int, err error) { panic("contract") }

// AppendHeader appends an envelope (h.Name, h.Type, h.Seq as given).
func AppendHeader(dst []byte, h Header) []byte { panic("contract") }

// SkipStruct returns the length of the struct at the start of b: ErrShort where b ends inside it, another error where it is malformed or
// nested deeper than maxDepth.
func SkipStruct(b []byte, p Protocol, maxDepth int) (n int, err error) { panic("contract") }

// Scanner finds the end of an unframed struct whose bytes arrive in pieces, without looking at a byte twice and in
// bounded memory.
type Scanner struct{}

// Reset prepares s for a struct in protocol p.
func (s *Scanner) Reset(p Protocol, maxDepth int) { panic("contract") }

// Scan takes the next bytes and returns how many of them belong to the struct, and whether it ended there.
func (s *Scanner) Scan(b []byte) (n int, done bool, err error) { panic("contract") }

// Transcode appends the struct at the start of src, written in protocol from, to dst in protocol to, and returns the bytes of src it took.
func Transcode(dst []byte, to Protocol, src []byte, from Protocol, maxDepth int) (out []byte, n int, err error) {
	panic("contract")
}

// ApplicationException is Thrift's own error: what went wrong outside of the declared exceptions.
type ApplicationException struct {
	Type int32 // 0 where the peer sent none
	Text string
}

// ReadApplicationException reads the body of an Exception message.
func ReadApplicationException(b []byte, p Protocol) (ApplicationException, error) { panic("contract") }

// AppendApplicationException appends the body of an Exception message.
func AppendApplicationException(dst []byte, p Protocol, e ApplicationException) []byte {
	panic("contract")
}
