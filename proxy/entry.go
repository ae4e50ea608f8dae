package proxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"go.uber.org/zap"

	"weft/pkg/dialect"
	"weft/pkg/policy"
	"weft/pkg/sock"
	"weft/pkg/telemetry"
	"weft/proxy/accept"
	"weft/proxy/bridge"
	"weft/proxy/detect"
	"weft/proxy/relay"
	"weft/proxy/route"
)

// An entry is where calls to one service come in.
type entry struct {
	p         *Proxy
	listen    string // as configured
	direction telemetry.Direction
	service   *route.Service
	policy    policy.Policy
	listener  *accept.Listener // set by Start
}

func (p *Proxy) newEntry(listen string, dir telemetry.Direction, svc *route.Service, pol policy.Policy) *entry {
	return &entry{p: p, listen: listen, direction: dir, service: svc, policy: pol}
}

// serve runs a connection from its first byte to its end, as its reader goroutine.
func (e *entry) serve(nc net.Conn) {
	s, err := sock.New(nc, socketLimits(e.p.config.Limits))
	if err != nil {
		e.p.log.Error("serve a connection", zap.Error(err))
		_ = nc.Close()
		return
	}
	c := e.p.conns.add(s)
	if c == nil { // too late: the proxy is draining
		_ = nc.Close()
		return
	}
	defer e.p.conns.remove(c)
	s.Run(accept.NewSwitch(s, e.p.wheel, e.p.config.Limits.FirstByte,
		func(k detect.Kind) (sock.Handler, error) { return e.protocol(c, k) },
		func(err error) { e.closed(c, err) }))
	if c.pair != nil {
		c.pair.Wait()
	}
}

// protocol puts the dialect that the first bytes told on the connection.
func (e *entry) protocol(c *conn, k detect.Kind) (sock.Handler, error) {
	closed := func(err error) { e.closed(c, err) }
	d, known := k.Dialect()
	switch {
	case !known || !d.Supported():
		return nil, fmt.Errorf("%s is not spoken here: want gRPC (HTTP/2 without TLS) or Thrift (framed or unframed, binary or compact)", k)
	case d == dialect.GRPC:
		h := e.p.bridge.ServeGRPC(c.s, e.service, &e.policy, closed)
		e.speaks(c, h, d)
		return h, nil
	case !e.service.HasSchema:
		return e.pin(c, d, closed)
	}
	t := e.p.bridge.ServeThrift(c.s, e.service, &e.policy, closed)
	e.speaks(c, t, d)
	return t, nil
}

// pin relays a Thrift connection to a service without a schema to one endpoint of the same dialect.
func (e *entry) pin(c *conn, d dialect.Dialect, closed func(error)) (sock.Handler, error) {
	ep := e.service.Any()
	switch {
	case ep == nil:
		return nil, fmt.Errorf("service %s has no endpoint", e.service.Name)
	case ep.Dialect != d:
		return nil, fmt.Errorf("service %s has no schema, and its endpoint %s speaks %s, not %s", e.service.Name, ep.Address, ep.Dialect, d)
	}
	o := ep.Pool.Options()
	c.pair = relay.New(c.s, o.Network, o.Address, o.ConnectTimeout, o.Socket, closed)
	e.speaks(c, c.pair, d)
	return c.pair, nil
}

func (e *entry) speaks(c *conn, d drainer, name dialect.Dialect) {
	c.counters = e.p.metrics.Connections(e.direction, telemetry.Downstream, e.service.Name, name)
	c.counters.Opened()
	c.speaks(d, name)
}

// closed counts and logs the end of a connection. A peer that hangs up is nothing to report.
func (e *entry) closed(c *conn, err error) {
	if c.counters == nil {
		e.p.metrics.Connections(e.direction, telemetry.Downstream, e.service.Name, dialect.Dialect{}).Failed()
	} else {
		c.counters.Closed()
	}
	fields := []zap.Field{zap.Stringer("peer", c.s.Remote()), zap.String("service", e.service.Name), zap.Stringer("dialect", c.name), zap.Error(err)}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, sock.ErrClosed) || isHangUp(err) {
		e.p.log.Debug("connection ended", fields...)
		return
	}
	e.p.log.Warn("connection ended", fields...)
	switch {
	case errors.Is(err, accept.ErrNoBytes):
		e.p.metrics.Exceeded(e.direction, telemetry.LimitFirstByte)
	case errors.Is(err, bridge.ErrBetweenBytes):
		e.p.metrics.Exceeded(e.direction, telemetry.LimitBetweenBytes)
	case errors.Is(err, sock.ErrStalled):
		e.p.metrics.Exceeded(e.direction, telemetry.LimitWriteStall)
	default:
		e.p.metrics.ProtocolError(e.direction, telemetry.Downstream, c.name)
	}
}

func isHangUp(err error) bool {
	var op interface{ Timeout() bool }
	return errors.Is(err, net.ErrClosed) || isReset(err) || errors.As(err, &op) && op.Timeout()
}

// drainer is a protocol that can end in order.
type drainer interface{ Drain(b *sock.Batch) }

// conn is a downstream connection.
type conn struct {
	s *sock.Conn

	// owned by the reader goroutine
	name     dialect.Dialect // zero until the first bytes have told
	counters *telemetry.Connections
	pair     *relay.Pair // set where the connection is relayed

	mu       sync.Mutex
	protocol drainer // nil until the first bytes have told
	draining bool
}

func (c *conn) speaks(d drainer, name dialect.Dialect) {
	c.name = name
	c.mu.Lock()
	c.protocol = d
	late := c.draining
	c.mu.Unlock()
	if late {
		c.drain()
	}
}

// drain ends the connection when its outstanding calls have been answered.
func (c *conn) drain() {
	c.mu.Lock()
	c.draining = true
	d := c.protocol
	c.mu.Unlock()
	if d == nil {
		c.s.Close(nil)
		return
	}
	var b sock.Batch
	d.Drain(&b)
	b.Flush()
}

// connections are all downstream connections.
type connections struct {
	mu       sync.Mutex
	open     map[*conn]struct{}
	draining bool
}

// add returns nil where no connection is taken any more.
func (cs *connections) add(s *sock.Conn) *conn {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.draining {
		return nil
	}
	if cs.open == nil {
		cs.open = map[*conn]struct{}{}
	}
	c := &conn{s: s}
	cs.open[c] = struct{}{}
	return c
}

func (cs *connections) remove(c *conn) {
	cs.mu.Lock()
	delete(cs.open, c)
	cs.mu.Unlock()
}

// all stops further ones and returns those that are open.
func (cs *connections) all() []*conn {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.draining = true
	list := make([]*conn, 0, len(cs.open))
	for c := range cs.open {
		list = append(list, c)
	}
	return list
}
