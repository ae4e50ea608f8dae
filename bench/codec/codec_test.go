package codec_test

import (
	"context"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"
	"google.golang.org/protobuf/proto"

	"weft/bench/gen/pb/orderpb"
	thriftorder "weft/bench/gen/thrift/order"
	"weft/bench/order"
	"weft/translate"
	"weft/translate/schema"
	"weft/translate/thriftwire"
)

// size is a message of the benchmarks on both wires.
type size struct {
	name   string
	order  *orderpb.Order
	proto  []byte
	args   []byte
	result []byte
}

func sizes(tb testing.TB) []size {
	tb.Helper()
	list := []size{
		{name: "small", order: &orderpb.Order{Id: 7, Customer: "Ada", State: orderpb.State_STATE_PAID, Total: 9.5, ShipTo: &orderpb.Address{}}},
		{name: "medium", order: order.Sample(4)},
		{name: "large", order: order.Sample(2000)},
	}
	for i := range list {
		s := &list[i]
		var err error
		if s.proto, err = order.Proto(s.order); err != nil {
			tb.Fatal(err)
		}
		if s.args, err = order.Arguments(s.order); err != nil {
			tb.Fatal(err)
		}
		if s.result, err = order.Result(s.order); err != nil {
			tb.Fatal(err)
		}
	}
	return list
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

// generated is the route of a hand-written shim, with the buffers that it can reuse.
type generated struct {
	out *thrift.TMemoryBuffer
	ctx context.Context
}

func newGenerated() *generated {
	return &generated{out: thrift.NewTMemoryBufferLen(1024), ctx: context.Background()}
}

// toThrift turns a protobuf request into Thrift arguments.
func (g *generated) toThrift(src []byte) ([]byte, error) {
	var o orderpb.Order
	if err := proto.Unmarshal(src, &o); err != nil {
		return nil, err
	}
	g.out.Reset()
	args := thriftorder.OrdersPlaceArgs{Order: order.ToThrift(&o)}
	err := args.Write(g.ctx, thrift.NewTBinaryProtocolConf(g.out, nil))
	return g.out.Bytes(), err
}

// toProto turns a Thrift result into a protobuf response.
func (g *generated) toProto(src []byte) ([]byte, error) {
	in := thrift.NewTMemoryBufferLen(len(src))
	_, _ = in.Write(src) // memory takes all
	var result thriftorder.OrdersPlaceResult
	if err := result.Read(g.ctx, thrift.NewTBinaryProtocolConf(in, nil)); err != nil {
		return nil, err
	}
	return proto.Marshal(order.FromThrift(result.Success))
}

// weft is the route of the proxy.
type weft struct {
	plan *translate.Method
	out  translate.Out
}

func (w *weft) toThrift(src []byte) ([]byte, error) {
	w.out.Reset(0)
	_, err := w.plan.RequestToThrift(&w.out, thriftwire.Binary, src)
	return w.out.B, err
}

func (w *weft) toProto(src []byte) ([]byte, error) {
	w.out.Reset(0)
	_, _, _, err := w.plan.ResponseToProto(&w.out, thriftwire.Binary, src)
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
	routes := map[string]translator{"generated": newGenerated(), "weft": &weft{plan: plan(t)}}
	for _, s := range sizes(t) {
		for name, route := range routes {
			back, err := route.toProto(s.result)
			if err != nil {
				t.Fatalf("%s, %s: %v", s.name, name, err)
			}
			if err := order.CheckProto(back, s.order); err != nil {
				t.Errorf("%s, %s to protobuf: %v", s.name, name, err)
			}
			args, err := route.toThrift(s.proto)
			if err != nil {
				t.Fatalf("%s, %s: %v", s.name, name, err)
			}
			if len(args) != len(s.args) {
				t.Errorf("%s, %s to Thrift: %d bytes, want %d", s.name, name, len(args), len(s.args))
			}
			buffer := thrift.NewTMemoryBuffer()
			_, _ = buffer.Write(args)
			var a thriftorder.OrdersPlaceArgs
			if err := a.Read(t.Context(), thrift.NewTBinaryProtocolConf(buffer, nil)); err != nil {
				t.Fatalf("%s, %s: %v", s.name, name, err)
			}
			if !proto.Equal(order.FromThrift(a.Order), s.order) {
				t.Errorf("%s, %s to Thrift: another order", s.name, name)
			}
		}
	}
}

// BenchmarkToThrift turns a protobuf request into Thrift binary arguments. Bytes are those of the Thrift side.
func BenchmarkToThrift(b *testing.B) {
	for _, s := range sizes(b) {
		b.Run(s.name+"/weft", func(b *testing.B) { run(b, len(s.args), s.proto, (&weft{plan: plan(b)}).toThrift) })
		b.Run(s.name+"/generated", func(b *testing.B) { run(b, len(s.args), s.proto, newGenerated().toThrift) })
	}
}

// BenchmarkToProto turns a Thrift binary result into a protobuf response. Bytes are those of the Thrift side.
func BenchmarkToProto(b *testing.B) {
	for _, s := range sizes(b) {
		b.Run(s.name+"/weft", func(b *testing.B) { run(b, len(s.result), s.result, (&weft{plan: plan(b)}).toProto) })
		b.Run(s.name+"/generated", func(b *testing.B) { run(b, len(s.result), s.result, newGenerated().toProto) })
	}
}

func run(b *testing.B, bytes int, src []byte, translate func([]byte) ([]byte, error)) {
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := translate(src); err != nil {
			b.Fatal(err)
		}
	}
}
