package schema

import (
	"errors"

	"weft/translate/schema/protoview"
	"weft/translate/schema/thriftview"
)

// Printed is one file of a derived view as text.
type Printed struct {
	Name string // "orders.proto"; the files name one another so in their imports and includes
	Text string
}

// PrintProto gives the .proto files for the .thrift files of src: one for each given file and each that it
// includes, in the order in which they were read. Where the error is of type Problems it is what stops the view;
// warnings are given beside the files.
func PrintProto(src Source) ([]Printed, Problems, error) {
	l := &loader{src: src}
	l.read()
	if !l.failed && len(l.thriftFiles) == 0 {
		return nil, nil, errors.New("printing the protobuf view: no .thrift file is given")
	}
	var files []Printed
	if !l.failed {
		l.verifyBinding()
		view, problems := protoview.Derive(l.thriftFiles, l.binding)
		l.take(problems)
		if view != nil {
			for _, f := range view.Files {
				files = append(files, Printed{f.Descriptor.Path(), f.Print()})
			}
		}
	}
	return printed(l, files)
}

// PrintThrift gives the .thrift files for the protobuf files of src: one for each given file and each whose types it
// uses, each after the files that it includes.
func PrintThrift(src Source) ([]Printed, Problems, error) {
	l := &loader{src: src}
	l.read()
	if !l.failed && l.proto == nil {
		return nil, nil, errors.New("printing the Thrift view: no .proto file or descriptor set is given")
	}
	var files []Printed
	if !l.failed {
		l.verifyBinding()
		view, problems := thriftview.Derive(l.proto.roots, l.binding, l.protoPos)
		l.take(problems)
		if view != nil {
			for _, f := range view.Files {
				files = append(files, Printed{f.IDL.Name, f.Print()})
			}
		}
	}
	return printed(l, files)
}

func printed(l *loader, files []Printed) ([]Printed, Problems, error) {
	if l.failed {
		return nil, nil, l.sorted()
	}
	return files, l.sorted(), nil
}
