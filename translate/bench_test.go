package translate_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"weft/translate"
	"weft/translate/schema"
	"weft/translate/thriftwire"
)

// orders loads the schema of testdata/order.thrift and order.proto, whose files pair by name.
func orders(t testing.TB) *schema.Method {
	t.Helper()
	s, err := schema.Load(schema.Source{Name: "orders", Files: []string{"testdata/order.thrift", "testdata/order.proto"}})
	if err != nil {
		t.Fatalf("loading testdata: %v", err)
	}
	m := s.Services[0].Methods[0]
	if m.Unusable != nil {
		t.Fatalf("method place: %v", m.Unusable)
	}
	return m
}

// orderWire writes the order described in JSON as protobuf.
func orderWire(t testing.TB, m *schema.Method, json string) []byte {
	t.Helper()
	msg := emptyOf(m.RequestDescriptor()).Interface()
	if err := protojson.Unmarshal([]byte(json), msg); err != nil {
		t.Fatal(err)
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(msg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// orderJSON describes an order with a number of items.
func orderJSON(items int) string {
	var b strings.Builder
	for i := range items {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `{"sku":"SKU-%06d","title":"A thing with a name, number %d","quantity":%d,"priceCents":"%d","weight":%g}`,
			i, i, i%7+1, 1999+i, float64(i)+0.25)
	}
	return fmt.Sprintf(`{"id":"123456789012","customer":"Ada Lovelace","state":"STATE_PAID","items":[%s],
		"shipTo":{"street":"12 St James's Square","city":"London","zip":"SW1Y 4JH","country":"GB"},
		"labels":{"channel":"web","campaign":"spring"},"createdAt":"1700000000000","gift":true,"total":59.97,
		"note":"leave it at the door","vouchers":["1","200","30000"]}`, b.String())
}

// series makes a schema with one list, for the bulk loops.
func series(t schema.ThriftKind, p schema.ProtoKind) *schema.Message {
	return &schema.Message{Thrift: "Series", Fields: []*schema.Field{{Name: "values", ThriftID: 1, ProtoNum: 1, Presence: schema.Repeated,
		Absent: schema.WriteZero, Type: &schema.Type{Thrift: schema.ThriftList, Packed: true, Elem: &schema.Type{Thrift: t, Proto: p}}}}}
}

// benchCase is a message to be translated there and back.
type benchCase struct {
	name   string
	method *translate.Method
	wire   []byte
}

func benchCases(t testing.TB) []benchCase {
	m := orders(t)
	var c translate.Compiler
	order, err := c.Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	packed := func(values []byte) []byte {
		return protowire.AppendBytes([]byte{1<<3 | 2}, values)
	}
	var doubles, ints []byte
	for i := range 8192 {
		doubles = binary.LittleEndian.AppendUint64(doubles, math.Float64bits(float64(i)*1.1))
		ints = protowire.AppendVarint(ints, uint64(i*i%50000))
	}
	return []benchCase{
		{"small", order, orderWire(t, m, `{"id":"7","customer":"Ada","state":"STATE_PAID","total":9.5}`)},
		{"medium", order, orderWire(t, m, orderJSON(4))},
		{"large", order, orderWire(t, m, orderJSON(2000))},
		{"text64K", order, orderWire(t, m, `{"customer":"`+strings.Repeat("0123456789abcdef", 4096)+`"}`)},
		{"doubles", compile(t, series(schema.ThriftDouble, schema.ProtoDouble)), packed(doubles)},
		{"i32s", compile(t, series(schema.ThriftI32, schema.ProtoInt32)), packed(ints)},
		{"i64s", compile(t, series(schema.ThriftI64, schema.ProtoInt64)), packed(ints)},
	}
}

var protocolNames = map[thriftwire.Protocol]string{thriftwire.Binary: "binary", thriftwire.Compact: "compact"}

// measure runs a translation of a message that has size bytes on the Thrift side. It reports CPU time beside the clock's,
// for machines that others use too.
func measure(b *testing.B, size int, run func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	run()
	b.SetBytes(int64(size))
	b.ReportAllocs()
	start := cpuTime(b)
	for b.Loop() {
		run()
	}
	used := float64(cpuTime(b)-start) / float64(b.N)
	b.ReportMetric(used, "cpu-ns/op")
	b.ReportMetric(float64(size)/used, "GB/cpu-s")
}

// cpuTime gives the nanoseconds that this thread has run.
func cpuTime(b *testing.B) int64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func BenchmarkToThrift(b *testing.B) {
	for _, c := range benchCases(b) {
		for _, p := range both {
			b.Run(c.name+"/"+protocolNames[p], func(b *testing.B) {
				o := translate.Out{RefMin: 4096}
				run := func() {
					o.Reset(0)
					if _, err := c.method.RequestToThrift(&o, p, c.wire); err != nil {
						b.Fatal(err)
					}
				}
				run()
				measure(b, o.Len(), run)
			})
		}
	}
}

func BenchmarkToProto(b *testing.B) {
	for _, c := range benchCases(b) {
		for _, p := range both {
			b.Run(c.name+"/"+protocolNames[p], func(b *testing.B) {
				var in translate.Out
				if _, err := c.method.RequestToThrift(&in, p, c.wire); err != nil {
					b.Fatal(err)
				}
				o := translate.Out{RefMin: 4096}
				measure(b, len(in.B), func() {
					o.Reset(0)
					if _, _, err := c.method.RequestToProto(&o, p, in.B); err != nil {
						b.Fatal(err)
					}
				})
			})
		}
	}
}
