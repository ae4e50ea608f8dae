package schema

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// apacheFiles gives the .thrift files that Apache's own tests use.
func apacheFiles(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/apache/thrift").Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		t.Skip("the source of github.com/apache/thrift is not in the module cache")
	}
	files, err := filepath.Glob(filepath.Join(dir, "test", "*.thrift"))
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d .thrift files in %s: %v", len(files), dir, err)
	}
	return files
}

func TestApacheFilesLoad(t *testing.T) {
	for _, file := range apacheFiles(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s, err := Load(Source{Name: "x", Files: []string{file}, ImportPaths: []string{filepath.Dir(file)}})
			if strings.HasPrefix(filepath.Base(file), "BrokenConstants") {
				if err == nil {
					t.Error("loaded")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range s.Warnings {
				t.Log(w)
			}
		})
	}
}
