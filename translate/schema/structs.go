package schema

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema/binding"
	"weft/translate/schema/protoview"
	"weft/translate/schema/thriftidl"
)

type structPair struct {
	thrift *thriftidl.Struct
	proto  protoreflect.FullName
}

// structNode is a message pair with the errors found in it.
type structNode struct {
	scope
	message *Message
}

// structs pairs a struct with a message, once.
func (p *pairer) structure(s *thriftidl.Struct, md protoreflect.MessageDescriptor) *structNode {
	key := structPair{s, md.FullName()}
	if n := p.structs[key]; n != nil {
		return n
	}
	n := &structNode{message: newMessage(s.Name, md)}
	p.structs[key] = n
	union := s.Kind == thriftidl.Union
	n.message.Union = union && !p.fromProto // a oneof of which nothing is set is a message like any other
	set := fieldSet{owner: s.Name, pos: s.Pos, fields: s.Fields, md: md, union: union}
	for _, e := range p.l.binding.Pair(s.File.Base(), s.Name, string(md.FullName())) {
		set.entries = append(set.entries, e.Fields...)
		set.byNumber = set.byNumber || e.ByNumber
	}
	p.fields(&n.scope, n.message, set)
	return n
}

func newMessage(thrift string, md protoreflect.MessageDescriptor) *Message {
	m := &Message{Thrift: thrift, Proto: string(md.FullName()), Descriptor: md}
	for i := range md.Oneofs().Len() {
		if !md.Oneofs().Get(i).IsSynthetic() {
			m.Oneofs++
		}
	}
	return m
}

// fieldSet is what fields pairs: the fields of a struct, or the arguments of a method, with those of a message.
type fieldSet struct {
	owner    string // "Order", "getOrder"
	pos      thriftidl.Pos
	fields   []*thriftidl.Field
	md       protoreflect.MessageDescriptor
	entries  []*binding.Field
	byNumber bool
	union    bool
	only     bool // fields of the message without a partner are no finding
}

// fields pairs fields and reports those without a partner.
func (p *pairer) fields(sc *scope, m *Message, set fieldSet) {
	taken := map[protoreflect.FieldNumber]bool{}
	var alone []*thriftidl.Field
	for _, e := range set.entries {
		if e.Drop && e.Proto != "" {
			if fd := set.md.Fields().ByName(protoreflect.Name(e.Proto)); fd != nil {
				m.DropProto = append(m.DropProto, int32(fd.Number()))
				taken[fd.Number()] = true
			}
		}
	}
	for _, tf := range set.fields {
		e := entryOf(set.entries, tf.Name)
		if e != nil && e.Drop {
			m.DropThrift = append(m.DropThrift, tf.ID)
			if tf.Requiredness == thriftidl.Required && p.links == nil {
				p.warnf(tf.Pos, "field %s of %s is dropped though it is required: Thrift readers refuse %s without it", tf.Name, set.owner, set.owner)
			}
			continue
		}
		fd := p.fieldPartner(sc, set, tf, e)
		if fd == nil || taken[fd.Number()] {
			if fd != nil && p.links == nil {
				p.errorf(sc, tf.Pos, "field %s of %s has the partner of another field, %s of %s%s: say in the binding which is meant", tf.Name, set.owner, fd.Name(), set.md.FullName(), p.other(fd))
				continue
			}
			alone = append(alone, tf)
			continue
		}
		taken[fd.Number()] = true
		if e == nil {
			e = entryFor(set.entries, string(fd.Name()))
		}
		if f := p.field(sc, set, tf, fd, e); f != nil {
			m.Fields = append(m.Fields, f)
		}
	}
	p.lonelyFields(sc, m, set, alone, taken)
}

// entryOf finds the entry that names the Thrift field, entryFor the one that names only the protobuf field.
func entryOf(entries []*binding.Field, thrift string) *binding.Field {
	i := slices.IndexFunc(entries, func(e *binding.Field) bool { return e.Thrift == thrift })
	if i < 0 {
		return nil
	}
	return entries[i]
}

func entryFor(entries []*binding.Field, proto string) *binding.Field {
	i := slices.IndexFunc(entries, func(e *binding.Field) bool { return e.Thrift == "" && e.Proto == proto })
	if i < 0 {
		return nil
	}
	return entries[i]
}

