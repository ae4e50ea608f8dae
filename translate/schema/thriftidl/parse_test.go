package thriftidl

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// parseText parses one file that must have no errors.
func parseText(t *testing.T, text string, o Options) *File {
	t.Helper()
	o.ReadFile = func(string) ([]byte, error) { return []byte(text), nil }
	files, problems := Parse("dir/main.thrift", o)
	for _, p := range problems {
		if !p.Warning {
			t.Error(p)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	return files[0]
}

func TestFieldIDs(t *testing.T) {
	tests := []struct {
		name, fields string
		allowNeg     bool
		want         string
	}{
		{"explicit", "3: i8 a, 1: i8 b", false, "3 1"},
		{"implicit", "i8 a, i8 b, 1: i8 c, i8 d", false, "-1? -2? 1 -3?"},
		{"not positive", "-5: i8 a, 0: i8 b, i8 c", false, "-1? -2? -3?"},
		{"not positive, allowed", "-5: i8 a, i8 b, 0: i8 c, i8 d", true, "-5 -6? 0 -1?"},
		{"xsd_attrs use up ids", "i8 a, i8 b xsd_attrs { i8 x }, i8 c", false, "-1? -2? -2?"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := &sink{}
			f := parseFile("f", []byte("struct A {"+test.fields+"}"), Options{AllowNegKeys: test.allowNeg}, s)
			var got []string
			for _, field := range f.Structs[0].Fields {
				id := fmt.Sprint(field.ID)
				if field.ImplicitID {
					id += "?"
				}
				got = append(got, id)
			}
			if strings.Join(got, " ") != test.want || s.errors > 0 {
				t.Errorf("ids %v, expected %s; problems %v", got, test.want, s.list)
			}
		})
	}
}

func TestTree(t *testing.T) {
	t.Parallel()
	f := parseText(t, `
namespace * all
namespace go first
namespace go my.pkg (a = "b")
typedef map<string, Item> Items (c)
enum Colour { RED, BLUE = 0x10, GREEN }
struct Item { 1: required Colour colour = 16, 2: optional Item& next, 3: list cpp_type "L" <binary (x = "y")> data }
union U { 1: i32 a, 2: string b }
exception Bad { 1: string why }
service Base { void ping() }
service S extends Base { Items get(1: i32 id = 3) throws (1: Bad bad), oneway void put(1: U u) }
`, Options{})
	item := f.Struct("Item")
	get := f.Service("S").Function("get")
	checks := []struct {
		what      string
		got, want any
	}{
		{"base", f.Base(), "main"},
		{"namespace annotation", f.Namespaces[2].Annotations[0].Value, "b"},
		{"annotation without a value", f.Typedef("Items").Annotations[0].Value, "1"},
		{"enum number", f.Enum("Colour").Member("GREEN").Number, int32(17)},
		{"enum member", f.Enum("Colour").ByNumber(16).Name, "BLUE"},
		{"required", item.Field("colour").Requiredness, Required},
		{"enum default", item.Field("colour").Default.EnumValue.Name, "BLUE"},
		{"reference", item.Field("next").Reference, true},
		{"own type", item.Field("next").Type.Struct, item},
		{"cpp_type", item.Field("data").Type.CppType, "L"},
		{"element annotation", item.Field("data").Type.Elem.Annotations[0].Key, "x"},
		{"element kind", item.Field("data").Type.Elem.Kind, Binary},
		{"position", item.Field("next").Pos.String(), "dir/main.thrift:7:65"},
		{"union", f.Struct("U").Kind, Union},
		{"union member", f.Struct("U").Fields[0].Requiredness, Optional},
		{"exception", f.Struct("Bad").Kind, Exception},
		{"result", get.Result.Kind, KindTypedef},
		{"result's type", get.Result.Underlying().Elem.Struct, item},
		{"argument default", get.Args[0].Default.Int, int64(3)},
		{"throws", get.Throws[0].Type.Struct, f.Struct("Bad")},
		{"oneway", f.Service("S").Function("put").Oneway, true},
		{"void", f.Service("S").Function("put").Result == nil, true},
		{"inherited", f.Service("S").Function("ping") != nil, true},
		{"all functions", len(f.Service("S").AllFunctions()), 3},
		{"first function", f.Service("S").AllFunctions()[0].Name, "ping"},
		{"unknown names", f.Struct("No") == nil && f.Enum("Item") == nil && f.Service("no.No") == nil, true},
	}
	if name, ok := f.Namespace("go"); name != "my.pkg" || !ok {
		t.Errorf("namespace go: %q, %v", name, ok)
	}
	if name, ok := f.Namespace("py"); ok {
		t.Errorf("namespace py: %q", name)
	}
	for _, c := range checks {
		if c.got != c.want {
			t.Errorf("%s: %v, expected %v", c.what, c.got, c.want)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	f := parseText(t, `
enum E { A, B = 7 }
struct S { 1: double d = N, 2: E e = E.B, 3: list<double> l = L, 4: bool b = true, 5: i64 n = E.B, 6: E f = C
  7: uuid u = "{01234567-89ab-cdef-0123-456789abcdef}", 8: double o = 2, 9: set<i32> s = {}, 10: double p = I }
const i32 N = -3
const list<double> L = [1, 2.5]
const E C = E.B
const double I = 1e999
const string Q = 'a"\'\t\\'
const i64 H = -0x7F
`, Options{})
	value := func(field string) *Value { return f.Struct("S").Field(field).Default.Literal() }
	checks := []struct {
		what      string
		got, want any
	}{
		{"integer constant for a double", *value("d"), Value{Pos: value("d").Pos, Kind: DoubleValue, Int: -3, Double: -3}},
		{"enum member", value("e").EnumValue.Name, "B"},
		{"list constant", value("l").List[0].Double, 1.0},
		{"bool", value("b").Int, int64(1)},
		{"enum member for an integer", value("n").Int, int64(7)},
		{"constant of an enum", value("f").EnumValue.Number, int32(7)},
		{"uuid", value("u").String, "01234567-89ab-cdef-0123-456789abcdef"},
		{"integer for a double", value("o").Double, 2.0},
		{"braces for a set", value("s").Kind, ListValue},
		{"infinity", value("p").Double, math.Inf(1)},
		{"name kept", f.Struct("S").Field("d").Default.Ident, "N"},
		{"constant kept", f.Struct("S").Field("d").Default.Const, f.Consts[0]},
		{"string", f.Consts[4].Value.String, "a\"'\t\\"},
		{"hexadecimal", f.Consts[5].Value.Int, int64(-127)},
	}
	for _, c := range checks {
		if fmt.Sprint(c.got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, expected %v", c.what, c.got, c.want)
		}
	}
}

func TestDocs(t *testing.T) {
	t.Parallel()
	f := parseText(t, `/* licence */
/** of the file */
/** lost */
namespace go x
/**
 * Of A.
 *   Indented.
 *
 * End.
 */
struct A {
  /** of a */ 1: i32 a, // not this
  2: i32 b /** of c */
  3: i32 c
}
/** replaced *//** of E */
enum E { /** of X */ X, Y }
/** of T
    two */
typedef i32 T
/** of N */
const i32 N = 1
/** of S */
service S {
  /** of f */
  void f(/** of g */ 1: i32 g)
  /***/
  void h()
}
`, Options{})
	a, s := f.Structs[0], f.Services[0]
	checks := []struct{ what, got, want string }{
		{"file", f.Doc, "of the file"},
		{"struct", a.Doc, "Of A.\n  Indented.\n\nEnd."},
		{"field", a.Fields[0].Doc, "of a"},
		{"field without", a.Fields[1].Doc, ""},
		{"behind the field before", a.Fields[2].Doc, "of c"},
		{"last of two", f.Enums[0].Doc, "of E"},
		{"enum value", f.Enums[0].Values[0].Doc, "of X"},
		{"enum value without", f.Enums[0].Values[1].Doc, ""},
		{"typedef", f.Typedefs[0].Doc, "of T\ntwo"},
		{"constant", f.Consts[0].Doc, "of N"},
		{"service", s.Doc, "of S"},
		{"function", s.Functions[0].Doc, "of f"},
		{"argument", s.Functions[0].Args[0].Doc, "of g"},
		{"stars only", s.Functions[1].Doc, ""},
		{"first definition's", parseText(t, "/** of A */ struct A {}", Options{}).Doc, ""},
		{"no namespace", parseText(t, "/** of file *//** of A */ struct A {}", Options{}).Doc, "of file"},
		{"nothing else", parseText(t, "/** of file */", Options{}).Doc, "of file"},
	}
	for _, c := range checks {
		if c.got != c.want {
			t.Errorf("%s: %q, expected %q", c.what, c.got, c.want)
		}
	}
}

func TestCleanDoc(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"one line", " a ", "a"},
		{"nothing", "  ", ""},
		{"margin of stars", "\n * a\n *  b\n *\n ", "a\n b"},
		{"star missing once", "\n * a\n b\n ", "* a\nb"},
		{"carriage returns", "\r\n * a\r\n * b\r\n ", "a\nb"},
		{"indented", "a\n    b\n      c\n", "a\nb\n  c"},
		{"stars at other columns", "\n * a\n  * b\n", "* a\n * b"},
		{"blank line without a star", "\n * a\n\n * b\n ", "a\n\nb"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := cleanDoc(test.text); got != test.want {
				t.Errorf("%q, expected %q", got, test.want)
			}
		})
	}
}

