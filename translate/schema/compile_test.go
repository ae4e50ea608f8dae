package schema_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"weft/translate"
	"weft/translate/schema"
)

// TestMethodsCompile compiles the plans of every method that can be carried.
func TestMethodsCompile(t *testing.T) {
	sources := []schema.Source{
		{Files: []string{"testdata/thrift/everything.thrift"}},
		{Files: []string{"testdata/proto/everything.proto"}},
		{Files: []string{"testdata/proto/legacy.proto"}},
		{Files: []string{"testdata/proto/edition.proto"}},
		{Files: []string{"testdata/pair/orders.thrift", "testdata/pair/orders.proto"}, Binding: "testdata/pair/binding.yaml"},
		{Files: []string{"testdata/pair/orders.thrift"}, Binding: "testdata/pair/derived.yaml"},
		{Files: []string{"testdata/pair/orders.proto"}, Binding: "testdata/pair/derived-thrift.yaml"},
	}
	if out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/apache/thrift").Output(); err == nil {
		files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "test", "*.thrift"))
		for _, f := range files {
			if filepath.Base(f) != "BrokenConstants.thrift" {
				sources = append(sources, schema.Source{Files: []string{f}, ImportPaths: []string{filepath.Dir(f)}})
			}
		}
	}
	for _, src := range sources {
		s, err := schema.Load(src)
		if err != nil {
			t.Errorf("%v: %v", src.Files, err)
			continue
		}
		var c translate.Compiler
		for _, svc := range s.Services {
			for _, m := range svc.Methods {
				if m.Unusable != nil {
					continue
				}
				if _, err := c.Compile(m); err != nil {
					t.Errorf("%v: %s.%s: %v", src.Files, svc.Thrift, m.Thrift, err)
				}
			}
		}
	}
}