// fieldPartner finds the protobuf field for a Thrift field, nil where there is none.
func (p *pairer) fieldPartner(sc *scope, set fieldSet, tf *thriftidl.Field, e *binding.Field) protoreflect.FieldDescriptor {
	all := set.md.Fields()
	switch {
	case p.links != nil:
		return all.ByNumber(p.links.Fields[tf])
	case e != nil && e.Proto != "":
		fd := all.ByName(protoreflect.Name(e.Proto))
		if fd == nil {
			p.errorf(sc, e.Pos, "message %s has no field %s", set.md.FullName(), e.Proto)
		}
		return fd
	case set.byNumber:
		return all.ByNumber(protoreflect.FieldNumber(protoview.Number(tf.ID)))
	}
	free := slices.DeleteFunc(fieldsOf(set.md), func(fd protoreflect.FieldDescriptor) bool {
		return slices.ContainsFunc(set.entries, func(e *binding.Field) bool {
			return e.Proto == string(fd.Name()) && (e.Drop || e.Thrift != "")
		})
	})
	if fd := all.ByName(protoreflect.Name(protoview.ClashName(tf.Name, tf.ID))); fd != nil && int32(fd.Number()) == protoview.Number(tf.ID) {
		return fd // as in a derived .proto: see "Names" in docs/mapping.md
	}
	fd, more, ok := byName(free, protoName[protoreflect.FieldDescriptor], tf.Name)
	if !ok {
		return nil
	}
	if more != nil {
		p.errorf(sc, tf.Pos, "field %s of %s may be %s or %s of %s%s: say in the binding which is meant", tf.Name, set.owner, fd.Name(), more.Name(), set.md.FullName(), p.other(more))
	}
	return fd
}

// lonelyFields reports what has no partner.
func (p *pairer) lonelyFields(sc *scope, m *Message, set fieldSet, alone []*thriftidl.Field, taken map[protoreflect.FieldNumber]bool) {
	if p.links != nil {
		p.unlinkedFields(sc, set, taken)
		return
	}
	if len(m.Fields) == 0 && len(set.fields) > 0 && len(alone) == len(set.fields) && set.md.Fields().Len() > 0 && !set.only {
		p.errorf(sc, set.pos, "no field of %s has a partner in %s%s: pair them in the binding", set.owner, set.md.FullName(), p.other(set.md))
		return
	}
	for _, tf := range alone {
		fd := set.md.Fields().ByNumber(protoreflect.FieldNumber(protoview.Number(tf.ID)))
		switch {
		case fd != nil && !taken[fd.Number()] && !set.only:
			taken[fd.Number()] = true
			p.errorf(sc, tf.Pos, "number %d is field %s in %s and field %s in %s%s: pair or drop them in the binding", tf.ID, tf.Name, set.owner, fd.Name(), set.md.FullName(), p.other(fd))
		case tf.Requiredness == thriftidl.Required:
			p.errorf(sc, tf.Pos, "required field %s of %s has no partner in %s%s", tf.Name, set.owner, set.md.FullName(), p.other(set.md))
		default:
			p.warnf(tf.Pos, "field %s of %s has no partner in %s%s", tf.Name, set.owner, set.md.FullName(), p.other(set.md))
		}
	}
	for _, fd := range fieldsOf(set.md) {
		switch {
		case taken[fd.Number()]:
		case fd.Cardinality() == protoreflect.Required:
			p.errorf(sc, p.l.protoPos(fd), "required field %s of %s has no partner in %s (%s)", fd.Name(), set.md.FullName(), set.owner, set.pos)
		case !set.only:
			p.warnf(p.l.protoPos(fd), "field %s of %s has no partner in %s (%s)", fd.Name(), set.md.FullName(), set.owner, set.pos)
		}
	}
}

// maxThriftID is the largest field id that Thrift has.
const maxThriftID = 1<<15 - 1

// unlinkedFields reports protobuf fields that no Thrift id can name.
func (p *pairer) unlinkedFields(sc *scope, set fieldSet, taken map[protoreflect.FieldNumber]bool) {
	if !p.fromProto {
		return
	}
	for _, fd := range fieldsOf(set.md) {
		if !taken[fd.Number()] && fd.Number() > maxThriftID {
			p.errorf(sc, p.l.protoPos(fd), "field %s of %s has number %d, more than a Thrift id can be (%d): give it an id or drop it in the binding", fd.Name(), set.md.FullName(), fd.Number(), maxThriftID)
		}
	}
}
