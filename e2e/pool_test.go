package e2e

import (
	"bytes"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"weft/testpeers/grpcpeer"
)

// More calls than places and than may wait: those above are refused at once, alone, and the others are answered.
func TestMaxPendingRefusesAlone(t *testing.T) {
	arrived, release := make(chan struct{}, 9), make(chan struct{})
	let := sync.OnceFunc(func() { close(release) })
	addr := script(t, func(_ int, c *thriftConn) {
		for {
			m, ok := c.next()
			if !ok {
				return
			}
			arrived <- struct{}{}
			<-release
			c.send(m.echoed())
		}
	})
	w := bridgeWith(t, everything(), "policies: {default: {max_pending: 2}}\n", endpoint(addr, "thrift")+", max_connections: 1")
	t.Cleanup(let)
	conn := grpcpeer.Dial(t, w.listen)
	var waiting sync.WaitGroup
	for i := range int64(3) { // one place, two may wait
		waiting.Go(func() {
			if got, err := grpcEcho(t.Context(), conn, i); got != i || err != nil {
				t.Errorf("call %d: %d, %v", i, got, err)
			}
		})
		if i == 0 {
			<-arrived
		}
	}
	eventually(t, "three calls are taken", func() bool { return w.proxy.Outstanding() == 3 })
	if _, err := grpcEcho(t.Context(), conn, 9); status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "max_pending") {
		t.Errorf("fourth call: %v, want RESOURCE_EXHAUSTED", err)
	}
	c := dialThrift(t, w.listen)
	c.send(echoCall(1, 9))
	if text, _ := exception(t, c.want(t)); !strings.Contains(text, "max_pending") {
		t.Errorf("fourth call over Thrift: %q", text)
	}
	if n := metric(t, w, "weft_limits_exceeded_total", "limit", "max_pending"); n != 2 {
		t.Errorf("limit counted %v times, want 2", n)
	}
	let()
	waiting.Wait()
	c.wantEcho(t, 2, 10)
	settled(t, w)
}

// Servers that cannot be reached: UNAVAILABLE, after connect_timeout at the latest.
func TestUnreachableIsUnavailable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := l.Addr().String()
	_ = l.Close()
	for name, addr := range map[string]string{"refused": refused, "black hole": blackHole(t)} {
		t.Run(name, func(t *testing.T) {
			w := bridgeWith(t, everything(), "policies: {default: {connect_timeout: 50ms, timeout: 20s}}\n", endpoint(addr, "thrift"))
			conn, c := grpcpeer.Dial(t, w.listen), dialThrift(t, w.listen)
			for range 3 {
				if _, err := grpcEcho(t.Context(), conn, 1); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), addr) {
					t.Errorf("%v, want UNAVAILABLE", err)
				}
				c.send(echoCall(1, 1))
				if text, _ := exception(t, c.want(t)); !strings.Contains(text, "UNAVAILABLE") {
					t.Errorf("exception %q", text)
				}
			}
			settled(t, w)
		})
	}
}

// blackHole is an address at which connecting takes for ever: a listener whose queue is full.
func blackHole(t *testing.T) string {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*unix.SockaddrInet4).Port}).String()
	for {
		c, err := net.DialTimeout("tcp", addr, 100*time.Millisecond)
		if err != nil {
			return addr
		}
		t.Cleanup(func() { _ = c.Close() })
	}
}

// A server that ends and comes back: calls fail in between, with UNAVAILABLE only, and go on afterwards.
func TestServerRestart(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	stop := scriptOn(t, l, echo)
	w := bridgeTo(t, everything(), endpoint(addr, "thrift"))
	conn := grpcpeer.Dial(t, w.listen)
	for round := range 3 {
		if got, err := grpcEcho(t.Context(), conn, 1); got != 1 || err != nil {
			t.Fatalf("round %d: %d, %v", round, got, err)
		}
		stop()
		eventually(t, "connection is gone", func() bool { return metric(t, w, "weft_connections_open", "side", "upstream") == 0 })
		if _, err := grpcEcho(t.Context(), conn, 1); status.Code(err) != codes.Unavailable {
			t.Fatalf("round %d without a server: %v", round, err)
		}
		if l, err = net.Listen("tcp", addr); err != nil {
			t.Fatal(err)
		}
		stop = scriptOn(t, l, echo)
	}
}

