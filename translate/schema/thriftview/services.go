package thriftview

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema/binding"
	"weft/translate/schema/thriftidl"
)

// service makes a service: each method takes one argument `request`, gives the response message and throws GrpcStatus.
func (d *deriver) service(f *File, sd protoreflect.ServiceDescriptor) {
	var entry *binding.Service
	if list := d.b.ServicesFor(string(sd.FullName())); len(list) > 0 {
		entry = list[0]
	}
	s := &thriftidl.Service{Pos: d.place(sd), File: f.IDL, Name: identifier(string(sd.Name())), Doc: doc(sd)}
	if entry != nil && entry.Thrift != "" {
		s.Name = d.bound(f, entry.Pos, entry.Thrift)
	}
	d.take(f, s.Name, s.Pos, "service "+string(sd.FullName()))
	names := map[string]thriftidl.Pos{}
	for i := range sd.Methods().Len() {
		md := sd.Methods().Get(i)
		fn := d.function(f, entry, md)
		if other, ok := names[fn.Name]; ok {
			d.errorf(fn.Pos, "rpc %s would be named %s in the Thrift view, a name that the declaration at %s has already: give one of them another name in the binding", md.FullName(), fn.Name, other)
		}
		names[fn.Name] = fn.Pos
		s.Functions = append(s.Functions, fn)
	}
	d.view.Services[sd.FullName()] = s
	d.view.Links.Services[s] = sd.FullName()
	f.IDL.Services = append(f.IDL.Services, s)
}

func (d *deriver) function(f *File, entry *binding.Service, md protoreflect.MethodDescriptor) *thriftidl.Function {
	pos := d.place(md)
	status := f.decls[StatusName].structure
	fn := &thriftidl.Function{
		Pos: pos, Name: identifier(string(md.Name())), Doc: doc(md),
		Args:   []*thriftidl.Field{{Pos: pos, Name: "request", ID: 1, Type: d.structType(f, md.Input(), pos)}},
		Result: d.structType(f, md.Output(), pos),
		Throws: []*thriftidl.Field{{Pos: pos, Name: "status", ID: 1, Type: &thriftidl.Type{Pos: pos, Kind: thriftidl.KindStruct, Name: status.Name, Struct: status}}},
	}
	if entry != nil {
		for _, m := range entry.Methods {
			if m.GRPC == string(md.Name()) && m.Thrift != "" {
				fn.Name = m.Thrift
			}
		}
	}
	f.streaming[fn] = md.IsStreamingClient() || md.IsStreamingServer()
	d.view.Links.Methods[fn] = md.Name()
	return fn
}
