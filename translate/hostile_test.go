package translate_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"weft/translate"
	"weft/translate/schema"
	"weft/translate/thriftwire"
)

// everything is a method whose messages hold each kind of field, themselves included.
func everything(t testing.TB) *translate.Method {
	root := message(implicit(i32Type), explicit(boolType), omitted(stringType), explicit(doubleType), repeated(listOf(i64Type)),
		repeated(mapOf(stringType, i32Type)), explicit(enumType), explicit(uuidType), explicit(millisType), explicit(wrapped(listOf(i16Type))),
		repeated(listOf(stringType)), repeated(listOf(doubleType)), member(i32Type), member(stringType))
	root.Oneofs = 1
	n := len(root.Fields)
	self := []*schema.Field{explicit(structOf(root)), repeated(listOf(structOf(root))), repeated(mapOf(i32Type, structOf(root))),
		explicit(&schema.Type{Thrift: schema.ThriftStruct, Proto: schema.ProtoGroup, Message: root})}
	all := message(append(root.Fields, self...)...)
	root.Fields = all.Fields
	return compileMethod(t, &schema.Method{Thrift: "f", Request: schema.Body{Message: root},
		Response:   schema.Body{Bare: true, Message: root},
		Exceptions: []schema.Exception{{FieldID: int16(n), FieldName: "e", Message: root}, {FieldID: 99, FieldName: "s", Status: true}}})
}

// runAll runs all five runs on the same bytes. What they give may be an error of type *Error and nothing else.
func runAll(t testing.TB, m *translate.Method, in []byte) {
	for _, p := range both {
		o := translate.Out{RefMin: 8, Limit: 1 << 20}
		check := func(run string, n int, err error) {
			t.Helper()
			var e *translate.Error
			if err != nil && !errors.As(err, &e) || n < 0 || n > len(in) {
				t.Errorf("%s %s: n %d, error %v", protocolNames[p], run, n, err)
			}
			if err == nil && o.Len() > o.Limit {
				t.Errorf("%s %s: %d bytes exceed the limit", protocolNames[p], run, o.Len())
			}
			o.Reset(0)
		}
		_, err := m.RequestToThrift(&o, p, in)
		check("RequestToThrift", 0, err)
		_, err = m.ResponseToThrift(&o, p, in)
		check("ResponseToThrift", 0, err)
		_, err = m.ExceptionToThrift(&o, p, 0, in)
		check("ExceptionToThrift", 0, err)
		n, _, err := m.RequestToProto(&o, p, in)
		check("RequestToProto", n, err)
		n, _, _, err = m.ResponseToProto(&o, p, in)
		check("ResponseToProto", n, err)
	}
}

func FuzzRuns(f *testing.F) {
	m := everything(f)
	for _, c := range toThriftCases {
		f.Add(unhex(f, c.in))
	}
	for _, c := range toProtoCases {
		f.Add(print(f, both[0], c.in))
		f.Add(print(f, both[1], c.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) { runAll(t, m, in) })
}

// TestTruncated cuts a message at each byte: an error or, in protobuf at the end of a field, a shorter message.
func TestTruncated(t *testing.T) {
	m := orders(t)
	var c translate.Compiler
	method, err := c.Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	wire := orderWire(t, m, orderJSON(3))
	for _, p := range both {
		var full, o translate.Out
		if _, err := method.RequestToThrift(&full, p, wire); err != nil {
			t.Fatal(err)
		}
		for n := range len(full.B) {
			var e *translate.Error
			o.Reset(0)
			if _, _, err := method.RequestToProto(&o, p, full.B[:n:n]); !errors.As(err, &e) || e.Kind != translate.Malformed {
				t.Errorf("%s cut at %d: %v", protocolNames[p], n, err)
			}
		}
		for n := range len(wire) {
			o.Reset(0)
			if _, err := method.RequestToThrift(&o, p, wire[:n:n]); err == nil {
				if _, rest, err := parse(p, o.B); err != nil || rest != 0 {
					t.Errorf("%s of %d bytes: %v", protocolNames[p], n, err)
				}
			}
		}
	}
}

// TestBrokenBytes changes random bytes of good messages.
func TestBrokenBytes(t *testing.T) {
	m := everything(t)
	r := rand.New(rand.NewPCG(1, 2))
	var seeds [][]byte
	for _, c := range toProtoCases {
		seeds = append(seeds, print(t, both[0], c.in), print(t, both[1], c.in))
	}
	for _, c := range toThriftCases {
		seeds = append(seeds, unhex(t, c.in))
	}
	for range 20000 {
		in := bytes.Clone(seeds[r.IntN(len(seeds))])
		in = append(in, seeds[r.IntN(len(seeds))]...)
		for range 1 + r.IntN(3) {
			if len(in) > 0 {
				in[r.IntN(len(in))] = byte(r.Uint32())
			}
		}
		runAll(t, m, in)
	}
}

// TestClaimsAreNotAllocated feeds counts and lengths that the bytes do not back.
func TestClaimsAreNotAllocated(t *testing.T) {
	m := everything(t)
	cases := []struct {
		name string
		in   string
	}{
		{"binary list of 2^31 i64", "0f0005 0a 7fffffff 00"},
		{"binary list of negative count", "0f0005 0a ffffffff 00"},
		{"binary list of 2^31 structs", "0f0010 0c 7fffffff 00"},
		{"binary map", "0d0006 0b08 7fffffff 00"},
		{"binary string", "0b0003 7fffffff 00"},
		{"binary unknown list of type 0", "0f0063 00 7fffffff 00"},
		{"compact list", "59 f6 ffffffff07 00"},
		{"compact list of 2^64", "59 f6 ffffffffffffffffff01 00"},
		{"compact map", "6b ffffffff07 85 00"},
		{"compact string", "38 ffffffff07 00"},
		{"protobuf packed", "2a ffffffff07 00"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := unhex(t, c.in)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			runAll(t, m, in)
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
				t.Errorf("%d bytes were allocated for %d", used, len(in))
			}
		})
	}
}

