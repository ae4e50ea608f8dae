package detect

import (
	"encoding/hex"
	"strings"
	"testing"

	"weft/pkg/dialect"
	"weft/pkg/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// cases: hex, or text behind "t:"; need is the number of bytes that decide.
var cases = []struct {
	name  string
	bytes string
	want  Kind
	need  int
}{
	{"TLS 1.0 record", "16030100c8 010000c4", TLS, 3},
	{"TLS 1.2 record", "16030300c8", TLS, 3},
	{"HTTP/2", "t:PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", H2, 4},
	{"POST", "t:POST / HTTP/1.1\r\n", HTTP1, 4},
	{"PUT", "t:PUT / HTTP/1.1\r\n", HTTP1, 4},
	{"GET", "t:GET / HTTP/1.1\r\n", HTTP1, 4},
	{"HEAD", "t:HEAD / HTTP/1.1\r\n", HTTP1, 4},
	{"OPTIONS", "t:OPTIONS * HTTP/1.1\r\n", HTTP1, 4},
	{"unframed binary", "80010001 0000000a 74657374537472696e67 00000000 00", UnframedBinary, 2},
	{"unframed compact, five bytes in all", "8221000000", UnframedCompact, 2},
	{"unframed compact oneway", "8281000000", UnframedCompact, 2},
	{"unframed JSON", `t:[1,"m",1,0,{}]`, UnframedJSON, 4},
	{"zlib, no compression", "7801", Zlib, 2},
	{"zlib, fast", "785e", Zlib, 2},
	{"zlib, default", "789c", Zlib, 2},
	{"zlib, best", "78da", Zlib, 2},
	{"mesh header", "ffaf0000", KitexMesh, 2},
	{"SASL PLAIN", "0100000005 504c41494e 00000000", SASL, 9},
	{"SASL GSSAPI", "0100000006 475353415049", SASL, 9},
	{"SASL, mechanism of one letter", "0100000001 58 00", SASL, 6},
	{"THeader", "00000060 0fff 0000 fffffffe 0003", THeader, 6},
	{"THeader of 16 MiB", "01000000 0fff 0000", THeader, 6},
	{"TTHeader", "00000060 1000 0000 00000001", TTHeader, 6},
	{"TTHeader of 16 MiB", "01000000 1000 0000", TTHeader, 6},
	{"Kitex protobuf", "00000060 9001 0001", KitexProtobuf, 6},
	{"framed binary", "00000011 80010001 00000001 6d fffffffe 00", FramedBinary, 6},
	{"framed binary of 1 GiB", "3fffffff 80010001", FramedBinary, 6},
	{"framed compact, shortest", "00000005 8221000000", FramedCompact, 6},
	{"framed JSON", "00000010 5b312c226d22", FramedJSON, 7},
	{"double framed THeader", "00000030 0000002c 0fff 0000", FramedTHeader, 10},
	{"mux Tinit", "0000000a 44 000001 0001", Mux, 6},
	{"mux tinit check", "0000000f 7f 000001 74696e697420636865636b", Mux, 6},
	{"mux Rerr", "0000000f 80 000001 74696e697420636865636b", Mux, 6},
	{"Rocket", "000049 00000000 0500 0001 0000 00007530", Rocket, 10},
	{"Rocket without metadata", "000100 00000000 0400 0001 0000", Rocket, 10},
	{"unframed non-strict", "00000001 6d 01 fffffffe 00", UnframedNonStrict, 6},
	{"unframed non-strict, multiplexed", "0000000c 4f72646572733a6765742e31 01 00000000", UnframedNonStrict, 17},
	{"unframed non-strict, D is no mux", "00000004 446f4974 04 00000000", UnframedNonStrict, 9},
	{"unframed non-strict, long name", "00000028 " + strings.Repeat("6e", 40) + "01", UnframedNonStrict, 24},
	{"framed non-strict", "0000000b 00000001 6d 01 fffffffe 00", FramedNonStrict, 10},
	{"framed non-strict, length like Rocket", "00000100 00000004 6d6e6f70 01 00000000", FramedNonStrict, 13},
	{"framed non-strict, long name", "00000036 00000028 " + strings.Repeat("6e", 40) + "01", FramedNonStrict, 24},

	{"other TLS content type", "1503030002", Unknown, 5},
	{"SSH", "t:SSH-2.0-OpenSSH_9.6\r\n", Unknown, 1},
	{"MySQL-like", "4a000000 0a", Unknown, 1},
	{"text that begins like HTTP", "t:PROXY TCP4", Unknown, 3},
	{"version word 2", "8002", Unknown, 2},
	{"compact version 2", "8222", Unknown, 2},
	{"compact type 0", "8201", Unknown, 2},
	{"zlib, other window", "7800", Unknown, 2},
	{"empty frame", "00000000 80010001", Unknown, 4},
	{"frame above 1 GiB", "40000000 80010001", Unknown, 1},
	{"frame of something", "00000010 c0ffee", Unknown, 5},
	{"name that is too long", "00000401", Unknown, 5},
	{"name of other bytes", "00000003 6d 20 6e 01", Unknown, 6},
	{"bad type behind the name", "00000001 6d 05", Unknown, 6},
	{"inner length other than the outer", "00000030 0000002d 0fff", Unknown, 9},
}

func unpack(t testing.TB, s string) []byte {
	if text, ok := strings.CutPrefix(s, "t:"); ok {
		return []byte(text)
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDetect(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := unpack(t, c.bytes)
			if got, done := Detect(b); len(b) >= c.need && (got != c.want || !done) {
				t.Errorf("got %v, %v; want %v", got, done, c.want)
			}
			for i := range b {
				got, done := Detect(b[:i])
				if done != (i >= c.need) || done && got != c.want {
					t.Errorf("first %d bytes: %v, %v; want a decision after %d", i, got, done, c.need)
				}
			}
		})
	}
}

func TestNames(t *testing.T) {
	for k := Unknown; k <= Rocket; k++ {
		if k.String() == "" || k != Unknown && k.String() == "unknown" {
			t.Errorf("kind %d has no name", k)
		}
		d, ok := k.Dialect()
		if ok != (d != dialect.Dialect{}) {
			t.Errorf("%v: %v, %v", k, d, ok)
		}
		if ok && k != H2 && !strings.HasPrefix(k.String(), d.String()) {
			t.Errorf("%v has dialect %v", k, d)
		}
	}
	if Kind(200).String() != "unknown" {
		t.Error("a kind that does not exist has a name")
	}
}

// FuzzDetect holds that a decision never changes with more bytes, and that MaxPeek bytes suffice.
func FuzzDetect(f *testing.F) {
	for _, c := range cases {
		f.Add(unpack(f, c.bytes))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), 2*MaxPeek)]
		var first Kind
		decided := false
		for i := range len(b) + 1 {
			k, done := Detect(b[:i])
			if decided && (!done || k != first) {
				t.Fatalf("%x: %v became %v, %v after %d bytes", b, first, k, done, i)
			}
			if !done && i >= MaxPeek {
				t.Fatalf("%x: undecided after %d bytes", b, i)
			}
			if done && !decided {
				first, decided = k, true
			}
			if !done && k != Unknown {
				t.Fatalf("%x: %v without a decision", b, k)
			}
		}
	})
}
