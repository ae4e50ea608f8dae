package translate_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate"
	"weft/translate/schema"
	"weft/translate/thriftwire"
)

// both are the protocols that plans exist for.
var both = []thriftwire.Protocol{thriftwire.Binary, thriftwire.Compact}

// compile makes a method whose request is m.
func compile(t testing.TB, m *schema.Message) *translate.Method {
	t.Helper()
	var c translate.Compiler
	method, err := c.Compile(&schema.Method{Thrift: "f", Oneway: true, Request: schema.Body{Message: m}})
	if err != nil {
		t.Fatalf("compiling: %v", err)
	}
	return method
}

// TestAgainstDynamic compares the plans with the slow route on random schemas and messages.
func TestAgainstDynamic(t *testing.T) {
	schemas := 300
	if testing.Short() {
		schemas = 100
	}
	for seed := range uint64(schemas) {
		checkSeed(t, seed, 8)
		if t.Failed() {
			return
		}
	}
}

// FuzzAgainstDynamic looks for seeds for which the two routes differ.
func FuzzAgainstDynamic(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkSeed(t, seed, 4) })
}

func checkSeed(t *testing.T, seed uint64, messages int) {
	r := &random{Rand: rand.New(rand.NewPCG(seed, 1))}
	root := r.message(3)
	root.Union = false
	desc := describe(t, root)[root]
	method := compile(t, root)
	for i := range messages {
		r.wild, r.budget = i%2 == 1, 200
		in := r.wire(root, 3)
		for _, p := range both {
			compareToThrift(t, seed, method, root, desc, p, in)
		}
		r.budget = 200
		tree := r.tree(root, 3)
		for _, p := range both {
			compareToProto(t, seed, method, root, desc, p, tree)
		}
	}
}

func compareToThrift(t *testing.T, seed uint64, method *translate.Method, root *schema.Message, desc protoreflect.MessageDescriptor, p thriftwire.Protocol, in []byte) {
	t.Helper()
	msg := emptyOf(desc)
	if err := (proto.UnmarshalOptions{AllowPartial: true}).Unmarshal(in, msg.Interface()); err != nil {
		t.Fatalf("seed %d: generator made a bad message: %v", seed, err)
	}
	want, wantErr := toTree(root, msg)
	o := translate.Out{RefMin: int(seed % 3 * 20)}
	_, err := method.RequestToThrift(&o, p, in)
	if (err != nil) != (wantErr != nil) {
		t.Errorf("seed %d protocol %d: %x: error %v, want %v\n%v", seed, p, in, err, wantErr, want)
		return
	}
	if err != nil {
		return
	}
	got, rest, err := parse(p, o.Append(nil))
	if err != nil || rest != 0 {
		t.Errorf("seed %d protocol %d: %x: unreadable output %x: %v, %d left", seed, p, in, o.Append(nil), err, rest)
		return
	}
	if got.String() != want.String() {
		t.Errorf("seed %d protocol %d: %v", seed, p, difference(got.String(), want.String()))
	}
}

func compareToProto(t *testing.T, seed uint64, method *translate.Method, root *schema.Message, desc protoreflect.MessageDescriptor, p thriftwire.Protocol, tree value) {
	t.Helper()
	want := emptyOf(desc)
	wantErr := toMessage(root, tree, want)
	in := print(t, p, tree)
	o := translate.Out{RefMin: int(seed % 3 * 20)}
	n, _, err := method.RequestToProto(&o, p, append(in, "more"...))
	if (err != nil) != (wantErr != nil) {
		t.Errorf("seed %d protocol %d: %v: error %v, want %v", seed, p, tree, err, wantErr)
		return
	}
	if err != nil {
		return
	}
	got := emptyOf(desc)
	out := o.Append(nil)
	if err := (proto.UnmarshalOptions{AllowPartial: true}).Unmarshal(out, got.Interface()); err != nil || n != len(in) {
		t.Errorf("seed %d protocol %d: %v: took %d of %d bytes, unreadable output %x: %v", seed, p, tree, n, len(in), out, err)
		return
	}
	if !proto.Equal(got.Interface(), want.Interface()) {
		t.Errorf("seed %d protocol %d: %v", seed, p, difference(fmt.Sprint(got), fmt.Sprint(want)))
	}
	if len(got.GetUnknown()) > 0 {
		t.Errorf("seed %d protocol %d: %v: unknown fields %x", seed, p, tree, got.GetUnknown())
	}
}

// difference shows where two texts part.
func difference(got, want string) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	from := max(0, i-100)
	return fmt.Sprintf("\n got …%.200s\nwant …%.200s", got[from:], want[from:])
}
