package e2e

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"weft/testpeers/gen/pb/everythingpb"
	"weft/testpeers/grpcpeer"
	peers "weft/testpeers/schema"
	"weft/testpeers/thriftpeer"
)

// process is a running `weft proxy`.
type process struct {
	cmd    *exec.Cmd
	listen string
	admin  string
	exited chan struct{} // closed when it has ended

	mu  sync.Mutex
	log bytes.Buffer
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

// startProcess runs weft with the smallest useful configuration for a server, in a folder that has the .thrift, and waits until it is ready.
func startProcess(t *testing.T, dir, thrift, server string) *process {
	t.Helper()
	p := &process{listen: freeAddress(t), admin: freeAddress(t), exited: make(chan struct{})}
	text := `version: weft/v1
schemas: {billing: {files: [` + thrift + `]}}
outbound: {listeners: [{listen: "` + p.listen + `", service: billing}]}
upstreams: {billing: {schema: billing}}
discovery: {static: {billing: [{address: "` + server + `", dialect: thrift}]}}
admin: {listen: "` + p.admin + `"}
`
	if err := os.WriteFile(filepath.Join(dir, "weft.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := runWeft(t, dir, "validate -c weft.yaml"); got.code != 0 || got.stdout != "weft.yaml is valid\n" {
		t.Fatalf("weft validate: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	p.cmd = exec.Command(weft(t), "proxy", "-c", "weft.yaml")
	p.cmd.Dir, p.cmd.Stderr, p.cmd.Stdout = dir, p, p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the program, which the end of the test kills
		defer close(p.exited)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.exited
		if t.Failed() {
			t.Logf("weft wrote:\n%s", &p.log)
		}
	})
	p.await(t, "/readyz", http.StatusOK)
	return p
}

// freeAddress gives an address on which nothing listens, with a port below those that the system gives to outgoing connections.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := "127.0.0.1:" + strconv.Itoa(20000+rand.IntN(10000))
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

// get reads a page of the admin endpoint; status 0 where there is none.
func (p *process) get(path string) (int, string) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	response, err := client.Get("http://" + p.admin + path)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

func (p *process) await(t *testing.T, path string, want int) {
	t.Helper()
	status, body := 0, ""
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if status, body = p.get(path); status == want {
			return
		}
		select {
		case <-p.exited:
			t.Fatalf("weft ended instead of answering %s", path)
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatalf("%s is %d %s, want %d", path, status, body, want)
}

// end waits for the end of the program and gives its exit code.
func (p *process) end(t *testing.T) int {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(30 * time.Second):
		t.Fatal("weft did not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

// What README's quick start says, step by step: a legacy Thrift server, the smallest configuration, a client of the printed .proto.
func TestQuickStart(t *testing.T) {
	dir := copyFiles(t, "names/base.thrift", "names/middle.thrift", "names/names.thrift")
	server := peers.Serve(t, "names/thrift_server.py", []string{peers.Thrift(t, dir, "names.thrift")}, "alpha")

	p := startProcess(t, dir, "names.thrift", server)
	if got := runWeft(t, dir, "idl proto -o proto names.thrift"); got.code != 0 {
		t.Fatalf("weft idl proto: exit code %d\n%s", got.code, got.stderr)
	}
	proto := peers.Proto(t, filepath.Join(dir, "proto"), "names.proto", "middle.proto", "base.proto")
	peers.Check(t, "names/grpc_client.py", []string{proto}, p.listen, "alpha")

	for path, part := range map[string]string{
		"/healthz": "", "/readyz": "ready", "/metrics": `method="/names.Alpha/NextMode",outcome="ok",service="billing",status="OK",upstream="thrift/framed/binary"} 4`,
		"/config": "names.thrift",
	} {
		if status, body := p.get(path); status != http.StatusOK || !strings.Contains(body, part) {
			t.Errorf("%s is %d, want %q in\n%s", path, status, part, body)
		}
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.end(t); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
}

// A signal lets the call in flight end, takes no new connection, and the exit code is 0.
func TestSignalsDrain(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			server := thriftpeer.Start(t, thriftpeer.Wire{Transport: "framed", Protocol: "binary"})
			p := startProcess(t, t.TempDir(), everything()[0], server.Addr)
			client := everythingpb.NewEverythingClient(grpcpeer.Dial(t, p.listen))
			answered := make(chan error, 1)
			go func() { // ends with the call
				millis := int32(1000)
				_, err := client.Slow(t.Context(), &everythingpb.EverythingSlowRequest{Millis: &millis})
				answered <- err
			}()
			for end := time.Now().Add(20 * time.Second); server.Calls("slow") == 0; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("the call did not arrive")
				}
			}
			if err := p.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			p.await(t, "/readyz", http.StatusServiceUnavailable)
			if c, err := net.Dial("tcp", p.listen); err == nil {
				_ = c.Close()
				t.Error("a connection was taken while draining")
			}
			if err := <-answered; err != nil {
				t.Errorf("the call in flight: %v", err)
			}
			if code := p.end(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// A second signal does not wait for the call in flight.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	server := thriftpeer.Start(t, thriftpeer.Wire{Transport: "framed", Protocol: "binary"})
	p := startProcess(t, t.TempDir(), everything()[0], server.Addr)
	client := everythingpb.NewEverythingClient(grpcpeer.Dial(t, p.listen))
	answered := make(chan error, 1)
	go func() { // ends with the call
		millis := int32(3000)
		_, err := client.Slow(t.Context(), &everythingpb.EverythingSlowRequest{Millis: &millis})
		answered <- err
	}()
	for end := time.Now().Add(20 * time.Second); server.Calls("slow") == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the call did not arrive")
		}
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.await(t, "/readyz", http.StatusServiceUnavailable)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.end(t); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if err := <-answered; err == nil {
		t.Error("the call in flight was answered although the program was ended at once")
	}
}

// An address that is taken and a file that is wrong end the program with a message and exit code 1.
func TestProxyDoesNotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	dir := copyFiles(t, "names/base.thrift")
	text := strings.Replace(configuration("base.thrift", "thrift"), "127.0.0.1:0", taken.Addr().String(), 1) + "admin: {listen: off}\n"
	if err := os.WriteFile(filepath.Join(dir, "weft.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got := runWeft(t, dir, "proxy -c weft.yaml")
	if got.code != 1 || !strings.Contains(got.stderr, "address already in use") {
		t.Errorf("with a taken address: exit code %d\n%s", got.code, got.stderr)
	}
	if err := os.WriteFile(filepath.Join(dir, "weft.yaml"), []byte(configuration("missing.thrift", "thrift")), 0o600); err != nil {
		t.Fatal(err)
	}
	got = runWeft(t, dir, "proxy -c weft.yaml")
	if got.code != 1 || !strings.Contains(got.stderr, "missing.thrift") {
		t.Errorf("without the schema: exit code %d\n%s", got.code, got.stderr)
	}
}
