package thriftwire

import "encoding/binary"

// Reader reads a small struct field by field where both protocols must be understood and speed does not matter. After an
// error its position is undefined. One goroutine owns it; the zero value is not usable.
type Reader struct {
	b        []byte
	i        int
	protocol Protocol
	inHead   byte // compact: the bool that the last field head held (true or false nibble), else 0
}

// NewReader returns a reader of the value at the start of b.
func NewReader(b []byte, p Protocol) Reader { return Reader{b: b, protocol: p} }

// Field reads a field head; last is the id of the field before it in the same struct, 0 for the first. t is Stop at the
// end of the struct.
func (r *Reader) Field(last int16) (id int16, t Type, err error) {
	r.inHead = 0
	if r.protocol == Compact {
		nibble, id, next := compactFieldHead(r.b, r.i, int(last))
		if next < 0 {
			return 0, Stop, faultError(next)
		}
		r.i = next
		if nibble == compactTrue || nibble == compactFalse {
			r.inHead = nibble
		}
		return int16(id), binaryOf[nibble], nil
	}
	if r.i >= len(r.b) {
		return 0, Stop, ErrShort
	}
	t = Type(r.b[r.i])
	if t == Stop {
		r.i++
		return 0, Stop, nil
	}
	if compactOf[t] == 0 {
		return 0, Stop, errType
	}
	if len(r.b)-r.i < 3 {
		return 0, Stop, ErrShort
	}
	id = int16(binary.BigEndian.Uint16(r.b[r.i+1:]))
	r.i += 3
	return id, t, nil
}

// I32 reads an i32.
func (r *Reader) I32() (int32, error) {
	if r.protocol == Compact {
		v, next := uvarint32(r.b, r.i)
		if next < 0 {
			return 0, faultError(next)
		}
		r.i = next
		return unzigzag32(v), nil
	}
	if len(r.b)-r.i < 4 {
		return 0, ErrShort
	}
	v := int32(binary.BigEndian.Uint32(r.b[r.i:]))
	r.i += 4
	return v, nil
}

// Bytes reads a string or binary. The result is lent: it lies in the bytes that are read.
func (r *Reader) Bytes() ([]byte, error) {
	n, start := 0, 0
	if r.protocol == Compact {
		n, start = length32(r.b, r.i)
	} else if n, start = binaryLength(r.b[r.i:], 4); start >= 0 {
		start += r.i
	}
	if start < 0 {
		return nil, faultError(start)
	}
	if n > len(r.b)-start {
		return nil, ErrShort
	}
	r.i = start + n
	return r.b[start:r.i:r.i], nil
}

// List reads the head of a list or set: the type of its elements and their number, which is what the peer claims.
func (r *Reader) List() (t Type, n int, err error) {
	var next int
	if r.protocol == Compact {
		var nibble byte
		if nibble, n, next = compactListHead(r.b, r.i); next >= 0 {
			t, r.i = binaryOf[nibble], next
		}
	} else if n, next = binaryLength(r.b[r.i:], 5); next >= 0 {
		t = Type(r.b[r.i])
		r.i += next
	}
	if next < 0 {
		return Stop, 0, faultError(next)
	}
	return t, n, nil
}

// Skip passes over a value of type t: that of the field whose head was read last, or an element of a container.
func (r *Reader) Skip(t Type, maxDepth int) error {
	if r.inHead != 0 && t == Bool {
		r.inHead = 0
		return nil
	}
	next := 0
	if r.protocol == Compact {
		next = skipCompactValue(r.b, r.i, compactOf[t], maxDepth+1)
	} else {
		next = skipBinaryValue(r.b, r.i, byte(t), maxDepth+1)
	}
	if next < 0 {
		return faultError(next)
	}
	r.i = next
	return nil
}
