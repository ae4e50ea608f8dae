package thriftidl

import (
	"math"
	"strings"
)

// values checks the file's constants in order, then the defaults of fields.
func (c *checker) values() {
	for _, k := range c.file.Consts {
		c.resolve(k.Type)
		k.state, c.lost = checking, false
		nodes, ok := c.value(k.Value, k.Type)
		k.nodes, k.lossy, k.state = nodes, c.lost, checked
		if !ok {
			k.state = broken
		}
	}
	c.strict = true
	for _, s := range c.file.Structs {
		c.defaults(s.Fields)
		if s.Kind == Union {
			c.unionDefaults(s)
		}
	}
	for _, s := range c.file.Services {
		for _, f := range s.Functions {
			c.defaults(f.Args)
			c.defaults(f.Throws)
		}
	}
}

func (c *checker) defaults(fields []*Field) {
	for _, f := range fields {
		if f.Default != nil {
			c.value(f.Default, f.Type)
		}
	}
}

// unionDefaults checks that at most one member of a union has a default.
func (c *checker) unionDefaults(s *Struct) {
	var first *Field
	for _, f := range s.Fields {
		switch {
		case f.Default == nil:
		case first == nil:
			first = f
		default:
			c.errorf(f.Default.Pos, "union %s has a default for %s already", s.Name, first.Name)
		}
	}
}

// value checks a value against its type and makes it fit. It gives the number of nodes of the value with
// constants written out, and whether the value is good.
func (c *checker) value(v *Value, t *Type) (nodes int, ok bool) {
	u := t.Underlying()
	nodes = 1
	switch {
	case u.Kind == 0:
		return nodes, false
	case v.Kind == IdentValue:
		nodes, ok = c.ident(v, t)
	case u.Kind == List || u.Kind == Set:
		nodes, ok = c.list(v, t)
	case u.Kind == Map:
		nodes, ok = c.mapping(v, t)
	case u.Kind == KindStruct:
		nodes, ok = c.structure(v, t)
	default:
		ok = c.scalar(v, t)
	}
	if nodes > maxValueNodes {
		c.errorf(v.Pos, "the value has more than %d parts when written out", maxValueNodes)
		return 1, false
	}
	return nodes, ok
}

// mismatch reports a value of a wrong kind.
func (c *checker) mismatch(v *Value, t *Type) bool {
	found := [...]string{IntValue: "an integer", DoubleValue: "a double", StringValue: "a string",
		ListValue: "a list", MapValue: "a map", IdentValue: v.Ident}[v.Kind]
	c.errorf(v.Pos, "expected a value of type %s, found %s", t.describe(), found)
	return false
}

// integerRange of the kinds that are written as integers.
var integerRange = map[Kind][2]int64{
	Bool: {0, 1}, I8: {math.MinInt8, math.MaxInt8}, I16: {math.MinInt16, math.MaxInt16},
	I32: {math.MinInt32, math.MaxInt32}, I64: {math.MinInt64, math.MaxInt64},
}

// scalar checks a value that is no name against a base type or an enum.
func (c *checker) scalar(v *Value, t *Type) bool {
	kind := t.Underlying().Kind
	want := StringValue
	switch kind {
	case Double:
		want = DoubleValue
		if v.Kind == IntValue {
			v.Kind, v.Double = DoubleValue, float64(v.Int)
		}
	case Bool, I8, I16, I32, I64, KindEnum:
		want = IntValue
	}
	if v.Kind != want {
		return c.mismatch(v, t)
	}
	switch kind {
	case Bool, I8, I16, I32, I64:
		return c.inRange(v, t)
	case KindEnum:
		return c.enumNumber(v, t)
	case UUID:
		return c.uuid(v)
	}
	return true
}

// inRange checks that an integer fits its type.
func (c *checker) inRange(v *Value, t *Type) bool {
	limits := integerRange[t.Underlying().Kind]
	if limits[0] <= v.Int && v.Int <= limits[1] {
		return true
	}
	return c.lossy(v, "%d does not fit in %s (%d to %d)", v.Int, t.describe(), limits[0], limits[1])
}

