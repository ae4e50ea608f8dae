// Package accept takes connections: step 1 of a call's path. A Listener accepts up to a cap and hands each connection to
// the direction it belongs to; a Switch holds a connection until its first bytes have told its dialect.
package accept

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"weft/pkg/config"
	"weft/pkg/telemetry"
)

// Cap bounds the downstream connections of a process.
type Cap struct {
	Most    int64
	open    atomic.Int64
	Refused func(telemetry.Direction) // called for each connection that is turned away; may be nil
}

// Listener accepts on one address.
type Listener struct {
	log  *zap.Logger
	l    net.Listener
	cap  *Cap
	dir  telemetry.Direction
	done sync.WaitGroup
}

// Listen opens an address of the configuration. A Unix socket that nobody listens on any more is replaced.
func Listen(addr string, dir telemetry.Direction, cap *Cap, log *zap.Logger) (*Listener, error) {
	network, address := config.SplitAddress(addr)
	if network == "unix" {
		removeStale(address)
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return &Listener{log: log, l: l, cap: cap, dir: dir}, nil
}

// removeStale deletes a Unix socket that a dead process left behind.
func removeStale(path string) {
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = c.Close()
		return
	}
	if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		_ = os.Remove(path)
	}
}

// Addr returns the address that is listened on.
func (l *Listener) Addr() net.Addr { return l.l.Addr() }

// Serve accepts until Close. handle gets each connection on a goroutine of its own and returns when the connection has ended; Serve
// waits for all of them.
func (l *Listener) Serve(handle func(net.Conn)) {
	defer l.done.Wait()
	for {
		nc, err := l.l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors, most likely: others may be closed soon
			l.log.Warn("accept", zap.String("address", l.l.Addr().String()), zap.Error(err))
			time.Sleep(50 * time.Millisecond)
			continue
		}
		if l.cap.open.Add(1) > l.cap.Most {
			l.cap.open.Add(-1)
			if l.cap.Refused != nil {
				l.cap.Refused(l.dir)
			}
			_ = nc.Close()
			continue
		}
		l.done.Add(1)
		go func() { // ends with the connection; Serve waits for it
			defer func() { l.cap.open.Add(-1); l.done.Done() }()
			handle(nc)
		}()
	}
}

// Close stops accepting. Connections go on.
func (l *Listener) Close() { _ = l.l.Close() }
