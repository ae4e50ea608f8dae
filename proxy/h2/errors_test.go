package h2

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"
)

// misdeed is something that a peer must not do, and our answer.
type misdeed struct {
	name string // with the section of RFC 9113
	do   func(p *peer)
	want string
}

var badFrames = []misdeed{
	{"4.2 frame too large", func(p *peer) { p.raw(http2.FrameData, 0, 1, strings.Repeat("x", 16385)) }, "GOAWAY FRAME_SIZE_ERROR"},
	{"5.1 DATA on idle stream", func(p *peer) { p.data(1, true, "x") }, "GOAWAY PROTOCOL_ERROR"},
	{"5.1 RST_STREAM on idle stream", func(p *peer) { p.must(p.fr.WriteRSTStream(1, 0)) }, "GOAWAY PROTOCOL_ERROR"},
	{"5.1 WINDOW_UPDATE on idle stream", func(p *peer) { p.must(p.fr.WriteWindowUpdate(1, 1)) }, "GOAWAY PROTOCOL_ERROR"},
	{"5.1.1 even stream", func(p *peer) { p.headers(2, true, plainRequest...) }, "GOAWAY PROTOCOL_ERROR"},
	{"5.1.1 stream below the last", func(p *peer) {
		p.headers(5, true, plainRequest...)
		p.headers(3, true, plainRequest...)
	}, "GOAWAY PROTOCOL_ERROR"},
	{"6.1 DATA on stream 0", func(p *peer) { p.raw(http2.FrameData, 0, 0, "x") }, "GOAWAY PROTOCOL_ERROR"},
	{"6.1 padding longer than DATA", func(p *peer) {
		p.headers(1, false, plainRequest...)
		p.raw(http2.FrameData, http2.FlagDataPadded, 1, "\x05xxxx")
	}, "GOAWAY PROTOCOL_ERROR"},
	{"6.1 padded DATA without pad length", func(p *peer) {
		p.headers(1, false, plainRequest...)
		p.raw(http2.FrameData, http2.FlagDataPadded, 1, "")
	}, "GOAWAY FRAME_SIZE_ERROR"},
	{"6.2 HEADERS on stream 0", func(p *peer) { p.raw(http2.FrameHeaders, 4, 0, "\x82") }, "GOAWAY PROTOCOL_ERROR"},
	{"6.2 padding longer than HEADERS", func(p *peer) { p.raw(http2.FrameHeaders, 4|8, 1, "\x09\x82") }, "GOAWAY PROTOCOL_ERROR"},
	{"6.2 half a priority", func(p *peer) { p.raw(http2.FrameHeaders, 4|0x20, 1, "\x00\x00") }, "GOAWAY FRAME_SIZE_ERROR"},
	{"6.2 frame between HEADERS and CONTINUATION", func(p *peer) {
		p.raw(http2.FrameHeaders, 0, 1, "\x82")
		p.raw(http2.FramePing, 0, 0, "12345678")
	}, "GOAWAY PROTOCOL_ERROR"},
	{"6.3 PRIORITY on stream 0", func(p *peer) { p.raw(http2.FramePriority, 0, 0, "12345") }, "GOAWAY PROTOCOL_ERROR"},
	{"6.3 PRIORITY of 4 bytes", func(p *peer) {
		p.headers(1, false, plainRequest...)
		p.raw(http2.FramePriority, 0, 1, "1234")
	}, "RST 1 FRAME_SIZE_ERROR"},
	{"6.4 RST_STREAM on stream 0", func(p *peer) { p.raw(http2.FrameRSTStream, 0, 0, "1234") }, "GOAWAY PROTOCOL_ERROR"},
	{"6.4 RST_STREAM of 3 bytes", func(p *peer) { p.raw(http2.FrameRSTStream, 0, 1, "123") }, "GOAWAY FRAME_SIZE_ERROR"},
	{"6.5 SETTINGS on a stream", func(p *peer) { p.raw(http2.FrameSettings, 0, 1, "") }, "GOAWAY PROTOCOL_ERROR"},
	{"6.5 SETTINGS of 5 bytes", func(p *peer) { p.raw(http2.FrameSettings, 0, 0, "12345") }, "GOAWAY FRAME_SIZE_ERROR"},
	{"6.5 SETTINGS ACK with a payload", func(p *peer) { p.raw(http2.FrameSettings, 1, 0, "123456") }, "GOAWAY FRAME_SIZE_ERROR"},
	{"6.5.2 ENABLE_PUSH 2", func(p *peer) { p.must(p.fr.WriteSettings(http2.Setting{ID: http2.SettingEnablePush, Val: 2})) }, "GOAWAY PROTOCOL_ERROR"},
	{"6.5.2 window 2^31", func(p *peer) {
		p.must(p.fr.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 31}))
	}, "GOAWAY FLOW_CONTROL_ERROR"},
	{"6.5.2 frame size 16383", func(p *peer) {
		p.must(p.fr.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 16383}))
	}, "GOAWAY PROTOCOL_ERROR"},
	{"6.6 PUSH_PROMISE", func(p *peer) { p.raw(http2.FramePushPromise, 4, 1, "\x00\x00\x00\x02\x82") }, "GOAWAY PROTOCOL_ERROR"},
	{"6.7 PING on a stream", func(p *peer) { p.raw(http2.FramePing, 0, 1, "12345678") }, "GOAWAY PROTOCOL_ERROR"},
	{"6.7 PING of 7 bytes", func(p *peer) { p.raw(http2.FramePing, 0, 0, "1234567") }, "GOAWAY FRAME_SIZE_ERROR"},
	{"6.8 GOAWAY on a stream", func(p *peer) { p.raw(http2.FrameGoAway, 0, 1, "12345678") }, "GOAWAY PROTOCOL_ERROR"},
	{"6.8 GOAWAY of 7 bytes", func(p *peer) { p.raw(http2.FrameGoAway, 0, 0, "1234567") }, "GOAWAY FRAME_SIZE_ERROR"},
	{"6.9 WINDOW_UPDATE of 0", func(p *peer) { p.raw(http2.FrameWindowUpdate, 0, 0, "\x00\x00\x00\x00") }, "GOAWAY PROTOCOL_ERROR"},
	{"6.9 WINDOW_UPDATE of 3 bytes", func(p *peer) { p.raw(http2.FrameWindowUpdate, 0, 0, "123") }, "GOAWAY FRAME_SIZE_ERROR"},
	{"6.9.1 connection window too large", func(p *peer) { p.must(p.fr.WriteWindowUpdate(0, 1<<31-1)) }, "GOAWAY FLOW_CONTROL_ERROR"},
	{"6.10 CONTINUATION alone", func(p *peer) { p.raw(http2.FrameContinuation, 4, 1, "\x82") }, "GOAWAY PROTOCOL_ERROR"},
	{"6.10 CONTINUATION of another stream", func(p *peer) {
		p.raw(http2.FrameHeaders, 0, 1, "\x82")
		p.raw(http2.FrameContinuation, 4, 3, "\x82")
	}, "GOAWAY PROTOCOL_ERROR"},
	{"RFC 7541 index out of the table", func(p *peer) { p.raw(http2.FrameHeaders, 4, 1, "\xff\x7f") }, "GOAWAY COMPRESSION_ERROR"},
	{"RFC 7541 block cut off", func(p *peer) { p.raw(http2.FrameHeaders, 4, 1, "\x82\x40\x05ab") }, "GOAWAY COMPRESSION_ERROR"},
}

