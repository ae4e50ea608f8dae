package status

import (
	"google.golang.org/grpc/codes"

	"weft/translate/thriftwire"
)

// Types of TApplicationException.
const (
	typeUnknown          = 0
	typeUnknownMethod    = 1
	typeInvalidMessage   = 2
	typeWrongMethodName  = 3
	typeBadSequenceID    = 4
	typeMissingResult    = 5
	typeInternalError    = 6
	typeProtocolError    = 7
	typeInvalidTransport = 8
	typeInvalidProtocol  = 9
	typeUnsupported      = 10
	typeEleven           = 11 // depends on the Dialect
	typeTimeout          = 12 // from here on fbthrift
	typeInjectedFailure  = 13
	typeChecksum         = 14
	typeInterruption     = 15
	typeQuota            = 16
	typeUnknownService   = 20 // Kitex
)

// Dialect says what type 11 of TApplicationException means, and which types beyond Apache's own a peer is given. The types 12
// to 16 and 20 have one meaning each and are understood in every dialect.
type Dialect uint8

const (
	Apache           Dialect = iota // 11 has no meaning
	ApacheValidation                // 11 is VALIDATION_FAILED: Apache's Go library since 0.23
	FBThrift                        // 11 is LOADSHEDDING, 12 TIMEOUT
)

// fromType is the gRPC code of each type that is the same in all dialects.
var fromType = map[int32]codes.Code{
	typeUnknown:          codes.Unknown,
	typeUnknownMethod:    codes.Unimplemented,
	typeInvalidMessage:   codes.Internal,
	typeWrongMethodName:  codes.Internal,
	typeBadSequenceID:    codes.Internal,
	typeMissingResult:    codes.Internal,
	typeInternalError:    codes.Internal,
	typeProtocolError:    codes.Internal, // as grpc-go does for what it cannot unmarshal
	typeInvalidTransport: codes.Unimplemented,
	typeInvalidProtocol:  codes.Unimplemented,
	typeUnsupported:      codes.Unimplemented,
	typeTimeout:          codes.DeadlineExceeded,
	typeInjectedFailure:  codes.Unavailable,
	typeChecksum:         codes.DataLoss,
	typeInterruption:     codes.Aborted,
	typeQuota:            codes.ResourceExhausted,
	typeUnknownService:   codes.Unimplemented,
}

// FromApplicationException returns the gRPC code and message for a TApplicationException. The message is the exception's own text; its
// type travels in the detail that ExceptionDetail makes. A type without a meaning is UNKNOWN.
func FromApplicationException(ex thriftwire.ApplicationException, d Dialect) (code codes.Code, message string) {
	if ex.Type == typeEleven {
		switch d {
		case ApacheValidation:
			return codes.InvalidArgument, ex.Text
		case FBThrift:
			return codes.Unavailable, ex.Text
		}
	}
	code, ok := fromType[ex.Type]
	if !ok {
		code = codes.Unknown
	}
	return code, ex.Text
}

// ToApplicationException returns the TApplicationException for a gRPC status that has no detail that says more (see
// RestoreApplicationException). Where the type does not tell the code, the text begins with the code's name: "NOT_FOUND: no such order".
func ToApplicationException(code codes.Code, message string, d Dialect) thriftwire.ApplicationException {
	switch code {
	case codes.Unimplemented:
		return plain(typeUnknownMethod, code, message)
	case codes.Internal, codes.DataLoss, codes.Unknown:
		return plain(typeInternalError, code, message)
	case codes.InvalidArgument:
		if d == ApacheValidation {
			return plain(typeEleven, code, message)
		}
		return plain(typeProtocolError, code, message)
	case codes.DeadlineExceeded:
		if d == FBThrift {
			return named(typeTimeout, code, message)
		}
	case codes.ResourceExhausted, codes.Unavailable:
		if d == FBThrift {
			return named(typeEleven, code, message)
		}
	}
	return named(typeInternalError, code, message)
}

// plain keeps the message as it is; an empty one gives way to the code's name.
func plain(t int32, code codes.Code, message string) thriftwire.ApplicationException {
	if message == "" {
		message = CodeName(code)
	}
	return thriftwire.ApplicationException{Type: t, Text: message}
}

// named puts the code's name in front of the message.
func named(t int32, code codes.Code, message string) thriftwire.ApplicationException {
	text := CodeName(code)
	if message != "" {
		text += ": " + message
	}
	return thriftwire.ApplicationException{Type: t, Text: text}
}
