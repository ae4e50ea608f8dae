package translate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"sort"
	"strings"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"
	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema"
	"weft/translate/thriftwire"
)

// This file is the slow route that the plans are compared with: dynamicpb on one side, Apache's TProtocol on the other, and
// between them a tree of Thrift values.

// value is any Thrift value; which members count depends on kind.
type value struct {
	kind   schema.ThriftKind
	num    int64 // bool, integers; the bits of a double
	str    []byte
	elems  []value // list, set; keys and values in turn of a map
	key    schema.ThriftKind
	elem   schema.ThriftKind
	fields []field
}

type field struct {
	id int16
	value
}

// String is canonical: pairs of a map are sorted.
func (v value) String() string {
	switch v.kind {
	case schema.ThriftString, schema.ThriftUUID:
		return fmt.Sprintf("%q", v.str)
	case schema.ThriftDouble:
		return fmt.Sprintf("d%x", v.num)
	case schema.ThriftStruct:
		var b strings.Builder
		for _, f := range v.fields {
			fmt.Fprintf(&b, "%d=%v ", f.id, f.value)
		}
		return "{" + b.String() + "}"
	case schema.ThriftList, schema.ThriftSet:
		return fmt.Sprintf("%d%v", v.kind, v.elems)
	case schema.ThriftMap:
		var pairs []string
		for i := 0; i < len(v.elems); i += 2 {
			pairs = append(pairs, fmt.Sprintf("%v:%v", v.elems[i], v.elems[i+1]))
		}
		sort.Strings(pairs)
		return fmt.Sprintf("map%v", pairs)
	}
	return fmt.Sprintf("%d.%d", v.kind, v.num)
}

// sorted puts fields into the order in which plans write them.
func (v value) sorted() value {
	sort.SliceStable(v.fields, func(i, j int) bool { return v.fields[i].id < v.fields[j].id })
	return v
}

func protocol(p thriftwire.Protocol, buf *thrift.TMemoryBuffer) thrift.TProtocol {
	if p == thriftwire.Compact {
		return thrift.NewTCompactProtocolConf(buf, &thrift.TConfiguration{})
	}
	return thrift.NewTBinaryProtocolConf(buf, &thrift.TConfiguration{})
}

// parse reads a struct with Apache's library and returns what is left over.
func parse(p thriftwire.Protocol, b []byte) (v value, rest int, err error) {
	buf := &thrift.TMemoryBuffer{Buffer: bytes.NewBuffer(b)}
	v, err = read(protocol(p, buf), schema.ThriftStruct)
	return v, buf.Len(), err
}

func read(p thrift.TProtocol, kind schema.ThriftKind) (v value, err error) {
	ctx := context.Background()
	v.kind = kind
	switch kind {
	case schema.ThriftBool:
		var x bool
		if x, err = p.ReadBool(ctx); x {
			v.num = 1
		}
	case schema.ThriftI8:
		var x int8
		x, err = p.ReadByte(ctx)
		v.num = int64(x)
	case schema.ThriftI16:
		var x int16
		x, err = p.ReadI16(ctx)
		v.num = int64(x)
	case schema.ThriftI32:
		var x int32
		x, err = p.ReadI32(ctx)
		v.num = int64(x)
	case schema.ThriftI64:
		v.num, err = p.ReadI64(ctx)
	case schema.ThriftDouble:
		var x float64
		x, err = p.ReadDouble(ctx)
		v.num = int64(math.Float64bits(x))
	case schema.ThriftString:
		v.str, err = p.ReadBinary(ctx)
	case schema.ThriftUUID:
		var x thrift.Tuuid
		x, err = p.ReadUUID(ctx)
		v.str = x[:]
	case schema.ThriftStruct:
		return readStruct(p)
	default:
		return readContainer(p, kind)
	}
	return v, err
}

func readStruct(p thrift.TProtocol) (v value, err error) {
	ctx := context.Background()
	v.kind = schema.ThriftStruct
	if _, err = p.ReadStructBegin(ctx); err != nil {
		return v, err
	}
	for {
		_, typ, id, err := p.ReadFieldBegin(ctx)
		if err != nil {
			return v, err
		}
		if typ == thrift.STOP {
			return v, p.ReadStructEnd(ctx)
		}
		x, err := read(p, schema.ThriftKind(typ))
		if err != nil {
			return v, err
		}
		v.fields = append(v.fields, field{id, x})
	}
}

func readContainer(p thrift.TProtocol, kind schema.ThriftKind) (v value, err error) {
	ctx := context.Background()
	v.kind = kind
	var k, e thrift.TType
	n, per := 0, 1
	switch kind {
	case schema.ThriftList:
		e, n, err = p.ReadListBegin(ctx)
	case schema.ThriftSet:
		e, n, err = p.ReadSetBegin(ctx)
	case schema.ThriftMap:
		k, e, n, err = p.ReadMapBegin(ctx)
		per = 2
	default:
		err = fmt.Errorf("kind %d", kind)
	}
	v.key, v.elem = schema.ThriftKind(k), schema.ThriftKind(e)
	for i := 0; i < n*per && err == nil; i++ {
		t := v.elem
		if per == 2 && i%2 == 0 {
			t = v.key
		}
		var x value
		x, err = read(p, t)
		v.elems = append(v.elems, x)
	}
	return v, err
}

