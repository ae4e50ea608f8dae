package thriftidl

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// doubling is a chain of definitions of which each names the one before twice.
func doubling(first, next string, n int) string {
	var b strings.Builder
	b.WriteString(first)
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, next, i-1, i-1, i)
	}
	return b.String()
}

func TestLimits(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"types inside one another", "typedef " + strings.Repeat("list<", 1e5) + "i32", "types nested more than 64 deep"},
		{"values inside one another", "const i32 A = " + strings.Repeat("[", 1e5), "values nested more than 64 deep"},
		{"xsd_attrs inside one another", "struct A {" + strings.Repeat("1: i32 a xsd_attrs {", 1e5),
			"more than 64 lists of xsd_attrs inside one another"},
		{"long chain of typedefs", doubling("typedef i32 T0\n", "typedef T%[1]d T%[3]d\n", 1e4),
			"typedef T64 is nested more than 64 deep"},
		{"growing types", doubling("typedef i32 T0\n", "typedef map<T%d, T%d> T%d\n", 40),
			"typedef T11 has more than 4096 parts when written out"},
		{"growing values", doubling("typedef i32 T0\nconst i32 C0 = 1\n",
			"typedef list<T%[1]d> T%[3]d\nconst T%[3]d C%[3]d = [C%[1]d, C%[2]d]\n", 40),
			"the value has more than 65536 parts when written out"},
		{"long chain of services", doubling("service S0 {}\n", "service S%[3]d extends S%[1]d {}\n", 1e4),
			"more than 64 services extend one another"},
		{"large file", strings.Repeat(" ", maxFileSize+1), "dir/main.thrift is larger than 4194304 bytes"},
		{"too many errors", strings.Repeat("struct {}\n", 1000), "too many errors, the rest is not shown"},
		{"include lines", strings.Repeat("include 'x'\n", maxFiles+1), "more than 1000 includes"},
		{"implicit ids", "struct A {" + strings.Repeat("i8 a ", 33000), "too many fields without ids"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, problems := Parse("dir/main.thrift", Options{
				ReadFile: func(string) ([]byte, error) { return []byte(test.text), nil },
			})
			for _, p := range problems {
				if p.Text == test.want {
					return
				}
			}
			t.Errorf("no problem %q among %v", test.want, problems[max(0, len(problems)-5):])
		})
	}
}

// TestManyIncludes reads a chain of includes without end.
func TestManyIncludes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, pad, want string }{
		{"files", "", "more than 1000 files"},
		{"bytes", strings.Repeat(" ", 1<<20), "the files up to 15.thrift are together larger than 16777216 bytes"},
	} {
		files, problems := Parse("0.thrift", Options{ReadFile: func(name string) ([]byte, error) {
			var n int
			if _, err := fmt.Sscanf(name, "%d.thrift", &n); err != nil {
				return nil, os.ErrNotExist
			}
			return fmt.Appendf(nil, "include \"%d.thrift\"%s", n+1, test.pad), nil
		}})
		if len(problems) != 1 || problems[0].Text != test.want {
			t.Errorf("%s: %d files, problems %v", test.name, len(files), problems)
		}
	}
}

func FuzzParse(f *testing.F) {
	data, err := os.ReadFile(snippetsFile)
	if err != nil {
		f.Fatal(err)
	}
	for _, part := range strings.Split(string(data), "\n=== ") {
		_, text, _ := strings.Cut(part, "\n")
		text, _, _ = strings.Cut(text, ">>>")
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files, problems := Parse("main.thrift", Options{ReadFile: func(name string) ([]byte, error) {
			if name == "main.thrift" {
				return data, nil
			}
			return []byte("struct C {}\nenum E { X }\nconst i32 N = 1\nservice S {}"), nil
		}})
		for _, p := range problems {
			if !p.Warning {
				return
			}
		}
		for _, file := range files {
			checkWhole(t, file)
		}
	})
}

// checkWhole fails unless every name in a file without errors is resolved.
func checkWhole(t *testing.T, f *File) {
	t.Helper()
	var whole func(typ *Type)
	whole = func(typ *Type) {
		switch u := typ.Underlying(); u.Kind {
		case 0:
			t.Errorf("%s: unresolved type %s", typ.Pos, typ.Name)
		case Map:
			whole(u.Key)
			whole(u.Elem)
		case List, Set:
			whole(u.Elem)
		}
	}
	value := func(v *Value) {
		if v != nil && v.Literal().Kind == IdentValue {
			t.Errorf("%s: unresolved value %s", v.Pos, v.Ident)
		}
	}
	fields := func(list []*Field) {
		for _, field := range list {
			whole(field.Type)
			value(field.Default)
		}
	}
	for _, td := range f.Typedefs {
		whole(td.Type)
	}
	for _, k := range f.Consts {
		whole(k.Type)
		value(k.Value)
	}
	for _, s := range f.Structs {
		fields(s.Fields)
	}
	for _, s := range f.Services {
		for _, fn := range s.AllFunctions() {
			if fn.Result != nil {
				whole(fn.Result)
			}
			fields(fn.Args)
			fields(fn.Throws)
		}
	}
}
