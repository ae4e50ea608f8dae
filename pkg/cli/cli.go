// Package cli is the command line: it parses it, prints help, and turns errors into lines on standard error and an exit code.
// What the commands do, main hands it as functions.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	ExitDone  = 0
	ExitError = 1 // the input or the call was wrong
	ExitUsage = 2 // the command line was wrong
)

// IDL names the files of an `idl` command.
type IDL struct {
	Files       []string
	ImportPaths []string
	Binding     string // "" where there is none
	Out         string // not for check: the folder that gets the printed files; "": standard output
}

// Commands are what the commands do. They write results to Stdout and return what went wrong; an error of several lines is told in
// several lines. A nil one is left out of the command line.
type Commands struct {
	Proxy     func(ctx context.Context, file string) error
	Validate  func(ctx context.Context, file string) error
	Demo      func(ctx context.Context, once bool) error
	IDLProto  func(ctx context.Context, files IDL) error
	IDLThrift func(ctx context.Context, files IDL) error
	IDLCheck  func(ctx context.Context, files IDL) error

	Stdout, Stderr io.Writer
}

// failed marks an error of a command, as opposed to one of the command line.
type failed struct{ error }

// Run runs the command that args (without the program's name) say and returns the exit code.
func Run(ctx context.Context, args []string, c Commands) int {
	root := c.root()
	root.SetArgs(args)
	root.SetOut(c.Stdout)
	root.SetErr(c.Stderr)
	called, err := root.ExecuteContextC(ctx)
	var inCommand failed
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &inCommand):
		c.tell(inCommand.error)
		return ExitError
	}
	c.tell(fmt.Errorf("%w (see %s --help)", err, called.CommandPath()))
	return ExitUsage
}

// placed is a finding about a file, which is told as it is so that editors find the place.
var placed = regexp.MustCompile(`^[^ ]\S*:[0-9]+:[0-9]+: `)

// tell writes an error, a line for each of its lines.
func (c *Commands) tell(err error) {
	for line := range strings.SplitSeq(strings.TrimRight(err.Error(), "\n"), "\n") {
		if !placed.MatchString(line) {
			line = "weft: " + line
		}
		fmt.Fprintln(c.Stderr, line)
	}
}

func (c *Commands) root() *cobra.Command {
	root := group("weft", "A sidecar that lets gRPC and Thrift programs call each other", `weft stands beside a service, takes its traffic in and out, and translates between gRPC and Thrift
by the IDL files that the teams already have.

Exit codes: 0 done, 1 the input or the call was wrong, 2 the command line was wrong.`)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SilenceErrors, root.SilenceUsage = true, true
	if c.Proxy != nil {
		root.AddCommand(withFile("proxy", "Run the sidecar", `Runs the sidecar in the foreground.

SIGTERM and SIGINT stop taking calls, let those in flight end (limits.drain) and exit with 0; a second
signal ends at once. SIGHUP reads the file again; if there is a mistake in it, the old one stays in force.`,
			"  weft proxy -c weft.yaml", c.Proxy))
	}
	if c.Validate != nil {
		root.AddCommand(withFile("validate", "Check a configuration and its schemas", `Reads the file, the schemas and every route, and opens no port. Every problem is a line
"file:line:col: message" on standard error, and the exit code is 1 if there is one.`,
			"  weft validate -c weft.yaml", c.Validate))
	}
	if c.Demo != nil {
		root.AddCommand(c.demo())
	}
	if c.IDLProto != nil || c.IDLThrift != nil || c.IDLCheck != nil {
		root.AddCommand(c.idl())
	}
	root.AddCommand(c.version())
	return root
}

// group is a command that only holds others.
func group(use, short, long string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: long,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(cmd.ErrOrStderr())
			_ = cmd.Help()
			return errors.New("no command given")
		},
	}
}

// withFile is a command that works on a configuration file.
func withFile(use, short, long, example string, do func(context.Context, string) error) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: use + " -c FILE", Short: short, Long: long, Example: example,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(do(cmd.Context(), file)) },
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the configuration `file` (required)")
	_ = cmd.MarkFlagRequired("config") // fails only for flags that are not there
	return cmd
}

// run marks a command's error.
func run(err error) error {
	if err != nil {
		return failed{err}
	}
	return nil
}

func (c *Commands) demo() *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use: "demo", Short: "Show calls in both directions, with nothing installed",
		Long: `Starts an Apache Thrift server and a gRPC server, a sidecar at each, and makes calls in both directions,
which are shown as they pass, until it is interrupted.`,
		Example: "  weft demo\n  weft demo --once",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(c.Demo(cmd.Context(), once)) },
	}
	cmd.Flags().BoolVar(&once, "once", false, "make each call once, check the answers, and exit with 0 or 1")
	return cmd
}

func (c *Commands) idl() *cobra.Command {
	idl := group("idl", "Derive and compare IDL files", "Derives the .proto of a Thrift service or the .thrift of a gRPC service, and compares the two where both exist.")
	if c.IDLProto != nil {
		idl.AddCommand(withIDL("proto FILE.thrift...", "Print the .proto that gRPC programs use for a Thrift service",
			"  weft idl proto billing.thrift > billing.proto\n  weft idl proto -o proto billing.thrift", true, c.IDLProto))
	}
	if c.IDLThrift != nil {
		idl.AddCommand(withIDL("thrift FILE.proto...", "Print the .thrift that Thrift programs use for a gRPC service",
			"  weft idl thrift -I proto -o thrift shop/v1/orders.proto", true, c.IDLThrift))
	}
	if c.IDLCheck != nil {
		idl.AddCommand(withIDL("check FILE...", "Match .thrift and .proto files and print every mismatch",
			"  weft idl check orders.thrift orders.proto --binding orders.binding.yaml", false, c.IDLCheck))
	}
	return idl
}

// withIDL is a command that works on IDL files, and prints files or findings.
func withIDL(use, short, example string, prints bool, do func(context.Context, IDL) error) *cobra.Command {
	var files IDL
	cmd := &cobra.Command{
		Use: use, Short: short, Example: example,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("no file given")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			files.Files = args
			return run(do(cmd.Context(), files))
		},
	}
	cmd.Flags().StringArrayVarP(&files.ImportPaths, "import-path", "I", nil, "a `directory` in which imported files are looked for (may be repeated)")
	if prints {
		cmd.Long = short + `.

A file that includes others gives several. Without -o they come on standard output, each below a remark with its name.
Findings about the files are lines "file:line:col: message" on standard error.`
		cmd.Flags().StringVar(&files.Binding, "binding", "", "the binding `file` that gives names to the printed side")
		cmd.Flags().StringVarP(&files.Out, "out", "o", "", "the `directory` that gets the printed files; their names go to standard output")
	} else {
		cmd.Long = short + `.

Each is a line "file:line:col: message" on standard error, and the exit code is 1 if one of them is an error.`
		cmd.Flags().StringVar(&files.Binding, "binding", "", "the binding `file` that says where the two IDLs differ")
	}
	return cmd
}