// print writes a struct with Apache's library.
func print(t testing.TB, p thriftwire.Protocol, v value) []byte {
	t.Helper()
	buf := thrift.NewTMemoryBuffer()
	if err := write(protocol(p, buf), v); err != nil {
		t.Fatalf("writing %v: %v", v, err)
	}
	return buf.Bytes()
}

func write(p thrift.TProtocol, v value) error {
	ctx := context.Background()
	switch v.kind {
	case schema.ThriftBool:
		return p.WriteBool(ctx, v.num != 0)
	case schema.ThriftI8:
		return p.WriteByte(ctx, int8(v.num))
	case schema.ThriftI16:
		return p.WriteI16(ctx, int16(v.num))
	case schema.ThriftI32:
		return p.WriteI32(ctx, int32(v.num))
	case schema.ThriftI64:
		return p.WriteI64(ctx, v.num)
	case schema.ThriftDouble:
		return p.WriteDouble(ctx, math.Float64frombits(uint64(v.num)))
	case schema.ThriftString:
		return p.WriteBinary(ctx, v.str)
	case schema.ThriftUUID:
		return p.WriteUUID(ctx, thrift.Tuuid(v.str))
	case schema.ThriftList:
		p.WriteListBegin(ctx, thrift.TType(v.elem), len(v.elems))
	case schema.ThriftSet:
		p.WriteSetBegin(ctx, thrift.TType(v.elem), len(v.elems))
	case schema.ThriftMap:
		p.WriteMapBegin(ctx, thrift.TType(v.key), thrift.TType(v.elem), len(v.elems)/2)
	case schema.ThriftStruct:
		p.WriteStructBegin(ctx, "")
		for _, f := range v.fields {
			if err := p.WriteFieldBegin(ctx, "", thrift.TType(f.kind), f.id); err != nil {
				return err
			}
			if err := write(p, f.value); err != nil {
				return err
			}
		}
		p.WriteFieldStop(ctx)
		return p.WriteStructEnd(ctx)
	}
	for _, e := range v.elems {
		if err := write(p, e); err != nil {
			return err
		}
	}
	return nil
}

// errRefused stands for every reason not to translate.
var errRefused = errors.New("refused")

// toTree gives the struct that a protobuf message becomes.
func toTree(m *schema.Message, msg protoreflect.Message) (value, error) {
	v := value{kind: schema.ThriftStruct}
	for _, f := range m.Fields {
		fd := msg.Descriptor().Fields().ByNumber(protoreflect.FieldNumber(f.ProtoNum))
		if msg.Has(fd) {
			x, err := treeOf(f.Type, fd, msg.Get(fd))
			if err != nil {
				return v, err
			}
			v.fields = append(v.fields, field{f.ThriftID, x})
			continue
		}
		absent := f.Absent
		if f.Presence == schema.Legacy {
			absent = schema.Refuse
		}
		if absent == schema.Refuse {
			return v, errRefused
		}
		if absent == schema.WriteZero && !m.Union {
			x, err := zeroTree(f.Type, fd)
			if err != nil {
				return v, err
			}
			v.fields = append(v.fields, field{f.ThriftID, x})
		}
	}
	if m.Union && len(v.fields) != 1 {
		return v, errRefused
	}
	return v.sorted(), nil
}

func zeroTree(t *schema.Type, fd protoreflect.FieldDescriptor) (value, error) {
	v := value{kind: t.Thrift}
	switch t.Thrift {
	case schema.ThriftStruct:
		d := fd.Message()
		if t.Wrap != 0 {
			d = d.Fields().ByNumber(protoreflect.FieldNumber(t.Wrap)).Message()
		}
		return toTree(t.Message, emptyOf(d))
	case schema.ThriftUUID:
		v.str = make([]byte, 16)
	case schema.ThriftList, schema.ThriftSet:
		v.elem = t.Elem.Thrift
	case schema.ThriftMap:
		v.key, v.elem = t.Key.Thrift, t.Elem.Thrift
	}
	if t.Enum != nil {
		return enumTree(t, 0, true)
	}
	return v, nil
}

func enumTree(t *schema.Type, n int64, zero bool) (value, error) {
	for _, e := range t.Enum.Values {
		if int64(e.Proto) == n {
			return value{kind: t.Thrift, num: int64(e.Thrift)}, nil
		}
	}
	if t.Enum.Open || zero {
		return value{kind: t.Thrift, num: n}, nil
	}
	return value{}, errRefused
}

