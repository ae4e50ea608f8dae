package status

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"

	"weft/translate/thriftwire"
)

// Status is a gRPC status with its details (google.rpc.Status).
type Status struct {
	Code    codes.Code
	Message string
	Details []Detail
}

// Detail is one google.protobuf.Any of a status. Value is lent: it lies in what the detail was read from or made of.
type Detail struct {
	TypeURL string
	Value   []byte
}

// TypeURLPrefix comes before the full name of a message in Detail.TypeURL.
const TypeURLPrefix = "type.googleapis.com/"

// MaxDetails is the largest grpc-status-details-bin that is written, in bytes of its header form. Larger ones would
// burst the header limit of some peers (8 KiB in grpc-java) and with it the whole answer.
const MaxDetails = 4 << 10

// maxDetailCount is how many details of one status are read. An empty one takes a byte on the wire and much more in memory.
const maxDetailCount = 256

var errTooManyDetails = fmt.Errorf("status has more than %d details", maxDetailCount)

// Field numbers of google.rpc.Status and google.protobuf.Any.
const (
	fieldCode    protowire.Number = 1
	fieldMessage protowire.Number = 2
	fieldDetails protowire.Number = 3
	fieldTypeURL protowire.Number = 1
	fieldValue   protowire.Number = 2
)

// AppendStatusDetails appends the value of a grpc-status-details-bin header: s as google.rpc.Status in base64 without padding
// (PROTOCOL-HTTP2.md). Where the value would be longer than MaxDetails nothing is appended, and omitted is its length in bytes; it is 0
// otherwise.
func AppendStatusDetails(dst []byte, s Status) (out []byte, omitted int) {
	size := statusSize(s)
	if n := base64.RawStdEncoding.EncodedLen(size); n > MaxDetails {
		return dst, n
	}
	return base64.RawStdEncoding.AppendEncode(dst, appendStatus(make([]byte, 0, size), s)), 0
}

// appendStatus appends s in protobuf form. What is not UTF-8 in the message is replaced, since parsers refuse it.
func appendStatus(dst []byte, s Status) []byte {
	if s.Code != 0 {
		dst = protowire.AppendTag(dst, fieldCode, protowire.VarintType)
		dst = protowire.AppendVarint(dst, uint64(int64(int32(s.Code))))
	}
	if s.Message != "" {
		dst = protowire.AppendTag(dst, fieldMessage, protowire.BytesType)
		dst = protowire.AppendString(dst, validUTF8(s.Message))
	}
	for _, d := range s.Details {
		dst = protowire.AppendTag(dst, fieldDetails, protowire.BytesType)
		dst = protowire.AppendVarint(dst, uint64(anySize(d)))
		dst = protowire.AppendTag(dst, fieldTypeURL, protowire.BytesType)
		dst = protowire.AppendString(dst, d.TypeURL)
		dst = protowire.AppendTag(dst, fieldValue, protowire.BytesType)
		dst = protowire.AppendBytes(dst, d.Value)
	}
	return dst
}

// statusSize is the length of what appendStatus appends. All tags have one byte.
func statusSize(s Status) int {
	n := 0
	if s.Code != 0 {
		n += 1 + protowire.SizeVarint(uint64(int64(int32(s.Code))))
	}
	if s.Message != "" {
		n += 1 + protowire.SizeBytes(len(validUTF8(s.Message)))
	}
	for _, d := range s.Details {
		n += 1 + protowire.SizeBytes(anySize(d))
	}
	return n
}

func anySize(d Detail) int {
	return 1 + protowire.SizeBytes(len(d.TypeURL)) + 1 + protowire.SizeBytes(len(d.Value))
}

// validUTF8 returns s with each byte that is not UTF-8 replaced by U+FFFD.
func validUTF8(s string) string {
	return strings.Map(func(r rune) rune { return r }, s) // as range does it
}

