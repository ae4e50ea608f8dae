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
	// part of it, take a reference to seg. What is left over is presented again, at once if something was taken, else in
	// front of what arrives next; Consume must take something of 64 KiB. ErrPause stops reading until Resume, after which
	// Consume is called with what was left over, perhaps with nothing; any other error ends the connection, after what is queued was sent as far as the peer takes it within a second. Reader
	// goroutine only.
	Consume(in []byte, seg *buf.Segment, b *Batch) (n int, err error)

	// Writable says that the queue, found Full before, has room again. Any goroutine; never after or during Closed, which
	// may come in its place.
	Writable(b *Batch)

	// Closed is the last call. err is io.EOF where the peer closed in order, io.ErrUnexpectedEOF where it left bytes that
	// Consume had not taken. Bytes queued here still leave, unless the connection was ended by Close. Reader goroutine only.
	Closed(err error, b *Batch)
}

// ErrStalled is the reason of a connection whose peer took no byte for Limits.WriteStall.
var ErrStalled = errors.New("peer does not take what is sent")

// Limits of a connection. Zero values mean the defaults.
type Limits struct {
	MaxQueued  int           // bytes queued for sending from which Full reports true; default 1 MiB
	WriteStall time.Duration // a peer that takes no byte for so long, while some wait, is cut off; default 30 s
}

const (
	readSize      = 64 << 10
	smallSize     = 4 << 10 // segment of a connection that waits in the middle of a short frame
	lingerTime    = time.Second
	lingerMost    = 1 << 20
	defaultQueued = 1 << 20
	defaultStall  = 30 * time.Second
	mostPieces    = 64 // slices of one vectored write
	mostRounds    = 8  // sends of one flush before a goroutine of its own takes over
)

// Conn is one connection. Whoever has one must call Run, even after Close: it frees what the connection holds.
type Conn struct {
	// immutable
	nc     net.Conn
	raw    syscall.RawConn
	tls    *tlsState // nil without TLS
	lim    Limits
	readFn func(fd uintptr) bool
	sendFn func(fd uintptr) bool

	// owned by the reader goroutine
	batch      Batch
	in         *buf.Segment // bytes start..end of it were read and not consumed
	start, end int
	unflushed  int // bytes consumed since the batch was flushed
	readErr    error
	paused     bool

	// safe for any goroutine
	resume    chan struct{} // holds a token when Resume was called
	stop      atomic.Bool   // read no more
	bytesIn   atomic.Int64
	bytesOut  atomic.Int64
	lastInput atomic.Int64

	// guarded by mu
	mu          sync.Mutex
	idle        sync.Cond // signalled when writing or telling becomes false
	h           Handler   // nil before Run
	out         buf.Queue // not yet handed to the socket
	queued      int       // bytes that left out and not yet the process
	dirty       bool      // out has bytes that some goroutine's Batch is going to flush
	full        bool      // Full reported true: Writable is owed
	telling     bool      // Writable is being called
	ended       bool      // Writable is not called any more: Closed follows
	expected    int       // further writes that are likely soon, see Expect
	after       []Sent    // told when what is in out has left
	writing     bool      // a goroutine is in transmit and owns sending
	armed       bool      // the socket has a write deadline, against stalling
	failed      error     // why nothing is sent any more
	over        bool      // last words are said: what is appended now is dropped
	closing     bool      // end when everything queued has left
	endReason   error     // why this side ended the connection
	lingerUntil time.Time // until when last words may still be sent; zero before the end
	writers     sync.WaitGroup

	// owned by the goroutine that set writing
	sending  buf.Queue // plain bytes
	told     []Sent    // of sending
	records  buf.Queue // TLS: sealed bytes; they leave before sending
	vec      [][]byte
	sendErr  error
	mayBlock bool
	progress bool // bytes left since the deadline was set
	unacked  int  // bytes that the peer had not acknowledged then
}