// treeOf gives the Thrift value of a field's value.
func treeOf(t *schema.Type, fd protoreflect.FieldDescriptor, x protoreflect.Value) (value, error) {
	v := value{kind: t.Thrift}
	var err error
	switch {
	case t.Wrap != 0:
		inner := *t
		inner.Wrap = 0
		fd := fd.Message().Fields().ByNumber(protoreflect.FieldNumber(t.Wrap))
		if m := x.Message(); m.Has(fd) {
			return treeOf(&inner, fd, m.Get(fd))
		}
		if t.Enum != nil {
			return enumTree(t, 0, true)
		}
		return zeroTree(&inner, fd)
	case t.Convert == schema.Timestamp || t.Convert == schema.Duration:
		v.num, err = unitsOf(t, x.Message())
		return v, err
	case t.Thrift == schema.ThriftStruct:
		return toTree(t.Message, x.Message())
	case t.Thrift == schema.ThriftList || t.Thrift == schema.ThriftSet:
		v.elem = t.Elem.Thrift
		for i := 0; i < x.List().Len() && err == nil; i++ {
			var e value
			e, err = treeOf(t.Elem, fd, x.List().Get(i))
			v.elems = append(v.elems, e)
		}
		return v, err
	case t.Thrift == schema.ThriftMap:
		if fd.IsMap() {
			return realMapTree(t, fd, x.Map())
		}
		return mapTree(t, fd, x.List())
	case t.Thrift == schema.ThriftUUID:
		return uuidTree(t, x)
	case t.Proto == schema.ProtoString:
		v.str = []byte(x.String())
		return v, nil
	case t.Proto == schema.ProtoBytes:
		v.str = x.Bytes()
		return v, nil
	}
	return scalarTree(t, x)
}

func realMapTree(t *schema.Type, fd protoreflect.FieldDescriptor, pairs protoreflect.Map) (v value, err error) {
	v = value{kind: schema.ThriftMap, key: t.Key.Thrift, elem: t.Elem.Thrift}
	pairs.Range(func(key protoreflect.MapKey, elem protoreflect.Value) bool {
		var k, e value
		if k, err = treeOf(t.Key, fd.MapKey(), key.Value()); err == nil {
			e, err = treeOf(t.Elem, fd.MapValue(), elem)
		}
		v.elems = append(v.elems, k, e)
		return err == nil
	})
	return v, err
}

// mapTree reads a repeated entry. Keys that protobuf's maps may have are unique.
func mapTree(t *schema.Type, fd protoreflect.FieldDescriptor, entries protoreflect.List) (value, error) {
	v := value{kind: schema.ThriftMap, key: t.Key.Thrift, elem: t.Elem.Thrift}
	at := map[string]int{}
	fields := fd.Message().Fields()
	var pairs [][2]protoreflect.Message
	for i := 0; i < entries.Len(); i++ {
		e := entries.Get(i).Message()
		k, err := entryTree(t.Key, fields.ByNumber(protoreflect.FieldNumber(t.KeyNum)), e)
		if err != nil {
			return v, err
		}
		name := k.String()
		if j, ok := at[name]; ok && t.Key.Thrift != schema.ThriftStruct {
			pairs[j][0] = e
			continue
		}
		at[name] = len(pairs)
		pairs = append(pairs, [2]protoreflect.Message{e})
	}
	for _, p := range pairs {
		k, err := entryTree(t.Key, fields.ByNumber(protoreflect.FieldNumber(t.KeyNum)), p[0])
		if err != nil {
			return v, err
		}
		x, err := entryTree(t.Elem, fields.ByNumber(protoreflect.FieldNumber(t.ElemNum)), p[0])
		if err != nil {
			return v, err
		}
		v.elems = append(v.elems, k, x)
	}
	return v, nil
}

func entryTree(t *schema.Type, fd protoreflect.FieldDescriptor, e protoreflect.Message) (value, error) {
	if e.Has(fd) {
		return treeOf(t, fd, e.Get(fd))
	}
	return zeroTree(t, fd)
}

func scalarTree(t *schema.Type, x protoreflect.Value) (value, error) {
	v := value{kind: t.Thrift}
	switch y := x.Interface().(type) {
	case bool:
		if y {
			v.num = 1
		}
		return v, nil
	case float32:
		v.num = int64(math.Float64bits(float64(y)))
		return v, nil
	case float64:
		v.num = int64(math.Float64bits(y))
		return v, nil
	case protoreflect.EnumNumber:
		if t.Enum != nil {
			return enumTree(t, int64(y), false)
		}
		v.num = int64(y)
	case int32:
		v.num = int64(y)
	case uint32:
		v.num = int64(y)
	case int64:
		v.num = y
	case uint64:
		v.num = int64(y)
		if y > math.MaxInt64 && t.Uint64 == schema.Uint64Error {
			return v, errRefused
		}
	}
	return v, fits(v.num, t.Thrift)
}

func fits(n int64, k schema.ThriftKind) error {
	bits := map[schema.ThriftKind]uint{schema.ThriftI8: 8, schema.ThriftI16: 16, schema.ThriftI32: 32, schema.ThriftI64: 64}[k]
	if n<<(64-bits)>>(64-bits) != n {
		return errRefused
	}
	return nil
}
