package protoview

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"weft/translate/schema/binding"
	"weft/translate/schema/thriftidl"
)

func last(full string) string { return full[strings.LastIndexByte(full, '.')+1:] }

// structName, enumName, serviceName and rpcName are the names that the binding gives, else those of the rules.
func structName(s *thriftidl.Struct, b *binding.File) string {
	for _, e := range b.TypesOf(s.File.Base(), s.Name) {
		if e.Proto != "" {
			return last(e.Proto)
		}
	}
	return identifier(s.Name)
}

func enumName(e *thriftidl.Enum, b *binding.File) string {
	if entry := b.EnumOf(e.File.Base(), e.Name); entry != nil && entry.Proto != "" {
		return last(entry.Proto)
	}
	return identifier(e.Name)
}

func serviceName(s *thriftidl.Service, b *binding.File) string {
	for _, e := range b.ServicesOf(s.File.Base(), s.Name) {
		if e.GRPC != "" {
			return last(e.GRPC)
		}
	}
	return identifier(s.Name)
}

func rpcName(s *thriftidl.Service, fn *thriftidl.Function, b *binding.File) string {
	if e := methodEntry(s, fn, b); e != nil && e.GRPC != "" {
		return e.GRPC
	}
	return methodName(fn.Name)
}

func methodEntry(s *thriftidl.Service, fn *thriftidl.Function, b *binding.File) *binding.Method {
	for _, e := range b.ServicesOf(s.File.Base(), s.Name) {
		for _, m := range e.Methods {
			if m.Thrift == fn.Name {
				return m
			}
		}
	}
	return nil
}

func fieldEntries(s *thriftidl.Struct, b *binding.File) []*binding.Field {
	var fields []*binding.Field
	for _, e := range b.TypesOf(s.File.Base(), s.Name) {
		fields = append(fields, e.Fields...)
	}
	return fields
}

// file fills one file: enums, types, then services with their messages, each in the order of the .thrift.
func (d *deriver) file(f *File) {
	for _, e := range f.IDL.Enums {
		d.enum(f, e)
	}
	for _, s := range f.IDL.Structs {
		m := d.message(f, structName(s, d.b), s.Doc)
		if s.Kind == thriftidl.Union {
			m.union(s, fieldEntries(s, d.b))
		} else {
			m.fields(s.Fields, fieldEntries(s, d.b))
		}
	}
	for _, s := range f.IDL.Services {
		d.service(f, s)
	}
}

// enum makes an open enum: values are prefixed with its name, because protobuf puts them beside the enum, and the
// zero value comes first, `<Enum>_UNSPECIFIED` where Thrift has none.
func (d *deriver) enum(f *File, e *thriftidl.Enum) {
	name := enumName(e, d.b)
	full := f.proto.GetPackage() + "." + name
	f.docs[full] = e.Doc
	p := &descriptorpb.EnumDescriptorProto{Name: &name}
	entry := d.b.EnumOf(f.IDL.Base(), e.Name)
	numbers, pascals := map[int32]bool{}, map[string]*thriftidl.EnumValue{}
	values := slices.Clone(e.Values)
	slices.SortStableFunc(values, func(a, b *thriftidl.EnumValue) int { return zeroFirst(a) - zeroFirst(b) })
	if len(values) == 0 || values[0].Number != 0 {
		values = slices.Insert(values, 0, &thriftidl.EnumValue{Pos: e.Pos, Name: "UNSPECIFIED"})
	}
	for _, v := range values {
		value := name + "_" + identifier(v.Name)
		if entry != nil {
			value = boundValue(entry, v.Name, value)
		}
		scope := strings.TrimSuffix(full, name)
		d.take(scope+value, v.Pos, "value "+v.Name+" of enum "+e.Name)
		f.docs[scope+value] = v.Doc
		key := pascal(strings.TrimPrefix(value, name+"_"))
		if other := pascals[key]; other != nil && other.Number != v.Number && other.Name != v.Name {
			d.errorf(v.Pos, "values %s and %s of enum %s (%s) differ in case and underscores only, which protobuf does not take", v.Name, other.Name, e.Name, other.Pos)
		}
		pascals[key] = v
		if numbers[v.Number] {
			p.Options = &descriptorpb.EnumOptions{AllowAlias: proto.Bool(true)}
		}
		numbers[v.Number] = true
		p.Value = append(p.Value, &descriptorpb.EnumValueDescriptorProto{Name: &value, Number: proto.Int32(v.Number)})
	}
	f.proto.EnumType = append(f.proto.EnumType, p)
}

