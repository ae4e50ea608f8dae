package h2

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/net/http2"
)

// badServers are what a server must not do, once the client has opened stream 1.
var badServers = []misdeed{
	{"5.1 HEADERS on idle stream", func(p *peer) { p.headers(3, true, plainResponse...) }, "GOAWAY PROTOCOL_ERROR"},
	{"5.1.1 HEADERS on even stream", func(p *peer) { p.headers(2, true, plainResponse...) }, "GOAWAY PROTOCOL_ERROR"},
	{"6.5.2 ENABLE_PUSH 1", func(p *peer) { p.must(p.fr.WriteSettings(http2.Setting{ID: http2.SettingEnablePush, Val: 1})) }, "GOAWAY PROTOCOL_ERROR"},
	{"8.4 PUSH_PROMISE", func(p *peer) { p.raw(http2.FramePushPromise, 4, 1, "\x00\x00\x00\x02\x82") }, "GOAWAY PROTOCOL_ERROR"},
	{"8.1 DATA before HEADERS", func(p *peer) { p.data(1, true, "x") }, "RST 1 PROTOCOL_ERROR"},
	{"8.1 DATA behind 100", func(p *peer) {
		p.headers(1, false, ":status", "100")
		p.data(1, true, "x")
	}, "RST 1 PROTOCOL_ERROR"},
	{"8.1 END_STREAM on 100", func(p *peer) { p.headers(1, true, ":status", "100") }, "RST 1 PROTOCOL_ERROR"},
	{"8.6 status 101", func(p *peer) { p.headers(1, false, ":status", "101") }, "RST 1 PROTOCOL_ERROR"},
	{"8.3.2 no status", func(p *peer) { p.headers(1, true, "a", "b") }, "RST 1 PROTOCOL_ERROR"},
	{"8.3.2 status of two digits", func(p *peer) { p.headers(1, true, ":status", "20") }, "RST 1 PROTOCOL_ERROR"},
	{"8.3.2 method in a response", func(p *peer) { p.headers(1, true, ":status", "200", ":method", "GET") }, "RST 1 PROTOCOL_ERROR"},
	{"8.2.1 capital in trailers", func(p *peer) {
		p.headers(1, false, plainResponse...)
		p.headers(1, true, "Abc", "x")
	}, "RST 1 PROTOCOL_ERROR"},
	{"8.1.1 body shorter than content-length", func(p *peer) {
		p.headers(1, false, with(plainResponse, "content-length", "3")...)
		p.data(1, true, "x")
	}, "RST 1 PROTOCOL_ERROR"},
	{"10.5.1 trailers too large", func(p *peer) {
		p.headers(1, false, plainResponse...)
		p.headers(1, true, many(20, 4000)...)
	}, "RST 1 ENHANCE_YOUR_CALM"},
}

func TestClientRefuses(t *testing.T) {
	for _, m := range badServers {
		t.Run(m.name, func(t *testing.T) {
			c, p := serverOf(t, Config{})
			cl, _ := c.start([]byte("x"), false)
			until[*http2.DataFrame](p)
			m.do(p)
			if got := p.verdict(); got != m.want {
				t.Errorf("got %s, want %s", got, m.want)
			}
			if m.want[:3] == "RST" {
				if err := cl.await(); err != nil || !cl.reset || "RST 1 "+cl.code.String() != m.want || c.ended() != nil {
					t.Errorf("the caller got %v, %v", cl.code, err)
				}
				return
			}
			<-c.done
			var ce ConnectionError
			if !errors.As(c.closed, &ce) || "GOAWAY "+ce.Code.String() != m.want {
				t.Errorf("closed with %v", c.closed)
			}
			if !cl.reset || cl.code != ce.Code {
				t.Errorf("the caller got %v", cl.code)
			}
		})
	}
}

func TestClientResponses(t *testing.T) {
	for name, do := range map[string]func(p *peer){
		"informational first": func(p *peer) {
			p.headers(1, false, ":status", "103", "link", "x")
			p.headers(1, false, ":status", "100")
			p.headers(1, true, plainResponse...)
		},
		"304 with a length": func(p *peer) { p.headers(1, true, ":status", "304", "content-length", "5") },
		"end on empty data": func(p *peer) {
			p.headers(1, false, plainResponse...)
			p.data(1, true, "")
		},
		"then RST NO_ERROR": func(p *peer) {
			p.headers(1, true, plainResponse...)
			p.must(p.fr.WriteRSTStream(1, http2.ErrCodeNo))
		},
		"unknown frames and PRIORITY": func(p *peer) {
			p.raw(0x42, 0xff, 1, "hello")
			p.raw(0x10, 0, 0, "hello")
			p.must(p.fr.WritePriority(7, http2.PriorityParam{StreamDep: 3}))
			p.headers(1, true, plainResponse...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, p := serverOf(t, Config{})
			cl, _ := c.start([]byte("x"), false)
			until[*http2.DataFrame](p)
			do(p)
			if err := cl.await(); err != nil || cl.reset {
				t.Errorf("%v, %v", err, cl.code)
			}
			p.sync()
		})
	}
}

// TestClientLateFrames lets the server's frames for a stream that the client has reset pass, and keeps the windows right.
func TestClientLateFrames(t *testing.T) {
	c, p := serverOf(t, Config{})
	_, st := c.start([]byte("x"), false)
	until[*http2.DataFrame](p)
	p.headers(1, false, plainResponse...)
	p.sync()
	do(c.conn, st.Done)
	if got := p.verdict(); got != "RST 1 CANCEL" {
		t.Fatal(got)
	}
	for range 100 { // 1.6 MB through a connection window of 1 MiB
		p.must(p.fr.WriteData(1, false, make([]byte, 16000)))
	}
	p.headers(1, true, "a", "b")
	p.must(p.fr.WriteWindowUpdate(1, 0x7fffffff))
	p.must(p.fr.WriteRSTStream(1, http2.ErrCodeCancel))
	p.sync()
	if err := c.ended(); err != nil {
		t.Error(err)
	}
}

func TestClientRefusedStream(t *testing.T) {
	c, p := serverOf(t, Config{})
	for i, code := range []http2.ErrCode{http2.ErrCodeRefusedStream, http2.ErrCodeInternal} {
		cl, _ := c.start([]byte("x"), true)
		until[*http2.DataFrame](p)
		p.must(p.fr.WriteRSTStream(uint32(2*i+1), code))
		if err := cl.await(); err != nil || cl.code != code || cl.refused != (code == http2.ErrCodeRefusedStream) {
			t.Errorf("%v: %v, %+v", code, err, cl)
		}
	}
}

func TestClientCapacity(t *testing.T) {
	c, p := serverOf(t, Config{}, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 3})
	p.sync()
	free := func() int {
		c.conn.Lock()
		defer c.conn.Unlock()
		return c.conn.Free()
	}
	if n := free(); n != 3 {
		t.Fatalf("%d streams are free", n)
	}
	for range 3 {
		c.start(nil, true)
	}
	if cl, _ := c.start(nil, true); cl != nil || free() != 0 {
		t.Error("a fourth stream was opened")
	}
	p.must(p.fr.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 1}))
	p.sync()
	p.headers(1, true, plainResponse...)
	p.sync()
	if n := free(); n != 0 {
		t.Errorf("%d streams are free", n)
	}
	p.must(p.fr.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 5}))
	p.sync()
	if n := free(); n != 3 {
		t.Errorf("%d streams are free", n)
	}
	if got := fmt.Sprint(c.capacity); got != "[3 1 5]" {
		t.Errorf("Capacity told %s", got)
	}
}
