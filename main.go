// Command weft is a service-mesh sidecar that lets gRPC programs and Thrift programs call each other without a change
// to either. This file and sidecar.go put the pieces together: package cli parses the command line and calls what is here.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"weft/demo"
	"weft/pkg/cli"
	"weft/pkg/config"
	"weft/pkg/telemetry"
	"weft/translate/schema"
)

func main() {
	os.Exit(cli.Run(context.Background(), os.Args[1:], cli.Commands{
		Proxy:     runProxy,
		Validate:  validate,
		Demo:      runDemo,
		IDLProto:  printProto,
		IDLThrift: printThrift,
		IDLCheck:  checkIDL,
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
	}))
}

// validate reads the file, the schemas and every route, and opens no port.
func validate(_ context.Context, file string) error {
	c, err := config.Load(file)
	if err != nil {
		return err
	}
	schemas, warnings, err := loadSchemas(c)
	tell(warnings)
	if err != nil {
		return err
	}
	log, err := telemetry.NewLogger(io.Discard, c.Log.Level, c.Log.Format)
	if err != nil {
		return err
	}
	if _, err := newProxy(c, schemas, telemetry.NewMetrics(), log); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	fmt.Fprintf(os.Stdout, "%s is valid%s\n", file, uncarried(schemas))
	return nil
}

// uncarried tells how many methods answer UNIMPLEMENTED, "" where there is none. Their reasons are among the warnings.
func uncarried(schemas map[string]*schema.Schema) string {
	n := 0
	for _, s := range schemas {
		for _, svc := range s.Services {
			for _, m := range svc.Methods {
				if m.Unusable != nil {
					n++
				}
			}
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return ", but one method cannot be carried and will answer UNIMPLEMENTED"
	}
	return fmt.Sprintf(", but %d methods cannot be carried and will answer UNIMPLEMENTED", n)
}

// loadSchemas loads every schema of a configuration. The error holds the problems of all of them.
func loadSchemas(c *config.Config) (map[string]*schema.Schema, schema.Problems, error) {
	schemas := make(map[string]*schema.Schema, len(c.Schemas))
	var warnings, problems schema.Problems
	for _, name := range slices.Sorted(maps.Keys(c.Schemas)) {
		s := c.Schemas[name]
		loaded, err := schema.Load(schema.Source{
			Name: name, Files: s.Files, ImportPaths: s.ImportPaths, Binding: s.Binding, Strict: s.Strict,
		})
		var found schema.Problems
		switch {
		case errors.As(err, &found):
			problems = append(problems, found...)
		case err != nil:
			return nil, nil, fmt.Errorf("load schema %s: %w", name, err)
		default:
			schemas[name] = loaded
			warnings = append(warnings, loaded.Warnings...)
		}
	}
	if len(problems) > 0 {
		return nil, warnings, problems
	}
	return schemas, warnings, nil
}

func tell(problems schema.Problems) {
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, p.Error())
	}
}

func runDemo(ctx context.Context, once bool) error {
	ctx, stop := untilSignal(ctx)
	defer stop()
	return demo.Run(ctx, demo.Options{Once: once, Out: os.Stdout}, startSidecar)
}

func printProto(_ context.Context, files cli.IDL) error {
	printed, problems, err := schema.PrintProto(source(files))
	return printView(files.Out, printed, problems, err)
}

func printThrift(_ context.Context, files cli.IDL) error {
	printed, problems, err := schema.PrintThrift(source(files))
	return printView(files.Out, printed, problems, err)
}

func source(files cli.IDL) schema.Source {
	return schema.Source{Name: "idl", Files: files.Files, ImportPaths: files.ImportPaths, Binding: files.Binding}
}

// printView writes a derived view into a folder, or to standard output; where it has several files, each below a line with its name.
func printView(dir string, files []schema.Printed, problems schema.Problems, err error) error {
	tell(problems)
	if err != nil {
		return err
	}
	for i, f := range files {
		switch {
		case dir != "":
			if err := writeView(filepath.Join(dir, f.Name), f.Text); err != nil {
				return err
			}
		case len(files) == 1:
			fmt.Print(f.Text)
		default:
			if i > 0 {
				fmt.Println()
			}
			fmt.Printf("// %s\n\n%s", f.Name, f.Text)
		}
	}
	return nil
}

func writeView(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make a folder for a derived file: %w", err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write a derived file: %w", err)
	}
	fmt.Println(path)
	return nil
}

// checkIDL matches files and tells every mismatch; warnings alone are no failure.
func checkIDL(_ context.Context, files cli.IDL) error {
	found := schema.Check(source(files))
	if slices.ContainsFunc(found, func(p schema.Problem) bool { return !p.Warning }) {
		return found
	}
	tell(found)
	return nil
}