// hostile are messages whose translation would take time out of proportion if merging, moving or looking ahead were done
// level by level. They are valid in one of the three wire forms.
func hostile() (protobuf, binary, compact map[string][]byte) {
	field := func(num protowire.Number, body []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), body)
	}
	nested := bytes.Repeat([]byte{8, 1}, 1000)
	for range 60 {
		nested = field(15, nested)
	}
	merged := []byte(nil)
	for range 60 {
		merged = field(15, append(field(15, nil), merged...))
	}
	groups := bytes.Repeat([]byte{8, 1}, 100000)
	for range 60 {
		groups = append(append([]byte{0x93, 1}, groups...), 0x94, 1)
	}
	var keys []byte
	for i := range uint64(250000) {
		keys = append(keys, field(6, field(1, []byte(strconv.FormatUint(i, 36))))...)
	}
	structs, bytes60 := []byte{0}, []byte{0}
	for range 60 { // each level has its field twice, the second time empty
		structs = append(append(append([]byte{12, 0, 15}, structs...), 12, 0, 15, 0), 0)
		bytes60 = append(append(append([]byte{0xfc}, bytes60...), 0x0c, 30, 0), 0)
	}
	long := append(append([]byte{11, 0, 3, 0, 0x0c, 0, 0}, make([]byte, 0xc0000)...), 0)
	for range 60 { // each level moves what is in it
		long = append(append([]byte{12, 0, 15}, long...), 0)
	}
	return map[string][]byte{
			"sub-message many times":      bytes.Repeat(nested, 300),
			"merging at each level":       bytes.Repeat(merged, 3000),
			"interleaved repeated fields": bytes.Repeat([]byte{0x28, 1, 0x5a, 0}, 50000),
			"nested groups":               groups,
			"map keys":                    keys,
		}, map[string][]byte{
			"field twice at each level": structs,
			"long string, nested":       long,
			"unknown lists of lists":    append(bytes.Repeat([]byte{15, 0, 99, 15, 0, 0, 0, 1, 2, 0, 0, 0, 0}, 10000), 0),
		}, map[string][]byte{
			"field twice at each level": bytes60,
		}
}

// TestWorkIsBounded has a deadline that only runaway work misses: each message takes well under a second.
func TestWorkIsBounded(t *testing.T) {
	m := everything(t)
	run := func(name string, work func() error) {
		t.Run(name, func(t *testing.T) {
			done := make(chan error, 1)
			go func() { done <- work() }() // ends with the run
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(time.Minute):
				t.Fatal("not translated after a minute")
			}
		})
	}
	protobuf, binary, compact := hostile()
	for name, in := range protobuf {
		for _, p := range both {
			run(name+" to "+protocolNames[p], func() error {
				_, err := m.RequestToThrift(&translate.Out{}, p, in)
				return err
			})
		}
	}
	for i, all := range []map[string][]byte{binary, compact} {
		for name, in := range all {
			run(protocolNames[both[i]]+" "+name, func() error {
				_, _, err := m.RequestToProto(&translate.Out{}, both[i], in)
				return err
			})
		}
	}
}

func TestNoAllocations(t *testing.T) {
	for _, c := range benchCases(t) {
		for _, p := range both {
			o, back := translate.Out{RefMin: 4096}, translate.Out{RefMin: 4096}
			there := func() {
				o.Reset(16)
				if _, err := c.method.RequestToThrift(&o, p, c.wire); err != nil {
					t.Fatal(err)
				}
			}
			there()
			in := o.Append(nil)[16:]
			andBack := func() {
				back.Reset(16)
				if _, _, err := c.method.RequestToProto(&back, p, in); err != nil {
					t.Fatal(err)
				}
			}
			andBack()
			if n := testing.AllocsPerRun(20, there) + testing.AllocsPerRun(20, andBack); n != 0 {
				t.Errorf("%s %s: %v allocations", c.name, protocolNames[p], n)
			}
			if !bytes.Equal(back.Append(nil)[16:], c.wire) {
				t.Errorf("%s %s: not the same there and back", c.name, protocolNames[p])
			}
		}
	}
}

// TestConcurrent runs one method on many Outs; the race detector watches.
func TestConcurrent(t *testing.T) {
	c := benchCases(t)[1]
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var o, back translate.Out
			for i := range 200 {
				p := []thriftwire.Protocol{thriftwire.Binary, thriftwire.Compact}[i%2]
				o.Reset(0)
				back.Reset(0)
				if _, err := c.method.RequestToThrift(&o, p, c.wire); err != nil {
					t.Error(err)
				}
				if _, _, err := c.method.RequestToProto(&back, p, o.B); err != nil || !bytes.Equal(back.B, c.wire) {
					t.Errorf("not the same there and back: %v", err)
				}
			}
		})
	}
	wg.Wait()
}
