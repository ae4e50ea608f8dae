package translate

import (
	"fmt"
	"math"
	"sort"

	"weft/translate/pbwire"
	"weft/translate/schema"
)

// thriftMessage says how one protobuf message becomes a Thrift struct in one protocol. The helpers that stand
// around a value on the protobuf side only (wrapper, map entry, Timestamp) have one too; just their slots are used.
type thriftMessage struct {
	name     string // of the Thrift struct
	fields   []thriftField
	slots    []slotPlan // of fields, for the index pass
	byNumber lookup     // protobuf number -> index
	oneofs   [][]uint64 // by oneof group - 1: the set of its members
	always   []uint64   // the set of fields whose absence asks for something
	words    int        // length of the sets
	union    bool
	entry    [2]byte // of a map's pairs: the tags of key and value; 0 where they are longer than a byte
	ordered  bool    // protobuf's numbers ascend as the ids do, and there is no oneof: see ordered.go

	steps    []thriftStep // where ordered; of fields, and one more that matches nothing
	byTag    [256]uint8   // tag of one byte -> index of its step + 1; 0: none
	zeros    []byte       // what the absence of all fields asks for
	allZeros bool         // zeros are complete

	empty      []byte // the struct that an empty protobuf message becomes
	emptyErr   *Error // why there is none
	emptyState emptyState
}

// thriftField is one field of a Thrift struct, in ascending order of ids; its place in the table is its slot.
type thriftField struct {
	name     string
	id       int16
	absent   schema.Absent
	implicit bool    // zero on the wire means absence
	boolean  bool    // compact: the header has the value
	header   [3]byte // binary
	value    thriftValue
}

// slotPlan is what the index pass knows of a field.
type slotPlan struct {
	shape shape
	wire  pbwire.Type // of one occurrence
	pack  pbwire.Type // elements may come packed, each in this wire type; Bytes: they may not
	oneof int16       // 1-based
}

// shape says what the index pass puts into a slot.
type shape uint8

const (
	shapeVarint   shape = iota // bits; the last occurrence wins
	shapeFixed32               // bits
	shapeFixed64               // bits
	shapeBytes                 // lo and hi; the last occurrence wins
	shapeMessage               // every payload, for they are merged
	shapeRepeated              // the runs of occurrences, tags included, and the number of elements
)

// decoding says how the bits of a protobuf scalar become a value: an int64, 0 or 1, or the bits of a float64.
type decoding uint8

const (
	decodeRaw      decoding = iota // int64, uint64, fixed64, sfixed64, double
	decodeInt32                    // int32, sfixed32, enum: the low 32 bits, signed
	decodeUint32                   // uint32, fixed32: the low 32 bits
	decodeZigzag32                 // sint32
	decodeZigzag64                 // sint64
	decodeBool
	decodeFloat
)

// writing says how a value is written to the Thrift side.
type writing uint8

const (
	writeByte   writing = iota // i8 and bool in binary
	writeBool                  // bool in compact: 1 or 2
	writeI16                   // big-endian
	writeI32                   // big-endian
	writeI64                   // big-endian; double in binary too
	writeZigzag                // i16, i32 and i64 in compact
	writeLE64                  // double in compact
)

// thriftValue says how one protobuf value becomes a Thrift value.
type thriftValue struct {
	op     op
	decode decoding
	write  writing
	bulk   bulk
	code   byte // type number on the Thrift wire
	check  bool // opScalar: bounds or enum apply
	bounds bounds
	enum   *enumTable
	utf8   bool // opString: invalid UTF-8 is an error
	unit   schema.Unit
	wire   pbwire.Type // of one occurrence
	thrift schema.ThriftKind
	proto  schema.ProtoKind

	elem    *thriftValue // of opList, opMap, opWrap
	key     *thriftValue // of opMap
	message *thriftMessage

	zero    []byte // the value that stands for absence
	zeroErr *Error // why there is none
}

// thriftCompiler builds the plans to one Thrift protocol.
type thriftCompiler struct {
	compact bool
	done    map[*schema.Message]*thriftMessage
	fresh   []*thriftValue   // whose zero is still to be found
	ordered []*thriftMessage // whose zeros are still to be found
}

// message compiles m and all that it reaches, once.
func (c *thriftCompiler) message(m *schema.Message) (*thriftMessage, error) {
	if tm := c.done[m]; tm != nil {
		return tm, nil
	}
	tm := &thriftMessage{name: m.Thrift, union: m.Union}
	c.done[m] = tm
	if err := c.build(tm, m); err != nil {
		delete(c.done, m)
		return nil, err
	}
	return tm, nil
}

