package schema

import (
	"errors"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"weft/translate/schema/binding"
	"weft/translate/schema/protoview"
	"weft/translate/schema/thriftidl"
	"weft/translate/schema/thriftview"
)

// servicePair is a Thrift service and a gRPC service that stand for one another.
type servicePair struct {
	thrift *thriftidl.Service
	grpc   protoreflect.ServiceDescriptor
	entry  *binding.Service // nil where names paired them
}

// thriftPairs pairs the services of the given .thrift files with their derived ones.
func (p *pairer) thriftPairs(derived *protoregistry.Files) []servicePair {
	var pairs []servicePair
	for _, f := range p.l.thriftRoots {
		for _, s := range f.Services {
			d, err := derived.FindDescriptorByName(p.links.Services[s])
			if sd, ok := d.(protoreflect.ServiceDescriptor); ok && err == nil {
				pairs = append(pairs, servicePair{s, sd, firstEntry(p.l.binding.ServicesOf(f.Base(), s.Name))})
			}
		}
	}
	p.warnEmpty(len(pairs) == 0)
	return pairs
}

// protoPairs pairs the services of the given protobuf files with their derived ones.
func (p *pairer) protoPairs(view *thriftview.View) []servicePair {
	var pairs []servicePair
	for _, f := range p.l.proto.roots {
		for i := range f.Services().Len() {
			sd := f.Services().Get(i)
			pairs = append(pairs, servicePair{view.Services[sd.FullName()], sd, firstEntry(p.l.binding.ServicesFor(string(sd.FullName())))})
		}
	}
	p.warnEmpty(len(pairs) == 0)
	return pairs
}

func (p *pairer) warnEmpty(empty bool) {
	if empty {
		p.warnf(thriftidl.Pos{File: p.l.src.Files[0]}, "the files of the schema declare no service")
	}
}

