package codec_test

import (
	"context"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"weft/bench/gen/pb/orderpb"
	thriftorder "weft/bench/gen/thrift/order"
	"weft/bench/order"
	"weft/translate"
	"weft/translate/schema"
	"weft/translate/thriftwire"
)

// size is a message of the benchmarks.
type size struct {
	name  string
	order *orderpb.Order
}

var sizes = []size{
	{"small", &orderpb.Order{Id: 7, Customer: "Ada", State: orderpb.State_STATE_PAID, Total: 9.5, ShipTo: &orderpb.Address{}}},
	{"medium", order.Sample(4)},
	{"large", order.Sample(2000)},
}

// protocol is a Thrift protocol, as both routes know it.
type protocol struct {
	name   string
	weft   thriftwire.Protocol
	apache func(thrift.TTransport) thrift.TProtocol
}

var protocols = []protocol{
	{"binary", thriftwire.Binary, func(t thrift.TTransport) thrift.TProtocol { return thrift.NewTBinaryProtocolConf(t, nil) }},
	{"compact", thriftwire.Compact, func(t thrift.TTransport) thrift.TProtocol { return thrift.NewTCompactProtocolConf(t, nil) }},
}

// wires is a message on both wires.
type wires struct{ proto, args, result []byte }

func (p protocol) wires(tb testing.TB, o *orderpb.Order) wires {
	tb.Helper()
	b, err := order.Proto(o)
	if err != nil {
		tb.Fatal(err)
	}
	encode := func(s thrift.TStruct) []byte {
		buffer := thrift.NewTMemoryBuffer()
		if err := s.Write(context.Background(), p.apache(buffer)); err != nil {
			tb.Fatal(err)
		}
		return buffer.Bytes()
	}
	t := order.ToThrift(o)
	return wires{b, encode(&thriftorder.OrdersPlaceArgs{Order: t}), encode(&thriftorder.OrdersPlaceResult{Success: t})}
}

