// Package sock is the lowest layer of the data path: the only code that touches a connection's socket. Above it,
// protocols speak to byte queues: bytes that arrived are handed to a Handler, bytes to be sent are appended to a queue.
//
// Each connection has one reader goroutine (the one that calls Run), which runs the protocol and everything that
// follows from it. A flush never blocks: what the socket does not take is left to a writer goroutine that lives until
// the queue is empty. TLS runs inside this layer, on memory instead of the socket, so that nothing above knows of it.
//
// The packages h2 and thriftio of the proxy are its callers.
package sock

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"weft/pkg/buf"
)

// ErrPause is returned by Handler.Consume to stop reading until Resume is called.
var ErrPause = errors.New("sock: paused")

// ErrClosed is the reason of a connection that this side closed without giving another.
var ErrClosed = errors.New("sock: connection closed")

// Handler is the protocol above a connection. All calls come without the connection's lock held.
type Handler interface {
	// Consume takes bytes that arrived and returns how many of them it is done with. in lies in seg and is lent: to keep a
	// part of it, take a reference to seg. What is left over is presented again in front of what arrives next; Consume must
	// take something of 64 KiB. ErrPause stops reading until Resume; any other error ends the connection, after what
	// is queued was sent as far as the peer takes it within a second. Reader goroutine only.
	Consume(in []byte, seg *buf.Segment, b *Batch) (n int, err error)

	// Writable says that the queue, found Full before, has room again. Any goroutine.
	Writable(b *Batch)

	// Closed is the last call. err is io.EOF where the peer closed in order. Reader goroutine only.
	Closed(err error, b *Batch)
}

// Limits of a connection. Zero values mean the defaults.
type Limits struct {
	MaxQueued  int           // bytes queued for sending from which Full reports true; default 1 MiB
	WriteStall time.Duration // a peer that takes no byte for so long is cut off; default 30 s
}

const (
	readSize      = 64 << 10
	lingerTime    = time.Second
	lingerMost    = 1 << 20
	defaultQueued = 1 << 20
	defaultStall  = 30 * time.Second
	mostPieces    = 64 // slices of one vectored write
	mostRounds    = 8  // sends of one flush before a goroutine of its own takes over
)

// Conn is one connection.
type Conn struct {
	// immutable
	nc     net.Conn
	raw    syscall.RawConn
	tls    *tlsState // nil without TLS
	lim    Limits
	readFn func(fd uintptr) bool
	sendFn func(fd uintptr) bool

	// owned by the reader goroutine
	h          Handler
	batch      Batch
	in         *buf.Segment // bytes start..end of it were read and not consumed
	start, end int
	readErr    error
	paused     bool

	resume chan struct{}

	// guarded by mu
	mu       sync.Mutex
	out      buf.Queue // not yet handed to the socket
	dirty    bool      // out has bytes that some goroutine's Batch is going to flush
	full     bool      // Full reported true: Writable is owed
	writing  bool      // a goroutine is in transmit and owns sending
	failed   error     // why nothing is sent any more
	closing  bool      // close when everything queued has left
	closeErr error
	// until when last words may still be sent; zero before the end
	lingerUntil time.Time

	// owned by the goroutine that set writing
	sending   buf.Queue
	vec       [][]byte
	sendErr   error
	mayBlock  bool
	nsending  atomic.Int64
	writers   sync.WaitGroup
	bytesIn   atomic.Int64
	bytesOut  atomic.Int64
	lastInput atomic.Int64
}

// New returns a connection on nc, a TCP or Unix socket. Nothing is read before Run.
func New(nc net.Conn, lim Limits) (*Conn, error) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil, errors.New("sock: not a socket of the kernel")
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil, err
	}
	if lim.MaxQueued == 0 {
		lim.MaxQueued = defaultQueued
	}
	if lim.WriteStall == 0 {
		lim.WriteStall = defaultStall
	}
	c := &Conn{nc: nc, raw: raw, lim: lim, resume: make(chan struct{}, 1)}
	c.readFn = c.readable
	c.sendFn = c.sendable
	return c, nil
}

// Remote returns the peer's address.
func (c *Conn) Remote() net.Addr { return c.nc.RemoteAddr() }

// Local returns this side's address.
func (c *Conn) Local() net.Addr { return c.nc.LocalAddr() }

// Traffic returns the bytes received and sent so far, as they went over the socket.
func (c *Conn) Traffic() (in, out int64) { return c.bytesIn.Load(), c.bytesOut.Load() }

// LastInput returns when bytes last arrived, in Unix nanoseconds; 0 before the first.
func (c *Conn) LastInput() int64 { return c.lastInput.Load() }

// Lock takes the write half: the queue and whatever state of the protocol above belongs to it. It is held for a few
// instructions, never over I/O or a translation.
func (c *Conn) Lock() { c.mu.Lock() }

// Unlock releases the write half.
func (c *Conn) Unlock() { c.mu.Unlock() }

// Out is the queue of bytes to be sent. The write half must be locked.
func (c *Conn) Out() *buf.Queue { return &c.out }

// Dirty says that bytes were appended to Out and are to leave when b is flushed. The write half must be locked.
func (c *Conn) Dirty(b *Batch) {
	if c.dirty {
		return // another goroutine's batch has it, and flushes it with our bytes in it
	}
	c.dirty = true
	b.conns = append(b.conns, c)
}

// Full reports whether more bytes are queued than the limit; Writable is called once when half of it is free
// again. The write half must be locked.
func (c *Conn) Full() bool {
	if c.out.Len()+int(c.nsending.Load()) < c.lim.MaxQueued || c.failed != nil {
		return false
	}
	c.full = true
	return true
}

// Close ends the connection now: what is queued is dropped. Handler.Closed follows on the reader goroutine. Any
// goroutine, with or without the lock being held by others; err may be nil.
func (c *Conn) Close(err error) {
	c.mu.Lock()
	c.closeLocked(err)
	c.mu.Unlock()
}

func (c *Conn) closeLocked(err error) {
	if err == nil {
		err = ErrClosed
	}
	if c.failed == nil {
		c.failed = err
	}
	if c.closeErr == nil {
		c.closeErr = err
	}
	_ = c.nc.SetWriteDeadline(time.Unix(1, 0))
	c.kick()
}

// CloseWhenSent ends the connection when everything queued has been sent. The write half must be locked, and the connection
// must be marked Dirty or have nothing queued.
func (c *Conn) CloseWhenSent(b *Batch) {
	c.closing = true
	if c.closeErr == nil {
		c.closeErr = ErrClosed
	}
	c.Dirty(b)
}

// Resume lets a paused connection read on. Any goroutine; a Resume that comes before the pause counts.
func (c *Conn) Resume() {
	select {
	case c.resume <- struct{}{}:
	default:
	}
}

// kick wakes the reader so that it sees closeErr. A deadline does that without closing the descriptor under it; closing
// waits for whoever uses it and so may not be done from here.
func (c *Conn) kick() {
	_ = c.nc.SetReadDeadline(time.Unix(1, 0))
	c.Resume()
}

// A Batch collects the connections that a goroutine has written to, so that each is flushed once when the goroutine
// has used up what it read. It belongs to one goroutine.
type Batch struct{ conns []*Conn }

// Flush sends what is queued on every connection of the batch, as far as the sockets take it.
func (b *Batch) Flush() {
	for i := 0; i < len(b.conns); i++ { // Writable may add more
		c := b.conns[i]
		b.conns[i] = nil
		c.flush(b)
	}
	b.conns = b.conns[:0]
}
