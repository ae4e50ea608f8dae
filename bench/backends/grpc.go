package backends

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	streamWindow = 1 << 20 // what a peer may send on one stream, and more than any request of the benchmarks has
	refill       = 1 << 29 // how far the connection's window shrinks before it is filled again
)

// ServeGRPC answers every request that comes in on l with one message and status 0, until l is closed. Its header blocks
// use no dynamic table, and requests' are not decoded. Answers leave together when no more frames are waiting.
func ServeGRPC(l net.Listener, message []byte) error {
	blocks := newAnswer(message)
	return serve(l, func(conn net.Conn) error { return grpcConn(conn, blocks) })
}

// answer is what goes out for each request.
type answer struct {
	headers  []byte // header block
	body     []byte // length-prefixed message
	trailers []byte // header block
}

func newAnswer(message []byte) *answer {
	a := &answer{body: binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))}
	a.body = append(a.body, message...)
	a.headers = block(":status", "200", "content-type", "application/grpc")
	a.trailers = block("grpc-status", "0")
	return a
}

func block(pairs ...string) []byte {
	var b bytes.Buffer
	enc := hpack.NewEncoder(&b)
	for i := 0; i < len(pairs); i += 2 {
		// Sensitive fields stay out of the dynamic table, so the block means the same every time.
		_ = enc.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1], Sensitive: true})
	}
	return b.Bytes()
}

// grpcServer is one connection.
type grpcServer struct {
	answer *answer
	out    bytes.Buffer
	frames *http2.Framer

	window   int64    // what the peer still takes on the connection
	received int64    // since the last refill
	ready    []uint32 // streams whose answer waits for the window
}

func grpcConn(conn net.Conn, a *answer) error {
	in := bufio.NewReaderSize(conn, 64<<10)
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(in, preface); err != nil {
		return err
	}
	if string(preface) != http2.ClientPreface {
		return fmt.Errorf("not HTTP/2: %q", preface)
	}
	s := &grpcServer{answer: a, window: 65535}
	s.frames = http2.NewFramer(&s.out, in)
	s.frames.SetReuseFrames()
	_ = s.frames.WriteSettings( // writes go to memory
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: streamWindow},
		http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 100000})
	_ = s.frames.WriteWindowUpdate(0, refill*2-1-65535)
	for {
		frame, err := s.frames.ReadFrame()
		if err != nil {
			return err
		}
		if err := s.take(frame); err != nil {
			return err
		}
		if in.Buffered() == 0 && s.out.Len() > 0 {
			if _, err := conn.Write(s.out.Bytes()); err != nil {
				return err
			}
			s.out.Reset()
		}
	}
}

func (s *grpcServer) take(frame http2.Frame) error {
	switch f := frame.(type) {
	case *http2.SettingsFrame:
		if !f.IsAck() {
			_ = s.frames.WriteSettingsAck()
		}
	case *http2.PingFrame:
		if !f.IsAck() {
			_ = s.frames.WritePing(true, f.Data)
		}
	case *http2.WindowUpdateFrame:
		if f.StreamID == 0 {
			s.window += int64(f.Increment)
			s.send()
		}
	case *http2.GoAwayFrame:
		return io.EOF
	case *http2.DataFrame:
		s.received += int64(f.Length)
		if s.received > refill {
			_ = s.frames.WriteWindowUpdate(0, uint32(s.received))
			s.received = 0
		}
		if f.StreamEnded() {
			s.ready = append(s.ready, f.StreamID)
			s.send()
		}
	}
	return nil
}

// send answers the streams that are ready as far as the connection's window goes.
func (s *grpcServer) send() {
	for len(s.ready) > 0 && s.window >= int64(len(s.answer.body)) {
		id := s.ready[0]
		s.ready = s.ready[1:]
		s.window -= int64(len(s.answer.body))
		_ = s.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: s.answer.headers, EndHeaders: true})
		_ = s.frames.WriteData(id, false, s.answer.body)
		_ = s.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: s.answer.trailers, EndHeaders: true, EndStream: true})
	}
}
