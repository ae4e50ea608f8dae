package translate

import (
	"encoding/binary"
	"math"

	"weft/translate/pbwire"
	"weft/translate/schema"
)

// TCompactProtocol's types of a bool field, which hold its value.
const (
	compactTrue  = 1
	compactFalse = 2
)

// decodeBits turns the bits of a protobuf scalar into a value. Varints of 32-bit types are cut to 32 bits.
func decodeBits(d decoding, bits uint64) uint64 {
	switch d {
	case decodeInt32:
		return uint64(int64(int32(bits)))
	case decodeUint32:
		return uint64(uint32(bits))
	case decodeZigzag32:
		return uint64(pbwire.Unzigzag(uint64(uint32(bits))))
	case decodeZigzag64:
		return uint64(pbwire.Unzigzag(bits))
	case decodeBool:
		if bits != 0 {
			return 1
		}
		return 0
	case decodeFloat:
		return math.Float64bits(float64(math.Float32frombits(uint32(bits))))
	}
	return bits
}

// scalar gives the Thrift value of a protobuf scalar.
func (v *thriftValue) scalar(bits uint64) (uint64, *Error) {
	x := decodeBits(v.decode, bits)
	if !v.check {
		return x, nil
	}
	return v.checked(x)
}

// checked gives the Thrift value of a decoded integer that is limited or an enum's.
func (v *thriftValue) checked(x uint64) (uint64, *Error) {
	if v.enum == nil {
		if !v.bounds.ok(x) {
			return 0, v.rangeError(x)
		}
		return x, nil
	}
	n, ok := v.enum.find(int32(x))
	if !ok {
		return 0, errEnum(v.enum, int32(x))
	}
	return uint64(int64(n)), nil
}

func (v *thriftValue) rangeError(x uint64) *Error {
	lo, hi := thriftRange(v.thrift)
	if v.proto == schema.ProtoUint64 || v.proto == schema.ProtoFixed64 {
		return fail(OutOfRange, "value %d does not fit %s (%d..%d)", x, thriftNames[v.thrift], lo, hi)
	}
	return fail(OutOfRange, "value %d does not fit %s (%d..%d)", int64(x), thriftNames[v.thrift], lo, hi)
}

func errEnum(t *enumTable, n int32) *Error {
	return fail(OutOfRange, "number %d of enum %s has no counterpart in %s", n, t.from, t.to)
}

// appendScalar writes a value to the Thrift side.
func appendScalar(b []byte, w writing, x uint64) []byte {
	switch w {
	case writeByte:
		return append(b, byte(x))
	case writeBool:
		return append(b, compactFalse-byte(x))
	case writeI16:
		return binary.BigEndian.AppendUint16(b, uint16(x))
	case writeI32:
		return binary.BigEndian.AppendUint32(b, uint32(x))
	case writeI64:
		return binary.BigEndian.AppendUint64(b, x)
	case writeLE64:
		return binary.LittleEndian.AppendUint64(b, x)
	}
	return pbwire.AppendUvarint(b, pbwire.Zigzag(int64(x)))
}

// appendListHeader appends the header of a list or set of n elements.
func appendListHeader(b []byte, compact bool, code byte, n int) []byte {
	switch {
	case !compact:
		return binary.BigEndian.AppendUint32(append(b, code), uint32(n))
	case n < 15:
		return append(b, byte(n)<<4|code)
	}
	return pbwire.AppendUvarint(append(b, 0xf0|code), uint64(n))
}

// appendMapHeader appends the header of a map of n pairs; in compact an empty map has no types.
func appendMapHeader(b []byte, compact bool, key, elem byte, n int) []byte {
	switch {
	case !compact:
		return binary.BigEndian.AppendUint32(append(b, key, elem), uint32(n))
	case n == 0:
		return append(b, 0)
	}
	return append(pbwire.AppendUvarint(b, uint64(n)), key<<4|elem)
}
