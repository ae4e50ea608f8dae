package protoview

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weft/translate/schema/binding"
	"weft/translate/schema/thriftidl"
)

// View is the protobuf view of a set of .thrift files.
type View struct {
	Files    []*File // as given to Derive
	Registry *protoregistry.Files
	Links    *binding.Links
}

// File is the derived .proto of one .thrift file.
type File struct {
	IDL        *thriftidl.File
	Descriptor protoreflect.FileDescriptor

	proto *descriptorpb.FileDescriptorProto
	docs  map[string]string // doc comments by full name
	notes map[string]string // remarks that stand behind a field, by full name
	deps  map[string]bool   // paths to import
}

// Message gives the message that stands for a struct, union or exception of the files.
func (v *View) Message(s *thriftidl.Struct, b *binding.File) protoreflect.MessageDescriptor {
	name := packageName(s.File) + "." + structName(s, b)
	d, err := v.Registry.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil
	}
	m, _ := d.(protoreflect.MessageDescriptor)
	return m
}

// Derive makes the protobuf view of files, which hold everything that they include. b may rename what would
// clash; nil renames nothing. Where a problem is an error the view is nil.
func Derive(files []*thriftidl.File, b *binding.File) (*View, []thriftidl.Problem) {
	d := &deriver{b: b, links: binding.NewLinks(), byIDL: map[*thriftidl.File]*File{}, taken: map[string]thriftidl.Pos{}}
	v := &View{Registry: new(protoregistry.Files), Links: d.links}
	d.open(v, files)
	for _, f := range v.Files {
		d.names(f)
	}
	for _, f := range v.Files {
		d.file(f)
	}
	if d.failed {
		return nil, d.problems
	}
	known := new(protoregistry.Files)
	for _, k := range []protoreflect.FileDescriptor{timestamppb.File_google_protobuf_timestamp_proto, durationpb.File_google_protobuf_duration_proto} {
		_ = known.RegisterFile(k) // two different files of a fresh registry
	}
	for _, f := range v.Files {
		d.link(v, known, f)
	}
	if d.failed {
		return nil, d.problems
	}
	return v, d.problems
}

type deriver struct {
	b        *binding.File
	links    *binding.Links
	byIDL    map[*thriftidl.File]*File
	taken    map[string]thriftidl.Pos // full names, with the place that took them
	problems []thriftidl.Problem
	failed   bool
}

func (d *deriver) errorf(pos thriftidl.Pos, format string, args ...any) {
	d.failed = true
	d.problems = append(d.problems, thriftidl.Problem{Pos: pos, Text: fmt.Sprintf(format, args...)})
}

func (d *deriver) warnf(pos thriftidl.Pos, format string, args ...any) {
	d.problems = append(d.problems, thriftidl.Problem{Pos: pos, Warning: true, Text: fmt.Sprintf(format, args...)})
}

// open makes the empty files; a file is called as its .thrift without folder.
func (d *deriver) open(v *View, files []*thriftidl.File) {
	paths := map[string]*thriftidl.File{}
	for _, idl := range files {
		path := idl.Base() + ".proto"
		if other := paths[path]; other != nil {
			d.errorf(thriftidl.Pos{File: idl.Name, Line: 1, Col: 1},
				"the derived file would be %s, as for %s: two .thrift files of one base name need .proto files of their own", path, other.Name)
			continue
		}
		paths[path] = idl
		f := &File{
			IDL:  idl,
			docs: map[string]string{}, notes: map[string]string{}, deps: map[string]bool{},
			proto: &descriptorpb.FileDescriptorProto{
				Name:    &path,
				Package: proto.String(packageName(idl)),
				Syntax:  proto.String("proto3"),
			},
		}
		d.byIDL[idl] = f
		v.Files = append(v.Files, f)
	}
}

