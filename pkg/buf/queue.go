package buf

// Queue is a first-in first-out run of bytes held in segments. It is not safe for concurrent use; its owner
// guards it. The zero value is empty. It holds no segment while it is empty, but for space handed out by Room.
type Queue struct {
	pieces []piece
	head   int // pieces before it are gone
	size   int
}

// A piece is a run of bytes of one segment, which the queue holds a reference to.
type piece struct {
	seg *Segment
	b   []byte
	own bool // nobody else writes behind b, up to its capacity: more may be appended there
}

const (
	appendChunk = 16 << 10 // Append asks for no more room at once
	copyBelow   = 2 << 10  // shorter pieces are copied by MoveTo
	keepPieces  = 64       // capacity of pieces that Reset keeps
)

// Len returns the number of bytes in the queue.
func (q *Queue) Len() int { return q.size }

// Append copies b to the end.
func (q *Queue) Append(b []byte) {
	for len(b) > 0 {
		n := copy(q.Room(min(len(b), appendChunk)), b)
		q.Wrote(n)
		b = b[n:]
	}
}

// Room returns writable space of at least n bytes at the end of the queue, to be filled and then reported by
// Wrote before any other call.
func (q *Queue) Room(n int) []byte {
	if len(q.pieces) > q.head {
		p := &q.pieces[len(q.pieces)-1]
		if p.own {
			if room := p.b[len(p.b):cap(p.b)]; len(room) >= n {
				return room
			}
		}
	}
	s := Get(max(n, q.nextSize()))
	q.push(piece{seg: s, b: s.full[:0], own: true})
	return s.full
}

// nextSize is the size of the segment to append to next: larger the more waits, so that a long queue is few pieces.
func (q *Queue) nextSize() int {
	switch {
	case q.size < classes[0]/2:
		return classes[0]
	case q.size < classes[2]:
		return classes[1]
	}
	return classes[2]
}

// Wrote says that n bytes of the space that Room returned were filled.
func (q *Queue) Wrote(n int) {
	last := len(q.pieces) - 1
	p := &q.pieces[last]
	p.b = p.b[:len(p.b)+n]
	q.size += n
	if len(p.b) == 0 { // an empty queue holds nothing
		p.seg.Free()
		*p = piece{}
		q.pieces = q.pieces[:last]
	}
}

// AppendShared adds b, a part of s, without copying; the queue takes a reference of its own.
func (q *Queue) AppendShared(s *Segment, b []byte) {
	if len(b) == 0 {
		return
	}
	q.push(piece{seg: s.Ref(), b: b[:len(b):len(b)]})
	q.size += len(b)
}

func (q *Queue) push(p piece) {
	if q.head == len(q.pieces) {
		q.pieces, q.head = q.pieces[:0], 0
	} else if q.head > 32 && q.head > len(q.pieces)/2 {
		n := copy(q.pieces, q.pieces[q.head:])
		clear(q.pieces[n:])
		q.pieces, q.head = q.pieces[:n], 0
	}
	q.pieces = append(q.pieces, p)
}

// Vec appends the queue's bytes, up to most slices, to vec. They stay in the queue and are valid until Advance, MoveTo or Reset.
func (q *Queue) Vec(vec [][]byte, most int) [][]byte {
	for i := q.head; i < len(q.pieces) && len(vec) < most; i++ {
		vec = append(vec, q.pieces[i].b)
	}
	return vec
}

// Copy appends the queue's first bytes to b as far as its capacity goes. They stay in the queue.
func (q *Queue) Copy(b []byte) []byte {
	for i := q.head; i < len(q.pieces) && len(b) < cap(b); i++ {
		part := q.pieces[i].b
		b = append(b, part[:min(len(part), cap(b)-len(b))]...)
	}
	return b
}

// Advance drops the first n bytes, n <= Len, and frees the segments that they were the last of.
func (q *Queue) Advance(n int) {
	q.size -= n
	for n > 0 {
		p := &q.pieces[q.head]
		if n < len(p.b) {
			p.b = p.b[n:]
			return
		}
		n -= len(p.b)
		p.seg.Free()
		*p = piece{}
		q.head++
	}
}

// MoveTo appends the first n bytes of q, n <= Len, to dst, another queue, and drops them from q. Short pieces are copied,
// long ones change hands.
func (q *Queue) MoveTo(dst *Queue, n int) {
	for n > 0 {
		p := &q.pieces[q.head]
		switch {
		case len(p.b) < copyBelow || n < copyBelow:
			part := p.b[:min(n, len(p.b))]
			dst.Append(part)
			q.Advance(len(part))
			n -= len(part)
		case n < len(p.b):
			dst.AppendShared(p.seg, p.b[:n])
			q.Advance(n)
			return
		default: // whole, with the right to append behind it
			n -= len(p.b)
			q.size -= len(p.b)
			dst.size += len(p.b)
			dst.push(*p)
			*p = piece{}
			q.head++
		}
	}
}

// Reset drops everything.
func (q *Queue) Reset() {
	q.Advance(q.size)
	for ; q.head < len(q.pieces); q.head++ { // space of Room, never reported by Wrote
		q.pieces[q.head].seg.Free()
		q.pieces[q.head] = piece{}
	}
	if cap(q.pieces) > keepPieces {
		q.pieces = nil
	}
	q.pieces, q.head = q.pieces[:0], 0
}
