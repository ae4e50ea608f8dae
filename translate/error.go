package translate

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
