package translate

import (
	"weft/translate/schema"
	"weft/translate/thriftwire"
)

// MaxDepth is how deep structs and containers may be nested in a message (thrift-tconfiguration.md).
const MaxDepth = 64

// Options of Compile, from the binding's policy section.
type Options struct {
	UnknownFieldError bool // unknown fields are an error instead of skipped and counted
}

// Method is a compiled method pair. It is immutable and safe for concurrent use; each call runs on the
// caller's own Out.
type Method struct {
	Schema *schema.Method
	// tables: set by Compile
}

// Compile builds the tables of one method pair. m.Unusable must be nil. Message pairs are compiled once per cache and shared
// between methods; a Compiler is used by one goroutine.
func (c *Compiler) Compile(m *schema.Method) (*Method, error) { panic("contract") }

// Compiler remembers the message pairs that it compiled.
type Compiler struct{ Options Options }

// The five runs below append one message to o (which the caller Reset). src is only read. The errors are of type *Error; after an error
// o holds garbage and there is nothing to free. unknown counts the fields that were skipped because the other side has no
// name for them.

// RequestToThrift appends the Thrift argument struct, without envelope, for the protobuf request src.
func (m *Method) RequestToThrift(o *Out, p thriftwire.Protocol, src []byte) (unknown int, err error) {
	panic("contract")
}

// RequestToProto appends the protobuf request for the Thrift argument struct at the start of src and returns the number of bytes
// of src that the struct takes.
func (m *Method) RequestToProto(o *Out, p thriftwire.Protocol, src []byte) (n, unknown int, err error) {
	panic("contract")
}

// ResponseToThrift appends the Thrift result struct for the protobuf response src. A result without a value is
// written as the zero value, because Thrift clients take its absence for a fault.
func (m *Method) ResponseToThrift(o *Out, p thriftwire.Protocol, src []byte) (unknown int, err error) {
	panic("contract")
}

// ResponseToProto reads the Thrift result struct at the start of src. For a value (or void) it appends the protobuf response and
// returns exc = -1; for a declared exception it returns its index in Schema.Exceptions and appends the exception's
// protobuf message (nothing for a Status exception: see ReadStatusException).
func (m *Method) ResponseToProto(o *Out, p thriftwire.Protocol, src []byte) (n, exc, unknown int, err error) {
	panic("contract")
}

// ExceptionToThrift appends the Thrift result struct that holds declared exception exc, whose protobuf message is src.
func (m *Method) ExceptionToThrift(o *Out, p thriftwire.Protocol, exc int, src []byte) (unknown int, err error) {
	panic("contract")
}