func (c *thriftCompiler) build(tm *thriftMessage, m *schema.Message) error {
	if len(m.Fields) > math.MaxInt16 {
		return fmt.Errorf("%s has more than %d fields", m.Thrift, math.MaxInt16)
	}
	fields := append([]*schema.Field(nil), m.Fields...)
	sort.SliceStable(fields, func(i, j int) bool { return fields[i].ThriftID < fields[j].ThriftID })
	tm.fields = make([]thriftField, len(fields))
	numbers := make([]numbered, 0, len(fields)+len(m.DropProto))
	for i, f := range fields {
		if err := c.field(&tm.fields[i], f); err != nil {
			return fmt.Errorf("%s.%s: %w", m.Thrift, f.Name, err)
		}
		numbers = append(numbers, numbered{f.ProtoNum, int16(i)})
	}
	for _, num := range m.DropProto {
		numbers = append(numbers, numbered{num, dropped})
	}
	tm.seal(numbers)
	tm.ordered = !m.Union
	for i, f := range fields {
		tm.setSlot(i, f)
		if f.Oneof > 0 || i > 0 && f.ProtoNum <= fields[i-1].ProtoNum {
			tm.ordered = false
		}
	}
	if tm.ordered {
		tm.setSteps(fields, c.compact)
		c.ordered = append(c.ordered, tm)
	}
	return nil
}

// setSteps makes the table of ordered.go.
func (tm *thriftMessage) setSteps(fields []*schema.Field, compact bool) {
	tm.steps = make([]thriftStep, len(fields)+1)
	for i, f := range fields {
		tm.steps[i] = newThriftStep(&tm.fields[i], f.ProtoNum, compact)
		if s := &tm.steps[i]; s.tag != noTag && i < 255 {
			tm.byTag[s.tag] = uint8(i + 1)
		}
	}
	tm.steps[len(fields)].tag = noTag
}

// seal makes the tables that depend on the number of fields.
func (tm *thriftMessage) seal(numbers []numbered) {
	tm.byNumber = newLookup(numbers)
	tm.words = (len(tm.fields) + 63) / 64
	tm.always = make([]uint64, tm.words)
	tm.slots = make([]slotPlan, len(tm.fields))
	for i := range tm.fields {
		tm.slots[i] = newSlotPlan(&tm.fields[i].value)
	}
}

// setSlot enters what a schema's field adds to its slot.
func (tm *thriftMessage) setSlot(i int, f *schema.Field) {
	w, bit := i/64, uint64(1)<<(i%64)
	if tm.fields[i].absent != schema.Omit && !tm.union {
		tm.always[w] |= bit
	}
	if f.Oneof <= 0 {
		return
	}
	for len(tm.oneofs) < f.Oneof {
		tm.oneofs = append(tm.oneofs, make([]uint64, tm.words))
	}
	tm.slots[i].oneof = int16(f.Oneof)
	tm.oneofs[f.Oneof-1][w] |= bit
}

func newSlotPlan(v *thriftValue) slotPlan {
	s := slotPlan{wire: v.wire, pack: pbwire.Bytes}
	switch v.op {
	case opScalar:
		switch v.wire {
		case pbwire.Fixed32:
			s.shape = shapeFixed32
		case pbwire.Fixed64:
			s.shape = shapeFixed64
		}
	case opString, opBytes, opUUID, opUUIDText:
		s.shape = shapeBytes
	case opList, opMap:
		s.shape = shapeRepeated
		if v.op == opList && v.elem.op == opScalar {
			s.pack = v.wire
		}
	default:
		s.shape = shapeMessage
	}
	return s
}

func (c *thriftCompiler) field(tf *thriftField, f *schema.Field) error {
	v, err := c.value(f.Type)
	if err != nil {
		return err
	}
	*tf = thriftField{name: f.Name, id: f.ThriftID, absent: f.Absent, implicit: f.Presence == schema.Implicit, value: *v}
	if f.Presence == schema.Legacy {
		tf.absent = schema.Refuse
	}
	if c.compact {
		tf.boolean = v.thrift == schema.ThriftBool
	} else {
		tf.header = [3]byte(appendBinaryHeader(nil, v.code, f.ThriftID))
	}
	c.fresh = append(c.fresh, &tf.value)
	return nil
}

