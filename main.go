// Command weft is a service-mesh sidecar that lets gRPC programs and Thrift programs call each other without a change
// to either. This file and sidecar.go put the pieces together: package cli parses the command line and calls what is here.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

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
	fmt.Fprintf(os.Stdout, "%s is valid\n", file)
	return nil
}

// loadSchemas loads every schema of a configuration. The error holds the problems of all of them.
func loadSchemas(c *config.Config) (map[string]*schema.Schema, schema.Problems, error) {
	schemas := make(map[string]*schema.Schema, len(c.Schemas))
	var warnings, problems schema.Problems
	for name, s := range c.Schemas {
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
	return printView(schema.PrintProto(source(files)))
}

func printThrift(_ context.Context, files cli.IDL) error {
	return printView(schema.PrintThrift(source(files)))
}

func source(files cli.IDL) schema.Source {
	return schema.Source{Name: "idl", Files: files.Files, ImportPaths: files.ImportPaths, Binding: files.Binding}
}

// printView writes a derived view to standard output; where it has several files, each below a line with its name.
func printView(files []schema.Printed, problems schema.Problems, err error) error {
	tell(problems)
	if err != nil {
		return err
	}
	for _, f := range files {
		if len(files) > 1 {
			fmt.Printf("// %s\n\n", f.Name)
		}
		fmt.Println(f.Text)
	}
	return nil
}

// checkIDL matches files and tells every mismatch; warnings alone are no failure.
func checkIDL(_ context.Context, files cli.IDL) error {
	var wrong schema.Problems
	for _, p := range schema.Check(source(files)) {
		if p.Warning {
			tell(schema.Problems{p})
		} else {
			wrong = append(wrong, p)
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}