// TestIncludesOnDisk reads files by their names: import paths, links, and an unreadable include.
func TestIncludesOnDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("main/a.thrift", `include "b.thrift"
include "link.thrift"
include "c.thrift"
struct A { 1: b.B b, 2: link.C d, 3: c.C c }`)
	write("main/b.thrift", "struct B {}")
	write("lib/b.thrift", "struct Wrong {}")
	write("lib/c.thrift", "struct C {}")
	if err := os.Symlink("../lib/c.thrift", filepath.Join(dir, "main/link.thrift")); err != nil {
		t.Skip("no links here: ", err)
	}
	files, problems := Parse(filepath.Join(dir, "main/a.thrift"), Options{ImportPaths: []string{filepath.Join(dir, "lib")}})
	if len(files) != 3 || len(problems) != 0 {
		t.Errorf("%d files, problems %v", len(files), problems)
	}

	write("main/a.thrift", `include "../main"`)
	_, problems = Parse(filepath.Join(dir, "main/a.thrift"), Options{})
	if len(problems) != 1 || !strings.Contains(problems[0].Text, "not a regular file") {
		t.Errorf("include of a folder: %v", problems)
	}
	_, problems = Parse(filepath.Join(dir, "none.thrift"), Options{})
	if len(problems) != 1 || !strings.Contains(problems[0].Text, "cannot read the file") {
		t.Errorf("no file: %v", problems)
	}
}
