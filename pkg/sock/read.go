package sock

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"weft/pkg/buf"
)

// Run reads and serves the connection until it ends, calls h.Closed, and closes the socket. The calling goroutine is
// the connection's reader.
func (c *Conn) Run(h Handler) {
	c.h = h
	err := c.readLoop()
	c.mu.Lock()
	if c.closeErr != nil {
		err = c.closeErr
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
		if c.paused {
			c.batch.Flush()
			<-c.resume
			c.paused = false
			if err := c.stopReason(); err != nil {
				return err
			}
			if err := c.consume(); err != nil {
				return err
			}
			if c.paused {
				continue
			}
		}
		err := c.raw.Read(c.readFn)
		if c.readErr != nil {
			err = c.readErr
		}
		if err != nil {
			return c.explain(err)
		}
	}
}

// stopReason is the reason for which another goroutine closed the connection.
func (c *Conn) stopReason() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closeErr
}

// explain replaces the deadline error of a kick by the reason for which it was given.
func (c *Conn) explain(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if reason := c.stopReason(); reason != nil {
			return reason
		}
	}
	return err
}

// readable is called by the runtime's poller with the descriptor when there may be bytes. It stays inside until the
// socket is empty and returns false to wait for more, true to leave (readErr or paused is set).
//
// After a short read it looks once more: the end of the stream may have arrived with the last bytes, and its
// wake-up is then already spent. What was dirtied leaves first.
func (c *Conn) readable(fd uintptr) bool {
	for {
		space := c.space()
		n, err := unix.Read(int(fd), space)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			c.batch.Flush()
			c.shrink()
			return false
		case err != nil:
			c.readErr = os.NewSyscallError("read", err)
			return true
		case n == 0:
			c.readErr = io.EOF
			return true
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
		if n < len(space) {
			c.batch.Flush()
		}
	}
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

// deliver calls the handler with s[start:end] until it takes nothing more.
func (c *Conn) deliver(s *buf.Segment, start, end int) (taken int, err error) {
	c.lastInput.Store(time.Now().UnixNano())
	for start < end {
		n, err := c.h.Consume(s.B[start:end], s, &c.batch)
		start += n
		taken += n
		if err == ErrPause {
			c.paused = true
			return taken, nil
		}
		if err != nil {
			return taken, err
		}
		if n == 0 {
			return taken, nil
		}
	}
	return taken, nil
}

// space returns room to read into, behind the bytes that wait to be consumed.
func (c *Conn) space() []byte {
	if c.in == nil {
		c.in = buf.Get(readSize)
		c.in.B = c.in.B[:cap(c.in.B)]
		c.start, c.end = 0, 0
	}
	if c.start == c.end {
		if c.in.Shared() { // parts of it were kept: they must not be overwritten
			c.in.Free()
			c.in = nil
			return c.space()
		}
		c.start, c.end = 0, 0
	}
	if c.end == len(c.in.B) || (c.end > 0 && len(c.in.B)-c.end < 512) {
		c.move(readSize)
	}
	return c.in.B[c.end:]
}

// move puts the unconsumed bytes at the start of a fresh segment of at least size bytes.
func (c *Conn) move(size int) {
	rest := c.in.B[c.start:c.end]
	if len(rest) >= size {
		size = 2 * len(rest)
	}
	s := buf.Get(size)
	s.B = s.B[:cap(s.B)]
	c.end = copy(s.B, rest)
	c.start = 0
	c.in.Free()
	c.in = s
}

// shrink is called before a wait: an idle connection holds no segment, one in the middle of a frame a small one.
func (c *Conn) shrink() {
	switch {
	case c.in == nil:
	case c.start == c.end:
		c.dropInput()
	case len(c.in.B) > 4*(c.end-c.start) && len(c.in.B) > 4<<10:
		c.move(c.end - c.start + 512)
	}
}

func (c *Conn) dropInput() {
	if c.in != nil {
		c.in.Free()
		c.in = nil
		c.start, c.end = 0, 0
	}
}
