package translate

import (
	"fmt"
	"math"
	"sort"

	"weft/translate/pbwire"
	"weft/translate/schema"
)

// protoMessage says how a Thrift struct in one protocol becomes a protobuf message.
type protoMessage struct {
	name     string // of the Thrift struct
	fields   []protoField
	byID     lookup     // Thrift id -> index
	required []uint64   // the set of fields whose absence is an error
	oneofs   [][]uint64 // by oneof group - 1: the set of its members
	words    int        // length of the sets
	union    bool

	steps  []protoStep // of fields, and one more that matches nothing; nil where there are more than 64
	checks bool        // the set of fields that came is to be looked at
}

type protoField struct {
	name  string
	value protoValue
}

// reading says how a scalar is taken off the Thrift wire: as an int64, 0 or 1, or the bits of a float64.
type reading uint8

const (
	readBool        reading = iota // binary: any byte but 0 is true
	readBoolCompact                // 1 is true
	readByte                       // i8
	readI16                        // big-endian
	readI32                        // big-endian
	readI64                        // big-endian; double in binary too
	readZigzag16                   // i16 in compact
	readZigzag32                   // i32 in compact
	readZigzag64                   // i64 in compact
	readLE64                       // double in compact
)

// encoding says how a value becomes a protobuf scalar.
type encoding uint8

const (
	encodeVarint  encoding = iota
	encodeZigzag           // sint32, sint64
	encodeFixed32          // fixed32, sfixed32
	encodeFixed64          // fixed64, sfixed64, double
	encodeFloat
)

// protoValue says how one Thrift value becomes a protobuf value at its place: as a field, an element, a key.
type protoValue struct {
	op       op
	read     reading
	encode   encoding
	bulk     bulk
	code     byte // type number on the Thrift wire
	boolean  bool // compact: the value of a field stands in its header
	plain    bool // the type code says all about the type: no elements, no value in the header
	checked  bool // opScalar: bounds, enum or float
	implicit bool // zero is not written
	packed   bool // opList: elements follow each other without tags
	tag      tag  // of the place; packed lists and inline structs have other uses for it, see below
	endTag   tag  // groups
	group    bool
	bounds   bounds
	enum     *enumTable
	utf8     schema.UTF8Policy
	unit     schema.Unit
	thrift   schema.ThriftKind
	proto    schema.ProtoKind

	elem    *protoValue // of opList, opMap, opWrap
	key     *protoValue // of opMap
	message *protoMessage
}

// protoCompiler builds the plans from one Thrift protocol.
type protoCompiler struct {
	compact bool
	done    map[*schema.Message]*protoMessage
}

// message compiles m and all that it reaches, once.
func (c *protoCompiler) message(m *schema.Message) (*protoMessage, error) {
	if pm := c.done[m]; pm != nil {
		return pm, nil
	}
	pm := &protoMessage{name: m.Thrift, union: m.Union, words: (len(m.Fields) + 63) / 64}
	c.done[m] = pm
	pm.fields = make([]protoField, len(m.Fields))
	pm.required = make([]uint64, pm.words)
	ids := make([]numbered, 0, len(m.Fields)+len(m.DropThrift))
	fields := append([]*schema.Field(nil), m.Fields...)
	sort.SliceStable(fields, func(i, j int) bool { return fields[i].ThriftID < fields[j].ThriftID })
	for i, f := range fields {
		v, err := c.value(f.Type, f.ProtoNum)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", m.Thrift, f.Name, err)
		}
		v.implicit = f.Presence == schema.Implicit
		v.plain = !v.boolean && v.op != opList && v.op != opMap && v.op != opWrap
		if f.Requiredness == schema.Required || f.Presence == schema.Legacy {
			pm.required[i/64] |= 1 << (i % 64)
		}
		for len(pm.oneofs) < f.Oneof {
			pm.oneofs = append(pm.oneofs, make([]uint64, pm.words))
		}
		if f.Oneof > 0 {
			pm.oneofs[f.Oneof-1][i/64] |= 1 << (i % 64)
		}
		pm.fields[i] = protoField{name: f.Name, value: *v}
		ids = append(ids, numbered{int32(f.ThriftID), int16(i)})
	}
	for _, id := range m.DropThrift {
		ids = append(ids, numbered{int32(id), dropped})
	}
	pm.byID = newLookup(ids)
	pm.setSteps(fields, c.compact)
	return pm, nil
}

// setSteps makes the table of quick.go.
func (pm *protoMessage) setSteps(fields []*schema.Field, compact bool) {
	if len(fields) > 64 {
		return
	}
	before := int16(0)
	for i, f := range fields {
		pm.steps = append(pm.steps, newProtoStep(&pm.fields[i].value, f.ThriftID, before, compact))
		before = f.ThriftID
	}
	pm.steps = append(pm.steps, protoStep{header: noHeader})
	pm.checks = pm.union || len(pm.oneofs) > 0 || len(fields) > 0 && pm.required[0] != 0
}

