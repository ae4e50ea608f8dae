package sock

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"weft/pkg/buf"
)

const (
	recordSize = 16 << 10  // plain bytes of the largest TLS record, RFC 8446 5.1
	sealAtOnce = 128 << 10 // plain bytes sealed before they are sent
)

// Handshake runs a TLS handshake on nc, as a server or client, and returns a connection whose handler sees plain bytes
// only. It blocks until the handshake is done or ctx ends and so belongs to a goroutine of its own; on error nc is closed,
// after the alert that tells the peer why had up to a second to arrive.
func Handshake(ctx context.Context, nc net.Conn, cfg *tls.Config, server bool, lim Limits) (*Conn, error) {
	c, err := New(nc, lim)
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	t := &tlsState{Conn: nc}
	if server {
		t.session = tls.Server(t, cfg)
	} else {
		t.session = tls.Client(t, cfg)
	}
	if err := t.session.HandshakeContext(ctx); err != nil {
		if ctx.Err() == nil {
			_ = nc.SetDeadline(time.Now().Add(lingerTime))
			drain(nc, c.raw)
		}
		_ = nc.Close()
		return nil, fmt.Errorf("tls handshake with %v: %w", nc.RemoteAddr(), err)
	}
	t.flipped = true
	c.tls = t
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
// from what the reader goroutine read, Write appends to the records to be sent. crypto/tls guards its two directions
// by locks of its own, so that sealing and unsealing run side by side.
type tlsState struct {
	net.Conn
	session *tls.Conn
	flipped bool

	// owned by the reader goroutine
	input []byte       // read from the socket and not taken by crypto/tls
	ended bool         // no more input will come
	plain *buf.Segment // bytes start..end of it were decrypted and not consumed
	start int
	end   int

	// guarded by mu, which is taken under the locks of crypto/tls and of Conn
	mu     sync.Mutex
	sealed buf.Queue
}

// Read gives crypto/tls the bytes that were read from the socket.
func (t *tlsState) Read(b []byte) (int, error) {
	if !t.flipped {
		return t.Conn.Read(b)
	}
	if len(t.input) == 0 {
		if t.ended {
			return 0, io.EOF
		}
		return 0, errNoInput
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

// SetReadDeadline: see SetDeadline.
func (t *tlsState) SetReadDeadline(d time.Time) error {
	return t.unlessFlipped(t.Conn.SetReadDeadline, d)
}

// SetWriteDeadline: see SetDeadline.
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
var errNoInput error = noInput{}

type noInput struct{}

func (noInput) Error() string   { return "no more input for now" }
func (noInput) Timeout() bool   { return true }
func (noInput) Temporary() bool { return true }

// consume decrypts what the reader goroutine read and hands the plain bytes on. Paused, it leaves them for later.
func (t *tlsState) consume(c *Conn) error {
	if c.start < c.end {
		t.input = c.in.B[c.start:c.end]
	}
	err := t.unseal(c)
	c.start = c.end - len(t.input) // crypto/tls has the rest in its own buffer
	t.input = nil
	if t.hasSealed() { // the answer to a key update, an alert
		c.mu.Lock()
		c.Dirty(&c.batch)
		c.mu.Unlock()
	}
	return err
}

// unseal decrypts record by record until the input is used up, the handler pauses or something fails.
func (t *tlsState) unseal(c *Conn) error {
	for {
		if t.start < t.end {
			n, err := c.deliver(t.plain, t.start, t.end)
			t.start += n
			if err != nil || c.paused {
				return err
			}
		}
		n, err := t.session.Read(t.space())
		t.end += n
		switch {
		case n > 0: // an error, if there is one, is said again
		case err == errNoInput:
			return nil
		case err == io.EOF && t.start < t.end:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
	}
}

// endOfInput tells crypto/tls of the end of the stream. It returns io.EOF where that came between two records: many peers
// leave without a close_notify; nil where the handler has paused and gets the end later.
func (t *tlsState) endOfInput(c *Conn) error {
	t.ended = true
	return t.consume(c)
}

// space returns room for at least one record's plain bytes.
func (t *tlsState) space() []byte {
	if t.plain != nil && t.start == t.end && !t.plain.Shared() {
		t.start, t.end = 0, 0
	}
	switch {
	case t.plain == nil:
		t.plain = buf.Get(readSize)
		t.plain.B = t.plain.B[:cap(t.plain.B)]
		t.start, t.end = 0, 0
	case len(t.plain.B)-t.end < recordSize:
		t.plain = move(t.plain, &t.start, &t.end, max(readSize, t.end-t.start+2*recordSize))
	}
	return t.plain.B[t.end:]
}

// seal encrypts some of q and moves the records, and those that TLS wants to send of itself, to dst. What it could not seal because
// of an error stays in q.
func (t *tlsState) seal(dst, q *buf.Queue) error {
	err := t.sealSome(q)
	t.mu.Lock()
	t.sealed.MoveTo(dst, t.sealed.Len())
	t.mu.Unlock()
	return err
}

// sealSome gathers short pieces, because each call of Write makes a record.
func (t *tlsState) sealSome(q *buf.Queue) error {
	if q.Len() == 0 {
		return nil
	}
	var scratch *buf.Segment
	defer func() {
		if scratch != nil {
			scratch.Free()
		}
	}()
	var one [1][]byte
	for done := 0; done < sealAtOnce && q.Len() > 0; {
		b := q.Vec(one[:0], 1)[0]
		if len(b) < recordSize && len(b) < q.Len() {
			if scratch == nil {
				scratch = buf.Get(recordSize)
			}
			b = q.Copy(scratch.B[:0])
		} else if len(b) > recordSize {
			b = b[:len(b)/recordSize*recordSize] // whole records; what is left joins what follows
		}
		if _, err := t.session.Write(b); err != nil {
			return err
		}
		q.Advance(len(b))
		done += len(b)
	}
	return nil
}

func (t *tlsState) hasSealed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sealed.Len() > 0
}

// close frees everything.
func (t *tlsState) close() {
	if t.plain != nil {
		t.plain.Free()
		t.plain, t.start, t.end = nil, 0, 0
	}
	t.mu.Lock()
	t.sealed.Reset()
	t.mu.Unlock()
}
