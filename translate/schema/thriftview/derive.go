package thriftview

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema/binding"
	"weft/translate/schema/thriftidl"
)

// View is the Thrift view of a set of protobuf files.
type View struct {
	Files    []*File // the given files and those whose types they use, each after the files that it includes
	Services map[protoreflect.FullName]*thriftidl.Service
	Links    *binding.Links
}

// File is the derived .thrift of one protobuf file.
type File struct {
	IDL   *thriftidl.File
	Proto protoreflect.FileDescriptor

	streaming map[*thriftidl.Function]bool          // methods that stand as a remark only
	left      map[*thriftidl.Struct][]string        // names of fields that no Thrift id can name
	taken     map[string]thriftidl.Pos              // names on the top level
	order     []*File                               // includes in order of first use
	decls     map[protoreflect.FullName]declaration // the file's types
}

// declaration is a derived type: one of the two is set.
type declaration struct {
	structure *thriftidl.Struct
	enum      *thriftidl.Enum
}

// Derive makes the Thrift view of roots and of every file whose types they use. place gives the place of a
// declaration. b may rename, convert and drop; nil does nothing. Where a problem is an error the view is nil.
func Derive(roots []protoreflect.FileDescriptor, b *binding.File, place func(protoreflect.Descriptor) thriftidl.Pos) (*View, []thriftidl.Problem) {
	d := &deriver{
		b: b, place: place, files: map[string]*File{}, names: map[string]string{},
		view: &View{Services: map[protoreflect.FullName]*thriftidl.Service{}, Links: binding.NewLinks()},
	}
	for _, fd := range roots {
		d.file(fd)
	}
	if d.failed {
		return nil, d.problems
	}
	return d.view, d.problems
}

type deriver struct {
	b        *binding.File
	place    func(protoreflect.Descriptor) thriftidl.Pos
	view     *View
	files    map[string]*File  // by path of the .proto
	names    map[string]string // name of the .thrift -> path of the .proto
	problems []thriftidl.Problem
	failed   bool
}

func (d *deriver) errorf(pos thriftidl.Pos, format string, args ...any) {
	d.failed = true
	d.problems = append(d.problems, thriftidl.Problem{Pos: pos, Text: fmt.Sprintf(format, args...)})
}

// file derives one file, once. Types are declared before they are filled, because they may refer to one another.
func (d *deriver) file(fd protoreflect.FileDescriptor) *File {
	if f := d.files[fd.Path()]; f != nil {
		return f
	}
	name := fileName(fd.Path())
	pos := thriftidl.Pos{File: d.place(fd).File, Line: 1, Col: 1}
	if other, ok := d.names[name]; ok {
		d.errorf(pos, "the derived file would be %s, as for %s", name, other)
	}
	d.names[name] = fd.Path()
	f := &File{
		IDL: &thriftidl.File{Name: name, Namespaces: namespaces(fd, pos)}, Proto: fd,
		streaming: map[*thriftidl.Function]bool{}, left: map[*thriftidl.Struct][]string{},
		taken: map[string]thriftidl.Pos{}, decls: map[protoreflect.FullName]declaration{},
	}
	d.files[fd.Path()] = f
	d.declareEnums(f, fd.Enums())
	d.declareMessages(f, fd.Messages())
	if fd.Services().Len() > 0 {
		d.grpcStatus(f, pos)
	}
	d.fill(f, fd.Messages())
	for i := range fd.Services().Len() {
		d.service(f, fd.Services().Get(i))
	}
	for _, inc := range f.order {
		f.IDL.Includes = append(f.IDL.Includes, &thriftidl.Include{Pos: pos, Path: inc.IDL.Name, File: inc.IDL})
	}
	d.view.Files = append(d.view.Files, f)
	return f
}

// take claims a name on the top level of a file; two claims are an error that names both places.
func (d *deriver) take(f *File, name string, pos thriftidl.Pos, what string) {
	if other, ok := f.taken[name]; ok {
		d.errorf(pos, "%s would be named %s in the Thrift view, a name that the declaration at %s has already: give one of them another name in the binding", what, name, other)
		return
	}
	f.taken[name] = pos
}

// bound gives a name of the binding without the file before it, which has to be f: a derived name cannot move.
func (d *deriver) bound(f *File, pos thriftidl.Pos, name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		if name[:i] != f.IDL.Base() {
			d.errorf(pos, "%s is not in %s, where the Thrift view of %s is", name, f.IDL.Name, f.Proto.Path())
		}
		name = name[i+1:]
	}
	return name
}

