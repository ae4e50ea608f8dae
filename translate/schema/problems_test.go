package schema

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pairCase is a .thrift, a .proto and a binding, with the problems that pairing them gives.
type pairCase struct {
	name    string
	thrift  string
	proto   string // after the syntax line
	binding string
	want    string // problems, one a line
	broken  string // methods that are unusable
	fails   bool   // Load fails
}

const service = "\nservice S { A f(1: A a) }\n"

var pairCases = []pairCase{
	{
		name:   "names in other case and with underscores",
		thrift: "struct A { 1: i32 fooBar; 2: string BAZ_qux }" + service,
		proto:  "message A { string baz_qux = 1; int32 foo_bar = 5; }\nservice S { rpc F(A) returns (A); }",
	},
	{
		name:   "types that cannot carry each other",
		thrift: "struct A { 1: i32 x; 2: string y; 3: list<i32> z; 4: map<string, i32> m }" + service + "service T { void g() }",
		proto:  "message A { string x = 1;\n int64 y = 2;\n int32 z = 3;\n repeated string m = 4; }\nmessage E {}\nservice S { rpc F(A) returns (A); }\nservice T { rpc G(E) returns (E); }",
		want: `a.thrift:1:19: field x of A is i32 and field x of A is string, which cannot carry each other (a.proto:2:13)
a.thrift:1:32: field y of A is string and field y of A is int64, which cannot carry each other (a.proto:3:2)
a.thrift:1:48: field z of A is list<i32> and field z of A is int32, which cannot carry each other (a.proto:4:2)
a.thrift:1:71: field m of A is map<string, i32> and field m of A is repeated string, which cannot carry each other (a.proto:5:2)`,
		broken: "f",
	},
	{
		name:   "conversions that the binding has to say",
		thrift: "enum E { Z = 0 }\nstruct A { 1: i64 at; 2: i64 span; 3: i32 e; 4: uuid u; 5: E n }" + service,
		proto:  "import \"google/protobuf/timestamp.proto\"; import \"google/protobuf/duration.proto\";\nenum E { Z = 0; }\nmessage A { google.protobuf.Timestamp at = 1; google.protobuf.Duration span = 2; E e = 3; string u = 4; int32 n = 5; }\nservice S { rpc F(A) returns (A); }",
		want: "a.thrift:2:19: field at of A is i64 and field at of A is google.protobuf.Timestamp, which cannot carry each other (a.proto:4:13): an i64 does with `convert: unix_millis` (or _seconds, _micros, _nanos) in the binding\n" +
			"a.thrift:2:30: field span of A is i64 and field span of A is google.protobuf.Duration, which cannot carry each other (a.proto:4:47): an i64 does with `convert: duration_millis` (or _seconds, _micros, _nanos) in the binding\n" +
			"a.thrift:2:43: field e of A is i32 and field e of A is E, which cannot carry each other (a.proto:4:82): say `convert: enum_number` in the binding to carry the number of an enum as i32\n" +
			"a.thrift:2:54: field u of A is uuid and field u of A is string, which cannot carry each other (a.proto:4:91): say `convert: uuid_string` in the binding for the canonical form\n" +
			"a.thrift:2:62: field n of A is enum E and field n of A is int32, which cannot carry each other (a.proto:4:105): say `convert: enum_number` in the binding to carry the number as it is",
		broken: "f",
	},
	{
		name:    "conversions that the binding says",
		thrift:  "enum E { Z = 0 }\nstruct A { 1: i64 at; 2: list<i64> spans; 3: i32 e; 4: uuid u; 5: E n; 6: uuid raw; 7: double d }" + service,
		proto:   "import \"google/protobuf/timestamp.proto\"; import \"google/protobuf/duration.proto\";\nenum E { Z = 0; }\nmessage A { google.protobuf.Timestamp at = 1; repeated google.protobuf.Duration spans = 2; E e = 3; string u = 4; int32 n = 5; bytes raw = 6; float d = 7; }\nservice S { rpc F(A) returns (A); }",
		binding: "types: [{thrift: A, fields: [{thrift: at, convert: unix_nanos}, {thrift: spans, convert: duration_micros}, {thrift: e, convert: enum_number}, {thrift: u, convert: uuid_string}, {proto: n, convert: enum_number}, {thrift: raw, convert: uuid_bytes}, {thrift: d, convert: float}]}]",
	},
	{
		name:    "a conversion that does not fit",
		thrift:  "struct A { 1: i64 at }" + service,
		proto:   "message A { int64 at = 1; }\nservice S { rpc F(A) returns (A); }",
		binding: "types: [{thrift: A, fields: [{thrift: at, convert: unix_nanos}]}]",
		want:    "b.yaml:1:31: convert: unix_nanos does not fit field at of A, which is i64, and field at of A, which is int64",
		broken:  "f",
	},
	{
		name:   "the same number under another name",
		thrift: "struct A { 1: i32 x; 2: i32 old }" + service,
		proto:  "message A { int32 x = 1; int32 fresh = 2; }\nservice S { rpc F(A) returns (A); }",
		want:   "a.thrift:1:29: number 2 is field old in A and field fresh in A (a.proto:2:26): pair or drop them in the binding",
		broken: "f",
	},
	{
		name:    "the same number, paired by it",
		thrift:  "struct A { 1: i32 x; 2: i32 old }" + service,
		proto:   "message A { int32 y = 1; int32 fresh = 2; }\nservice S { rpc F(A) returns (A); }",
		binding: "types: [{thrift: A, proto: A, pair_by: number}]",
	},
	{
		name:   "fields without a partner",
		thrift: "struct A { 1: i32 x; 2: optional i32 extra; 3: required i32 need }" + service,
		proto:  "message A { int32 x = 1; int32 more = 7; }\nservice S { rpc F(A) returns (A); }",
		want: `a.proto:2:26: warning: field more of A has no partner in A (a.thrift:1:8)
a.thrift:1:38: warning: field extra of A has no partner in A (a.proto:2:1)
a.thrift:1:61: required field need of A has no partner in A (a.proto:2:1)`,
		broken: "f",
	},
	{
		name:    "dropped fields",
		thrift:  "struct A { 1: i32 x; 2: optional i32 extra; 3: required i32 need }" + service,
		proto:   "message A { int32 x = 1; int32 more = 7; }\nservice S { rpc F(A) returns (A); }",
		binding: "types: [{thrift: A, proto: A, fields: [{thrift: extra, drop: true}, {thrift: need, drop: true}, {proto: more, drop: true}]}]",
		want:    "a.thrift:1:61: warning: field need of A is dropped though it is required: Thrift readers refuse A without it",
	},
	{
		name:   "no field in common",
		thrift: "struct A { 1: i32 x }" + service,
		proto:  "message A { int32 y = 2; }\nservice S { rpc F(A) returns (A); }",
		want:   "a.thrift:1:8: no field of A has a partner in A (a.proto:2:1): pair them in the binding",
		broken: "f",
	},
	{
		name:   "defaults and zeros",
		thrift: "enum E { ONE = 1 }\nstruct A { 1: i32 x = 5; 2: required E e; 3: E f; 4: i32 y = 0 }" + service,
		proto:  "enum E { E_UNSPECIFIED = 0; E_ONE = 1; }\nmessage A { int32 x = 1; E e = 2; E f = 3; int32 y = 4; }\nservice S { rpc F(A) returns (A); }",
		want: "a.thrift:2:19: field x of A has a default that is not zero, but field x of A does not tell zero from absent (a.proto:3:13): say `zero: write` or `zero: omit` in the binding\n" +
			"a.thrift:2:40: required field e of A is enum E, which has nothing for the zero of field e of A, and that does not tell zero from absent (a.proto:3:26): say `zero: write` in the binding",
		broken: "f",
	},
	{
		name:    "defaults and zeros that the binding decides",
		thrift:  "enum E { ONE = 1 }\nstruct A { 1: i32 x = 5; 2: required E e }" + service,
		proto:   "enum E { E_UNSPECIFIED = 0; E_ONE = 1; }\nmessage A { int32 x = 1; E e = 2; }\nservice S { rpc F(A) returns (A); }",
		binding: "types: [{thrift: A, fields: [{thrift: x, zero: omit}, {thrift: e, zero: write}]}]",
	},
	{
		name:   "enum values",
		thrift: "enum E { NEW = 0, OLD = 1, GONE = 2, E_LAST = 9 }\nstruct A { 1: E e }" + service,
		proto:  "enum E { E_NEW = 0; E_STALE = 1; E_GONE = 5; E_MORE = 7; LAST = 9; }\nmessage A { E e = 1; }\nservice S { rpc F(A) returns (A); }",
		want: `a.proto:2:46: warning: value E_MORE of enum E has no partner in enum E (a.thrift:1:6)
a.thrift:1:19: number 1 is value OLD in enum E and value E_STALE in enum E (a.proto:2:21): pair them in the binding`,
		broken: "f",
	},
	{
		name:   "streaming",
		thrift: "struct A { 1: i32 x }" + service,
		proto:  "message A { int32 x = 1; }\nservice S { rpc F(stream A) returns (A); }",
		want:   "a.thrift:2:15: rpc F is streaming, for which Thrift has no form (a.proto:3:13)",
		broken: "f",
	},
	{
		name:   "methods without a partner",
		thrift: "struct A { 1: i32 x }\nservice S { A f(1: A a)\nvoid g() }",
		proto:  "message A { int32 x = 1; }\nservice S { rpc F(A) returns (A);\n rpc H(A) returns (A); }",
		want: `a.proto:4:2: warning: rpc H of service S has no Thrift method of that name
a.thrift:3:6: warning: method g of service S has no rpc of that name`,
	},
	{
		name:   "a request that may be both",
		thrift: "struct B { 1: i32 a }\nservice S { void f(1: B a) }",
		proto:  "message A { int32 a = 1; }\nmessage Q { A a = 1; }\nservice S { rpc F(Q) returns (A); }",
		want:   "a.thrift:2:18: the request Q (a.proto:3:1) may be B itself, or hold it in field a: say `request: bare` or `request: wrapped` in the binding",
		broken: "f",
	},
	{
		name:    "a request that the binding decides",
		thrift:  "struct B { 1: i32 a }\nservice S { void f(1: B a) }",
		proto:   "message A { int32 a = 1; }\nmessage Q { A a = 1; }\nservice S { rpc F(Q) returns (A); }",
		binding: "services: [{thrift: S, grpc: S, methods: [{thrift: f, grpc: F, request: wrapped}]}]",
	},
	{
		name:   "a result without a place",
		thrift: "service S { i32 f()\nlist<i32> g() }",
		proto:  "message A { int32 a = 1; }\nmessage R { repeated int32 result = 1; }\nservice S { rpc F(A) returns (A); rpc G(R) returns (R); }",
		want: "a.proto:2:13: warning: field a of A has no partner in the arguments of f (a.thrift:1:17)\n" +
			"a.proto:3:13: warning: field result of R has no partner in the arguments of g (a.thrift:2:11)\n" +
			"a.thrift:1:17: the response A (a.proto:2:1) has no field success or result for i32: say `response:` with the field's name in the binding",
		broken: "f",
	},
	{
		name:    "arguments by the binding",
		thrift:  "service S { i32 f(1: i64 id) }",
		proto:   "message Q { int64 order_id = 1; }\nmessage R { int32 n = 1; }\nservice S { rpc F(Q) returns (R); }",
		binding: "services: [{thrift: S, grpc: S, methods: [{thrift: f, grpc: F, response: n, args: [{thrift: id, proto: order_id}]}]}]",
	},
	{
		name:   "union against fields with and without presence",
		thrift: "union A { 1: i32 x; 2: string y }" + service,
		proto:  "message A { optional int32 x = 1; string y = 2; }\nservice S { rpc F(A) returns (A); }",
		want:   "a.thrift:1:31: member y of union A is field y of A, whose zero is not told from absent: make it optional or a member of a oneof (a.proto:2:35)",
		broken: "f",
	},
	{
		name:   "containers within containers",
		thrift: "struct A { 1: list<list<i32>> grid; 2: map<double, string> odd }" + service,
		proto:  "message L { repeated int32 items = 1; }\nmessage E { double key = 1; string value = 2; }\nmessage A { repeated L grid = 1; repeated E odd = 2; }\nservice S { rpc F(A) returns (A); }",
	},
	{
		name:   "two services of one folded name",
		thrift: "service Some { void f() }",
		proto:  "package p; message A {}\nservice SOME { rpc F(A) returns (A); }\nservice some { rpc F(A) returns (A); }",
		want:   "a.thrift:1:9: service Some may be p.SOME (a.proto:3:1) or p.some (a.proto:4:1): say which in the binding",
		fails:  true,
	},
	{
		name:    "one Thrift service, two gRPC services",
		thrift:  "service S { void f()\nvoid g()\nvoid h() }",
		proto:   "package p; message A {}\nservice X { rpc F(A) returns (A); rpc H(A) returns (A); }\nservice Y { rpc G(A) returns (A); rpc H(A) returns (A); }",
		binding: "services: [{thrift: S, grpc: p.X}, {thrift: S, grpc: p.Y}]",
		want:    "a.thrift:3:6: method h of service S has an rpc in p.X and in p.Y: drop it in one of the binding's entries",
		fails:   true,
	},
	{
		name:   "two methods, one rpc",
		thrift: "service S { void getIt()\nvoid get_it() }",
		proto:  "message A {}\nservice S { rpc GetIt(A) returns (A); }",
		want:   "a.thrift:2:6: method get_it of service S and method getIt (a.thrift:1:18) are both rpc S.GetIt (a.proto:3:13): say in the binding which is meant, or drop one",
		fails:  true,
	},
	{
		name:    "names that do not exist",
		thrift:  "struct A { 1: i32 x }" + service,
		proto:   "message A { int32 x = 1; }\nservice S { rpc F(A) returns (A); }",
		binding: "services: [{thrift: T}]\ntypes: [{thrift: B}, {proto: C}, {thrift: A, fields: [{thrift: y, drop: true}]}]\nexceptions: [{thrift: A}]\nenums: [{thrift: E}]",
		want: `b.yaml:1:13: no .thrift file of the schema declares service T
b.yaml:2:10: no .thrift file of the schema declares struct B
b.yaml:2:23: no protobuf file of the schema declares message C
b.yaml:2:56: struct A has no field y
b.yaml:3:15: no .thrift file of the schema declares exception A
b.yaml:4:10: no .thrift file of the schema declares enum E`,
		fails: true,
	},
	{
		name:   "nothing in common",
		thrift: "service S { void f() }",
		proto:  "message A {}\nservice T { rpc F(A) returns (A); }",
		want: "a.proto:3:1: warning: service T has no Thrift service of that name\n" +
			"a.thrift: no Thrift service of the schema has the name of a gRPC service: pair them in the binding, as `services: [{thrift: S, grpc: T}]`\n" +
			"a.thrift:1:9: warning: service S has no gRPC service of that name",
		fails: true,
	},
	{
		name:   "exception codes",
		thrift: "exception X { 1: string msg } (rpc.code = \"NO_SUCH\")\nservice S { void f() throws (1: X x) }",
		proto:  "message A {}\nservice S { rpc F(A) returns (A); }",
		want:   `a.thrift:1:32: rpc.code of exception X is the name of a gRPC error, as NOT_FOUND, not "NO_SUCH"`,
		broken: "f",
	},
	{
		name:   "both files have errors",
		thrift: "struct A { 1: Nowhere x }",
		proto:  "message A { Nowhere x = 1; }",
		want: `a.proto:2:13: field A.x: unknown type Nowhere
a.thrift:1:15: type Nowhere is not defined`,
		fails: true,
	},
	// Only one side.
	{
		name:   "two methods with one derived name",
		thrift: "service S { void get_a()\nvoid getA() }",
		want:   "a.thrift:2:6: method getA of service S would be /a.S/GetA in the protobuf view, a name that the declaration at a.thrift:1:18 has already: give one of them another name in the binding",
		fails:  true,
	},
	{
		name:    "two methods that the binding tells apart",
		thrift:  "service S { void get_a()\nvoid getA() }",
		binding: "services: [{thrift: S, methods: [{thrift: getA, grpc: GetOther}]}]",
	},
	{
		name:    "a derived name in another package",
		thrift:  "namespace * p\nstruct A {}" + service,
		binding: "types: [{thrift: A, proto: q.B}]\nservices: [{thrift: S, grpc: p.T}]",
		want:    "b.yaml:1:10: q.B is not in package p, which `namespace proto` or `namespace *` of a.thrift gives",
		fails:   true,
	},
	{
		name:    "a derived name in another file",
		proto:   "message A {}\nservice S { rpc F(A) returns (A); }",
		binding: "types: [{proto: A, thrift: other.B}]\nservices: [{thrift: a.T, grpc: S}]",
		want:    "b.yaml:1:10: other.B is not in a.thrift, where the Thrift view of a.proto is",
		fails:   true,
	},
	{
		name:   "two messages with one derived name",
		thrift: "",
		proto:  "message A { message B {} }\nmessage A_B {}\nservice S { rpc F(A) returns (A); }",
		want:   "a.proto:3:1: message A_B would be named A_B in the Thrift view, a name that the declaration at a.proto:2:13 has already: give one of them another name in the binding",
		fails:  true,
	},
	{
		name:    "a field number that the binding makes an id",
		proto:   "message A { int32 big = 40000; }\nservice S { rpc F(A) returns (A); }",
		binding: "types: [{proto: A, fields: [{proto: big, id: 4}]}]",
	},
}