// take claims a full name; two claims are an error that names both places.
func (d *deriver) take(full string, pos thriftidl.Pos, what string) {
	last := full[strings.LastIndexByte(full, '.')+1:]
	if !valid(last) {
		d.errorf(pos, "%s cannot be named %q in protobuf: give it a name in the binding", what, last)
		return
	}
	if other, ok := d.taken[full]; ok {
		d.errorf(pos, "%s would be named %s in the protobuf view, a name that the declaration at %s has already: give one of them another name in the binding", what, full, other)
		return
	}
	d.taken[full] = pos
}

// names claims the names of everything on the top level of a file.
func (d *deriver) names(f *File) {
	d.checkPackage(f)
	pkg := f.proto.GetPackage() + "."
	for _, e := range f.IDL.Enums {
		d.take(pkg+enumName(e, d.b), e.Pos, "enum "+e.Name)
	}
	for _, s := range f.IDL.Structs {
		d.take(pkg+structName(s, d.b), s.Pos, "type "+s.Name)
	}
	for _, s := range f.IDL.Services {
		name := serviceName(s, d.b)
		d.links.Services[s] = protoreflect.FullName(pkg + name)
		d.take(pkg+name, s.Pos, "service "+s.Name)
		methods := map[string]bool{}
		for _, fn := range s.Functions {
			method := rpcName(s, fn, d.b)
			d.links.Methods[fn] = protoreflect.Name(method)
			if !valid(method) || methods[method] {
				continue // reported by service
			}
			methods[method] = true
			d.take(pkg+name+method+"Request", fn.Pos, "the request of "+s.Name+"."+fn.Name)
			d.take(pkg+name+method+"Response", fn.Pos, "the response of "+s.Name+"."+fn.Name)
		}
	}
}

// checkPackage reports names of the binding that are in another package than the file: a derived name cannot move.
func (d *deriver) checkPackage(f *File) {
	pkg, base := f.proto.GetPackage(), f.IDL.Base()
	check := func(pos thriftidl.Pos, name string) {
		if i := strings.LastIndexByte(name, '.'); i >= 0 && name[:i] != pkg {
			d.errorf(pos, "%s is not in package %s, which `namespace proto` or `namespace *` of %s gives", name, pkg, f.IDL.Name)
		}
	}
	for _, s := range f.IDL.Services {
		for _, e := range d.b.ServicesOf(base, s.Name) {
			check(e.Pos, e.GRPC)
		}
	}
	for _, s := range f.IDL.Structs {
		for _, e := range d.b.TypesOf(base, s.Name) {
			check(e.Pos, e.Proto)
		}
	}
	for _, en := range f.IDL.Enums {
		if e := d.b.EnumOf(base, en.Name); e != nil {
			check(e.Pos, e.Proto)
		}
	}
}

// link validates a file and gives it to the registry, after the files that it needs.
func (d *deriver) link(v *View, known *protoregistry.Files, f *File) {
	if f.Descriptor != nil || d.failed {
		return
	}
	for _, other := range v.Files {
		if other != f && f.deps[other.proto.GetName()] {
			d.link(v, known, other)
		}
	}
	for path := range f.deps {
		f.proto.Dependency = append(f.proto.Dependency, path)
	}
	slices.Sort(f.proto.Dependency)
	fd, err := protodesc.NewFile(f.proto, resolver{v.Registry, known})
	if err == nil {
		err = v.Registry.RegisterFile(fd)
	}
	if err != nil {
		d.errorf(thriftidl.Pos{File: f.IDL.Name, Line: 1, Col: 1}, "the derived protobuf file is not valid: %v", err)
		return
	}
	f.Descriptor = fd
}

// resolver looks in each registry in turn.
type resolver []*protoregistry.Files

func (r resolver) FindFileByPath(path string) (fd protoreflect.FileDescriptor, err error) {
	for _, files := range r {
		if fd, err = files.FindFileByPath(path); err == nil {
			return fd, nil
		}
	}
	return nil, err
}

func (r resolver) FindDescriptorByName(name protoreflect.FullName) (d protoreflect.Descriptor, err error) {
	for _, files := range r {
		if d, err = files.FindDescriptorByName(name); err == nil {
			return d, nil
		}
	}
	return nil, err
}
