package dialect_test

import (
	"strings"
	"testing"

	"weft/pkg/dialect"
	"weft/pkg/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestParse(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, word string
		want       dialect.Dialect
		err        string
	}{
		{"grpc", "grpc", dialect.GRPC, ""},
		{"tcp", "tcp", dialect.TCP, ""},
		{"thrift alone is framed binary", "thrift", dialect.ThriftFramedBinary, ""},
		{"framed compact", "thrift/framed/compact", dialect.ThriftFramedCompact, ""},
		{"unframed binary", "thrift/unframed/binary", dialect.ThriftUnframedBinary, ""},
		{"http json", "thrift/http/json", dialect.Thrift(dialect.HTTP, dialect.JSON), ""},
		{"zeromq", "thrift/zeromq/binary", dialect.Thrift(dialect.ZeroMQ, dialect.Binary), ""},
		{"empty", "", dialect.Dialect{}, `unknown dialect "": want grpc, thrift, thrift/TRANSPORT/PROTOCOL or tcp`},
		{"upper case", "GRPC", dialect.Dialect{}, `unknown dialect "GRPC": want grpc, thrift, thrift/TRANSPORT/PROTOCOL or tcp`},
		{"transport without protocol", "thrift/framed", dialect.Dialect{}, `unknown dialect "thrift/framed": want thrift/TRANSPORT/PROTOCOL, for example thrift/framed/compact`},
		{"unknown transport", "thrift/udp/binary", dialect.Dialect{}, `unknown Thrift transport "udp" in dialect "thrift/udp/binary": want framed, unframed, header, ttheader, http, zeromq`},
		{"unknown protocol", "thrift/framed/xml", dialect.Dialect{}, `unknown Thrift protocol "xml" in dialect "thrift/framed/xml": want binary, compact, json`},
		{"empty parts", "thrift//", dialect.Dialect{}, `unknown Thrift transport "" in dialect "thrift//": want framed, unframed, header, ttheader, http, zeromq`},
		{"four parts", "thrift/framed/binary/x", dialect.Dialect{}, `unknown Thrift protocol "binary/x" in dialect "thrift/framed/binary/x": want binary, compact, json`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := dialect.Parse(c.word)
			if got != c.want {
				t.Errorf("Parse(%q) = %v, want %v", c.word, got, c.want)
			}
			if text := errText(err); text != c.err {
				t.Errorf("Parse(%q): error %q, want %q", c.word, text, c.err)
			}
		})
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Every word of the contract parses, prints as itself and survives a text round trip.
func TestWords(t *testing.T) {
	t.Parallel()
	words := []string{"grpc", "tcp"}
	for _, transport := range []string{"framed", "unframed", "header", "ttheader", "http", "zeromq"} {
		for _, protocol := range []string{"binary", "compact", "json"} {
			words = append(words, "thrift/"+transport+"/"+protocol)
		}
	}
	supported := map[string]bool{"grpc": true, "thrift/framed/binary": true, "thrift/framed/compact": true,
		"thrift/unframed/binary": true, "thrift/unframed/compact": true}
	for _, w := range words {
		d, err := dialect.Parse(w)
		if err != nil || d.String() != w || !d.Valid() {
			t.Errorf("Parse(%q) = %v (valid %v), %v", w, d, d.Valid(), err)
		}
		if d.Supported() != supported[w] {
			t.Errorf("%s: Supported() = %v", w, d.Supported())
		}
		if d.IsThrift() != strings.HasPrefix(w, "thrift/") {
			t.Errorf("%s: IsThrift() = %v", w, d.IsThrift())
		}
		text, _ := d.MarshalText()
		var back dialect.Dialect
		if err := back.UnmarshalText(text); err != nil || back != d {
			t.Errorf("%s: text round trip gives %v, %v", w, back, err)
		}
	}
}

func TestInvalidPrintsUnknown(t *testing.T) {
	t.Parallel()
	for _, d := range []dialect.Dialect{{}, {Kind: 9}, {Kind: dialect.KindThrift}, {Kind: dialect.KindGRPC, Protocol: dialect.Binary},
		dialect.Thrift(200, dialect.Binary), dialect.Thrift(dialect.Framed, 200)} {
		if d.Valid() || d.String() != "unknown" {
			t.Errorf("%+v: valid %v, prints %q", d, d.Valid(), d.String())
		}
	}
}

func TestSameEncoding(t *testing.T) {
	t.Parallel()
	if !dialect.ThriftFramedBinary.SameEncoding(dialect.ThriftUnframedBinary) {
		t.Error("framed and unframed binary have the same encoding")
	}
	if dialect.ThriftFramedBinary.SameEncoding(dialect.ThriftFramedCompact) || dialect.GRPC.SameEncoding(dialect.TCP) {
		t.Error("different encodings taken for the same")
	}
}

func TestStringDoesNotAllocate(t *testing.T) {
	var sink string
	if n := testing.AllocsPerRun(100, func() { sink = dialect.ThriftFramedCompact.String() }); n != 0 {
		t.Errorf("String allocates %v times (%s)", n, sink)
	}
}

func FuzzParse(f *testing.F) {
	for _, w := range []string{"grpc", "thrift", "tcp", "thrift/framed/compact", "thrift//", "thrift/http/json/"} {
		f.Add(w)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := dialect.Parse(s)
		if err != nil {
			if d != (dialect.Dialect{}) {
				t.Fatalf("Parse(%q) returned %v with an error", s, d)
			}
			return
		}
		if !d.Valid() || (d.String() != s && s != "thrift") {
			t.Fatalf("Parse(%q) = %v, valid %v", s, d, d.Valid())
		}
	})
}

func TestIndex(t *testing.T) {
	t.Parallel()
	seen := map[dialect.Dialect]bool{}
	for i := range dialect.Count {
		d := dialect.At(i)
		if d.Index() != i || seen[d] || d.Valid() != (i > 0) {
			t.Errorf("At(%d) = %v with index %d", i, d, d.Index())
		}
		seen[d] = true
	}
	for _, i := range []int{-1, dialect.Count} {
		if d := dialect.At(i); d != (dialect.Dialect{}) {
			t.Errorf("At(%d) = %v", i, d)
		}
	}
	if n := (dialect.Dialect{Kind: 9}).Index(); n != 0 {
		t.Errorf("an invalid dialect has index %d", n)
	}
}
