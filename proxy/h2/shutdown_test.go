package h2

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"

	"weft/pkg/sock"
)

// TestServerGoAway takes requests until the client has seen the first GOAWAY, finishes them, then closes (6.8).
func TestServerGoAway(t *testing.T) {
	k, p := serveKeeper(t, Config{})
	p.headers(1, true, plainRequest...)
	st := k.stream(t, 0)
	c := st.Conn()
	do(c, func(b *sock.Batch) {
		c.GoAway(b)
		c.GoAway(b)
	})
	if f := until[*http2.GoAwayFrame](p); f.LastStreamID != 1<<31-1 || f.ErrCode != 0 {
		t.Fatalf("first GOAWAY: %v", f)
	}
	ping := until[*http2.PingFrame](p)
	p.headers(3, true, plainRequest...) // was on its way
	second := k.stream(t, 1)
	p.must(p.fr.WritePing(true, ping.Data))
	if f := until[*http2.GoAwayFrame](p); f.LastStreamID != 3 || f.ErrCode != 0 {
		t.Fatalf("second GOAWAY: %v", f)
	}
	p.headers(5, false, plainRequest...) // too late: ignored, and so is what follows
	p.data(5, true, "x")
	p.sync()
	for _, st := range []*Stream{st, second} {
		do(c, func(b *sock.Batch) {
			st.WriteBlock(okBlock, nil, false, b)
			st.WriteBlock(trailersBlock, nil, true, b)
			st.Done(b)
		})
	}
	for range 4 {
		until[*http2.HeadersFrame](p)
	}
	if got := p.verdict(); got != "closed" {
		t.Errorf("after the last stream: %s", got)
	}
	p.nc.Close()
	k.awaitClosed(t, io.EOF)
}

func (k *keeper) awaitClosed(t testing.TB, want error) {
	t.Helper()
	await(t, "Closed", func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.over
	})
	if !errors.Is(k.closing, want) {
		t.Errorf("closed with %v, want %v", k.closing, want)
	}
}