// value compiles a type that stands in the protobuf field num.
func (c *protoCompiler) value(t *schema.Type, num int32) (v *protoValue, err error) {
	if t == nil {
		return nil, fmt.Errorf("no type is given")
	}
	if num < 1 || num > pbwire.MaxNumber {
		return nil, fmt.Errorf("%d is no protobuf field number", num)
	}
	v = &protoValue{code: thriftCode(t.Thrift, c.compact), thrift: t.Thrift, proto: t.Proto, utf8: t.UTF8, unit: t.Unit}
	if v.code == 0 {
		return nil, fmt.Errorf("%d is no Thrift type", t.Thrift)
	}
	v.tag = newTag(num, pbwire.Bytes)
	switch {
	case t.Wrap != 0:
		inner := *t
		inner.Wrap = 0
		v.op = opWrap
		if v.elem, err = c.value(&inner, t.Wrap); err != nil {
			return nil, err
		}
		v.elem.implicit = t.WrapImplicit
		v.boolean = v.elem.boolean
	case t.Convert == schema.Timestamp, t.Convert == schema.Duration:
		v.op = opTimestamp
		if t.Convert == schema.Duration {
			v.op = opDuration
		}
		v.read = scalarReading(schema.ThriftI64, c.compact)
	case t.Thrift == schema.ThriftList, t.Thrift == schema.ThriftSet:
		return v, c.fillList(v, t, num)
	case t.Thrift == schema.ThriftMap:
		return v, c.fillMap(v, t)
	case t.Thrift == schema.ThriftStruct:
		return v, c.fillStruct(v, t, num)
	case t.Thrift == schema.ThriftString:
		v.op = opString
		if t.Proto == schema.ProtoBytes {
			v.op = opBytes
		}
	case t.Thrift == schema.ThriftUUID:
		v.op = opUUID
		if t.Convert == schema.UUIDString {
			v.op = opUUIDText
		}
	default:
		return v, c.fillScalar(v, t, num)
	}
	return v, nil
}

func (c *protoCompiler) fillList(v *protoValue, t *schema.Type, num int32) (err error) {
	v.op = opList
	if v.elem, err = c.value(t.Elem, num); err != nil {
		return err
	}
	v.packed = t.Packed && v.elem.op == opScalar
	return nil
}

func (c *protoCompiler) fillMap(v *protoValue, t *schema.Type) (err error) {
	v.op = opMap
	keyNum, elemNum := t.KeyNum, t.ElemNum
	if keyNum == 0 && elemNum == 0 {
		keyNum, elemNum = 1, 2
	}
	if v.key, err = c.value(t.Key, keyNum); err != nil {
		return err
	}
	v.elem, err = c.value(t.Elem, elemNum)
	return err
}

func (c *protoCompiler) fillStruct(v *protoValue, t *schema.Type, num int32) (err error) {
	v.op = opStruct
	if t.Proto == schema.ProtoGroup {
		v.group, v.tag, v.endTag = true, newTag(num, pbwire.StartGroup), newTag(num, pbwire.EndGroup)
	}
	if t.Message == nil {
		return errCarry(t)
	}
	v.message, err = c.message(t.Message)
	return err
}

func (c *protoCompiler) fillScalar(v *protoValue, t *schema.Type, num int32) error {
	if !sameFamily(t) {
		return errCarry(t)
	}
	v.op, v.tag = opScalar, newTag(num, protoWire(t.Proto))
	v.read = scalarReading(t.Thrift, c.compact)
	v.boolean = c.compact && t.Thrift == schema.ThriftBool
	switch t.Proto {
	case schema.ProtoSint32, schema.ProtoSint64:
		v.encode = encodeZigzag
	case schema.ProtoFixed32, schema.ProtoSfixed32:
		v.encode = encodeFixed32
	case schema.ProtoFixed64, schema.ProtoSfixed64, schema.ProtoDouble:
		v.encode = encodeFixed64
	case schema.ProtoFloat:
		v.encode = encodeFloat
	}
	v.bounds = protoBounds(t)
	if t.Enum != nil {
		v.enum = enumToProto(t.Enum)
		v.bounds = bounds{on: t.Thrift == schema.ThriftI64, min: math.MinInt32, max: math.MaxInt32}
	}
	v.checked = v.bounds.on || v.enum != nil || v.encode == encodeFloat
	v.bulk = chooseProtoBulk(v)
	return nil
}

func scalarReading(k schema.ThriftKind, compact bool) reading {
	switch {
	case k == schema.ThriftBool && compact:
		return readBoolCompact
	case k == schema.ThriftBool:
		return readBool
	case k == schema.ThriftI8:
		return readByte
	case k == schema.ThriftDouble && compact:
		return readLE64
	case k == schema.ThriftI16 && compact:
		return readZigzag16
	case k == schema.ThriftI16:
		return readI16
	case k == schema.ThriftI32 && compact:
		return readZigzag32
	case k == schema.ThriftI32:
		return readI32
	case compact:
		return readZigzag64
	}
	return readI64
}

// protoBounds gives the check of a Thrift integer on its way to protobuf.
func protoBounds(t *schema.Type) bounds {
	if t.Thrift == schema.ThriftBool || t.Thrift == schema.ThriftDouble {
		return bounds{}
	}
	lo, hi := protoRange(t)
	tlo, thi := thriftRange(t.Thrift)
	return bounds{on: tlo < lo || thi > hi, min: lo, max: hi}
}

func enumToProto(e *schema.Enum) *enumTable {
	pairs := make([]enumPair, len(e.Values))
	for i, v := range e.Values {
		pairs[i] = enumPair{v.Thrift, v.Proto}
	}
	t := newEnumTable(pairs, e.Open)
	t.from, t.to = e.Thrift, e.Proto
	return t
}
