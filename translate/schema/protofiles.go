package schema

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	// Descriptor sets may leave these out; they are found in the global registry.
	_ "google.golang.org/protobuf/types/known/anypb"
	_ "google.golang.org/protobuf/types/known/durationpb"
	_ "google.golang.org/protobuf/types/known/emptypb"
	_ "google.golang.org/protobuf/types/known/fieldmaskpb"
	_ "google.golang.org/protobuf/types/known/structpb"
	_ "google.golang.org/protobuf/types/known/timestamppb"
	_ "google.golang.org/protobuf/types/known/wrapperspb"

	"weft/translate/schema/thriftidl"
)

// protoFiles are the protobuf files of a schema with everything that they import.
type protoFiles struct {
	registry *protoregistry.Files
	roots    []protoreflect.FileDescriptor // the given .proto files, and all files of given descriptor sets
	opened   map[string]string             // name of an import -> path of the file on disk
	source   map[string]string             // path of a file's descriptor -> the descriptor set that it came from
}

func (l *loader) readProto(names []string) {
	pf := &protoFiles{registry: new(protoregistry.Files), opened: map[string]string{}, source: map[string]string{}}
	set := map[string]*descriptorpb.FileDescriptorProto{}
	var roots, texts []string
	for _, name := range names {
		if filepath.Ext(name) == ".proto" {
			texts = append(texts, name)
		} else {
			roots = append(roots, l.readSet(pf, set, name)...)
		}
	}
	roots = append(roots, l.compile(pf, set, texts)...)
	if l.failed {
		return
	}
	for _, path := range roots {
		fd, err := pf.build(set, path, nil)
		if err != nil {
			l.fail(thriftidl.Pos{File: pf.file(path)}, "building the protobuf descriptors: "+err.Error())
			continue
		}
		if !slices.Contains(pf.roots, fd) {
			pf.roots = append(pf.roots, fd)
		}
	}
	l.proto = pf
}

// readSet adds the files of a FileDescriptorSet and gives their paths.
func (l *loader) readSet(pf *protoFiles, set map[string]*descriptorpb.FileDescriptorProto, name string) []string {
	data, err := readRegular(name)
	if err != nil {
		l.fail(thriftidl.Pos{File: name}, "reading the descriptor set: "+reason(err))
		return nil
	}
	var fds descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(data, &fds); err != nil {
		l.fail(thriftidl.Pos{File: name}, "reading the descriptor set: "+err.Error())
		return nil
	}
	if len(fds.File) == 0 {
		l.fail(thriftidl.Pos{File: name}, "the descriptor set holds no file")
	}
	var paths []string
	for _, f := range fds.File {
		if set[f.GetName()] == nil {
			set[f.GetName()] = f
			pf.source[f.GetName()] = name
		}
		paths = append(paths, f.GetName())
	}
	return paths
}

// compile adds .proto files with their imports and gives the names under which the files import one another.
func (l *loader) compile(pf *protoFiles, set map[string]*descriptorpb.FileDescriptorProto, texts []string) []string {
	if len(texts) == 0 {
		return nil
	}
	folders := slices.Clone(l.src.ImportPaths)
	var paths []string
	for _, text := range texts {
		folder, path := importName(l.src.ImportPaths, text)
		if !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
		if other, ok := pf.opened[path]; ok && filepath.Clean(other) != filepath.Clean(text) {
			l.fail(thriftidl.Pos{File: text}, "the file is imported as "+path+", as is "+other+": import paths have to tell them apart")
			continue
		}
		pf.opened[path] = text
		paths = append(paths, path)
	}
	given := maps.Clone(pf.opened)
	compiler := protocompile.Compiler{
		SourceInfoMode: protocompile.SourceInfoStandard,
		MaxParallelism: 1, // the reporter and the resolver below are not for several goroutines
		Reporter: reporter.NewReporter(func(e reporter.ErrorWithPos) error {
			at := e.GetPosition()
			l.fail(thriftidl.Pos{File: pf.file(at.Filename), Line: at.Line, Col: at.Col}, e.Unwrap().Error())
			return nil
		}, nil),
		Resolver: protocompile.CompositeResolver{
			protocompile.ResolverFunc(func(path string) (protocompile.SearchResult, error) {
				if f := set[path]; f != nil && pf.source[path] != "" {
					return protocompile.SearchResult{Proto: f}, nil
				}
				if text, ok := given[path]; ok {
					source, err := pf.open(text)
					return protocompile.SearchResult{Source: source}, err
				}
				return protocompile.SearchResult{}, errors.New("no such file in the import paths")
			}),
			protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: folders, Accessor: pf.open}),
		},
	}
	files, err := compiler.Compile(context.Background(), paths...)
	var at reporter.ErrorWithPos
	switch {
	case err == nil || l.failed:
	case errors.As(err, &at):
		pos := at.GetPosition()
		l.fail(thriftidl.Pos{File: pf.file(pos.Filename), Line: pos.Line, Col: pos.Col}, at.Unwrap().Error())
	default:
		l.fail(thriftidl.Pos{File: texts[0]}, "compiling: "+err.Error())
	}
	for _, f := range files {
		if f != nil && !l.failed {
			addCompiled(set, f)
		}
	}
	return paths
}

