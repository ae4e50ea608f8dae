package upstream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"weft/pkg/budget"
	"weft/pkg/dialect"
	"weft/pkg/sock"
	"weft/pkg/telemetry"
	"weft/pkg/wheel"
	"weft/proxy/h2"
	"weft/proxy/idle"
	"weft/proxy/thriftio"
)

// Reasons for which a call got no place. None of them lets the call have been executed.
var (
	ErrOverflow = errors.New("too many calls wait for a connection")
	ErrPending  = errors.New("too many calls of this process wait for connections")
	ErrClosed   = errors.New("endpoint is gone")
)

// ConnectError says that no connection to the endpoint could be made.
type ConnectError struct {
	Address string
	Err     error
}

// Error gives "connect to ADDRESS: reason".
func (e *ConnectError) Error() string { return fmt.Sprintf("connect to %s: %v", e.Address, e.Err) }

// Unwrap returns the reason.
func (e *ConnectError) Unwrap() error { return e.Err }

// Options of one endpoint's pool. They are immutable.
type Options struct {
	Network        string // "tcp" or "unix"
	Address        string
	Dialect        dialect.Dialect
	Depth          int // calls outstanding on one connection: Thrift 1 or `pipeline`, gRPC streams
	MaxConnections int
	MaxPending     int // calls that may be parked
	ConnectTimeout time.Duration
	IdleTimeout    time.Duration // after which a connection without calls is closed; 0: never
	Socket         sock.Limits
	HTTP2          h2.Config
	Thrift         thriftio.Limits
	Counters       *telemetry.Connections
	ProtocolError  func()                // told when the endpoint broke its protocol; may be nil
	Exceeded       func(telemetry.Limit) // told when a connection was cut off because of a limit; may be nil
}

// Env is what all pools of a process share.
type Env struct {
	Log     *zap.Logger
	Wheel   *wheel.Wheel
	Memory  *budget.Budget // of messages that are held whole
	Pending *budget.Budget // of calls that are parked
}

// Call is a call that waits for a place on a connection.
type Call interface {
	// Assigned hands the call a place on c. The call writes itself on c, and gives the place back by c.Release when it is over. False
	// refuses the place: the call is over already.
	Assigned(c *Conn, b *sock.Batch) bool
	// Unassigned says that the call gets no place, and why.
	Unassigned(err error, b *sock.Batch)
	// Parked is the call's link in the queue of a pool.
	Parked() *Parked
}

// Parked links a waiting call into a pool's queue. Guarded by the lock of the pool that it is in.
type Parked struct {
	pool       atomic.Pointer[Pool] // nil while the call is in none
	call       Call
	on         *Conn // only this connection will do; nil: any
	prev, next *Parked
}

// Pool is the connections of one endpoint.
type Pool struct {
	// immutable
	opt    Options
	env    *Env
	ctx    context.Context // ends when the pool is closed
	cancel context.CancelFunc

	running     sync.WaitGroup // dialling and reading goroutines
	outstanding atomic.Int64   // places taken and calls parked

	// guarded by mu
	mu      sync.Mutex
	conns   []*Conn
	dialing int    // connections that are being made, up to an HTTP/2 endpoint's first SETTINGS
	waiting Parked // head of a ring
	parked  int
	bound   int // of those, the ones that wait for one connection
	closed  bool
	idle    chan struct{} // set by Drain; closed, as the pool is, when no call is left
}

// Conn is one connection of a pool. H2 or Thrift is set, by the endpoint's dialect.
type Conn struct {
	Sock   *sock.Conn
	H2     *h2.Conn
	Thrift *Thrift

	pool    *Pool
	blocked atomic.Bool // the socket's queue is full: no further calls for now
	idle    idle.Watch

	// guarded by pool.mu
	used, depth int
	placed      int64 // calls so far
	ready       bool  // calls may be placed: of HTTP/2 it is known how many streams the peer takes
	leaving     bool  // no call will be placed any more: GOAWAY
}

// NewPool returns the pool of one endpoint. It dials when the first call needs it. Close must be called.
func NewPool(opt Options, env *Env) *Pool {
	p := &Pool{opt: opt, env: env}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.waiting.prev, p.waiting.next = &p.waiting, &p.waiting
	return p
}

// Options returns what the pool was made with.
func (p *Pool) Options() *Options { return &p.opt }

