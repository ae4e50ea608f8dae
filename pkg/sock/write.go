package sock

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

var errWouldBlock = errors.New("sock: send would block")

// flush sends what is queued as far as the socket takes it now. Where another goroutine is sending already, it takes
// our bytes along.
func (c *Conn) flush(b *Batch) {
	c.mu.Lock()
	c.dirty = false
	if !c.writing {
		c.writing = true
		c.mayBlock = false
		c.transmit(b)
	}
	c.mu.Unlock()
}

// writer sends with waiting, until the queue is empty or the connection fails. transmit started it; finish waits for it.
func (c *Conn) writer() {
	defer c.writers.Done()
	var b Batch
	c.mu.Lock()
	c.mayBlock = true
	c.progress = true
	c.transmit(&b)
	c.mu.Unlock()
	b.Flush()
}

// transmit is called by the goroutine that set writing, with mu locked, and returns so. Bytes that are appended while
// it sends go with the next round.
func (c *Conn) transmit(b *Batch) {
	for round := 0; c.more(b); round++ {
		c.queued = c.sending.Len() + c.records.Len()
		err := errWouldBlock
		if round < mostRounds || c.mayBlock {
			c.mu.Unlock()
			err = c.send()
			c.mu.Lock()
			c.queued = c.sending.Len() + c.records.Len()
		}
		if err == errWouldBlock {
			// The socket is full, or others append as fast as we send: a goroutine goes on in place of this one, which
			// is a reader and has its own connection to serve.
			c.writers.Add(1)
			go c.writer()
			return
		}
		if err != nil {
			c.failLocked(err)
		}
	}
	c.sending.Reset()
	c.records.Reset()
	c.queued = 0
	c.writing = false
	if c.armed && c.failed == nil && c.lingerUntil.IsZero() {
		c.armed = false
		_ = c.nc.SetWriteDeadline(time.Time{}) // else it would fail a later send
	}
	if c.closing && !c.ended {
		c.stop.Store(true)
		c.endLocked(ErrClosed)
	}
	c.idle.Broadcast()
}

// more reports whether there is something to send, and puts it into sending. It calls Writable when that is due.
func (c *Conn) more(b *Batch) bool {
	c.tellWritable(b)
	c.tellSent(b)
	if c.failed != nil || c.over {
		c.out.Reset()
	}
	switch {
	case c.failed != nil:
		return false
	case c.sending.Len() > 0 || c.records.Len() > 0:
		return true
	case c.out.Len() > 0:
		c.out, c.sending = c.sending, c.out
		c.after, c.told = c.told[:0], c.after
		return true
	}
	return c.tls != nil && c.tls.hasSealed()
}

// tellWritable lets the protocol queue more when half of the limit is free again. mu is locked before and after.
func (c *Conn) tellWritable(b *Batch) {
	if !c.writableDue() {
		return
	}
	c.full = false
	c.telling = true
	c.mu.Unlock()
	c.h.Writable(b)
	if c.mayBlock {
		b.Flush() // other connections do not wait for this one's peer
	}
	c.mu.Lock()
	c.telling = false
	c.idle.Broadcast()
}

// tellSent calls those that wait for sending to have left. mu is locked before and after.
func (c *Conn) tellSent(b *Batch) {
	if c.failed == nil && c.sending.Len()+c.records.Len() > 0 {
		return
	}
	for len(c.told) > 0 || c.failed != nil && len(c.after) > 0 {
		if len(c.told) == 0 {
			c.told, c.after = c.after, c.told
		}
		last := len(c.told) - 1
		s := c.told[last]
		c.told[last] = nil
		c.told = c.told[:last]
		err := c.failed
		c.mu.Unlock()
		s.Sent(err, b)
		c.mu.Lock()
	}
}

func (c *Conn) writableDue() bool {
	return c.full && c.h != nil && !c.ended && c.out.Len()+c.queued <= c.lim.MaxQueued/2
}

// send hands records and sending to the socket. errWouldBlock where it does not take all and mayBlock is not set; nil with
// bytes left where Writable is due. The goroutine that set writing calls it, without mu.
func (c *Conn) send() error {
	for {
		var sealErr error
		if c.tls != nil && c.records.Len() == 0 {
			sealErr = c.tls.seal(&c.records, &c.sending)
		}
		if err := c.write(); err != nil {
			return err
		}
		if sealErr != nil {
			return sealErr // what TLS had to say about it has left
		}
		if c.records.Len() > 0 || c.tls == nil || c.sending.Len() == 0 {
			return nil
		}
	}
}

// write lets sendable run, which sets sendErr.
func (c *Conn) write() error {
	for {
		c.sendErr = nil
		err := c.raw.Write(c.sendFn)
		switch {
		case err == nil:
			return c.sendErr
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		}
		if err := c.stalled(); err != nil {
			return err
		}
	}
}

// stalled says why a send ran into a deadline; nil where it may go on.
func (c *Conn) stalled() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.failed != nil:
		return c.failed
	case !c.lingerUntil.IsZero():
		return errors.New("write: peer did not take the last bytes")
	case c.progress, unsent(c.raw) < c.unacked: // the deadline is of an earlier wait; or the peer is merely slow
		c.extendStall()
		return nil
	}
	c.stop.Store(true)
	return fmt.Errorf("write: %w: no byte for %v", ErrStalled, c.lim.WriteStall)
}

// sendable is called with the descriptor by the runtime's poller; false waits until the socket has room.
func (c *Conn) sendable(fd uintptr) bool {
	q := &c.sending
	if c.tls != nil {
		q = &c.records
	}
	for q.Len() > 0 {
		c.vec = q.Vec(c.vec[:0], mostPieces)
		n, err := write(int(fd), c.vec)
		clear(c.vec)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN && !c.mayBlock:
			c.sendErr = errWouldBlock
			return true
		case err == unix.EAGAIN:
			return c.noRoom()
		case err != nil:
			c.sendErr = os.NewSyscallError("write", err)
			return true
		}
		c.bytesOut.Add(int64(n))
		c.progress = true
		q.Advance(n)
	}
	return true
}

// noRoom is sendable's answer when the socket is full and may be waited for.
func (c *Conn) noRoom() (leave bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queued = c.sending.Len() + c.records.Len()
	switch {
	case c.writableDue():
		return true
	case c.progress && c.failed == nil && c.lingerUntil.IsZero():
		c.extendStall()
	}
	return false
}

// extendStall gives the peer WriteStall from now to take another byte. The socket reports room only when a good part of
// its buffer is free, so what the peer has acknowledged counts too.
func (c *Conn) extendStall() {
	c.armed = true
	c.progress = false
	c.unacked = unsent(c.raw)
	_ = c.nc.SetWriteDeadline(time.Now().Add(c.lim.WriteStall))
}

func write(fd int, vec [][]byte) (int, error) {
	if len(vec) == 1 {
		return unix.Write(fd, vec[0])
	}
	return unix.Writev(fd, vec)
}
