package thriftio

import (
	"encoding/binary"
	"errors"
	"fmt"

	"weft/pkg/buf"
	"weft/translate/thriftwire"
)

// firstRoom is how many bytes are allocated at most for a frame of which hardly anything has arrived.
const firstRoom = 64 << 10

// startFrame reads a frame length; before it, on a fresh connection, what tells the framing.
func (d *Decoder) startFrame(in []byte) (int, outcome, error) {
	n := 0
	if d.framing == 0 {
		var err error
		if n, err = d.tellFraming(in); err != nil {
			return n, again, err
		}
		if d.framing == 0 {
			return n, needMore, nil
		}
		if d.framing == Unframed {
			if d.partLen > 0 {
				d.hold(d.part[:d.partLen], 0)
				d.partLen = 0
				d.state = inEnvelope
			}
			return n, again, nil
		}
	}
	size := d.part[:]
	if d.partLen == 0 && len(in) >= 4 {
		size, n = in[:4], 4
	} else {
		k := copy(d.part[d.partLen:], in[n:])
		n += k
		if d.partLen += k; d.partLen < 4 {
			return n, needMore, nil
		}
		d.partLen = 0
	}
	length := binary.BigEndian.Uint32(size)
	switch {
	case length == 0: // Python's server closes on it, Go's and Node's ignore it
		return n, again, errEmptyFrame
	case length > maxFrame:
		return n, again, fmt.Errorf("%w: %d", errFrameLength, length)
	}
	d.left, d.state = int(length), inFrame
	if d.left > d.limits.MaxMessage {
		d.reason, d.state = TooLarge, refusing
	}
	return n, again, nil
}

// tellFraming sets the framing as soon as the bytes in part and in tell it, and moves bytes into part where they do not.
// Four bytes are at most moved; the fifth is only looked at.
func (d *Decoder) tellFraming(in []byte) (n int, err error) {
	if d.partLen == 0 {
		if d.framing, err = framingOf(in); err != nil || d.framing != 0 {
			return 0, err
		}
	}
	for n < len(in) {
		var first [5]byte
		copy(first[:], d.part[:d.partLen])
		first[d.partLen] = in[n]
		if d.framing, err = framingOf(first[:d.partLen+1]); err != nil || d.framing != 0 {
			return n, err
		}
		d.part[d.partLen] = in[n] // the fifth byte always tells
		d.partLen++
		n++
	}
	return n, nil
}

// framingOf tells the framing from the first bytes of a connection; 0 means that it takes more of them, five at most.
func framingOf(b []byte) (Framing, error) {
	switch {
	case len(b) == 0:
		return 0, nil
	case b[0] == 0x80 || b[0] == 0x82: // version word of binary, protocol id of compact
		return Unframed, nil
	case b[0] > maxFrame>>24:
		return 0, errNotThrift
	case b[0] != 0 || len(b) > 1 && b[1] != 0 || len(b) > 2 && b[2] > thriftwire.MaxName>>8:
		return Framed, nil // too long for a method name
	case len(b) < 4:
		return 0, nil
	case b[2] == 0 && b[3] == 0:
		return 0, errEmptyFrame
	case len(b) < 5:
		return 0, nil
	case b[4] == 0x80 || b[4] == 0x82 || b[4] == 0: // an envelope; 0 begins the name length of a non-strict one
		return Framed, nil
	case b[4] > ' ' && b[4] < 0x7f: // the name of a non-strict envelope
		return Unframed, nil
	}
	return 0, errNotThrift
}

// frame delivers the next message of the frame, once all of the frame is there.
func (d *Decoder) frame(msg *Message, in []byte, seg *buf.Segment) (int, outcome, error) {
	if d.held == nil && len(in) >= d.left {
		n, err := d.messageIn(msg, in[:d.left], seg)
		if d.left == 0 {
			d.state = atBoundary
		}
		return n, delivered, err
	}
	n, next, err := d.assembleFrame(in)
	if next != delivered || err != nil {
		return n, next, err
	}
	size, err := d.messageIn(msg, d.held.B[d.taken:], d.held)
	d.taken += size
	if d.left == 0 {
		d.state, d.finished = atBoundary, true
	}
	return n, delivered, err
}

// messageIn reads the message at the start of b, the rest of a frame, and takes its bytes off left. A malformed body costs the rest
// of the frame, since nobody knows where the next message would begin.
func (d *Decoder) messageIn(msg *Message, b []byte, seg *buf.Segment) (int, error) {
	h, headLen, err := thriftwire.ReadHeader(b)
	if err != nil {
		if errors.Is(err, thriftwire.ErrShort) {
			err = errFrameEnds
		}
		return 0, badEnvelope(err)
	}
	msg.Header, msg.Segment = h, seg
	bodyLen, err := thriftwire.SkipStruct(b[headLen:], h.Protocol, d.limits.MaxDepth)
	if err != nil {
		if errors.Is(err, thriftwire.ErrShort) {
			err = errFrameEnds
		}
		d.left = 0
		return len(b), &CallError{Reason: Malformed, Size: len(b), Err: err}
	}
	msg.Body = b[headLen : headLen+bodyLen : headLen+bodyLen]
	d.left -= headLen + bodyLen
	return headLen + bodyLen, nil
}

// assembleFrame moves bytes of the frame into held. The outcome is delivered when all are there.
func (d *Decoder) assembleFrame(in []byte) (int, outcome, error) {
	if d.held == nil {
		if len(in) == 0 {
			return 0, needMore, nil
		}
		if !d.reserve(d.left) {
			d.reason, d.state = OverBudget, refusing
			return 0, again, nil
		}
		d.hold(nil, min(d.left, max(firstRoom, 2*len(in))))
	}
	have := len(d.held.B) - d.taken
	n := min(d.left-have, len(in))
	d.hold(in[:n], min(d.left, 2*cap(d.held.B)))
	if have+n == d.left {
		return n, delivered, nil
	}
	if !d.checked { // nobody shall wait for the rest of a frame that is wrong at its beginning
		_, _, err := thriftwire.ReadHeader(d.held.B)
		if err != nil && !errors.Is(err, thriftwire.ErrShort) {
			return n, again, badEnvelope(err)
		}
		d.checked = err == nil
	}
	return n, needMore, nil
}

// refuseFrame reads the envelope of a message that is not going to be delivered, so that the caller can answer it.
func (d *Decoder) refuseFrame(msg *Message, in []byte, seg *buf.Segment) (int, outcome, error) {
	b := in[:min(len(in), d.left)]
	n := len(b)
	if d.held != nil {
		n = min(len(in), d.left-len(d.held.B), thriftwire.MaxHeader)
		d.hold(in[:n], 0)
		b, seg = d.held.B, d.held
	}
	h, headLen, err := thriftwire.ReadHeader(b)
	switch {
	case errors.Is(err, thriftwire.ErrShort) && len(b) < d.left:
		if d.held == nil {
			d.hold(b, 0)
		}
		return n, needMore, nil
	case errors.Is(err, thriftwire.ErrShort):
		return n, again, errFrameEnds
	case err != nil:
		return n, again, badEnvelope(err)
	}
	if d.held == nil {
		n = headLen
	} else {
		headLen = len(d.held.B)
		d.finished = true
	}
	refused := &CallError{Reason: d.reason, Size: d.left}
	msg.Header, msg.Segment = h, seg
	d.left -= headLen
	d.state = skipping
	return n, again, refused
}

func (d *Decoder) skipFrame(in []byte) (int, outcome) {
	n := min(d.left, len(in))
	d.left -= n
	if d.left > 0 {
		return n, needMore
	}
	d.state = atBoundary
	return n, again
}
