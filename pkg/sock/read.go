package sock

import (
	"errors"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"weft/pkg/buf"
)

var errStuck = errors.New("sock: handler takes nothing of 64 KiB")

// Run reads and serves the connection until it ends, calls h.Closed, and closes the socket. The calling goroutine is
// the connection's reader. Nothing that the connection started outlives Run.
func (c *Conn) Run(h Handler) {
	c.mu.Lock()
	c.h = h
	c.mu.Unlock()
	c.flush(&c.batch) // Writable may be owed since before
	err := c.readLoop()
	c.mu.Lock()
	if c.endReason != nil {
		err = c.endReason
	}
	c.ended = true
	for c.telling {
		c.idle.Wait()
	}
	c.mu.Unlock()
	h.Closed(err, &c.batch)
	c.batch.Flush()
	c.finish(err)
	c.dropInput()
}

// readLoop returns why the connection ended.
func (c *Conn) readLoop() error {
	if c.tls != nil { // the handshake may have read past its own end
		if err := c.consume(); err != nil {
			return err
		}
	}
	for {
		for c.paused {
			c.batch.Flush()
			c.shrink()
			<-c.resume
			c.paused = false
			if err := c.reason(); err != nil {
				return err
			}
			if err := c.turn(); err != nil {
				return err
			}
		}
		err := c.raw.Read(c.readFn)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = c.woken(err)
		}
		if c.readErr != nil {
			err = c.readErr
		}
		if err != nil {
			return err
		}
	}
}

// turn lets a handler that paused go on: also where no bytes wait, because it may hold some that it took.
func (c *Conn) turn() error {
	if c.start < c.end || c.tls != nil && c.tls.start < c.tls.end {
		return c.consume()
	}
	switch _, err := c.h.Consume(nil, nil, &c.batch); err {
	case nil:
		return c.consume()
	case ErrPause:
		c.paused = true
		return nil
	default:
		return err
	}
}

// reason is why this side ended the connection, nil while it lives.
func (c *Conn) reason() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.endReason
}

// woken is called when the read deadline, which is set to end the connection, has stopped the wait. Where sending
// failed, what the peer said before (why it closes, perhaps) may still wait to be read.
func (c *Conn) woken(err error) error {
	if reason := c.reason(); reason != nil {
		err = reason
	}
	if !c.stop.Load() {
		_ = c.raw.Control(func(fd uintptr) { c.readable(fd) })
	}
	return err
}

// readable is called by the runtime's poller with the descriptor when there may be bytes. It stays inside until the
// socket is empty and returns false to wait for more, true to leave (readErr or paused is set).
//
// The poller is edge-triggered: after a short read it looks once more, because the end of the stream may have arrived
// with the last bytes, and its wake-up is then already spent. What was dirtied leaves first.
func (c *Conn) readable(fd uintptr) bool {
	for first := true; ; {
		space := c.space()
		n, err := unix.Read(int(fd), space)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			c.flushBatch()
			c.shrink()
			return false
		case err != nil:
			c.readErr = os.NewSyscallError("read", err)
			return true
		case n == 0:
			c.readErr = c.endOfInput()
			return true
		}
		if first {
			c.lastInput.Store(time.Now().UnixNano())
			first = false
		}
		c.bytesIn.Add(int64(n))
		c.end += n
		if err := c.consume(); err != nil {
			c.readErr = err
			return true
		}
		if c.paused {
			return true
		}
		c.unflushed += n
		if n < len(space) || c.unflushed >= readSize/2 {
			c.flushBatch()
		}
	}
}

func (c *Conn) flushBatch() {
	c.unflushed = 0
	if c.batch.shared {
		c.batch.shared = false
		runtime.Gosched() // readers that are ready now add what they have
	}
	c.batch.Flush()
}

// endOfInput says how the peer ended the connection.
func (c *Conn) endOfInput() error {
	switch {
	case c.tls != nil:
		return c.tls.endOfInput(c)
	case c.start < c.end:
		return io.ErrUnexpectedEOF
	}
	return io.EOF
}

// consume hands what was read to the protocol.
func (c *Conn) consume() error {
	if c.tls != nil {
		return c.tls.consume(c)
	}
	n, err := c.deliver(c.in, c.start, c.end)
	c.start += n
	return err
}

// deliver calls the handler with s[start:end] until it takes nothing more or the connection ends.
func (c *Conn) deliver(s *buf.Segment, start, end int) (taken int, err error) {
	for start < end {
		if c.stop.Load() {
			return taken, c.reason()
		}
		n, err := c.h.Consume(s.B[start:end:end], s, &c.batch)
		start += n
		taken += n
		switch {
		case err == ErrPause:
			c.paused = true
			return taken, nil
		case err != nil:
			return taken, err
		case n == 0 && end-start >= readSize:
			return taken, errStuck
		case n == 0:
			return taken, nil
		}
	}
	return taken, nil
}

// space returns room to read into, behind the bytes that wait to be consumed.
func (c *Conn) space() []byte {
	if c.in != nil && c.start == c.end {
		if c.in.Shared() { // parts of it were kept: they must not be overwritten
			c.dropInput()
		}
		c.start, c.end = 0, 0
	}
	switch {
	case c.in == nil:
		c.in = buf.Get(readSize)
		c.in.B = c.in.B[:cap(c.in.B)]
		c.start, c.end = 0, 0
	case len(c.in.B)-c.end < 512:
		c.in = move(c.in, &c.start, &c.end, max(readSize, 2*(c.end-c.start)))
	}
	return c.in.B[c.end:]
}

// shrink is called before a wait: an idle connection holds no segment, one in the middle of a frame a small one.
func (c *Conn) shrink() {
	c.in = fit(c.in, &c.start, &c.end)
	if t := c.tls; t != nil {
		t.plain = fit(t.plain, &t.start, &t.end)
	}
}

// fit returns a segment, or none, that is no larger than the bytes start..end of s need; it takes s.
func fit(s *buf.Segment, start, end *int) *buf.Segment {
	rest := *end - *start
	switch {
	case s == nil:
		return nil
	case rest == 0:
		s.Free()
		*start, *end = 0, 0
		return nil
	case len(s.B) > 4*rest && len(s.B) > smallSize:
		return move(s, start, end, rest+512)
	}
	return s
}

// move returns a fresh segment of at least size bytes with the bytes start..end of s, which are fewer; it takes s.
func move(s *buf.Segment, start, end *int, size int) *buf.Segment {
	to := buf.Get(size)
	to.B = to.B[:cap(to.B)]
	*end = copy(to.B, s.B[*start:*end])
	*start = 0
	s.Free()
	return to
}

func (c *Conn) dropInput() {
	if c.in != nil {
		c.in.Free()
		c.in = nil
	}
	c.start, c.end = 0, 0
}