// New returns a connection on nc, a TCP or Unix socket without deadlines. Nothing is read before Run.
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
	c.idle.L = &c.mu
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

// Out is the queue of bytes to be sent. The write half must be locked. Whoever appends must call Dirty before
// Unlock, also on a connection that has ended: the flush then drops the bytes.
func (c *Conn) Out() *buf.Queue { return &c.out }

// Dirty says that bytes were appended to Out and are to leave when b is flushed. The write half must be locked.
func (c *Conn) Dirty(b *Batch) {
	if c.dirty {
		return // another goroutine's batch has it, and flushes it with our bytes in it
	}
	c.dirty = true
	b.conns = append(b.conns, c)
	if c.expected > 1 {
		b.shared = true
	}
}

// Expect says how many calls are under way whose bytes are going to be written to this connection. With more than one, a
// reader that has bytes for it lets the other readers run before it flushes, so that what they have leaves in the same
// send: a small send costs more than a translation. The write half must be locked.
func (c *Conn) Expect(n int) { c.expected = n }

// Sent is told that bytes have left the process, err nil, or that they never will.
type Sent interface {
	Sent(err error, b *Batch)
}

// AfterSent calls s once everything that is queued now has been taken by the socket, or the connection has failed. It is called
// without the lock, by any goroutine. The write half must be locked and the connection dirty.
func (c *Conn) AfterSent(s Sent) { c.after = append(c.after, s) }

// Full reports whether as many bytes are queued as the limit says, or more; Writable is then called once, when half of it
// is free again. On a connection that has ended it reports false. The write half must be locked.
func (c *Conn) Full() bool {
	if c.out.Len()+c.queued < c.lim.MaxQueued || c.failed != nil || c.ended {
		return false
	}
	c.full = true
	return true
}

// Queued is the number of bytes that wait to be sent. The write half must be locked.
func (c *Conn) Queued() int { return c.out.Len() + c.queued }

// Close ends the connection now: what is queued is dropped. Handler.Closed follows on the reader goroutine. Any
// goroutine that does not hold the lock; err may be nil.
func (c *Conn) Close(err error) {
	if err == nil {
		err = ErrClosed
	}
	c.mu.Lock()
	c.stop.Store(true)
	c.failLocked(err)
	c.mu.Unlock()
}

// CloseWhenSent ends the connection when everything queued has been sent; until then it is read on. The write half must be
// locked.
func (c *Conn) CloseWhenSent(b *Batch) {
	c.closing = true
	c.Dirty(b)
}

// Resume lets a paused connection read on. Any goroutine; a Resume that comes before the pause counts, so that Consume may
// have to pause again.
func (c *Conn) Resume() {
	select {
	case c.resume <- struct{}{}:
	default:
	}
}

// failLocked ends sending, with what waits in it, and wakes the reader.
func (c *Conn) failLocked(err error) {
	if c.failed == nil {
		c.failed = err
	}
	_ = c.nc.SetWriteDeadline(past)
	c.endLocked(err)
}

// endLocked wakes the reader so that it sees endReason. A deadline does that without closing the descriptor under it;
// closing waits for whoever uses it and so may not be done from here.
func (c *Conn) endLocked(err error) {
	if c.endReason == nil {
		c.endReason = err
	}
	_ = c.nc.SetReadDeadline(past)
	c.Resume()
}

var past = time.Unix(1, 0)

// A Batch collects the connections that a goroutine has written to, so that each is flushed once when the goroutine
// has used up what it read, and in any case before it waits for anything. The zero value is ready. It belongs to one
// goroutine.
type Batch struct {
	conns  []*Conn
	shared bool // others are likely to write to one of conns before long
}

// Flush sends what is queued on every connection of the batch, as far as the sockets take it. It does not block.
func (b *Batch) Flush() {
	for i := 0; i < len(b.conns); i++ { // Writable may add more
		c := b.conns[i]
		b.conns[i] = nil
		c.flush(b)
	}
	b.conns = b.conns[:0]
}
