package h2

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

// peer is the other side of a connection, which sends what a test wants, right or wrong.
type peer struct {
	t   testing.TB
	nc  net.Conn
	fr  *http2.Framer
	enc *hpack.Encoder
	blk bytes.Buffer
	dec *hpack.Decoder
}

func newPeer(t testing.TB, nc net.Conn) *peer {
	_ = nc.SetDeadline(time.Now().Add(20 * time.Second))
	p := &peer{t: t, nc: nc, fr: http2.NewFramer(nc, nc)}
	p.fr.AllowIllegalWrites = true
	p.fr.AllowIllegalReads = true
	p.enc = hpack.NewEncoder(&p.blk)
	p.dec = hpack.NewDecoder(4096, nil)
	t.Cleanup(func() { nc.Close() })
	return p
}

// clientOf connects to a server of ours and sends the preface and SETTINGS.
func clientOf(t testing.TB, addr string, settings ...http2.Setting) *peer {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	p := newPeer(t, nc)
	p.write([]byte(http2.ClientPreface))
	p.must(p.fr.WriteSettings(settings...))
	return p
}

// serverOf starts a client of ours and returns it with its peer, which has sent SETTINGS.
func serverOf(t testing.TB, cfg Config, settings ...http2.Setting) (*caller, *peer) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := dial(t, l.Addr().String(), cfg)
	nc, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	p := newPeer(t, nc)
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(nc, preface); err != nil || string(preface) != http2.ClientPreface {
		t.Fatalf("preface %q, %v", preface, err)
	}
	p.must(p.fr.WriteSettings(settings...))
	return c, p
}

func (p *peer) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) write(b []byte) {
	p.t.Helper()
	_, err := p.nc.Write(b)
	p.must(err)
}

func (p *peer) raw(kind http2.FrameType, flags http2.Flags, id uint32, payload string) {
	p.t.Helper()
	p.must(p.fr.WriteRawFrame(kind, flags, id, []byte(payload)))
}

// encode takes names and values in turn.
func (p *peer) encode(fields ...string) []byte {
	p.blk.Reset()
	for i := 0; i < len(fields); i += 2 {
		_ = p.enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return bytes.Clone(p.blk.Bytes())
}

var (
	plainRequest  = []string{":method", "POST", ":scheme", "http", ":path", "/a.B/C", ":authority", "test"}
	plainResponse = []string{":status", "200", "content-type", "application/grpc"}
)

func with(fields []string, more ...string) []string {
	return append(append([]string(nil), fields...), more...)
}

func (p *peer) headers(id uint32, end bool, fields ...string) {
	p.t.Helper()
	block := p.encode(fields...)
	first := block[:min(len(block), 16000)]
	block = block[len(first):]
	p.must(p.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndStream: end, EndHeaders: len(block) == 0, BlockFragment: first}))
	for len(block) > 0 {
		next := block[:min(len(block), 16000)]
		block = block[len(next):]
		p.must(p.fr.WriteContinuation(id, len(block) == 0, next))
	}
}

func (p *peer) data(id uint32, end bool, body string) {
	p.t.Helper()
	p.must(p.fr.WriteData(id, end, []byte(body)))
}

// next returns the next frame, nil when the connection has ended. SETTINGS are acknowledged and skipped.
func (p *peer) next() http2.Frame {
	p.t.Helper()
	for {
		f, err := p.fr.ReadFrame()
		if err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				p.t.Fatal("the other side says nothing")
			}
			return nil
		}
		s, ok := f.(*http2.SettingsFrame)
		if !ok {
			return f
		}
		if !s.IsAck() {
			_ = p.fr.WriteSettingsAck()
		}
	}
}

// until reads frames until one is of type F.
func until[F http2.Frame](p *peer) F {
	p.t.Helper()
	for {
		switch f := p.next().(type) {
		case nil:
			p.t.Fatalf("the connection ended before a %T", *new(F))
		case F:
			return f
		}
	}
}

// sync waits until the other side has handled what was sent.
func (p *peer) sync() {
	p.t.Helper()
	data := [8]byte{'s', 'y', 'n', 'c'}
	p.must(p.fr.WritePing(false, data))
	for {
		if f := until[*http2.PingFrame](p); f.IsAck() && f.Data == data {
			return
		}
	}
}