// Outstanding is the number of calls that are under way or parked: the load that a balancer compares.
func (p *Pool) Outstanding() int64 { return p.outstanding.Load() }

// Acquire takes a place on a connection, or returns nil where there is none at once. on may be nil; otherwise only this connection will do,
// as long as it takes calls.
func (p *Pool) Acquire(on *Conn) *Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	on = p.own(on)
	if p.closed || p.behind(on) {
		return nil
	}
	return p.place(on)
}

// AcquireOrPark takes a place or parks call, which then hears of it through Assigned or Unassigned. on is as in Acquire. The error is
// ErrOverflow, ErrPending or ErrClosed.
func (p *Pool) AcquireOrPark(call Call, on *Conn) (*Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	on = p.own(on)
	if !p.behind(on) {
		if c := p.place(on); c != nil {
			return c, nil
		}
	}
	if p.parked >= p.opt.MaxPending {
		return nil, ErrOverflow
	}
	if !p.env.Pending.Reserve(1) {
		return nil, ErrPending
	}
	p.park(call, on)
	p.dialMore()
	return nil, nil
}

// behind reports whether parked calls come before a new one; mu is held. Those that wait for one connection let others pass.
func (p *Pool) behind(on *Conn) bool {
	return p.parked > p.bound || p.bound > 0 && on != nil
}

// TakesCalls reports whether calls may still be placed on the connection, now or later.
func (c *Conn) TakesCalls() bool {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	return !c.leaving && !c.pool.closed
}

// own returns on, nil where it is a connection of another pool or takes no calls any more; mu is held.
func (p *Pool) own(on *Conn) *Conn {
	if on == nil || on.pool != p || on.leaving {
		return nil
	}
	return on
}

// place finds the first connection that has room; mu is held. Filling one before the next is used lets calls share sends.
func (p *Pool) place(on *Conn) *Conn {
	if on != nil {
		return on.take()
	}
	for _, c := range p.conns {
		if c.take() != nil {
			return c
		}
	}
	return nil
}

// take takes a place on the connection, if there is one.
func (c *Conn) take() *Conn {
	if c.used >= c.depth || c.blocked.Load() {
		return nil
	}
	c.used++
	c.placed++
	c.pool.outstanding.Add(1)
	return c
}

func (p *Pool) park(call Call, on *Conn) {
	n := call.Parked()
	n.call = call
	n.pool.Store(p)
	n.prev, n.next = p.waiting.prev, &p.waiting
	n.prev.next, n.next.prev = n, n
	p.parked++
	if on != nil {
		n.on = on
		p.bound++
	}
	p.outstanding.Add(1)
}

func (p *Pool) unlink(n *Parked) Call {
	call := n.call
	n.prev.next, n.next.prev = n.next, n.prev
	if n.on != nil {
		p.bound--
	}
	n.call, n.on, n.prev, n.next = nil, nil, nil, nil
	n.pool.Store(nil)
	p.parked--
	p.outstanding.Add(-1)
	p.env.Pending.Release(1)
	return call
}

// unbind lets the calls that wait for c go elsewhere; mu is held.
func (p *Pool) unbind(c *Conn) {
	for n := p.waiting.next; p.bound > 0 && n != &p.waiting; n = n.next {
		if n.on == c {
			n.on = nil
			p.bound--
		}
	}
}

// Unpark takes a call out of the queue that it is in and reports whether it was in one. Neither Assigned nor Unassigned
// follows then.
func Unpark(call Call) bool {
	n := call.Parked()
	p := n.pool.Load()
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n.pool.Load() != p {
		return false
	}
	p.unlink(n)
	p.endIfIdle()
	return true
}

// Release gives a place back, to the next parked call if there is one.
func (c *Conn) Release(b *sock.Batch) {
	c.pool.mu.Lock()
	c.free(1)
	c.pool.serve(b)
}

// Refused gives back a place on a connection that took no call: it has ended, is about to, or its peer has just lowered its limit.
// No further call is placed there unless the connection says so itself.
func (c *Conn) Refused(b *sock.Batch) {
	c.pool.mu.Lock()
	c.free(1)
	c.depth = min(c.depth, c.used)
	c.pool.serve(b)
}

// free gives n places back; the pool's lock is held.
func (c *Conn) free(n int) {
	c.used -= n
	c.pool.outstanding.Add(-int64(n))
	c.pool.endIfIdle()
}

