package e2e

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"

	"weft/testpeers/grpcpeer"
)

// bytesCodec lets a message be any bytes.
type bytesCodec struct{}

func (bytesCodec) Name() string                  { return "proto" }
func (bytesCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (bytesCodec) Unmarshal(b []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), b...)
	return nil
}

// serveBytes runs a grpc-go server all of whose methods, of any kind, are handle.
func serveBytes(t testing.TB, handle func(method string, s grpc.ServerStream) error, options ...grpc.ServerOption) (string, *grpc.Server) {
	options = append(options, grpc.ForceServerCodec(bytesCodec{}), grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
		name, _ := grpc.MethodFromServerStream(s)
		return handle(name, s)
	}))
	return serveGRPC(t, func(*grpc.Server) {}, options...)
}

// dialBytes connects a client of messages that are any bytes.
func dialBytes(t testing.TB, addr string, options ...grpc.DialOption) *grpc.ClientConn {
	return grpcpeer.Dial(t, addr, append(options, grpc.WithDefaultCallOptions(grpc.ForceCodec(bytesCodec{})))...)
}

// call makes a unary call.
func call(ctx context.Context, conn *grpc.ClientConn, method string, request []byte) ([]byte, error) {
	var response []byte
	err := conn.Invoke(ctx, method, &request, &response)
	return response, err
}

// openStream begins a stream of both directions.
func openStream(t testing.TB, ctx context.Context, conn *grpc.ClientConn, method string) grpc.ClientStream {
	t.Helper()
	s, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// echoBytes sends each message back.
func echoBytes(_ string, s grpc.ServerStream) error {
	for {
		var b []byte
		if err := s.RecvMsg(&b); err != nil {
			return endOf(err)
		}
		if err := s.SendMsg(&b); err != nil {
			return err
		}
	}
}

func endOf(err error) error {
	if err.Error() == "EOF" {
		return nil
	}
	return err
}

// A rawPeer is the server side of one HTTP/2 connection, frame by frame.
type rawPeer struct {
	*http2.Framer
	net.Conn
	mu  sync.Mutex // for writes from several goroutines
	hp  *hpack.Encoder
	out strings.Builder
}

// A request is a header list that arrived at a rawPeer.
type request struct {
	id  uint32
	end bool
	*http2.MetaHeadersFrame
}

// serveRaw accepts connections and runs serve for each, n counted from 1, until the end of the test.
func serveRaw(t testing.TB, settings []http2.Setting, serve func(n int, p *rawPeer)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	running.Go(func() { // ends with the listener
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			running.Go(func() { // ends with the connection
				defer c.Close()
				if p, err := newRawPeer(c, settings); err == nil {
					serve(n, p)
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return l.Addr().String()
}

func newRawPeer(c net.Conn, settings []http2.Setting) (*rawPeer, error) {
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := readFull(c, preface); err != nil || string(preface) != http2.ClientPreface {
		return nil, fmt.Errorf("preface: %q, %v", preface, err)
	}
	p := &rawPeer{Framer: http2.NewFramer(c, c), Conn: c}
	p.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	p.hp = hpack.NewEncoder(&p.out)
	return p, p.WriteSettings(settings...)
}

func readFull(c net.Conn, b []byte) (int, error) {
	n := 0
	for n < len(b) {
		m, err := c.Read(b[n:])
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// next returns the next request's headers, nil at the end of the connection. It answers SETTINGS and PING and gives windows back.
func (p *rawPeer) next() *request {
	for {
		f, err := p.ReadFrame()
		if err != nil {
			return nil
		}
		p.mu.Lock()
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				_ = p.WriteSettingsAck()
			}
		case *http2.PingFrame:
			if !f.IsAck() {
				_ = p.WritePing(true, f.Data)
			}
		case *http2.DataFrame:
			if n := len(f.Data()); n > 0 {
				_ = p.WriteWindowUpdate(0, uint32(n))
			}
		case *http2.MetaHeadersFrame:
			p.mu.Unlock()
			return &request{id: f.StreamID, end: f.StreamEnded(), MetaHeadersFrame: f}
		}
		p.mu.Unlock()
	}
}

// headers sends a header list, given as names and values in turn.
func (p *rawPeer) headers(id uint32, end bool, fields ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.Reset()
	for i := 0; i < len(fields); i += 2 {
		_ = p.hp.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte(p.out.String()), EndStream: end, EndHeaders: true})
}

// answer sends a whole successful response with an empty message.
func (p *rawPeer) answer(id uint32) {
	p.headers(id, false, ":status", "200", "content-type", "application/grpc")
	p.mu.Lock()
	_ = p.WriteData(id, false, make([]byte, 5))
	p.mu.Unlock()
	p.headers(id, true, "grpc-status", "0")
}

// reset sends RST_STREAM.
func (p *rawPeer) reset(id uint32, code http2.ErrCode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.WriteRSTStream(id, code)
}
