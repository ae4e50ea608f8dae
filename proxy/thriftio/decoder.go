package thriftio

import (
	"errors"
	"fmt"

	"weft/pkg/buf"
	"weft/translate/thriftwire"
)

// Decoder finds the messages in the bytes of one connection, as they arrive. A message that lies whole in the bytes given
// is delivered as a view of them. One that does not is assembled in a segment of the Decoder's own, which grows with the bytes
// that arrive and not with the length that they claim.
type Decoder struct {
	limits  Limits
	framing Framing // 0 until the first bytes have told it
	state   state
	err     error // final

	part    [4]byte // bytes of a frame length, or of what tells the framing
	partLen int
	left    int    // framed: bytes of the frame that were not delivered or passed over
	reason  Reason // refusing: why

	held     *buf.Segment // bytes from the envelope on, of a frame or an unframed message
	checked  bool         // framed: held begins with an envelope
	taken    int          // bytes of held that were delivered
	reserved int          // bytes of the budget that held has
	finished bool         // held is let go at the next call

	scanner thriftwire.Scanner
	headLen int // unframed: length of the envelope at the start of held
}

// state says what the next byte belongs to.
type state uint8

const (
	atBoundary   state = iota // the beginning of a frame or of an unframed message
	inFrame                   // framed: left bytes, in held or to come
	refusing                  // framed: the envelope of a message that is not going to be delivered
	skipping                  // framed: left bytes to pass over
	inEnvelope                // unframed: the envelope, whose beginning is in held
	inBody                    // unframed: the body, behind what is in held
	skippingBody              // unframed: the body of a message that was refused
)

// NewDecoder returns a decoder that tells the framing from the first bytes.
func NewDecoder(limits Limits) *Decoder {
	if limits.MaxMessage <= 0 {
		limits.MaxMessage = DefaultMaxMessage
	}
	if limits.MaxDepth <= 0 {
		limits.MaxDepth = thriftwire.DefaultMaxDepth
	}
	return &Decoder{limits: limits}
}

// SetFraming fixes the framing where it is known beforehand. It must be called before the first Next.
func (d *Decoder) SetFraming(f Framing) { d.framing = f }

// Framing returns the framing, 0 before the first bytes have told it.
func (d *Decoder) Framing() Framing { return d.framing }

// Next takes the next bytes of the connection, which lie in seg, and returns the first message that ends in them. n is the number
// of bytes that were taken; the caller goes on with in[n:].
//
// ok says that msg is a message; call again, also when no bytes are left, until ok is false. ok false without an error says that more bytes are
// needed, and that all of in was taken.
//
// A *CallError concerns one message: msg.Header is set, and the caller goes on as if ok were true. After any other error the connection
// cannot be read any further; msg.Header is set where the envelope could be read (Header.Type is not 0).
//
// What msg points to is lent until the next call of Next or Release.
func (d *Decoder) Next(in []byte, seg *buf.Segment) (msg Message, n int, ok bool, err error) {
	d.letGo()
	for d.err == nil {
		var k int
		var next outcome
		switch d.state {
		case atBoundary:
			if d.framing == Unframed {
				k, next, err = d.startMessage(&msg, in[n:], seg)
			} else {
				k, next, err = d.startFrame(in[n:])
			}
		case inFrame:
			k, next, err = d.frame(&msg, in[n:], seg)
		case refusing:
			k, next, err = d.refuseFrame(&msg, in[n:], seg)
		case skipping:
			k, next = d.skipFrame(in[n:])
		case inEnvelope:
			k, next, err = d.envelope(in[n:])
		case inBody:
			k, next, err = d.body(&msg, in[n:])
		case skippingBody:
			k, next, err = d.skipBody(in[n:])
		}
		n += k
		msg.Framing = d.framing
		switch {
		case err != nil:
			return msg, n, false, d.note(err)
		case next == delivered:
			return msg, n, true, nil
		case next == needMore:
			return Message{}, n, false, nil
		}
	}
	return Message{}, 0, false, d.err
}

// outcome of a step that had no error.
type outcome uint8

const (
	again     outcome = iota // the state has moved
	delivered                // the message is complete
	needMore                 // all bytes were taken
)

// note keeps an error that is final.
func (d *Decoder) note(err error) error {
	var call *CallError
	if errors.As(err, &call) {
		return err
	}
	d.err = err
	return err
}

// Partial reports whether a frame or message has begun that was not delivered or passed over to its end: the connection must not end here.
func (d *Decoder) Partial() bool {
	return d.state != atBoundary || d.partLen > 0
}

// Whole reports whether Next delivers a message without further bytes: the rest of an assembled frame.
func (d *Decoder) Whole() bool {
	return d.err == nil && !d.finished && d.state == inFrame && d.held != nil && len(d.held.B)-d.taken == d.left
}

// TakeReservation hands the budget bytes of the message delivered last to the caller, who releases them together with the
// reference that it takes to the message's segment. It returns 0 where the message lies in the caller's own bytes.
func (d *Decoder) TakeReservation() int {
	n := d.reserved
	d.reserved = 0
	return n
}

// Release frees what was assembled, and what the last message lies in. The decoder cannot be used afterwards; releasing again
// does nothing.
func (d *Decoder) Release() {
	d.finished = true
	d.letGo()
	if d.err == nil {
		d.err = errReleased
	}
}

// letGo frees the assembled bytes once they were delivered.
func (d *Decoder) letGo() {
	if !d.finished {
		return
	}
	d.finished = false
	d.taken, d.headLen, d.checked = 0, 0, false
	if d.held != nil {
		d.held.Free()
		d.held = nil
	}
	if d.reserved > 0 {
		d.limits.Budget.Release(d.reserved)
		d.reserved = 0
	}
}

// reserve takes n further bytes of the budget.
func (d *Decoder) reserve(n int) bool {
	if d.limits.Budget == nil {
		return true
	}
	if !d.limits.Budget.Reserve(n) {
		return false
	}
	d.reserved += n
	return true
}

// hold appends b to the assembled bytes. Where they must move, the new segment has room for size bytes.
func (d *Decoder) hold(b []byte, size int) {
	need := len(b)
	if d.held != nil {
		need += len(d.held.B)
	}
	if d.held == nil || need > cap(d.held.B) {
		grown := buf.Get(max(need, size))
		if d.held != nil {
			grown.B = append(grown.B, d.held.B...)
			d.held.Free()
		}
		d.held = grown
	}
	d.held.B = append(d.held.B, b...)
}

// badEnvelope and badBody make the final errors of malformed bytes.
func badEnvelope(err error) error { return fmt.Errorf("read thrift envelope: %w", err) }

func badBody(h thriftwire.Header, err error) error {
	return fmt.Errorf("read body of thrift message %q: %w", h.Name, err)
}
