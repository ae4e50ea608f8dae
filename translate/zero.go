package translate

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"weft/translate/schema"
)

// This file finds, at load time, what absence looks like in Thrift: the bytes of a zero scalar, an empty container, the
// struct that an empty protobuf message becomes. The run appends them whole.

// maxZero is the longest zero value in bytes. Structs whose fields are written when absent multiply; this is
// where a schema has gone wrong.
const maxZero = 64 << 10

type emptyState uint8

const (
	emptyUnknown emptyState = iota
	emptyVisiting
	emptyKnown
)

// finish gives every value compiled so far its zero.
func (c *thriftCompiler) finish() error {
	for _, v := range c.fresh {
		if err := c.setZero(v); err != nil {
			return err
		}
	}
	// Helpers were made from copies of values that had no zero then.
	for _, v := range c.fresh {
		if v.op == opWrap {
			v.message.fields[0].value = *v.elem
		}
		if v.op == opMap {
			v.message.fields[0].value, v.message.fields[1].value = *v.key, *v.elem
		}
	}
	for _, m := range c.ordered {
		m.setZeros(c.compact)
	}
	c.fresh, c.ordered = nil, nil
	return nil
}

func (c *thriftCompiler) setZero(v *thriftValue) error {
	switch v.op {
	case opScalar:
		x := uint64(0)
		if v.enum != nil {
			if n, ok := v.enum.find(0); ok {
				x = uint64(int64(n))
			}
		}
		v.zero = appendScalar(nil, v.write, x)
	case opTimestamp, opDuration:
		v.zero = appendScalar(nil, v.write, 0)
	case opString, opBytes:
		v.zero = c.length(0)
	case opUUID, opUUIDText:
		v.zero = make([]byte, 16)
	case opList:
		v.zero = appendListHeader(nil, c.compact, v.elem.code, 0)
	case opMap:
		v.zero = appendMapHeader(nil, c.compact, v.key.code, v.elem.code, 0)
	case opWrap:
		if err := c.setZero(v.elem); err != nil {
			return err
		}
		v.zero, v.zeroErr = v.elem.zero, v.elem.zeroErr
	case opStruct:
		if err := c.setEmpty(v.message); err != nil {
			return err
		}
		v.zero, v.zeroErr = v.message.empty, v.message.emptyErr
	}
	return nil
}

func (c *thriftCompiler) length(n uint32) []byte {
	if c.compact {
		return []byte{byte(n)}
	}
	return binary.BigEndian.AppendUint32(nil, n)
}

// setEmpty finds the struct that an empty message becomes.
func (c *thriftCompiler) setEmpty(m *thriftMessage) error {
	switch m.emptyState {
	case emptyKnown:
		return nil
	case emptyVisiting:
		return fmt.Errorf("%s holds itself in fields that are written when they are absent: it has no end", m.name)
	}
	m.emptyState = emptyVisiting
	b, last := []byte(nil), int16(0)
	for w, word := range m.always {
		for ; word != 0; word &= word - 1 {
			f := &m.fields[w*64+bits.TrailingZeros64(word)]
			if f.absent == schema.Refuse {
				m.setEmptyErr(errMissing().in(f.name))
				return nil
			}
			if err := c.setZero(&f.value); err != nil {
				return err
			}
			if e := f.value.zeroErr; e != nil {
				m.setEmptyErr(e.clone().in(f.name))
				return nil
			}
			b = f.appendZero(b, c.compact, last)
			last = f.id
			if len(b) > maxZero {
				return fmt.Errorf("the empty %s is larger than %d bytes", m.name, maxZero)
			}
		}
	}
	if m.union {
		m.setEmptyErr(errUnion(m.name, 0))
		return nil
	}
	m.empty, m.emptyState = append(b, 0), emptyKnown
	return nil
}

func (m *thriftMessage) setEmptyErr(e *Error) { m.emptyErr, m.emptyState = e, emptyKnown }

// appendZero appends the field with its zero value.
func (f *thriftField) appendZero(b []byte, compact bool, last int16) []byte {
	if f.boolean {
		return appendCompactHeader(b, compactFalse, f.id, last)
	}
	return append(f.appendHeader(b, compact, last), f.value.zero...)
}
