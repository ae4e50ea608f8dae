package thriftio

import (
	"encoding/binary"

	"weft/translate/thriftwire"
)

// EnvelopeLen returns the number of bytes that AppendEnvelope appends.
func EnvelopeLen(f Framing, h thriftwire.Header) int {
	n := thriftwire.HeaderLen(h)
	if f == Framed {
		n += 4
	}
	return n
}

// AppendEnvelope appends what comes before a body of bodyLen bytes: the frame length, if there is one, and the message
// envelope. The caller appends the body.
func AppendEnvelope(dst []byte, f Framing, h thriftwire.Header, bodyLen int) []byte {
	if f == Framed {
		dst = binary.BigEndian.AppendUint32(dst, uint32(thriftwire.HeaderLen(h)+bodyLen))
	}
	return thriftwire.AppendHeader(dst, h)
}

// BeginMessage is AppendEnvelope for a body whose size is not known yet. EndMessage, given the same start, fills in the
// frame length when the body has been appended.
func BeginMessage(dst []byte, f Framing, h thriftwire.Header) (out []byte, start int) {
	start = len(dst)
	return AppendEnvelope(dst, f, h, 0), start
}

// EndMessage completes the message that BeginMessage began at start.
func EndMessage(dst []byte, f Framing, start int) {
	if f == Framed {
		binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	}
}

// AppendException appends a whole Exception message in answer to the call with envelope h.
func AppendException(dst []byte, f Framing, h thriftwire.Header, e thriftwire.ApplicationException) []byte {
	h.Type, h.Strict = thriftwire.Exception, true
	dst, start := BeginMessage(dst, f, h)
	dst = thriftwire.AppendApplicationException(dst, h.Protocol, e)
	EndMessage(dst, f, start)
	return dst
}
