package translate

import "fmt"

// Kind sorts the reasons for which a message cannot be translated.
type Kind uint8

const (
	Malformed    Kind = iota + 1 // the bytes are not a message of their own protocol
	OutOfRange                   // a value has no equal on the other side: range, enum, UTF-8, union
	Missing                      // a required field did not arrive
	NoResult                     // a result struct holds neither a value nor a declared exception
	UnknownField                 // refused by the binding's unknown_field: error
	TooDeep                      // nested deeper than MaxDepth
	TooLarge                     // the translated message would exceed Out.Limit
)

// Error says why a message was not translated and where in it. It is made on the slow path only.
type Error struct {
	Kind Kind
	Path string // "request.items[3].price": names as in the Thrift IDL
	Text string // "value 70000 does not fit i16 (-32768..32767)"
}

// Error gives "path: text".
func (e *Error) Error() string {
	if e.Path == "" {
		return e.Text
	}
	return e.Path + ": " + e.Text
}

// errAgain ends a run that met what its fast path does not do: fields of a protobuf message that are not in order, a Thrift
// field that comes twice. The message is run again with care. The value is shared and no caller sees it.
var errAgain = &Error{Text: "to be run again"}

// mayVanish says whether a careful run may end otherwise: with errAgain, and because a value that cannot be said on the other
// side may be replaced by a later one.
func (e *Error) mayVanish() bool {
	return e != nil && e.Kind != Malformed && e.Kind != TooDeep
}

// fail makes an error at the place where it was found; in adds the way there while the run unwinds.
func fail(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, args...)}
}

// in puts the name of a field in front of the path.
func (e *Error) in(name string) *Error {
	switch {
	case e == errAgain:
	case e.Path == "":
		e.Path = name
	case e.Path[0] == '[':
		e.Path = name + e.Path
	default:
		e.Path = name + "." + e.Path
	}
	return e
}

// at puts an index or key, brackets included, in front of the path.
func (e *Error) at(index string) *Error {
	if e == errAgain {
		return e
	}
	if e.Path == "" || e.Path[0] == '[' {
		e.Path = index + e.Path
	} else {
		e.Path = index + "." + e.Path
	}
	return e
}

// atIndex puts the index of an element in front of the path.
func (e *Error) atIndex(i int) *Error { return e.at(fmt.Sprintf("[%d]", i)) }

// clone copies an error that a plan holds, for a run to put a path in front of.
func (e *Error) clone() *Error {
	c := *e
	return &c
}

// result gives e as an error, a plain nil where there is none.
func (e *Error) result() error {
	if e == nil {
		return nil
	}
	return e
}

// errTooDeep reports nesting beyond MaxDepth.
func errTooDeep() *Error { return fail(TooDeep, "nested deeper than %d levels", MaxDepth) }

// errTooLarge reports a message beyond Out.Limit.
func errTooLarge(limit int) *Error {
	return fail(TooLarge, "translated message is larger than %d bytes", limit)
}

// errMissing reports a required field that did not arrive.
func errMissing() *Error { return fail(Missing, "required field is missing") }

// errUnion reports a union of which not exactly one field is set.
func errUnion(name string, set int) *Error {
	return fail(OutOfRange, "union %s has %d fields set instead of one", name, set)
}
