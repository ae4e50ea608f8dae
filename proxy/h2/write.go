package h2

import (
	"encoding/binary"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

// All of the following need the connection's lock. Writes to a stream that is over (reset by either side, connection closed) or that this
// side has ended are dropped. After bytes were queued the connection is marked dirty in b.

// mostControl is how many frames that answer the peer may wait in the socket's queue.
const mostControl = 10_000

// copyBelow is the length of data in bytes from which not copying is worth a piece of its own in the queue.
const copyBelow = 2 << 10

// Open (locked, client) opens a stream with a request. pseudo-header fields come first in fields. It returns nil where no stream can be
// opened now: peer's limit reached, GOAWAY, closed, ids used up. owner is kept in Stream.Owner.
func (c *Conn) Open(fields []hpack.HeaderField, end bool, owner any, b *sock.Batch) *Stream {
	if c.Free() == 0 {
		return nil
	}
	id := c.nextID
	c.nextID += 2
	c.past.begin(id)
	st := c.newStream(id)
	st.Owner = owner
	st.head = isHead(fields)
	c.writeBlock(st, c.enc.request(fields), end, b)
	return st
}

func isHead(fields []hpack.HeaderField) bool {
	for i := range fields {
		if fields[i].Name == ":method" {
			return fields[i].Value == "HEAD"
		}
	}
	return false
}

// Free (locked, client) is the number of further streams that could be opened now.
func (c *Conn) Free() int {
	if !c.client || c.err != nil || c.going.final || c.nextID > mostStreamID {
		return 0
	}
	return max(0, int(c.settings.streams)-len(c.streams))
}

// WriteBlock sends a header block encoded ahead, followed by fields (which may be none).
func (st *Stream) WriteBlock(blk Block, fields []hpack.HeaderField, end bool, b *sock.Batch) {
	if !st.canSend() {
		return
	}
	if len(fields) > 0 {
		blk = st.c.enc.literal(blk, fields)
	}
	if st.queue.Len() > 0 { // trailers, and nothing can follow them
		st.trailers = append(st.trailers[:0], blk...)
		st.tail = tailTrailers
		return
	}
	st.c.writeBlock(st, blk, end, b)
}

// WriteHeaders sends a header block. One that is written behind data ends the stream.
func (st *Stream) WriteHeaders(fields []hpack.HeaderField, end bool, b *sock.Batch) {
	st.WriteBlock(nil, fields, end, b)
}

// WriteData copies p to the stream, in frames, as far as the windows go; the rest waits in the stream's queue and Sent tells when it leaves. Headers and
// trailers written later keep their place behind it. It returns the number of bytes that had to wait.
func (st *Stream) WriteData(p []byte, end bool, b *sock.Batch) (waiting int) {
	return st.write(p, nil, end, b)
}

// WriteShared is WriteData without copying: p lies in seg, to which a reference is taken. For long p.
func (st *Stream) WriteShared(p []byte, seg *buf.Segment, end bool, b *sock.Batch) (waiting int) {
	return st.write(p, seg, end, b)
}

func (st *Stream) write(p []byte, seg *buf.Segment, end bool, b *sock.Batch) (waiting int) {
	c := st.c
	if !st.canSend() || len(p) == 0 && !end {
		return 0
	}
	if len(p) < copyBelow {
		seg = nil
	}
	// Others that wait for the connection's window or the socket come first.
	if st.queue.Len() == 0 && (c.ready.first == nil || len(p) == 0) {
		if p = c.sendNow(st, p, seg, end, b); p == nil {
			return 0
		}
	}
	appendTo(&st.queue, p, seg)
	if end {
		st.tail = tailEnd
	}
	c.wake(st)
	return len(p)
}

// sendNow sends what may be sent of p, and returns the rest, nil if everything has gone.
func (c *Conn) sendNow(st *Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch) []byte {
	if len(p) == 0 {
		c.dataHeader(st.id, 0, end)
	}
	for len(p) > 0 {
		n := min(c.room(st), len(p))
		if n <= 0 || c.s.Full() {
			return p
		}
		c.dataHeader(st.id, n, end && n == len(p))
		appendTo(c.s.Out(), p[:n], seg)
		c.s.Dirty(b)
		c.spend(st, n)
		p = p[n:]
	}
	c.s.Dirty(b)
	if end {
		c.sentEnd(st, b)
	}
	return nil
}

func appendTo(q *buf.Queue, p []byte, seg *buf.Segment) {
	if seg == nil {
		q.Append(p)
	} else {
		q.AppendShared(seg, p)
	}
}

// dataHeader queues the frame header of DATA.
func (c *Conn) dataHeader(id uint32, n int, end bool) {
	var h [headerLength]byte
	h[0], h[1], h[2] = byte(n>>16), byte(n>>8), byte(n)
	h[3] = byte(http2.FrameData)
	if end {
		h[4] = byte(http2.FlagDataEndStream)
	}
	binary.BigEndian.PutUint32(h[5:], id)
	c.s.Out().Append(h[:])
}

// writeBlock queues HEADERS, and CONTINUATION where one frame is not enough (6.2, 6.10).
func (c *Conn) writeBlock(st *Stream, blk []byte, end bool, b *sock.Batch) {
	blk = c.enc.announce(blk)
	st.began = true
	first := blk[:min(len(blk), leastFrameSize)]
	blk = blk[len(first):]
	// The queue takes everything, so that writing does not fail.
	_ = c.fr.WriteHeaders(http2.HeadersFrameParam{
		StreamID: st.id, BlockFragment: first, EndStream: end, EndHeaders: len(blk) == 0,
	})
	for len(blk) > 0 {
		next := blk[:min(len(blk), leastFrameSize)]
		blk = blk[len(next):]
		_ = c.fr.WriteContinuation(st.id, len(blk) == 0, next)
	}
	c.s.Dirty(b)
	if end {
		c.sentEnd(st, b)
	}
}

// sentEnd is called when END_STREAM has been queued. A server that is done does not want the rest of the request (8.1).
func (c *Conn) sentEnd(st *Stream, b *sock.Batch) {
	if c.client {
		c.move(st, endSent, b)
		return
	}
	c.resets = max(0, c.resets-1)
	if st.state == open && !st.connect {
		c.writeReset(st.id, http2.ErrCodeNo, b)
		c.move(st, resetSent, b)
		return
	}
	c.move(st, endSent, b)
}

// writeReset queues RST_STREAM (6.4).
func (c *Conn) writeReset(id uint32, code http2.ErrCode, b *sock.Batch) {
	_ = c.fr.WriteRSTStream(id, code)
	c.s.Dirty(b)
}

// writeWindowUpdate queues WINDOW_UPDATE (6.9); id 0 is the connection.
func (c *Conn) writeWindowUpdate(id uint32, n int64, b *sock.Batch) {
	_ = c.fr.WriteWindowUpdate(id, uint32(n))
	c.s.Dirty(b)
}

// answered counts a frame that answers the peer and does not wait for room in the socket's queue. It ends a connection whose
// peer makes us answer and does not read the answers.
func (c *Conn) answered(b *sock.Batch) error {
	const longest = headerLength + 8
	c.s.Dirty(b)
	if c.s.Out().Len() <= longest { // it is alone: what was counted before has left the queue
		c.control = 0
	}
	if c.control++; c.control > mostControl {
		return calmError("too many frames that want an answer")
	}
	return nil
}
