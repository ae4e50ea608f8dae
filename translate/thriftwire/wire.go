// Package thriftwire reads and writes Thrift's wire forms without a schema: message envelopes, values to be skipped or
// turned from one protocol into the other, TApplicationException. It works on bytes that lie in memory; nothing is
// allocated from a length that the bytes claim.
//
// Everything here is a pure function of its arguments except Scanner and Reader, which one goroutine owns.
package thriftwire

import "errors"

// Protocol is the encoding of values.
type Protocol uint8

const (
	Binary  Protocol = iota + 1 // TBinaryProtocol
	Compact                     // TCompactProtocol
)

// String returns the word used in dialect names.
func (p Protocol) String() string {
	switch p {
	case Binary:
		return "binary"
	case Compact:
		return "compact"
	}
	return "unknown"
}

// Type is the type of a value, numbered as TBinaryProtocol does (thrift-binary-protocol.md).
type Type uint8

const (
	Stop   Type = 0 // end of a struct
	Bool   Type = 2
	I8     Type = 3
	Double Type = 4
	I16    Type = 6
	I32    Type = 8
	I64    Type = 10
	String Type = 11 // string and binary
	Struct Type = 12
	Map    Type = 13
	Set    Type = 14
	List   Type = 15
	UUID   Type = 16
)

// Type nibbles of TCompactProtocol (thrift-compact-protocol.md).
const (
	compactTrue   = 1 // also the element type of bool containers
	compactFalse  = 2
	compactI8     = 3
	compactI16    = 4
	compactI32    = 5
	compactI64    = 6
	compactDouble = 7
	compactString = 8
	compactList   = 9
	compactSet    = 10
	compactMap    = 11
	compactStruct = 12
	compactUUID   = 13
)

// compactOf gives the compact nibble of a binary type, 0 where there is none.
var compactOf = [256]uint8{
	Bool: compactTrue, I8: compactI8, Double: compactDouble, I16: compactI16, I32: compactI32, I64: compactI64,
	String: compactString, Struct: compactStruct, Map: compactMap, Set: compactSet, List: compactList, UUID: compactUUID,
}

// binaryOf gives the binary type of a compact nibble, Stop where there is none.
var binaryOf = [16]Type{
	compactTrue: Bool, compactFalse: Bool, compactI8: I8, compactI16: I16, compactI32: I32, compactI64: I64,
	compactDouble: Double, compactString: String, compactList: List, compactSet: Set, compactMap: Map,
	compactStruct: Struct, compactUUID: UUID,
}

// binaryWidth is the size of a value in bytes where the type fixes it, else 0.
var binaryWidth = [256]uint8{Bool: 1, I8: 1, Double: 8, I16: 2, I32: 4, I64: 8, UUID: 16}

// compactWidth is the same for elements of compact containers.
var compactWidth = [16]uint8{compactTrue: 1, compactFalse: 1, compactI8: 1, compactDouble: 8, compactUUID: 16}

// DefaultMaxDepth is how deep structs and containers may be nested (thrift-tconfiguration.md). The outermost struct
// is level 1.
const DefaultMaxDepth = 64

// Longest encodings of varints in bytes.
const (
	maxVarint32 = 5
	maxVarint64 = 10
)

// ErrShort says that the bytes end before the value does: more may come.
var ErrShort = errors.New("thrift: message is incomplete")

// ErrDepth says that structs and containers are nested deeper than the caller allows.
var ErrDepth = errors.New("thrift: message is nested too deep")

// Any other error means that the bytes are malformed.
var (
	errType    = errors.New("thrift: unknown value type")
	errLength  = errors.New("thrift: negative length or count")
	errVarint  = errors.New("thrift: varint is too long or out of range")
	errFieldID = errors.New("thrift: field id is outside of i16")
)

// Faults are what the walkers return in place of a position: a plain number is cheaper than an error on the way up.
const (
	short = -1 - iota
	badType
	badLength
	badVarint
	badFieldID
	tooDeep
)

// faultError turns a fault into the error that callers see.
func faultError(fault int) error {
	switch fault {
	case short:
		return ErrShort
	case badType:
		return errType
	case badLength:
		return errLength
	case badVarint:
		return errVarint
	case badFieldID:
		return errFieldID
	}
	return ErrDepth
}
