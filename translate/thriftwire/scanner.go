package thriftwire

import (
	"encoding/binary"
	"math"
)

// Scanner finds the end of an unframed struct whose bytes arrive in pieces, without looking at a byte twice and in
// bounded memory: its stack grows with the nesting up to maxDepth, and never with a claimed count. It keeps at most nine
// bytes between calls. Counts and string lengths are bound only by the bytes that the caller lets through.
//
// It takes exactly what SkipStruct takes. One goroutine owns it.
type Scanner struct {
	protocol Protocol
	maxDepth int

	state scanState
	err   error
	pass  int64 // bytes still to be passed over before state applies
	stack []scanLevel

	part    [maxVarint64]byte // the beginning of an atom that is not complete yet
	partLen int
}

// scanState says what comes next on the wire.
type scanState uint8

const (
	scanNext     scanState = iota // a field or an element of the innermost level
	scanString                    // length of a string
	scanList                      // head of a list or set
	scanMap                       // head of a map
	scanVarint32                  // compact i16, i32
	scanVarint64                  // compact i64
	scanDone
)

// scanLevel is a struct or container that is open.
type scanLevel struct {
	left  int64 // values still to come, keys and values of a map counted each; -1 in a struct
	key   byte  // type of the values that come while left is even
	value byte  // and while it is odd; both are the element type in a list
}

// Reset prepares s for a struct in protocol p.
func (s *Scanner) Reset(p Protocol, maxDepth int) {
	s.protocol, s.maxDepth = p, maxDepth
	s.state, s.err, s.pass, s.partLen = scanNext, nil, 0, 0
	s.stack = s.stack[:0]
	s.took(s.open(scanLevel{left: -1}))
}

// Scan takes the next bytes and returns how many of them belong to the struct, and whether it ended there. An error is final
// until Reset.
func (s *Scanner) Scan(b []byte) (n int, done bool, err error) {
	for s.err == nil {
		if s.pass > 0 {
			k := min(s.pass, int64(len(b)-n))
			s.pass -= k
			n += int(k)
			if s.pass > 0 {
				return n, false, nil
			}
		}
		switch {
		case s.state == scanDone:
			return n, true, nil
		case s.state == scanNext && s.top().left >= 0:
			s.took(s.element(s.top()))
		case n == len(b):
			return n, false, nil
		default:
			n += s.atom(b[n:])
		}
	}
	return n, false, s.err
}

func (s *Scanner) top() *scanLevel { return &s.stack[len(s.stack)-1] }

// took notes a fault; k is the number of bytes taken or a fault.
func (s *Scanner) took(k int) int {
	if k < 0 {
		s.err = faultError(k)
		return 0
	}
	return k
}

// element turns to the next value of the container on top, or leaves it. It takes no bytes.
func (s *Scanner) element(top *scanLevel) int {
	if top.left == 0 {
		s.stack = s.stack[:len(s.stack)-1]
		return 0
	}
	t := top.value
	if top.left%2 == 0 {
		t = top.key
	}
	top.left--
	return s.value(t)
}

// atom takes one atom from b, or all of b where the atom does not end in it, and returns the number of bytes it took. An
// atom is a part that means nothing before it is whole: a field head, a length, a count with its types, a varint.
func (s *Scanner) atom(b []byte) int {
	if s.partLen == 0 {
		k := s.step(b)
		if k == short {
			s.partLen = copy(s.part[:], b)
			return s.partLen
		}
		return s.took(k)
	}
	s.part[s.partLen] = b[0]
	s.partLen++
	if k := s.step(s.part[:s.partLen]); k != short {
		s.took(k)
		s.partLen = 0
	}
	return 1
}

// step takes one atom from the start of b, which is not empty. It returns the atom's size, short where b ends inside it
// and nothing was changed, or a fault.
func (s *Scanner) step(b []byte) int {
	compact := s.protocol == Compact
	switch s.state {
	case scanNext:
		if compact {
			return s.compactField(b)
		}
		return s.binaryField(b)
	case scanString:
		return s.stringLength(b, compact)
	case scanList:
		return s.listHead(b, compact)
	case scanMap:
		return s.mapHead(b, compact)
	}
	most := maxVarint32
	if s.state == scanVarint64 {
		most = maxVarint64
	}
	k := skipVarint(b, 0, most)
	if k != short {
		s.state = scanNext
	}
	return k
}