// What broken servers answer. The caller is told; another connection to the same server never notices.
func TestBrokenServers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func(c *thriftConn, m thriftMessage)
		code   codes.Code
		text   string
		broken float64 // protocol errors that are counted
	}{
		{"wrong sequence id", func(c *thriftConn, m thriftMessage) { m.seq += 7; c.send(m.echoed()) }, codes.Internal, "sequence id", 1},
		{"wrong name", func(c *thriftConn, m thriftMessage) { m.name = "echoI32"; c.send(m.echoed()) }, codes.Internal, "echoI32", 1},
		{"a call in place of a reply", func(c *thriftConn, m thriftMessage) { c.send(m) }, codes.Internal, "message type 1", 1},
		{"garbage", func(c *thriftConn, _ thriftMessage) { c.write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }, codes.Internal, "frame length", 1},
		{"garbage in a frame", func(c *thriftConn, _ thriftMessage) { c.write(framed([]byte("no message at all"))) }, codes.Internal, "envelope", 1},
		{"malformed body", func(c *thriftConn, m thriftMessage) { r := m.echoed(); r.body[0] = 99; c.send(r) }, codes.Internal, "was executed", 1},
		{"no result", func(c *thriftConn, m thriftMessage) { r := m.echoed(); r.body = []byte{0}; c.send(r) }, codes.Internal, "", 0},
		{"close", func(c *thriftConn, _ thriftMessage) { _ = c.Close() }, codes.Unavailable, "may have been executed", 0},
		{"half a reply", func(c *thriftConn, m thriftMessage) { c.write(framed(m.echoed().strict())[:20]); _ = c.Close() }, codes.Unavailable, "may have been executed", 0},
		{"too large", func(c *thriftConn, m thriftMessage) {
			r := m.echoed()
			r.body = bytesField(0, make([]byte, 2<<20))
			c.send(r)
		}, codes.ResourceExhausted, "above the limit", 0},
		{"exception without type", func(c *thriftConn, m thriftMessage) {
			c.send(thriftMessage{3, m.name, m.seq, bytesField(1, []byte("sorry"))})
		}, codes.Unknown, "sorry", 0},
		{"non-strict", func(c *thriftConn, m thriftMessage) { c.write(framed(m.echoed().old())) }, codes.OK, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			held, release := make(chan struct{}), make(chan struct{})
			addr := script(t, func(n int, c *thriftConn) {
				for {
					m, ok := c.next()
					switch {
					case !ok:
						return
					case valueOf(m.body) == 1:
						close(held)
						<-release
						c.send(m.echoed())
					case valueOf(m.body) == 2:
						tt.answer(c, m)
					default:
						c.send(m.echoed())
					}
				}
			})
			w := bridgeWith(t, everything(), "limits: {message: 1MiB}\n", endpoint(addr, "thrift")+", max_connections: 2")
			good, bad := dialThrift(t, w.listen), grpcpeer.Dial(t, w.listen)
			good.send(echoCall(1, 1))
			<-held
			got, err := grpcEcho(t.Context(), bad, 2)
			if status.Code(err) != tt.code || !strings.Contains(status.Convert(err).Message(), tt.text) || err == nil && got != 2 {
				t.Errorf("%d, %v, want %v with %q", got, err, tt.code, tt.text)
			}
			if got, err := grpcEcho(t.Context(), bad, 3); got != 3 || err != nil {
				t.Errorf("next call: %d, %v", got, err)
			}
			close(release)
			if m := good.want(t); m.kind != 2 || valueOf(m.body) != 1 {
				t.Errorf("call on the other connection is answered by %+v", m)
			}
			if n := metric(t, w, "weft_protocol_errors_total", "side", "upstream"); n != tt.broken {
				t.Errorf("%v protocol errors counted, want %v", n, tt.broken)
			}
			settled(t, w)
		})
	}
}

// A server that collects pipelined calls and answers the last one first.
func TestPipelineOutOfOrder(t *testing.T) {
	const depth = 16
	addr := script(t, func(_ int, c *thriftConn) {
		for {
			var batch []thriftMessage
			for range depth {
				m, ok := c.next()
				if !ok {
					return
				}
				batch = append([]thriftMessage{m.echoed()}, batch...)
			}
			c.send(batch...)
		}
	})
	w := bridgeTo(t, everything(), endpoint(addr, "thrift")+", pipeline: 16, max_connections: 1")
	var callers sync.WaitGroup
	for i := range depth {
		c := dialThrift(t, w.listen)
		callers.Go(func() {
			for n := range 100 {
				c.send(echoCall(int32(n), int64(i*1000+n)))
				if m, _ := c.next(); m.kind != 2 || valueOf(m.body) != int64(i*1000+n) {
					t.Errorf("caller %d, call %d: %+v", i, n, m)
					_ = c.Close()
					return
				}
			}
		})
	}
	callers.Wait()
	settled(t, w)
}

// Large strings and messages that go to workers, in parallel, between all forms.
func TestLargeMessages(t *testing.T) {
	addr, grpcAddr := script(t, echo), grpcpeer.Start(t).Addr
	for name, to := range map[string]string{
		"passed": endpoint(addr, "thrift"), "pipelined": endpoint(addr, "thrift") + ", pipeline: 8",
		"translated": endpoint(grpcAddr, "grpc"),
	} {
		t.Run(name, func(t *testing.T) {
			w := bridgeTo(t, everything(), to)
			if name == "translated" {
				to = "" // between weft and grpc-go 4 MiB is the most
			}
			var callers sync.WaitGroup
			var made atomic.Int32
			for i, size := range []int{100, 20 << 10, 300 << 10, 1 << 20, 3 << 20, 10 << 20} {
				if to == "" && size > 4<<20 {
					continue
				}
				c := dialThrift(t, w.listen)
				callers.Go(func() {
					body := bytes.Repeat([]byte{byte('a' + i)}, size)
					for n := range 5 {
						m := thriftMessage{1, "echoString", int32(n), bytesField(1, body)}
						go c.send(m) // ends when the proxy has taken it
						if got, _ := c.next(); got.kind != 2 || got.seq != m.seq || !bytes.Equal(got.body, bytesField(0, body)) {
							t.Errorf("%d bytes: answer of type %d with %d bytes", size, got.kind, len(got.body))
							_ = c.Close()
							return
						}
						made.Add(1)
					}
				})
			}
			callers.Wait()
			settled(t, w)
		})
	}
}
