package thriftidl

import (
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// apacheFolder is the Go module of Apache Thrift, whose zip holds the whole repository.
func apacheFolder(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/apache/thrift").Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		t.Skipf("skipped: the module github.com/apache/thrift is not at hand: %v", err)
	}
	return dir
}

// apacheRefused are the files that Apache's compiler refuses too, or that need other include paths.
var apacheRefused = map[string]string{
	"test/BrokenConstants.thrift": "does not fit in",
}

// apacheImports are the include paths of files that do not find their includes next to them.
var apacheImports = []string{
	"test", "lib/rs/test_recursive/src", "lib/rs/test_recursive/src/transit",
	"lib/rs/test_recursive/src/transit/light", "lib/rs/test_recursive/src/transit/services",
}

func TestApacheFiles(t *testing.T) {
	root := apacheFolder(t)
	var imports []string
	for _, dir := range apacheImports {
		imports = append(imports, filepath.Join(root, dir))
	}
	count := 0
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".thrift" {
			return err
		}
		count++
		short, _ := filepath.Rel(root, name)
		t.Run(short, func(t *testing.T) {
			t.Parallel()
			_, problems := Parse(name, Options{ImportPaths: imports})
			want := apacheRefused[short]
			found := want == ""
			for _, p := range problems {
				switch {
				case p.Warning:
				case want == "":
					t.Error(p)
				case strings.Contains(p.Text, want):
					found = true
				}
			}
			if !found {
				t.Errorf("no error with %q among %v", want, problems)
			}
		})
		return nil
	})
	if err != nil || count < 100 {
		t.Errorf("found %d files, error %v", count, err)
	}
}
