package translate

import (
	"encoding/binary"
	"slices"

	"weft/translate/pbwire"
	"weft/translate/schema"
)

// This file has what the quick runs of both directions (ordered.go, quick.go) share: a step is the part of a field's plan that they
// need, small enough that those of a message lie in a few cache lines, and with what they write already encoded. What is rare
// has the kind stepField, and is left to the code that knows everything.

// stepKind says how a quick run moves a field. Each kind stands for one way to read and one to write.
type stepKind uint8

const (
	stepField    stepKind = iota // by the full plan
	stepI32                      // varint <-> big-endian i32
	stepI64                      // varint <-> big-endian i64
	stepZigzag32                 // varint of an int32 <-> zigzag varint
	stepZigzag64                 // varint of an int64 <-> zigzag varint
	stepBool                     // varint <-> byte
	stepFlag                     // varint <-> type number in a compact header
	stepVarint                   // another varint, or one with a check
	stepWord                     // eight bytes, to be reversed
	stepWordLE                   // eight bytes as they are
	stepText                     // string or bytes; what follows has a length on protobuf's side
	stepStruct
	stepStructs // list of structs
	stepPacked  // list of scalars in one piece
	stepMap     // with keys that are no structs
)

// stepRoom is the number of bytes of the output that are free at the start of each step. No scalar needs more with its header or tag.
const stepRoom = 32

// grow makes room for size bytes and a step behind out[:n]; all of what it returns may be written to.
//
//go:noinline
func grow(out []byte, n, size int) []byte {
	out = slices.Grow(out[:n], size+stepRoom)
	return out[:cap(out)]
}

const highBits = 0x8080808080808080

// copyText copies src[lo:hi] to the start of dst and says whether it is all ASCII. Behind dst[hi-lo:] there are eight bytes more, which
// may change: short strings are copied in words, that is cheaper than a call of memmove and a look at each byte.
func copyText(dst, src []byte, lo, hi int) (ascii bool) {
	n := hi - lo
	if n > 64 || len(src)-hi < 8 {
		copy(dst, src[lo:hi])
		return isASCII(src[lo:hi])
	}
	var all uint64
	from, to := src[lo:hi+8], dst[:n+8]
	for len(from) > 16 && len(to) >= 8 {
		x := binary.LittleEndian.Uint64(from)
		binary.LittleEndian.PutUint64(to, x)
		all |= x
		from, to = from[8:], to[8:]
	}
	if len(from) >= 8 && len(to) >= 8 { // the last word: 0 to 8 bytes of the text
		x := binary.LittleEndian.Uint64(from)
		binary.LittleEndian.PutUint64(to, x)
		all |= x << ((16 - uint(len(from))) * 8)
	}
	return all&highBits == 0
}

// isASCII says whether no byte has its high bit set.
func isASCII(b []byte) bool {
	for ; len(b) >= 32; b = b[32:] {
		x := binary.LittleEndian.Uint64(b) | binary.LittleEndian.Uint64(b[8:]) |
			binary.LittleEndian.Uint64(b[16:]) | binary.LittleEndian.Uint64(b[24:])
		if x&highBits != 0 {
			return false
		}
	}
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&highBits != 0 {
			return false
		}
	}
	all := byte(0)
	for _, c := range b {
		all |= c
	}
	return all < 0x80
}

// noTag stands for tags of more than one byte; no byte is equal to it.
const noTag = 0x100

// thriftStep is a field on its way to Thrift.
type thriftStep struct {
	tag      uint16 // of the protobuf field where it takes one byte, else noTag
	kind     stepKind
	code     uint8 // type number on the Thrift wire
	omitZero bool  // zero is the same as absence, and absence writes nothing
	narrow   uint8 // number of high bits of a varint that are cut off
	id       int16
	zeroID   int16  // the last id in the message's zeros before zeroAt
	zeroAt   int32  // where its zero stands in the message's zeros
	header   uint32 // binary: the three bytes of the field's header, the first one lowest
}

// newThriftStep prepares a field for ordered.go.
func newThriftStep(f *thriftField, num int32, compact bool) thriftStep {
	s := thriftStep{tag: noTag, id: f.id, code: f.value.code}
	s.header = uint32(f.header[0]) | uint32(f.header[1])<<8 | uint32(f.header[2])<<16
	packed := f.value.op == opList && f.value.elem.op == opScalar
	if num >= 16 || (f.implicit || packed) && f.absent == schema.Refuse {
		return s
	}
	s.omitZero = (f.implicit || packed) && f.absent == schema.Omit
	switch f.value.decode {
	case decodeInt32, decodeUint32, decodeZigzag32:
		s.narrow = 32
	}
	if s.kind = thriftStepKind(&f.value, compact); s.kind != stepField {
		s.tag = uint16(num)<<3 | uint16(f.value.wire)
		if packed {
			s.tag = uint16(num)<<3 | uint16(pbwire.Bytes)
		}
	}
	return s
}

