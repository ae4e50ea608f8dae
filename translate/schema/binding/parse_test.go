package binding

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
)

const whole = `services:
- thrift: OrderService
  grpc: shop.v1.Orders
  methods:
  - {thrift: getOrder, grpc: GetOrder}
types:
- thrift: Order
  proto: shop.v1.Order
  pair_by: name                  # name | number
  fields:
  - {thrift: createdAt, proto: create_time, convert: unix_millis}
  - {thrift: legacyBlob, drop: true}
  - {thrift: total, zero: omit}
enums:
- {thrift: State, proto: shop.v1.OrderState, values: {NEW: ORDER_STATE_CREATED, YES: "yes"}}
exceptions:
- {thrift: NotFound, code: NOT_FOUND, message: what}
policy: {uint64: error, fixed64: bits, utf8: reject, unknown_field: drop}
`

func TestParse(t *testing.T) {
	f, problems := Parse("b.yaml", []byte(whole))
	if len(problems) != 0 {
		t.Fatal(problems)
	}
	if len(f.Services) != 1 || f.Services[0].Methods[0].GRPC != "GetOrder" || f.Services[0].Methods[0].Pos.Line != 5 {
		t.Errorf("services: %+v", f.Services[0])
	}
	if c := f.Types[0].Fields[0]; c.Convert != "unix_millis" || c.Proto != "create_time" {
		t.Errorf("field: %+v", c)
	}
	if v := f.Enums[0].Values; len(v) != 2 || v[0].Thrift != "NEW" || v[0].Proto != "ORDER_STATE_CREATED" || v[1].Proto != "yes" {
		t.Errorf("values: %+v", v)
	}
	if e := f.Exceptions[0]; !e.HasCode || e.Code != codes.NotFound || e.Message != "what" {
		t.Errorf("exception: %+v", e)
	}
	if f.Policy.Fixed64 != "bits" {
		t.Errorf("policy: %+v", f.Policy)
	}
}

func TestParseProblems(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"only a comment", "# nothing\n", ""},
		{"unknown key", "service: []\n", `b.yaml:1:1: unknown key "service" in the binding (known: enums, exceptions, policy, services, types)`},
		{"two at once", "types:\n- thrift: A\n  feilds: []\npolicy: {utf8: maybe}\n",
			`b.yaml:3:3: unknown key "feilds" in an entry of types (known: fields, pair_by, proto, thrift)` + "\n" +
				`b.yaml:4:16: utf8 is one of reject, replace, pass, not "maybe"`},
		{"not a list", "types: {thrift: A}\n", "b.yaml:1:8: types is a list"},
		{"no name", "types:\n- pair_by: name\n", "b.yaml:2:3: an entry of types needs thrift, proto or both"},
		{"code", "exceptions: [{thrift: X, code: NOT_THERE}]\n", `b.yaml:1:32: code is the name of a gRPC error, as NOT_FOUND, not "NOT_THERE"`},
		{"code OK", "exceptions: [{thrift: X, code: OK}]\n", `b.yaml:1:32: code is the name of a gRPC error, as NOT_FOUND, not "OK"`},
		{"drop is a flag", "types: [{thrift: A, fields: [{thrift: x, drop: maybe}]}]\n", "b.yaml:1:48: drop is true or false"},
		{"drop alone", "types: [{thrift: A, fields: [{thrift: x, drop: true, zero: omit}]}]\n", "b.yaml:1:31: a field that is dropped takes no other key"},
		{"id", "types: [{proto: A, fields: [{proto: x, id: 40000}]}]\n", "b.yaml:1:44: id is a number from 1 to 32767"},
		{"brackets", strings.Repeat("[", 5000), "b.yaml:1:1: the binding is nested deeper than 100 levels"},
		{"dashes", "types:\n" + strings.Repeat("- ", 5000), "b.yaml:2:1: the binding is nested deeper than 100 levels"},
		{"flow", "types: [\n" + strings.Repeat("x,", 9000) + "]", "b.yaml:2:1: more than 16384 bytes stand in one pair of brackets: write a list with dashes"},
		{"long line", "# " + strings.Repeat("x", 20000), "b.yaml:1:1: the line is longer than 16384 bytes"},
		{"anchors", strings.Repeat("&a *a ", 500), "b.yaml:1:1: the binding has more than 100 anchors and aliases, of which it needs none"},
		{"text", "x: [\n", "b.yaml:1:4: reading the binding as YAML: sequence end token ']' not found"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, problems := Parse("b.yaml", []byte(tc.text))
			var got []string
			for _, p := range problems {
				got = append(got, p.Error())
			}
			if g := strings.Join(got, "\n"); g != tc.want {
				t.Errorf("got\n%s\nwant\n%s", g, tc.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("types: [{thrift: A, fields: [{thrift: x, drop: true}]}]"))
	f.Add([]byte("a: &a [*a]\n? [x]\n: y"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, problems := Parse("b.yaml", data)
		for _, p := range problems {
			if p.Text == "" || p.Pos.File != "b.yaml" || p.Pos.Line < 1 {
				t.Errorf("problem without text or place: %+v", p)
			}
		}
	})
}
