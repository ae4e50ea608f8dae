package proxy

import (
	"context"
	"errors"
	"syscall"
)

// StopAccepting closes the listeners and begins the end of each connection: gRPC callers are told by GOAWAY, and a connection
// closes when it is quiet. It does not wait.
func (p *Proxy) StopAccepting() {
	for _, e := range p.entries {
		if e.listener != nil {
			e.listener.Close()
		}
	}
	for _, c := range p.conns.all() {
		c.drain()
	}
}

// Drain ends the proxy in order: it stops accepting, answers what is outstanding, and closes each connection when it is
// quiet. When ctx ends first, what is left is closed. Afterwards nothing is left running.
func (p *Proxy) Drain(ctx context.Context) {
	p.StopAccepting()
	quiet := make(chan struct{})
	go func() { defer close(quiet); p.serving.Wait() }() // ends when the connections have; Close sees to that
	select {
	case <-quiet:
	case <-ctx.Done():
	}
	p.Close()
	<-quiet
}

// Close ends the proxy at once.
func (p *Proxy) Close() {
	p.stopOnce.Do(p.close)
}

func (p *Proxy) close() {
	for _, e := range p.entries {
		if e.listener != nil {
			e.listener.Close()
		}
	}
	for _, c := range p.conns.all() {
		c.s.Close(nil)
	}
	p.serving.Wait()
	if p.stop != nil {
		p.stop()
	}
	for _, f := range p.feeders {
		f.cluster.Close()
	}
	for _, f := range p.local {
		f.cluster.Close()
	}
	p.running.Wait()
	p.bridge.Wait()
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
