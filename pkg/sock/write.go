package sock

import (
	"errors"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// flush sends what is queued as far as the socket takes it now. Where another goroutine is sending already, it takes
// our bytes along.
func (c *Conn) flush(b *Batch) {
	c.mu.Lock()
	c.dirty = false
	if c.writing {
		c.mu.Unlock()
		return
	}
	c.writing = true
	c.mayBlock = false
	c.transmit(b)
}

// transmit is called with mu locked and writing set, by the goroutine that set it; it returns unlocked. Bytes that are
// appended while it sends go with the next round.
func (c *Conn) transmit(b *Batch) {
	for round := 0; ; round++ {
		if c.failed != nil {
			c.out.Reset()
			break
		}
		if c.sending.Len() == 0 {
			if c.out.Len() == 0 && !c.sealedWaiting() {
				break
			}
			c.out, c.sending = c.sending, c.out
		}
		c.nsending.Store(int64(c.sending.Len()))
		c.mu.Unlock()
		err := c.send()
		c.mu.Lock()
		c.nsending.Store(int64(c.sending.Len()))
		if err == errWouldBlock || (round >= mostRounds && !c.mayBlock) {
			// The socket is full, or others append as fast as we send: a goroutine goes on in place of this one, which
			// is a reader and has its own connection to serve. It ends with the queue, and finish waits for it.
			c.writers.Add(1)
			go c.writer()
			c.mu.Unlock()
			return
		}
		if err != nil {
			c.closeLocked(err)
		}
		c.tellWritable(b)
	}
	c.sending.Reset()
	c.nsending.Store(0)
	c.writing = false
	if c.mayBlock && c.failed == nil {
		_ = c.nc.SetWriteDeadline(time.Time{}) // a deadline left over would fail the next send
	}
	if c.closing {
		c.kick()
	}
	c.mu.Unlock()
}

// tellWritable lets the protocol queue more when half of the limit is free again. mu is locked before and after.
func (c *Conn) tellWritable(b *Batch) {
	if !c.full || c.out.Len()+int(c.nsending.Load()) > c.lim.MaxQueued/2 {
		return
	}
	c.full = false
	c.mu.Unlock()
	c.h.Writable(b)
	c.mu.Lock()
}

// writer sends with waiting, until the queue is empty or the connection fails. transmit started it; finish waits for it.
func (c *Conn) writer() {
	defer c.writers.Done()
	var b Batch
	c.mu.Lock()
	c.mayBlock = true
	c.transmit(&b)
	b.Flush()
}

var errWouldBlock = errors.New("sock: send would block")

// send hands the bytes of sending (sealed first, with TLS) to the socket. errWouldBlock where it does not take all and mayBlock is
// not set. The goroutine that set writing calls it, without mu.
func (c *Conn) send() error {
	if c.tls != nil {
		if err := c.tls.seal(&c.sending); err != nil {
			return err
		}
	}
	c.sendErr = nil
	if err := c.raw.Write(c.sendFn); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return c.stalled()
		}
		return err
	}
	return c.sendErr
}

// stalled tells a peer that takes nothing from a connection that is being closed.
func (c *Conn) stalled() error {
	if reason := c.stopReason(); reason != nil {
		return reason
	}
	return &net.OpError{Op: "write", Net: "tcp", Addr: c.nc.RemoteAddr(), Err: errors.New("peer took no byte for " + c.lim.WriteStall.String())}
}

// sendable is called with the descriptor by the runtime's poller; false waits until the socket has room.
func (c *Conn) sendable(fd uintptr) bool {
	q := &c.sending
	if c.tls != nil {
		c.tls.mu.Lock()
		defer c.tls.mu.Unlock()
		q = &c.tls.sealed
	}
	for q.Len() > 0 {
		c.vec = q.Vec(c.vec[:0], mostPieces)
		n, err := write(int(fd), c.vec)
		clear(c.vec)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			if c.mayBlock {
				c.extendStall()
				return false
			}
			c.sendErr = errWouldBlock
			return true
		case err != nil:
			c.sendErr = os.NewSyscallError("write", err)
			return true
		}
		c.bytesOut.Add(int64(n))
		q.Advance(n)
	}
	return true
}

// extendStall gives the peer WriteStall from now to take another byte.
func (c *Conn) extendStall() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.failed != nil:
		_ = c.nc.SetWriteDeadline(time.Unix(1, 0))
	case !c.lingerUntil.IsZero():
		_ = c.nc.SetWriteDeadline(c.lingerUntil)
	default:
		_ = c.nc.SetWriteDeadline(time.Now().Add(c.lim.WriteStall))
	}
}

func write(fd int, vec [][]byte) (int, error) {
	if len(vec) == 1 {
		return unix.Write(fd, vec[0])
	}
	return unix.Writev(fd, vec)
}

// sealedWaiting reports whether TLS has records of its own to send (an alert, a key update).
func (c *Conn) sealedWaiting() bool {
	if c.tls == nil {
		return false
	}
	c.tls.mu.Lock()
	defer c.tls.mu.Unlock()
	return c.tls.sealed.Len() > 0
}

// finish ends the connection from the reader goroutine, after Handler.Closed. Last words (a GOAWAY, an error reply)
// get a second to leave, and unread input is read away, because closing over it would make the kernel send a
// reset that destroys them.
func (c *Conn) finish(err error) {
	c.mu.Lock()
	linger := c.failed == nil && !errors.Is(err, io.EOF)
	if linger {
		c.lingerUntil = time.Now().Add(lingerTime)
		_ = c.nc.SetDeadline(c.lingerUntil)
	} else {
		c.closeLocked(err)
	}
	c.mu.Unlock()
	c.writers.Wait()
	if linger {
		c.drainInput()
		c.Close(err)
	}
	_ = c.nc.Close() // waits for a send that is under way
	c.mu.Lock()
	if !c.writing { // else transmit does it
		c.out.Reset()
		c.sending.Reset()
	}
	c.mu.Unlock()
	if c.tls != nil {
		c.tls.close()
	}
}

// drainInput says goodbye and reads until the peer does the same, for at most lingerTime and lingerMost bytes.
func (c *Conn) drainInput() {
	if t, ok := c.nc.(interface{ CloseWrite() error }); ok {
		_ = t.CloseWrite()
	}
	_ = c.nc.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.CopyN(io.Discard, c.nc, lingerMost)
}
