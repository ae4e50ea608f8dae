package load

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	streamWindow = 4 << 20 // what a peer may send on one stream, and more than any answer of the benchmarks has
	refill       = 1 << 29 // how far the connection's window shrinks before it is filled again
)

// GRPC makes unary calls of a path on HTTP/2 connections with prior knowledge.
func (l Load) GRPC(path string, begin, end func()) (Result, error) {
	return l.run(func(conn net.Conn, rec *recorder) error {
		g := newGRPCLoop(l, path, conn, rec)
		return g.run()
	}, begin, end)
}

type grpcLoop struct {
	load   Load
	path   string
	rec    *recorder
	conn   net.Conn
	in     *bufio.Reader
	frames *http2.Framer
	out    bytes.Buffer
	encode *hpack.Encoder
	block  bytes.Buffer
	decode *hpack.Decoder
	body   []byte // the length-prefixed request

	next     uint32
	streams  map[uint32]*stream
	free     []*stream
	status   string // grpc-status of the header block being decoded
	window   int64  // what the peer still takes on the connection
	received int64  // since the last refill
	waiting  int    // calls that wait for the window
}

type stream struct {
	sent time.Time
	body []byte
}

func newGRPCLoop(l Load, path string, conn net.Conn, rec *recorder) *grpcLoop {
	g := &grpcLoop{
		load: l, path: path, rec: rec, conn: conn, in: bufio.NewReaderSize(conn, 64<<10),
		next: 1, streams: map[uint32]*stream{}, window: 65535,
	}
	g.frames = http2.NewFramer(&g.out, g.in)
	g.frames.SetReuseFrames()
	g.encode = hpack.NewEncoder(&g.block)
	g.decode = hpack.NewDecoder(4096, func(f hpack.HeaderField) {
		if f.Name == "grpc-status" {
			g.status = f.Value
		}
	})
	g.body = binary.BigEndian.AppendUint32([]byte{0}, uint32(len(l.Request)))
	g.body = append(g.body, l.Request...)
	return g
}

func (g *grpcLoop) run() error {
	g.out.WriteString(http2.ClientPreface)
	_ = g.frames.WriteSettings( // writes go to memory
		http2.Setting{ID: http2.SettingEnablePush, Val: 0},
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: streamWindow})
	_ = g.frames.WriteWindowUpdate(0, refill*2-1-65535)
	g.waiting = g.load.Outstanding
	g.send()
	for len(g.streams) > 0 || g.waiting > 0 {
		if g.in.Buffered() == 0 && g.out.Len() > 0 {
			if _, err := g.conn.Write(g.out.Bytes()); err != nil {
				return err
			}
			g.out.Reset()
		}
		frame, err := g.frames.ReadFrame()
		if err != nil {
			return err
		}
		if err := g.take(frame); err != nil {
			return err
		}
		if g.rec.stopped() {
			g.waiting = 0
		}
		g.send()
	}
	return nil
}

// send starts the calls that wait, as far as the connection's window goes.
func (g *grpcLoop) send() {
	for g.waiting > 0 && g.window >= int64(len(g.body)) {
		g.waiting--
		g.window -= int64(len(g.body))
		id := g.next
		g.next += 2
		g.block.Reset()
		for _, h := range []hpack.HeaderField{
			{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "http"}, {Name: ":path", Value: g.path},
			{Name: ":authority", Value: "bench"}, {Name: "content-type", Value: "application/grpc"}, {Name: "te", Value: "trailers"},
		} {
			_ = g.encode.WriteField(h) // to memory
		}
		_ = g.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: g.block.Bytes(), EndHeaders: true})
		_ = g.frames.WriteData(id, true, g.body)
		s := &stream{}
		if n := len(g.free); n > 0 {
			s, g.free = g.free[n-1], g.free[:n-1]
		}
		s.sent, s.body = time.Now(), s.body[:0]
		g.streams[id] = s
	}
}

func (g *grpcLoop) take(frame http2.Frame) error {
	switch f := frame.(type) {
	case *http2.SettingsFrame:
		if !f.IsAck() {
			_ = g.frames.WriteSettingsAck()
		}
	case *http2.PingFrame:
		if !f.IsAck() {
			_ = g.frames.WritePing(true, f.Data)
		}
	case *http2.WindowUpdateFrame:
		if f.StreamID == 0 {
			g.window += int64(f.Increment)
		}
	case *http2.GoAwayFrame:
		return fmt.Errorf("the peer goes away: %s %q", f.ErrCode, f.DebugData())
	case *http2.RSTStreamFrame:
		return fmt.Errorf("stream %d was reset: %s", f.StreamID, f.ErrCode)
	case *http2.DataFrame:
		return g.data(f)
	case *http2.HeadersFrame:
		return g.headers(f)
	case *http2.ContinuationFrame:
		return errors.New("a header block in several frames, which this load does not read")
	}
	return nil
}

func (g *grpcLoop) data(f *http2.DataFrame) error {
	g.received += int64(f.Length)
	if g.received > refill {
		_ = g.frames.WriteWindowUpdate(0, uint32(g.received))
		g.received = 0
	}
	s := g.streams[f.StreamID]
	if s == nil {
		return fmt.Errorf("data on stream %d, which is not open", f.StreamID)
	}
	s.body = append(s.body, f.Data()...)
	if f.StreamEnded() {
		return errors.New("a stream ended without trailers")
	}
	return nil
}

func (g *grpcLoop) headers(f *http2.HeadersFrame) error {
	g.status = ""
	if _, err := g.decode.Write(f.HeaderBlockFragment()); err != nil {
		return fmt.Errorf("read a header block: %w", err)
	}
	if !f.HeadersEnded() {
		return errors.New("a header block in several frames, which this load does not read")
	}
	if !f.StreamEnded() {
		return nil
	}
	s := g.streams[f.StreamID]
	if s == nil {
		return fmt.Errorf("trailers on stream %d, which is not open", f.StreamID)
	}
	if g.status != "0" || len(s.body) < 5 {
		return fmt.Errorf("%w: grpc-status %q with %d bytes", errStatus, g.status, len(s.body))
	}
	if err := g.rec.answer(s.sent, s.body[5:], g.load.Check); err != nil {
		return err
	}
	delete(g.streams, f.StreamID)
	g.free = append(g.free, s)
	g.waiting++
	return nil
}
