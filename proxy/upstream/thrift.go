package upstream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"weft/pkg/buf"
	"weft/pkg/sock"
	"weft/pkg/wheel"
	"weft/proxy/thriftio"
	"weft/translate/thriftwire"
)

// ThriftCall is a call that was sent on a Thrift connection.
type ThriftCall interface {
	// Reply is the answer. m is lent. The call's place has been given back already.
	Reply(m *thriftio.Message, b *sock.Batch)
	// Sent says that a oneway call has left, err nil, or that the connection failed before it had. The call then gives its place
	// back.
	Sent(err error, b *sock.Batch)
	// Lost says that the connection ended before the answer came: the call may have been executed.
	Lost(err error, b *sock.Batch)
}

// Thrift is a Thrift connection to an endpoint. Calls are outstanding in order, up to the pool's depth, each with a
// sequence id of the connection's own. A call that was abandoned leaves a tombstone in its place, so that its late
// reply reaches nobody; the connection is given up only when a tombstone stands at the head for too long.
type Thrift struct {
	conn  *Conn
	proto thriftwire.Protocol
	frame thriftio.Framing

	dec *thriftio.Decoder // owned by the reader goroutine

	// guarded by the connection's lock
	calls   []slot // outstanding, oldest first, from head on
	head    int
	nextSeq int32
	ended   bool
	overdue wheel.Timer // armed while a tombstone may stand at the head
	watched int32       // the sequence id that overdue watches
	armed   bool
}

// A slot is one outstanding call; call is nil in a tombstone.
type slot struct {
	call ThriftCall
	seq  int32
	name []byte // of the method, without the service of a multiplexed name
}

// How long a tombstone may keep its connection waiting.
const (
	overdueAlone     = time.Second     // nothing else can use the connection meanwhile
	overduePipelined = 5 * time.Second // others get their answers through it
)

// ProtocolError says what an endpoint sent that cannot be understood.
type ProtocolError struct {
	address string
	err     error
}

// Error gives "reply from ADDRESS: reason".
func (e *ProtocolError) Error() string { return fmt.Sprintf("reply from %s: %v", e.address, e.err) }

// Unwrap returns the reason.
func (e *ProtocolError) Unwrap() error { return e.err }

var errOverdue = errors.New("no reply long after the call was given up")

func newThrift(c *Conn) *Thrift {
	d := c.pool.opt.Dialect
	t := &Thrift{conn: c, proto: ThriftProtocol(d), frame: thriftFraming(d)}
	limits := c.pool.opt.Thrift
	limits.Budget = c.pool.env.Memory
	t.dec = thriftio.NewDecoder(limits)
	t.dec.SetFraming(t.frame)
	t.overdue.Handler = t
	return t
}

// Send queues a call. Of a oneway call Sent is told, of others Reply or Lost. A false return says that the
// connection had ended before: nothing was sent.
func (t *Thrift) Send(call ThriftCall, name []byte, oneway bool, body *Payload, b *sock.Batch) bool {
	s := t.conn.Sock
	s.Lock()
	defer s.Unlock()
	if t.ended {
		return false
	}
	h := thriftwire.Header{Protocol: t.proto, Strict: true, Type: thriftwire.Call, Name: name, Seq: t.nextSeq}
	t.nextSeq++
	if oneway {
		h.Type = thriftwire.Oneway
	} else {
		t.push(slot{call: call, seq: h.Seq, name: bare(name)})
	}
	s.Expect(len(t.calls) - t.head)
	QueueMessage(s.Out(), t.frame, h, body)
	s.Dirty(b)
	if oneway {
		s.AfterSent(call)
	}
	if s.Full() {
		t.conn.blocked.Store(true)
	}
	return true
}

// bare takes the service off a multiplexed name: replies come without it.
func bare(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }

func (t *Thrift) push(sl slot) {
	if t.head == len(t.calls) {
		t.calls, t.head = t.calls[:0], 0
	} else if t.head > 64 {
		n := copy(t.calls, t.calls[t.head:])
		clear(t.calls[n:])
		t.calls, t.head = t.calls[:n], 0
	}
	t.calls = append(t.calls, sl)
}

// take removes the outstanding call with seq. Servers answer in order, so the head is nearly always the one.
func (t *Thrift) take(seq int32) (sl slot, known bool) {
	for i := t.head; i < len(t.calls); i++ {
		if t.calls[i].seq != seq {
			continue
		}
		sl = t.calls[i]
		copy(t.calls[t.head+1:i+1], t.calls[t.head:i])
		t.calls[t.head] = slot{}
		t.head++
		return sl, true
	}
	return slot{}, false
}

