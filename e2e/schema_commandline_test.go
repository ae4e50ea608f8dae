package e2e

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"weft/testpeers"
	peers "weft/testpeers/schema"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

// The program, built once for all tests of the command line.
var (
	building   sync.Once
	weftBinary string
	buildError error
)

// weft gives the path of the program.
func weft(tb testing.TB) string {
	tb.Helper()
	building.Do(func() {
		weftBinary = filepath.Join(testpeers.Root(), ".cache", "e2e", "weft")
		cmd := exec.Command("go", "build", "-o", weftBinary, ".")
		cmd.Dir = testpeers.Root()
		if out, err := cmd.CombinedOutput(); err != nil {
			buildError = errors.New(string(out))
		}
	})
	if buildError != nil {
		tb.Fatalf("build weft: %v", buildError)
	}
	return weftBinary
}

// ran is what a command did.
type ran struct {
	code           int
	stdout, stderr string
}

// runWeft runs a command line in a folder.
func runWeft(t *testing.T, dir, line string) ran {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), weft(t), strings.Fields(line)...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run weft %s: %v", line, err)
	}
	return ran{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// copyFiles copies files of the schema peers into a folder of the test, so that messages name them without a path.
func copyFiles(t *testing.T, names ...string) string {
	t.Helper()
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(peers.Dir(name))
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = string(text)
	}
	return peers.Write(t, files)
}