// importName gives the folder that a file is imported from and its name there: that of the first import path that
// holds the file, else its own folder.
func importName(folders []string, file string) (folder, name string) {
	for _, folder := range folders {
		rel, err := filepath.Rel(folder, file)
		if err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return folder, filepath.ToSlash(rel)
		}
	}
	return filepath.Dir(file), filepath.Base(file)
}

// open opens an imported file and remembers where it is.
func (pf *protoFiles) open(path string) (io.ReadCloser, error) {
	data, err := readRegular(path)
	if err != nil {
		return nil, err
	}
	for name := filepath.ToSlash(path); ; {
		if _, ok := pf.opened[name]; !ok {
			pf.opened[name] = path
		}
		_, rest, ok := strings.Cut(name, "/")
		if !ok {
			break
		}
		name = rest
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

// file is where the file of a descriptor path is on disk.
func (pf *protoFiles) file(path string) string {
	if p, ok := pf.opened[path]; ok && pf.source[path] == "" {
		return p
	}
	if p, ok := pf.source[path]; ok {
		return p + "(" + path + ")"
	}
	return path
}

func addCompiled(set map[string]*descriptorpb.FileDescriptorProto, fd protoreflect.FileDescriptor) {
	if set[fd.Path()] != nil {
		return
	}
	set[fd.Path()] = protoutil.ProtoFromFileDescriptor(fd)
	for i := range fd.Imports().Len() {
		addCompiled(set, fd.Imports().Get(i).FileDescriptor)
	}
}

// build makes the descriptor of a file of the set, after those that it imports.
func (pf *protoFiles) build(set map[string]*descriptorpb.FileDescriptorProto, path string, chain []string) (protoreflect.FileDescriptor, error) {
	if fd, err := pf.registry.FindFileByPath(path); err == nil {
		return fd, nil
	}
	if slices.Contains(chain, path) {
		return nil, errors.New("import cycle: " + strings.Join(append(chain, path), " -> "))
	}
	f := set[path]
	if f == nil {
		global, err := protoregistry.GlobalFiles.FindFileByPath(path)
		if err != nil || !strings.HasPrefix(path, "google/protobuf/") {
			return nil, &fs.PathError{Op: "import", Path: path, Err: errors.New("the file is not in the descriptor set")}
		}
		f = protodesc.ToFileDescriptorProto(global)
	}
	for _, dep := range f.Dependency {
		if _, err := pf.build(set, dep, append(chain, path)); err != nil {
			return nil, err
		}
	}
	fd, err := protodesc.NewFile(f, pf.registry)
	if err != nil {
		return nil, err
	}
	return fd, pf.registry.RegisterFile(fd)
}

// protoPos is where a descriptor is declared, as far as its file says it.
func (l *loader) protoPos(d protoreflect.Descriptor) thriftidl.Pos {
	fd := d.ParentFile()
	if l.proto == nil || fd == nil {
		return thriftidl.Pos{}
	}
	pos := thriftidl.Pos{File: l.proto.file(fd.Path())}
	if at := fd.SourceLocations().ByDescriptor(d); at.Path != nil {
		pos.Line, pos.Col = at.StartLine+1, at.StartColumn+1
	}
	return pos
}
