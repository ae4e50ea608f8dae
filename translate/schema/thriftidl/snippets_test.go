package thriftidl

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the expected problems in testdata/snippets.txt")

const snippetsFile = "testdata/snippets.txt"

// snippet is one case of testdata/snippets.txt: "=== name" or "=== name | how Apache's compiler differs", the
// text of main.thrift, other files behind "--- name", and behind ">>>" the problems expected.
type snippet struct {
	name     string
	differs  string
	names    []string
	files    map[string]string
	expected string
}

func readSnippets(t *testing.T) []*snippet {
	t.Helper()
	data, err := os.ReadFile(snippetsFile)
	if err != nil {
		t.Fatal(err)
	}
	var list []*snippet
	for _, part := range strings.Split("\n"+string(data), "\n=== ")[1:] {
		head, rest, _ := strings.Cut(part, "\n")
		s := &snippet{files: make(map[string]string)}
		s.name, s.differs, _ = strings.Cut(head, " | ")
		rest, s.expected, _ = strings.Cut("\n"+rest+"\n", "\n>>>\n")
		name := "main.thrift"
		for i, file := range strings.Split(rest, "\n--- ") {
			if i > 0 {
				name, file, _ = strings.Cut(file, "\n")
			}
			s.names = append(s.names, name)
			s.files[name] = strings.Trim(file, "\n") + "\n"
		}
		s.expected = strings.TrimSpace(s.expected)
		list = append(list, s)
	}
	return list
}

// parse runs Parse on a snippet and gives its problems, one a line.
func (s *snippet) parse() (lines string, accepted bool) {
	_, problems := Parse("main.thrift", Options{ReadFile: func(name string) ([]byte, error) {
		text, ok := s.files[name]
		if !ok {
			return nil, os.ErrNotExist
		}
		return []byte(text), nil
	}})
	var b strings.Builder
	accepted = true
	for _, p := range problems {
		b.WriteString(p.Error() + "\n")
		accepted = accepted && p.Warning
	}
	return strings.TrimSpace(b.String()), accepted
}

func TestSnippets(t *testing.T) {
	list := readSnippets(t)
	if *update {
		writeSnippets(t, list)
		return
	}
	for _, s := range list {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			if got, _ := s.parse(); got != s.expected {
				t.Errorf("problems:\n%s\nexpected:\n%s", got, s.expected)
			}
		})
	}
}

func writeSnippets(t *testing.T, list []*snippet) {
	t.Helper()
	var b strings.Builder
	for _, s := range list {
		b.WriteString("=== " + s.name)
		if s.differs != "" {
			b.WriteString(" | " + s.differs)
		}
		b.WriteString("\n")
		for i, name := range s.names {
			if i > 0 {
				b.WriteString("--- " + name + "\n")
			}
			b.WriteString(s.files[name])
		}
		b.WriteString(">>>\n")
		if got, _ := s.parse(); got != "" {
			b.WriteString(got + "\n")
		}
	}
	if err := os.WriteFile(snippetsFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// apacheCompiler finds the compiler that the comparisons run against.
func apacheCompiler(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("thrift")
	if err != nil {
		t.Skipf("%s skipped: Apache's compiler \"thrift\" is not on PATH", t.Name())
	}
	return path
}

// apacheAccepts runs Apache's compiler on a file.
func apacheAccepts(t *testing.T, compiler, file string, imports []string) (accepted bool, output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	args := []string{"-nowarn", "-o", t.TempDir(), "--gen", "json"}
	for _, dir := range imports {
		args = append(args, "-I", dir)
	}
	out, err := exec.CommandContext(ctx, compiler, append(args, file)...).CombinedOutput()
	return err == nil, string(out)
}

// TestSnippetsLikeApache checks that Apache's compiler accepts a snippet exactly if Parse does, but for those
// that the table says it differs on. What it says of 0.17 is not held against other versions.
func TestSnippetsLikeApache(t *testing.T) {
	compiler := apacheCompiler(t)
	version, err := exec.Command(compiler, "-version").Output()
	if err != nil {
		t.Fatal(err)
	}
	is017 := strings.Contains(string(version), " 0.17.")
	for _, s := range readSnippets(t) {
		t.Run(s.name, func(t *testing.T) {
			if s.differs == "Apache hangs" {
				t.Skip("skipped: Apache's compiler 0.17 runs forever on this")
			}
			if strings.HasPrefix(s.differs, "0.17 ") && !is017 {
				t.Skipf("skipped: the table knows 0.17, this is %s", version)
			}
			t.Parallel()
			dir := t.TempDir()
			for name, text := range s.files {
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			apache, output := apacheAccepts(t, compiler, filepath.Join(dir, "main.thrift"), nil)
			problems, accepted := s.parse()
			if differs := apache != accepted; differs != (s.differs != "") {
				t.Errorf("Apache accepts: %v\n%s\nweft accepts: %v\n%s\nexpected to differ: %q",
					apache, output, accepted, problems, s.differs)
			}
		})
	}
}