var commandLines = []struct {
	name  string
	files map[string]string // beside those of the peers
	line  string
	code  int
	out   string // file in testdata/commandline with standard output; "" for none
	err   string // standard error
}{
	{name: "a good .thrift", line: "idl proto base.thrift", out: "base.proto"},
	{name: "a good .proto", line: "idl thrift legacy.proto", out: "legacy.thrift"},
	{
		name: "several files", line: "idl proto middle.thrift", out: "middle.txt",
	},
	{
		name: "warnings do not fail", line: "idl check names.thrift",
		err: `names.thrift:44:10: warning: field fooBar and field foo_bar have one JSON name, so it is named fooBar_2 in the protobuf view
names.thrift:45:10: warning: field FOO_BAR and field foo_bar have one JSON name, so it is named FOO_BAR_3 in the protobuf view
names.thrift:47:10: warning: field x_ and field _x have one JSON name, so it is named x__5 in the protobuf view
names.thrift:56:3: warning: implicit has no id, -1 is taken
names.thrift:57:3: warning: implicit_too has no id, -2 is taken
`,
	},
	{
		name: "a pair with one wrong method", line: "idl check orders.thrift orders.proto --binding orders.binding.yaml", code: 1,
		err: `orders.proto:72:3: warning: field etag of shop.v1.Order has no partner in Order (orders.thrift:28:8)
orders.thrift:9:3: warning: value LOST of enum State has no partner in enum shop.v1.OrderState (orders.proto:11:1)
orders.thrift:78:33: field words of the arguments of broken is list<string> and field words of shop.v1.BrokenRequest is string, which cannot carry each other (orders.proto:111:3)
`,
	},
	{
		name: "a pair without its binding", line: "idl check orders.thrift orders.proto", code: 1,
		err: "orders.proto:128:1: warning: service shop.v1.Orders has no Thrift service of that name\n" +
			"weft: orders.thrift: no Thrift service of the schema has the name of a gRPC service: pair them in the binding, as `services: [{thrift: OrderService, grpc: shop.v1.Orders}]`\n" +
			"orders.thrift:69:9: warning: service OrderService has no gRPC service of that name\n",
	},
	{
		name: "a wrong .thrift", line: "idl proto bad.thrift", code: 1,
		files: map[string]string{"bad.thrift": "include \"missing.thrift\"\nstruct A { 1: i32 a, 1: i32 b, 3: Nope c }\nservice S extends T { void f(1: A a) throws (1: A x) }\n"},
		err: `bad.thrift:1:9: cannot find include "missing.thrift" in .
bad.thrift:2:29: the id 1 of b is already used in struct A by a at bad.thrift:2:19
bad.thrift:2:35: type Nope is not defined
bad.thrift:3:19: service T is not defined
bad.thrift:3:49: A cannot be thrown, it is not an exception
`,
	},
	{
		name: "a wrong .proto", line: "idl thrift bad.proto", code: 1,
		files: map[string]string{"bad.proto": "syntax = \"proto3\";\nmessage A {\n  Nope x = 1;\n}\n"},
		err:   "bad.proto:3:3: field A.x: unknown type Nope\n",
	},
	{
		name: "names that clash", line: "idl proto clash.thrift", code: 1,
		files: map[string]string{"clash.thrift": "struct SPingRequest {}\nservice S {\n  void ping()\n  void Ping()\n}\n"},
		err: `clash.thrift:3:8: the request of S.ping would be named clash.SPingRequest in the protobuf view, a name that the declaration at clash.thrift:1:8 has already: give one of them another name in the binding
clash.thrift:4:8: method Ping of service S would be /clash.S/Ping in the protobuf view, a name that the declaration at clash.thrift:3:8 has already: give one of them another name in the binding
`,
	},
	{
		name: "names that the binding tells apart", line: "idl proto --binding names.yaml clash.thrift", out: "clash.proto",
		files: map[string]string{
			"clash.thrift": "struct SPingRequest {}\nservice S {\n  void ping()\n  void Ping()\n}\n",
			"names.yaml":   "types: [{thrift: SPingRequest, proto: OldRequest}]\nservices: [{thrift: S, methods: [{thrift: Ping, grpc: PingAgain}]}]\n",
		},
	},
	{
		name: "a wrong binding", line: "idl check --binding wrong.yaml base.thrift", code: 1,
		files: map[string]string{"wrong.yaml": "types:\n- {thrift: Stamp, filds: []}\n- {thrift: Stump}\nservices: [{thrift: Root, methods: [{thrift: reset, drop: true}]}]\n"},
		err:   "wrong.yaml:2:19: unknown key \"filds\" in an entry of types (known: fields, pair_by, proto, thrift)\n",
	},
	{
		name: "a binding with names that there are not", line: "idl check --binding wrong.yaml base.thrift", code: 1,
		files: map[string]string{"wrong.yaml": "types:\n- {thrift: Stump}\n- {thrift: Stamp, fields: [{thrift: On, drop: true}]}\nservices: [{thrift: Root, methods: [{thrift: reset, drop: true}]}]\n"},
		err: `wrong.yaml:2:4: no .thrift file of the schema declares struct Stump
wrong.yaml:3:29: struct Stamp has no field On
wrong.yaml:4:38: service Root has no method reset
`,
	},
	{name: "no such file", line: "idl check nothere.thrift", code: 1, err: "weft: nothere.thrift: reading the file: no such file or directory\n"},
	{name: "a file of another kind", line: "idl check base.txt", code: 1, err: "weft: base.txt: the name of a schema file ends in .thrift, .proto, .binpb or .pb\n"},
	{name: "the wrong direction", line: "idl proto legacy.proto", code: 1, err: "weft: printing the protobuf view: no .thrift file is given\n"},
	{name: "no file", line: "idl check", code: 2, err: "weft: no file given (see weft idl check --help)\n"},
	{name: "a flag that there is not", line: "idl check --fast base.thrift", code: 2, err: "weft: unknown flag: --fast (see weft idl check --help)\n"},
	{
		name: "a good configuration", line: "validate -c weft.yaml", out: "valid.txt",
		files: map[string]string{"weft.yaml": configuration("base.thrift", "thrift")},
	},
	{
		name: "a configuration with a method that cannot be carried", line: "validate -c weft.yaml", out: "valid-but-one.txt",
		files: map[string]string{"weft.yaml": configuration("orders.thrift, orders.proto], binding: orders.binding.yaml, import_paths: [.", "thrift")},
		err: `orders.proto:72:3: warning: field etag of shop.v1.Order has no partner in Order (orders.thrift:28:8)
orders.thrift:9:3: warning: value LOST of enum State has no partner in enum shop.v1.OrderState (orders.proto:11:1)
orders.thrift:78:33: field words of the arguments of broken is list<string> and field words of shop.v1.BrokenRequest is string, which cannot carry each other (orders.proto:111:3)
`,
	},
	{
		name: "a strict one", line: "validate -c weft.yaml", code: 1,
		files: map[string]string{"weft.yaml": configuration("orders.thrift, orders.proto], binding: orders.binding.yaml, strict: true, import_paths: [.", "thrift")},
		err: `orders.proto:72:3: warning: field etag of shop.v1.Order has no partner in Order (orders.thrift:28:8)
orders.thrift:9:3: warning: value LOST of enum State has no partner in enum shop.v1.OrderState (orders.proto:11:1)
orders.thrift:78:33: field words of the arguments of broken is list<string> and field words of shop.v1.BrokenRequest is string, which cannot carry each other (orders.proto:111:3)
`,
	},
	{
		name: "a wrong configuration", line: "validate -c weft.yaml", code: 1,
		files: map[string]string{"weft.yaml": configuration("base.thrift", "thirft") + "limit: {memory: 1}\n"},
		err: `weft.yaml:5:66: discovery.static.main[0].dialect: unknown dialect "thirft": want grpc, thrift, thrift/TRANSPORT/PROTOCOL or tcp
weft.yaml:6:1: unknown key "limit": want version, schemas, services, inbound, outbound, upstreams, routes, policies, discovery, identity, state_dir, admin, log, telemetry, limits
`,
	},
	{name: "no configuration", line: "validate -c nothere.yaml", code: 1, err: "weft: read configuration: open nothere.yaml: no such file or directory\n"},
	{name: "no -c", line: "proxy", code: 2, err: "weft: required flag(s) \"config\" not set (see weft proxy --help)\n"},
}

