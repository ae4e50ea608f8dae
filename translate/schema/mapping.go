package schema

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// This file is the vocabulary between the pairing of two IDLs (this package) and the compilation of
// plans (package translate): what a matched schema looks like once every name is resolved and every
// rule decided. Nothing here refers back to an IDL file, so a plan never asks the IDLs again.
//
// Everything in it is immutable once Load has returned and may be shared by goroutines.

// Schema is one loaded and matched set of IDL files.
type Schema struct {
	Name     string
	Services []*Service // sorted by GRPC, then Thrift

	// Warnings is what loading found and did not fail for: warnings, and the errors (Warning unset) that made
	// single methods Unusable.
	Warnings []Problem

	// UnknownFieldError is the binding's policy `unknown_field: error`.
	UnknownFieldError bool

	paths  map[string]Target              // by gRPC path
	thrift map[string]map[string][]Target // by Thrift method, then service
}

// Service pairs a Thrift service with a gRPC service. Where only one IDL was given the other side is
// the derived view.
type Service struct {
	Thrift  string    // the Thrift service's name as written, "Orders"
	GRPC    string    // the full protobuf name, "shop.v1.Orders"
	Methods []*Method // in order of the declaring file; inherited methods first
}

// Method pairs a Thrift function with an rpc.
type Method struct {
	Thrift string // name as written in the .thrift, "getOrder"
	GRPC   string // name as written in the .proto, "GetOrder"
	Oneway bool   // by the schema: no reply ever crosses the Thrift side

	ClientStreaming bool
	ServerStreaming bool

	Request    Body
	Response   Body        // its Thrift side is the result struct without the declared exceptions
	Exceptions []Exception // in the order of the throws clause

	// Unusable says why calls of this method cannot be carried, nil where they can. The method
	// answers UNIMPLEMENTED with this text; Request, Response and Exceptions are then not set.
	Unusable error

	// Descriptor is the rpc, derived or as given; its Input and Output are the messages of the calls. It is set for
	// unusable methods too.
	Descriptor protoreflect.MethodDescriptor
}

// RequestDescriptor gives the descriptor of the request message.
func (m *Method) RequestDescriptor() protoreflect.MessageDescriptor { return m.Descriptor.Input() }

// ResponseDescriptor gives the descriptor of the response message.
func (m *Method) ResponseDescriptor() protoreflect.MessageDescriptor { return m.Descriptor.Output() }

// Body pairs a Thrift argument or result struct with a protobuf request or response message.
//
// With Bare unset, Message pairs the two directly: the fields of the argument (or result) struct are
// fields of the protobuf message. A void result is a Message without fields.
//
// With Bare set, the Thrift struct has exactly one field of interest, FieldID (1.. for an argument, 0
// for a result), whose value is a struct, and the protobuf message is that struct's message: Message
// pairs those two.
type Body struct {
	Bare    bool
	FieldID int16
	Void    bool // a result that carries nothing on the Thrift side
	Message *Message
}

// Message pairs a Thrift struct, union or exception with a protobuf message. Messages form a graph:
// recursive types point back.
type Message struct {
	Thrift string // Thrift name as written, for error texts
	Proto  string // full protobuf name
	Union  bool   // a Thrift union: exactly one field is set on the Thrift side
	Oneofs int    // number of oneof groups in the protobuf message; Field.Oneof counts from 1
	Fields []*Field

	// Fields of one side that a binding dropped on purpose: skipped and not counted as unknown.
	DropThrift []int16
	DropProto  []int32

	Descriptor protoreflect.MessageDescriptor // of the protobuf message
}

// Requiredness of the Thrift field.
type Requiredness uint8

const (
	DefaultRequired Requiredness = iota // no keyword: always written by writers, may be absent for readers
	Required
	Optional
)

// Presence of the protobuf field.
type Presence uint8

const (
	Implicit Presence = iota // proto3 scalar without a keyword: zero is not written
	Explicit                 // optional, message, oneof member
	Legacy                   // proto2 required: absence is an error
	Repeated                 // repeated and map fields: empty and absent are the same
)

// Absent says what a protobuf field that did not arrive becomes on the Thrift side.
type Absent uint8

const (
	Omit      Absent = iota // nothing is written
	WriteZero               // the zero value (0, "", empty container, empty struct) is written; of an Enum with pairs the Thrift number paired with 0
	Refuse                  // a missing value is an error: Required against explicit presence
)

// Field pairs a Thrift field with a protobuf field.
type Field struct {
	Name         string // for error paths: the Thrift name as written
	ThriftID     int16
	ProtoNum     int32
	Requiredness Requiredness
	Presence     Presence
	Absent       Absent // decided by the pairing from requiredness, presence and binding
	Oneof        int    // 1-based group, 0 where the field is in none
	Type         *Type
}

// ThriftKind is the type of a value on the Thrift wire. The numbers are those of TBinaryProtocol.
type ThriftKind uint8

const (
	ThriftBool   ThriftKind = 2
	ThriftI8     ThriftKind = 3
	ThriftDouble ThriftKind = 4
	ThriftI16    ThriftKind = 6
	ThriftI32    ThriftKind = 8 // enums too
	ThriftI64    ThriftKind = 10
	ThriftString ThriftKind = 11 // string and binary
	ThriftStruct ThriftKind = 12
	ThriftMap    ThriftKind = 13
	ThriftSet    ThriftKind = 14
	ThriftList   ThriftKind = 15
	ThriftUUID   ThriftKind = 16
)

