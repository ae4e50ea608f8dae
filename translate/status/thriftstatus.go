package status

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"

	"weft/translate/thriftwire"
)

// Field ids of the exception that methods of .proto-only services declare:
//
//	struct Any { 1: string type_url, 2: binary value }
//	exception GrpcStatus { 1: i32 code, 2: string message, 3: list<Any> details }
//	… throws (1: GrpcStatus status)
const (
	idStatus  int16 = 1 // in the result struct
	idCode    int16 = 1
	idMessage int16 = 2
	idDetails int16 = 3
	idTypeURL int16 = 1
	idValue   int16 = 2
)

var errNoStatus = errors.New("result struct holds no GrpcStatus")

// AppendStatusException appends the result struct of a method of a .proto-only service that ended with s: the declared
// exception GrpcStatus in field 1.
func AppendStatusException(dst []byte, p thriftwire.Protocol, s Status) []byte {
	dst = thriftwire.AppendField(dst, p, 0, idStatus, thriftwire.Struct)
	dst = thriftwire.AppendField(dst, p, 0, idCode, thriftwire.I32)
	dst = thriftwire.AppendI32(dst, p, int32(s.Code))
	dst = thriftwire.AppendField(dst, p, idCode, idMessage, thriftwire.String)
	dst = thriftwire.AppendString(dst, p, s.Message)
	dst = thriftwire.AppendField(dst, p, idMessage, idDetails, thriftwire.List)
	dst = thriftwire.AppendList(dst, p, thriftwire.Struct, len(s.Details))
	for _, d := range s.Details {
		dst = thriftwire.AppendField(dst, p, 0, idTypeURL, thriftwire.String)
		dst = thriftwire.AppendString(dst, p, d.TypeURL)
		dst = thriftwire.AppendField(dst, p, idTypeURL, idValue, thriftwire.String)
		dst = thriftwire.AppendString(dst, p, d.Value)
		dst = thriftwire.AppendStop(dst)
	}
	dst = thriftwire.AppendStop(dst)
	return thriftwire.AppendStop(dst)
}

// ReadStatusException reads the status out of such a result struct. Fields that it does not know are skipped; missing ones are zero. The
// values of the details lie in b.
func ReadStatusException(b []byte, p thriftwire.Protocol) (Status, error) {
	r := thriftwire.NewReader(b, p)
	var s Status
	found := false
	err := readStruct(&r, func(id int16, t thriftwire.Type) (bool, error) {
		if id != idStatus || t != thriftwire.Struct {
			return false, nil
		}
		found = true
		var err error
		s, err = readStatus(&r)
		return true, err
	})
	if err == nil && !found {
		err = errNoStatus
	}
	if err != nil {
		return Status{}, fmt.Errorf("read GrpcStatus: %w", err)
	}
	return s, nil
}

func readStatus(r *thriftwire.Reader) (Status, error) {
	var s Status
	err := readStruct(r, func(id int16, t thriftwire.Type) (bool, error) {
		switch {
		case id == idCode && t == thriftwire.I32:
			code, err := r.I32()
			s.Code = codes.Code(uint32(code))
			return true, err
		case id == idMessage && t == thriftwire.String:
			message, err := r.Bytes()
			s.Message = string(message)
			return true, err
		case id == idDetails && t == thriftwire.List:
			var err error
			s.Details, err = readDetails(r)
			return true, err
		}
		return false, nil
	})
	return s, err
}

// readDetails reads the list of details.
func readDetails(r *thriftwire.Reader) ([]Detail, error) {
	t, n, err := r.List()
	if err != nil {
		return nil, err
	}
	if n > maxDetailCount {
		return nil, errTooManyDetails
	}
	var details []Detail
	for range n {
		if t != thriftwire.Struct {
			if err := r.Skip(t, thriftwire.DefaultMaxDepth); err != nil {
				return nil, err
			}
			continue
		}
		var d Detail
		err := readStruct(r, func(id int16, t thriftwire.Type) (bool, error) {
			switch {
			case id == idTypeURL && t == thriftwire.String:
				url, err := r.Bytes()
				d.TypeURL = string(url)
				return true, err
			case id == idValue && t == thriftwire.String:
				var err error
				d.Value, err = r.Bytes()
				return true, err
			}
			return false, nil
		})
		if err != nil {
			return nil, err
		}
		details = append(details, d)
	}
	return details, nil
}

// readStruct calls field for each field of a struct, and skips the value where it was not read.
func readStruct(r *thriftwire.Reader, field func(id int16, t thriftwire.Type) (read bool, err error)) error {
	var last int16
	for {
		id, t, err := r.Field(last)
		if err != nil || t == thriftwire.Stop {
			return err
		}
		last = id
		read, err := field(id, t)
		if err == nil && !read {
			err = r.Skip(t, thriftwire.DefaultMaxDepth)
		}
		if err != nil {
			return err
		}
	}
}
