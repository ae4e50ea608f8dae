package thriftwire

import (
	"encoding/binary"
	"errors"
)

// MessageType of an envelope.
type MessageType uint8

const (
	Call      MessageType = 1
	Reply     MessageType = 2
	Exception MessageType = 3
	Oneway    MessageType = 4
)

func (t MessageType) valid() bool { return t >= Call && t <= Oneway }

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

// MaxHeader is the longest envelope that ReadHeader takes, in bytes.
const MaxHeader = MaxName + 12

var (
	errNotEnvelope = errors.New("thrift: bytes are not a message envelope")
	errMessageType = errors.New("thrift: unknown message type in the envelope")
	errName        = errors.New("thrift: method name in the envelope has a bad length")
)

const (
	binaryMagic  = 0x80 // first byte of the version word 80 01
	compactMagic = 0x82
	version      = 1
)

// ReadHeader reads the envelope at the start of b and returns its length in bytes. The protocol and strictness are told by the
// first bytes. ErrShort where b ends inside it, and only where more bytes could still make it an envelope.
func ReadHeader(b []byte) (h Header, n int, err error) {
	if len(b) == 0 {
		return Header{}, 0, ErrShort
	}
	switch {
	case b[0] == binaryMagic:
		return readStrict(b)
	case b[0] == compactMagic:
		return readCompact(b)
	case b[0] == 0: // a name length of at most MaxName
		return readNonStrict(b)
	}
	return Header{}, 0, errNotEnvelope
}

// readStrict reads `80 01 unused type`, name, sequence id. Byte 2 is ignored, as Apache's readers do.
func readStrict(b []byte) (Header, int, error) {
	if len(b) > 1 && b[1] != version {
		return Header{}, 0, errNotEnvelope
	}
	if len(b) < 4 {
		return Header{}, 0, ErrShort
	}
	h := Header{Protocol: Binary, Strict: true, Type: MessageType(b[3])}
	if !h.Type.valid() {
		return Header{}, 0, errMessageType
	}
	size, err := nameLength(b[4:])
	if err != nil {
		return Header{}, 0, err
	}
	n := 8 + size + 4
	if len(b) < n {
		return Header{}, 0, ErrShort
	}
	h.Name = b[8 : 8+size : 8+size]
	h.Seq = int32(binary.BigEndian.Uint32(b[8+size:]))
	return h, n, nil
}

// readNonStrict reads name, type, sequence id: what writers from before the version word send.
func readNonStrict(b []byte) (Header, int, error) {
	size, err := nameLength(b)
	if err != nil {
		return Header{}, 0, err
	}
	if len(b) <= 4+size {
		return Header{}, 0, ErrShort
	}
	h := Header{Protocol: Binary, Type: MessageType(b[4+size])}
	if !h.Type.valid() {
		return Header{}, 0, errMessageType
	}
	n := 4 + size + 5
	if len(b) < n {
		return Header{}, 0, ErrShort
	}
	h.Name = b[4 : 4+size : 4+size]
	h.Seq = int32(binary.BigEndian.Uint32(b[5+size:]))
	return h, n, nil
}

// nameLength reads the i32 length of a name. It refuses a length above MaxName at the first byte that shows it.
func nameLength(b []byte) (int, error) {
	if len(b) > 0 && b[0] != 0 || len(b) > 1 && b[1] != 0 || len(b) > 2 && b[2] > MaxName>>8 {
		return 0, errName
	}
	if len(b) < 4 {
		return 0, ErrShort
	}
	size := int(b[2])<<8 | int(b[3])
	if size > MaxName {
		return 0, errName
	}
	return size, nil
}

// readCompact reads `82`, version and type, sequence id as a plain varint, name.
func readCompact(b []byte) (Header, int, error) {
	if len(b) < 2 {
		return Header{}, 0, ErrShort
	}
	if b[1]&0x1f != version {
		return Header{}, 0, errNotEnvelope
	}
	h := Header{Protocol: Compact, Strict: true, Type: MessageType(b[1] >> 5)}
	if !h.Type.valid() {
		return Header{}, 0, errMessageType
	}
	seq, i := uvarint32(b, 2)
	if i < 0 {
		return Header{}, 0, faultError(i)
	}
	size, i := uvarint32(b, i)
	switch {
	case i == short:
		return Header{}, 0, ErrShort
	case i < 0 || size > MaxName:
		return Header{}, 0, errName
	}
	n := i + int(size)
	if len(b) < n {
		return Header{}, 0, ErrShort
	}
	h.Name, h.Seq = b[i:n:n], int32(seq)
	return h, n, nil
}

// AppendHeader appends an envelope (h.Name, h.Type, h.Seq as given). A binary envelope is written with the version word
// only where h.Strict is set; Apache's servers answer strict also to callers that were not.
func AppendHeader(dst []byte, h Header) []byte {
	if h.Protocol == Compact {
		dst = append(dst, compactMagic, byte(h.Type)<<5|version)
		dst = binary.AppendUvarint(dst, uint64(uint32(h.Seq)))
		dst = binary.AppendUvarint(dst, uint64(len(h.Name)))
		return append(dst, h.Name...)
	}
	if h.Strict {
		dst = append(dst, binaryMagic, version, 0, byte(h.Type))
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(h.Name)))
	dst = append(dst, h.Name...)
	if !h.Strict {
		dst = append(dst, byte(h.Type))
	}
	return binary.BigEndian.AppendUint32(dst, uint32(h.Seq))
}

// HeaderLen returns the number of bytes that AppendHeader appends for h.
func HeaderLen(h Header) int {
	if h.Protocol == Compact {
		return 2 + uvarintLen(uint32(h.Seq)) + uvarintLen(uint32(len(h.Name))) + len(h.Name)
	}
	if h.Strict {
		return 12 + len(h.Name)
	}
	return 9 + len(h.Name)
}
