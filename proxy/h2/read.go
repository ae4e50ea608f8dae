package h2

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/net/http2"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

// frame is one frame as it lies in the bytes that were read.
type frame struct {
	kind    http2.FrameType
	flags   http2.Flags
	id      uint32
	raw     []byte // with its header
	payload []byte
}

// size is what the frame counts for in flow control: padding and all (RFC 9113, 6.9.1).
func (f *frame) size() int64 { return int64(len(f.payload)) }

// next takes the preface or a frame out of in. It returns 0 where in does not hold all of it.
func (c *Conn) next(in []byte, seg *buf.Segment, b *sock.Batch) (int, error) {
	if !c.prefaced {
		return c.preface(in, b)
	}
	if len(in) < headerLength {
		return 0, nil
	}
	length := int(in[0])<<16 | int(in[1])<<8 | int(in[2])
	f := frame{
		kind:  http2.FrameType(in[3]),
		flags: http2.Flags(in[4]),
		id:    binary.BigEndian.Uint32(in[5:]) & mostStreamID,
	}
	if length > int(c.cfg.MaxFrameSize) {
		return 0, ConnectionError{http2.ErrCodeFrameSize, fmt.Sprintf("frame of %d bytes, %d are allowed", length, c.cfg.MaxFrameSize)}
	}
	if err := c.checkOrder(&f); err != nil {
		return 0, err
	}
	size := headerLength + length
	if len(in) < size {
		return 0, nil
	}
	f.raw, f.payload = in[:size], in[headerLength:size]
	if err := c.frame(&f, seg, b); err != nil {
		return size, c.contain(err, b)
	}
	return size, nil
}

// contain ends what the error concerns: a stream, and the connection goes on, or the connection.
func (c *Conn) contain(err error, b *sock.Batch) error {
	var se StreamError
	if errors.As(err, &se) {
		return c.streamError(se, b)
	}
	return err
}

// checkOrder holds that SETTINGS comes first (3.4) and that nothing comes between HEADERS and its CONTINUATION (6.10).
func (c *Conn) checkOrder(f *frame) error {
	switch {
	case !c.settled && (f.kind != http2.FrameSettings || f.flags.Has(http2.FlagSettingsAck)):
		return protocolError("the first frame is not SETTINGS")
	case c.block.id == 0 && f.kind == http2.FrameContinuation:
		return protocolError("CONTINUATION without HEADERS")
	case c.block.id != 0 && (f.kind != http2.FrameContinuation || f.id != c.block.id):
		return protocolError("a header block was not continued")
	}
	return nil
}

func (c *Conn) frame(f *frame, seg *buf.Segment, b *sock.Batch) error {
	switch f.kind {
	case http2.FrameData:
		return c.data(f, seg, b)
	case http2.FrameHeaders:
		return c.headers(f, b)
	case http2.FrameContinuation:
		return c.continuation(f, b)
	case http2.FrameWindowUpdate:
		return c.windowUpdate(f, b)
	case http2.FrameRSTStream:
		return c.rstStream(f, b)
	case http2.FramePriority:
		return c.priority(f)
	case http2.FramePushPromise:
		return protocolError("PUSH_PROMISE, which is not allowed") // RFC 9113, 8.4; ENABLE_PUSH is 0
	case http2.FrameSettings, http2.FramePing, http2.FrameGoAway:
		return c.connectionFrame(f, b)
	}
	return nil // unknown types are ignored (5.5)
}

// connectionFrame parses the frames that belong to no stream.
func (c *Conn) connectionFrame(f *frame, b *sock.Batch) error {
	c.rd.Reset(f.raw)
	parsed, err := c.fr.ReadFrame()
	if err != nil {
		var code http2.ConnectionError
		if !errors.As(err, &code) {
			code = http2.ConnectionError(http2.ErrCodeProtocol)
		}
		reason := f.kind.String() + " frame is malformed"
		if detail := c.fr.ErrorDetail(); detail != nil {
			reason = detail.Error()
		}
		return ConnectionError{http2.ErrCode(code), reason}
	}
	switch parsed := parsed.(type) {
	case *http2.SettingsFrame:
		return c.settingsFrame(parsed, b)
	case *http2.PingFrame:
		return c.ping(parsed, b)
	case *http2.GoAwayFrame:
		return c.goAway(parsed, b)
	}
	return nil
}

