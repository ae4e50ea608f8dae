package translate

import (
	"fmt"

	"weft/translate/schema"
	"weft/translate/thriftwire"
)

// thriftBody is the plan of a request, response or exception on its way to Thrift.
type thriftBody struct {
	bare    bool // the message is the value of field id
	id      int16
	name    string // in front of the paths of a bare body's errors
	message *thriftMessage
}

// protoBody is a field of a result struct on its way to protobuf.
type protoBody struct {
	name  string
	id    int16
	value protoValue
}

// plans are a method's tables for one Thrift protocol.
type plans struct {
	compact bool
	refuse  bool // unknown fields

	requestToThrift    thriftBody
	responseToThrift   thriftBody
	exceptionsToThrift []thriftBody

	requestToProto    *protoMessage
	responseToProto   *protoBody // nil: void
	exceptionsToProto []protoBody
}

// compiler is what a Compiler remembers for one protocol.
type compiler struct {
	thrift thriftCompiler
	proto  protoCompiler
}

func newCompiler(compact bool) *compiler {
	return &compiler{
		thrift: thriftCompiler{compact: compact, done: map[*schema.Message]*thriftMessage{}},
		proto:  protoCompiler{compact: compact, done: map[*schema.Message]*protoMessage{}},
	}
}

// Compile builds the tables of one method pair. m.Unusable must be nil. Message pairs are compiled once per Compiler and
// shared between methods; a Compiler is used by one goroutine.
func (c *Compiler) Compile(m *schema.Method) (*Method, error) {
	out := &Method{Schema: m}
	for i, p := range [...]thriftwire.Protocol{thriftwire.Binary, thriftwire.Compact} {
		if c.byProtocol[i] == nil {
			c.byProtocol[i] = newCompiler(p == thriftwire.Compact)
		}
		plans, err := c.byProtocol[i].method(m)
		if err != nil {
			c.byProtocol[i] = nil // it may hold halves of messages
			return nil, fmt.Errorf("compiling method %s: %w", m.Thrift, err)
		}
		plans.refuse = c.Options.UnknownFieldError
		out.plans[i] = plans
	}
	return out, nil
}

func (c *compiler) method(m *schema.Method) (*plans, error) {
	p := &plans{compact: c.thrift.compact}
	if err := c.request(p, &m.Request); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	if !m.Oneway {
		if err := c.response(p, &m.Response); err != nil {
			return nil, fmt.Errorf("response: %w", err)
		}
	}
	for i := range m.Exceptions {
		if err := c.exception(p, &m.Exceptions[i]); err != nil {
			return nil, fmt.Errorf("exception %s: %w", m.Exceptions[i].Name, err)
		}
	}
	return p, c.thrift.finish()
}

func (c *compiler) request(p *plans, body *schema.Body) error {
	tm, pm, err := c.pair(body.Message)
	if err != nil {
		return err
	}
	p.requestToThrift = thriftBody{bare: body.Bare, id: body.FieldID, name: "request", message: tm}
	p.requestToProto = pm
	if body.Bare {
		p.requestToProto = c.argument(body, pm)
	}
	return nil
}

// argument makes the table of an argument struct with one argument, whose message is the request.
func (c *compiler) argument(body *schema.Body, pm *protoMessage) *protoMessage {
	outer := &protoMessage{
		fields:   []protoField{{name: "request", value: c.inline(pm)}},
		byID:     newLookup([]numbered{{int32(body.FieldID), 0}}),
		required: []uint64{0},
		words:    1,
	}
	if pm.check(make([]uint64, pm.words)) != nil { // an empty message would not do
		outer.required[0] = 1
	}
	return outer
}

func (c *compiler) inline(pm *protoMessage) protoValue {
	return protoValue{op: opInline, code: thriftCode(schema.ThriftStruct, c.proto.compact), thrift: schema.ThriftStruct, message: pm}
}

func (c *compiler) pair(m *schema.Message) (*thriftMessage, *protoMessage, error) {
	if m == nil {
		return nil, nil, fmt.Errorf("no message is given")
	}
	tm, err := c.thrift.message(m)
	if err != nil {
		return nil, nil, err
	}
	pm, err := c.proto.message(m)
	return tm, pm, err
}

// response compiles the result struct without its exceptions. Thrift clients take a result without a value for a
// fault: what did not arrive becomes the zero value.
func (c *compiler) response(p *plans, body *schema.Body) error {
	m := body.Message
	if !body.Bare && !body.Void && m != nil {
		m = withZeroResult(m)
	}
	tm, pm, err := c.pair(m)
	if err != nil {
		return err
	}
	p.responseToThrift = thriftBody{bare: body.Bare && !body.Void, id: body.FieldID, name: "success", message: tm}
	switch {
	case body.Void, !body.Bare && len(m.Fields) == 0:
	case body.Bare:
		p.responseToProto = &protoBody{name: "success", id: body.FieldID, value: c.inline(pm)}
	case len(m.Fields) == 1:
		p.responseToProto = &protoBody{name: m.Fields[0].Name, id: m.Fields[0].ThriftID, value: pm.fields[0].value}
	default:
		return fmt.Errorf("%s has %d fields; a result has one", m.Thrift, len(m.Fields))
	}
	return nil
}

func withZeroResult(m *schema.Message) *schema.Message {
	out := *m
	out.Fields = make([]*schema.Field, len(m.Fields))
	for i, f := range m.Fields {
		zero := *f
		zero.Absent = schema.WriteZero
		out.Fields[i] = &zero
	}
	return &out
}

func (c *compiler) exception(p *plans, e *schema.Exception) error {
	m := e.Message
	if e.Status {
		m = statusMessage
	}
	tm, pm, err := c.pair(m)
	if err != nil {
		return err
	}
	p.exceptionsToThrift = append(p.exceptionsToThrift, thriftBody{bare: true, id: e.FieldID, name: e.FieldName, message: tm})
	p.exceptionsToProto = append(p.exceptionsToProto, protoBody{name: e.FieldName, id: e.FieldID, value: c.inline(pm)})
	return nil
}

// statusMessage pairs the GrpcStatus exception of a derived Thrift view with google.rpc.Status, field by field.
var statusMessage = &schema.Message{
	Thrift: "GrpcStatus", Proto: "google.rpc.Status",
	Fields: []*schema.Field{
		{Name: "code", ThriftID: 1, ProtoNum: 1, Absent: schema.WriteZero, Type: &schema.Type{Thrift: schema.ThriftI32, Proto: schema.ProtoInt32}},
		{Name: "message", ThriftID: 2, ProtoNum: 2, Absent: schema.WriteZero, Type: &schema.Type{Thrift: schema.ThriftString, Proto: schema.ProtoString}},
		{Name: "details", ThriftID: 3, ProtoNum: 3, Presence: schema.Repeated, Absent: schema.WriteZero,
			Type: &schema.Type{Thrift: schema.ThriftList, Elem: &schema.Type{Thrift: schema.ThriftStruct, Proto: schema.ProtoMessage, Message: anyMessage}}},
	},
}

var anyMessage = &schema.Message{
	Thrift: "Any", Proto: "google.protobuf.Any",
	Fields: []*schema.Field{
		{Name: "type_url", ThriftID: 1, ProtoNum: 1, Absent: schema.WriteZero, Type: &schema.Type{Thrift: schema.ThriftString, Proto: schema.ProtoString}},
		{Name: "value", ThriftID: 2, ProtoNum: 2, Absent: schema.WriteZero, Type: &schema.Type{Thrift: schema.ThriftString, Proto: schema.ProtoBytes}},
	},
}
