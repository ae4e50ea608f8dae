package translate

// scratch is the working memory of a run: stacks that grow with what the input holds (never with what it
// claims), are emptied at the start of each run and let go when one huge message has blown them up.
//
// The index pass of protobuf uses slots, seen, spans, keys and table; the Thrift reader uses seen and last.
type scratch struct {
	slots []slot
	seen  []uint64 // bit sets: which fields of a message came
	spans []span
	keys  []uint64 // map keys or where they stand, while duplicates are looked for
	table []uint32 // open hash table over keys: ordinal + 1
	last  []int32  // Thrift: where the last occurrence of each field starts
}

// slot says where the value of one protobuf field stands. What its members mean depends on the field's shape.
type slot struct {
	bits   uint64 // scalar: the value as read off the wire
	lo, hi int32  // bytes, or a message that came once: its payload; else the first and last span of a chain
	n      int32  // occurrences of a message, elements of a repeated field
}

// span is a part of the input and, by index, the next part of the same field; -1 ends the chain.
type span struct {
	start, end, next int32
}

// keep is the capacity in elements above which a stack is not kept for the next message.
const keep = 32 << 10

// reset empties the stacks.
func (s *scratch) reset() {
	s.slots = emptied(s.slots)
	s.seen = emptied(s.seen)
	s.spans = emptied(s.spans)
	s.keys = emptied(s.keys)
	s.table = emptied(s.table)
	s.last = emptied(s.last)
}

func emptied[T any](stack []T) []T {
	if cap(stack) > keep {
		return nil
	}
	return stack[:0]
}

// push extends a stack by n elements that hold whatever was there before, and returns it with the new part.
func push[T any](stack []T, n int) (whole, part []T) {
	at := len(stack)
	if cap(stack)-at < n {
		grown := make([]T, at, 2*cap(stack)+n+64)
		copy(grown, stack)
		stack = grown
	}
	whole = stack[:at+n]
	return whole, whole[at:]
}
