package translate

import (
	"encoding/binary"
	"sort"

	"weft/translate/pbwire"
	"weft/translate/schema"
)

// This file has the vocabulary that both directions' plans share. A plan is a graph of tables, one table for a
// (Thrift struct, protobuf message) pair, a direction and a Thrift protocol: thriftMessage for protobuf to Thrift,
// protoMessage for Thrift to protobuf.

// op says what kind of value a plan's entry moves.
type op uint8

const (
	opScalar    op = iota + 1 // bool, integer, enum, floating point
	opString                  // Thrift string or binary <-> string
	opBytes                   // Thrift string or binary <-> bytes
	opUUID                    // uuid <-> bytes of 16
	opUUIDText                // uuid <-> string in canonical form
	opStruct                  // struct, union, exception <-> message or group
	opWrap                    // a value <-> the only field of a message
	opTimestamp               // i64 <-> google.protobuf.Timestamp
	opDuration                // i64 <-> google.protobuf.Duration
	opList                    // list, set <-> repeated
	opMap                     // map <-> map or repeated message of key and value
	opInline                  // the struct's fields without tag and length: the message itself (schema.Body.Bare)
)

// bounds limits an integer's value where its type on the other side is narrower.
type bounds struct {
	on       bool
	min, max int64
}

func (b *bounds) ok(x uint64) bool {
	return !b.on || int64(x) >= b.min && int64(x) <= b.max
}

// tag is a protobuf tag (field number and wire type), encoded.
type tag struct {
	n     uint8
	bytes [5]byte
}

func newTag(num int32, typ pbwire.Type) tag {
	var t tag
	t.n = uint8(pbwire.PutUvarint(t.bytes[:], uint64(num)<<3|uint64(typ)))
	return t
}

// append writes t; nearly all tags take one byte.
func (t *tag) append(b []byte) []byte {
	if t.n == 1 {
		return append(b, t.bytes[0])
	}
	return append(b, t.bytes[:t.n]...)
}

// Results of lookup.find that are no index.
const (
	notFound = -1
	dropped  = -2 // known, and skipped on purpose (schema.Message.DropThrift, DropProto)
)

// lookup finds a field's index by its number: a dense table for small numbers, a sorted one for the rest, such as the
// escapes from 268435456 and negative Thrift ids.
type lookup struct {
	dense  []int16
	sparse []numbered
}

type numbered struct {
	num   int32
	index int16
}

// maxDense is the largest dense table; it covers the numbers that real messages use.
const maxDense = 4096

// newLookup builds the table of the given numbers. A table is at most 16 times as long as it has entries, beside a small one.
func newLookup(all []numbered) lookup {
	var l lookup
	size := min(maxDense, 64+16*len(all))
	top := -1
	for _, e := range all {
		if e.num >= 0 && int(e.num) < size {
			top = max(top, int(e.num))
		} else {
			l.sparse = append(l.sparse, e)
		}
	}
	l.dense = make([]int16, top+1)
	for i := range l.dense {
		l.dense[i] = notFound
	}
	for _, e := range all {
		if e.num >= 0 && int(e.num) <= top {
			l.dense[e.num] = e.index
		}
	}
	sort.Slice(l.sparse, func(i, j int) bool { return l.sparse[i].num < l.sparse[j].num })
	return l
}

// find returns the index of number num, or notFound or dropped.
func (l *lookup) find(num int32) int {
	if uint(num) < uint(len(l.dense)) {
		return int(l.dense[num])
	}
	return l.search(num)
}

