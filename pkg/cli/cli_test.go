package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"weft/pkg/cli"
	"weft/pkg/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// run runs a command line on commands that note how they were called and return err.
func run(err error, args ...string) (code int, calls, stdout, stderr string) {
	var called []string
	note := func(format string, values ...any) error {
		called = append(called, fmt.Sprintf(format, values...))
		return err
	}
	idl := func(name string) func(context.Context, cli.IDL) error {
		return func(_ context.Context, f cli.IDL) error {
			return note("%s %v %v %s%s", name, f.Files, f.ImportPaths, f.Binding, f.Out)
		}
	}
	var out, errOut bytes.Buffer
	code = cli.Run(context.Background(), args, cli.Commands{
		Proxy:     func(_ context.Context, file string) error { return note("proxy %s", file) },
		Validate:  func(_ context.Context, file string) error { return note("validate %s", file) },
		Demo:      func(_ context.Context, once bool) error { return note("demo %v", once) },
		IDLProto:  idl("proto"),
		IDLThrift: idl("thrift"),
		IDLCheck:  idl("check"),
		Stdout:    &out, Stderr: &errOut,
	})
	return code, strings.Join(called, "; "), out.String(), errOut.String()
}

func TestCommandLines(t *testing.T) {
	t.Parallel()
	cases := []struct {
		line   string
		code   int
		calls  string
		stderr string // the end of it
	}{
		{"proxy -c weft.yaml", 0, "proxy weft.yaml", ""},
		{"proxy --config=a b", 2, "", "weft: unknown command \"b\" for \"weft proxy\" (see weft proxy --help)\n"},
		{"proxy", 2, "", "weft: required flag(s) \"config\" not set (see weft proxy --help)\n"},
		{"proxy -c", 2, "", "weft: flag needs an argument: 'c' in -c (see weft proxy --help)\n"},
		{"validate -c weft.yaml", 0, "validate weft.yaml", ""},
		{"validate -c x --strict", 2, "", "weft: unknown flag: --strict (see weft validate --help)\n"},
		{"demo", 0, "demo false", ""},
		{"demo --once", 0, "demo true", ""},
		{"demo --once=maybe", 2, "", "weft: invalid argument \"maybe\" for \"--once\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax (see weft demo --help)\n"},
		{"idl proto a.thrift b.thrift", 0, "proto [a.thrift b.thrift] [] ", ""},
		{"idl thrift -I p -I q,r a.proto", 0, "thrift [a.proto] [p q,r] ", ""},
		{"idl check a.thrift --binding b.yaml a.proto", 0, "check [a.thrift a.proto] [] b.yaml", ""},
		{"idl proto", 2, "", "weft: no file given (see weft idl proto --help)\n"},
		{"idl proto --binding b.yaml a.thrift", 0, "proto [a.thrift] [] b.yaml", ""},
		{"idl thrift a.proto -o dir", 0, "thrift [a.proto] [] dir", ""},
		{"idl check a.proto -o dir", 2, "", "weft: unknown shorthand flag: 'o' in -o (see weft idl check --help)\n"},
		{"idl", 2, "", "weft: no command given (see weft idl --help)\n"},
		{"idl json", 2, "", "weft: unknown command \"json\" for \"weft idl\" (see weft idl --help)\n"},
		{"", 2, "", "weft: no command given (see weft --help)\n"},
		{"prxoy", 2, "", "weft: unknown command \"prxoy\" for \"weft\" (see weft --help)\n"},
		{"--verbose", 2, "", "weft: unknown flag: --verbose (see weft --help)\n"},
	}
	for _, c := range cases {
		t.Run(c.line, func(t *testing.T) {
			t.Parallel()
			code, calls, stdout, stderr := run(nil, strings.Fields(c.line)...)
			if code != c.code || calls != c.calls || stdout != "" || !strings.HasSuffix(stderr, c.stderr) || c.stderr == "" && stderr != "" {
				t.Errorf("code %d, calls %q\nstdout %q\nstderr %q", code, calls, stdout, stderr)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		err  error
		want string
	}{
		{"one line", errors.New("listen on 127.0.0.1:1: permission denied"), "weft: listen on 127.0.0.1:1: permission denied\n"},
		{"findings", errors.New("weft.yaml:1:2: wrong\nidl/a.thrift:30:1: warning: odd"), "weft.yaml:1:2: wrong\nidl/a.thrift:30:1: warning: odd\n"},
		{"both", fmt.Errorf("weft.yaml:1:2: wrong\n%w", io.EOF), "weft.yaml:1:2: wrong\nweft: EOF\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, _, stdout, stderr := run(c.err, "validate", "-c", "weft.yaml")
			if code != 1 || stdout != "" || stderr != c.want {
				t.Errorf("code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	cases := []struct {
		line string
		has  []string
	}{
		{"--help", []string{"Exit codes: 0 done", "demo ", "idl ", "proxy ", "validate ", "version "}},
		{"help proxy", []string{"SIGHUP", "weft proxy -c weft.yaml", "-c, --config file"}},
		{"validate --help", []string{"file:line:col: message", "weft validate -c weft.yaml"}},
		{"demo -h", []string{"weft demo --once"}},
		{"idl --help", []string{"check ", "proto ", "thrift "}},
		{"idl proto -h", []string{"weft idl proto billing.thrift", "-I, --import-path directory"}},
		{"idl check -h", []string{"--binding file", "file:line:col: message"}},
	}
	for _, c := range cases {
		t.Run(c.line, func(t *testing.T) {
			t.Parallel()
			code, calls, stdout, stderr := run(nil, strings.Fields(c.line)...)
			if code != 0 || calls != "" || stderr != "" {
				t.Errorf("code %d, calls %q, stderr %q", code, calls, stderr)
			}
			for _, has := range c.has {
				if !strings.Contains(stdout, has) {
					t.Errorf("%q is not in\n%s", has, stdout)
				}
			}
			if strings.Contains(stdout, "completion") {
				t.Errorf("a command that weft does not have:\n%s", stdout)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	code, _, stdout, stderr := run(nil, "version")
	lines := strings.Split(stdout, "\n")
	if code != 0 || stderr != "" || len(lines) != 4 || !strings.HasPrefix(lines[0], "weft ") ||
		!strings.HasPrefix(lines[1], "Go "+runtime.Version()+" ") || !strings.HasPrefix(lines[2], "commit ") {
		t.Errorf("code %d, stderr %q, stdout\n%s", code, stderr, stdout)
	}
}

func TestMissingCommandsAreUnknown(t *testing.T) {
	t.Parallel()
	var out, errOut bytes.Buffer
	code := cli.Run(t.Context(), []string{"demo"}, cli.Commands{Stdout: &out, Stderr: &errOut})
	if code != 2 || !strings.Contains(errOut.String(), `unknown command "demo" for "weft"`) {
		t.Errorf("code %d, stderr %q", code, errOut.String())
	}
}