func configuration(files, dialect string) string {
	return `version: weft/v1
schemas: {main: {files: [` + files + `]}}
outbound: {listeners: [{listen: "127.0.0.1:0", service: main}]}
upstreams: {main: {schema: main}}
discovery: {static: {main: [{address: "127.0.0.1:9091", dialect: ` + dialect + `}]}}
`
}

// Output, findings with their places, and exit codes of the program as it is run from a shell.
func TestCommandLine(t *testing.T) {
	for _, c := range commandLines {
		t.Run(c.name, func(t *testing.T) {
			dir := copyFiles(t, "names/base.thrift", "names/middle.thrift", "names/names.thrift", "shop/legacy.proto",
				"teams/orders.thrift", "teams/orders.proto", "teams/orders.binding.yaml")
			for name, text := range c.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got := runWeft(t, dir, c.line)
			if got.code != c.code || got.stderr != c.err {
				t.Errorf("weft %s: exit code %d, want %d; standard error\n%s\nwant\n%s", c.line, got.code, c.code, got.stderr, c.err)
			}
			golden(t, c.out, got.stdout)
		})
	}
}

// golden compares standard output with a file of testdata/commandline.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if name == "" {
		if got != "" {
			t.Errorf("standard output is\n%s\nwant none", got)
		}
		return
	}
	path := filepath.Join("testdata", "commandline", name)
	if *updateGolden {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("standard output is\n%s\nwant (%s, -update writes it)\n%s", got, path, want)
	}
}

// A view of several files is written into a folder, where protoc finds all of them.
func TestCommandLineWritesFiles(t *testing.T) {
	dir := copyFiles(t, "names/base.thrift", "names/middle.thrift", "names/names.thrift")
	got := runWeft(t, dir, "idl proto -o out/proto names.thrift")
	if want := "out/proto/base.proto\nout/proto/middle.proto\nout/proto/names.proto\n"; got.code != 0 || sortedLines(got.stdout) != want {
		t.Fatalf("exit code %d, printed\n%s\nwant\n%s\n%s", got.code, got.stdout, want, got.stderr)
	}
	peers.Proto(t, filepath.Join(dir, "out", "proto"), "names.proto")
}

func sortedLines(text string) string {
	lines := slices.Sorted(strings.Lines(text))
	return strings.Join(lines, "")
}
