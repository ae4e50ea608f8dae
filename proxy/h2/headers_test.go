package h2

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"weft/pkg/sock"
)

// encodeBy encodes as an encoder of x/net does, which indexes everything.
func encodeBy(enc *hpack.Encoder, out *bytes.Buffer, fields []hpack.HeaderField) []byte {
	out.Reset()
	for _, f := range fields {
		_ = enc.WriteField(f)
	}
	return bytes.Clone(out.Bytes())
}

func newDecoder() *decoder {
	d := &decoder{}
	d.init(64 << 10)
	return d
}

func mustDecode(t *testing.T, d *decoder, block []byte) *Headers {
	t.Helper()
	h, err := d.decode(block)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestDecoderCache(t *testing.T) {
	var out bytes.Buffer
	enc := hpack.NewEncoder(&out)
	d := newDecoder()
	fields := hf(with(plainRequest, "a", "1")...)
	mustDecode(t, d, encodeBy(enc, &out, fields)) // inserts
	block := encodeBy(enc, &out, fields)          // indexes alone
	first := mustDecode(t, d, block)
	second := mustDecode(t, d, block)
	third := mustDecode(t, d, block)
	if second != third {
		t.Error("the third time it was decoded again")
	}
	if first.Path != "/a.B/C" || third.Path != "/a.B/C" || third.Get("a") != "1" || third.Get("b") != "" {
		t.Errorf("decoded as %+v and %+v", first, third)
	}
	// Whatever is inserted moves the indexes: the same bytes mean another list.
	mustDecode(t, d, encodeBy(enc, &out, hf("x", "y")))
	moved := mustDecode(t, d, block)
	if moved == third || moved.Get("x") != "y" {
		t.Errorf("the cache was not dropped: %+v", moved)
	}
	// So does a change of the table's size.
	block = encodeBy(enc, &out, fields)
	mustDecode(t, d, block)
	mustDecode(t, d, block)
	enc.SetMaxDynamicTableSize(0)
	mustDecode(t, d, encodeBy(enc, &out, hf(":method", "GET")))
	if _, err := d.decode(block); err == nil {
		t.Error("a block that refers to an empty table was found in the cache")
	}
}

func TestDecoderCacheIsBounded(t *testing.T) {
	d := newDecoder()
	for i := range 10 * mostCached {
		block := EncodeBlock(hf("a", fmt.Sprint(i))...)
		for range 3 {
			if h := mustDecode(t, d, block); h.Get("a") != fmt.Sprint(i) {
				t.Fatalf("%d decoded as %q", i, h.Get("a"))
			}
		}
	}
	if len(d.cache) > mostCached {
		t.Errorf("%d lists in the cache", len(d.cache))
	}
	big := EncodeBlock(hf("a", strings.Repeat("x", 10_000))...)
	before := len(d.cache)
	for range 3 {
		mustDecode(t, d, big)
	}
	if len(d.cache) != before {
		t.Error("a large list was cached")
	}
}

func TestDecoderTooLarge(t *testing.T) {
	var out bytes.Buffer
	enc := hpack.NewEncoder(&out)
	d := &decoder{}
	d.init(1000)
	if h := mustDecode(t, d, encodeBy(enc, &out, hf("a", strings.Repeat("~", 2000), "b", "after"))); !h.tooLarge || len(h.Fields) > 0 {
		t.Errorf("list of 2,000 bytes: %+v", h)
	}
	if h := mustDecode(t, d, encodeBy(enc, &out, hf("b", "after"))); h.Get("b") != "after" {
		t.Errorf("the dynamic table was not kept: %+v", h)
	}
	// Many references to one large entry are a short block and a long list.
	mustDecode(t, d, encodeBy(enc, &out, hf("c", strings.Repeat("~", 900))))
	var bomb []hpack.HeaderField
	for range 10_000 {
		bomb = append(bomb, hf("c", strings.Repeat("~", 900))...)
	}
	if h := mustDecode(t, d, encodeBy(enc, &out, bomb)); !h.tooLarge {
		t.Error("a bomb was let in")
	}
	if cap(d.fields) > mostFields {
		t.Errorf("room for %d fields was kept", cap(d.fields))
	}
}

func TestChangesTable(t *testing.T) {
	long := strings.Repeat("v", 300)
	for name, c := range map[string]struct {
		block string
		want  bool
	}{
		"empty":                   {"", false},
		"indexed":                 {"\x82\x86", false},
		"indexed, two bytes":      {"\xff\x00\x82", false},
		"without indexing":        {"\x04\x01/\x82", false},
		"without indexing, named": {"\x00\x01a\x01b\x82", false},
		"never":                   {"\x10\x01a\x01b", false},
		"long value":              {"\x00\x01a\x7f\xad\x01" + long + "\x82", false},
		"insertion":               {"\x40\x01a\x01b", true},
		"insertion behind":        {"\x82\x00\x01a\x7f\xad\x01" + long + "\x41\x01b", true},
		"size update":             {"\x20\x82", true},
		"bytes of values look so": {"\x00\x01\x40\x01\x20", false},
	} {
		if got := changesTable([]byte(c.block)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestEncoderRequests(t *testing.T) {
	var e encoder
	e.init(true)
	dec := hpack.NewDecoder(4096, nil)
	encode := func(fields []hpack.HeaderField) int {
		t.Helper()
		block := e.request(fields)
		got, err := dec.DecodeFull(block)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(fields) {
			t.Fatalf("%v came back as %v", fields, got)
		}
		return len(block)
	}
	fields := append([]hpack.HeaderField(nil), requestFields...)
	for range 2 {
		encode(fields)
	}
	encode(fields)
	longest := 0
	for i := range 200 { // what changes with each call does not drive the others out
		n := encode(append(fields, hf("grpc-timeout", fmt.Sprintf("%du", 1_000_000+i), "traceparent", fmt.Sprintf("00-%032d-1", i))...))
		if i > 190 {
			longest = max(longest, n)
		}
	}
	if longest > 120 {
		t.Errorf("requests of %d bytes after many that differ", longest)
	}
	for i := range 40 { // insertions move the indexes of the others, and in the end drive them out
		for range 4 {
			encode(append(fields, hf("tenant", fmt.Sprintf("%0100d", i))...))
		}
	}
	secret := hpack.HeaderField{Name: "authorization", Value: "s3cret", Sensitive: true}
	for range 3 {
		encode([]hpack.HeaderField{secret})
	}
	if got := e.request([]hpack.HeaderField{{Name: "authorization", Value: "s3cret"}}); got[0]&0xf0 != 0x10 {
		t.Errorf("a secret is not marked never-indexed: %x", got)
	}
}

// TestEncoderIndexes holds that a request is a byte for each field when it has come a few times. Fields whose hashes meet may be left
// out, which is rare.
func TestEncoderIndexes(t *testing.T) {
	short := 0
	for range 20 {
		var e encoder
		e.init(true)
		for range 10 {
			e.request(requestFields)
		}
		if len(e.request(requestFields)) == len(requestFields) {
			short++
		}
	}
	if short < 18 {
		t.Errorf("%d of 20 requests were short", short)
	}
}

// TestTableSizeChanges tells the peer of the table's size in front of the first block behind a SETTINGS (RFC 7541, 4.2).
func TestTableSizeChanges(t *testing.T) {
	tableSetting := func(n uint32) http2.Setting { return http2.Setting{ID: http2.SettingHeaderTableSize, Val: n} }
	c, p := serverOf(t, Config{}, tableSetting(4096))
	next := func() []hpack.HeaderField {
		t.Helper()
		cl, st := c.start(nil, true)
		_ = cl
		f := until[*http2.HeadersFrame](p)
		fields, err := p.dec.DecodeFull(f.HeaderBlockFragment())
		if err != nil {
			t.Fatalf("stream %d: %v", st.ID(), err)
		}
		if fmt.Sprint(fields) != fmt.Sprint(requestFields) {
			t.Fatalf("got %v", fields)
		}
		return fields
	}
	for _, size := range []uint32{4096, 0, 100, 1 << 20, 64} {
		for range 3 {
			next()
		}
		p.must(p.fr.WriteSettings(tableSetting(size)))
		p.sync()
		p.dec.SetAllowedMaxDynamicTableSize(min(size, 4096))
		p.dec.SetMaxDynamicTableSize(min(size, 4096))
	}
	// A server's blocks come ready made; the announcement is put before them.
	k, q := serveKeeper(t, Config{}, tableSetting(0))
	q.headers(1, true, plainRequest...)
	st := k.stream(t, 0)
	do(st.Conn(), func(b *sock.Batch) {
		st.WriteBlock(okBlock, nil, false, b)
		st.WriteBlock(trailersBlock, nil, true, b)
		st.Done(b)
	})
	if block := until[*http2.HeadersFrame](q).HeaderBlockFragment(); block[0] != 0x20 {
		t.Errorf("block begins with %#x", block[0])
	}
	if block := until[*http2.HeadersFrame](q).HeaderBlockFragment(); !bytes.Equal(block, trailersBlock) {
		t.Errorf("trailers are %x", block)
	}
}

// TestLongHeaders spreads blocks over CONTINUATION frames, both ways.
func TestLongHeaders(t *testing.T) {
	k, p := serveKeeper(t, Config{})
	fields := with(plainRequest, many(15, 4000)...)
	p.headers(1, true, fields...)
	st := k.stream(t, 0)
	if got := len(k.lists[0].Fields); got != 15 {
		t.Fatalf("%d fields arrived", got)
	}
	do(st.Conn(), func(b *sock.Batch) {
		st.WriteBlock(okBlock, k.lists[0].Fields, true, b)
		st.Done(b)
	})
	f := until[*http2.HeadersFrame](p)
	block := bytes.Clone(f.HeaderBlockFragment())
	for ended := f.HeadersEnded(); !ended; {
		f := until[*http2.ContinuationFrame](p)
		block = append(block, f.HeaderBlockFragment()...)
		ended = f.HeadersEnded()
	}
	got, err := p.dec.DecodeFull(block)
	if err != nil || len(got) != 17 || got[16] != k.lists[0].Fields[14] {
		t.Errorf("%d fields came back, %v", len(got), err)
	}
}
