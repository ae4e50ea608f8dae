package upstream

import (
	"context"
	"net"

	"go.uber.org/zap"

	"weft/pkg/dialect"
	"weft/pkg/sock"
	"weft/proxy/h2"
)

// This file makes the connections of a pool.

// dialMore starts as many connections as the parked calls need; mu is held.
func (p *Pool) dialMore() {
	for !p.closed && p.dialing*p.opt.Depth < p.parked-p.bound && p.live()+p.dialing < p.opt.MaxConnections {
		p.dialing++
		p.running.Add(1)
		go p.connect() // ends with the connection; Close waits for it
	}
}

// live is the number of connections that take calls now or will again; mu is held.
func (p *Pool) live() int {
	n := 0
	for _, c := range p.conns {
		if c.ready && !c.leaving {
			n++
		}
	}
	return n
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
	p.opt.Counters.Opened()
	p.mu.Lock()
	p.conns = append(p.conns, c)
	switch {
	case p.closed:
		p.mu.Unlock()
		c.Sock.Close(ErrClosed)
	case c.H2 == nil:
		c.isReady()
		c.depth = p.opt.Depth
		p.serve(&b)
	default: // calls wait for the peer's SETTINGS
		p.mu.Unlock()
	}
	b.Flush()
	c.idle.Start(p.env.Wheel, p.opt.IdleTimeout, c.life, c.endIdle)
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
	c := &Conn{Sock: s, pool: p}
	if p.opt.Dialect.Kind == dialect.KindGRPC {
		c.H2 = h2.NewClient(s, p.opt.HTTP2, newGRPCEvents(c))
	} else {
		c.Thrift = newThrift(c)
	}
	return c, nil
}

func (p *Pool) dialFailed(err error, b *sock.Batch) {
	p.mu.Lock()
	p.dialing--
	p.mu.Unlock()
	p.notMade(err, b)
}

// notMade fails the parked calls where a connection could not be made, unless another one can still serve them.
func (p *Pool) notMade(err error, b *sock.Batch) {
	p.mu.Lock()
	alone := p.dialing == 0 && p.live() == 0
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

// life is what the idle watch looks at: the calls so far, and whether there is one.
func (c *Conn) life() (mark int64, busy bool) {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	return c.placed, c.used > 0
}

// endIdle closes a connection that had no call for a while, after what a oneway call may have left in its queue.
func (c *Conn) endIdle() {
	p := c.pool
	p.mu.Lock()
	if c.used > 0 {
		p.mu.Unlock()
		return
	}
	c.leaving, c.depth = true, 0
	p.unbind(c)
	var b sock.Batch
	p.serve(&b)
	c.Sock.Lock()
	if c.H2 != nil {
		c.H2.GoAway(&b)
	} else {
		c.Sock.CloseWhenSent(&b)
	}
	c.Sock.Unlock()
	b.Flush()
}