// ProtoKind is the kind of a protobuf value. The numbers are those of descriptor.proto's
// FieldDescriptorProto.Type and of protoreflect.Kind.
type ProtoKind uint8

const (
	ProtoDouble   ProtoKind = 1
	ProtoFloat    ProtoKind = 2
	ProtoInt64    ProtoKind = 3
	ProtoUint64   ProtoKind = 4
	ProtoInt32    ProtoKind = 5
	ProtoFixed64  ProtoKind = 6
	ProtoFixed32  ProtoKind = 7
	ProtoBool     ProtoKind = 8
	ProtoString   ProtoKind = 9
	ProtoGroup    ProtoKind = 10
	ProtoMessage  ProtoKind = 11
	ProtoBytes    ProtoKind = 12
	ProtoUint32   ProtoKind = 13
	ProtoEnum     ProtoKind = 14
	ProtoSfixed32 ProtoKind = 15
	ProtoSfixed64 ProtoKind = 16
	ProtoSint32   ProtoKind = 17
	ProtoSint64   ProtoKind = 18
)

// Conversion is what a value needs beside the change of encoding. Most values need none: integers of
// any width (range-checked), float and double, string and bytes, enum and i32, uuid and bytes of 16,
// struct and message.
type Conversion uint8

const (
	Plain      Conversion = iota
	Timestamp             // i64 in Type.Unit since 1970 <-> google.protobuf.Timestamp
	Duration              // i64 in Type.Unit <-> google.protobuf.Duration
	UUIDString            // uuid <-> string in canonical form (8-4-4-4-12, lower case)
)

// Type pairs the type of a Thrift value with the type of a protobuf value.
//
// Thrift == ThriftList or ThriftSet: Elem is set; the protobuf side is a repeated field of Elem.
// Thrift == ThriftMap: Key and Elem are set; the protobuf side is a map field, or a repeated message
// of the same wire form whose key and value have the numbers KeyNum and ElemNum (1 and 2 in a map).
// For these three Proto is not used (Elem.Proto and Key.Proto are).
//
// Thrift == ThriftStruct: Message is set and Proto is ProtoMessage or ProtoGroup.
type Type struct {
	Thrift  ThriftKind
	Proto   ProtoKind
	Elem    *Type
	Key     *Type
	KeyNum  int32
	ElemNum int32
	Packed  bool // lists of scalars: written packed. Both forms are always read.

	// Wrap is the number of the only field of a protobuf message that stands around the value: a
	// nested container (ListOf_X, field 1), a google.protobuf wrapper around a scalar (field 1).
	// 0: no wrapper. The wrapper's presence is the value's presence; a scalar missing inside it is zero.
	Wrap int32
	// WrapImplicit: the scalar inside the wrapper has implicit presence (zero is not written).
	WrapImplicit bool

	Message *Message
	Enum    *Enum // nil: numbers are copied as they are

	Convert Conversion
	Unit    Unit

	UTF8   UTF8Policy   // only where one side is a protobuf string
	Uint64 Uint64Policy // only for ProtoUint64 and ProtoFixed64
}

// Unit of an i64 that stands for a point in time or a span.
type Unit uint8

const (
	Seconds Unit = iota
	Millis
	Micros
	Nanos
)

// UTF8Policy says what becomes of invalid UTF-8 on its way into a protobuf string.
type UTF8Policy uint8

const (
	UTF8Reject  UTF8Policy = iota // an error that names the field
	UTF8Replace                   // each invalid byte becomes U+FFFD
	UTF8Pass                      // not checked (proto2 strings, which protobuf itself does not check)
)

// Uint64Policy says what becomes of unsigned 64-bit values above MaxInt64 on the way to Thrift and of
// negative values on the way back.
type Uint64Policy uint8

const (
	Uint64Error Uint64Policy = iota
	Uint64Bits               // two's complement, both ways
)

// Enum pairs a Thrift enum with a protobuf enum whose numbers or openness differ from a plain copy.
type Enum struct {
	Thrift string
	Proto  string
	Values []EnumValue
	// Open: a number without a pair is copied as it is. It is only set where every pair has equal
	// numbers; otherwise such a number is an error that names the field.
	Open bool
}

// EnumValue pairs two enum numbers.
type EnumValue struct {
	Name   string // the Thrift name, else the protobuf name
	Thrift int32
	Proto  int32
	// One-way aliases: several names may share a number on one side. The first pair for a number wins.
}

// Exception pairs a declared Thrift exception with the protobuf message that carries it as a detail
// of google.rpc.Status.
type Exception struct {
	FieldID   int16  // in the result struct, > 0
	Name      string // Thrift exception name as written
	FieldName string // name in the throws clause
	TypeURL   string // "type.googleapis.com/shop.v1.NotFound"
	Code      codes.Code
	TextField int16 // id of the string field that becomes the status message; 0: the exception's name is used
	Message   *Message

	Descriptor protoreflect.MessageDescriptor // of the message with that TypeURL; nil for Status

	// Status: this is the GrpcStatus exception of a derived Thrift view, {1: i32 code, 2: string
	// message, 3: list<Any{1: string type_url, 2: binary value}> details}; Message and TypeURL are not set.
	Status bool
}
