package thriftview

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema/binding"
	"weft/translate/schema/thriftidl"
)

// View is the Thrift view of a set of protobuf files.
type View struct {
	Files    []*File // the given files and what they use, each after the files that it includes
	Services map[protoreflect.FullName]*thriftidl.Service
	Links    *binding.Links
}

// File is the derived .thrift of one protobuf file.
type File struct {
	IDL   *thriftidl.File
	Proto protoreflect.FileDescriptor
}

// Derive is a placeholder.
func Derive(roots []protoreflect.FileDescriptor, b *binding.File, place func(protoreflect.Descriptor) thriftidl.Pos) (*View, []thriftidl.Problem) {
	return &View{Links: binding.NewLinks(), Services: map[protoreflect.FullName]*thriftidl.Service{}}, nil
}

// Print is a placeholder.
func (f *File) Print() string { return "" }