func thriftStepKind(v *thriftValue, compact bool) stepKind {
	switch v.op {
	case opScalar:
		switch {
		case v.bulk == bulkSwap64:
			return stepWord
		case v.bulk == bulkCopy:
			return stepWordLE
		case v.bulk == bulkI32:
			return stepI32
		case v.bulk == bulkI64:
			return stepI64
		case v.bulk == bulkZigzag && v.decode == decodeInt32:
			return stepZigzag32
		case v.bulk == bulkZigzag:
			return stepZigzag64
		case v.thrift == schema.ThriftBool && compact:
			return stepFlag
		case v.thrift == schema.ThriftBool:
			return stepBool
		case v.wire == pbwire.Varint:
			return stepVarint
		}
	case opString, opBytes:
		return stepText
	case opStruct:
		if v.wire == pbwire.Bytes {
			return stepStruct
		}
	case opList:
		if v.elem.op == opStruct && v.elem.wire == pbwire.Bytes {
			return stepStructs
		}
		if v.elem.op == opScalar {
			return stepPacked
		}
	case opMap:
		if v.simpleKey() && v.message.entry[0] != 0 {
			return stepMap
		}
	}
	return stepField
}

// setZeros encodes what the absence of the fields asks for, one behind the other, so that a run can copy what it needs. Where
// one of them is an error, or all together are large, a run does it field by field.
func (m *thriftMessage) setZeros(compact bool) {
	var zeros []byte
	m.allZeros = true
	id := int16(0)
	for k := range m.fields {
		f, s := &m.fields[k], &m.steps[k]
		s.zeroAt, s.zeroID = int32(len(zeros)), id
		if f.absent == schema.Omit {
			continue
		}
		if f.absent == schema.Refuse || f.value.zeroErr != nil || len(zeros)+len(f.value.zero) > maxZero {
			m.allZeros = false
			zeros = append(zeros, 0) // a step of any length
			continue
		}
		zeros = f.appendZero(zeros, compact, id)
		id = f.id
	}
	last := &m.steps[len(m.fields)]
	last.zeroAt, last.zeroID = int32(len(zeros)), id
	m.zeros = zeros
}

// protoStep is a field on its way to protobuf.
type protoStep struct {
	header   uint32 // the field's header behind that of the field before, as far as mask has bits
	mask     uint32 // 0: no header is foreseen
	size     uint8  // of the header
	kind     stepKind
	tag      uint8 // of the protobuf field
	implicit bool  // zero is not written
	least    uint8 // number of bytes that a value of a fixed size takes
	id       int16
}

// noHeader is a header that equals none.
const noHeader = 1 << 31

// newProtoStep prepares a field for quick.go. before is the id of the field before it in the table.
func newProtoStep(v *protoValue, id, before int16, compact bool) protoStep {
	s := protoStep{id: id, tag: v.tag.bytes[0], implicit: v.implicit, header: noHeader}
	switch {
	case v.boolean:
		s.kind = stepFlag
	case v.tag.n == 1:
		s.kind = protoStepKind(v)
	}
	switch s.kind {
	case stepBool:
		s.least = 1
	case stepI32:
		s.least = 4
	case stepI64, stepWord, stepWordLE:
		s.least = 8
	}
	switch by := int(id) - int(before); {
	case v.boolean: // its header may be another
	case !compact:
		s.header, s.mask, s.size = uint32(v.code)|uint32(uint16(id)>>8)<<8|uint32(byte(id))<<16, 0xffffff, 3
	case by > 0 && by <= 15:
		s.header, s.mask, s.size = uint32(by)<<4|uint32(v.code), 0xff, 1
	}
	return s
}

func protoStepKind(v *protoValue) stepKind {
	switch v.op {
	case opScalar:
		switch {
		case v.checked, v.encode != encodeVarint && v.encode != encodeFixed64:
			return stepField
		case v.thrift == schema.ThriftBool:
			return stepBool
		case v.bulk == bulkSwap64:
			return stepWord
		case v.bulk == bulkCopy:
			return stepWordLE
		case v.bulk == bulkI32:
			return stepI32
		case v.bulk == bulkI64:
			return stepI64
		case v.bulk == bulkZigzag && v.read == readZigzag32:
			return stepZigzag32
		case v.bulk == bulkZigzag:
			return stepZigzag64
		}
	case opString, opBytes:
		return stepText
	case opStruct:
		if !v.group {
			return stepStruct
		}
	case opList:
		if v.elem.op == opStruct && !v.elem.group {
			return stepStructs
		}
	}
	return stepField
}
