// Package status turns the outcome of a call from one world into the other: gRPC status codes with their message and
// details, Thrift's TApplicationException, and the GrpcStatus exception of services that have only a .proto file. It has
// also the header forms that belong to them: grpc-message, grpc-timeout, grpc-status-details-bin. Package bridge of the
// proxy is the caller. All functions are pure.
package status

import "google.golang.org/grpc/codes"

var codeNames = [...]string{
	codes.OK:                 "OK",
	codes.Canceled:           "CANCELLED",
	codes.Unknown:            "UNKNOWN",
	codes.InvalidArgument:    "INVALID_ARGUMENT",
	codes.DeadlineExceeded:   "DEADLINE_EXCEEDED",
	codes.NotFound:           "NOT_FOUND",
	codes.AlreadyExists:      "ALREADY_EXISTS",
	codes.PermissionDenied:   "PERMISSION_DENIED",
	codes.ResourceExhausted:  "RESOURCE_EXHAUSTED",
	codes.FailedPrecondition: "FAILED_PRECONDITION",
	codes.Aborted:            "ABORTED",
	codes.OutOfRange:         "OUT_OF_RANGE",
	codes.Unimplemented:      "UNIMPLEMENTED",
	codes.Internal:           "INTERNAL",
	codes.Unavailable:        "UNAVAILABLE",
	codes.DataLoss:           "DATA_LOSS",
	codes.Unauthenticated:    "UNAUTHENTICATED",
}

var codesByName = func() map[string]codes.Code {
	m := make(map[string]codes.Code, len(codeNames))
	for c, name := range codeNames {
		m[name] = codes.Code(c)
	}
	return m
}()

// CodeName returns the upper-case name of a gRPC status code ("NOT_FOUND"). A number that gRPC does not define counts as
// UNKNOWN (gRPC's statuscodes.md).
func CodeName(c codes.Code) string {
	if int64(c) >= int64(len(codeNames)) {
		return codeNames[codes.Unknown]
	}
	return codeNames[c]
}

// ParseCode returns the code of an upper-case name.
func ParseCode(name string) (codes.Code, bool) {
	c, ok := codesByName[name]
	return c, ok
}