var badStreams = []misdeed{
	{"5.1 DATA after END_STREAM, half-closed", func(p *peer) {
		p.headers(1, true, with(plainRequest, "hold", "1")...)
		p.data(1, true, "x")
	}, "RST 1 STREAM_CLOSED"},
	{"5.1 HEADERS after END_STREAM, half-closed", func(p *peer) {
		p.headers(1, true, with(plainRequest, "hold", "1")...)
		p.headers(1, true, "a", "b")
	}, "RST 1 STREAM_CLOSED"},
	{"5.1 DATA on a closed stream", func(p *peer) {
		p.headers(1, true, plainRequest...)
		p.sync()
		p.data(1, true, "x")
	}, "GOAWAY STREAM_CLOSED"},
	{"5.1 DATA after RST_STREAM", func(p *peer) {
		p.headers(1, false, plainRequest...)
		p.must(p.fr.WriteRSTStream(1, http2.ErrCodeCancel))
		p.data(1, true, "x")
	}, "RST 1 STREAM_CLOSED"},
	{"5.3.1 depends on itself", func(p *peer) {
		p.must(p.fr.WriteHeaders(http2.HeadersFrameParam{
			StreamID: 1, EndHeaders: true, BlockFragment: p.encode(plainRequest...), Priority: http2.PriorityParam{StreamDep: 1},
		}))
	}, "RST 1 PROTOCOL_ERROR"},
	{"6.9 WINDOW_UPDATE of 0", func(p *peer) {
		p.headers(1, false, plainRequest...)
		p.raw(http2.FrameWindowUpdate, 0, 1, "\x00\x00\x00\x00")
	}, "RST 1 PROTOCOL_ERROR"},
	{"6.9.1 window too large", func(p *peer) {
		p.headers(1, false, plainRequest...)
		p.must(p.fr.WriteWindowUpdate(1, 1<<31-1))
	}, "RST 1 FLOW_CONTROL_ERROR"},
	{"6.9.1 DATA beyond the stream's window", func(p *peer) {
		p.headers(1, false, with(plainRequest, "hold", "1")...)
		for range 7 { // the window is 100,000
			p.data(1, false, strings.Repeat("x", 16384))
		}
	}, "RST 1 FLOW_CONTROL_ERROR"},
	{"8.1 HEADERS without END_STREAM behind the body", func(p *peer) {
		p.headers(1, false, plainRequest...)
		p.headers(1, false, "a", "b")
	}, "RST 1 PROTOCOL_ERROR"},
	{"8.1 pseudo-header field in trailers", func(p *peer) {
		p.headers(1, false, plainRequest...)
		p.headers(1, true, ":method", "GET")
	}, "RST 1 PROTOCOL_ERROR"},
	{"8.1.1 body longer than content-length", func(p *peer) {
		p.headers(1, false, with(plainRequest, "content-length", "3")...)
		p.data(1, false, "four")
	}, "RST 1 PROTOCOL_ERROR"},
	{"8.1.1 body shorter than content-length", func(p *peer) {
		p.headers(1, false, with(plainRequest, "content-length", "3")...)
		p.data(1, true, "12")
	}, "RST 1 PROTOCOL_ERROR"},
	{"8.1.1 content-length and no body", func(p *peer) {
		p.headers(1, true, with(plainRequest, "content-length", "3")...)
	}, "RST 1 PROTOCOL_ERROR"},
	{"8.1.1 body cut off by trailers", func(p *peer) {
		p.headers(1, false, with(plainRequest, "content-length", "3")...)
		p.headers(1, true, "a", "b")
	}, "RST 1 PROTOCOL_ERROR"},
	{"10.5.1 header list too large", func(p *peer) {
		p.headers(1, true, with(plainRequest, many(20, 4000)...)...)
	}, "RST 1 ENHANCE_YOUR_CALM"},
	{"10.5.1 header block much too large", func(p *peer) {
		block := p.encode(with(plainRequest, many(60, 4000)...)...)
		p.raw(http2.FrameHeaders, 1, 1, string(block[:16000]))
		for block = block[16000:]; len(block) > 16000; block = block[16000:] {
			p.raw(http2.FrameContinuation, 0, 1, string(block[:16000]))
		}
	}, "GOAWAY ENHANCE_YOUR_CALM"},
	{"10.5.1 CONTINUATION without end", func(p *peer) {
		p.raw(http2.FrameHeaders, 1, 1, "\x82")
		for range 300 {
			p.raw(http2.FrameContinuation, 0, 1, "")
		}
	}, "GOAWAY ENHANCE_YOUR_CALM"},
}

