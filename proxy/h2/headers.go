package h2

import (
	"hash/maphash"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"weft/pkg/sock"
)

// Headers is a decoded header list, without the pseudo-header fields, which stand apart. It is shared between streams whose
// header blocks are the same bytes, and immutable but for Memo.
type Headers struct {
	Method, Scheme, Path string // requests
	Authority            string // requests: ":authority" or else "host"
	Status               string // responses: "200"; "" in trailers
	Fields               []hpack.HeaderField

	// Memo is for the connection's handler, which may keep here what it worked out of these headers. Reader goroutine only.
	Memo any

	pseudo   pseudoSet
	length   int64  // content-length, -1 without one
	bad      string // why the list is malformed, whatever it stands for
	tooLarge bool   // the list is longer than MaxHeaderBytes and was not kept
}

// Get returns the first value of a field, "" where it is absent. name is in lower case.
func (h *Headers) Get(name string) string {
	for i := range h.Fields {
		if h.Fields[i].Name == name {
			return h.Fields[i].Value
		}
	}
	return ""
}

// headerBlock collects a block that is spread over HEADERS and CONTINUATION frames.
type headerBlock struct {
	id      uint32 // 0: none is arriving
	end     bool   // END_STREAM
	itself  bool   // the stream depends on itself
	bytes   []byte
	follows int // CONTINUATION frames so far
}

// headers handles HEADERS (6.2).
func (c *Conn) headers(f *frame, b *sock.Batch) error {
	if f.id == 0 {
		return protocolError("HEADERS on stream 0")
	}
	p, err := f.unpad()
	if err != nil {
		return err
	}
	h := headerBlock{id: f.id, end: f.flags.Has(http2.FlagHeadersEndStream)}
	if f.flags.Has(http2.FlagHeadersPriority) {
		if len(p) < 5 {
			return ConnectionError{http2.ErrCodeFrameSize, "HEADERS with half a priority"}
		}
		h.itself = uint32(p[0]&0x7f)<<24|uint32(p[1])<<16|uint32(p[2])<<8|uint32(p[3]) == f.id
		p = p[5:]
	}
	if f.flags.Has(http2.FlagHeadersEndHeaders) {
		return c.headerList(f, &h, p, b)
	}
	h.bytes = append(c.block.bytes[:0], p...)
	c.block = h
	return nil
}

// continuation handles CONTINUATION (6.10). The size of what a peer may send in this way is limited, and so is the number of frames.
func (c *Conn) continuation(f *frame, b *sock.Batch) error {
	const mostFollow = 256
	h := &c.block
	h.follows++
	if h.follows > mostFollow || len(h.bytes)+len(f.payload) > 2*int(c.cfg.MaxHeaderBytes) {
		return calmError("header block is too large")
	}
	h.bytes = append(h.bytes, f.payload...)
	if !f.flags.Has(http2.FlagContinuationEndHeaders) {
		return nil
	}
	whole := *h
	*h = headerBlock{}
	if cap(whole.bytes) <= leastFrameSize {
		h.bytes = whole.bytes[:0]
	}
	return c.headerList(f, &whole, whole.bytes, b)
}

// headerList handles a complete block. It is decoded whatever becomes of it, because the blocks behind it depend on it.
func (c *Conn) headerList(f *frame, hb *headerBlock, block []byte, b *sock.Batch) error {
	h, err := c.dec.decode(block)
	if err != nil {
		return ConnectionError{http2.ErrCodeCompression, err.Error()}
	}
	c.s.Lock()
	c.letGo()
	var st *Stream
	if c.client {
		st, err = c.response(f, h, hb, b)
	} else {
		st, err = c.request(f, h, hb, b)
	}
	c.s.Unlock()
	if st != nil {
		c.h.Headers(st, h, hb.end, b)
	}
	return err
}

