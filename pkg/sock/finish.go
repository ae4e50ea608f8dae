package sock

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"weft/pkg/buf"
)

// finish ends the connection from the reader goroutine, after Handler.Closed. Last words (a GOAWAY, an error reply)
// get a second to leave, and unread input is read away, because closing over it would make the kernel send a
// reset that destroys them.
func (c *Conn) finish(err error) {
	c.mu.Lock()
	if c.failed == nil {
		c.lingerUntil = time.Now().Add(lingerTime)
		_ = c.nc.SetDeadline(c.lingerUntil)
		c.sayLast()
	}
	heard := c.failed != nil || errors.Is(err, io.EOF)
	c.mu.Unlock()
	if !heard {
		drain(c.nc, c.raw)
	}
	c.Close(err)
	c.mu.Lock()
	c.awaitWriting()
	c.out.Reset()
	c.mu.Unlock()
	c.writers.Wait() // none is started any more
	_ = c.nc.Close()
	if c.tls != nil {
		c.tls.close()
	}
}

// sayLast sends, with waiting, what is queued, and the end of the TLS session. mu is locked before and after.
func (c *Conn) sayLast() {
	c.transmitLast()
	c.over = true
	if c.tls != nil && c.failed == nil {
		c.tls.session.CloseWrite() //nolint:errcheck // it only appends; the alert leaves next
		c.transmitLast()
	}
}

func (c *Conn) transmitLast() {
	var b Batch // ended is set: nothing is called that could use it
	c.awaitWriting()
	c.writing = true
	c.mayBlock = true
	c.transmit(&b)
}

// awaitWriting waits until no goroutine is in transmit. mu is locked before and after.
func (c *Conn) awaitWriting() {
	for c.writing {
		c.idle.Wait()
	}
}

// drain says goodbye and reads until the peer does the same or nc's deadline; once lingerMost bytes came, only until
// what was sent has arrived.
func drain(nc net.Conn, raw syscall.RawConn) {
	if t, ok := nc.(interface{ CloseWrite() error }); ok {
		_ = t.CloseWrite()
	}
	s := buf.Get(readSize)
	defer s.Free()
	for got := 0; got < lingerMost || unsent(raw) > 0; {
		n, err := nc.Read(s.B[:cap(s.B)])
		if err != nil {
			return
		}
		got += n
	}
}

// unsent returns the number of bytes that were sent and that the peer's kernel has not acknowledged.
func unsent(raw syscall.RawConn) (n int) {
	_ = raw.Control(func(fd uintptr) {
		n, _ = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ)
	})
	return n
}