// lossy reports a value that cannot be said as it is written, which Apache's compiler lets pass, and gives whether
// it is good enough. A constant is, with a warning, for no message depends on it; a default would come out as
// something else.
func (c *checker) lossy(v *Value, format string, args ...any) bool {
	if c.strict {
		c.errorf(v.Pos, format, args...)
	} else {
		c.warnf(v.Pos, format, args...)
		c.lost = true
	}
	return !c.strict
}

func (c *checker) enumNumber(v *Value, t *Type) bool {
	e := t.Underlying().Enum
	if int64(int32(v.Int)) == v.Int {
		if member := e.byNumber[int32(v.Int)]; member != nil {
			v.Enum, v.EnumValue = e, member
			return true
		}
	}
	c.errorf(v.Pos, "no member of %s has the number %d", t.describe(), v.Int)
	return false
}

// uuid checks the form 01234567-89ab-cdef-0123-456789abcdef, which may stand in braces.
func (c *checker) uuid(v *Value) bool {
	s := v.String
	if len(s) == 38 && s[0] == '{' && s[37] == '}' {
		s = s[1:37]
	}
	good := len(s) == 36
	for i := 0; good && i < len(s); i++ {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			good = s[i] == '-'
		} else {
			good = strings.IndexByte("0123456789abcdefABCDEF", s[i]) >= 0
		}
	}
	if !good {
		c.errorf(v.Pos, "%q is not a uuid", v.String)
		return false
	}
	v.String = s
	return true
}

// list checks the value of a list or set. {} is taken for an empty one, as by Apache's compiler.
func (c *checker) list(v *Value, t *Type) (nodes int, ok bool) {
	if v.Kind == MapValue && len(v.Map) == 0 {
		v.Kind = ListValue
	}
	if v.Kind != ListValue {
		return 1, c.mismatch(v, t)
	}
	nodes, ok = 1, true
	elem := t.Underlying().Elem
	for _, item := range v.List {
		n, good := c.value(item, elem)
		nodes, ok = nodes+n, ok && good
	}
	return nodes, ok
}

// mapping checks the value of a map. [] is taken for an empty one, as by Apache's compiler.
func (c *checker) mapping(v *Value, t *Type) (nodes int, ok bool) {
	if v.Kind == ListValue && len(v.List) == 0 {
		v.Kind = MapValue
	}
	if v.Kind != MapValue {
		return 1, c.mismatch(v, t)
	}
	nodes, ok = 1, true
	u := t.Underlying()
	for _, entry := range v.Map {
		n, good := c.value(entry.Key, u.Key)
		m, fine := c.value(entry.Value, u.Elem)
		nodes, ok = nodes+n+m, ok && good && fine
	}
	return nodes, ok
}

// structure checks the value of a struct: a map from names of fields.
func (c *checker) structure(v *Value, t *Type) (nodes int, ok bool) {
	if v.Kind != MapValue {
		return 1, c.mismatch(v, t)
	}
	nodes, ok = 1, true
	s := t.Underlying().Struct
	if s.Kind == Union && len(v.Map) > 1 {
		ok = c.lossy(v, "a value of %s has one member, not %d", t.describe(), len(v.Map))
	}
	given := make(map[string]bool, len(v.Map))
	for _, entry := range v.Map {
		if entry.Key.Kind != StringValue {
			c.errorf(entry.Key.Pos, "expected the name of a field of %s in quotes", t.describe())
			ok = false
			continue
		}
		name := entry.Key.String
		f := s.byName[name]
		switch {
		case f == nil:
			c.errorf(entry.Key.Pos, "%s has no field %q", t.describe(), name)
			ok = false
			continue
		case given[name]:
			c.errorf(entry.Key.Pos, "%s is given a second time", name)
			ok = false
		}
		given[name] = true
		n, good := c.value(entry.Value, f.Type)
		nodes, ok = nodes+1+n, ok && good
	}
	return nodes, ok
}