// preface takes the client's first bytes (RFC 9113, 3.4), as soon as they differ from what they should be.
func (c *Conn) preface(in []byte, b *sock.Batch) (int, error) {
	n := min(len(in), len(http2.ClientPreface))
	if string(in[:n]) == http2.ClientPreface[:n] {
		if n < len(http2.ClientPreface) {
			return 0, nil
		}
		c.prefaced = true
		c.s.Lock()
		c.greet()
		c.s.Dirty(b)
		c.s.Unlock()
		return n, nil
	}
	switch http1, undecided := looksLikeHTTP1(in); {
	case undecided:
		return 0, nil
	case http1:
		c.s.Lock()
		c.s.Out().Append([]byte(http1Answer))
		c.s.Dirty(b)
		c.s.Unlock()
	}
	return 0, protocolError("the connection does not begin with the preface of HTTP/2")
}

const http1Answer = "HTTP/1.1 505 HTTP Version Not Supported\r\nConnection: close\r\n" +
	"Content-Type: text/plain\r\nContent-Length: 25\r\n\r\nthis port speaks HTTP/2\r\n"

var http1Methods = [...]string{"GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH "}

// looksLikeHTTP1 reports whether in begins with a method of HTTP/1, or is too short to tell.
func looksLikeHTTP1(in []byte) (yes, undecided bool) {
	for _, m := range http1Methods {
		n := min(len(in), len(m))
		if string(in[:n]) == m[:n] {
			return n == len(m), n < len(m)
		}
	}
	return false, false
}

// unpad returns the part of a DATA or HEADERS payload that is not padding (6.1, 6.2).
func (f *frame) unpad() ([]byte, error) {
	p := f.payload
	if !f.flags.Has(http2.FlagDataPadded) {
		return p, nil
	}
	if len(p) == 0 {
		return nil, ConnectionError{http2.ErrCodeFrameSize, "padded frame without a pad length"}
	}
	pad := int(p[0])
	p = p[1:]
	if pad > len(p) {
		return nil, protocolError("more padding than payload")
	}
	return p[:len(p)-pad], nil
}

// data handles DATA (6.1).
func (c *Conn) data(f *frame, seg *buf.Segment, b *sock.Batch) error {
	if f.id == 0 {
		return protocolError("DATA on stream 0")
	}
	p, err := f.unpad()
	if err != nil {
		return err
	}
	end := f.flags.Has(http2.FlagDataEndStream)
	if err := c.countEmpty(len(p) == 0 && !end); err != nil {
		return err
	}
	c.s.Lock()
	c.letGo()
	st, err := c.takeData(f, int64(len(p)), end, b)
	c.s.Unlock()
	if st != nil && (end || len(p) > 0) {
		c.h.Data(st, p, seg, end, b)
	}
	return err
}

// takeData accounts for a DATA frame whose body is n bytes, and returns its stream, held, if the handler is to see it.
func (c *Conn) takeData(f *frame, n int64, end bool, b *sock.Batch) (*Stream, error) {
	if err := c.receive(f.size(), b); err != nil {
		return nil, err
	}
	st := c.streams[f.id]
	switch {
	case st == nil:
		return nil, c.late(f)
	case st.received():
		return nil, StreamError{f.id, http2.ErrCodeStreamClosed, "DATA after END_STREAM"}
	case c.client && !st.answered:
		return nil, StreamError{f.id, http2.ErrCodeProtocol, "DATA before HEADERS"}
	case f.size() > st.recvWindow:
		return nil, StreamError{f.id, http2.ErrCodeFlowControl, "DATA beyond the stream's window"}
	}
	st.recvWindow -= f.size()
	if err := st.countBody(n, end); err != nil {
		return nil, err
	}
	if st.done {
		n = 0 // nobody is there to see it
	}
	st.Release(int(f.size()-n), b) // padding reaches nobody either who could give it back
	return c.accept(st, end, b), nil
}

// accept moves a stream on behind a frame of it that was in order. It returns the stream, held, if the handler is to see the frame.
func (c *Conn) accept(st *Stream, end bool, b *sock.Batch) *Stream {
	if st.done {
		if end {
			c.move(st, endReceived, b)
		}
		return nil
	}
	c.hold(st)
	if end {
		c.move(st, endReceived, b)
	}
	return st
}

// countEmpty ends a connection that sends frames which cost work and no window.
func (c *Conn) countEmpty(empty bool) error {
	const most = 1000
	if !empty {
		c.emptyFrames = 0
		return nil
	}
	if c.emptyFrames++; c.emptyFrames > most {
		return calmError("too many empty frames")
	}
	return nil
}

