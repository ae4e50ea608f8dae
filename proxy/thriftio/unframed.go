package thriftio

import (
	"errors"

	"weft/pkg/buf"
	"weft/translate/thriftwire"
)

// startMessage delivers the message at the start of in, or begins to assemble it.
func (d *Decoder) startMessage(msg *Message, in []byte, seg *buf.Segment) (int, outcome, error) {
	if len(in) == 0 {
		return 0, needMore, nil
	}
	h, headLen, err := thriftwire.ReadHeader(in)
	if errors.Is(err, thriftwire.ErrShort) {
		d.hold(in, 0)
		d.state = inEnvelope
		return len(in), needMore, nil
	}
	if err != nil {
		return 0, again, badEnvelope(err)
	}
	bodyLen, err := thriftwire.SkipStruct(in[headLen:], h.Protocol, d.limits.MaxDepth)
	if errors.Is(err, thriftwire.ErrShort) {
		d.hold(in[:headLen], min(len(in), d.limits.MaxMessage))
		d.startBody(h.Protocol, headLen)
		return headLen, again, nil
	}
	msg.Header, msg.Segment = h, seg
	size := headLen + bodyLen
	if err != nil {
		return headLen, again, badBody(h, err)
	}
	if size > d.limits.MaxMessage {
		return size, again, &CallError{Reason: TooLarge, Size: size}
	}
	msg.Body = in[headLen:size:size]
	return size, delivered, nil
}

// envelope goes on with an envelope that arrives in pieces.
func (d *Decoder) envelope(in []byte) (int, outcome, error) {
	had := len(d.held.B)
	d.hold(in[:min(len(in), thriftwire.MaxHeader)], 0)
	h, headLen, err := thriftwire.ReadHeader(d.held.B)
	if errors.Is(err, thriftwire.ErrShort) {
		return len(d.held.B) - had, needMore, nil
	}
	if err != nil {
		return 0, again, badEnvelope(err)
	}
	d.held.B = d.held.B[:headLen] // the rest stays in in
	d.startBody(h.Protocol, headLen)
	return headLen - had, again, nil
}

func (d *Decoder) startBody(p thriftwire.Protocol, headLen int) {
	d.scanner.Reset(p, d.limits.MaxDepth)
	d.headLen = headLen
	d.state = inBody
}

// body moves bytes of the body into held, and delivers the message when the body ends.
func (d *Decoder) body(msg *Message, in []byte) (int, outcome, error) {
	n, done, err := d.scanner.Scan(in)
	if err != nil {
		d.describe(msg)
		return n, again, badBody(msg.Header, err)
	}
	size := len(d.held.B) + n
	if size > d.limits.MaxMessage {
		return n, again, d.refuseBody(msg, done, &CallError{Reason: TooLarge, Size: size})
	}
	if !d.reserveBody(size) {
		return n, again, d.refuseBody(msg, done, &CallError{Reason: OverBudget, Size: size})
	}
	d.hold(in[:n], min(2*size, d.limits.MaxMessage))
	if !done {
		return n, needMore, nil
	}
	d.describe(msg)
	msg.Body = d.held.B[d.headLen:len(d.held.B):len(d.held.B)]
	d.state, d.finished = atBoundary, true
	return n, delivered, nil
}

// describe fills in msg from the envelope in held, which may have moved since it was read first.
func (d *Decoder) describe(msg *Message) {
	msg.Header, _, _ = thriftwire.ReadHeader(d.held.B)
	msg.Segment = d.held
}

// reserveBody reserves in doublings what a message of so far size bytes may hold.
func (d *Decoder) reserveBody(size int) bool {
	if d.limits.Budget == nil || size <= d.reserved {
		return true
	}
	want := min(2*size, d.limits.MaxMessage)
	return d.reserve(max(size, want) - d.reserved)
}

// refuseBody gives up a message whose envelope is in held; the scanner goes on to its end without keeping it.
func (d *Decoder) refuseBody(msg *Message, done bool, refused *CallError) error {
	d.describe(msg)
	d.finished = true
	d.state = skippingBody
	if done {
		d.state = atBoundary
	}
	return refused
}

func (d *Decoder) skipBody(in []byte) (int, outcome, error) {
	n, done, err := d.scanner.Scan(in)
	switch {
	case err != nil:
		return n, again, err
	case !done:
		return n, needMore, nil
	}
	d.state = atBoundary
	return n, again, nil
}
