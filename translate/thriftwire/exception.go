package thriftwire

import "fmt"

// ApplicationException is Thrift's own error: what went wrong outside of the declared exceptions.
type ApplicationException struct {
	Type int32 // 0 where the peer sent none
	Text string
}

// Field ids of the struct {1: string message, 2: i32 type}.
const (
	exceptionText int16 = 1
	exceptionType int16 = 2
)

// ReadApplicationException reads the body of an Exception message. Fields that it does not know, or that have another type, are
// skipped; each of the two may be missing.
func ReadApplicationException(b []byte, p Protocol) (ApplicationException, error) {
	var e ApplicationException
	r := NewReader(b, p)
	var last int16
	for {
		id, t, err := r.Field(last)
		if err == nil && t == Stop {
			return e, nil
		}
		last = id
		switch {
		case err != nil:
		case id == exceptionText && t == String:
			var text []byte
			text, err = r.Bytes()
			e.Text = string(text)
		case id == exceptionType && t == I32:
			e.Type, err = r.I32()
		default:
			err = r.Skip(t, DefaultMaxDepth-1)
		}
		if err != nil {
			return ApplicationException{}, fmt.Errorf("read TApplicationException: %w", err)
		}
	}
}

// AppendApplicationException appends the body of an Exception message.
func AppendApplicationException(dst []byte, p Protocol, e ApplicationException) []byte {
	dst = AppendField(dst, p, 0, exceptionText, String)
	dst = AppendString(dst, p, e.Text)
	dst = AppendField(dst, p, exceptionText, exceptionType, I32)
	dst = AppendI32(dst, p, e.Type)
	return AppendStop(dst)
}