func zeroFirst(v *thriftidl.EnumValue) int {
	if v.Number == 0 {
		return 0
	}
	return 1
}

func boundValue(e *binding.Enum, name, otherwise string) string {
	for _, v := range e.Values {
		if v.Thrift == name {
			return last(v.Proto)
		}
	}
	return otherwise
}

// service makes a service with its own and its inherited methods, and the messages of its own.
func (d *deriver) service(f *File, s *thriftidl.Service) {
	name := serviceName(s, d.b)
	full := f.proto.GetPackage() + "." + name
	f.docs[full] = s.Doc
	p := &descriptorpb.ServiceDescriptorProto{Name: &name}
	seen := map[string]thriftidl.Pos{}
	for _, declaring := range Lineage(s) {
		for _, fn := range declaring.Functions {
			rpc := rpcName(declaring, fn, d.b)
			if other, ok := seen[rpc]; ok {
				d.errorf(fn.Pos, "method %s of service %s would be /%s/%s in the protobuf view, a name that the declaration at %s has already: give one of them another name in the binding", fn.Name, s.Name, full, rpc, other)
				continue
			}
			if !valid(rpc) {
				d.errorf(fn.Pos, "method %s cannot be named %q in protobuf: give it a name in the binding", fn.Name, rpc)
				continue
			}
			seen[rpc] = fn.Pos
			request, response := d.method(f, declaring, fn)
			f.docs[full+"."+rpc] = fn.Doc
			p.Method = append(p.Method, &descriptorpb.MethodDescriptorProto{Name: &rpc, InputType: &request, OutputType: &response})
		}
	}
	f.proto.Service = append(f.proto.Service, p)
	for _, fn := range s.Functions {
		if rpc := rpcName(s, fn, d.b); valid(rpc) {
			d.bodies(f, s, fn, rpc)
		}
	}
}

// Lineage gives a service after the services that it extends, the eldest first.
func Lineage(s *thriftidl.Service) []*thriftidl.Service {
	var line []*thriftidl.Service
	for ; s != nil; s = s.Extends {
		line = append(line, s)
	}
	slices.Reverse(line)
	return line
}

// method gives the absolute names of a method's messages, which live with the declaring service.
func (d *deriver) method(f *File, s *thriftidl.Service, fn *thriftidl.Function) (request, response string) {
	home := d.byIDL[s.File]
	if home == nil {
		d.errorf(s.Pos, "the file of service %s is not among the files to derive", s.Name)
		return "", ""
	}
	if home != f {
		f.deps[home.proto.GetName()] = true
	}
	stem := "." + home.proto.GetPackage() + "." + serviceName(s, d.b) + rpcName(s, fn, d.b)
	return stem + "Request", stem + "Response"
}

// bodies makes the request and the response message of a method.
func (d *deriver) bodies(f *File, s *thriftidl.Service, fn *thriftidl.Function, rpc string) {
	var args []*binding.Field
	if e := methodEntry(s, fn, d.b); e != nil {
		args = e.Args
	}
	name := serviceName(s, d.b) + rpc
	request := d.message(f, name+"Request", "")
	request.fields(fn.Args, args)
	response := d.message(f, name+"Response", "")
	if fn.Result != nil {
		fd := &descriptorpb.FieldDescriptorProto{Name: proto.String("success"), Number: proto.Int32(1)}
		response.typed(response.proto, fd, fn.Result, "")
		response.proto.Field = append(response.proto.Field, fd)
		response.presence()
	}
	for _, t := range fn.Throws {
		if t.ID > 0 {
			start := int32(t.ID) + 1
			response.proto.ReservedRange = append(response.proto.ReservedRange,
				&descriptorpb.DescriptorProto_ReservedRange{Start: proto.Int32(start), End: proto.Int32(start + 1)})
		}
	}
}