// request takes a header list on a server. It returns the stream, held, if the handler is to see it.
func (c *Conn) request(f *frame, h *Headers, hb *headerBlock, b *sock.Batch) (*Stream, error) {
	st := c.streams[hb.id]
	switch {
	case st != nil:
		return c.trailersOf(st, h, hb, b)
	case hb.id%2 == 0:
		return nil, protocolError("request on a stream of an even number")
	case hb.id <= c.lastPeerID:
		return nil, c.late(f)
	}
	c.lastPeerID = hb.id
	c.past.begin(hb.id)
	if c.going.final {
		c.past.record(hb.id, resetSent)
		return nil, nil // GOAWAY has said that it is not taken
	}
	if err := c.admit(h, hb); err != nil {
		c.past.record(hb.id, resetSent)
		return nil, err
	}
	st = c.newStream(hb.id)
	st.connect = h.Method == "CONNECT"
	st.length = h.length
	return c.accept(st, hb.end, b), nil
}

// mostUnread is how many bytes a client may leave unread and still have requests taken. Data alone never comes to that.
const mostUnread = 8 << 20

// admit says why a request gets no stream.
func (c *Conn) admit(h *Headers, hb *headerBlock) error {
	if hb.itself {
		return StreamError{hb.id, http2.ErrCodeProtocol, "stream depends on itself"}
	}
	if h.tooLarge {
		return StreamError{hb.id, http2.ErrCodeEnhanceYourCalm, "header list is too large"}
	}
	if reason := h.badRequest(hb.end); reason != "" {
		return StreamError{hb.id, http2.ErrCodeProtocol, reason}
	}
	most := int(c.cfg.MaxStreams)
	if len(c.streams) >= most || c.alive >= 2*most {
		return StreamError{hb.id, http2.ErrCodeRefusedStream, "too many streams"}
	}
	if c.s.Out().Len() > mostUnread { // header blocks do not wait for windows: this is what limits them
		return StreamError{hb.id, http2.ErrCodeRefusedStream, "too many answers that were not read"}
	}
	return nil
}

// response takes a header list on a client. It returns the stream, held, if the handler is to see it.
func (c *Conn) response(f *frame, h *Headers, hb *headerBlock, b *sock.Batch) (*Stream, error) {
	st := c.streams[hb.id]
	switch {
	case st == nil:
		return nil, c.late(f)
	case st.answered:
		return c.trailersOf(st, h, hb, b)
	}
	if err := st.mayReceive(h, hb); err != nil {
		return nil, err
	}
	if reason := h.badResponse(hb.end); reason != "" {
		return nil, StreamError{hb.id, http2.ErrCodeProtocol, reason}
	}
	if h.Status[0] != '1' {
		st.answered = true
		if !st.head && h.Status != "304" {
			st.length = h.length
		}
	}
	return c.acceptBlock(st, hb.end, b)
}

// trailersOf takes the header list behind a body.
func (c *Conn) trailersOf(st *Stream, h *Headers, hb *headerBlock, b *sock.Batch) (*Stream, error) {
	if err := st.mayReceive(h, hb); err != nil {
		return nil, err
	}
	reason := h.badTrailers()
	if !hb.end {
		reason = "a second header block without END_STREAM"
	}
	if reason != "" {
		return nil, StreamError{hb.id, http2.ErrCodeProtocol, reason}
	}
	return c.acceptBlock(st, hb.end, b)
}

func (st *Stream) mayReceive(h *Headers, hb *headerBlock) error {
	switch {
	case st.received():
		return StreamError{st.id, http2.ErrCodeStreamClosed, "HEADERS after END_STREAM"}
	case hb.itself:
		return StreamError{st.id, http2.ErrCodeProtocol, "stream depends on itself"}
	case h.tooLarge:
		return StreamError{st.id, http2.ErrCodeEnhanceYourCalm, "header list is too large"}
	}
	return nil
}

func (c *Conn) acceptBlock(st *Stream, end bool, b *sock.Batch) (*Stream, error) {
	if end {
		if err := st.countBody(0, true); err != nil {
			return nil, err
		}
	}
	return c.accept(st, end, b), nil
}

// countBody compares the body with content-length (RFC 9113, 8.1.1).
func (st *Stream) countBody(n int64, end bool) error {
	if st.length < 0 {
		return nil
	}
	st.length -= n
	if st.length < 0 || end && st.length > 0 {
		return StreamError{st.id, http2.ErrCodeProtocol, "the body is not as long as content-length says"}
	}
	return nil
}

