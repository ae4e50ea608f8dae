package schema

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestApacheFilesAsProto(t *testing.T) {
	if _, err := exec.LookPath("protoc"); err != nil {
		t.Skip("protoc is not installed: the printed .proto files are not compiled")
	}
	for _, file := range apacheFiles(t) {
		name := filepath.Base(file)
		if strings.HasPrefix(name, "BrokenConstants") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			files, _, err := PrintProto(Source{Files: []string{file}, ImportPaths: []string{filepath.Dir(file)}})
			if err != nil {
				t.Fatal(err)
			}
			protoc(t, files)
		})
	}
}

// protoc writes the files into a folder and compiles them there.
func protoc(t *testing.T, files []Printed) {
	t.Helper()
	dir := t.TempDir()
	args := []string{"-I", dir, "--descriptor_set_out=" + filepath.Join(dir, "out.binpb")}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), []byte(f.Text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, f.Name)
	}
	if out, err := exec.Command("protoc", args...).CombinedOutput(); err != nil {
		t.Errorf("protoc: %v\n%s\n%s", err, out, files[0].Text)
	}
}

// thriftc writes the files into a folder and compiles the last of them with all that it includes.
func thriftc(t *testing.T, files []Printed) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), []byte(f.Text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	last := files[len(files)-1]
	cmd := exec.Command("thrift", "-r", "--gen", "py", last.Name)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("thrift: %v\n%s\n%s", err, out, last.Text)
	}
}

// protoSources are .proto files with the folder that they are imported from.
func protoSources(t *testing.T) map[string]Source {
	t.Helper()
	sources := map[string]Source{}
	for _, name := range []string{"everything", "legacy", "edition"} {
		sources[name] = Source{Files: []string{"testdata/proto/" + name + ".proto"}}
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/protobuf").Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		t.Log("the source of google.golang.org/protobuf is not in the module cache: its .proto files are left out")
		return sources
	}
	for _, name := range []string{
		"internal/testprotos/test3/test.proto", "internal/testprotos/test/test.proto",
	} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Logf("%s is left out: %v", name, err)
			continue
		}
		sources[name] = Source{Files: []string{filepath.Join(dir, name)}, ImportPaths: []string{dir}}
	}
	return sources
}

func TestProtoFilesAsThrift(t *testing.T) {
	_, err := exec.LookPath("thrift")
	if err != nil {
		t.Log("thrift is not installed: the printed .thrift files are read by package thriftidl only")
	}
	for name, src := range protoSources(t) {
		t.Run(name, func(t *testing.T) {
			files, _, perr := PrintThrift(src)
			if perr != nil {
				t.Fatal(perr)
			}
			if err == nil {
				thriftc(t, files)
			}
			readBack(t, files)
		})
	}
}

// readBack loads printed files as the only side of a schema.
func readBack(t *testing.T, files []Printed) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), []byte(f.Text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Load(Source{Files: []string{filepath.Join(dir, files[len(files)-1].Name)}}); err != nil {
		t.Error(err)
	}
}

// TestDerivedProtoPairs pairs .thrift files with the .proto that was derived from them, as teams do that keep what was
// printed: everything has a partner and means the same.
func TestDerivedProtoPairs(t *testing.T) {
	for _, file := range append(apacheFiles(t), "testdata/thrift/everything.thrift") {
		name := filepath.Base(file)
		if strings.HasPrefix(name, "BrokenConstants") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			src := Source{Files: []string{file}, ImportPaths: []string{filepath.Dir(file)}}
			derived, err := Load(src)
			if err != nil {
				t.Fatal(err)
			}
			if len(derived.Services) == 0 {
				t.Skip("the file has no service")
			}
			files, _, err := PrintProto(src)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for _, f := range files {
				if err := os.WriteFile(filepath.Join(dir, f.Name), []byte(f.Text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			src.Files = append(src.Files, filepath.Join(dir, files[0].Name))
			paired, err := Load(src)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range paired.Warnings {
				if !w.Warning {
					t.Error(w)
				}
			}
			derived.Warnings, paired.Warnings = nil, nil
			if got, want := dump(paired), dump(derived); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestDerivedThriftPairs pairs .proto files with the .thrift that was derived from them: no method is lost.
func TestDerivedThriftPairs(t *testing.T) {
	for _, name := range []string{"everything", "legacy", "edition"} {
		t.Run(name, func(t *testing.T) {
			src := Source{Files: []string{"testdata/proto/" + name + ".proto"}}
			files, _, err := PrintThrift(src)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for _, f := range files {
				if err := os.WriteFile(filepath.Join(dir, f.Name), []byte(f.Text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			src.Files = append(src.Files, filepath.Join(dir, files[len(files)-1].Name))
			s, err := Load(src)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range s.Warnings {
				if !w.Warning {
					t.Error(w)
				}
			}
			for _, m := range s.Services[0].Methods {
				if len(m.Exceptions) != 1 || !m.Exceptions[0].Status {
					t.Errorf("exceptions of %s: %+v", m.Thrift, m.Exceptions)
				}
			}
		})
	}
}