func firstEntry(list []*binding.Service) *binding.Service {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// namePairs pairs the services of both sides: as the binding says, else by name.
func (p *pairer) namePairs() []servicePair {
	var thrift []*thriftidl.Service
	for _, f := range p.l.thriftRoots {
		thrift = append(thrift, f.Services...)
	}
	var grpc []protoreflect.ServiceDescriptor
	for _, f := range p.l.proto.roots {
		for i := range f.Services().Len() {
			grpc = append(grpc, f.Services().Get(i))
		}
	}
	pairs := p.boundPairs(thrift, grpc)
	for _, s := range thrift {
		if slices.ContainsFunc(pairs, func(x servicePair) bool { return x.thrift == s }) {
			continue
		}
		free := slices.DeleteFunc(slices.Clone(grpc), func(d protoreflect.ServiceDescriptor) bool {
			return slices.ContainsFunc(pairs, func(x servicePair) bool { return x.grpc == d && x.entry != nil })
		})
		d, more, ok := byName(free, protoName[protoreflect.ServiceDescriptor], s.Name)
		if !ok {
			p.warnf(s.Pos, "service %s has no gRPC service of that name", s.Name)
			continue
		}
		if more == nil {
			more = twin(free, d)
		}
		if more != nil {
			p.l.fail(s.Pos, "service "+s.Name+" may be "+string(d.FullName())+p.at(d)+" or "+string(more.FullName())+p.at(more)+": say which in the binding")
			continue
		}
		pairs = append(pairs, servicePair{s, d, nil})
	}
	for _, d := range grpc {
		if !p.l.failed && !slices.ContainsFunc(pairs, func(x servicePair) bool { return x.grpc == d }) {
			p.warnf(p.l.protoPos(d), "service %s has no Thrift service of that name", d.FullName())
		}
	}
	if len(pairs) == 0 && !p.l.failed {
		p.l.fail(thriftidl.Pos{File: p.l.src.Files[0]}, "no Thrift service of the schema has the name of a gRPC service"+example(thrift, grpc))
	}
	return pairs
}

// example says how the binding pairs two services that names do not.
func example(thrift []*thriftidl.Service, grpc []protoreflect.ServiceDescriptor) string {
	if len(thrift) == 0 || len(grpc) == 0 {
		return ""
	}
	return ": pair them in the binding, as `services: [{thrift: " + thrift[0].Name + ", grpc: " + string(grpc[0].FullName()) + "}]`"
}

// twin gives another service of the same name, from another package.
func twin(list []protoreflect.ServiceDescriptor, d protoreflect.ServiceDescriptor) protoreflect.ServiceDescriptor {
	for _, o := range list {
		if o != d && o.Name() == d.Name() {
			return o
		}
	}
	return nil
}

// boundPairs are the pairs of the binding's entries that name both sides, or one side that has one partner by name.
func (p *pairer) boundPairs(thrift []*thriftidl.Service, grpc []protoreflect.ServiceDescriptor) []servicePair {
	if p.l.binding == nil {
		return nil
	}
	var pairs []servicePair
	for _, e := range p.l.binding.Services {
		var s *thriftidl.Service
		var d protoreflect.ServiceDescriptor
		var okT, okG bool
		if e.Thrift != "" {
			i := slices.IndexFunc(thrift, func(s *thriftidl.Service) bool { return binding.IsThrift(e.Thrift, s.File.Base(), s.Name) })
			if okT = i >= 0; okT {
				s = thrift[i]
			}
		}
		if e.GRPC != "" {
			i := slices.IndexFunc(grpc, func(d protoreflect.ServiceDescriptor) bool { return binding.IsProto(e.GRPC, string(d.FullName())) })
			if okG = i >= 0; okG {
				d = grpc[i]
			}
		}
		if okT && e.GRPC == "" {
			d, _, okG = byName(grpc, protoName[protoreflect.ServiceDescriptor], s.Name)
		}
		if okG && e.Thrift == "" {
			s, _, okT = byName(thrift, func(s *thriftidl.Service) string { return s.Name }, string(d.Name()))
		}
		if okT && okG {
			pairs = append(pairs, servicePair{s, d, e})
		} else {
			p.l.fail(e.Pos, "the entry names no pair of services that the given files declare")
		}
	}
	return pairs
}

// services pairs the methods of each pair of services.
func (p *pairer) services(pairs []servicePair) []*Service {
	var list []*Service
	carried := map[*thriftidl.Service]map[string][]servicePair{} // Thrift methods with a partner
	answered := map[protoreflect.FullName]*thriftidl.Function{}  // rpcs with their partner
	for _, pair := range pairs {
		s := &Service{Thrift: pair.thrift.Name, GRPC: string(pair.grpc.FullName())}
		if carried[pair.thrift] == nil {
			carried[pair.thrift] = map[string][]servicePair{}
		}
		for _, fn := range functions(pair.thrift) {
			md, entry, ok := p.partner(pair, fn)
			if entry != nil && entry.Drop {
				carried[pair.thrift][fn.Name] = append(carried[pair.thrift][fn.Name], pair)
				continue
			}
			if !ok {
				continue
			}
			carried[pair.thrift][fn.Name] = append(carried[pair.thrift][fn.Name], pair)
			if other := answered[md.FullName()]; other != nil {
				p.l.fail(fn.Pos, "method "+fn.Name+" of service "+pair.thrift.Name+" and method "+other.Name+" ("+other.Pos.String()+") are both rpc "+string(md.FullName())+p.other(md)+": say in the binding which is meant, or drop one")
				continue
			}
			answered[md.FullName()] = fn
			s.Methods = append(s.Methods, p.method(fn, md, entry))
		}
		list = append(list, s)
	}
	p.lonelyMethods(pairs, carried, answered)
	return list
}

// functions gives the methods of a service, inherited ones first; a method declared again by a child stands once.
func functions(s *thriftidl.Service) []*thriftidl.Function {
	var list []*thriftidl.Function
	for _, declaring := range protoview.Lineage(s) {
		for _, fn := range declaring.Functions {
			list = slices.DeleteFunc(list, func(o *thriftidl.Function) bool { return o.Name == fn.Name })
			list = append(list, fn)
		}
	}
	return list
}

// partner finds the rpc for a Thrift method.
func (p *pairer) partner(pair servicePair, fn *thriftidl.Function) (protoreflect.MethodDescriptor, *binding.Method, bool) {
	methods := methodsOf(pair.grpc)
	if p.links != nil {
		md := pair.grpc.Methods().ByName(p.links.Methods[fn])
		if md == nil {
			return nil, nil, false
		}
		return md, methodEntry(pair.entry, fn.Name, string(md.Name())), true
	}
	if e := methodEntry(pair.entry, fn.Name, ""); e != nil {
		if e.Drop || e.GRPC == "" {
			md, _, ok := byName(methods, protoName[protoreflect.MethodDescriptor], fn.Name)
			return md, e, ok
		}
		md := pair.grpc.Methods().ByName(protoreflect.Name(e.GRPC))
		return md, e, md != nil
	}
	free := slices.DeleteFunc(methods, func(md protoreflect.MethodDescriptor) bool {
		e := methodEntry(pair.entry, "", string(md.Name()))
		return e != nil && (e.Drop || e.Thrift != "")
	})
	md, _, ok := byName(free, protoName[protoreflect.MethodDescriptor], fn.Name)
	if !ok {
		return nil, nil, false
	}
	return md, methodEntry(pair.entry, "", string(md.Name())), true
}

// methodEntry finds the entry that names the Thrift method, else the one that names the rpc.
func methodEntry(s *binding.Service, thrift, grpc string) *binding.Method {
	if s == nil {
		return nil
	}
	for _, m := range s.Methods {
		if thrift != "" && m.Thrift == thrift {
			return m
		}
	}
	for _, m := range s.Methods {
		if grpc != "" && m.GRPC == grpc {
			return m
		}
	}
	return nil
}

// lonelyMethods reports methods without a partner, and Thrift methods with several.
func (p *pairer) lonelyMethods(pairs []servicePair, carried map[*thriftidl.Service]map[string][]servicePair, answered map[protoreflect.FullName]*thriftidl.Function) {
	if p.links != nil {
		return
	}
	for _, pair := range pairs {
		for _, fn := range functions(pair.thrift) {
			switch in := carried[pair.thrift][fn.Name]; {
			case len(in) == 0:
				p.warnf(fn.Pos, "method %s of service %s has no rpc of that name", fn.Name, pair.thrift.Name)
			case len(in) > 1:
				p.l.fail(fn.Pos, "method "+fn.Name+" of service "+pair.thrift.Name+" has an rpc in "+string(in[0].grpc.FullName())+" and in "+string(in[1].grpc.FullName())+": drop it in one of the binding's entries")
			}
		}
		for _, md := range methodsOf(pair.grpc) {
			e := methodEntry(pair.entry, "", string(md.Name()))
			if answered[md.FullName()] == nil && (e == nil || !e.Drop) {
				p.warnf(p.l.protoPos(md), "rpc %s of service %s has no Thrift method of that name", md.Name(), pair.grpc.FullName())
			}
		}
	}
}

// method pairs the messages of a method. Where that fails the method is unusable.
func (p *pairer) method(fn *thriftidl.Function, md protoreflect.MethodDescriptor, entry *binding.Method) *Method {
	m := &Method{
		Thrift: fn.Name, GRPC: string(md.Name()), Oneway: fn.Oneway, Descriptor: md,
		ClientStreaming: md.IsStreamingClient(), ServerStreaming: md.IsStreamingServer(),
	}
	sc := &scope{}
	if md.IsStreamingClient() || md.IsStreamingServer() {
		pos := fn.Pos
		if p.fromProto {
			pos = p.l.protoPos(md)
		}
		p.errorf(sc, pos, "rpc %s is streaming, for which Thrift has no form%s", md.Name(), p.other(md))
	} else {
		m.Request = p.request(sc, fn, md, entry)
		m.Response = p.response(sc, fn, md, entry)
		m.Exceptions = p.exceptions(sc, fn, md)
	}
	if err, broken := sc.first(); broken {
		m.Request, m.Response, m.Exceptions = Body{}, Body{}, nil
		m.Unusable = errors.New("method " + fn.Name + " cannot be carried: " + err.Text)
	}
	return m
}

// other is the place of a descriptor for a problem that stands at a Thrift declaration; with a derived Thrift
// view that is the same place.
func (p *pairer) other(d protoreflect.Descriptor) string {
	if p.fromProto {
		return ""
	}
	return p.at(d)
}
