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
	"weft/proxy/thriftio"
)

// Reasons for which a call got no place. None of them lets the call have been executed.
var (
	ErrOverflow = errors.New("too many calls wait for a connection")
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
	Socket         sock.Limits
	HTTP2          h2.Config
	Thrift         thriftio.Limits
	Counters       *telemetry.Connections
}

// Env is what all pools of a process share.
type Env struct {
	Log    *zap.Logger
	Wheel  *wheel.Wheel
	Memory *budget.Budget // of messages that are held whole
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

// Parked links a waiting call into a pool's queue. Guarded by the pool's lock.
type Parked struct {
	call       Call
	prev, next *Parked
	in         bool
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

	// guarded by pool.mu
	used, depth int
	ready       bool // calls may be placed: of HTTP/2 it is known how many streams the peer takes
	leaving     bool // no call will be placed any more: GOAWAY
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

// Acquire takes a place on a connection, or returns nil where there is none at once.
func (p *Pool) Acquire() *Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.parked > 0 {
		return nil // those came first
	}
	return p.place()
}

// AcquireOrPark takes a place or parks call, which then hears of it through Assigned or Unassigned. The error is
// ErrOverflow or ErrClosed.
func (p *Pool) AcquireOrPark(call Call) (*Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	if p.parked == 0 {
		if c := p.place(); c != nil {
			return c, nil
		}
	}
	if p.parked >= p.opt.MaxPending {
		return nil, ErrOverflow
	}
	p.park(call)
	p.dialMore()
	return nil, nil
}

// place finds the first connection that has room; mu is held. Filling one before the next is used lets calls share sends.
func (p *Pool) place() *Conn {
	for _, c := range p.conns {
		if c.used < c.depth && !c.blocked.Load() {
			c.used++
			p.outstanding.Add(1)
			return c
		}
	}
	return nil
}

func (p *Pool) park(call Call) {
	n := call.Parked()
	n.call, n.in = call, true
	n.prev, n.next = p.waiting.prev, &p.waiting
	n.prev.next, n.next.prev = n, n
	p.parked++
	p.outstanding.Add(1)
}

func (p *Pool) unlink(n *Parked) Call {
	call := n.call
	n.prev.next, n.next.prev = n.next, n.prev
	*n = Parked{}
	p.parked--
	p.outstanding.Add(-1)
	return call
}

// Unpark takes a call out of the queue and reports whether it was there. Neither Assigned nor Unassigned follows then.
func (p *Pool) Unpark(call Call) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := call.Parked()
	if !n.in {
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
	for p.parked > 0 {
		c := p.place()
		if c == nil {
			break
		}
		call := p.unlink(p.waiting.next)
		p.mu.Unlock()
		taken := call.Assigned(c, b)
		p.mu.Lock()
		if !taken {
			c.free(1)
		}
	}
	if p.parked > 0 {
		p.dialMore()
	}
	p.mu.Unlock()
}

// setDepth is told by HTTP/2 how many streams the peer takes.
func (c *Conn) setDepth(n int, b *sock.Batch) {
	c.H2.Lock()
	leaving := c.H2.Leaving()
	c.H2.Unlock()
	c.pool.mu.Lock()
	c.isReady()
	c.leaving = leaving
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