// endIfIdle closes a pool that is draining when no call is left; mu is held.
func (p *Pool) endIfIdle() {
	if p.idle != nil && !p.closed && p.outstanding.Load() == 0 {
		p.closed = true
		close(p.idle)
	}
}

// serve gives free places to parked calls; mu is held and is released.
func (p *Pool) serve(b *sock.Batch) {
	for {
		n, c := p.next()
		if c == nil {
			break
		}
		call := p.unlink(n)
		p.mu.Unlock()
		taken := call.Assigned(c, b)
		p.mu.Lock()
		if !taken {
			c.free(1)
		}
	}
	if p.parked > p.bound {
		p.dialMore()
	}
	p.mu.Unlock()
}

// next finds the first parked call for which there is a place, and takes that; mu is held.
func (p *Pool) next() (*Parked, *Conn) {
	for n := p.waiting.next; n != &p.waiting; n = n.next {
		if c := p.place(n.on); c != nil {
			return n, c
		}
		if n.on == nil && p.bound == 0 {
			break // nor is there one for those behind it
		}
	}
	return nil, nil
}

// setDepth is told by HTTP/2 how many streams the peer takes.
func (c *Conn) setDepth(n int, b *sock.Batch) {
	c.H2.Lock()
	leaving := c.H2.Leaving()
	c.H2.Unlock()
	c.pool.mu.Lock()
	c.isReady()
	c.leaving = c.leaving || leaving
	if c.leaving {
		c.pool.unbind(c)
	}
	c.depth = min(n, c.pool.opt.Depth)
	c.pool.serve(b)
}

// isReady ends the making of a connection; the pool's lock is held.
func (c *Conn) isReady() {
	if !c.ready {
		c.ready = true
		c.pool.dialing--
	}
}

// writable lets a connection whose queue was full take calls again.
func (c *Conn) writable(b *sock.Batch) {
	c.blocked.Store(false)
	c.pool.mu.Lock()
	c.pool.serve(b)
}

// remove forgets a connection that ended. Its calls have been told.
func (c *Conn) remove(err error, b *sock.Batch) {
	p := c.pool
	p.mu.Lock()
	early := !c.ready
	c.isReady()
	c.leaving, c.depth = true, 0
	p.unbind(c)
	for i, o := range p.conns {
		if o == c {
			p.conns = append(p.conns[:i], p.conns[i+1:]...)
			break
		}
	}
	if early {
		p.mu.Unlock()
		p.notMade(err, b)
		return
	}
	p.serve(b)
}

// Drain lets the calls of a pool that gets no new ones finish until ctx ends, and closes it.
func (p *Pool) Drain(ctx context.Context) {
	p.mu.Lock()
	if p.idle == nil {
		p.idle = make(chan struct{})
		p.endIfIdle()
	}
	idle := p.idle
	p.mu.Unlock()
	select {
	case <-idle:
		p.closeWhenSent(ctx)
	case <-ctx.Done():
	}
	p.Close()
}

// closeWhenSent ends the connections once what is queued on them, a oneway call perhaps, has left.
func (p *Pool) closeWhenSent(ctx context.Context) {
	var b sock.Batch
	p.mu.Lock()
	conns := append([]*Conn(nil), p.conns...)
	p.mu.Unlock()
	for _, c := range conns {
		c.Sock.Lock()
		c.Sock.CloseWhenSent(&b)
		c.Sock.Unlock()
	}
	b.Flush()
	ended := make(chan struct{})
	go func() { defer close(ended); p.running.Wait() }() // ends with the connections; Close sees to that
	select {
	case <-ended:
	case <-ctx.Done():
	}
}

// Close ends all connections and fails what is parked. It waits until everything has ended.
func (p *Pool) Close() {
	var b sock.Batch
	p.mu.Lock()
	p.closed = true
	conns := append([]*Conn(nil), p.conns...)
	p.mu.Unlock()
	p.cancel()
	p.failParked(ErrClosed, &b)
	for _, c := range conns {
		c.Sock.Close(ErrClosed)
	}
	b.Flush()
	p.running.Wait()
}

// failParked tells every parked call that it gets no place.
func (p *Pool) failParked(err error, b *sock.Batch) {
	var calls []Call
	p.mu.Lock()
	for p.parked > 0 {
		calls = append(calls, p.unlink(p.waiting.next))
	}
	p.mu.Unlock()
	for _, call := range calls {
		call.Unassigned(err, b)
	}
}
