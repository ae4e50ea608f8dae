// Package h2 speaks HTTP/2 (RFC 9113) on a sock.Conn, as server and as client: frames, header compression, flow
// control, the life of streams. It does no I/O and starts no goroutine: bytes come in through Consume on the connection's
// reader goroutine and leave through the connection's queue. It knows nothing of gRPC.
//
// Package bridge of the proxy is its caller: it gets events and writes to streams.
package h2

import (
	"bytes"
	"errors"
	"io"

	"golang.org/x/net/http2"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

// Config of a connection; zero values mean the defaults.
type Config struct {
	MaxStreams     uint32 // streams that a client may have open at us; default 1000
	StreamWindow   uint32 // receive window of a stream, bytes; default 256 KiB
	ConnWindow     uint32 // receive window of the connection, bytes; default 1 MiB, never below 65,535
	MaxHeaderBytes uint32 // decoded size of a header list (RFC 9113 6.5.2); default 64 KiB
	MaxFrameSize   uint32 // largest frame that we accept, bytes; default 16 KiB, which is the least; at most 65,527
}

// Handler gets the events of a connection. All calls come on the reader goroutine, without a lock held, unless it says
// otherwise. An event that is under way when another goroutine calls Done may still arrive; the stream is not reused
// before it returned.
type Handler interface {
	// Headers: a header block is complete. On a server the first one of a stream is the request and st is new; on a client the
	// response (or an informational one, Status 1xx); the last one, with end set, may be trailers. h is immutable and may be kept.
	Headers(st *Stream, h *Headers, end bool, b *sock.Batch)

	// Data: bytes of the body, lent; p lies in seg (take a reference to keep it). p may be empty with end set. The stream's
	// receive window stays smaller by what came until st.Release gives it back; the connection's window is given back at once.
	Data(st *Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch)

	// Reset: the stream is over without an end: the peer reset it or broke a rule of HTTP/2 on it, or the connection
	// failed (then Conn.Err is not nil) or is refused by GOAWAY. unprocessed says that the peer cannot have acted on it
	// (REFUSED_STREAM, above GOAWAY's last id). Not called for streams that ended or that this side reset.
	Reset(st *Stream, code http2.ErrCode, unprocessed bool, b *sock.Batch)

	// Sent: n bytes given to WriteData that had to wait for a window or for room in the socket's queue have left the stream's queue.
	// Any goroutine.
	Sent(st *Stream, n int, b *sock.Batch)

	// Capacity: a client connection's number of streams that may be open at once became n (SETTINGS; 0 after GOAWAY). Not called on servers.
	Capacity(n uint32, b *sock.Batch)

	// Closed is the last call: err is io.EOF after an orderly end. Reset has been called for every stream that was open.
	Closed(err error, b *sock.Batch)
}

const (
	defaultWindow   = 65535 // what both sides start with (RFC 9113, 6.9.2)
	mostWindow      = 1<<31 - 1
	mostStreamID    = 1<<31 - 1
	defaultStreams  = 1000
	defaultReceive  = 256 << 10
	defaultConnRecv = 1 << 20
	defaultHeaders  = 64 << 10
	leastFrameSize  = 16 << 10              // RFC 9113, 4.2
	mostFrameSize   = 64<<10 - headerLength // a frame fits into one read of the socket
	headerLength    = 9
)

// Conn is one HTTP/2 connection. It is the sock.Handler of its socket.
type Conn struct {
	// immutable
	s      *sock.Conn
	cfg    Config
	h      Handler
	client bool

	// owned by the reader goroutine
	prefaced    bool          // the peer's preface has arrived (servers)
	settled     bool          // the peer's first SETTINGS has arrived
	dec         decoder       // header blocks
	block       headerBlock   // the one that is arriving
	rd          bytes.Reader  // over one frame, for fr
	fr          *http2.Framer // reads SETTINGS, PING and GOAWAY; its write half, under the lock, writes all but DATA
	held        *Stream       // the stream of the event under way; see hold
	emptyFrames int           // DATA frames without a byte, in a row

	// guarded by the lock of s
	greeted    bool // our SETTINGS were queued
	enc        encoder
	streams    map[uint32]*Stream // open and half-closed
	free       freeList
	alive      int // streams that were handed out and not given back
	past       past
	lastPeerID uint32 // server: the highest id that the client used
	nextID     uint32 // client: the id of the next stream
	settings   peerSettings
	acked      bool  // the peer has acknowledged our SETTINGS
	sendWindow int64 // of the connection
	recvWindow int64
	recvCredit int64     // received and not yet given back
	ready      readyList // streams with data that wait for the connection's window or the socket's queue
	sent       []*Stream // Sent is owed to them
	control    int       // control frames queued since the queue was last empty
	resets     int       // streams that the peer had us drop for nothing, less those that ended well
	going      shutdown
	err        error // why the connection ended
}

// NewServer returns the server side of s. The caller runs s.Run(conn). SETTINGS is queued when the client's preface arrives.
func NewServer(s *sock.Conn, cfg Config, h Handler) *Conn {
	return newConn(s, cfg, h, false)
}

// NewClient returns the client side of s; preface and SETTINGS are queued at once and leave with the connection's first flush.
// Streams may be opened before the peer's SETTINGS arrived.
func NewClient(s *sock.Conn, cfg Config, h Handler) *Conn {
	c := newConn(s, cfg, h, true)
	c.prefaced = true
	s.Lock()
	s.Out().Append([]byte(http2.ClientPreface))
	c.greet()
	s.Unlock()
	return c
}

func newConn(s *sock.Conn, cfg Config, h Handler, client bool) *Conn {
	c := &Conn{s: s, cfg: cfg.withDefaults(), h: h, client: client}
	c.fr = http2.NewFramer(outWriter{s.Out()}, &c.rd)
	c.dec.init(c.cfg.MaxHeaderBytes)
	c.enc.init(client)
	c.streams = make(map[uint32]*Stream)
	c.nextID = 1
	c.settings = peerSettings{window: defaultWindow, streams: streamsBeforeSettings}
	c.sendWindow = defaultWindow
	c.recvWindow = int64(c.cfg.ConnWindow)
	return c
}

func (cfg Config) withDefaults() Config {
	orElse := func(v *uint32, d uint32) {
		if *v == 0 {
			*v = d
		}
	}
	orElse(&cfg.MaxStreams, defaultStreams)
	orElse(&cfg.StreamWindow, defaultReceive)
	orElse(&cfg.ConnWindow, defaultConnRecv)
	orElse(&cfg.MaxHeaderBytes, defaultHeaders)
	cfg.StreamWindow = min(cfg.StreamWindow, mostWindow)
	cfg.ConnWindow = min(max(cfg.ConnWindow, defaultWindow), mostWindow)
	cfg.MaxFrameSize = min(max(cfg.MaxFrameSize, leastFrameSize), mostFrameSize)
	return cfg
}

// Sock returns the connection below.
func (c *Conn) Sock() *sock.Conn { return c.s }

// Lock takes the write half (it is the lock of the sock.Conn): everything that writes needs it.
func (c *Conn) Lock() { c.s.Lock() }

// Unlock releases it.
func (c *Conn) Unlock() { c.s.Unlock() }

// Err returns why the connection ended, nil as long as it has not. Reader goroutine only, or locked.
func (c *Conn) Err() error { return c.err }

// Consume is called by the socket with bytes that arrived; it takes the complete frames.
func (c *Conn) Consume(in []byte, seg *buf.Segment, b *sock.Batch) (n int, err error) {
	if c.err != nil {
		return 0, c.err
	}
	for {
		size, err := c.next(in[n:], seg, b)
		n += size
		if err != nil {
			return n, c.fail(err, b)
		}
		if size == 0 {
			break
		}
	}
	if c.held != nil {
		c.s.Lock()
		c.letGo()
		c.s.Unlock()
	}
	return n, nil
}

// fail tells the peer why the connection ends, and returns the error for the socket, which sends what is queued and closes.
func (c *Conn) fail(err error, b *sock.Batch) error {
	c.s.Lock()
	defer c.s.Unlock()
	c.letGo()
	if c.err != nil {
		return c.err
	}
	c.err = err
	var ce ConnectionError
	if c.prefaced && errors.As(err, &ce) {
		c.writeGoAway(c.lastPeerID, ce.Code, ce.Reason)
		c.s.Dirty(b)
	}
	return err
}

// Writable is called by the socket when its queue has room again.
func (c *Conn) Writable(b *sock.Batch) {
	c.s.Lock()
	c.pump(b)
	c.s.Unlock()
	c.tellSent(b)
}

// Closed is called by the socket at the end.
func (c *Conn) Closed(err error, b *sock.Batch) {
	c.s.Lock()
	c.letGo()
	switch {
	case errors.Is(err, sock.ErrClosed) && c.going.closing:
		err = io.EOF
	case errors.Is(err, io.EOF) && len(c.streams) > 0:
		err = io.ErrUnexpectedEOF
	}
	c.err = err
	for _, st := range c.sent {
		c.unpin(st)
	}
	c.sent = nil
	lost := c.collect(func(*Stream) bool { return true })
	for _, st := range lost {
		c.move(st, resetSent, b)
	}
	c.s.Unlock()
	code := http2.ErrCodeInternal
	var ce ConnectionError
	if errors.As(err, &ce) {
		code = ce.Code
	}
	c.tellReset(lost, code, false, b)
	c.h.Closed(err, b)
}

// outWriter lets the framer append to the socket's queue.
type outWriter struct{ q *buf.Queue }

func (w outWriter) Write(p []byte) (int, error) {
	w.q.Append(p)
	return len(p), nil
}

var _ sock.Handler = (*Conn)(nil)
