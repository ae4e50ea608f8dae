// Package thrifttest runs Apache's own cross-language test programs, testclient and testserver of service ThriftTest,
// in Go and in Python. Their sources are no part of this repository: they come from Apache's Go module, release 0.17.0
// (later ones leave them out), through the Go module proxy, and are built in the .cache folder.
package thrifttest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"weft/testpeers"
)

const release = "v0.17.0"

var (
	building sync.Mutex
	built    string
)

// build gives the folder with bin/testclient, bin/testserver, py/TestClient.py, py/TestServer.py and ThriftTest.thrift.
func build(tb testing.TB) string {
	tb.Helper()
	compiler := testpeers.Thrift(tb)
	building.Lock()
	defer building.Unlock()
	if built != "" {
		return built
	}
	dir := filepath.Join(testpeers.Root(), ".cache", "thrifttest", release)
	if _, err := os.Stat(dir); err == nil {
		built = dir
		return built
	}
	out := fmt.Sprintf("%s.%d", dir, os.Getpid()) // renamed when complete: other processes look for dir at the same time
	if err := os.MkdirAll(out, 0o755); err != nil {
		tb.Fatalf("make a folder for ThriftTest: %v", err)
	}
	defer func() { _ = os.RemoveAll(out) }()
	source := filepath.Join(download(tb), "test")
	buildGo(tb, compiler, source, out)
	buildPython(tb, compiler, source, out)
	if err := os.Rename(out, dir); err != nil {
		if _, there := os.Stat(dir); there != nil {
			tb.Fatalf("put ThriftTest in its place: %v", err)
		}
	}
	built = dir
	return built
}

// download gives the folder of Apache's module, which the go command keeps in its cache.
func download(tb testing.TB) string {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), "go", "mod", "download", "-json", "github.com/apache/thrift@"+release)
	cmd.Dir = tb.TempDir() // outside of weft's module, whose go.mod asks for another version
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, err := cmd.Output()
	var module struct{ Dir, Error string }
	if json.Unmarshal(out, &module) != nil || module.Dir == "" {
		text := fmt.Sprintf("Apache's thrift %s cannot be downloaded: %v %s", release, err, module.Error)
		if os.Getenv("WEFT_REQUIRE_PEERS") != "" {
			tb.Fatal(text)
		}
		tb.Skip(text)
	}
	return module.Dir
}

func buildGo(tb testing.TB, compiler testpeers.Tool, source, out string) {
	tb.Helper()
	idl, err := os.ReadFile(filepath.Join(source, "ThriftTest.thrift"))
	if err != nil {
		tb.Fatalf("read ThriftTest.thrift: %v", err)
	}
	write(tb, filepath.Join(out, "ThriftTest.thrift"), string(idl))
	// As Apache's own Makefile does it: Go has no maps with lists as keys (THRIFT-2063).
	var kept strings.Builder
	for line := range strings.Lines(string(idl)) {
		if i := strings.Index(line, "list"); i < 0 || !containsInOrder(line[i:], "list", "map", "list", "map") {
			kept.WriteString(line)
		}
	}
	src := filepath.Join(out, "go")
	write(tb, filepath.Join(src, "ThriftTest.thrift"), kept.String())
	compiler.Run(tb, src, "-out", mkdir(tb, filepath.Join(src, "gen")), "--gen",
		"go:skip_remote,package_prefix=scratch/thrifttest/gen/", "ThriftTest.thrift")
	for _, file := range []string{
		"common/client.go", "common/server.go", "common/printing_handler.go", "bin/testclient/main.go", "bin/testserver/main.go",
	} {
		b, err := os.ReadFile(filepath.Join(source, "go", "src", file))
		if err != nil {
			tb.Fatalf("read Apache's sources: %v", err)
		}
		text := strings.ReplaceAll(string(b), "github.com/apache/thrift/test/go/src/", "scratch/thrifttest/")
		write(tb, filepath.Join(src, file), text)
	}
	write(tb, filepath.Join(src, "go.mod"), "module scratch/thrifttest\n\ngo 1.18\n\nrequire github.com/apache/thrift "+release+"\n")
	cmd := exec.CommandContext(tb.Context(), "go", "build", "-mod=mod", "-buildvcs=false", "-o", mkdir(tb, filepath.Join(out, "bin")), "./bin/...")
	cmd.Dir = src
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("build ThriftTest: %v\n%s", err, text)
	}
}

func buildPython(tb testing.TB, compiler testpeers.Tool, source, out string) {
	tb.Helper()
	py := mkdir(tb, filepath.Join(out, "py"))
	for _, file := range []string{"TestClient.py", "TestServer.py", "util.py"} {
		b, err := os.ReadFile(filepath.Join(source, "py", file))
		if err != nil {
			tb.Fatalf("read Apache's sources: %v", err)
		}
		write(tb, filepath.Join(py, file), string(b))
	}
	compiler.Run(tb, out, "-out", mkdir(tb, filepath.Join(py, "gen-py")), "--gen", "py", "ThriftTest.thrift")
}

// containsInOrder tells whether the words stand in text one after the other.
func containsInOrder(text string, words ...string) bool {
	for _, w := range words {
		i := strings.Index(text, w)
		if i < 0 {
			return false
		}
		text = text[i+len(w):]
	}
	return true
}

func mkdir(tb testing.TB, dir string) string {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		tb.Fatalf("make a folder for ThriftTest: %v", err)
	}
	return dir
}

func write(tb testing.TB, name, text string) {
	mkdir(tb, filepath.Dir(name))
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		tb.Fatalf("write ThriftTest's sources: %v", err)
	}
}