// late judges a frame for a stream that is not in the table (RFC 9113, 5.1): nil means that it is ignored.
func (c *Conn) late(f *frame) error {
	if c.isIdle(f.id) {
		return protocolError(fmt.Sprintf("%v on idle stream %d", f.kind, f.id))
	}
	switch c.past.of(f.id) {
	case resetSent: // it may have been on its way
		return nil
	case resetReceived:
		return StreamError{f.id, http2.ErrCodeStreamClosed, f.kind.String() + " after RST_STREAM"}
	case endSent, endReceived:
		return ConnectionError{http2.ErrCodeStreamClosed, fmt.Sprintf("%v on closed stream %d", f.kind, f.id)}
	}
	if c.client { // it was open once, long ago
		return nil
	}
	return protocolError(fmt.Sprintf("%v on stream %d, which was skipped or is long over", f.kind, f.id))
}

// isIdle reports whether a stream has not been opened by the side that it belongs to.
func (c *Conn) isIdle(id uint32) bool {
	if id%2 == 0 {
		return true // only a pushed stream could have that id
	}
	if c.client {
		return id >= c.nextID
	}
	return id > c.lastPeerID
}

// rstStream handles RST_STREAM (6.4).
func (c *Conn) rstStream(f *frame, b *sock.Batch) error {
	switch {
	case f.id == 0:
		return protocolError("RST_STREAM on stream 0")
	case len(f.payload) != 4:
		return ConnectionError{http2.ErrCodeFrameSize, "RST_STREAM of a wrong size"}
	}
	code := http2.ErrCode(binary.BigEndian.Uint32(f.payload))
	c.s.Lock()
	c.letGo()
	st := c.streams[f.id]
	if st == nil {
		isIdle := c.isIdle(f.id)
		c.s.Unlock()
		if isIdle {
			return protocolError("RST_STREAM on an idle stream")
		}
		return nil
	}
	err := c.countReset(st)
	tell := c.drop(st, resetReceived, b)
	c.s.Unlock()
	if tell {
		c.h.Reset(st, code, code == http2.ErrCodeRefusedStream, b)
	}
	return err
}

// streamError resets one stream and goes on.
func (c *Conn) streamError(e StreamError, b *sock.Batch) error {
	c.s.Lock()
	c.letGo()
	c.writeReset(e.StreamID, e.Code, b)
	err := c.answered(b)
	st, tell := c.streams[e.StreamID], false
	if st != nil {
		err = errors.Join(err, c.countReset(st))
		tell = c.drop(st, resetSent, b)
	}
	c.s.Unlock()
	if tell {
		c.h.Reset(st, e.Code, false, b)
	}
	return err
}

// drop ends a stream and holds it; it reports whether its handler has to be told: a client's, whose answer is complete,
// has to stop sending and nothing else.
func (c *Conn) drop(st *Stream, ev event, b *sock.Batch) (tell bool) {
	tell = !st.done && (!c.client || !st.received())
	c.hold(st)
	c.move(st, ev, b)
	return tell
}

// countReset ends a connection whose peer opens streams only to have them dropped before we could answer, by RST_STREAM or by
// breaking a rule. It has no clock: calls that end well make up for them.
func (c *Conn) countReset(st *Stream) error {
	if c.client || st.began {
		return nil
	}
	if c.resets++; c.resets > max(1000, 4*int(c.cfg.MaxStreams)) {
		return calmError("too many streams reset")
	}
	return nil
}

// priority handles PRIORITY (6.3), which says nothing to us.
func (c *Conn) priority(f *frame) error {
	code, reason := http2.ErrCodeNo, ""
	switch {
	case f.id == 0:
		return protocolError("PRIORITY on stream 0")
	case len(f.payload) != 5:
		code, reason = http2.ErrCodeFrameSize, "PRIORITY of a wrong size"
	case binary.BigEndian.Uint32(f.payload)&mostStreamID == f.id:
		code, reason = http2.ErrCodeProtocol, "stream depends on itself"
	default:
		return nil
	}
	c.s.Lock()
	isIdle := c.isIdle(f.id)
	c.s.Unlock()
	if isIdle { // RST_STREAM may not be sent for it
		return ConnectionError{code, reason}
	}
	return StreamError{f.id, code, reason}
}

// ping handles PING (6.7).
func (c *Conn) ping(f *http2.PingFrame, b *sock.Batch) error {
	c.s.Lock()
	defer c.s.Unlock()
	c.letGo()
	if f.IsAck() {
		c.pingAcked(f.Data, b)
		return nil
	}
	_ = c.fr.WritePing(true, f.Data) // the queue takes everything
	return c.answered(b)
}
