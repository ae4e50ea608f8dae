package buf

// Queue is a first-in first-out run of bytes held in segments. It is not safe for concurrent use; its owner
// guards it. The zero value is empty.
type Queue struct {
	pieces []piece
	head   int // pieces before it are gone
	size   int
}

// A piece is a run of bytes of one segment, which the queue holds a reference to.
type piece struct {
	seg *Segment
	b   []byte
	own bool // the queue alone writes to seg: more may be appended behind b
}

// Len returns the number of bytes in the queue.
func (q *Queue) Len() int { return q.size }

// Append copies b to the end.
func (q *Queue) Append(b []byte) {
	for len(b) > 0 {
		room := q.Room(min(len(b), 16<<10))
		n := copy(room, b)
		q.Wrote(n)
		b = b[n:]
	}
}

// Room returns writable space of at least n bytes (n <= 1 MiB) at the end of the queue, to be filled and then reported by
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
	s := Get(max(n, classes[0]))
	q.push(piece{seg: s, b: s.full[:0], own: true})
	return s.full
}

// Wrote says that n bytes of the space that Room returned were filled.
func (q *Queue) Wrote(n int) {
	p := &q.pieces[len(q.pieces)-1]
	p.b = p.b[:len(p.b)+n]
	q.size += n
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

// Vec appends the queue's bytes, up to most slices, to vec. They stay in the queue and are valid until Advance or Reset.
func (q *Queue) Vec(vec [][]byte, most int) [][]byte {
	for i := q.head; i < len(q.pieces) && len(vec) < most; i++ {
		if len(q.pieces[i].b) > 0 {
			vec = append(vec, q.pieces[i].b)
		}
	}
	return vec
}

// Advance drops the first n bytes and frees the segments that they were the last of.
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

// MoveTo appends the first n bytes of q to dst and drops them from q. Short pieces are copied, long ones change
// hands.
func (q *Queue) MoveTo(dst *Queue, n int) {
	const copyBelow = 2 << 10
	for n > 0 {
		p := &q.pieces[q.head]
		part := p.b[:min(n, len(p.b))]
		if len(part) < copyBelow {
			dst.Append(part)
		} else {
			dst.AppendShared(p.seg, part)
			p.own = false // dst reads what lies before the end; writing behind it is still safe, sharing an end is not
		}
		n -= len(part)
		q.Advance(len(part))
	}
}

// Reset drops everything.
func (q *Queue) Reset() {
	q.Advance(q.size)
	for ; q.head < len(q.pieces); q.head++ { // empty pieces left by Room
		q.pieces[q.head].seg.Free()
		q.pieces[q.head] = piece{}
	}
	q.pieces, q.head = nil, 0
}