func TestPairing(t *testing.T) {
	for _, tc := range pairCases {
		t.Run(tc.name, func(t *testing.T) {
			src := tc.write(t)
			var got []string
			for _, p := range Check(src) {
				got = append(got, p.Error())
			}
			if g := strings.Join(got, "\n"); g != tc.want {
				t.Errorf("got\n%s\nwant\n%s", g, tc.want)
			}
			s, err := Load(src)
			if (err != nil) != tc.fails {
				t.Fatalf("Load: %v", err)
			}
			if err != nil {
				return
			}
			if b := broken(s); b != tc.broken {
				t.Errorf("unusable methods: %q, want %q", b, tc.broken)
			}
			src.Strict = true
			if _, err := Load(src); (err != nil) != (tc.broken != "") {
				t.Errorf("Load with strict: %v", err)
			}
		})
	}
}

// write puts the case into files of the working directory.
func (tc pairCase) write(t *testing.T) Source {
	t.Helper()
	t.Chdir(t.TempDir())
	src := Source{Name: "case"}
	for _, f := range []struct{ name, text string }{{"a.thrift", tc.thrift}, {"a.proto", tc.proto}, {"b.yaml", tc.binding}} {
		if f.text == "" {
			continue
		}
		switch filepath.Ext(f.name) {
		case ".yaml":
			src.Binding = f.name
		case ".proto":
			f.text = "syntax = \"proto3\";\n" + f.text
			src.Files = append(src.Files, f.name)
		default:
			src.Files = append(src.Files, f.name)
		}
		if err := os.WriteFile(f.name, []byte(f.text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return src
}

func broken(s *Schema) string {
	var names []string
	for _, svc := range s.Services {
		for _, m := range svc.Methods {
			if m.Unusable != nil {
				names = append(names, m.Thrift)
			}
		}
	}
	return strings.Join(names, " ")
}
