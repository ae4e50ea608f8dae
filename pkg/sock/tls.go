package sock

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"weft/pkg/buf"
)

// Handshake runs a TLS handshake on nc, as a server or client, and returns a connection whose handler sees plain bytes
// only. It blocks until the handshake is done or ctx ends and so belongs to a goroutine of its own; on error nc is closed.
func Handshake(ctx context.Context, nc net.Conn, cfg *tls.Config, server bool, lim Limits) (*Conn, error) {
	c, err := New(nc, lim)
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	m := &tlsState{Conn: nc}
	if server {
		m.session = tls.Server(m, cfg)
	} else {
		m.session = tls.Client(m, cfg)
	}
	if err := m.session.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, err
	}
	m.flipped = true
	c.tls = m
	return c, nil
}

// TLS returns the state of the connection's TLS session, and whether there is one.
func (c *Conn) TLS() (tls.ConnectionState, bool) {
	if c.tls == nil {
		return tls.ConnectionState{}, false
	}
	return c.tls.session.ConnectionState(), true
}

// tlsState is the net.Conn under crypto/tls. During the handshake it is the socket; then it is flipped to memory: Read takes
// from what the reader goroutine read, Write appends to the records to be sent.
type tlsState struct {
	net.Conn
	session *tls.Conn
	flipped bool

	// owned by the reader goroutine
	input []byte
	plain *buf.Segment // bytes start..end of it were decrypted and not consumed
	start int
	end   int

	// guarded by mu
	mu     sync.Mutex
	sealed buf.Queue
}

// Read gives crypto/tls the bytes that were read from the socket.
func (t *tlsState) Read(b []byte) (int, error) {
	if !t.flipped {
		return t.Conn.Read(b)
	}
	if len(t.input) == 0 {
		return 0, errNoInput{}
	}
	n := copy(b, t.input)
	t.input = t.input[n:]
	return n, nil
}

// Write takes the records of crypto/tls.
func (t *tlsState) Write(b []byte) (int, error) {
	if !t.flipped {
		return t.Conn.Write(b)
	}
	t.mu.Lock()
	t.sealed.Append(b)
	t.mu.Unlock()
	return len(b), nil
}

// SetDeadline and its like belong to the socket; crypto/tls sets one around an alert.
func (t *tlsState) SetDeadline(d time.Time) error { return t.unlessFlipped(t.Conn.SetDeadline, d) }
func (t *tlsState) SetReadDeadline(d time.Time) error {
	return t.unlessFlipped(t.Conn.SetReadDeadline, d)
}
func (t *tlsState) SetWriteDeadline(d time.Time) error {
	return t.unlessFlipped(t.Conn.SetWriteDeadline, d)
}

func (t *tlsState) unlessFlipped(set func(time.Time) error, d time.Time) error {
	if t.flipped {
		return nil
	}
	return set(d)
}

// errNoInput is temporary in net's sense: crypto/tls then keeps the half record it has and may be called again.
type errNoInput struct{}

func (errNoInput) Error() string   { return "no more input for now" }
func (errNoInput) Timeout() bool   { return true }
func (errNoInput) Temporary() bool { return true }

// consume decrypts what the reader goroutine read and hands the plain bytes on. Paused, it leaves them for later.
func (t *tlsState) consume(c *Conn) error {
	if c.start < c.end {
		t.input = c.in.B[c.start:c.end]
	}
	for {
		if err := t.deliver(c); err != nil || c.paused {
			c.start = c.end - len(t.input)
			return err
		}
		n, err := t.session.Read(t.space())
		t.end += n
		var none errNoInput
		switch {
		case errors.As(err, &none):
			c.start = c.end // crypto/tls has the rest in its own buffer
			if t.start == t.end {
				t.drop()
			}
			return nil
		case n == 0 && err == io.EOF:
			return io.EOF
		case n == 0 && err != nil:
			return err
		}
	}
}

// deliver hands the decrypted bytes to the handler.
func (t *tlsState) deliver(c *Conn) error {
	if t.start == t.end {
		return nil
	}
	n, err := c.deliver(t.plain, t.start, t.end)
	t.start += n
	return err
}

// space returns room for at least one record's plain bytes.
func (t *tlsState) space() []byte {
	if t.plain == nil || t.plain.Shared() || len(t.plain.B)-t.end < 16<<10 {
		rest := t.end - t.start
		s := buf.Get(max(readSize, rest+32<<10))
		s.B = s.B[:cap(s.B)]
		if t.plain != nil {
			copy(s.B, t.plain.B[t.start:t.end])
			t.plain.Free()
		}
		t.plain, t.start, t.end = s, 0, rest
	}
	return t.plain.B[t.end:]
}

// seal encrypts q; the records wait in sealed.
func (t *tlsState) seal(q *buf.Queue) error {
	var first [1][]byte
	for q.Len() > 0 {
		b := q.Vec(first[:0], 1)[0]
		if _, err := t.session.Write(b); err != nil {
			return err
		}
		q.Advance(len(b))
	}
	return nil
}

// drop frees what is held; consume and seal may be called again only if the connection goes on.
func (t *tlsState) drop() {
	if t.plain != nil && t.start == t.end {
		t.plain.Free()
		t.plain, t.start, t.end = nil, 0, 0
	}
}

// close frees everything.
func (t *tlsState) close() {
	t.start, t.end = 0, 0
	t.drop()
	t.mu.Lock()
	t.sealed.Reset()
	t.mu.Unlock()
}