// TestServerGoAwayGRPC moves a grpc-go client over to another connection without failing a call.
func TestServerGoAwayGRPC(t *testing.T) {
	var mu sync.Mutex
	var conns []*echo
	cc := dialGRPC(t, serve(t, Config{}, func() Handler {
		e := &echo{}
		mu.Lock()
		conns = append(conns, e)
		mu.Unlock()
		return e
	}))
	ctx := testContext(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 100 {
				want, got := message(i), []byte(nil)
				if err := cc.Invoke(ctx, "/a.B/C", &want, &got, grpc.WaitForReady(true)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 3 {
		await(t, "a connection", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(conns) > i || ctx.Err() != nil
		})
		mu.Lock()
		e := conns[i]
		mu.Unlock()
		await(t, "its Conn", func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return e.conn != nil
		})
		do(e.conn, e.conn.GoAway)
		if err := pingPong(ctx, cc, 1, 1); err != nil { // makes the next one
			t.Error(err)
		}
	}
	wg.Wait()
}

func TestClientGoAwayByPeer(t *testing.T) {
	c, p := serverOf(t, Config{})
	first, _ := c.start([]byte("1"), true)
	second, _ := c.start([]byte("2"), true)
	until[*http2.DataFrame](p)
	until[*http2.DataFrame](p)
	p.must(p.fr.WriteGoAway(1, http2.ErrCodeNo, nil))
	if err := second.await(); err != nil {
		t.Fatal(err)
	}
	if !second.reset || !second.refused {
		t.Errorf("stream above the last id: reset %v, unprocessed %v", second.reset, second.refused)
	}
	if cl, _ := c.start(nil, true); cl != nil {
		t.Error("a stream was opened after GOAWAY")
	}
	p.headers(1, false, plainResponse...)
	p.headers(1, true, "grpc-status", "0")
	if err := first.await(); err != nil || first.reset {
		t.Errorf("stream below the last id: %v, %v", err, first.code)
	}
	if got := p.verdict(); got != "GOAWAY NO_ERROR" {
		t.Errorf("after the last stream: %s", got)
	}
	p.nc.Close()
	<-c.done
	if c.closed != io.EOF || c.capacity[len(c.capacity)-1] != 0 {
		t.Errorf("closed with %v, capacities %v", c.closed, c.capacity)
	}
}

func TestClientGoAwayByUs(t *testing.T) {
	addr, _ := serveGRPC(t)
	c := dial(t, addr, Config{})
	cl, st := c.start(grpcMessage([]byte("abc")), false)
	do(c.conn, c.conn.GoAway)
	if other, _ := c.start(nil, true); other != nil {
		t.Error("a stream was opened after GOAWAY")
	}
	do(c.conn, func(b *sock.Batch) { st.WriteData(nil, true, b) })
	if err := cl.await(); err != nil || cl.reset {
		t.Errorf("%v, %v", err, cl.code)
	}
	<-c.done
	if c.closed != io.EOF {
		t.Errorf("closed with %v", c.closed)
	}
}

// TestClientGracefulStop moves no call of ours into the void when grpc-go's server stops.
func TestClientGracefulStop(t *testing.T) {
	addr, srv := serveGRPC(t)
	c := dial(t, addr, Config{})
	if err := c.echoOnce(10); err != nil {
		t.Fatal(err)
	}
	cl, st := c.start(grpcMessage([]byte("abc")), false)
	await(t, "an answer", func() bool {
		c.conn.Lock()
		defer c.conn.Unlock()
		return st.answered
	})
	stopped := make(chan bool)
	go func() { // ends with the server, waited for below
		srv.GracefulStop()
		close(stopped)
	}()
	await(t, "GOAWAY", func() bool {
		c.conn.Lock()
		defer c.conn.Unlock()
		return c.conn.Free() == 0
	})
	do(c.conn, func(b *sock.Batch) { st.WriteData(nil, true, b) })
	if err := cl.await(); err != nil || cl.reset {
		t.Errorf("%v, %v", err, cl.code)
	}
	<-stopped
	<-c.done
	if c.closed != io.EOF {
		t.Errorf("closed with %v", c.closed)
	}
}

// TestConnectionLost resets what was open.
func TestConnectionLost(t *testing.T) {
	k, p := serveKeeper(t, Config{})
	p.headers(1, false, plainRequest...)
	p.headers(3, true, plainRequest...)
	k.stream(t, 1)
	p.sync() // leaves nothing unread, so that closing does not reset
	p.nc.Close()
	k.awaitClosed(t, io.ErrUnexpectedEOF)
	if len(k.resets) != 2 {
		t.Errorf("%d streams were reset", len(k.resets))
	}
	c, p := serverOf(t, Config{})
	cl, _ := c.start([]byte("1"), true)
	p.nc.Close()
	if err := cl.await(); err != nil || !cl.reset || cl.refused {
		t.Errorf("%v, %+v", err, cl)
	}
	<-c.done
}

func TestHTTP1OnServer(t *testing.T) {
	addr := serve(t, Config{}, newEcho)
	for name, split := range map[string]int{"whole": 0, "split": 3} {
		t.Run(name, func(t *testing.T) {
			nc, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			request := "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100_000)
			fmt.Fprint(nc, request[:split])
			if split > 0 {
				time.Sleep(10 * time.Millisecond) // only to make it likely that it is read in two
			}
			fmt.Fprint(nc, request[split:])
			resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != 505 || len(body) != int(resp.ContentLength) {
				t.Errorf("%d, %q, %v", resp.StatusCode, body, err)
			}
		})
	}
}

// TestFloods has the connection of a peer ended that makes us work and does not read.
func TestFloods(t *testing.T) {
	for name, one := range map[string]func(p *peer, i int) error{
		"PING":       func(p *peer, i int) error { return p.fr.WritePing(false, [8]byte{}) },
		"SETTINGS":   func(p *peer, i int) error { return p.fr.WriteSettings() },
		"empty DATA": func(p *peer, i int) error { return p.fr.WriteData(1, false, nil) },
		"unread answers": func(p *peer, i int) error {
			block := p.encode(with(plainRequest, "echo-"+strings.Repeat("x", 1900), strings.Repeat("y", 1900))...)
			return p.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: uint32(2*i + 3), EndStream: true, EndHeaders: true, BlockFragment: block})
		},
		"rapid reset": func(p *peer, i int) error {
			id := uint32(2*i + 3)
			err := p.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndHeaders: true, BlockFragment: p.encode(with(plainRequest, "hold", "1")...)})
			return errors.Join(err, p.fr.WriteRSTStream(id, http2.ErrCodeCancel))
		},
		"made to reset": func(p *peer, i int) error {
			id := uint32(2*i + 3)
			err := p.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndHeaders: true, BlockFragment: p.encode(with(plainRequest, "hold", "1")...)})
			return errors.Join(err, p.fr.WriteRawFrame(http2.FrameWindowUpdate, 0, id, make([]byte, 4)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			handlers := make(chan *echo, 1)
			p := clientOf(t, serve(t, Config{MaxStreams: 10}, func() Handler {
				e := &echo{}
				handlers <- e
				return e
			}))
			p.headers(1, false, plainRequest...)
			e := <-handlers
			for i := 0; i < 1_000_000; i++ {
				if one(p, i) != nil {
					break
				}
			}
			await(t, "the end", func() bool {
				e.mu.Lock()
				defer e.mu.Unlock()
				return e.closed != nil
			})
			var ce ConnectionError
			if !errors.As(e.closed, &ce) || ce.Code != http2.ErrCodeEnhanceYourCalm {
				t.Errorf("closed with %v", e.closed)
			}
		})
	}
}

