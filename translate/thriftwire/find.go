package thriftwire

// FirstField returns the id of the first field of a struct; ok is false where it is empty or malformed.
func FirstField(b []byte, p Protocol) (id int16, ok bool) {
	r := NewReader(b, p)
	id, t, err := r.Field(0)
	return id, err == nil && t != Stop
}

// FindString returns the string or binary in field inner of the struct in field outer of the struct at the start of b. The
// bytes lie in b.
func FindString(b []byte, p Protocol, outer, inner int16) (s []byte, ok bool) {
	r := NewReader(b, p)
	if !r.seek(outer, Struct) || !r.seek(inner, String) {
		return nil, false
	}
	s, err := r.Bytes()
	return s, err == nil
}

// seek reads up to the value of a field of the struct that r stands in.
func (r *Reader) seek(id int16, t Type) bool {
	var last int16
	for {
		at, got, err := r.Field(last)
		if err != nil || got == Stop {
			return false
		}
		if at == id && got == t {
			return true
		}
		if r.Skip(got, DefaultMaxDepth) != nil {
			return false
		}
		last = at
	}
}
