package thriftwire_test

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"

	"weft/translate/thriftwire"
)

// randomWriter writes a random value through Apache's library. Two writers with the same seed write the same value.
type randomWriter struct {
	rnd *rand.Rand
	p   thrift.TProtocol
	ctx context.Context
}

var scalarTypes = []thrift.TType{thrift.BOOL, thrift.I08, thrift.I16, thrift.I32, thrift.I64, thrift.DOUBLE, thrift.STRING, thrift.UUID}
var nestedTypes = []thrift.TType{thrift.LIST, thrift.SET, thrift.MAP, thrift.STRUCT}

func (w *randomWriter) anyType(depth int) thrift.TType {
	if depth > 0 && w.rnd.IntN(3) == 0 {
		return nestedTypes[w.rnd.IntN(len(nestedTypes))]
	}
	return scalarTypes[w.rnd.IntN(len(scalarTypes))]
}

func (w *randomWriter) structure(depth int) {
	w.p.WriteStructBegin(w.ctx, "")
	id := int16(0)
	for range w.rnd.IntN(8) {
		if id += int16(w.rnd.IntN(20)); w.rnd.IntN(5) == 0 {
			id = int16(w.rnd.IntN(1<<16) - 1<<15)
		}
		t := w.anyType(depth)
		w.p.WriteFieldBegin(w.ctx, "", t, id)
		w.value(t, depth-1)
		w.p.WriteFieldEnd(w.ctx)
	}
	w.p.WriteFieldStop(w.ctx)
	w.p.WriteStructEnd(w.ctx)
}

// number returns small and large values, since varints differ in length.
func (w *randomWriter) number() int64 { return int64(w.rnd.Uint64()) >> w.rnd.IntN(64) }

func (w *randomWriter) value(t thrift.TType, depth int) {
	switch t {
	case thrift.BOOL:
		w.p.WriteBool(w.ctx, w.rnd.IntN(2) == 0)
	case thrift.I08:
		w.p.WriteByte(w.ctx, int8(w.number()))
	case thrift.I16:
		w.p.WriteI16(w.ctx, int16(w.number()))
	case thrift.I32:
		w.p.WriteI32(w.ctx, int32(w.number()))
	case thrift.I64:
		w.p.WriteI64(w.ctx, w.number())
	case thrift.DOUBLE:
		w.p.WriteDouble(w.ctx, math.Float64frombits(w.rnd.Uint64()))
	case thrift.STRING:
		w.p.WriteBinary(w.ctx, bytes.Repeat([]byte{byte(w.rnd.Uint32())}, w.rnd.IntN(1<<w.rnd.IntN(9))))
	case thrift.UUID:
		var u thrift.Tuuid
		u[3], u[15] = byte(w.rnd.Uint32()), byte(w.rnd.Uint32())
		w.p.WriteUUID(w.ctx, u)
	case thrift.STRUCT:
		w.structure(depth)
	default:
		w.container(t, depth)
	}
}

func (w *randomWriter) container(t thrift.TType, depth int) {
	n := w.rnd.IntN(20)
	k, v := w.anyType(depth), w.anyType(depth)
	switch t {
	case thrift.LIST:
		w.p.WriteListBegin(w.ctx, v, n)
	case thrift.SET:
		w.p.WriteSetBegin(w.ctx, v, n)
	case thrift.MAP:
		if n == 0 {
			k, v = thrift.STRING, thrift.STRING // what an empty compact map becomes
		}
		w.p.WriteMapBegin(w.ctx, k, v, n)
	}
	for range n {
		if t == thrift.MAP {
			w.value(k, depth-1)
		}
		w.value(v, depth-1)
	}
}

func apacheStruct(seed uint64, p thriftwire.Protocol) []byte {
	mem := thrift.NewTMemoryBuffer()
	w := &randomWriter{rnd: rand.New(rand.NewPCG(seed, 7)), p: apacheProtocol(mem, p), ctx: context.Background()}
	w.structure(4)
	w.p.Flush(w.ctx)
	return mem.Bytes()
}

func apacheProtocol(mem *thrift.TMemoryBuffer, p thriftwire.Protocol) thrift.TProtocol {
	if p == thriftwire.Compact {
		return thrift.NewTCompactProtocolConf(mem, nil)
	}
	return thrift.NewTBinaryProtocolConf(mem, nil)
}

func TestAgainstApache(t *testing.T) {
	for seed := range uint64(3000) {
		bin, comp := apacheStruct(seed, thriftwire.Binary), apacheStruct(seed, thriftwire.Compact)
		for p, b := range map[thriftwire.Protocol][]byte{thriftwire.Binary: bin, thriftwire.Compact: comp} {
			if n, err := thriftwire.SkipStruct(b, p, 64); n != len(b) || err != nil {
				t.Fatalf("seed %d, %v: skip %d of %d, %v", seed, p, n, len(b), err)
			}
		}
		if out, _, err := thriftwire.Transcode(nil, thriftwire.Compact, bin, thriftwire.Binary, 64); err != nil || !bytes.Equal(out, comp) {
			t.Fatalf("seed %d: to compact %v\n got %x\nwant %x", seed, err, out, comp)
		}
		if out, _, err := thriftwire.Transcode(nil, thriftwire.Binary, comp, thriftwire.Compact, 64); err != nil || !bytes.Equal(out, bin) {
			t.Fatalf("seed %d: to binary %v\n got %x\nwant %x", seed, err, out, bin)
		}
	}
}