// ParseStatusDetails reads the value of a grpc-status-details-bin header. Padding is optional and unknown fields are skipped. The code is as the
// peer wrote it: whether it equals grpc-status is for the caller to see.
func ParseStatusDetails(value string) (Status, error) {
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "="))
	if err != nil {
		return Status{}, fmt.Errorf("decode grpc-status-details-bin: %w", err)
	}
	var s Status
	err = eachField(b, func(f field) error {
		switch {
		case f.num == fieldCode && f.typ == protowire.VarintType:
			s.Code = codes.Code(uint32(f.varint))
		case f.num == fieldMessage && f.typ == protowire.BytesType:
			s.Message = string(f.bytes)
		case f.num == fieldDetails && f.typ == protowire.BytesType:
			if len(s.Details) == maxDetailCount {
				return errTooManyDetails
			}
			d, err := parseAny(f.bytes)
			if err != nil {
				return err
			}
			s.Details = append(s.Details, d)
		}
		return nil
	})
	if err != nil {
		return Status{}, fmt.Errorf("parse grpc-status-details-bin: %w", err)
	}
	return s, nil
}

func parseAny(b []byte) (d Detail, err error) {
	err = eachField(b, func(f field) error {
		switch {
		case f.num == fieldTypeURL && f.typ == protowire.BytesType:
			d.TypeURL = string(f.bytes)
		case f.num == fieldValue && f.typ == protowire.BytesType:
			d.Value = f.bytes
		}
		return nil
	})
	return d, err
}

// field of a protobuf message; one of varint and bytes is set, according to typ.
type field struct {
	num    protowire.Number
	typ    protowire.Type
	varint uint64
	bytes  []byte
}

// eachField calls visit for the fields of the protobuf message b.
func eachField(b []byte, visit func(field) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		f := field{num: num, typ: typ}
		switch typ {
		case protowire.VarintType:
			f.varint, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		if err := visit(f); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// exceptionURL is the type of the detail in which a TApplicationException travels as it was:
//
//	message ApplicationException {
//	  int32 type = 1;
//	  string message = 2;     // what is not UTF-8 is replaced
//	  bytes raw_message = 3;  // the exact bytes, only where they are not UTF-8
//	}
const exceptionURL = TypeURLPrefix + "weft.v1.ApplicationException"

const (
	fieldType       protowire.Number = 1
	fieldText       protowire.Number = 2
	fieldRawMessage protowire.Number = 3
)

// ExceptionDetail returns the detail that keeps the type and text of a TApplicationException.
func ExceptionDetail(ex thriftwire.ApplicationException) Detail {
	var b []byte
	if ex.Type != 0 {
		b = protowire.AppendTag(b, fieldType, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(int64(ex.Type)))
	}
	if ex.Text != "" {
		b = protowire.AppendTag(b, fieldText, protowire.BytesType)
		b = protowire.AppendString(b, validUTF8(ex.Text))
	}
	if !utf8.ValidString(ex.Text) {
		b = protowire.AppendTag(b, fieldRawMessage, protowire.BytesType)
		b = protowire.AppendString(b, ex.Text)
	}
	return Detail{TypeURL: exceptionURL, Value: b}
}

// RestoreApplicationException returns the TApplicationException that ExceptionDetail put among the details, exactly as it was. ok is
// false where there is none that can be read.
func RestoreApplicationException(details []Detail) (ex thriftwire.ApplicationException, ok bool) {
	for _, d := range details {
		if d.TypeURL != exceptionURL {
			continue
		}
		ex, raw := thriftwire.ApplicationException{}, []byte(nil)
		err := eachField(d.Value, func(f field) error {
			switch {
			case f.num == fieldType && f.typ == protowire.VarintType:
				ex.Type = int32(f.varint)
			case f.num == fieldText && f.typ == protowire.BytesType:
				ex.Text = string(f.bytes)
			case f.num == fieldRawMessage && f.typ == protowire.BytesType:
				raw = f.bytes
			}
			return nil
		})
		if err != nil {
			continue
		}
		if raw != nil {
			ex.Text = string(raw)
		}
		return ex, true
	}
	return thriftwire.ApplicationException{}, false
}
