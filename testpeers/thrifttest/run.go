package thrifttest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"weft/testpeers"
	"weft/testpeers/thriftpeer"
)

const patience = 30 * time.Second

// IDL gives the path of ThriftTest.thrift as Apache wrote it.
func IDL(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(build(tb), "ThriftTest.thrift")
}

// GoServer runs Apache's testserver in Go and gives its address. It ends with the test.
func GoServer(tb testing.TB, wire thriftpeer.Wire) string {
	tb.Helper()
	program := filepath.Join(build(tb), "bin", "testserver")
	return serve(tb, func(port string) *exec.Cmd {
		return exec.Command(program, append(flags(wire), "--host=127.0.0.1", "--port="+port)...)
	})
}

// GoClient runs Apache's testclient in Go and fails the test where it finds a fault.
func GoClient(tb testing.TB, addr string, wire thriftpeer.Wire) {
	tb.Helper()
	dir := build(tb)
	host, port, _ := net.SplitHostPort(addr)
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	finish(tb, exec.CommandContext(ctx, filepath.Join(dir, "bin", "testclient"), append(flags(wire), "--host="+host, "--port="+port)...))
}

// PyServer runs Apache's TestServer.py and gives its address. It ends with the test. The protocol may
// also be what else Apache's program has: "multi" and "multic" are multiplexed binary and compact.
func PyServer(tb testing.TB, wire thriftpeer.Wire) string {
	tb.Helper()
	python, dir := testpeers.Python(tb), filepath.Join(build(tb), "py")
	return serve(tb, func(port string) *exec.Cmd {
		args := append([]string{"-u", filepath.Join(dir, "TestServer.py"), "--genpydir=gen-py", "--port=" + port}, flags(wire)...)
		return python.Command(context.Background(), append(args, "TThreadedServer")...)
	})
}

// PyClient runs Apache's TestClient.py and fails the test where it finds a fault.
func PyClient(tb testing.TB, addr string, wire thriftpeer.Wire) {
	tb.Helper()
	python, dir := testpeers.Python(tb), filepath.Join(build(tb), "py")
	host, port, _ := net.SplitHostPort(addr)
	args := append([]string{filepath.Join(dir, "TestClient.py"), "--genpydir=gen-py", "--host=" + host, "--port=" + port}, flags(wire)...)
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	finish(tb, python.Command(ctx, args...))
}

// flags gives a wire in the words of Apache's programs.
func flags(wire thriftpeer.Wire) []string {
	transport := wire.Transport
	if transport == "unframed" {
		transport = "buffered"
	}
	return []string{"--transport=" + transport, "--protocol=" + wire.Protocol}
}

func finish(tb testing.TB, cmd *exec.Cmd) {
	tb.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Errorf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
}

// serve starts a server and waits until it listens. Apache's servers cannot say which port they took, so one is chosen
// for them; where somebody else was quicker the server ends at once, and another port is tried.
func serve(tb testing.TB, command func(port string) *exec.Cmd) string {
	tb.Helper()
	var err error
	for range 5 {
		port := freePort(tb)
		if err = start(tb, command(port), "127.0.0.1:"+port); err == nil {
			return "127.0.0.1:" + port
		}
	}
	tb.Fatal(err)
	return ""
}

func start(tb testing.TB, cmd *exec.Cmd, addr string) error {
	tb.Helper()
	log := &tail{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // ends with the process, which the cleanup kills and waits for
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if tb.Failed() {
			tb.Logf("%s said at last:\n%s", filepath.Base(cmd.Path), log)
		}
	})
	var dialled error
	for end := time.Now().Add(patience); time.Now().Before(end); {
		var conn net.Conn
		if conn, dialled = net.DialTimeout("tcp", addr, time.Second); dialled == nil {
			_ = conn.Close()
		}
		select {
		case err := <-ended:
			ended <- err
			return fmt.Errorf("%s ended: %v\n%s", cmd.Path, err, log)
		case <-time.After(20 * time.Millisecond):
		}
		if dialled == nil {
			return nil // it listens, and it did not end because somebody else does
		}
	}
	return fmt.Errorf("%s does not listen at %s: %w\n%s", cmd.Path, addr, dialled, log)
}

// freePort gives a port that was free a moment ago, below those that systems give to outgoing connections.
func freePort(tb testing.TB) string {
	var err error
	for range 100 {
		port := fmt.Sprint(12000 + rand.IntN(20000))
		var l net.Listener
		if l, err = net.Listen("tcp", ":"+port); err == nil {
			_ = l.Close()
			return port
		}
	}
	tb.Fatalf("find a free port: %v", err)
	return ""
}

// tail keeps the last bytes of what a program prints.
type tail struct {
	mu    sync.Mutex
	bytes []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes = append(t.bytes, p...)
	t.bytes = t.bytes[max(0, len(t.bytes)-4096):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.bytes)
}
