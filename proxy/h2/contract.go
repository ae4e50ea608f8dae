// Package h2 speaks HTTP/2 (RFC 9113) on a sock.Conn, as server and as client: frames, header compression, flow
// control, the life of streams. It does no I/O and starts no goroutine: bytes come in through Consume on the connection's
// reader goroutine and leave through the connection's queue. It knows nothing of gRPC.
//
// Package bridge of the proxy is its caller: it gets events and writes to streams.
package h2

import (
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

// Config of a connection; zero values mean the defaults.
type Config struct {
	MaxStreams     uint32 // streams that a client may have open at us; default 1000
	StreamWindow   uint32 // receive window of a stream, bytes; default 256 KiB
	ConnWindow     uint32 // receive window of the connection, bytes; default 1 MiB
	MaxHeaderBytes uint32 // decoded size of a header list (RFC 9113 6.5.2); default 64 KiB
	MaxFrameSize   uint32 // largest frame that we accept, bytes; default 16 KiB
}

// Handler gets the events of a connection. All calls come on the reader goroutine, without a lock held, unless it says otherwise.
type Handler interface {
	// Headers: a header block is complete. On a server the first one of a stream is the request and st is new; on a client the
	// response (or an informational one, Status 1xx); the last one, with end set, may be trailers. h is immutable and may be kept.
	Headers(st *Stream, h *Headers, end bool, b *sock.Batch)

	// Data: bytes of the body, lent; p lies in seg (take a reference to keep it). p may be empty with end set. The stream's
	// receive window stays smaller by what came until st.Release gives it back; the connection's window is given back at once.
	Data(st *Stream, p []byte, seg *buf.Segment, end bool, b *sock.Batch)

	// Reset: the stream is over without an end: the peer reset it, or the connection failed or is refused by GOAWAY. unprocessed says that the
	// peer cannot have acted on it (REFUSED_STREAM, above GOAWAY's last id). Not called for streams that ended or that this side reset.
	Reset(st *Stream, code http2.ErrCode, unprocessed bool, b *sock.Batch)

	// Sent: n bytes given to WriteData that had to wait for a window or for room in the socket's queue have left the stream's queue.
	// Any goroutine.
	Sent(st *Stream, n int, b *sock.Batch)

	// Capacity: a client connection's number of streams that may be open at once became n (SETTINGS; 0 after GOAWAY). Not called on servers.
	Capacity(n uint32, b *sock.Batch)

	// Closed is the last call: err is io.EOF after an orderly end. Reset has been called for every stream that was open.
	Closed(err error, b *sock.Batch)
}

// Headers is a decoded header list, without the pseudo-header fields, which stand apart. It is shared between streams whose
// header blocks are the same bytes, and immutable but for Memo.
type Headers struct {
	Method, Scheme, Authority, Path string // requests
	Status                          string // responses: "200"; "" in trailers
	Fields                          []hpack.HeaderField

	// Memo is for the connection's handler, which may keep here what it worked out of these headers. Reader goroutine only.
	Memo any
}

// Get returns the first value of a field, "" where it is absent. name is in lower case.
func (h *Headers) Get(name string) string { panic("contract") }

// Conn is one HTTP/2 connection. It is the sock.Handler of its socket.
type Conn struct{}

// NewServer returns the server side of s: preface and SETTINGS are queued when s runs. The caller runs s.Run(conn).
func NewServer(s *sock.Conn, cfg Config, h Handler) *Conn { panic("contract") }

// NewClient returns the client side of s; preface and SETTINGS are queued at once. Streams may be opened before the peer's SETTINGS arrived.
func NewClient(s *sock.Conn, cfg Config, h Handler) *Conn { panic("contract") }

// Sock returns the connection below.
func (c *Conn) Sock() *sock.Conn { panic("contract") }

// Lock takes the write half (it is the lock of the sock.Conn): everything that writes needs it.
func (c *Conn) Lock() { panic("contract") }

// Unlock releases it.
func (c *Conn) Unlock() { panic("contract") }

// GoAway (locked) sends GOAWAY for an orderly end: no new streams are taken (a server first says 2^31-1, then, after a PING came back, the real last id, RFC 9113 6.8),
// those that are open finish, then the connection closes.
func (c *Conn) GoAway(b *sock.Batch) { panic("contract") }

// Open (locked, client) opens a stream with a request. pseudo-header fields come first in fields. It returns nil where no stream can be
// opened now: peer's limit reached, GOAWAY, closed, ids used up. owner is kept in Stream.Owner.
func (c *Conn) Open(fields []hpack.HeaderField, end bool, owner any, b *sock.Batch) *Stream {
	panic("contract")
}

// Free (locked, client) is the number of further streams that could be opened now.
func (c *Conn) Free() int { panic("contract") }

// Stream is one request and its response. A stream is handed out by Headers (server) or Open (client) and must be given back by Done once
// its owner will not touch it again; it is then reused.
type Stream struct {
	Owner any // set by the handler; reader goroutine and whoever the owner lets
}

// Conn returns the stream's connection.
func (st *Stream) Conn() *Conn { panic("contract") }

// Block is a header block encoded ahead of time, with no reference to the dynamic table, for responses and trailers that are always the same.
type Block []byte

// EncodeBlock encodes fields for use on any connection.
func EncodeBlock(fields ...hpack.HeaderField) Block { panic("contract") }

// All of the following need the connection's lock. Writes to a stream that is over (reset by either side, connection closed) are dropped. After bytes were
// queued the connection is marked dirty in b.

// WriteBlock sends a header block encoded ahead, followed by fields (which may be none).
func (st *Stream) WriteBlock(blk Block, fields []hpack.HeaderField, end bool, b *sock.Batch) {
	panic("contract")
}

// WriteHeaders sends a header block.
func (st *Stream) WriteHeaders(fields []hpack.HeaderField, end bool, b *sock.Batch) {
	panic("contract")
}

// WriteData copies p to the stream, in frames, as far as the windows go; the rest waits in the stream's queue and Sent tells when it leaves. Headers and
// trailers written later keep their place behind it. It returns the number of bytes that had to wait.
func (st *Stream) WriteData(p []byte, end bool, b *sock.Batch) (waiting int) { panic("contract") }

// WriteShared is WriteData without copying: p lies in seg, to which a reference is taken. For long p.
func (st *Stream) WriteShared(p []byte, seg *buf.Segment, end bool, b *sock.Batch) (waiting int) {
	panic("contract")
}

// Waiting is the number of bytes in the stream's queue.
func (st *Stream) Waiting() int { panic("contract") }

// Release gives n bytes of the stream's receive window back to the peer (frames are sent when it is worth one).
func (st *Stream) Release(n int, b *sock.Batch) { panic("contract") }

// Reset ends the stream with RST_STREAM, unless it is over; what waits is dropped. A server that has answered completely before the request ended resets with NO_ERROR by itself (RFC 9113 8.1).
func (st *Stream) Reset(code http2.ErrCode, b *sock.Batch) { panic("contract") }

// Done gives the stream back. If it is not over it is reset with CANCEL.
func (st *Stream) Done(b *sock.Batch) { panic("contract") }
