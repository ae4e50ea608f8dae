// Package testpeers gives tests real peers that speak Thrift and gRPC without weft: Apache Thrift and grpc-go
// servers and clients of one service, Everything, that uses every type of the Thrift IDL (packages thriftpeer and
// grpcpeer), the same in Python (folder py), and Apache's own ThriftTest programs (folder thrifttest).
//
// Only tests import it, and it imports nothing of weft's, so that a fault of weft cannot hide in its own peers.
//
// Compilers and Python's libraries come from the system, or from .cache/peers where `make peers` unpacks what the
// system has not. A test whose tool is missing is skipped by name, or fails where WEFT_REQUIRE_PEERS is set.
package testpeers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// Root is the folder of the checkout.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(file))
}

// Tool is a program outside of Go that a test uses.
type Tool struct {
	Path string
	env  []string
}

// Command gives the tool's command, with the environment that it needs where it was unpacked into .cache/peers.
func (t Tool) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, t.Path, args...)
	cmd.Env = append(os.Environ(), t.env...)
	return cmd
}

// Run runs the tool in a folder and fails the test with its output where it ends badly.
func (t Tool) Run(tb testing.TB, dir string, args ...string) string {
	tb.Helper()
	cmd := t.Command(tb.Context(), args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		tb.Fatalf("run %s %s: %v\n%s", t.Path, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Thrift gives Apache's compiler of version 0.17, or skips the test.
func Thrift(tb testing.TB) Tool {
	tb.Helper()
	return require(tb, "the thrift compiler", thrift)
}

// Protoc gives protobuf's compiler, or skips the test.
func Protoc(tb testing.TB) Tool {
	tb.Helper()
	return require(tb, "protoc", protoc)
}

// Python gives Debian's Python with the grpc, thrift and google.protobuf packages, or skips the test.
func Python(tb testing.TB) Tool {
	tb.Helper()
	return require(tb, "Python's grpc, thrift and protobuf", python)
}

var (
	thrift = sync.OnceValues(func() (Tool, error) { return find("thrift", "--version") })
	protoc = sync.OnceValues(func() (Tool, error) { return find("protoc", "--version") })
	python = sync.OnceValues(func() (Tool, error) {
		return find("python3", "-c", "import grpc, thrift.Thrift, google.protobuf.message; grpc.__version__")
	})
)

func require(tb testing.TB, what string, get func() (Tool, error)) Tool {
	tb.Helper()
	tool, err := get()
	switch {
	case err == nil:
	case os.Getenv("WEFT_REQUIRE_PEERS") != "":
		tb.Fatalf("%s cannot be had: %v", what, err)
	default:
		tb.Skipf("%s cannot be had (make peers fetches it): %v", what, err)
	}
	return tool
}

// find looks for a program on the system, then in .cache/peers, and takes the first that runs with args.
func find(name string, args ...string) (Tool, error) {
	peers := filepath.Join(Root(), ".cache", "peers", "root", "usr")
	env := []string{
		"PYTHONPATH=" + filepath.Join(peers, "lib/python3/dist-packages"),
		"LD_LIBRARY_PATH=" + filepath.Join(peers, "lib", libraries()),
		"PYTHONPYCACHEPREFIX=" + filepath.Join(Root(), ".cache", "pycache"),
	}
	candidates := []Tool{{Path: name}, {filepath.Join(peers, "bin", name), env}}
	if name == "python3" { // the libraries are Debian's, and so is the interpreter that they fit
		candidates = []Tool{{Path: "/usr/bin/python3", env: env[2:]}, {Path: "/usr/bin/python3", env: env}}
	}
	var last error
	for _, tool := range candidates {
		out, err := tool.Command(context.Background(), args...).CombinedOutput()
		if err == nil {
			return tool, nil
		}
		last = fmt.Errorf("run %s: %w %s", tool.Path, err, strings.TrimSpace(string(out)))
	}
	return Tool{}, last
}

func libraries() string {
	if runtime.GOARCH == "arm64" {
		return "aarch64-linux-gnu"
	}
	return "x86_64-linux-gnu"
}