// Limits of the decoder's cache: what it holds stays below 256 KiB.
const (
	mostCached      = 128
	mostCachedBlock = 1 << 10
	mostCachedList  = 2 << 10
	mostFields      = 64 // for which room is kept
)

// decoder turns header blocks into lists. Blocks that leave the dynamic table alone mean the same as long as it stays as
// it is, and those seen more than once are looked up instead of being decoded again.
type decoder struct {
	hp     *hpack.Decoder
	max    uint32
	cache  map[string]*Headers
	seed   maphash.Seed
	seen   [mostCached]uint64 // hashes of blocks that came once
	list   *Headers           // being decoded
	size   uint32
	fields []hpack.HeaderField
}

const tableSize = 4096 // of the dynamic table, on both sides; RFC 9113's default

func (d *decoder) init(most uint32) {
	d.hp = hpack.NewDecoder(tableSize, d.field)
	d.max = most
	d.seed = maphash.MakeSeed()
	d.cache = make(map[string]*Headers)
}

// decode returns the list that a block holds. An error is one of the compression, which ends the connection.
func (d *decoder) decode(block []byte) (*Headers, error) {
	if h, ok := d.cache[string(block)]; ok {
		return h, nil
	}
	h := &Headers{length: -1}
	d.list, d.size, d.fields = h, 0, d.fields[:0]
	d.hp.SetEmitEnabled(true)
	_, err := d.hp.Write(block)
	if closeErr := d.hp.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, err
	}
	if !h.tooLarge {
		h.Fields = append([]hpack.HeaderField(nil), d.fields...)
		h.finish()
	}
	clear(d.fields)
	if cap(d.fields) > mostFields {
		d.fields = nil
	}
	if changesTable(block) {
		clear(d.cache)
	} else {
		d.remember(block, h)
	}
	return h, nil
}

// remember caches a list the second time that its block comes.
func (d *decoder) remember(block []byte, h *Headers) {
	if h.tooLarge || len(block) > mostCachedBlock || d.size > mostCachedList {
		return
	}
	hash := maphash.Bytes(d.seed, block)
	slot := &d.seen[hash%mostCached]
	if *slot != hash {
		*slot = hash
		return
	}
	if len(d.cache) == mostCached {
		clear(d.cache)
	}
	d.cache[string(block)] = h
}

// field is called for each field of a block.
func (d *decoder) field(f hpack.HeaderField) {
	d.size += f.Size()
	if d.size > d.max {
		d.list.tooLarge = true
		d.hp.SetEmitEnabled(false)
		return
	}
	if f.IsPseudo() {
		d.list.setPseudo(f, len(d.fields) > 0)
		return
	}
	f.Value = trimSpace(f.Value)
	d.list.check(f)
	d.fields = append(d.fields, f)
}

// changesTable reports whether a valid block inserts into the dynamic table or resizes it (RFC 7541, 6.2.1, 6.3).
func changesTable(block []byte) bool {
	for len(block) > 0 {
		var strings int
		switch ch := block[0]; {
		case ch&0x80 != 0: // indexed
			_, block = skipInt(block, 7)
		case ch&0xe0 != 0: // literal with indexing (01), size update (001)
			return true
		default: // literal without indexing, or never
			var index uint64
			index, block = skipInt(block, 4)
			strings = 1
			if index == 0 {
				strings = 2
			}
		}
		for ; strings > 0 && len(block) > 0; strings-- {
			var n uint64
			n, block = skipInt(block, 7)
			block = block[min(n, uint64(len(block))):]
		}
	}
	return false
}

// skipInt reads an integer with a prefix of so many bits (RFC 7541, 5.1).
func skipInt(p []byte, bits uint) (uint64, []byte) {
	most := uint64(1)<<bits - 1
	n := uint64(p[0]) & most
	p = p[1:]
	if n < most {
		return n, p
	}
	for shift := uint(0); len(p) > 0; shift += 7 {
		ch := p[0]
		p = p[1:]
		n += uint64(ch&0x7f) << min(shift, 63)
		if ch&0x80 == 0 {
			break
		}
	}
	return n, p
}