// value compiles a type; every value that it makes is entered in c.fresh.
func (c *thriftCompiler) value(t *schema.Type) (*thriftValue, error) {
	if t == nil {
		return nil, fmt.Errorf("no type is given")
	}
	if t.Wrap == 0 {
		v := &thriftValue{code: thriftCode(t.Thrift, c.compact), thrift: t.Thrift, proto: t.Proto, wire: protoWire(t.Proto)}
		if v.code == 0 {
			return nil, fmt.Errorf("%d is no Thrift type", t.Thrift)
		}
		c.fresh = append(c.fresh, v)
		return v, c.fill(v, t)
	}
	inner := *t
	inner.Wrap = 0
	elem, err := c.value(&inner)
	if err != nil {
		return nil, err
	}
	v := &thriftValue{op: opWrap, code: elem.code, thrift: t.Thrift, wire: pbwire.Bytes, elem: elem}
	v.message = helper(numbered{t.Wrap, 0}, elem)
	c.fresh = append(c.fresh, v)
	return v, nil
}

// helper makes the table of a message that exists on the protobuf side only: number by number its values.
func helper(first numbered, values ...*thriftValue) *thriftMessage {
	tm := &thriftMessage{}
	for _, v := range values {
		tm.fields = append(tm.fields, thriftField{value: *v})
	}
	tm.seal([]numbered{first})
	return tm
}

func (c *thriftCompiler) fill(v *thriftValue, t *schema.Type) (err error) {
	switch {
	case t.Convert == schema.Timestamp, t.Convert == schema.Duration:
		return c.fillTime(v, t)
	case t.Thrift == schema.ThriftList, t.Thrift == schema.ThriftSet:
		v.op = opList
		if v.elem, err = c.value(t.Elem); err != nil {
			return err
		}
		if v.elem.op == opList || v.elem.op == opMap {
			return fmt.Errorf("a container inside of a %s has no message around it", thriftNames[t.Thrift])
		}
		v.wire = v.elem.wire
	case t.Thrift == schema.ThriftMap:
		v.op = opMap
		return c.fillMap(v, t)
	case t.Thrift == schema.ThriftStruct:
		if t.Proto != schema.ProtoMessage && t.Proto != schema.ProtoGroup || t.Message == nil {
			return errCarry(t)
		}
		v.op = opStruct
		v.message, err = c.message(t.Message)
	case t.Thrift == schema.ThriftString:
		switch t.Proto {
		case schema.ProtoString:
			v.op, v.utf8 = opString, t.UTF8 == schema.UTF8Reject
		case schema.ProtoBytes:
			v.op = opBytes
		default:
			return errCarry(t)
		}
	case t.Thrift == schema.ThriftUUID:
		switch {
		case t.Proto == schema.ProtoBytes && t.Convert == schema.Plain:
			v.op = opUUID
		case t.Proto == schema.ProtoString && t.Convert == schema.UUIDString:
			v.op = opUUIDText
		default:
			return errCarry(t)
		}
	default:
		return c.fillScalar(v, t)
	}
	return err
}

// fillTime prepares the two numbers of a Timestamp or Duration: 1 the seconds, 2 the nanoseconds.
func (c *thriftCompiler) fillTime(v *thriftValue, t *schema.Type) error {
	if t.Thrift != schema.ThriftI64 {
		return fmt.Errorf("%s cannot hold a point in time or a span; i64 can", thriftNames[t.Thrift])
	}
	v.op = opTimestamp
	if t.Convert == schema.Duration {
		v.op = opDuration
	}
	v.unit, v.wire = t.Unit, pbwire.Bytes
	v.write = scalarWriting(t.Thrift, c.compact)
	v.message = helper(numbered{1, 0}, &thriftValue{op: opScalar}, &thriftValue{op: opScalar})
	v.message.byNumber = newLookup([]numbered{{1, 0}, {2, 1}})
	return nil
}

func (c *thriftCompiler) fillMap(v *thriftValue, t *schema.Type) (err error) {
	if v.key, err = c.value(t.Key); err != nil {
		return err
	}
	if v.elem, err = c.value(t.Elem); err != nil {
		return err
	}
	keyNum, elemNum := t.KeyNum, t.ElemNum
	if keyNum == 0 && elemNum == 0 {
		keyNum, elemNum = 1, 2
	}
	v.wire = pbwire.Bytes
	v.message = helper(numbered{keyNum, 0}, v.key, v.elem)
	v.message.byNumber = newLookup([]numbered{{keyNum, 0}, {elemNum, 1}})
	if keyNum < 16 && elemNum < 16 {
		v.message.entry = [2]byte{byte(keyNum)<<3 | byte(v.key.wire), byte(elemNum)<<3 | byte(v.elem.wire)}
	}
	return nil
}

