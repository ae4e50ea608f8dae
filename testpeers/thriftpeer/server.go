// Package thriftpeer has Apache Thrift's server and client of service Everything for tests, on every pair of
// transport and protocol that weft meets, and the check that runs all cases of package testpeers through a client.
package thriftpeer

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"

	"weft/testpeers/gen/thrift/everything"
)

// Wire is a transport ("framed" or "unframed") with a protocol ("binary" or "compact").
type Wire struct {
	Transport string
	Protocol  string
}

// Wires gives every pair.
func Wires() []Wire {
	return []Wire{{"framed", "binary"}, {"framed", "compact"}, {"unframed", "binary"}, {"unframed", "compact"}}
}

// String gives the dialect as weft writes it: "thrift/framed/binary".
func (w Wire) String() string { return "thrift/" + w.Transport + "/" + w.Protocol }

func (w Wire) factories() (thrift.TTransportFactory, thrift.TProtocolFactory) {
	var transport thrift.TTransportFactory = thrift.NewTBufferedTransportFactory(4096)
	if w.Transport == "framed" {
		transport = thrift.NewTFramedTransportFactoryConf(thrift.NewTTransportFactory(), nil)
	}
	if w.Protocol == "compact" {
		return transport, thrift.NewTCompactProtocolFactoryConf(nil)
	}
	return transport, thrift.NewTBinaryProtocolFactoryConf(nil)
}

// Server is a running server of Everything.
type Server struct {
	Addr    string
	Handler *Handler

	listener *listener
	server   *thrift.TSimpleServer
	served   chan struct{} // closed when Serve has returned

	mu    sync.Mutex
	calls map[string]int
}

// Start runs a server on a port of its own. It is stopped at the end of the test, or earlier by Stop.
func Start(tb testing.TB, wire Wire) *Server {
	tb.Helper()
	return Listen(tb, wire, "127.0.0.1:0")
}

// Listen is Start on an address of the caller's choice.
func Listen(tb testing.TB, wire Wire, address string) *Server {
	tb.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		tb.Fatalf("listen for a Thrift server: %v", err)
	}
	s := &Server{
		Addr: l.Addr().String(), Handler: NewHandler(), calls: map[string]int{}, served: make(chan struct{}),
		listener: &listener{Listener: l, conns: map[net.Conn]bool{}},
	}
	transport, protocol := wire.factories()
	processor := thrift.WrapProcessor(everything.NewEverythingProcessor(s.Handler), s.count)
	s.server = thrift.NewTSimpleServer4(processor, s.listener, transport, protocol)
	go func() { // ends with Stop, which waits for it
		defer close(s.served)
		if err := s.server.Serve(); err != nil && !s.listener.stopped() {
			tb.Errorf("serve Thrift: %v", err)
		}
	}()
	tb.Cleanup(s.Stop)
	return s
}

// Stop closes the listener and all connections and waits until the server has ended.
func (s *Server) Stop() {
	_ = s.listener.Interrupt()
	_ = s.server.Stop()
	<-s.served
}

// Calls says how many calls of a method came in, whatever became of them.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// Connections says how many connections came in since the start.
func (s *Server) Connections() int {
	s.listener.mu.Lock()
	defer s.listener.mu.Unlock()
	return s.listener.accepted
}

func (s *Server) count(name string, next thrift.TProcessorFunction) thrift.TProcessorFunction {
	return thrift.WrappedTProcessorFunction{
		Wrapped: func(ctx context.Context, seqID int32, in, out thrift.TProtocol) (bool, thrift.TException) {
			s.mu.Lock()
			s.calls[name]++
			s.mu.Unlock()
			return next.Process(ctx, seqID, in, out)
		},
	}
}

// listener is a TServerTransport that can close the connections it has handed out: TSimpleServer waits for them.
type listener struct {
	net.Listener

	mu       sync.Mutex
	conns    map[net.Conn]bool
	accepted int
	closed   bool
}

func (l *listener) Listen() error { return nil }

func (l *listener) Accept() (thrift.TTransport, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, thrift.NewTTransportException(thrift.NOT_OPEN, err.Error())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = conn.Close()
		return nil, thrift.NewTTransportException(thrift.NOT_OPEN, "stopped")
	}
	l.conns[conn] = true
	l.accepted++
	return thrift.NewTSocketFromConnConf(quiet{conn}, nil), nil
}

// quiet is a connection whose own end reads as the peer's: TSimpleServer logs anything else as an error.
type quiet struct{ net.Conn }

func (q quiet) Read(p []byte) (int, error) {
	n, err := q.Conn.Read(p)
	if errors.Is(err, net.ErrClosed) {
		err = io.EOF
	}
	return n, err
}

func (l *listener) Interrupt() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	err := l.Close()
	for conn := range l.conns {
		err = errors.Join(err, conn.Close())
	}
	l.conns = nil
	return err
}

func (l *listener) stopped() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}
