package h2

import (
	"slices"

	"golang.org/x/net/http2"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

// Stream is one request and its response. A stream is handed out by Headers (server) or Open (client) and must be given back by Done once
// its owner will not touch it again; it is then reused.
type Stream struct {
	Owner any // set by the handler; reader goroutine and whoever the owner lets

	c *Conn // immutable, so that Conn is safe to call even on a stream that was given back

	use // guarded by the connection's lock
}

// use is what a stream holds from Headers or Open to Done.
type use struct {
	id      uint32
	state   state
	done    bool // given back by its owner
	pins    int  // events under way: not reused before they returned
	connect bool // the method is CONNECT: each side ends for itself
	head    bool // the method is HEAD: the response's content-length counts nothing

	// receiving
	answered   bool  // client: the final response's headers have arrived
	length     int64 // bytes of the body that content-length still promises, -1 without one
	recvWindow int64
	recvCredit int64 // released and not yet told to the peer

	// sending
	began      bool      // a header block was sent (servers: the answer has begun)
	sendWindow int64     // may be negative, after SETTINGS (RFC 9113, 6.9.2)
	queue      buf.Queue // data that waits
	tail       tail      // what follows behind the queue
	trailers   []byte    // encoded without reference to the dynamic table
	left       int       // bytes that left the queue, which Sent is to tell
	prev, next *Stream   // in the connection's readyList; next also in its freeList
	ready      bool
}

// A tail is what was written behind data that waits.
type tail uint8

const (
	tailNone tail = iota
	tailEnd
	tailTrailers
)

// A state is that of RFC 9113, 5.1, without the reserved ones, which need server push.
type state uint8

const (
	idle state = iota
	open
	halfClosedLocal  // we have sent END_STREAM
	halfClosedRemote // the peer has
	closed
)

// An event moves a stream on; the last one also says how it came to be closed.
type event uint8

const (
	unknown event = iota // of an id: never used, or too long ago
	endSent
	endReceived
	resetSent
	resetReceived
)

// ID returns the stream's number on its connection.
func (st *Stream) ID() uint32 { return st.id }

// Conn returns the stream's connection.
func (st *Stream) Conn() *Conn { return st.c }

// Waiting is the number of bytes in the stream's queue.
func (st *Stream) Waiting() int { return st.queue.Len() }

// Reset ends the stream with RST_STREAM, unless it is over; what waits is dropped. A server that has answered completely
// before the request ended resets with NO_ERROR by itself (RFC 9113, 8.1).
func (st *Stream) Reset(code http2.ErrCode, b *sock.Batch) {
	if st.over() {
		return
	}
	st.c.writeReset(st.id, code, b)
	st.c.move(st, resetSent, b)
}

// Done gives the stream back; no event of it comes any more, but for one under way on another goroutine. An answer that was
// written to its end still leaves. Any other stream that is not over is reset with CANCEL, and what waits is dropped.
func (st *Stream) Done(b *sock.Batch) {
	if st.done || st.state == idle {
		panic("h2: Done called twice on a stream")
	}
	if st.c.client || st.tail == tailNone {
		st.Reset(http2.ErrCodeCancel, b)
	}
	st.done = true
	st.c.recycle(st)
}

func (st *Stream) over() bool { return st.state == closed || st.state == idle }
func (st *Stream) canSend() bool {
	return (st.state == open || st.state == halfClosedRemote) && st.tail == tailNone
}
func (st *Stream) received() bool { return st.state == halfClosedRemote || st.state == closed }

// newStream puts a stream into the connection's table.
func (c *Conn) newStream(id uint32) *Stream {
	st := c.free.take()
	if st == nil {
		st = &Stream{c: c}
	}
	st.id = id
	st.state = open
	st.length = -1
	st.sendWindow = c.settings.window
	st.recvWindow = int64(c.cfg.StreamWindow)
	if !c.acked {
		st.recvWindow = max(st.recvWindow, defaultWindow) // the peer may not know of our SETTINGS yet
	}
	c.streams[id] = st
	c.s.Expect(len(c.streams))
	c.alive++
	return st
}

// move is the only place where a stream changes its state.
func (c *Conn) move(st *Stream, ev event, b *sock.Batch) {
	switch {
	case st.over():
		return
	case st.state == open && ev == endSent:
		st.state = halfClosedLocal
		return
	case st.state == open && ev == endReceived:
		st.state = halfClosedRemote
		return
	}
	st.state = closed
	delete(c.streams, st.id)
	c.s.Expect(len(c.streams))
	c.past.record(st.id, ev)
	c.ready.remove(st)
	st.queue.Reset()
	st.tail = tailNone
	c.recycle(st)
	c.closeIfDrained(b)
}

// pin keeps a stream from being reused during an event, which runs without the lock.
func (c *Conn) pin(st *Stream) { st.pins++ }

func (c *Conn) unpin(st *Stream) {
	st.pins--
	c.recycle(st)
}

// hold pins the stream of the reader goroutine's event until its next frame.
func (c *Conn) hold(st *Stream) {
	c.pin(st)
	c.held = st
}

func (c *Conn) letGo() {
	if c.held != nil {
		c.unpin(c.held)
		c.held = nil
	}
}

// recycle takes a stream back that nobody uses any more.
func (c *Conn) recycle(st *Stream) {
	if st.state != closed || !st.done || st.pins > 0 {
		return
	}
	c.alive--
	st.Owner = nil
	st.use = use{queue: st.queue, trailers: st.trailers[:0]}
	if cap(st.trailers) > mostKept {
		st.trailers = nil
	}
	c.free.put(st)
}

// collect pins and returns the streams that match, in the order of their ids.
func (c *Conn) collect(match func(*Stream) bool) []*Stream {
	var found []*Stream
	for _, st := range c.streams {
		if match(st) {
			c.pin(st)
			found = append(found, st)
		}
	}
	slices.SortFunc(found, func(a, b *Stream) int { return int(a.id) - int(b.id) })
	return found
}

// tellReset calls the handler for streams that collect returned, but for those that were given back.
func (c *Conn) tellReset(streams []*Stream, code http2.ErrCode, unprocessed bool, b *sock.Batch) {
	for _, st := range streams {
		c.s.Lock()
		if !st.done {
			c.s.Unlock()
			c.h.Reset(st, code, unprocessed, b)
			c.s.Lock()
		}
		c.unpin(st)
		c.s.Unlock()
	}
}

// freeList holds streams for reuse.
type freeList struct {
	first *Stream
	n     int
}

const (
	mostFree = 256
	mostKept = 1 << 10 // bytes of room for trailers that a free stream keeps
)

func (l *freeList) take() *Stream {
	st := l.first
	if st != nil {
		l.first, st.next = st.next, nil
		l.n--
	}
	return st
}

func (l *freeList) put(st *Stream) {
	if l.n == mostFree {
		return
	}
	st.next = l.first
	l.first = st
	l.n++
}

// past remembers how the latest streams were closed, which decides what a late frame means (RFC 9113, 5.1).
type past struct {
	top uint32 // the highest id so far
	how [mostPast]event
}

const mostPast = 1024

func (p *past) slot(id uint32) *event { return &p.how[id/2%mostPast] }

// begin makes room for id, which is above all before.
func (p *past) begin(id uint32) {
	from := p.top + 1
	if id-p.top > 2*mostPast {
		from = id - 2*mostPast
	}
	for ; from < id; from++ {
		*p.slot(from) = unknown
	}
	*p.slot(id) = unknown
	p.top = id
}

func (p *past) record(id uint32, ev event) {
	if p.top-id < 2*mostPast {
		*p.slot(id) = ev
	}
}

func (p *past) of(id uint32) event {
	if id > p.top || p.top-id >= 2*mostPast {
		return unknown
	}
	return *p.slot(id)
}
