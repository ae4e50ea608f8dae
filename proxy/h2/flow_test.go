package h2

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

func window(n uint32) http2.Setting {
	return http2.Setting{ID: http2.SettingInitialWindowSize, Val: n}
}

// serveKeeper starts a server whose streams the test drives, with a peer connected to it.
func serveKeeper(t testing.TB, cfg Config, settings ...http2.Setting) (*keeper, *peer) {
	k := &keeper{}
	return k, clientOf(t, serve(t, cfg, func() Handler { return k }), settings...)
}

func TestPeerWindows(t *testing.T) {
	want := string(message(3000))
	for _, n := range []uint32{1, 2, 100, 2999, 3000, 3001} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			p := clientOf(t, serve(t, Config{}, newEcho), window(n))
			p.headers(1, false, plainRequest...)
			p.data(1, true, want)
			sizes, got := p.body(1, true)
			if string(got) != want {
				t.Errorf("%d bytes came back as %d", len(want), len(got))
			}
			if most := slices.Max(sizes); most > int(n) {
				t.Errorf("a frame of %d bytes in a window of %d", most, n)
			}
		})
	}
}

func TestWindowNegative(t *testing.T) {
	k, p := serveKeeper(t, Config{}, window(1000))
	p.headers(1, false, plainRequest...)
	st := k.stream(t, 0)
	var waiting int
	do(st.Conn(), func(b *sock.Batch) {
		st.WriteBlock(okBlock, nil, false, b)
		waiting = st.WriteData(message(1500), false, b)
	})
	if waiting != 500 {
		t.Fatalf("%d bytes wait, want 500", waiting)
	}
	if f := until[*http2.DataFrame](p); len(f.Data()) != 1000 {
		t.Fatalf("%d bytes, want 1000", len(f.Data()))
	}
	p.must(p.fr.WriteSettings(window(300))) // the stream's window is now -700
	p.must(p.fr.WriteWindowUpdate(1, 700))  // 0
	p.sync()
	if n := k.told(); n != 0 {
		t.Fatalf("%d bytes left on a window of 0", n)
	}
	p.must(p.fr.WriteWindowUpdate(1, 10))
	if f := until[*http2.DataFrame](p); len(f.Data()) != 10 {
		t.Fatalf("%d bytes, want 10", len(f.Data()))
	}
	p.must(p.fr.WriteSettings(window(10_000)))
	if f := until[*http2.DataFrame](p); len(f.Data()) != 490 {
		t.Fatalf("%d bytes, want 490", len(f.Data()))
	}
	p.sync()
	if n := k.told(); n != 500 {
		t.Errorf("Sent told of %d bytes, want 500", n)
	}
	do(st.Conn(), func(b *sock.Batch) { st.Done(b) })
	if got := p.verdict(); got != "RST 1 CANCEL" {
		t.Errorf("Done sent %s", got)
	}
}

func TestOrderBehindWaitingData(t *testing.T) {
	for name, finish := range map[string]func(st *Stream, b *sock.Batch){
		"trailers": func(st *Stream, b *sock.Batch) { st.WriteBlock(trailersBlock, nil, true, b) },
		"headers":  func(st *Stream, b *sock.Batch) { st.WriteHeaders(hf("grpc-status", "0"), true, b) },
		"end":      func(st *Stream, b *sock.Batch) { st.WriteData(nil, true, b) },
	} {
		t.Run(name, func(t *testing.T) {
			k, p := serveKeeper(t, Config{}, window(10))
			p.headers(1, true, plainRequest...)
			st := k.stream(t, 0)
			do(st.Conn(), func(b *sock.Batch) {
				st.WriteBlock(okBlock, nil, false, b)
				st.WriteData([]byte("0123456789abc"), false, b)
				finish(st, b)
				st.WriteData([]byte("dropped"), true, b) // behind the end
			})
			p.must(p.fr.WriteWindowUpdate(1, 100))
			if _, got := p.body(1, false); string(got) != "0123456789abc" {
				t.Errorf("got %q", got)
			}
			do(st.Conn(), func(b *sock.Batch) { st.Done(b) })
			p.sync()
		})
	}
}

// TestFairness gives a connection's window to streams in turn.
func TestFairness(t *testing.T) {
	const streams, each = 4, 5 * 16384
	k, p := serveKeeper(t, Config{}, window(1<<20))
	for i := range streams {
		p.headers(uint32(2*i+1), true, plainRequest...)
	}
	k.stream(t, streams-1)
	seg := buf.Get(each)
	body := append(seg.B, message(each)...)
	for _, st := range k.streams { // the connection's window of 65,535 bytes goes to the first
		do(st.Conn(), func(b *sock.Batch) {
			st.WriteBlock(okBlock, nil, false, b)
			st.WriteShared(body, seg, true, b)
		})
	}
	var order []uint32
	got := map[uint32][]byte{}
	for ended := 0; ended < streams; {
		f := until[*http2.DataFrame](p)
		order = append(order, f.StreamID)
		got[f.StreamID] = append(got[f.StreamID], f.Data()...)
		if f.StreamEnded() {
			ended++
		}
		p.must(p.fr.WriteWindowUpdate(0, uint32(len(f.Data()))))
	}
	for _, st := range k.streams {
		if !bytes.Equal(got[st.ID()], body) {
			t.Errorf("stream %d: %d bytes of %d, or others", st.ID(), len(got[st.ID()]), each)
		}
		do(st.Conn(), func(b *sock.Batch) { st.Done(b) })
	}
	seg.Free()
	if seen := order[4:12]; slices.Index(seen, 3) < 0 || slices.Index(seen, 5) < 0 || slices.Index(seen, 7) < 0 {
		t.Errorf("frames came in the order %v", order)
	}
}

