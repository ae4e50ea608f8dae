package h2

import (
	"encoding/binary"

	"golang.org/x/net/http2"

	"weft/pkg/sock"
)

// receive takes n bytes of the connection's receive window and gives them back: what slow streams may hold is
// limited by their own windows.
func (c *Conn) receive(n int64, b *sock.Batch) error {
	if n > c.recvWindow {
		return ConnectionError{http2.ErrCodeFlowControl, "DATA beyond the connection's window"}
	}
	c.recvWindow -= n
	c.recvCredit += n
	if c.recvCredit >= int64(c.cfg.ConnWindow)/2 {
		c.writeWindowUpdate(0, c.recvCredit, b)
		c.recvWindow += c.recvCredit
		c.recvCredit = 0
	}
	return nil
}

// Release gives n bytes of the stream's receive window back to the peer (frames are sent when it is worth one).
func (st *Stream) Release(n int, b *sock.Batch) {
	if n <= 0 || st.received() {
		return
	}
	st.recvCredit += int64(n)
	if st.recvCredit >= int64(st.c.cfg.StreamWindow+1)/2 {
		st.c.writeWindowUpdate(st.id, st.recvCredit, b)
		st.recvWindow += st.recvCredit
		st.recvCredit = 0
	}
}

// windowUpdate handles WINDOW_UPDATE (6.9).
func (c *Conn) windowUpdate(f *frame, b *sock.Batch) error {
	if len(f.payload) != 4 {
		return ConnectionError{http2.ErrCodeFrameSize, "WINDOW_UPDATE of a wrong size"}
	}
	n := int64(binary.BigEndian.Uint32(f.payload) & mostWindow)
	c.s.Lock()
	c.letGo()
	err := c.widen(f, n)
	c.pump(b)
	tell := len(c.sent) > 0
	c.s.Unlock()
	if tell {
		c.tellSent(b)
	}
	return err
}

func (c *Conn) widen(f *frame, n int64) error {
	if f.id == 0 {
		c.sendWindow += n
		switch {
		case n == 0:
			return protocolError("WINDOW_UPDATE of 0")
		case c.sendWindow > mostWindow:
			return ConnectionError{http2.ErrCodeFlowControl, "the connection's window is too large"}
		}
		return nil
	}
	st := c.streams[f.id]
	if st == nil {
		if c.isIdle(f.id) {
			return protocolError("WINDOW_UPDATE on an idle stream")
		}
		return nil
	}
	st.sendWindow += n
	switch {
	case n == 0:
		return StreamError{f.id, http2.ErrCodeProtocol, "WINDOW_UPDATE of 0"}
	case st.sendWindow > mostWindow:
		return StreamError{f.id, http2.ErrCodeFlowControl, "the stream's window is too large"}
	}
	c.wake(st)
	return nil
}

// room is how much of a stream's data may go into the next frame.
func (c *Conn) room(st *Stream) int {
	return int(min(leastFrameSize, st.sendWindow, c.sendWindow))
}

// wake puts a stream in line if it has data and a window of its own.
func (c *Conn) wake(st *Stream) {
	if st.mayWake() {
		c.ready.push(st)
	}
}

func (st *Stream) mayWake() bool {
	return !st.ready && st.sendWindow > 0 && st.queue.Len() > 0
}

// pump moves data that waits to the socket's queue, a frame of each stream in turn, as far as the connection's
// window and the socket's queue allow.
func (c *Conn) pump(b *sock.Batch) {
	for c.ready.first != nil && c.sendWindow > 0 && !c.s.Full() {
		st := c.ready.first
		c.ready.remove(st)
		if n := min(c.room(st), st.queue.Len()); n > 0 {
			c.sendQueued(st, n, b)
			c.wake(st)
		}
	}
}

// sendQueued sends n bytes of the stream's queue and, if they were the last, what stands behind them.
func (c *Conn) sendQueued(st *Stream, n int, b *sock.Batch) {
	last := n == st.queue.Len()
	end := last && st.tail == tailEnd
	c.dataHeader(st.id, n, end)
	st.queue.MoveTo(c.s.Out(), n)
	c.spend(st, n)
	c.s.Dirty(b)
	if st.left == 0 {
		c.pin(st)
		c.sent = append(c.sent, st)
	}
	st.left += n
	switch {
	case end:
		c.sentEnd(st, b)
	case last && st.tail == tailTrailers:
		c.writeBlock(st, st.trailers, true, b)
	}
}

func (c *Conn) spend(st *Stream, n int) {
	st.sendWindow -= int64(n)
	c.sendWindow -= int64(n)
}

// tellSent calls Sent for the streams of which something has left. Not locked.
func (c *Conn) tellSent(b *sock.Batch) {
	c.s.Lock()
	for len(c.sent) > 0 {
		last := len(c.sent) - 1
		st := c.sent[last]
		c.sent = c.sent[:last]
		n := st.left
		st.left = 0
		if !st.done {
			c.s.Unlock()
			c.h.Sent(st, n, b)
			c.s.Lock()
		}
		c.unpin(st)
	}
	c.s.Unlock()
}

// readyList is a queue of streams.
type readyList struct{ first, last *Stream }

func (l *readyList) push(st *Stream) {
	st.ready = true
	st.prev, st.next = l.last, nil
	if l.last == nil {
		l.first = st
	} else {
		l.last.next = st
	}
	l.last = st
}

func (l *readyList) remove(st *Stream) {
	if !st.ready {
		return
	}
	st.ready = false
	if st.prev == nil {
		l.first = st.next
	} else {
		st.prev.next = st.next
	}
	if st.next == nil {
		l.last = st.prev
	} else {
		st.next.prev = st.prev
	}
	st.prev, st.next = nil, nil
}
