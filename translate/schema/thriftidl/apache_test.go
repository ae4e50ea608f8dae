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

// apacheRefused are the files that Apache's compiler 0.25 refuses, and what is wrong with them.
var apacheRefused = map[string]string{
	"test/BrokenConstants.thrift": "does not fit in",
}

// newerThan017 are parts of messages of Apache's compiler 0.17 about what 0.25 accepts.
var newerThan017 = []string{`"uuid" not defined`, "reserved language keyword", "last token was 'i8'"}

// apacheImports are the include paths of files that do not find their includes next to them.
func apacheImports(root string) []string {
	var list []string
	for _, dir := range []string{
		"test", "lib/rs/test_recursive/src", "lib/rs/test_recursive/src/transit",
		"lib/rs/test_recursive/src/transit/light", "lib/rs/test_recursive/src/transit/services",
	} {
		list = append(list, filepath.Join(root, dir))
	}
	return list
}

// eachApacheFile runs a test on every .thrift file of Apache's repository.
func eachApacheFile(t *testing.T, test func(t *testing.T, name, short string)) {
	t.Helper()
	root := apacheFolder(t)
	count := 0
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".thrift" {
			return err
		}
		count++
		short, _ := filepath.Rel(root, name)
		t.Run(short, func(t *testing.T) {
			t.Parallel()
			test(t, name, short)
		})
		return nil
	})
	if err != nil || count < 100 {
		t.Errorf("found %d files, error %v", count, err)
	}
}

func TestApacheFiles(t *testing.T) {
	root := apacheFolder(t)
	eachApacheFile(t, func(t *testing.T, name, short string) {
		_, problems := Parse(name, Options{ImportPaths: apacheImports(root)})
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
}

// TestApacheFilesLikeApache compares with the compiler itself, as far as it is new enough.
func TestApacheFilesLikeApache(t *testing.T) {
	compiler := apacheCompiler(t)
	root := apacheFolder(t)
	eachApacheFile(t, func(t *testing.T, name, short string) {
		accepted, output := apacheAccepts(t, compiler, name, apacheImports(root))
		for _, text := range newerThan017 {
			if !accepted && strings.Contains(output, text) {
				t.Skipf("skipped: needs a compiler newer than 0.17: %s", output)
			}
		}
		if refused := apacheRefused[short] != ""; accepted == refused {
			t.Errorf("Apache accepts: %v, weft: %v\n%s", accepted, !refused, output)
		}
	})
}
