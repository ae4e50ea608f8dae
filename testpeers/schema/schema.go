// Package schema runs Python programs for tests of derived and paired schemas: Apache's Thrift and Google's gRPC for
// Python, with code generated at the time of the test from the IDL files that the test names. The programs and the IDL
// files of their services stand in the folders beside this file, one folder for a story.
package schema

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"weft/testpeers"
)

// Dir is one of this package's folders, or a file in it.
func Dir(path ...string) string {
	return filepath.Join(append([]string{testpeers.Root(), "testpeers", "schema"}, path...)...)
}

// Write puts files, given by name, into a folder of the test and gives the folder.
func Write(tb testing.TB, files map[string]string) string {
	tb.Helper()
	dir := tb.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatalf("write a test's file: %v", err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			tb.Fatalf("write a test's file: %v", err)
		}
	}
	return dir
}

// Thrift generates Python code from .thrift files of a folder, and what they include, and gives the folder of the code.
func Thrift(tb testing.TB, dir string, files ...string) string {
	tb.Helper()
	return Generate(tb, "py", dir, files...)
}

// Generate is Thrift for another language, as Apache's compiler calls it.
func Generate(tb testing.TB, language, dir string, files ...string) string {
	tb.Helper()
	thrift, out := testpeers.Thrift(tb), tb.TempDir()
	for _, name := range files {
		thrift.Run(tb, dir, "-r", "--gen", language, "-out", out, name)
	}
	return out
}

// Proto generates Python code from .proto files of a folder and gives the folder of the code.
func Proto(tb testing.TB, dir string, files ...string) string {
	tb.Helper()
	out := tb.TempDir()
	testpeers.Protoc(tb).Run(tb, dir, append([]string{"-I", dir, "--python_out", out}, files...)...)
	return out
}

// Descriptors makes a FileDescriptorSet of .proto files of a folder, with everything that they import, and gives its path.
func Descriptors(tb testing.TB, dir string, files ...string) string {
	tb.Helper()
	out := filepath.Join(tb.TempDir(), "set.binpb")
	testpeers.Protoc(tb).Run(tb, dir, append([]string{"-I", dir, "--include_imports", "--include_source_info", "-o", out}, files...)...)
	return out
}

// Check runs a program ("shop/thrift_client.py") to its end with generated code on its path. It prints a line for each thing
// that it checked, beginning with "ok" or "FAIL", and "end" as the last one.
func Check(tb testing.TB, program string, generated []string, args ...string) {
	tb.Helper()
	python, line := arguments(tb, program, generated, args)
	out, err := python.Command(tb.Context(), line...).CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	for _, l := range lines {
		if !strings.HasPrefix(l, "ok ") && l != "end" {
			tb.Log(l)
		}
	}
	if err != nil {
		tb.Errorf("%s: %v", program, err)
	}
	if lines[len(lines)-1] != "end" {
		tb.Errorf("%s did not come to its end", program)
	}
}

// arguments is the command line of a program. The generated code stands on the path behind what Debian has there, for
// which the program cannot be named itself.
func arguments(tb testing.TB, program string, generated, args []string) (testpeers.Tool, []string) {
	tb.Helper()
	run := "import sys, runpy; n = int(sys.argv[1]); sys.path[1:1] = sys.argv[2:2+n]; del sys.argv[0:2+n]; runpy.run_path(sys.argv[0], run_name='__main__')"
	paths := append([]string{Dir(), Dir(filepath.Dir(program))}, generated...)
	line := append([]string{"-c", run, strconv.Itoa(len(paths))}, paths...)
	return testpeers.Python(tb), append(append(line, Dir(program)), args...)
}

// Serve runs a program that prints its port and ends with its standard input, and gives its address. It ends with the test.
func Serve(tb testing.TB, program string, generated []string, args ...string) string {
	tb.Helper()
	python, line := arguments(tb, program, generated, args)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := python.Command(ctx, line...)
	stderr := &strings.Builder{}
	cmd.Stderr = stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatalf("start %s: %v", program, err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatalf("start %s: %v", program, err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatalf("start %s: %v", program, err)
	}
	tb.Cleanup(func() {
		_ = stdin.Close()
		cancel()
		_ = cmd.Wait()
		if tb.Failed() && stderr.Len() > 0 {
			tb.Logf("%s wrote:\n%s", program, stderr)
		}
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		cancel()
		_ = cmd.Wait()
		tb.Fatalf("%s did not say its port: %v\n%s", program, err, stderr)
	}
	return "127.0.0.1:" + strings.TrimSpace(port)
}