//go:noinline
func (l *lookup) search(num int32) int { // apart, so that find is small enough to be inlined
	lo, hi := 0, len(l.sparse)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if l.sparse[mid].num < num {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(l.sparse) && l.sparse[lo].num == num {
		return int(l.sparse[lo].index)
	}
	return notFound
}

// enumTable turns the numbers of one enum into those of its pair.
type enumTable struct {
	from, to string // names, for error texts
	open     bool   // a number without a pair is copied
	first    int32  // number of dense[0]
	dense    []int64
	sparse   []enumPair // sorted by from; used where dense would be large
}

type enumPair struct{ from, to int32 }

// noPair marks a gap in a dense table; it is no 32-bit number.
const noPair = int64(-1) << 63

// newEnumTable builds a table from pairs; the first pair for a number wins.
func newEnumTable(pairs []enumPair, open bool) *enumTable {
	t := &enumTable{open: open}
	for _, p := range pairs {
		at := sort.Search(len(t.sparse), func(i int) bool { return t.sparse[i].from >= p.from })
		if at < len(t.sparse) && t.sparse[at].from == p.from {
			continue
		}
		t.sparse = append(t.sparse, enumPair{})
		copy(t.sparse[at+1:], t.sparse[at:])
		t.sparse[at] = p
	}
	if len(t.sparse) == 0 {
		return t
	}
	t.first = t.sparse[0].from
	span := int64(t.sparse[len(t.sparse)-1].from) - int64(t.first) + 1
	if span > int64(64+8*len(t.sparse)) {
		return t
	}
	t.dense = make([]int64, span)
	for i := range t.dense {
		t.dense[i] = noPair
	}
	for _, p := range t.sparse {
		t.dense[int64(p.from)-int64(t.first)] = int64(p.to)
	}
	t.sparse = nil
	return t
}

// find returns the pair of number n.
func (t *enumTable) find(n int32) (int32, bool) {
	if at := int64(n) - int64(t.first); uint64(at) < uint64(len(t.dense)) {
		if to := t.dense[at]; to != noPair {
			return int32(to), true
		}
		return n, t.open
	}
	lo, hi := 0, len(t.sparse)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if t.sparse[mid].from < n {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(t.sparse) && t.sparse[lo].from == n {
		return t.sparse[lo].to, true
	}
	return n, t.open
}

// thriftCode is the number of a Thrift type on the wire.
func thriftCode(k schema.ThriftKind, compact bool) byte {
	if !compact {
		return byte(k)
	}
	return compactCode[k&31]
}

// compactCode has TCompactProtocol's type numbers. A bool stands as 1 (true); 2 is false, and in the header of a
// container the same type.
var compactCode = [32]byte{
	schema.ThriftBool: 1, schema.ThriftI8: 3, schema.ThriftI16: 4, schema.ThriftI32: 5, schema.ThriftI64: 6,
	schema.ThriftDouble: 7, schema.ThriftString: 8, schema.ThriftList: 9, schema.ThriftSet: 10, schema.ThriftMap: 11,
	schema.ThriftStruct: 12, schema.ThriftUUID: 13,
}

// Sizes in bytes that a value takes at least, by type code; 0 where the code is no type. They bound the counts
// that containers claim.
var (
	binaryMin  = [17]uint8{2: 1, 3: 1, 4: 8, 6: 2, 8: 4, 10: 8, 11: 4, 12: 1, 13: 6, 14: 5, 15: 5, 16: 16}
	compactMin = [17]uint8{1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 8, 8: 1, 9: 1, 10: 1, 11: 1, 12: 1, 13: 16}
)

var thriftNames = map[schema.ThriftKind]string{
	schema.ThriftBool: "bool", schema.ThriftI8: "i8", schema.ThriftDouble: "double", schema.ThriftI16: "i16",
	schema.ThriftI32: "i32", schema.ThriftI64: "i64", schema.ThriftString: "string", schema.ThriftStruct: "struct",
	schema.ThriftMap: "map", schema.ThriftSet: "set", schema.ThriftList: "list", schema.ThriftUUID: "uuid",
}

var protoNames = map[schema.ProtoKind]string{
	schema.ProtoDouble: "double", schema.ProtoFloat: "float", schema.ProtoInt64: "int64", schema.ProtoUint64: "uint64",
	schema.ProtoInt32: "int32", schema.ProtoFixed64: "fixed64", schema.ProtoFixed32: "fixed32", schema.ProtoBool: "bool",
	schema.ProtoString: "string", schema.ProtoGroup: "group", schema.ProtoMessage: "message", schema.ProtoBytes: "bytes",
	schema.ProtoUint32: "uint32", schema.ProtoEnum: "enum", schema.ProtoSfixed32: "sfixed32",
	schema.ProtoSfixed64: "sfixed64", schema.ProtoSint32: "sint32", schema.ProtoSint64: "sint64",
}

// protoWire is the wire type of a protobuf kind.
func protoWire(k schema.ProtoKind) pbwire.Type {
	switch k {
	case schema.ProtoDouble, schema.ProtoFixed64, schema.ProtoSfixed64:
		return pbwire.Fixed64
	case schema.ProtoFloat, schema.ProtoFixed32, schema.ProtoSfixed32:
		return pbwire.Fixed32
	case schema.ProtoString, schema.ProtoBytes, schema.ProtoMessage:
		return pbwire.Bytes
	case schema.ProtoGroup:
		return pbwire.StartGroup
	}
	return pbwire.Varint
}

// appendBinaryHeader appends the header of a TBinaryProtocol field.
func appendBinaryHeader(b []byte, code byte, id int16) []byte {
	return binary.BigEndian.AppendUint16(append(b, code), uint16(id))
}

// appendCompactHeader appends the header of a TCompactProtocol field: the step from the field before in the short
// form, else the id itself. Id 0 as first field (a result's success) needs the long form.
func appendCompactHeader(b []byte, code byte, id, last int16) []byte {
	if step := int(id) - int(last); step > 0 && step <= 15 {
		return append(b, byte(step)<<4|code)
	}
	return pbwire.AppendUvarint(append(b, code), pbwire.Zigzag(int64(id)))
}