func (s *Scanner) binaryField(b []byte) int {
	t := b[0]
	switch {
	case Type(t) == Stop:
		return s.close()
	case compactOf[t] == 0:
		return badType
	case s.full() && isNested(Type(t)):
		return tooDeep
	case len(b) < 3:
		return short
	}
	s.value(t)
	return 3
}

func (s *Scanner) compactField(b []byte) int {
	head := b[0]
	if head == 0 {
		return s.close()
	}
	t := head & 0x0f
	if binaryOf[t] == Stop {
		return badType
	}
	size := 1
	if head < 0x10 { // long form: the field id follows
		if size = skipVarint(b, 1, maxVarint32); size < 0 {
			return size
		}
	}
	if t <= compactFalse {
		return size // the value lies in the type
	}
	if fault := s.value(t); fault < 0 {
		return fault
	}
	return size
}

// value turns to a value of type t, in the protocol's own numbering.
func (s *Scanner) value(t byte) int {
	width, known := binaryWidth[t], Type(t)
	if s.protocol == Compact {
		width, known = compactWidth[t], binaryOf[t]
	}
	if width != 0 {
		s.pass = int64(width)
		return 0
	}
	if isNested(known) && s.full() {
		return tooDeep
	}
	switch known {
	case Struct:
		return s.open(scanLevel{left: -1})
	case String:
		s.state = scanString
	case List, Set:
		s.state = scanList
	case Map:
		s.state = scanMap
	case I16, I32:
		s.state = scanVarint32
	case I64:
		s.state = scanVarint64
	default:
		return badType
	}
	return 0
}

func (s *Scanner) stringLength(b []byte, compact bool) int {
	n, size := 0, 0
	if compact {
		n, size = length32(b, 0)
	} else {
		n, size = binaryLength(b, 4)
	}
	if size >= 0 {
		s.pass, s.state = int64(n), scanNext
	}
	return size
}

func (s *Scanner) listHead(b []byte, compact bool) int {
	var t, width byte
	n, size := 0, 0
	if compact {
		t, n, size = compactListHead(b, 0)
		width = compactWidth[t]
	} else {
		t = b[0]
		n, size = binaryLength(b, 5)
		width = binaryWidth[t]
	}
	if size < 0 {
		return size
	}
	s.state = scanNext
	if width != 0 {
		s.pass = int64(n) * int64(width)
	} else if fault := s.open(scanLevel{left: int64(n), key: t, value: t}); fault < 0 {
		return fault
	}
	return size
}

func (s *Scanner) mapHead(b []byte, compact bool) int {
	var kt, vt, kw, vw byte
	n, size := 0, 0
	if compact {
		kt, vt, n, size = compactMapHead(b, 0)
		kw, vw = compactWidth[kt], compactWidth[vt]
	} else if n, size = binaryLength(b, 6); size >= 0 {
		kt, vt = b[0], b[1]
		kw, vw = binaryWidth[kt], binaryWidth[vt]
	}
	if size < 0 {
		return size
	}
	s.state = scanNext
	if kw != 0 && vw != 0 {
		s.pass = int64(n) * int64(kw+vw)
	} else if fault := s.open(scanLevel{left: 2 * int64(n), key: kt, value: vt}); fault < 0 {
		return fault
	}
	return size
}

// binaryLength reads the i32 length or count that ends a head of size bytes.
func binaryLength(b []byte, size int) (n, next int) {
	if len(b) < size {
		return 0, short
	}
	v := binary.BigEndian.Uint32(b[size-4:])
	if v > math.MaxInt32 {
		return 0, badLength
	}
	return int(v), size
}

// full says that no further level may be opened.
func (s *Scanner) full() bool { return len(s.stack) >= s.maxDepth }

func isNested(t Type) bool { return t == Struct || t == Map || t == Set || t == List }

// open enters a struct or container.
func (s *Scanner) open(l scanLevel) int {
	if s.full() {
		return tooDeep
	}
	s.stack = append(s.stack, l)
	s.state = scanNext
	return 0
}

// close leaves the struct on top, whose stop byte was read.
func (s *Scanner) close() int {
	s.stack = s.stack[:len(s.stack)-1]
	if len(s.stack) == 0 {
		s.state = scanDone
	}
	return 1
}
