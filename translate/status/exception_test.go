package status

import (
	"testing"

	"google.golang.org/grpc/codes"

	"weft/translate/thriftwire"
)

func TestFromApplicationException(t *testing.T) {
	// One column per dialect: Apache, ApacheValidation, FBThrift.
	cases := []struct {
		typ  int32
		want [3]codes.Code
	}{
		{0, [3]codes.Code{codes.Unknown, codes.Unknown, codes.Unknown}},
		{1, [3]codes.Code{codes.Unimplemented, codes.Unimplemented, codes.Unimplemented}},
		{2, [3]codes.Code{codes.Internal, codes.Internal, codes.Internal}},
		{3, [3]codes.Code{codes.Internal, codes.Internal, codes.Internal}},
		{4, [3]codes.Code{codes.Internal, codes.Internal, codes.Internal}},
		{5, [3]codes.Code{codes.Internal, codes.Internal, codes.Internal}},
		{6, [3]codes.Code{codes.Internal, codes.Internal, codes.Internal}},
		{7, [3]codes.Code{codes.Internal, codes.Internal, codes.Internal}},
		{8, [3]codes.Code{codes.Unimplemented, codes.Unimplemented, codes.Unimplemented}},
		{9, [3]codes.Code{codes.Unimplemented, codes.Unimplemented, codes.Unimplemented}},
		{10, [3]codes.Code{codes.Unimplemented, codes.Unimplemented, codes.Unimplemented}},
		{11, [3]codes.Code{codes.Unknown, codes.InvalidArgument, codes.Unavailable}},
		{12, [3]codes.Code{codes.DeadlineExceeded, codes.DeadlineExceeded, codes.DeadlineExceeded}},
		{13, [3]codes.Code{codes.Unavailable, codes.Unavailable, codes.Unavailable}},
		{14, [3]codes.Code{codes.DataLoss, codes.DataLoss, codes.DataLoss}},
		{15, [3]codes.Code{codes.Aborted, codes.Aborted, codes.Aborted}},
		{16, [3]codes.Code{codes.ResourceExhausted, codes.ResourceExhausted, codes.ResourceExhausted}},
		{17, [3]codes.Code{codes.Unknown, codes.Unknown, codes.Unknown}},
		{20, [3]codes.Code{codes.Unimplemented, codes.Unimplemented, codes.Unimplemented}},
		{-1, [3]codes.Code{codes.Unknown, codes.Unknown, codes.Unknown}},
	}
	for _, c := range cases {
		for d, want := range c.want {
			ex := thriftwire.ApplicationException{Type: c.typ, Text: "Internal error"}
			if code, message := FromApplicationException(ex, Dialect(d)); code != want || message != "Internal error" {
				t.Errorf("type %d, dialect %d: %v %q, want %v", c.typ, d, code, message, want)
			}
		}
	}
}

func TestToApplicationException(t *testing.T) {
	const apache, validation, fb = Apache, ApacheValidation, FBThrift
	cases := []struct {
		code    codes.Code
		message string
		d       Dialect
		typ     int32
		text    string
	}{
		{codes.Unimplemented, "unknown method Nope", apache, 1, "unknown method Nope"},
		{codes.Internal, "boom", apache, 6, "boom"},
		{codes.DataLoss, "boom", apache, 6, "boom"},
		{codes.Unknown, "boom", apache, 6, "boom"},
		{codes.Unknown, "", apache, 6, "UNKNOWN"},
		{codes.InvalidArgument, "id is negative", apache, 7, "id is negative"},
		{codes.InvalidArgument, "id is negative", validation, 11, "id is negative"},
		{codes.InvalidArgument, "id is negative", fb, 7, "id is negative"},
		{codes.DeadlineExceeded, "after 1s", apache, 6, "DEADLINE_EXCEEDED: after 1s"},
		{codes.DeadlineExceeded, "after 1s", fb, 12, "DEADLINE_EXCEEDED: after 1s"},
		{codes.ResourceExhausted, "quota", apache, 6, "RESOURCE_EXHAUSTED: quota"},
		{codes.ResourceExhausted, "quota", validation, 6, "RESOURCE_EXHAUSTED: quota"},
		{codes.ResourceExhausted, "quota", fb, 11, "RESOURCE_EXHAUSTED: quota"},
		{codes.Unavailable, "", apache, 6, "UNAVAILABLE"},
		{codes.Unavailable, "", fb, 11, "UNAVAILABLE"},
		{codes.Canceled, "gone", apache, 6, "CANCELLED: gone"},
		{codes.NotFound, "no such order", apache, 6, "NOT_FOUND: no such order"},
		{codes.AlreadyExists, "x", apache, 6, "ALREADY_EXISTS: x"},
		{codes.PermissionDenied, "x", apache, 6, "PERMISSION_DENIED: x"},
		{codes.FailedPrecondition, "x", apache, 6, "FAILED_PRECONDITION: x"},
		{codes.Aborted, "x", apache, 6, "ABORTED: x"},
		{codes.OutOfRange, "x", apache, 6, "OUT_OF_RANGE: x"},
		{codes.Unauthenticated, "x", apache, 6, "UNAUTHENTICATED: x"},
		{99, "x", apache, 6, "UNKNOWN: x"},
	}
	for _, c := range cases {
		want := thriftwire.ApplicationException{Type: c.typ, Text: c.text}
		if got := ToApplicationException(c.code, c.message, c.d); got != want {
			t.Errorf("%v %q, dialect %d: got %+v, want %+v", c.code, c.message, c.d, got, want)
		}
	}
}