// verdict is how the other side answered: "GOAWAY PROTOCOL_ERROR", "RST 1 CANCEL" or "closed".
func (p *peer) verdict() string {
	p.t.Helper()
	for {
		switch f := p.next().(type) {
		case nil:
			return "closed"
		case *http2.GoAwayFrame:
			return "GOAWAY " + f.ErrCode.String()
		case *http2.RSTStreamFrame:
			return fmt.Sprintf("RST %d %v", f.StreamID, f.ErrCode)
		}
	}
}

// verdictOf is "end" if a stream ends by END_STREAM, else as verdict.
func (p *peer) verdictOf(id uint32) string {
	p.t.Helper()
	for {
		switch f := p.next().(type) {
		case nil:
			return "closed"
		case *http2.GoAwayFrame:
			return "GOAWAY " + f.ErrCode.String()
		case *http2.RSTStreamFrame:
			return fmt.Sprintf("RST %d %v", f.StreamID, f.ErrCode)
		case *http2.HeadersFrame:
			if f.StreamID == id && f.StreamEnded() {
				return "end"
			}
		case *http2.DataFrame:
			if f.StreamID == id && f.StreamEnded() {
				return "end"
			}
		}
	}
}

// body reads DATA of a stream until it ends, and returns the sizes of the frames. It gives windows back if credit is set.
func (p *peer) body(id uint32, credit bool) (sizes []int, text []byte) {
	p.t.Helper()
	for {
		switch f := p.next().(type) {
		case nil:
			p.t.Fatal("the connection ended")
		case *http2.HeadersFrame:
			if f.StreamID == id && f.StreamEnded() {
				return sizes, text
			}
		case *http2.DataFrame:
			if f.StreamID != id {
				continue
			}
			sizes = append(sizes, len(f.Data()))
			text = append(text, f.Data()...)
			if f.StreamEnded() {
				return sizes, text
			}
			if n := uint32(len(f.Data())); credit && n > 0 {
				p.must(p.fr.WriteWindowUpdate(0, n))
				p.must(p.fr.WriteWindowUpdate(id, n))
			}
		}
	}
}

func hf(fields ...string) (list []hpack.HeaderField) {
	for i := 0; i < len(fields); i += 2 {
		list = append(list, hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return list
}

// keeper is a server's handler that keeps what arrives, for tests that drive the streams themselves.
type keeper struct {
	echo
	mu      sync.Mutex
	streams []*Stream
	lists   []*Headers
	resets  []http2.ErrCode
	got     int
	ended   int
	sent    int
	closing error
	over    bool
}

func (k *keeper) Headers(st *Stream, h *Headers, end bool, b *sock.Batch) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if h.Method != "" {
		k.streams = append(k.streams, st)
	}
	k.lists = append(k.lists, h)
	if end {
		k.ended++
	}
}

func (k *keeper) Data(st *Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.got += len(p)
	if end {
		k.ended++
	}
}

func (k *keeper) Reset(st *Stream, code http2.ErrCode, unprocessed bool, b *sock.Batch) {
	k.mu.Lock()
	k.resets = append(k.resets, code)
	k.mu.Unlock()
	st.Conn().Lock()
	st.Done(b)
	st.Conn().Unlock()
}

func (k *keeper) Sent(st *Stream, n int, b *sock.Batch) {
	k.mu.Lock()
	k.sent += n
	k.mu.Unlock()
}

func (k *keeper) Closed(err error, b *sock.Batch) {
	k.mu.Lock()
	k.closing, k.over = err, true
	k.mu.Unlock()
}

// told is how many bytes Sent has told of.
func (k *keeper) told() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sent
}

// received is what Data and Headers have told.
func (k *keeper) received() (bytes, ends int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.got, k.ended
}

// stream waits for the n-th stream to arrive.
func (k *keeper) stream(t testing.TB, n int) *Stream {
	t.Helper()
	await(t, "a stream", func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		return len(k.streams) > n
	})
	return k.streams[n]
}

// do runs f with the connection locked and flushes what it wrote.
func do(c *Conn, f func(b *sock.Batch)) {
	var b sock.Batch
	c.Lock()
	f(&b)
	c.Unlock()
	b.Flush()
}
