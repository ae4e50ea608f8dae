package h2

import (
	"golang.org/x/net/http2"

	"weft/pkg/sock"
)

// shutdown is how far the orderly end of a connection has come (RFC 9113, 6.8).
type shutdown struct {
	announced bool   // server: GOAWAY was sent with the highest id, and a PING behind it
	final     bool   // no new streams: above lastID (server), at all (client)
	lastID    uint32 // server
	told      bool   // a GOAWAY was sent
	closing   bool   // the last stream has ended
}

// shutdownPing comes back when the client has seen the first GOAWAY and what it sent before has arrived.
var shutdownPing = [8]byte{'w', 'e', 'f', 't', 'd', 'o', 'w', 'n'}

// GoAway (locked) sends GOAWAY for an orderly end: no new streams are taken (a server first says 2^31-1, then, after a PING came back, the real last id, RFC 9113 6.8),
// those that are open finish, then the connection closes.
func (c *Conn) GoAway(b *sock.Batch) {
	switch {
	case c.err != nil || c.going.announced:
		return
	case c.client:
		if !c.going.told {
			c.writeGoAway(0, http2.ErrCodeNo, "")
		}
		c.going.final = true
	default:
		c.greet()
		c.going.announced = true
		c.writeGoAway(mostStreamID, http2.ErrCodeNo, "")
		_ = c.fr.WritePing(false, shutdownPing) // the queue takes everything
	}
	c.s.Dirty(b)
	c.closeIfDrained(b)
}

// Leaving (locked, client) reports whether the connection takes no further streams, ever: GOAWAY, or it has ended.
func (c *Conn) Leaving() bool { return c.err != nil || c.going.final || c.nextID > mostStreamID }

// pingAcked handles the answer to a PING of ours.
func (c *Conn) pingAcked(data [8]byte, b *sock.Batch) {
	if data != shutdownPing || !c.going.announced || c.going.final {
		return
	}
	c.going.final = true
	c.going.lastID = c.lastPeerID
	c.writeGoAway(c.going.lastID, http2.ErrCodeNo, "")
	c.s.Dirty(b)
	c.closeIfDrained(b)
}

// closeIfDrained closes the connection when nothing is left of what it was kept for.
func (c *Conn) closeIfDrained(b *sock.Batch) {
	if !c.going.final || c.going.closing || c.err != nil || len(c.streams) > 0 {
		return
	}
	c.going.closing = true
	if !c.going.told {
		c.writeGoAway(c.lastPeerID, http2.ErrCodeNo, "")
	}
	c.s.CloseWhenSent(b)
}

// goAway handles GOAWAY (6.8). To a server it says nothing: clients close by themselves.
func (c *Conn) goAway(f *http2.GoAwayFrame, b *sock.Batch) error {
	if !c.client {
		return nil
	}
	c.s.Lock()
	c.letGo()
	first := !c.going.final
	c.going.final = true
	refused := c.collect(func(st *Stream) bool { return st.id > f.LastStreamID })
	for _, st := range refused {
		c.move(st, resetSent, b)
	}
	c.closeIfDrained(b)
	c.s.Unlock()
	if first {
		c.h.Capacity(0, b)
	}
	c.tellReset(refused, http2.ErrCodeRefusedStream, true, b)
	return nil
}

// writeGoAway queues GOAWAY. A last id never grows from one to the next.
func (c *Conn) writeGoAway(last uint32, code http2.ErrCode, reason string) {
	if c.going.final && !c.client {
		last = c.going.lastID
	}
	c.going.told = true
	_ = c.fr.WriteGoAway(last, code, []byte(reason)) // the queue takes everything
}

// Streams (locked) returns the number of streams that are open, and the highest id so far of those that the peer (server) or this side
// (client) opened.
func (c *Conn) Streams() (open int, last uint32) {
	if c.client {
		return len(c.streams), c.nextID - 1
	}
	return len(c.streams), c.lastPeerID
}
