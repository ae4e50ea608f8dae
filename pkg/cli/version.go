package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Build is what the binary knows of itself.
type Build struct {
	Version string // "v1.2.3", or "(devel)"
	Go      string // "go1.26.0 linux/amd64"
	Commit  string // "unknown" where the build had none; with " (modified)" where the tree had changes
}

// ReadBuild returns what the Go tool stamped into the binary.
func ReadBuild() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return buildOf(info)
}

func buildOf(info *debug.BuildInfo) Build {
	b := Build{Version: info.Main.Version, Go: fmt.Sprintf("%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH), Commit: "unknown"}
	if b.Version == "" {
		b.Version = "(devel)"
	}
	modified := ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				modified = " (modified)"
			}
		}
	}
	b.Commit += modified
	return b
}

func (c *Commands) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version, the Go version and the commit",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := ReadBuild()
			_, err := fmt.Fprintf(c.Stdout, "weft %s\nGo %s\ncommit %s\n", b.Version, b.Go, b.Commit)
			return run(err)
		},
	}
}
