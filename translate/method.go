package translate

import (
	"math"

	"weft/translate/schema"
	"weft/translate/thriftwire"
)

// MaxDepth is how deep structs and containers may be nested in a message (thrift-tconfiguration.md).
const MaxDepth = 64

// Options of Compile, from the binding's policy section.
type Options struct {
	UnknownFieldError bool // unknown fields are an error instead of skipped and counted
}

// Compiler remembers the message pairs that it compiled.
type Compiler struct {
	Options Options

	byProtocol [2]*compiler
}

// Method is a compiled method pair. It is immutable and safe for concurrent use; each call runs on the
// caller's own Out.
type Method struct {
	Schema *schema.Method

	plans [2]*plans // by protocol
}

// The five runs below append one message to o (which the caller Reset). src is only read. The errors are of type
// *Error; after an error o holds garbage and there is nothing to free. unknown counts the fields that were skipped
// because the other side has no name for them. A method that Schema.Oneway says is oneway has requests only.
//
// An error's path starts at the argument or result struct, with names of the Thrift IDL: "order.items[3].price",
// "success.total", and for an exception with its name in the throws clause. Where the struct around is not part of the mapping
// (schema.Body.Bare) the path of a request starts with "request".

// RequestToThrift appends the Thrift argument struct, without envelope, for the protobuf request src.
func (m *Method) RequestToThrift(o *Out, p thriftwire.Protocol, src []byte) (unknown int, err error) {
	plans, e := m.of(o, p, src)
	if e != nil {
		return 0, e
	}
	return plans.toThrift(o, src, &plans.requestToThrift)
}

// RequestToProto appends the protobuf request for the Thrift argument struct at the start of src and returns the number
// of bytes of src that the struct takes.
func (m *Method) RequestToProto(o *Out, p thriftwire.Protocol, src []byte) (n, unknown int, err error) {
	plans, e := m.of(o, p, src)
	if e != nil {
		return 0, 0, e
	}
	return plans.argumentsToProto(o, src)
}

// ResponseToThrift appends the Thrift result struct for the protobuf response src. A result without a value is
// written as the zero value, because Thrift clients take its absence for a fault.
func (m *Method) ResponseToThrift(o *Out, p thriftwire.Protocol, src []byte) (unknown int, err error) {
	plans, e := m.of(o, p, src)
	if e != nil {
		return 0, e
	}
	return plans.toThrift(o, src, &plans.responseToThrift)
}

// ResponseToProto reads the Thrift result struct at the start of src. For a value (or void) it appends the protobuf
// response and returns exc = -1; for a declared exception it returns its index in Schema.Exceptions and appends the
// exception's protobuf message (for a Status exception that is a google.rpc.Status). The first of them that the struct
// holds counts.
func (m *Method) ResponseToProto(o *Out, p thriftwire.Protocol, src []byte) (n, exc, unknown int, err error) {
	plans, e := m.of(o, p, src)
	if e != nil {
		return 0, -1, 0, e
	}
	return plans.resultToProto(o, src)
}

// ExceptionToThrift appends the Thrift result struct that holds declared exception exc, whose protobuf message is src (for a
// Status exception a google.rpc.Status).
func (m *Method) ExceptionToThrift(o *Out, p thriftwire.Protocol, exc int, src []byte) (unknown int, err error) {
	plans, e := m.of(o, p, src)
	if e != nil {
		return 0, e
	}
	return plans.toThrift(o, src, &plans.exceptionsToThrift[exc])
}

// of picks the tables for a protocol and prepares o.
func (m *Method) of(o *Out, p thriftwire.Protocol, src []byte) (*plans, error) {
	if p != thriftwire.Binary && p != thriftwire.Compact {
		return nil, fail(Malformed, "%d is no Thrift protocol with a plan", p)
	}
	if len(src) > math.MaxInt32 {
		return nil, fail(TooLarge, "message of %d bytes is larger than %d", len(src), math.MaxInt32)
	}
	o.scratch.reset()
	return m.plans[p-thriftwire.Binary], nil
}

// toThrift runs a plan from protobuf: first in the hope that each message has its fields in order, then without.
func (p *plans) toThrift(o *Out, src []byte, body *thriftBody) (unknown int, err error) {
	t := toThrift{o: o, src: src, limit: o.limit(), compact: p.compact, refuseUnknown: p.refuse, ordered: true}
	start := o.mark()
	b, e := t.body(o.B, body)
	if e.mayVanish() {
		o.rewind(start)
		t.ordered, t.unknown = false, 0
		b, e = t.body(o.B, body)
	}
	o.B = b
	return t.unknown, e.result()
}

// body writes the argument or result struct.
func (t *toThrift) body(b []byte, body *thriftBody) ([]byte, *Error) {
	all := slot{hi: int32(len(t.src)), n: 1}
	if !body.bare {
		return t.structValue(b, body.message, all, 1)
	}
	b, err := t.structValue(appendStructHeader(b, t.compact, body.id), body.message, all, 2)
	if err != nil {
		return b, err.in(body.name)
	}
	return append(b, 0), nil
}

// appendStructHeader appends the header of the first field of a struct, which is a struct too.
func appendStructHeader(b []byte, compact bool, id int16) []byte {
	code := thriftCode(schema.ThriftStruct, compact)
	if compact {
		return appendCompactHeader(b, code, id, 0)
	}
	return appendBinaryHeader(b, code, id)
}

// mark is a state of an Out to which a run can go back.
type mark struct{ b, refs, refBytes int }

func (o *Out) mark() mark { return mark{len(o.B), len(o.Refs), o.refBytes} }

func (o *Out) rewind(m mark) {
	o.B, o.Refs, o.refBytes = o.B[:m.b], o.Refs[:m.refs], m.refBytes
	o.scratch.reset()
}

func (p *plans) newToProto(o *Out, src []byte) toProto {
	return toProto{o: o, src: src, skip: skipper{src, p.compact}, limit: o.limit(), compact: p.compact, refuseUnknown: p.refuse}
}

// argumentsToProto runs the plan of a request from Thrift. Where a field comes twice, or a value cannot be said that may
// be replaced by a later one, it starts again with looking ahead: once for the whole message, so that the work stays in
// proportion to the input.
func (p *plans) argumentsToProto(o *Out, src []byte) (n, unknown int, err error) {
	t, start := p.newToProto(o, src), o.mark()
	b, n, e := t.message(o.B, 0, p.requestToProto, 1)
	if e.mayVanish() {
		o.rewind(start)
		t = p.newToProto(o, src)
		t.careful = true
		b, n, e = t.message(o.B, 0, p.requestToProto, 1)
	}
	o.B = b
	return n, t.unknown, e.result()
}

// resultToProto runs the plans of a response from Thrift; a field that comes twice is treated as in argumentsToProto.
func (p *plans) resultToProto(o *Out, src []byte) (n, exc, unknown int, err error) {
	t, start := p.newToProto(o, src), o.mark()
	b, n, exc, e := t.result(o.B, p)
	if e.mayVanish() {
		o.rewind(start)
		t = p.newToProto(o, src)
		t.careful = true
		b, n, exc, e = t.result(o.B, p)
	}
	o.B = b
	return n, exc, t.unknown, e.result()
}
