// Package py runs the Python peers of service Everything, which stand in this folder: Apache's Thrift and Google's
// gRPC for Python, with code generated at the time of the test.
package py

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"weft/testpeers"
	"weft/testpeers/thriftpeer"
)

// ThriftServer runs Apache's server and gives its address. It ends with the test.
func ThriftServer(tb testing.TB, wire thriftpeer.Wire) string {
	tb.Helper()
	return serve(tb, "thrift_server.py", "--transport", wire.Transport, "--protocol", wire.Protocol)
}

// ThriftClient runs all cases through Apache's client and fails the test where one fails. The protocol may be one of
// thriftpeer's, or that with "-accelerated" behind it, which is Apache's C extension.
func ThriftClient(tb testing.TB, addr string, wire thriftpeer.Wire) {
	tb.Helper()
	host, port, _ := strings.Cut(addr, ":")
	check(tb, "thrift_client.py", host, port, "--transport", wire.Transport, "--protocol", wire.Protocol)
}

// GRPCServer runs Python's gRPC server and gives its address. It ends with the test.
func GRPCServer(tb testing.TB) string {
	tb.Helper()
	return serve(tb, "grpc_server.py")
}

// GRPCClient runs all cases but those left out through Python's gRPC client and fails the test where one fails.
func GRPCClient(tb testing.TB, addr string, leaveOut ...string) {
	tb.Helper()
	if t, ok := tb.(interface{ Setenv(key, value string) }); ok {
		t.Setenv("WEFT_LEAVE_OUT", strings.Join(leaveOut, ","))
	}
	check(tb, "grpc_client.py", addr)
}

var (
	generating sync.Mutex
	generated  string // folder with the generated Python code
)

// generate makes the Python code of the IDL files where it is not there yet.
func generate(tb testing.TB) string {
	tb.Helper()
	thrift, protoc := testpeers.Thrift(tb), testpeers.Protoc(tb)
	generating.Lock()
	defer generating.Unlock()
	if generated != "" {
		return generated
	}
	idl := filepath.Join(testpeers.Root(), "testpeers", "idl")
	here := filepath.Join(testpeers.Root(), "testpeers", "py")
	sources := []string{
		filepath.Join(idl, "base.thrift"), filepath.Join(idl, "everything.thrift"),
		filepath.Join(idl, "base.proto"), filepath.Join(idl, "everything.proto"), filepath.Join(here, "status.proto"),
	}
	dir := filepath.Join(testpeers.Root(), ".cache", "generated", "py-"+digest(tb, sources))
	if _, err := os.Stat(dir); err == nil {
		generated = dir
		return dir
	}
	out := dir + fmt.Sprintf(".%d", os.Getpid()) // renamed when complete: other processes look for dir at the same time
	if err := os.MkdirAll(out, 0o755); err != nil {
		tb.Fatalf("make a folder for generated code: %v", err)
	}
	thrift.Run(tb, idl, "-r", "--gen", "py", "-out", out, "everything.thrift")
	protoc.Run(tb, idl, append([]string{"-I", idl, "-I", here, "--python_out", out}, sources[2:]...)...)
	if err := os.Rename(out, dir); err != nil {
		_ = os.RemoveAll(out)
		if _, there := os.Stat(dir); there != nil {
			tb.Fatalf("put generated code in its place: %v", err)
		}
	}
	generated = dir
	return generated
}

// digest tells versions of the source files apart.
func digest(tb testing.TB, files []string) string {
	h := sha256.New()
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			tb.Fatalf("read an IDL file: %v", err)
		}
		_, _ = h.Write(b) // a hash takes all
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// script gives the command line of one of this folder's programs.
func script(tb testing.TB, name string, args []string) (testpeers.Tool, []string) {
	tb.Helper()
	python := testpeers.Python(tb)
	// -c and not the script itself, so that the generated code stands on the path behind what Debian has there.
	run := "import sys, runpy; sys.path[1:1] = sys.argv[1:3]; del sys.argv[0:3]; runpy.run_path(sys.argv[0], run_name='__main__')"
	here := filepath.Join(testpeers.Root(), "testpeers", "py")
	return python, append([]string{"-c", run, here, generate(tb), filepath.Join(here, name)}, args...)
}

func check(tb testing.TB, name string, args ...string) {
	tb.Helper()
	python, line := script(tb, name, args)
	cmd := python.Command(tb.Context(), line...)
	out, err := cmd.CombinedOutput()
	for l := range strings.Lines(string(out)) {
		if !strings.HasPrefix(l, "ok ") {
			tb.Log(strings.TrimRight(l, "\n"))
		}
	}
	if err != nil {
		tb.Errorf("%s: %v", name, err)
	}
	if !strings.Contains(string(out), "ok    oneway") {
		tb.Errorf("%s did not come to its end", name)
	}
}

func serve(tb testing.TB, name string, args ...string) string {
	tb.Helper()
	python, line := script(tb, name, args)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := python.Command(ctx, line...)
	stdin, err := cmd.StdinPipe() // its end ends the server, also where the test is killed
	if err != nil {
		tb.Fatalf("start %s: %v", name, err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatalf("start %s: %v", name, err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatalf("start %s: %v", name, err)
	}
	tb.Cleanup(func() {
		_ = stdin.Close()
		cancel()
		_ = cmd.Wait()
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		tb.Fatalf("%s did not say its port: %v", name, err)
	}
	return "127.0.0.1:" + strings.TrimSpace(port)
}
