package upstream

import (
	"weft/pkg/buf"
	"weft/proxy/thriftio"
	"weft/translate"
	"weft/translate/thriftwire"
)

// Payload is the body of a call or of its answer on its way into a queue: B with the parts of Refs let in. What is
// long and lies in Seg is shared with the queue instead of copied.
type Payload struct {
	B    []byte
	Refs []translate.Ref
	Seg  *buf.Segment // Refs lie in it, or B where InSeg is set; nil: everything is copied
	// InSeg: B itself lies in Seg.
	InSeg bool
}

// ShareFrom is the length in bytes from which a part is shared instead of copied.
const ShareFrom = 8 << 10

// Len is the size of the whole body in bytes.
func (p *Payload) Len() int {
	n := len(p.B)
	for _, r := range p.Refs {
		n += len(r.Data)
	}
	return n
}

// AppendTo queues the body.
func (p *Payload) AppendTo(q *buf.Queue) {
	p.Each(func(b []byte, seg *buf.Segment, _ bool) {
		if seg != nil {
			q.AppendShared(seg, b)
		} else {
			q.Append(b)
		}
	})
}

// Each calls put for each part in order, at least once. seg is set where the part lies in it and is long enough to be shared; last
// marks the last part.
func (p *Payload) Each(put func(b []byte, seg *buf.Segment, last bool)) {
	if p.InSeg && len(p.B) >= ShareFrom {
		put(p.B, p.Seg, true)
		return
	}
	at := 0
	for i, r := range p.Refs {
		put(p.B[at:r.At], nil, false)
		at = r.At
		seg := p.Seg
		if len(r.Data) < ShareFrom {
			seg = nil
		}
		put(r.Data, seg, i == len(p.Refs)-1 && at == len(p.B))
	}
	if at < len(p.B) || len(p.Refs) == 0 {
		put(p.B[at:], nil, true)
	}
}

// QueueMessage queues a whole Thrift message: frame length and envelope, then the body.
func QueueMessage(q *buf.Queue, f thriftio.Framing, h thriftwire.Header, body *Payload) {
	n := thriftio.EnvelopeLen(f, h)
	room := q.Room(n)
	thriftio.AppendEnvelope(room[:0], f, h, body.Len())
	q.Wrote(n)
	body.AppendTo(q)
}