func TestHeaderAgainstApache(t *testing.T) {
	ctx := context.Background()
	for _, p := range []thriftwire.Protocol{thriftwire.Binary, thriftwire.Compact} {
		for _, seq := range []int32{0, 1, -1, math.MaxInt32, math.MinInt32, 300} {
			for _, typ := range []thrift.TMessageType{thrift.CALL, thrift.REPLY, thrift.EXCEPTION, thrift.ONEWAY} {
				mem := thrift.NewTMemoryBuffer()
				apache := apacheProtocol(mem, p)
				apache.WriteMessageBegin(ctx, "getOrder", typ, seq)
				apache.Flush(ctx)
				h, n, err := thriftwire.ReadHeader(mem.Bytes())
				if err != nil || n != mem.Len() || h.Protocol != p || string(h.Name) != "getOrder" || h.Seq != seq || int(h.Type) != int(typ) {
					t.Fatalf("%v %v %d: %+v %d %v", p, typ, seq, h, n, err)
				}
				if out := thriftwire.AppendHeader(nil, h); !bytes.Equal(out, mem.Bytes()) {
					t.Errorf("%v: written %x, Apache %x", p, out, mem.Bytes())
				}
			}
		}
	}
}

func TestExceptionAgainstApache(t *testing.T) {
	ctx := context.Background()
	for _, p := range []thriftwire.Protocol{thriftwire.Binary, thriftwire.Compact} {
		mem := thrift.NewTMemoryBuffer()
		apache := apacheProtocol(mem, p)
		if err := thrift.NewTApplicationException(thrift.UNKNOWN_METHOD, "Unknown function nope").Write(ctx, apache); err != nil {
			t.Fatal(err)
		}
		apache.Flush(ctx)
		e, err := thriftwire.ReadApplicationException(mem.Bytes(), p)
		if err != nil || e.Type != 1 || e.Text != "Unknown function nope" {
			t.Errorf("%v: read %+v, %v", p, e, err)
		}
		mem.Reset()
		mem.Write(thriftwire.AppendApplicationException(nil, p, thriftwire.ApplicationException{Type: 7, Text: "x"}))
		back := thrift.NewTApplicationException(0, "")
		if err := back.Read(ctx, apacheProtocol(mem, p)); err != nil || back.TypeId() != 7 || back.Error() != "x" {
			t.Errorf("%v: Apache reads %v, %v", p, back, err)
		}
	}
}

// insanity writes a struct like ThriftTest's Insanity with n structs in a list: i32 -> i64 map, {string, i8, i32, i64} each.
func insanity(p thriftwire.Protocol, n int) []byte {
	ctx, mem := context.Background(), thrift.NewTMemoryBuffer()
	w := apacheProtocol(mem, p)
	w.WriteFieldBegin(ctx, "", thrift.MAP, 1)
	w.WriteMapBegin(ctx, thrift.I32, thrift.I64, 4)
	for i := range 4 {
		w.WriteI32(ctx, int32(i))
		w.WriteI64(ctx, int64(i)*1000)
	}
	w.WriteFieldBegin(ctx, "", thrift.LIST, 2)
	w.WriteListBegin(ctx, thrift.STRUCT, n)
	for i := range n {
		w.WriteStructBegin(ctx, "")
		w.WriteFieldBegin(ctx, "", thrift.STRING, 1)
		w.WriteString(ctx, "hello thrift")
		w.WriteFieldBegin(ctx, "", thrift.I08, 4)
		w.WriteByte(ctx, int8(i))
		w.WriteFieldBegin(ctx, "", thrift.I32, 9)
		w.WriteI32(ctx, int32(i)*100)
		w.WriteFieldBegin(ctx, "", thrift.I64, 11)
		w.WriteI64(ctx, int64(i)<<33)
		w.WriteFieldStop(ctx)
		w.WriteStructEnd(ctx)
	}
	w.WriteFieldStop(ctx)
	w.Flush(ctx)
	return mem.Bytes()
}

func benchmarkBoth(b *testing.B, run func(p thriftwire.Protocol, src []byte)) {
	for _, p := range []thriftwire.Protocol{thriftwire.Binary, thriftwire.Compact} {
		b.Run(p.String(), func(b *testing.B) {
			src := insanity(p, 16)
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				run(p, src)
			}
		})
	}
}

func BenchmarkSkipStruct(b *testing.B) {
	benchmarkBoth(b, func(p thriftwire.Protocol, src []byte) {
		if n, err := thriftwire.SkipStruct(src, p, 64); n != len(src) || err != nil {
			b.Fatal(n, err)
		}
	})
}

func BenchmarkScanner(b *testing.B) {
	var s thriftwire.Scanner
	benchmarkBoth(b, func(p thriftwire.Protocol, src []byte) {
		s.Reset(p, 64)
		if _, done, err := s.Scan(src); !done || err != nil {
			b.Fatal(done, err)
		}
	})
}

func BenchmarkTranscode(b *testing.B) {
	var dst []byte
	benchmarkBoth(b, func(p thriftwire.Protocol, src []byte) {
		to := thriftwire.Binary
		if p == thriftwire.Binary {
			to = thriftwire.Compact
		}
		var err error
		if dst, _, err = thriftwire.Transcode(dst[:0], to, src, p, 64); err != nil {
			b.Fatal(err)
		}
	})
}

func TestTranscodeAllocatesNothing(t *testing.T) {
	for _, p := range []thriftwire.Protocol{thriftwire.Binary, thriftwire.Compact} {
		src, dst := insanity(p, 16), make([]byte, 0, 4096)
		if n := testing.AllocsPerRun(100, func() { thriftwire.Transcode(dst, 3-p, src, p, 64) }); n != 0 {
			t.Errorf("from %v: %v allocations", p, n)
		}
	}
}