func (d *deriver) declareEnums(f *File, list protoreflect.EnumDescriptors) {
	for i := range list.Len() {
		ed := list.Get(i)
		entry := d.b.EnumFor(string(ed.FullName()))
		name := typeName(ed)
		if entry != nil && entry.Thrift != "" {
			name = d.bound(f, entry.Pos, entry.Thrift)
		}
		e := &thriftidl.Enum{Pos: d.place(ed), File: f.IDL, Name: name, Doc: doc(ed)}
		d.take(f, name, e.Pos, "enum "+string(ed.FullName()))
		taken := map[string]bool{}
		for j := range ed.Values().Len() {
			vd := ed.Values().Get(j)
			value := identifier(string(vd.Name()))
			if entry != nil {
				value = boundValue(entry, string(vd.Name()), value)
			}
			if taken[value] {
				d.errorf(d.place(vd), "two values of enum %s would be named %s in the Thrift view: give one of them another name in the binding", ed.FullName(), value)
			}
			taken[value] = true
			e.Values = append(e.Values, &thriftidl.EnumValue{Pos: d.place(vd), Name: value, Doc: doc(vd), Number: int32(vd.Number())})
		}
		f.decls[ed.FullName()] = declaration{enum: e}
		f.IDL.Enums = append(f.IDL.Enums, e)
	}
}

func boundValue(e *binding.Enum, name, otherwise string) string {
	for _, v := range e.Values {
		if v.Proto == name {
			return v.Thrift
		}
	}
	return otherwise
}

// declareMessages makes a struct or union for each message and the ones nested in it; map entries are none.
func (d *deriver) declareMessages(f *File, list protoreflect.MessageDescriptors) {
	for i := range list.Len() {
		md := list.Get(i)
		if md.IsMapEntry() {
			continue
		}
		name := typeName(md)
		for _, e := range d.b.TypesFor(string(md.FullName())) {
			if e.Thrift != "" {
				name = d.bound(f, e.Pos, e.Thrift)
				break
			}
		}
		s := &thriftidl.Struct{Pos: d.place(md), File: f.IDL, Name: name, Doc: doc(md)}
		if isUnion(md) {
			s.Kind = thriftidl.Union
		}
		d.take(f, name, s.Pos, "message "+string(md.FullName()))
		f.decls[md.FullName()] = declaration{structure: s}
		f.IDL.Structs = append(f.IDL.Structs, s)
		d.declareEnums(f, md.Enums())
		d.declareMessages(f, md.Messages())
	}
}

// isUnion tells whether a message is one oneof and nothing else.
func isUnion(md protoreflect.MessageDescriptor) bool {
	if md.Oneofs().Len() != 1 || md.Oneofs().Get(0).IsSynthetic() {
		return false
	}
	return md.Oneofs().Get(0).Fields().Len() == md.Fields().Len()
}

// grpcStatus declares the exception that every method of the file's services may throw.
func (d *deriver) grpcStatus(f *File, pos thriftidl.Pos) {
	base := func(k thriftidl.Kind, name string) *thriftidl.Type {
		return &thriftidl.Type{Pos: pos, Kind: k, Name: name}
	}
	detail := &thriftidl.Struct{
		Pos: pos, File: f.IDL, Name: StatusDetailName,
		Doc: "One detail of a gRPC status: a protobuf message in its own encoding, with its type.",
		Fields: []*thriftidl.Field{
			{Pos: pos, Name: "type_url", ID: 1, Type: base(thriftidl.String, "string")},
			{Pos: pos, Name: "value", ID: 2, Type: base(thriftidl.Binary, "binary")},
		},
	}
	status := &thriftidl.Struct{
		Pos: pos, File: f.IDL, Kind: thriftidl.Exception, Name: StatusName,
		Doc: "The error of a gRPC call: its code, its message and its details.",
		Fields: []*thriftidl.Field{
			{Pos: pos, Name: "code", ID: 1, Type: base(thriftidl.I32, "i32")},
			{Pos: pos, Name: "message", ID: 2, Type: base(thriftidl.String, "string")},
			{Pos: pos, Name: "details", ID: 3, Type: &thriftidl.Type{
				Pos: pos, Kind: thriftidl.List, Name: "list",
				Elem: &thriftidl.Type{Pos: pos, Kind: thriftidl.KindStruct, Name: detail.Name, Struct: detail},
			}},
		},
	}
	for _, s := range []*thriftidl.Struct{detail, status} {
		d.take(f, s.Name, pos, "the exception of the services")
		f.IDL.Structs = append(f.IDL.Structs, s)
	}
	f.decls[StatusName] = declaration{structure: status}
}

// StatusName is the exception that every method of a derived service throws, StatusDetailName the struct of its details.
const (
	StatusName       = "GrpcStatus"
	StatusDetailName = "GrpcStatusDetail"
)
