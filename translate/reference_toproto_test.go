package translate_test

import (
	"encoding/hex"
	"math"
	"math/big"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"weft/translate/schema"
)

func emptyOf(d protoreflect.MessageDescriptor) protoreflect.Message { return dynamicpb.NewMessage(d) }

var unitsPerSecond = map[schema.Unit]int64{schema.Seconds: 1, schema.Millis: 1e3, schema.Micros: 1e6, schema.Nanos: 1e9}

// unitsOf computes with big integers what a Timestamp or Duration is in units.
func unitsOf(t *schema.Type, m protoreflect.Message) (int64, error) {
	fields := m.Descriptor().Fields()
	seconds, nanos := m.Get(fields.ByNumber(1)).Int(), m.Get(fields.ByNumber(2)).Int()
	switch {
	case t.Convert == schema.Timestamp && (nanos < 0 || nanos >= 1e9 || seconds < -62135596800 || seconds > 253402300799),
		t.Convert == schema.Duration && (nanos <= -1e9 || nanos >= 1e9 || seconds < -315576000000 || seconds > 315576000000),
		t.Convert == schema.Duration && (seconds < 0 && nanos > 0 || seconds > 0 && nanos < 0):
		return 0, errRefused
	}
	x := new(big.Int).Mul(big.NewInt(seconds), big.NewInt(1e9))
	x.Add(x, big.NewInt(nanos))
	per := big.NewInt(1e9 / unitsPerSecond[t.Unit])
	if t.Convert == schema.Timestamp {
		x.Div(x, per) // towards the past
	} else {
		x.Quo(x, per)
	}
	if !x.IsInt64() {
		return 0, errRefused
	}
	return x.Int64(), nil
}

func uuidTree(t *schema.Type, x protoreflect.Value) (value, error) {
	v := value{kind: schema.ThriftUUID}
	if t.Convert != schema.UUIDString {
		v.str = x.Bytes()
		if len(v.str) != 16 {
			return v, errRefused
		}
		return v, nil
	}
	s := x.String()
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return v, errRefused
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 {
		return v, errRefused
	}
	v.str = b
	return v, nil
}

// toMessage sets the fields of msg from a Thrift struct. Of fields that come twice the last one counts.
func toMessage(m *schema.Message, v value, msg protoreflect.Message) error {
	last := map[int16]value{}
	for _, f := range v.fields {
		for _, sf := range m.Fields {
			if sf.ThriftID == f.id && accepted(sf.Type, f.value) {
				last[f.id] = f.value
			}
		}
	}
	members := map[int]int{}
	for _, f := range m.Fields {
		x, ok := last[f.ThriftID]
		if ok && f.Oneof > 0 {
			if members[f.Oneof]++; members[f.Oneof] > 1 {
				return errRefused
			}
		}
		if !ok {
			if f.Requiredness == schema.Required || f.Presence == schema.Legacy {
				return errRefused
			}
			continue
		}
		fd := msg.Descriptor().Fields().ByNumber(protoreflect.FieldNumber(f.ProtoNum))
		if err := setField(f.Type, fd, x, msg); err != nil {
			return err
		}
	}
	if m.Union && len(last) != 1 {
		return errRefused
	}
	return nil
}

// accepted says whether a value has the type of a field, elements included.
func accepted(t *schema.Type, v value) bool {
	if t.Thrift != v.kind {
		return false
	}
	switch {
	case len(v.elems) == 0:
		return true
	case t.Thrift == schema.ThriftMap:
		return v.key == t.Key.Thrift && v.elem == t.Elem.Thrift
	case t.Thrift == schema.ThriftList || t.Thrift == schema.ThriftSet:
		return v.elem == t.Elem.Thrift
	}
	return true
}

func setField(t *schema.Type, fd protoreflect.FieldDescriptor, v value, msg protoreflect.Message) error {
	if t.Wrap != 0 {
		inner := *t
		inner.Wrap = 0
		in := msg.Mutable(fd).Message()
		return setField(&inner, in.Descriptor().Fields().ByNumber(protoreflect.FieldNumber(t.Wrap)), v, in)
	}
	switch t.Thrift {
	case schema.ThriftList, schema.ThriftSet:
		if len(v.elems) > 0 && v.elem != t.Elem.Thrift {
			return errRefused
		}
		for _, e := range v.elems {
			if err := appendElem(t.Elem, fd, e, msg); err != nil {
				return err
			}
		}
		return nil
	case schema.ThriftMap:
		if len(v.elems) > 0 && (v.key != t.Key.Thrift || v.elem != t.Elem.Thrift) {
			return errRefused
		}
		for i := 0; i < len(v.elems); i += 2 {
			e := msg.Mutable(fd).List().AppendMutable().Message()
			fields := e.Descriptor().Fields()
			if err := setField(t.Key, fields.ByNumber(protoreflect.FieldNumber(t.KeyNum)), v.elems[i], e); err != nil {
				return err
			}
			if err := setField(t.Elem, fields.ByNumber(protoreflect.FieldNumber(t.ElemNum)), v.elems[i+1], e); err != nil {
				return err
			}
		}
		return nil
	}
	if fd.Message() != nil {
		return setMessage(t, v, msg.Mutable(fd).Message())
	}
	x, err := protoScalar(t, v)
	if err == nil {
		msg.Set(fd, x)
	}
	return err
}

