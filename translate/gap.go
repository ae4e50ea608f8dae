package translate

import "weft/translate/pbwire"

// gap is room left for a length that is not known yet. It is as long as a guess; where the length needs another number of
// bytes the contents are moved. A byte is moved at most once for each message around it, and not at all in messages
// below 128 bytes.
type gap struct {
	room     int // bytes left for the length; 0 means 1
	start    int // of the contents in B
	refs     int // number of Refs before
	refBytes int
}

// openGap leaves room for a length.
func (t *toProto) openGap(b []byte, g *gap) []byte {
	if g.room == 0 {
		g.room = 1
	}
	var zeros [10]byte
	b = append(b, zeros[:g.room]...)
	g.start, g.refs, g.refBytes = len(b), len(t.o.Refs), t.o.refBytes
	return b
}

// closeGap fills in the length of what was written since.
func (t *toProto) closeGap(b []byte, g *gap) []byte {
	n := len(b) - g.start + t.o.refBytes - g.refBytes
	if n < 0x80 && g.room == 1 {
		b[g.start-1] = byte(n)
		return b
	}
	room := pbwire.SizeUvarint(uint64(n))
	if by := room - g.room; by != 0 {
		b = t.move(b, g, by)
	}
	pbwire.PutUvarint(b[g.start-g.room:], uint64(n))
	g.room = room
	return b
}

// move shifts the contents by a number of bytes, references included.
func (t *toProto) move(b []byte, g *gap, by int) []byte {
	end := len(b)
	if by > 0 {
		var zeros [10]byte
		b = append(b, zeros[:by]...)
	}
	copy(b[g.start+by:], b[g.start:end])
	for r := g.refs; r < len(t.o.Refs); r++ {
		t.o.Refs[r].At += by
	}
	return b[:end+by]
}
