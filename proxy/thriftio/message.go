// Package thriftio is the Thrift wire side of the proxy. The Decoder turns the bytes of a connection into messages and
// the Append functions put envelopes in front of bodies; neither does I/O. The reader goroutine of a connection, on
// either side of the proxy, owns its Decoder.
package thriftio

import (
	"errors"
	"fmt"

	"weft/pkg/buf"
	"weft/translate/thriftwire"
)

// Framing is how messages are told apart on a connection.
type Framing uint8

const (
	Framed   Framing = iota + 1 // a 4-byte length before one or more messages
	Unframed                    // messages back to back
)

// String returns the word used in dialect names.
func (f Framing) String() string {
	switch f {
	case Framed:
		return "framed"
	case Unframed:
		return "unframed"
	}
	return "unknown"
}

// Message is one Thrift message. Its bytes are lent: they stay valid until the next call of the Decoder, or as long as
// the caller holds a reference of its own to Segment.
type Message struct {
	Header  thriftwire.Header
	Body    []byte       // the bare argument or result struct
	Segment *buf.Segment // what Header.Name and Body lie in: the caller's own, or one of the Decoder's
	Framing Framing
}

// Budget counts bytes before they are held. The Decoder reserves what a message that arrives in pieces will need.
type Budget interface {
	// Reserve takes n bytes or nothing, and says which.
	Reserve(n int) bool
	// Release gives n reserved bytes back.
	Release(n int)
}

// Limits of a Decoder.
type Limits struct {
	MaxMessage int    // largest frame, or unframed message with its envelope, in bytes; 0 means DefaultMaxMessage
	MaxDepth   int    // 0 means thriftwire.DefaultMaxDepth
	Budget     Budget // nil: no budget
}

// DefaultMaxMessage is Thrift's default frame limit (thrift-tconfiguration.md), in bytes.
const DefaultMaxMessage = 16_384_000

// maxFrame is the longest frame length that can be meant (HeaderFormat.md); above it the bytes are something else.
const maxFrame = 0x3fffffff

// Reason says why one message was not delivered.
type Reason uint8

const (
	TooLarge   Reason = iota + 1 // above Limits.MaxMessage
	OverBudget                   // the Budget refused it
	Malformed                    // its body is not a struct of its protocol, or nested too deep
)

// CallError says that one message was not delivered. The message's Header comes with it, and the connection goes on: the Decoder
// passes over the bytes of that message by itself, and those of the same frame that follow it.
type CallError struct {
	Reason Reason
	Size   int   // of the frame, or of what had arrived of an unframed message, in bytes
	Err    error // Malformed: what is wrong
}

func (e *CallError) Error() string {
	switch e.Reason {
	case TooLarge:
		return fmt.Sprintf("thrift message of %d bytes or more is above the limit", e.Size)
	case OverBudget:
		return fmt.Sprintf("no memory left for a thrift message of %d bytes or more", e.Size)
	}
	return fmt.Sprintf("read thrift message in a frame of %d bytes: %v", e.Size, e.Err)
}

func (e *CallError) Unwrap() error { return e.Err }

// What a connection cannot go on from, beside malformed envelopes and unframed bodies.
var (
	errEmptyFrame  = errors.New("thrift frame of length 0")
	errFrameLength = errors.New("thrift frame length is out of range")
	errFrameEnds   = errors.New("thrift frame ends inside a message")
	errNotThrift   = errors.New("first bytes are no thrift message")
	errReleased    = errors.New("thrift decoder was released")
)