// TestConnect keeps the client's half of a tunnel open when the server's has ended (8.5).
func TestConnect(t *testing.T) {
	k, p := serveKeeper(t, Config{})
	p.headers(1, false, ":method", "CONNECT", ":authority", "a:1")
	st := k.stream(t, 0)
	do(st.Conn(), func(b *sock.Batch) {
		st.WriteBlock(okBlock, nil, false, b)
		st.WriteData([]byte("last"), true, b)
	})
	if _, got := p.body(1, false); string(got) != "last" {
		t.Errorf("got %q", got)
	}
	p.data(1, false, "still")
	p.data(1, true, "here")
	p.sync()
	if got, ended := k.received(); got != 9 || ended != 1 {
		t.Errorf("%d bytes arrived, %d ends", got, ended)
	}
	do(st.Conn(), func(b *sock.Batch) { st.Done(b) })
}

// TestEarlyAnswer tells a client that the rest of its request is not wanted (8.1).
func TestEarlyAnswer(t *testing.T) {
	k, p := serveKeeper(t, Config{})
	p.headers(1, false, plainRequest...)
	st := k.stream(t, 0)
	do(st.Conn(), func(b *sock.Batch) {
		st.WriteHeaders(hf(":status", "200", "grpc-status", "8"), true, b)
		st.Done(b)
	})
	until[*http2.HeadersFrame](p)
	if got := p.verdict(); got != "RST 1 NO_ERROR" {
		t.Error(got)
	}
	p.data(1, true, "on its way")
	p.sync()
}

// TestDoneWhileWaiting lets an answer leave whose stream was given back, and tells the handler nothing more of it.
func TestDoneWhileWaiting(t *testing.T) {
	for name, then := range map[string]func(p *peer) string{
		"read": func(p *peer) string {
			p.must(p.fr.WriteWindowUpdate(1, 1000))
			_, got := p.body(1, false)
			return string(got)
		},
		"request goes on": func(p *peer) string {
			for range 10 {
				p.data(1, false, strings.Repeat("x", 16000))
			}
			p.headers(1, true, "a", "b")
			p.must(p.fr.WriteSettings(window(1000)))
			_, got := p.body(1, false)
			return string(got)
		},
		"reset by the peer": func(p *peer) string {
			p.must(p.fr.WriteRSTStream(1, http2.ErrCodeCancel))
			return "0123456789abc"
		},
		"error of the peer": func(p *peer) string {
			p.raw(http2.FrameWindowUpdate, 0, 1, "\x00\x00\x00\x00")
			return "0123456789abc"
		},
		"connection lost": func(p *peer) string {
			p.sync()
			p.nc.Close()
			return "0123456789abc"
		},
	} {
		t.Run(name, func(t *testing.T) {
			k, p := serveKeeper(t, Config{StreamWindow: 70_000}, window(10))
			p.headers(1, false, plainRequest...)
			st := k.stream(t, 0)
			c := st.Conn()
			do(c, func(b *sock.Batch) {
				st.WriteBlock(okBlock, nil, false, b)
				st.WriteData([]byte("0123456789abc"), false, b)
				st.WriteBlock(trailersBlock, nil, true, b)
				st.Done(b)
			})
			if got := then(p); got != "0123456789abc" {
				t.Errorf("got %q", got)
			}
			await(t, "the stream to be free", func() bool {
				c.Lock()
				defer c.Unlock()
				return c.alive == 0 && len(c.streams) == 0 && c.free.n == 1
			})
			if got, ended := k.received(); got != 0 || ended != 0 || k.told() != 0 || len(k.resets) != 0 {
				t.Errorf("the handler was told of %d bytes, %d ends, %d sent, %v", got, ended, k.told(), k.resets)
			}
		})
	}
}

// TestClientDoneWhileWaiting cancels a request of which a part waits.
func TestClientDoneWhileWaiting(t *testing.T) {
	c, p := serverOf(t, Config{}, window(10))
	p.sync()
	cl, st := c.start(make([]byte, 1000), true)
	until[*http2.DataFrame](p)
	do(c.conn, func(b *sock.Batch) { c.giveBack(cl, st, b) })
	if got := p.verdict(); got != "RST 1 CANCEL" {
		t.Error(got)
	}
}

// TestTooManyStreams refuses what is above MAX_CONCURRENT_STREAMS (5.1.2).
func TestTooManyStreams(t *testing.T) {
	k, p := serveKeeper(t, Config{MaxStreams: 2})
	p.headers(1, true, plainRequest...)
	p.headers(3, true, plainRequest...)
	p.headers(5, true, plainRequest...)
	if got := p.verdict(); got != "RST 5 REFUSED_STREAM" {
		t.Error(got)
	}
	for i := range 2 {
		st := k.stream(t, i)
		do(st.Conn(), func(b *sock.Batch) { st.Done(b) })
	}
	p.headers(7, true, plainRequest...)
	st := k.stream(t, 2)
	do(st.Conn(), func(b *sock.Batch) { st.Done(b) })
}