// TestSocketFull holds back what the socket does not take, in the streams' queues.
func TestSocketFull(t *testing.T) {
	const streams, each = 3, 6 << 20
	k, p := serveKeeper(t, Config{}, window(1<<30))
	p.must(p.fr.WriteWindowUpdate(0, 1<<30))
	for i := range streams {
		p.headers(uint32(2*i+1), true, plainRequest...)
	}
	k.stream(t, streams-1)
	body := message(each)
	c := k.streams[0].Conn()
	p.sync()
	waiting := 0
	for _, st := range k.streams {
		do(c, func(b *sock.Batch) {
			st.WriteBlock(okBlock, nil, false, b)
			waiting += st.WriteData(body, true, b)
			if n := c.Sock().Out().Len(); n > 1<<20+32<<10 {
				t.Errorf("%d bytes are queued on the socket", n)
			}
		})
	}
	if waiting < 10<<20 {
		t.Errorf("only %d bytes wait", waiting)
	}
	got := map[uint32][]byte{}
	for ended := 0; ended < streams; {
		f := until[*http2.DataFrame](p)
		got[f.StreamID] = append(got[f.StreamID], f.Data()...)
		if f.StreamEnded() {
			ended++
		}
		c.Lock()
		if n := c.Sock().Out().Len(); n > 1<<20+32<<10 {
			t.Errorf("%d bytes are queued on the socket", n)
		}
		c.Unlock()
	}
	await(t, "Sent", func() bool { return k.told() == waiting })
	for _, st := range k.streams {
		if !bytes.Equal(got[st.ID()], body) {
			t.Errorf("stream %d: %d bytes, or others", st.ID(), len(got[st.ID()]))
		}
		do(c, func(b *sock.Batch) { st.Done(b) })
	}
}

// TestReceiveWindows lets a peer use up what we grant: a stream's window comes back by Release, the connection's at once.
func TestReceiveWindows(t *testing.T) {
	k, p := serveKeeper(t, Config{StreamWindow: 70_000, ConnWindow: 100_000})
	p.sync()
	for id := uint32(1); id <= 9; id += 2 {
		p.headers(id, false, plainRequest...)
		for range 4 {
			p.data(id, false, strings.Repeat("x", 16_000))
		}
		if f := until[*http2.WindowUpdateFrame](p); f.StreamID != 0 {
			t.Fatalf("window update of stream %d", f.StreamID)
		}
	}
	st := k.stream(t, 0)
	do(st.Conn(), func(b *sock.Batch) {
		st.Release(34_999, b)
		st.Release(1, b)
	})
	for {
		if f := until[*http2.WindowUpdateFrame](p); f.StreamID == 1 {
			if f.Increment != 35_000 {
				t.Errorf("window grew by %d", f.Increment)
			}
			break
		}
	}
	for _, st := range k.streams {
		do(st.Conn(), func(b *sock.Batch) { st.Done(b) })
	}
}

// TestPadding gives back the window that padding took.
func TestPadding(t *testing.T) {
	p := clientOf(t, serve(t, Config{StreamWindow: 65535, ConnWindow: 65535}, newEcho))
	p.headers(1, false, plainRequest...)
	pad := make([]byte, 255)
	for i := range 1000 {
		p.must(p.fr.WriteDataPadded(1, i == 999, []byte("a"), pad))
		if i%100 == 50 {
			p.sync()
		}
	}
	if got := p.verdictOf(1); got != "end" {
		t.Error(got)
	}
}

func TestConnectionWindowExceeded(t *testing.T) {
	_, p := serveKeeper(t, Config{StreamWindow: 1 << 20, ConnWindow: 65535, MaxFrameSize: 60_000})
	p.sync()
	p.headers(1, false, plainRequest...)
	p.must(p.fr.WriteDataPadded(1, false, make([]byte, 50_000), nil))
	p.must(p.fr.WriteDataPadded(1, false, make([]byte, 60_000), nil)) // credit came for the first
	p.sync()
	c := make([]byte, 30_000) // less than half: no credit yet
	p.must(p.fr.WriteDataPadded(1, false, c, nil))
	p.must(p.fr.WriteDataPadded(1, false, make([]byte, 60_000), nil))
	if got := p.verdict(); got != "GOAWAY FLOW_CONTROL_ERROR" {
		t.Error(got)
	}
}

// TestStreamsAcrossResets lets many goroutines write to streams that the peer resets at the same time.
func TestStreamsAcrossResets(t *testing.T) {
	k, p := serveKeeper(t, Config{}, window(1000))
	const n = 200
	for i := range uint32(n) {
		p.headers(2*i+1, false, plainRequest...)
	}
	k.stream(t, n-1)
	done := make(chan bool)
	c := k.streams[0].Conn()
	go func() { // ends by itself, waited for below
		for _, st := range k.streams {
			do(c, func(b *sock.Batch) {
				if !st.done {
					st.WriteBlock(okBlock, nil, false, b)
					st.WriteData(message(5000), true, b)
				}
			})
		}
		close(done)
	}()
	for i := range uint32(n) {
		p.must(p.fr.WriteRSTStream(2*i+1, http2.ErrCodeCancel))
	}
	<-done
	p.sync()
	do(c, func(*sock.Batch) {
		if len(c.streams) != 0 || c.alive != 0 || c.ready.first != nil {
			t.Errorf("%d streams in the table, %d alive", len(c.streams), c.alive)
		}
	})
}
