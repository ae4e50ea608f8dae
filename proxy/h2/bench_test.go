package h2

import (
	"bytes"
	"fmt"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

// The benchmarks use no socket: they say what HTTP/2 itself costs for each call.

var grpcRequest = with(plainRequest, "content-type", "application/grpc", "user-agent", "grpc-go/1.85.0", "te", "trailers")

func BenchmarkDecode(b *testing.B) {
	b.Run("cached", func(b *testing.B) {
		d := newDecoder()
		var out bytes.Buffer
		enc := hpack.NewEncoder(&out)
		_, _ = d.decode(encodeBy(enc, &out, hf(grpcRequest...)))
		block := encodeBy(enc, &out, hf(grpcRequest...))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := d.decode(block); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("with a new deadline each", func(b *testing.B) {
		d := newDecoder()
		var out bytes.Buffer
		enc := hpack.NewEncoder(&out)
		var blocks [][]byte
		for i := range 1000 {
			blocks = append(blocks, encodeBy(enc, &out, hf(with(grpcRequest, "grpc-timeout", fmt.Sprintf("%du", 1_000_000+i))...)))
		}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%len(blocks) == 0 {
				d = newDecoder()
			}
			if _, err := d.decode(blocks[i%len(blocks)]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEncodeRequest(b *testing.B) {
	var e encoder
	e.init(true)
	fields := hf(grpcRequest...)
	b.ReportAllocs()
	for b.Loop() {
		e.request(fields)
	}
}

// answerer is the handler of the unary benchmarks.
type answerer struct{ script }

func (a *answerer) Headers(st *Stream, h *Headers, end bool, b *sock.Batch) {
	if end {
		a.done(st, b)
	}
}

func (a *answerer) Data(st *Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch) {
	if st.Conn().client {
		return
	}
	c := st.Conn()
	c.Lock()
	st.Release(len(p), b)
	st.WriteBlock(okBlock, nil, false, b)
	st.WriteData(p, false, b)
	st.WriteBlock(trailersBlock, nil, true, b)
	st.Done(b)
	c.Unlock()
}

func (a *answerer) done(st *Stream, b *sock.Batch) {
	st.Conn().Lock()
	st.Done(b)
	st.Conn().Unlock()
}

func (a *answerer) Capacity(uint32, *sock.Batch) {}

// setID writes the stream's number into a frame.
func setID(frame []byte, id uint32) {
	frame[5], frame[6], frame[7], frame[8] = byte(id>>24), byte(id>>16), byte(id>>8), byte(id)
}

// TestNoAllocation holds what the benchmarks measure.
func TestNoAllocation(t *testing.T) {
	for name, bench := range map[string]func(*testing.B){"server": BenchmarkServerUnary, "client": BenchmarkClientUnary} {
		if r := testing.Benchmark(bench); r.N == 0 || r.AllocsPerOp() > 0 {
			t.Errorf("%s: %d allocations for a call in %d calls", name, r.AllocsPerOp(), r.N)
		}
	}
}

func noDebug(b *testing.B) {
	buf.Debug = false
	b.Cleanup(func() { buf.Debug = true })
}

// BenchmarkServerUnary takes a request of two frames and answers with three.
func BenchmarkServerUnary(b *testing.B) {
	noDebug(b)
	fd := newFeeder(b)
	fd.c = NewServer(fd.s, Config{}, &answerer{})
	var out bytes.Buffer
	enc := hpack.NewEncoder(&out)
	opening := append([]byte(http2.ClientPreface), 0, 0, 0, 4, 0, 0, 0, 0, 0)
	_ = fd.feed(opening)
	first := encodeBy(enc, &out, hf(grpcRequest...))
	again := encodeBy(enc, &out, hf(grpcRequest...))
	request := func(block []byte) []byte {
		return frames(func(fr *http2.Framer, _ func(...string) []byte) {
			_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndHeaders: true, BlockFragment: block})
			_ = fr.WriteData(1, true, make([]byte, 369))
		})
	}
	if err := fd.feed(request(first)); err != nil {
		b.Fatal(err)
	}
	seg := buf.Get(4096)
	in := append(seg.B, request(again)...)
	id := uint32(3)
	grant := []byte{0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0x2e, 0x20, 0} // the connection's window for 8,192 calls
	b.ReportAllocs()
	for b.Loop() {
		if id%16384 == 3 {
			_ = fd.feed(grant)
		}
		setID(in, id)
		setID(in[9+len(again):], id)
		id += 2
		if n, err := fd.c.Consume(in, seg, &fd.b); n != len(in) || err != nil {
			b.Fatal(n, err)
		}
		fd.s.Lock()
		fd.s.Out().Advance(fd.s.Out().Len())
		fd.s.Unlock()
	}
	seg.Free()
	fd.c.Closed(sock.ErrClosed, &fd.b)
}

// BenchmarkClientUnary opens a stream, sends a request and takes the answer's three frames.
func BenchmarkClientUnary(b *testing.B) {
	noDebug(b)
	fd := newFeeder(b)
	fd.c = NewClient(fd.s, Config{}, &answerer{})
	_ = fd.feed([]byte{0, 0, 0, 4, 0, 0, 0, 0, 0})
	answer := frames(func(fr *http2.Framer, _ func(...string) []byte) {
		_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndHeaders: true, BlockFragment: okBlock})
		_ = fr.WriteData(1, false, make([]byte, 369))
		_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndHeaders: true, EndStream: true, BlockFragment: trailersBlock})
	})
	seg := buf.Get(4096)
	in := append(seg.B, answer...)
	fields := hf(grpcRequest...)
	body := make([]byte, 369)
	grant := []byte{0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0x2e, 0x20, 0} // the connection's window for 8,192 calls
	b.ReportAllocs()
	for b.Loop() {
		fd.s.Lock()
		st := fd.c.Open(fields, false, nil, &fd.b)
		st.WriteData(body, true, &fd.b)
		id := st.ID()
		fd.s.Out().Advance(fd.s.Out().Len())
		fd.s.Unlock()
		if id%16384 == 1 {
			_ = fd.feed(grant)
		}
		setID(in, id)
		setID(in[9+len(okBlock):], id)
		setID(in[9+len(okBlock)+9+369:], id)
		if n, err := fd.c.Consume(in, seg, &fd.b); n != len(in) || err != nil {
			b.Fatal(n, err)
		}
	}
	seg.Free()
	fd.c.Closed(sock.ErrClosed, &fd.b)
}
