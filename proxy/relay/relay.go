// Package relay passes bytes between two connections without looking at them: step 8, for what weft cannot or need not
// understand. A Thrift connection to a service without a schema is relayed, because a oneway call cannot be told from
// one that is answered: it is pinned to one connection to one endpoint.
package relay

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

// Pair is a downstream connection and the one it is pinned to. It is the downstream connection's handler.
type Pair struct {
	down   *sock.Conn
	lim    sock.Limits
	closed func(error) // told once, when the downstream connection has ended

	running sync.WaitGroup // the goroutine that dials and then reads upstream
	cancel  context.CancelFunc

	mu sync.Mutex
	up *sock.Conn // nil until connected
}

// New returns the handler for down and begins to connect it to address. Wait must be called after down has ended.
func New(down *sock.Conn, network, address string, timeout time.Duration, lim sock.Limits, closed func(error)) *Pair {
	p := &Pair{down: down, lim: lim, closed: closed}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	p.cancel = cancel
	p.running.Add(1)
	go p.connect(ctx, network, address) // ends with the upstream connection; Wait waits for it
	return p
}

// Wait returns when the upstream connection has ended too.
func (p *Pair) Wait() { p.running.Wait() }

// Drain closes both connections: bytes that are not understood have no end to wait for.
func (p *Pair) Drain(*sock.Batch) { p.down.Close(sock.ErrClosed) }

func (p *Pair) connect(ctx context.Context, network, address string) {
	defer p.running.Done()
	defer p.cancel()
	var d net.Dialer
	nc, err := d.DialContext(ctx, network, address)
	if err != nil {
		p.down.Close(fmt.Errorf("connect to %s: %w", address, err))
		return
	}
	up, err := sock.New(nc, p.lim)
	if err != nil {
		_ = nc.Close()
		p.down.Close(err)
		return
	}
	p.mu.Lock()
	p.up = up
	p.mu.Unlock()
	p.down.Resume()
	up.Run(&answers{p})
}

func (p *Pair) upstream() *sock.Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.up
}

// Consume passes bytes to the endpoint.
func (p *Pair) Consume(in []byte, seg *buf.Segment, b *sock.Batch) (int, error) {
	up := p.upstream()
	if up == nil {
		return 0, sock.ErrPause // connect resumes
	}
	return pass(up, in, seg, b)
}

// pass queues bytes on another connection, and stops reading while its peer does not take them.
func pass(to *sock.Conn, in []byte, seg *buf.Segment, b *sock.Batch) (int, error) {
	const shareFrom = 4 << 10
	to.Lock()
	defer to.Unlock()
	if len(in) >= shareFrom {
		to.Out().AppendShared(seg, in)
	} else {
		to.Out().Append(in)
	}
	to.Dirty(b)
	if to.Full() {
		return len(in), sock.ErrPause
	}
	return len(in), nil
}

// Writable lets the endpoint's bytes come again.
func (p *Pair) Writable(*sock.Batch) {
	if up := p.upstream(); up != nil {
		up.Resume()
	}
}

// Closed ends the other connection when what it was sent has left.
func (p *Pair) Closed(err error, b *sock.Batch) {
	p.cancel()
	if up := p.upstream(); up != nil {
		closeWhenSent(up, b)
	}
	p.closed(err)
}

func closeWhenSent(c *sock.Conn, b *sock.Batch) {
	c.Lock()
	c.CloseWhenSent(b)
	c.Unlock()
}

// answers is the handler of the upstream connection.
type answers struct{ p *Pair }

func (a *answers) Consume(in []byte, seg *buf.Segment, b *sock.Batch) (int, error) {
	return pass(a.p.down, in, seg, b)
}

func (a *answers) Writable(*sock.Batch) { a.p.down.Resume() }

func (a *answers) Closed(err error, b *sock.Batch) {
	if err == io.EOF {
		closeWhenSent(a.p.down, b)
		return
	}
	a.p.down.Close(err)
}
