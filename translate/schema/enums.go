package schema

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema/binding"
	"weft/translate/schema/thriftidl"
)

type enumPair struct {
	thrift *thriftidl.Enum
	proto  protoreflect.FullName
}

// enumNode is an enum pair with the errors found in it.
type enumNode struct {
	scope
	enum *Enum
}

// closedNumbers pairs each number of a closed enum with itself; nil for an open one, whose numbers are copied.
func closedNumbers(name string, ed protoreflect.EnumDescriptor) *Enum {
	if !ed.IsClosed() {
		return nil
	}
	e := &Enum{Thrift: name, Proto: string(ed.FullName())}
	for i := range ed.Values().Len() {
		v := ed.Values().Get(i)
		e.Values = append(e.Values, EnumValue{Name: string(v.Name()), Thrift: int32(v.Number()), Proto: int32(v.Number())})
	}
	return e
}

// enum pairs two enums, once.
func (p *pairer) enum(te *thriftidl.Enum, ed protoreflect.EnumDescriptor) *enumNode {
	key := enumPair{te, ed.FullName()}
	if n := p.enums[key]; n != nil {
		return n
	}
	n := &enumNode{}
	p.enums[key] = n
	if p.links != nil {
		n.enum = closedNumbers(te.Name, ed)
		return n
	}
	e := &Enum{Thrift: te.Name, Proto: string(ed.FullName())}
	taken, alone := p.values(n, e, te, ed)
	p.lonelyValues(n, te, ed, taken, alone)
	same := !slices.ContainsFunc(e.Values, func(v EnumValue) bool { return v.Thrift != v.Proto })
	if !same || ed.IsClosed() {
		n.enum = e
	}
	return n
}

// values pairs values by the binding, else by name without the enums' prefixes.
func (p *pairer) values(n *enumNode, e *Enum, te *thriftidl.Enum, ed protoreflect.EnumDescriptor) (taken map[protoreflect.FullName]bool, alone []*thriftidl.EnumValue) {
	taken = map[protoreflect.FullName]bool{}
	all := make([]protoreflect.EnumValueDescriptor, ed.Values().Len())
	for i := range all {
		all[i] = ed.Values().Get(i)
	}
	bound := p.l.binding.EnumPair(te.File.Base(), te.Name, string(ed.FullName()))
	for _, v := range te.Values {
		vd, ok := p.value(n, bound, te, ed, all, v)
		if !ok {
			alone = append(alone, v)
			continue
		}
		taken[vd.FullName()] = true
		e.Values = append(e.Values, EnumValue{Name: v.Name, Thrift: v.Number, Proto: int32(vd.Number())})
	}
	return taken, alone
}

func (p *pairer) value(n *enumNode, bound *binding.Enum, te *thriftidl.Enum, ed protoreflect.EnumDescriptor, all []protoreflect.EnumValueDescriptor, v *thriftidl.EnumValue) (protoreflect.EnumValueDescriptor, bool) {
	byBinding := map[string]bool{}
	if bound != nil {
		for _, b := range bound.Values {
			if b.Thrift == v.Name {
				vd := ed.Values().ByName(protoreflect.Name(b.Proto))
				if vd == nil {
					p.errorf(&n.scope, b.Pos, "enum %s has no value %s", ed.FullName(), b.Proto)
				}
				return vd, vd != nil
			}
			byBinding[b.Proto] = true
		}
	}
	want := stripped(v.Name, te.Name, string(ed.Name()))
	var found protoreflect.EnumValueDescriptor
	for _, vd := range all {
		name := string(vd.Name())
		if byBinding[name] {
			continue
		}
		if name == v.Name {
			return vd, true
		}
		if found == nil && stripped(name, string(ed.Name()), te.Name) == want {
			found = vd
		}
	}
	return found, found != nil
}

func (p *pairer) lonelyValues(n *enumNode, te *thriftidl.Enum, ed protoreflect.EnumDescriptor, taken map[protoreflect.FullName]bool, alone []*thriftidl.EnumValue) {
	for _, v := range alone {
		if vd := ed.Values().ByNumber(protoreflect.EnumNumber(v.Number)); vd != nil && !taken[vd.FullName()] {
			p.errorf(&n.scope, v.Pos, "number %d is value %s in enum %s and value %s in enum %s%s: pair them in the binding", v.Number, v.Name, te.Name, vd.Name(), ed.FullName(), p.other(vd))
			taken[vd.FullName()] = true
			continue
		}
		p.warnf(v.Pos, "value %s of enum %s has no partner in enum %s%s", v.Name, te.Name, ed.FullName(), p.other(ed))
	}
	for i := range ed.Values().Len() {
		if vd := ed.Values().Get(i); !taken[vd.FullName()] && vd.Number() != 0 {
			p.warnf(p.l.protoPos(vd), "value %s of enum %s has no partner in enum %s (%s)", vd.Name(), ed.FullName(), te.Name, te.Pos)
		}
	}
}