// many returns n fields with values of random letters, which do not compress.
func many(n, size int) (fields []string) {
	for i := range n {
		value := message(size + i)
		for j := range value {
			value[j] = "!<>^|~#&*@"[value[j]%10]
		}
		fields = append(fields, fmt.Sprint("many-", i), string(value))
	}
	return fields
}

func TestServerRefusesFrames(t *testing.T)  { testMisdeeds(t, badFrames) }
func TestServerRefusesStreams(t *testing.T) { testMisdeeds(t, badStreams) }

func testMisdeeds(t *testing.T, table []misdeed) {
	addr := serve(t, Config{StreamWindow: 100_000}, newEcho)
	for _, m := range table {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			p := clientOf(t, addr)
			m.do(p)
			if got := p.verdict(); got != m.want {
				t.Errorf("got %s, want %s", got, m.want)
			}
		})
	}
}

// badRequests are malformed (8.1.1): each is a stream error.
var badRequests = map[string][]string{
	"8.2.1 capital in a name":        with(plainRequest, "Abc", "x"),
	"8.2.1 blank in a name":          with(plainRequest, "a b", "x"),
	"8.2.1 empty name":               with(plainRequest, "", "x"),
	"8.2.1 line feed in a value":     with(plainRequest, "a", "x\ny"),
	"8.2.1 NUL in a value":           with(plainRequest, "a", "x\x00y"),
	"8.2.2 connection":               with(plainRequest, "connection", "close"),
	"8.2.2 proxy-connection":         with(plainRequest, "proxy-connection", "close"),
	"8.2.2 keep-alive":               with(plainRequest, "keep-alive", "1"),
	"8.2.2 transfer-encoding":        with(plainRequest, "transfer-encoding", "chunked"),
	"8.2.2 upgrade":                  with(plainRequest, "upgrade", "h2c"),
	"8.2.2 te":                       with(plainRequest, "te", "gzip"),
	"8.3 unknown pseudo-header":      with(plainRequest, ":foo", "x"),
	"8.3 pseudo-header of responses": with(plainRequest, ":status", "200"),
	"8.3 pseudo-header behind":       {":method", "GET", ":scheme", "http", "a", "b", ":path", "/"},
	"8.3.1 no method":                {":scheme", "http", ":path", "/"},
	"8.3.1 method with a blank":      {":method", "G T", ":scheme", "http", ":path", "/"},
	"8.3.1 no scheme":                {":method", "GET", ":path", "/"},
	"8.3.1 no path":                  {":method", "GET", ":scheme", "http"},
	"8.3.1 empty path":               {":method", "GET", ":scheme", "http", ":path", ""},
	"8.3.1 path without slash":       {":method", "GET", ":scheme", "http", ":path", "a"},
	"8.3.1 star with GET":            {":method", "GET", ":scheme", "http", ":path", "*"},
	"8.3.1 path twice":               with(plainRequest, ":path", "/"),
	"8.3.1 host is not authority":    with(plainRequest, "host", "other"),
	"8.5 CONNECT with a path":        {":method", "CONNECT", ":authority", "a:1", ":path", "/"},
	"8.5 CONNECT without authority":  {":method", "CONNECT"},
	"8.6 content-length twice":       with(plainRequest, "content-length", "1", "content-length", "2"),
	"8.6 content-length negative":    with(plainRequest, "content-length", "-1"),
}

