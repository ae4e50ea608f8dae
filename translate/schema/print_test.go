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
