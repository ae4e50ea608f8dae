package h2

import (
	"bytes"
	"fmt"
	"net"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

// script is a handler that writes down what it is told and answers at once. It needs no running connection.
type script struct {
	log  []string
	sent map[uint32]int
}

func (s *script) note(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

func (s *script) Headers(st *Stream, h *Headers, end bool, b *sock.Batch) {
	s.note("headers %d %q %q %q %q %v %v", st.ID(), h.Method, h.Path, h.Authority, h.Status, h.Fields, end)
	s.answer(st, nil, h.Method != "", end, b)
}

func (s *script) Data(st *Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch) {
	s.note("data %d %q %v", st.ID(), p, end)
	s.answer(st, p, false, end, b)
}

func (s *script) answer(st *Stream, p []byte, begin, end bool, b *sock.Batch) {
	st.Conn().Lock()
	defer st.Conn().Unlock()
	if begin {
		st.WriteBlock(okBlock, nil, false, b)
	}
	st.Release(len(p), b)
	st.WriteData(p, false, b)
	if end {
		st.WriteBlock(trailersBlock, nil, true, b)
		if st.over() {
			st.Done(b)
		}
	}
}

func (s *script) Reset(st *Stream, code http2.ErrCode, unprocessed bool, b *sock.Batch) {
	s.note("reset %d %v %v", st.ID(), code, unprocessed)
	st.Conn().Lock()
	st.Done(b)
	st.Conn().Unlock()
}

func (s *script) Sent(st *Stream, n int, b *sock.Batch) {
	s.sent[st.ID()] += n
	st.Conn().Lock()
	if st.over() {
		st.Done(b)
	}
	st.Conn().Unlock()
}

func (s *script) Capacity(n uint32, b *sock.Batch) { s.note("capacity %d", n) }
func (s *script) Closed(err error, b *sock.Batch)  { s.note("closed %v", err) }

// feeder gives bytes to a connection without a socket.
type feeder struct {
	s    *sock.Conn
	c    *Conn
	b    sock.Batch
	rest []byte
	out  int
}

func newFeeder(t testing.TB) *feeder {
	t.Helper()
	nc, err := net.ListenPacket("udp", "127.0.0.1:0") // any socket will do: nothing goes over it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	s, err := sock.New(nc.(*net.UDPConn), sock.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return &feeder{s: s}
}

// feed presents what is left over and p, as the socket does.
func (f *feeder) feed(p []byte) error {
	seg := buf.Get(len(f.rest) + len(p))
	defer seg.Free()
	in := append(append(seg.B, f.rest...), p...)
	n, err := f.c.Consume(in, seg, &f.b)
	f.rest = bytes.Clone(in[n:])
	f.s.Lock()
	f.out += f.s.Out().Len()
	f.s.Out().Reset()
	f.s.Unlock()
	return err
}

const fuzzMost = 48 << 10

// run feeds data, cut after each of cuts in turn, and returns what the handler saw.
func (f *feeder) run(t testing.TB, data []byte, cuts []byte, h *script) []string {
	var err error
	for i := 0; len(data) > 0 && err == nil; i++ {
		n := len(data)
		if len(cuts) > 0 {
			n = min(n, 1+int(cuts[i%len(cuts)]))
		}
		err = f.feed(data[:n])
		data = data[n:]
		if len(f.c.streams) > int(f.c.cfg.MaxStreams) || f.c.alive > 2*int(f.c.cfg.MaxStreams) || cap(f.c.block.bytes) > 256<<10 {
			t.Fatal("the connection holds more than it may")
		}
	}
	h.note("consumed with %v", err)
	if err == nil {
		err = fmt.Errorf("no more")
	}
	f.c.Closed(err, &f.b)
	f.s.Lock()
	f.s.Out().Reset()
	f.s.Unlock()
	h.note("sent %v", h.sent)
	if n := len(f.c.streams); n > 0 {
		t.Errorf("%d streams are left in the table", n)
	}
	return h.log
}

func compareSplits(t *testing.T, run func(cuts []byte) []string, cuts []byte) {
	segments, _ := buf.InUse()
	whole := run(nil)
	parts := run(append(bytes.Clone(cuts), 0)) // the fuzzer keeps other things behind cuts
	for i := range max(len(whole), len(parts)) {
		if i >= len(whole) || i >= len(parts) || whole[i] != parts[i] {
			t.Fatalf("event %d differs:\nwhole %q\nparts %q", i, whole[min(i, len(whole)):], parts[min(i, len(parts)):])
		}
	}
	if now, _ := buf.InUse(); now != segments {
		t.Errorf("%d segments leaked", now-segments)
	}
}

func FuzzServerFrames(f *testing.F) {
	for _, seed := range serverSeeds() {
		f.Add(seed, []byte{7, 100})
	}
	f.Fuzz(func(t *testing.T, data, cuts []byte) {
		if len(data) > fuzzMost {
			return
		}
		compareSplits(t, func(cuts []byte) []string {
			h := &script{sent: map[uint32]int{}}
			fd := newFeeder(t)
			fd.c = NewServer(fd.s, Config{MaxStreams: 10, StreamWindow: 1000, MaxHeaderBytes: 4000}, h)
			opening := append([]byte(http2.ClientPreface), 0, 0, 0, 4, 0, 0, 0, 0, 0)
			return fd.run(t, append(opening, data...), cuts, h)
		}, cuts)
	})
}

func FuzzClientFrames(f *testing.F) {
	for _, seed := range clientSeeds() {
		f.Add(seed, []byte{7, 100})
	}
	f.Fuzz(func(t *testing.T, data, cuts []byte) {
		if len(data) > fuzzMost {
			return
		}
		compareSplits(t, func(cuts []byte) []string {
			h := &script{sent: map[uint32]int{}}
			fd := newFeeder(t)
			fd.c = NewClient(fd.s, Config{StreamWindow: 1000, MaxHeaderBytes: 4000}, h)
			fd.s.Lock()
			for i := range 5 {
				st := fd.c.Open(requestFields, false, nil, &fd.b)
				st.WriteData(make([]byte, i*20_000), i%2 == 0, &fd.b)
			}
			fd.s.Unlock()
			return fd.run(t, append([]byte{0, 0, 0, 4, 0, 0, 0, 0, 0}, data...), cuts, h)
		}, cuts)
	})
}

// frames returns the bytes that f writes.
func frames(f func(fr *http2.Framer, block func(fields ...string) []byte)) []byte {
	var out, blk bytes.Buffer
	fr := http2.NewFramer(&out, nil)
	fr.AllowIllegalWrites = true
	enc := hpack.NewEncoder(&blk)
	f(fr, func(fields ...string) []byte { return encodeBy(enc, &blk, hf(fields...)) })
	return out.Bytes()
}

func serverSeeds() [][]byte {
	return [][]byte{
		frames(func(fr *http2.Framer, block func(...string) []byte) {
			for id := uint32(1); id < 20; id += 2 {
				_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndHeaders: true, BlockFragment: block(plainRequest...)})
				_ = fr.WriteData(id, true, []byte("hello"))
			}
		}),
		frames(func(fr *http2.Framer, block func(...string) []byte) {
			_ = fr.WriteSettings(window(3), http2.Setting{ID: http2.SettingHeaderTableSize, Val: 0})
			_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndHeaders: true, PadLength: 4, Priority: http2.PriorityParam{Weight: 3}, BlockFragment: block(plainRequest...)})
			_ = fr.WriteDataPadded(1, false, []byte("hello"), make([]byte, 9))
			_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndStream: true, EndHeaders: true, BlockFragment: block("a", "b")})
			_ = fr.WriteWindowUpdate(1, 1)
			_ = fr.WriteSettings(window(1000))
			_ = fr.WritePing(false, [8]byte{1})
		}),
		frames(func(fr *http2.Framer, block func(...string) []byte) {
			b := block(with(plainRequest, "content-length", "5", "te", "trailers")...)
			_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: b[:5]})
			_ = fr.WriteContinuation(1, false, b[5:8])
			_ = fr.WriteContinuation(1, true, b[8:])
			_ = fr.WriteRSTStream(1, http2.ErrCodeCancel)
			_ = fr.WriteData(1, false, []byte("late"))
			_ = fr.WriteGoAway(0, http2.ErrCodeNo, []byte("bye"))
			_ = fr.WritePriority(3, http2.PriorityParam{StreamDep: 1})
			_ = fr.WriteRawFrame(0x99, 1, 3, []byte("unknown"))
		}),
	}
}

func clientSeeds() [][]byte {
	return [][]byte{
		frames(func(fr *http2.Framer, block func(...string) []byte) {
			_ = fr.WriteSettingsAck()
			_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndHeaders: true, BlockFragment: block(":status", "100")})
			for id := uint32(1); id < 10; id += 2 {
				_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndHeaders: true, BlockFragment: block(plainResponse...)})
				_ = fr.WriteWindowUpdate(0, 20_000)
				_ = fr.WriteData(id, false, []byte("hello"))
				_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndHeaders: true, EndStream: true, BlockFragment: block("grpc-status", "0")})
			}
		}),
		frames(func(fr *http2.Framer, block func(...string) []byte) {
			_ = fr.WriteSettings(window(100_000), http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 7})
			_ = fr.WriteWindowUpdate(0, 1_000_000)
			_ = fr.WriteRSTStream(3, http2.ErrCodeRefusedStream)
			_ = fr.WriteGoAway(5, http2.ErrCodeNo, nil)
			_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndHeaders: true, EndStream: true, BlockFragment: block(plainResponse...)})
			_ = fr.WriteGoAway(1, http2.ErrCodeInternal, []byte("worse"))
		}),
	}
}