func TestServerRefusesRequests(t *testing.T) {
	addr := serve(t, Config{}, newEcho)
	for name, fields := range badRequests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := clientOf(t, addr)
			for id := uint32(1); id <= 7; id += 2 { // again from the cache
				p.headers(id, false, fields...)
				if got, want := p.verdict(), "RST "+string('0'+rune(id))+" PROTOCOL_ERROR"; got != want {
					t.Fatalf("got %s, want %s", got, want)
				}
			}
		})
	}
}

func TestServerTakesRequests(t *testing.T) {
	addr := serve(t, Config{}, newEcho)
	for name, fields := range map[string][]string{
		"plain":               plainRequest,
		"te trailers":         with(plainRequest, "te", "trailers"),
		"host for authority":  {":method", "GET", ":scheme", "http", ":path", "/", "host", "test"},
		"host and authority":  with(plainRequest, "host", "TEST"),
		"star":                {":method", "OPTIONS", ":scheme", "http", ":path", "*"},
		"connect":             {":method", "CONNECT", ":authority", "a:1"},
		"content-length 0":    with(plainRequest, "content-length", "0"),
		"content-length same": with(plainRequest, "content-length", "0", "content-length", "0"),
		"blanks around":       with(plainRequest, "a", " b\t"),
		"high bytes":          with(plainRequest, "a", "\xff\x80"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := clientOf(t, addr)
			p.headers(1, true, fields...)
			p.body(1, true)
			p.sync()
		})
	}
}