// Abandon leaves a tombstone in the place of a call that timed out or was cancelled and reports whether it was still
// outstanding. The place stays taken until the late reply comes or the connection is given up.
func (t *Thrift) Abandon(call ThriftCall) bool {
	s := t.conn.Sock
	s.Lock()
	defer s.Unlock()
	for i := t.head; i < len(t.calls); i++ {
		if t.calls[i].call == call {
			t.calls[i].call = nil
			t.watchHead()
			return true
		}
	}
	return false
}

// watchHead arms the timer where a tombstone is at the head; the lock is held.
func (t *Thrift) watchHead() {
	if t.armed || t.ended || t.head == len(t.calls) || t.calls[t.head].call != nil {
		return
	}
	wait := overduePipelined
	if t.conn.pool.opt.Depth == 1 {
		wait = overdueAlone
	}
	t.armed = true
	t.watched = t.calls[t.head].seq
	t.conn.pool.env.Wheel.Add(&t.overdue, wait)
}

// TimedOut looks after the head, on the wheel's goroutine.
func (t *Thrift) TimedOut(*wheel.Timer) {
	s := t.conn.Sock
	s.Lock()
	t.armed = false
	late := !t.ended && t.head < len(t.calls) && t.calls[t.head].seq == t.watched
	if !late {
		t.watchHead()
	}
	s.Unlock()
	if late {
		s.Close(errOverdue)
	}
}

// Consume takes replies.
func (t *Thrift) Consume(in []byte, seg *buf.Segment, b *sock.Batch) (int, error) {
	taken := 0
	for {
		m, n, ok, err := t.dec.Next(in[taken:], seg)
		taken += n
		var one *thriftio.CallError
		switch {
		case errors.As(err, &one): // that call fails alone
			err = t.refused(&m, one, b)
		case err == nil && ok:
			err = t.reply(&m, b)
		case err == nil:
			return taken, nil
		}
		if err != nil {
			return taken, &ProtocolError{t.conn.pool.opt.Address, err}
		}
	}
}

func (t *Thrift) reply(m *thriftio.Message, b *sock.Batch) error {
	sl, err := t.answered(m.Header.Seq)
	if err != nil {
		return err
	}
	if err := sl.misfit(&m.Header); err != nil { // nobody knows what the next one will belong to
		t.conn.Release(b)
		if sl.call != nil {
			sl.call.Lost(&ProtocolError{t.conn.pool.opt.Address, err}, b)
		}
		return err
	}
	t.conn.Release(b)
	if sl.call != nil {
		sl.call.Reply(m, b)
	}
	return nil
}

// misfit says why a message is not the reply to the call.
func (sl *slot) misfit(h *thriftwire.Header) error {
	switch {
	case h.Type != thriftwire.Reply && h.Type != thriftwire.Exception:
		return fmt.Errorf("message type %d in place of a reply", h.Type)
	case h.Type == thriftwire.Reply && !bytes.Equal(bare(h.Name), sl.name):
		return fmt.Errorf("reply to a call of %q names method %q", sl.name, h.Name)
	}
	return nil
}

// answered takes the call that a reply belongs to: one without call for a tombstone.
func (t *Thrift) answered(seq int32) (slot, error) {
	s := t.conn.Sock
	s.Lock()
	defer s.Unlock()
	sl, known := t.take(seq)
	if !known {
		return slot{}, fmt.Errorf("sequence id %d belongs to no outstanding call", seq)
	}
	t.watchHead()
	return sl, nil
}

// refused fails the call whose reply is too large, malformed, or does not fit the budget.
func (t *Thrift) refused(m *thriftio.Message, why *thriftio.CallError, b *sock.Batch) error {
	sl, err := t.answered(m.Header.Seq)
	if err != nil {
		return err
	}
	if report := t.conn.pool.opt.ProtocolError; why.Reason == thriftio.Malformed && report != nil {
		report()
	}
	t.conn.Release(b)
	if sl.call != nil {
		sl.call.Lost(why, b)
	}
	return nil
}

// Writable lets calls come again.
func (t *Thrift) Writable(b *sock.Batch) { t.conn.writable(b) }

// Closed tells every outstanding call.
func (t *Thrift) Closed(err error, b *sock.Batch) {
	s := t.conn.Sock
	s.Lock()
	t.ended = true
	lost := t.calls[t.head:]
	t.calls, t.head = nil, 0
	s.Unlock()
	t.conn.pool.env.Wheel.Stop(&t.overdue)
	t.dec.Release()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	for _, sl := range lost {
		if sl.call != nil {
			sl.call.Lost(err, b)
		}
	}
	t.conn.close(len(lost), err, b)
}