func appendElem(t *schema.Type, fd protoreflect.FieldDescriptor, v value, msg protoreflect.Message) error {
	list := msg.Mutable(fd).List()
	if t.Wrap != 0 {
		inner := *t
		inner.Wrap = 0
		in := list.AppendMutable().Message()
		return setField(&inner, in.Descriptor().Fields().ByNumber(protoreflect.FieldNumber(t.Wrap)), v, in)
	}
	if fd.Message() != nil {
		return setMessage(t, v, list.AppendMutable().Message())
	}
	x, err := protoScalar(t, v)
	if err == nil {
		list.Append(x)
	}
	return err
}

func setMessage(t *schema.Type, v value, msg protoreflect.Message) error {
	if t.Convert == schema.Plain {
		return toMessage(t.Message, v, msg)
	}
	per := unitsPerSecond[t.Unit]
	seconds, rest := v.num/per, v.num%per
	if t.Convert == schema.Timestamp {
		if rest < 0 {
			seconds, rest = seconds-1, rest+per
		}
		if seconds < -62135596800 || seconds > 253402300799 {
			return errRefused
		}
	} else if seconds < -315576000000 || seconds > 315576000000 {
		return errRefused
	}
	fields := msg.Descriptor().Fields()
	msg.Set(fields.ByNumber(1), protoreflect.ValueOfInt64(seconds))
	msg.Set(fields.ByNumber(2), protoreflect.ValueOfInt32(int32(rest*(1e9/per))))
	return nil
}

func protoScalar(t *schema.Type, v value) (x protoreflect.Value, err error) {
	n := v.num
	if t.Enum != nil {
		if n, err = enumNumber(t.Enum, n); err != nil {
			return x, err
		}
	}
	refuse := func(bad bool) {
		if bad {
			err = errRefused
		}
	}
	switch t.Proto {
	case schema.ProtoBool:
		return protoreflect.ValueOfBool(n != 0), nil
	case schema.ProtoInt32, schema.ProtoSint32, schema.ProtoSfixed32:
		refuse(n != int64(int32(n)))
		return protoreflect.ValueOfInt32(int32(n)), err
	case schema.ProtoEnum:
		refuse(n != int64(int32(n)))
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(n)), err
	case schema.ProtoUint32, schema.ProtoFixed32:
		refuse(n != int64(uint32(n)))
		return protoreflect.ValueOfUint32(uint32(n)), err
	case schema.ProtoUint64, schema.ProtoFixed64:
		refuse(n < 0 && t.Uint64 == schema.Uint64Error)
		return protoreflect.ValueOfUint64(uint64(n)), err
	case schema.ProtoInt64, schema.ProtoSint64, schema.ProtoSfixed64:
		return protoreflect.ValueOfInt64(n), nil
	case schema.ProtoDouble:
		return protoreflect.ValueOfFloat64(math.Float64frombits(uint64(n))), nil
	case schema.ProtoFloat:
		d := math.Float64frombits(uint64(n))
		refuse(math.IsInf(float64(float32(d)), 0) && !math.IsInf(d, 0))
		return protoreflect.ValueOfFloat32(float32(d)), err
	case schema.ProtoBytes:
		return protoreflect.ValueOfBytes(v.str), nil
	}
	if t.Thrift == schema.ThriftUUID {
		h := hex.EncodeToString(v.str)
		return protoreflect.ValueOfString(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]), nil
	}
	s := string(v.str)
	if !utf8.ValidString(s) {
		refuse(t.UTF8 == schema.UTF8Reject)
		if t.UTF8 == schema.UTF8Replace {
			s = string([]rune(s))
		}
	}
	return protoreflect.ValueOfString(s), err
}

func enumNumber(e *schema.Enum, n int64) (int64, error) {
	for _, p := range e.Values {
		if int64(p.Thrift) == n {
			return int64(p.Proto), nil
		}
	}
	if e.Open {
		return n, nil
	}
	return 0, errRefused
}
