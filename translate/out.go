package translate

// Out takes one translated message. It is reused from message to message and owned by one goroutine.
//
// The message is B with the parts of Refs let in: large strings and byte fields of the input are referenced
// instead of copied. Referenced bytes belong to the input and are valid as long as it is.
type Out struct {
	B    []byte
	Refs []Ref // ascending by At

	// RefMin is the length from which strings are referenced; 0 copies everything.
	RefMin int
	// Limit caps the size of the translated message in bytes, references included; 0 means 64 MiB. A message that
	// would be larger ends with an Error of kind TooLarge.
	Limit int

	refBytes int
	scratch  scratch // index slots and sizes of the run in progress
}

// Ref is a part of a message that lies in the input: Data stands before B[At].
type Ref struct {
	At   int
	Data []byte
}

// Len returns the size of the message in bytes, references included.
func (o *Out) Len() int { return len(o.B) + o.refBytes }

// Reset empties o for the next message; room is the number of bytes that stay free at the start of B for an
// envelope that the caller fills in. A B that has grown above 1 MiB is let go, and so is working memory that a huge
// message has blown up.
func (o *Out) Reset(room int) {
	if cap(o.B) > 1<<20 {
		o.B = nil
	}
	if cap(o.B) < room {
		o.B = make([]byte, room, max(room, 4<<10))
	}
	o.B = o.B[:room]
	o.Refs = emptied(o.Refs)
	o.scratch.reset()
	o.refBytes = 0
}

// Append copies the whole message, references let in, to the end of dst.
func (o *Out) Append(dst []byte) []byte {
	at := 0
	for _, r := range o.Refs {
		dst = append(dst, o.B[at:r.At]...)
		dst = append(dst, r.Data...)
		at = r.At
	}
	return append(dst, o.B[at:]...)
}

// refer lets data in before B[at].
func (o *Out) refer(at int, data []byte) {
	o.Refs = append(o.Refs, Ref{At: at, Data: data})
	o.refBytes += len(data)
}

// limit gives the cap on the message's size in bytes.
func (o *Out) limit() int {
	if o.Limit > 0 {
		return o.Limit
	}
	return 64 << 20
}
