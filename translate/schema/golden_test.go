package schema

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestGolden(t *testing.T) {
	for _, tc := range []struct {
		name  string
		src   Source
		print func(Source) ([]Printed, Problems, error)
	}{
		{"everything.thrift", Source{Files: []string{"testdata/thrift/everything.thrift"}}, PrintProto},
		{"everything.proto", Source{Files: []string{"testdata/proto/everything.proto"}}, PrintThrift},
		{"legacy.proto", Source{Files: []string{"testdata/proto/legacy.proto"}}, PrintThrift},
		{"edition.proto", Source{Files: []string{"testdata/proto/edition.proto"}}, PrintThrift},
		{"bound.thrift", Source{Files: []string{"testdata/pair/orders.thrift"}, Binding: "testdata/pair/derived.yaml"}, PrintProto},
		{"bound.proto", Source{Files: []string{"testdata/pair/orders.proto"}, Binding: "testdata/pair/derived-thrift.yaml"}, PrintThrift},
	} {
		t.Run(tc.name, func(t *testing.T) {
			files, _, err := tc.print(tc.src)
			if err != nil {
				t.Fatal(err)
			}
			again, _, err := tc.print(tc.src)
			if err != nil {
				t.Fatal(err)
			}
			for i, f := range files {
				if again[i] != f {
					t.Errorf("%s differs from one run to the next", f.Name)
				}
				compare(t, filepath.Join("testdata/golden", tc.name, f.Name), f.Text)
			}
		})
	}
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what is printed (go test -run Golden -update writes it anew):\n%s", path, got)
	}
}
