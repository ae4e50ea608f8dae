package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
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
	dialing int
	waiting Parked // head of a ring
	parked  int
	closed  bool
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
	gone        bool
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
	if p.parked > 0 {
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
	return true
}

// Release gives a place back, to the next parked call if there is one.
func (c *Conn) Release(b *sock.Batch) {
	c.pool.mu.Lock()
	c.used--
	c.pool.outstanding.Add(-1)
	c.pool.serve(b)
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
			c.used--
			p.outstanding.Add(-1)
		}
	}
	if p.parked > 0 {
		p.dialMore()
	}
	p.mu.Unlock()
}

// setDepth is told by HTTP/2 how many streams the peer takes.
func (c *Conn) setDepth(n int, b *sock.Batch) {
	c.pool.mu.Lock()
	c.depth = min(n, c.pool.opt.Depth)
	c.pool.serve(b)
}

// writable lets a connection whose queue was full take calls again.
func (c *Conn) writable(b *sock.Batch) {
	c.blocked.Store(false)
	c.pool.mu.Lock()
	c.pool.serve(b)
}

// remove forgets a connection that ended. Its calls have been told.
func (c *Conn) remove(b *sock.Batch) {
	p := c.pool
	p.mu.Lock()
	c.gone, c.depth = true, 0
	for i, o := range p.conns {
		if o == c {
			p.conns = append(p.conns[:i], p.conns[i+1:]...)
			break
		}
	}
	p.serve(b)
}

// dialMore starts as many connections as the parked calls need; mu is held.
func (p *Pool) dialMore() {
	for !p.closed && p.dialing*p.opt.Depth < p.parked && len(p.conns)+p.dialing < p.opt.MaxConnections {
		p.dialing++
		p.running.Add(1)
		go p.connect() // ends with the connection; Close waits for it
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

// connect dials, hands out places, and then is the connection's reader until it ends.
func (p *Pool) connect() {
	defer p.running.Done()
	var b sock.Batch
	c, err := p.dial()
	if err != nil {
		p.dialFailed(err, &b)
		b.Flush()
		return
	}
	p.mu.Lock()
	p.dialing--
	if p.closed {
		p.mu.Unlock()
		c.Sock.Close(ErrClosed)
	} else {
		p.conns = append(p.conns, c)
		p.serve(&b)
	}
	b.Flush()
	p.opt.Counters.Opened()
	c.Sock.Run(c.handler())
}

func (c *Conn) handler() sock.Handler {
	if c.H2 != nil {
		return c.H2
	}
	return c.Thrift
}

func (p *Pool) dial() (*Conn, error) {
	ctx, cancel := context.WithTimeout(p.ctx, p.opt.ConnectTimeout)
	defer cancel()
	var d net.Dialer
	nc, err := d.DialContext(ctx, p.opt.Network, p.opt.Address)
	if err != nil {
		return nil, err
	}
	s, err := sock.New(nc, p.opt.Socket)
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	c := &Conn{Sock: s, pool: p, depth: p.opt.Depth}
	if p.opt.Dialect.Kind == dialect.KindGRPC {
		c.H2 = h2.NewClient(s, p.opt.HTTP2, &grpcEvents{conn: c})
	} else {
		c.Thrift = newThrift(c)
	}
	return c, nil
}

// dialFailed fails the parked calls, unless another connection can still serve them.
func (p *Pool) dialFailed(err error, b *sock.Batch) {
	p.mu.Lock()
	p.dialing--
	alone := p.dialing == 0 && len(p.conns) == 0
	closed := p.closed
	p.mu.Unlock()
	if closed {
		return
	}
	p.opt.Counters.Failed()
	p.env.Log.Warn("no connection to endpoint", zap.String("address", p.opt.Address), zap.Error(err))
	if alone {
		p.failParked(&ConnectError{Address: p.opt.Address, Err: err}, b)
	}
}
