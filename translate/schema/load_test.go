package schema

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

func TestLookup(t *testing.T) {
	s, err := Load(Source{Files: []string{"testdata/thrift/everything.thrift", "testdata/thrift/shared.thrift"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		path, want string
	}{
		{"/every.v1.Every/DoIt", "Every.doIt"},
		{"/every.v1.Every/Ping", "Every.ping"},
		{"/every.shared.Base/Ping", "Base.ping"},
		{"/every.v1.Every/doIt", ""},
		{"", ""},
	} {
		got, ok := s.ByPath(tc.path)
		if ok != (tc.want != "") || ok && got.Service.Thrift+"."+got.Method.Thrift != tc.want {
			t.Errorf("ByPath(%q) = %v %v", tc.path, got, ok)
		}
	}
	for _, tc := range []struct {
		service, method, want string
		ambiguous             bool
	}{
		{"", "doIt", "every.v1.Every", false},
		{"", "ping", "every.shared.Base", true},
		{"Every", "ping", "every.v1.Every", false},
		{"Base", "doIt", "", false},
		{"", "nothere", "", false},
	} {
		got, ambiguous := s.ByThrift(tc.service, tc.method)
		name := ""
		if got.Method != nil {
			name = got.Service.GRPC
		}
		if name != tc.want || ambiguous != tc.ambiguous {
			t.Errorf("ByThrift(%q, %q) = %s %v", tc.service, tc.method, name, ambiguous)
		}
	}
}

func TestDescriptorsAreReachable(t *testing.T) {
	s, err := Load(Source{Files: []string{"testdata/thrift/everything.thrift"}})
	if err != nil {
		t.Fatal(err)
	}
	target, _ := s.ByPath("/every.v1.Every/DoIt")
	m := target.Method
	if got := dynamicpb.NewMessage(m.RequestDescriptor()).Descriptor().FullName(); got != "every.v1.EveryDoItRequest" {
		t.Error(got)
	}
	if m.ResponseDescriptor().Fields().ByName("success") == nil || m.Exceptions[0].Descriptor.FullName() != "every.v1.Failed" {
		t.Errorf("response %v, exception %v", m.ResponseDescriptor(), m.Exceptions[0].Descriptor)
	}
	if m.Request.Message.Fields[0].Type.Message.Descriptor.FullName() != "every.v1.Everything" {
		t.Errorf("message %v", m.Request.Message.Fields[0].Type.Message.Descriptor)
	}
}

func TestLoadIsDeterministic(t *testing.T) {
	src := Source{Files: []string{"testdata/pair/orders.thrift", "testdata/pair/orders.proto"}, Binding: "testdata/pair/binding.yaml"}
	var first string
	for range 20 {
		s, err := Load(src)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = dump(s)
		}
		if got := dump(s); got != first {
			t.Fatalf("got\n%s\nfirst\n%s", got, first)
		}
	}
}

// TestDescriptorSet loads what TestMapping loads as .proto, from a descriptor set with and without the well-known files.
func TestDescriptorSet(t *testing.T) {
	s, err := Load(Source{Files: []string{"testdata/proto/everything.proto"}})
	if err != nil {
		t.Fatal(err)
	}
	set := &descriptorpb.FileDescriptorSet{}
	l := &loader{src: Source{Files: []string{"testdata/proto/everything.proto"}}}
	l.read()
	for _, path := range []string{"shared-types.proto", "everything.proto"} {
		fd, err := l.proto.registry.FindFileByPath(path)
		if err != nil {
			t.Fatal(err)
		}
		p := protodesc.ToFileDescriptorProto(fd)
		p.SourceCodeInfo = nil
		set.File = append(set.File, p)
	}
	data, err := proto.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "set.binpb")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	fromSet, err := Load(Source{Files: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	s.Warnings, fromSet.Warnings = nil, nil
	if got, want := dump(fromSet), dump(s); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestEdition2024 needs a descriptor set, because no .proto parser at hand reads that edition.
func TestEdition2024(t *testing.T) {
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("e.proto"), Package: proto.String("e"), Syntax: proto.String("editions"),
		Edition: descriptorpb.Edition_EDITION_2024.Enum(),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("M"), Field: []*descriptorpb.FieldDescriptorProto{{
			Name: proto.String("x"), Number: proto.Int32(1), Type: descriptorpb.FieldDescriptorProto_TYPE_INT32.Enum(),
			Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}}}},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("S"), Method: []*descriptorpb.MethodDescriptorProto{{
			Name: proto.String("F"), InputType: proto.String(".e.M"), OutputType: proto.String(".e.M"),
		}}}},
	}
	data, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{file}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "set.pb")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Load(Source{Files: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	if f := s.Services[0].Methods[0].Request.Message.Fields[0]; f.Presence != Explicit || f.Absent != Omit {
		t.Errorf("field x: %+v", f)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range map[string]string{"bad.pb": "\xff\xff", "empty.binpb": "", "b.yaml": "nothing: here\n", "import.proto": "syntax = \"proto3\"; import \"gone.proto\";"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name string
		src  Source
		want string
	}{
		{"none", Source{Name: "x"}, "x: the schema has no files"},
		{"kind", Source{Files: []string{"a.txt"}}, "a.txt: the name of a schema file ends in .thrift, .proto, .binpb or .pb"},
		{"all at once", Source{Files: []string{"a.thrift", "bad.pb", "empty.binpb", "gone.pb"}, Binding: "b.yaml"},
			"a.thrift: reading the file: no such file or directory\n" +
				"b.yaml:1:1: unknown key \"nothing\" in the binding (known: enums, exceptions, policy, services, types)\n" +
				"bad.pb: reading the descriptor set: proto: cannot parse invalid wire-format data\n" +
				"empty.binpb: the descriptor set holds no file\n" +
				"gone.pb: reading the descriptor set: no such file or directory"},
		{"binding", Source{Files: []string{"a.thrift"}, Binding: "gone.yaml"}, "a.thrift: reading the file: no such file or directory\ngone.yaml: reading the binding: no such file or directory"},
		{"import", Source{Files: []string{"import.proto"}}, "import.proto:1:27: could not resolve path \"gone.proto\": no such file in the import paths"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load(tc.src)
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("error %T", err)
			}
			if got := strings.ReplaceAll(err.Error(), "\u00a0", " "); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// TestImportPaths: a given file is read itself, though an import path before its own has a file of the same name.
func TestImportPaths(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"a/x.proto": "syntax = \"proto3\"; package a; message M {}",
		"b/x.proto": "syntax = \"proto3\"; package b; import \"y.proto\"; service S { rpc F(y.M) returns (y.M); }",
		"b/y.proto": "syntax = \"proto3\"; package y; message M {}",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Load(Source{Files: []string{"b/x.proto"}, ImportPaths: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Services) != 1 || s.Services[0].GRPC != "b.S" {
		t.Errorf("services %v", s.Services)
	}
	_, err = Load(Source{Files: []string{"a/x.proto", "b/x.proto"}})
	if want := "b/x.proto: the file is imported as x.proto, as is a/x.proto: import paths have to tell them apart"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestNegativeKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.thrift")
	if err := os.WriteFile(path, []byte("service S { void f(-7: i32 x) }"), 0o600); err != nil {
		t.Fatal(err)
	}
	for allow, want := range map[bool]int16{false: -1, true: -7} {
		s, err := Load(Source{Files: []string{path}, AllowNegKeys: allow})
		if err != nil {
			t.Fatal(err)
		}
		f := s.Services[0].Methods[0].Request.Message.Fields[0]
		if f.ThriftID != want || f.ProtoNum != 0x10000000+int32(uint16(want)) {
			t.Errorf("AllowNegKeys %v: id %d, number %d", allow, f.ThriftID, f.ProtoNum)
		}
	}
}

func FuzzPair(f *testing.F) {
	for _, tc := range pairCases {
		f.Add(tc.thrift, tc.proto, tc.binding)
	}
	f.Fuzz(func(t *testing.T, thrift, proto, binding string) {
		dir := t.TempDir()
		src := Source{Name: "fuzz"}
		for name, text := range map[string]string{"a.thrift": thrift, "a.proto": "syntax = \"proto3\";\n" + proto, "b.yaml": binding} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, files := range [][]string{{"a.thrift"}, {"a.proto"}, {"a.thrift", "a.proto"}} {
			src.Files = nil
			for _, name := range files {
				src.Files = append(src.Files, filepath.Join(dir, name))
			}
			for _, src.Binding = range []string{"", filepath.Join(dir, "b.yaml")} {
				s, err := Load(src)
				if err == nil && s == nil {
					t.Error("neither schema nor error")
				}
			}
		}
	})
}