func plan(tb testing.TB) *translate.Method {
	tb.Helper()
	s, err := schema.Load(schema.Source{Name: "bench", Files: []string{"../idl/order.thrift", "../idl/order.proto"}})
	if err != nil {
		tb.Fatal(err)
	}
	var c translate.Compiler
	m, err := c.Compile(s.Services[0].Methods[0])
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// generated is the route of a hand-written shim, with the buffers and protocols that it can reuse.
type generated struct {
	ctx     context.Context
	in, out *thrift.TMemoryBuffer
	reader  thrift.TProtocol
	writer  thrift.TProtocol
	proto   []byte
}

func newGenerated(p protocol) *generated {
	g := &generated{ctx: context.Background(), in: thrift.NewTMemoryBufferLen(1024), out: thrift.NewTMemoryBufferLen(1024)}
	g.reader, g.writer = p.apache(g.in), p.apache(g.out)
	return g
}

// toThrift turns a protobuf request into Thrift arguments.
func (g *generated) toThrift(src []byte) ([]byte, error) {
	var o orderpb.Order
	if err := proto.Unmarshal(src, &o); err != nil {
		return nil, err
	}
	g.out.Reset()
	args := thriftorder.OrdersPlaceArgs{Order: order.ToThrift(&o)}
	err := args.Write(g.ctx, g.writer)
	return g.out.Bytes(), err
}

// toProto turns a Thrift result into a protobuf response.
func (g *generated) toProto(src []byte) ([]byte, error) {
	g.in.Reset()
	_, _ = g.in.Write(src) // memory takes all
	var result thriftorder.OrdersPlaceResult
	if err := result.Read(g.ctx, g.reader); err != nil {
		return nil, err
	}
	var err error
	g.proto, err = proto.MarshalOptions{}.MarshalAppend(g.proto[:0], order.FromThrift(result.Success))
	return g.proto, err
}

// weft is the route of the proxy.
type weft struct {
	plan     *translate.Method
	protocol thriftwire.Protocol
	out      translate.Out
}

func newWeft(tb testing.TB, p protocol) *weft { return &weft{plan: plan(tb), protocol: p.weft} }

func (w *weft) toThrift(src []byte) ([]byte, error) {
	w.out.Reset(0)
	_, err := w.plan.RequestToThrift(&w.out, w.protocol, src)
	return w.out.B, err
}

func (w *weft) toProto(src []byte) ([]byte, error) {
	w.out.Reset(0)
	_, _, _, err := w.plan.ResponseToProto(&w.out, w.protocol, src)
	return w.out.B, err
}

type translator interface {
	toThrift([]byte) ([]byte, error)
	toProto([]byte) ([]byte, error)
}

var (
	_ translator = (*generated)(nil)
	_ translator = (*weft)(nil)
)

// Both routes give the same message, so that both are measured doing the same work.
func TestRoutesAgree(t *testing.T) {
	for _, p := range protocols {
		routes := map[string]translator{"generated": newGenerated(p), "weft": newWeft(t, p)}
		for _, s := range sizes {
			w := p.wires(t, s.order)
			for name, route := range routes {
				t.Run(s.name+"/"+p.name+"/"+name, func(t *testing.T) { checkRoute(t, p, s.order, w, route) })
			}
		}
	}
}

func checkRoute(t *testing.T, p protocol, want *orderpb.Order, w wires, route translator) {
	back, err := route.toProto(w.result)
	if err != nil {
		t.Fatal(err)
	}
	if err := order.CheckProto(back, want); err != nil {
		t.Errorf("to protobuf: %v", err)
	}
	args, err := route.toThrift(w.proto)
	if err != nil {
		t.Fatal(err)
	}
	if len(args) != len(w.args) {
		t.Errorf("to Thrift: %d bytes, want %d", len(args), len(w.args))
	}
	buffer := thrift.NewTMemoryBuffer()
	_, _ = buffer.Write(args) // memory takes all
	var a thriftorder.OrdersPlaceArgs
	if err := a.Read(t.Context(), p.apache(buffer)); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(order.FromThrift(a.Order), want) {
		t.Error("to Thrift: another order")
	}
}

// BenchmarkToThrift turns a protobuf request into Thrift arguments.
func BenchmarkToThrift(b *testing.B) {
	benchmark(b, func(b *testing.B, w wires, route translator) { measure(b, len(w.args), w.proto, route.toThrift) })
}

// BenchmarkToProto turns a Thrift result into a protobuf response.
func BenchmarkToProto(b *testing.B) {
	benchmark(b, func(b *testing.B, w wires, route translator) { measure(b, len(w.result), w.result, route.toProto) })
}

func benchmark(b *testing.B, run func(*testing.B, wires, translator)) {
	for _, s := range sizes {
		for _, p := range protocols {
			w := p.wires(b, s.order)
			b.Run(s.name+"/"+p.name+"/weft", func(b *testing.B) { run(b, w, newWeft(b, p)) })
			b.Run(s.name+"/"+p.name+"/generated", func(b *testing.B) { run(b, w, newGenerated(p)) })
		}
	}
}

// measure runs a translation of a message that has a number of bytes on the Thrift side, which MB/s counts. Beside the clock's time
// it reports the CPU time of the process, collector included: that also means something while others use the machine.
func measure(b *testing.B, bytes int, src []byte, translate func([]byte) ([]byte, error)) {
	if _, err := translate(src); err != nil { // buffers grow before the count of allocations starts
		b.Fatal(err)
	}
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	start := cpuTime(b)
	for b.Loop() {
		if _, err := translate(src); err != nil {
			b.Fatal(err)
		}
	}
	used := float64(cpuTime(b)-start) / float64(b.N)
	b.ReportMetric(used, "cpu-ns/op")
	b.ReportMetric(float64(bytes)/used*1000, "MB/cpu-s")
}

// cpuTime gives the nanoseconds that the process has run.
func cpuTime(b *testing.B) int64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