func (c *thriftCompiler) fillScalar(v *thriftValue, t *schema.Type) error {
	v.op = opScalar
	v.write = scalarWriting(t.Thrift, c.compact)
	switch t.Proto {
	case schema.ProtoInt32, schema.ProtoSfixed32, schema.ProtoEnum:
		v.decode = decodeInt32
	case schema.ProtoUint32, schema.ProtoFixed32:
		v.decode = decodeUint32
	case schema.ProtoSint32:
		v.decode = decodeZigzag32
	case schema.ProtoSint64:
		v.decode = decodeZigzag64
	case schema.ProtoBool:
		v.decode = decodeBool
	case schema.ProtoFloat:
		v.decode = decodeFloat
	}
	if !sameFamily(t) {
		return errCarry(t)
	}
	v.bounds = thriftBounds(t)
	if t.Enum != nil {
		v.enum = enumToThrift(t.Enum)
		v.bounds = bounds{} // the pairs are what fits
	}
	v.check = v.bounds.on || v.enum != nil
	v.bulk = chooseBulk(v)
	return nil
}

func scalarWriting(k schema.ThriftKind, compact bool) writing {
	switch {
	case k == schema.ThriftBool && compact:
		return writeBool
	case k == schema.ThriftBool, k == schema.ThriftI8:
		return writeByte
	case k == schema.ThriftDouble && compact:
		return writeLE64
	case compact:
		return writeZigzag
	case k == schema.ThriftI16:
		return writeI16
	case k == schema.ThriftI32:
		return writeI32
	}
	return writeI64
}

// sameFamily says whether both sides of a scalar are bools, integers or floating point.
func sameFamily(t *schema.Type) bool {
	switch t.Thrift {
	case schema.ThriftBool:
		return t.Proto == schema.ProtoBool
	case schema.ThriftDouble:
		return t.Proto == schema.ProtoDouble || t.Proto == schema.ProtoFloat
	case schema.ThriftI8, schema.ThriftI16, schema.ThriftI32, schema.ThriftI64:
		switch t.Proto {
		case schema.ProtoInt32, schema.ProtoInt64, schema.ProtoUint32, schema.ProtoUint64, schema.ProtoSint32, schema.ProtoSint64,
			schema.ProtoFixed32, schema.ProtoFixed64, schema.ProtoSfixed32, schema.ProtoSfixed64, schema.ProtoEnum:
			return true
		}
	}
	return false
}

func errCarry(t *schema.Type) error {
	return fmt.Errorf("%s and %s cannot carry each other", thriftNames[t.Thrift], protoNames[t.Proto])
}

// thriftRange gives the values that an integer type of Thrift holds.
func thriftRange(k schema.ThriftKind) (lo, hi int64) {
	switch k {
	case schema.ThriftI8:
		return math.MinInt8, math.MaxInt8
	case schema.ThriftI16:
		return math.MinInt16, math.MaxInt16
	case schema.ThriftI32:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// protoRange gives the values that an integer type of protobuf holds, as far as an i64 can say them.
func protoRange(t *schema.Type) (lo, hi int64) {
	switch t.Proto {
	case schema.ProtoInt32, schema.ProtoSint32, schema.ProtoSfixed32, schema.ProtoEnum:
		return math.MinInt32, math.MaxInt32
	case schema.ProtoUint32, schema.ProtoFixed32:
		return 0, math.MaxUint32
	case schema.ProtoUint64, schema.ProtoFixed64:
		if t.Uint64 == schema.Uint64Error {
			return 0, math.MaxInt64
		}
	}
	return math.MinInt64, math.MaxInt64
}

// thriftBounds gives the check of a protobuf integer on its way to Thrift. Values of uint64 above MaxInt64 look
// negative there.
func thriftBounds(t *schema.Type) bounds {
	if t.Thrift == schema.ThriftBool || t.Thrift == schema.ThriftDouble {
		return bounds{}
	}
	lo, hi := thriftRange(t.Thrift)
	plo, phi := protoRange(t)
	unsigned := t.Proto == schema.ProtoUint64 || t.Proto == schema.ProtoFixed64
	if unsigned && t.Uint64 == schema.Uint64Error {
		return bounds{on: true, min: 0, max: hi}
	}
	return bounds{on: plo < lo || phi > hi, min: lo, max: hi}
}

func enumToThrift(e *schema.Enum) *enumTable {
	pairs := make([]enumPair, len(e.Values))
	for i, v := range e.Values {
		pairs[i] = enumPair{v.Proto, v.Thrift}
	}
	t := newEnumTable(pairs, e.Open)
	t.from, t.to = e.Proto, e.Thrift
	return t
}
