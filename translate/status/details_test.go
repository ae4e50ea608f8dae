package status

import (
	"bytes"
	"encoding/base64"
	"math"
	"slices"
	"strings"
	"testing"

	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"weft/translate/thriftwire"
)

func equal(a, b Status) bool {
	return a.Code == b.Code && a.Message == b.Message && slices.EqualFunc(a.Details, b.Details, func(x, y Detail) bool {
		return x.TypeURL == y.TypeURL && bytes.Equal(x.Value, y.Value)
	})
}

var statusCases = []struct {
	name string
	s    Status
}{
	{"empty", Status{}},
	{"code and message", Status{Code: codes.NotFound, Message: "no such order"}},
	{"one detail", Status{codes.Unknown, "what", []Detail{{TypeURLPrefix + "shop.v1.NotFound", []byte{8, 1, 0xff}}}}},
	{"empty details", Status{codes.Internal, "ü", []Detail{{}, {TypeURL: "x"}, {Value: []byte("y")}}}},
	{"code out of range", Status{Code: math.MaxUint32}},
}

func TestStatusDetailsAgainstProtobuf(t *testing.T) {
	for _, c := range statusCases {
		t.Run(c.name, func(t *testing.T) {
			value, omitted := AppendStatusDetails([]byte("x"), c.s)
			if omitted != 0 {
				t.Fatalf("omitted %d", omitted)
			}
			got, err := ParseStatusDetails(string(value[1:]))
			if err != nil || !equal(got, c.s) {
				t.Errorf("read back %+v, %v", got, err)
			}
			b, err := base64.RawStdEncoding.DecodeString(string(value[1:]))
			if err != nil {
				t.Fatal(err)
			}
			var m rpcstatus.Status
			if err := proto.Unmarshal(b, &m); err != nil {
				t.Fatal(err)
			}
			if m.Code != int32(c.s.Code) || m.Message != c.s.Message || len(m.Details) != len(c.s.Details) {
				t.Errorf("protobuf reads %v", &m)
			}
			out, err := proto.Marshal(&m)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := ParseStatusDetails(base64.StdEncoding.EncodeToString(out)); err != nil || !equal(got, c.s) {
				t.Errorf("of protobuf's bytes: %+v, %v", got, err)
			}
		})
	}
}

func TestStatusDetailsUTF8(t *testing.T) {
	value, _ := AppendStatusDetails(nil, Status{Message: "a\xffb"})
	if got, err := ParseStatusDetails(string(value)); err != nil || got.Message != "a\uFFFDb" {
		t.Errorf("got %q, %v", got.Message, err)
	}
}

func TestStatusDetailsSize(t *testing.T) {
	detail := func(n int) Status { return Status{Details: []Detail{{"t", make([]byte, n)}}} }
	const fits = MaxDetails/4*3 - 9 // tags and lengths
	value, omitted := AppendStatusDetails([]byte("x"), detail(fits))
	if omitted != 0 || len(value) != 1+MaxDetails {
		t.Errorf("at the limit: %d bytes, omitted %d", len(value)-1, omitted)
	}
	value, omitted = AppendStatusDetails([]byte("x"), detail(fits+1))
	if string(value) != "x" || omitted != MaxDetails+2 {
		t.Errorf("above the limit: %d bytes, omitted %d", len(value)-1, omitted)
	}
}

func TestParseStatusDetailsRefuses(t *testing.T) {
	raw := func(b string) string { return base64.RawStdEncoding.EncodeToString([]byte(b)) }
	cases := []struct{ name, value string }{
		{"no base64", "***"},
		{"half a base64 group", "A"},
		{"cut tag", raw("\x80")},
		{"field 0", raw("\x00\x00")},
		{"cut code", raw("\x08\xff")},
		{"cut message", raw("\x12\x05ab")},
		{"length of 2^63", raw("\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f")},
		{"cut detail", raw("\x1a\x03\x0a\x05a")},
		{"wire type 7", raw("\x0f")},
		{"too many details", raw(strings.Repeat("\x1a\x00", maxDetailCount+1))},
	}
	for _, c := range cases {
		if got, err := ParseStatusDetails(c.value); err == nil {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
}

func TestParseStatusDetailsTolerates(t *testing.T) {
	cases := []struct {
		name  string
		bytes string
		want  Status
	}{
		{"unknown fields", "\x08\x05\x20\x01\x2a\x01x\x31\x01\x02\x03\x04\x05\x06\x07\x08\x3b\x08\x01\x3c", Status{Code: 5}},
		{"other wire types", "\x0a\x01x\x10\x01\x18\x02", Status{}},
		{"last one wins", "\x08\x05\x08\x06\x12\x01a\x12\x01b", Status{Code: 6, Message: "b"}},
	}
	for _, c := range cases {
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding} {
			if got, err := ParseStatusDetails(enc.EncodeToString([]byte(c.bytes))); err != nil || !equal(got, c.want) {
				t.Errorf("%s: got %+v, %v", c.name, got, err)
			}
		}
	}
}

// A TApplicationException that crosses a gRPC hop comes out as it went in.
func TestApplicationExceptionThereAndBack(t *testing.T) {
	for _, ex := range []thriftwire.ApplicationException{
		{}, {Type: 6, Text: "Internal error"}, {Type: -5}, {Type: math.MaxInt32, Text: "ü\x00"}, {Type: 11, Text: "no \xff\xfe UTF-8"}, {Text: "\xff"},
	} {
		code, message := FromApplicationException(ex, Apache)
		value, omitted := AppendStatusDetails(nil, Status{code, message, []Detail{{TypeURL: "other"}, ExceptionDetail(ex)}})
		s, err := ParseStatusDetails(string(value))
		if err != nil || omitted != 0 {
			t.Fatal(err, omitted)
		}
		if back, ok := RestoreApplicationException(s.Details); !ok || back != ex {
			t.Errorf("%+v came back as %+v, %v", ex, back, ok)
		}
	}
	for _, details := range [][]Detail{nil, {{TypeURL: "other"}}, {{exceptionURL, []byte{0x12, 9}}}} {
		if ex, ok := RestoreApplicationException(details); ok {
			t.Errorf("%v gives %+v", details, ex)
		}
	}
}

func FuzzParseStatusDetails(f *testing.F) {
	for _, c := range statusCases {
		value, _ := AppendStatusDetails(nil, c.s)
		f.Add(string(value))
	}
	value, _ := AppendStatusDetails(nil, Status{Details: []Detail{ExceptionDetail(thriftwire.ApplicationException{Type: 1, Text: "\xff"})}})
	f.Add(string(value))
	f.Fuzz(func(t *testing.T, value string) {
		s, err := ParseStatusDetails(value)
		if err != nil {
			return
		}
		RestoreApplicationException(s.Details)
		out, omitted := AppendStatusDetails(nil, s)
		if omitted != 0 {
			return
		}
		again, err := ParseStatusDetails(string(out))
		s.Message = validUTF8(s.Message)
		if err != nil || !equal(again, s) {
			t.Fatalf("%+v is read back as %+v, %v", s, again, err)
		}
		b, _ := base64.RawStdEncoding.DecodeString(string(out))
		var m rpcstatus.Status
		valid := !slices.ContainsFunc(s.Details, func(d Detail) bool { return d.TypeURL != validUTF8(d.TypeURL) })
		if err := proto.Unmarshal(b, &m); valid && err != nil {
			t.Fatalf("protobuf refuses %x: %v", b, err)
		}
	})
}
