package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"weft/testpeers/grpcpeer"
)

// A Thrift connection without calls is closed after idle_timeout, one with a call that takes longer is not; a gRPC connection gets GOAWAY;
// and so do connections to endpoints.
func TestIdleConnectionsAreClosed(t *testing.T) {
	const policy = "policies: {default: {idle_timeout: 60ms}}\n"
	release := make(chan struct{})
	let := sync.OnceFunc(func() { close(release) })
	addr := script(t, func(_ int, c *thriftConn) {
		for {
			m, ok := c.next()
			if !ok {
				return
			}
			if valueOf(m.body) == 1 {
				<-release
			}
			c.send(m.echoed())
		}
	})
	w := bridgeWith(t, everything(), policy, endpoint(addr, "thrift"))
	t.Cleanup(let)
	quiet, busy, raw := dialThrift(t, w.listen), dialThrift(t, w.listen), dialRaw(t, w.listen)
	busy.send(echoCall(1, 1))
	quiet.wantEcho(t, 1, 2)
	quiet.wantEnd(t)
	for {
		f, err := raw.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := f.(*http2.GoAwayFrame); ok {
			break
		}
	}
	let()
	if m := busy.want(t); m.kind != 2 || valueOf(m.body) != 1 {
		t.Errorf("call that took longer than idle_timeout is answered by %+v", m)
	}
	busy.wantEnd(t)
	eventually(t, "connections to the endpoint are closed", func() bool { return metric(t, w, "weft_connections_open", "side", "upstream") == 0 })
	dialThrift(t, w.listen).wantEcho(t, 1, 3)
	if n := metric(t, w, "weft_limits_exceeded_total", "limit", "idle_timeout"); n < 3 {
		t.Errorf("idle_timeout counted %v times, want 3", n)
	}

	server := grpcpeer.Start(t)
	g := bridgeWith(t, everything(), policy, endpoint(server.Addr, "grpc"))
	dialThrift(t, g.listen).wantEcho(t, 1, 4)
	eventually(t, "HTTP/2 connection to the endpoint is closed", func() bool { return metric(t, g, "weft_connections_open", "side", "upstream") == 0 })
	dialThrift(t, g.listen).wantEcho(t, 1, 5)
}

// A message that has begun must go on; a connection between two messages may wait.
func TestBetweenBytes(t *testing.T) {
	w := bridgeWith(t, everything(), "limits: {between_bytes: 50ms}\n", endpoint(script(t, echo), "thrift"))
	for name, part := range map[string][]byte{
		"framed": framed(echoCall(1, 1).strict())[:30], "frame length": {0, 0, 0}, "unframed": echoCall(1, 1).strict()[:25],
	} {
		before := metric(t, w, "weft_limits_exceeded_total", "limit", "between_bytes")
		slow, waits := dialThrift(t, w.listen), dialThrift(t, w.listen)
		waits.wantEcho(t, 1, 1)
		if name == "frame length" {
			slow.wantEcho(t, 1, 1)
		}
		slow.write(part)
		slow.wantEnd(t)
		eventually(t, name+" is counted", func() bool {
			return metric(t, w, "weft_limits_exceeded_total", "limit", "between_bytes") == before+1
		})
		waits.wantEcho(t, 2, 2)
	}
}

// Half-received messages that do not fit the budget together: one is refused, alone, and no connection ends.
func TestHalfReceivedMessagesDoNotDeadlock(t *testing.T) {
	w := bridgeWith(t, everything(), "limits: {memory: 2MiB, connection_memory: 1MiB, message: 1MiB}\n", endpoint(script(t, echo), "thrift"))
	m := thriftMessage{1, "echoString", 1, bytesField(1, make([]byte, 900<<10))}
	whole := framed(m.strict())
	var conns []*thriftConn
	for i := range 3 {
		c := dialThrift(t, w.listen)
		c.write(whole[:100<<10])
		conns = append(conns, c)
		want := min(i+1, 2)
		eventually(t, "half a message is held", func() bool { return w.proxy.Memory().Used() >= int64(want*900<<10) })
	}
	refused := conns[2]
	written := make(chan struct{})
	go func() { defer close(written); refused.write(whole[100<<10:]) }() // the answer may come before its end; joined below
	text, _ := exception(t, refused.want(t))
	if !strings.Contains(text, "RESOURCE_EXHAUSTED") {
		t.Errorf("exception %q", text)
	}
	<-written
	refused.wantEcho(t, 2, 2)
	for _, c := range conns[:2] {
		go c.write(whole[100<<10:])
		if got := c.want(t); got.kind != 2 || len(got.body) != len(m.body) {
			t.Errorf("answer of type %d with %d bytes", got.kind, len(got.body))
		}
	}
	if n := metric(t, w, "weft_limits_exceeded_total", "limit", "memory"); n < 1 {
		t.Errorf("memory counted %v times", n)
	}
}

// Callers that never take their answers, over Thrift in either order and over gRPC, on a shared pipelined connection: others go on, and
// what is held stays within the limits.
func TestSlowReceiversStopNobody(t *testing.T) {
	for _, kind := range []string{"connection", "none", "grpc"} {
		t.Run(kind, func(t *testing.T) {
			large := bytesField(0, make([]byte, 200<<10))
			addr := script(t, func(_ int, c *thriftConn) {
				for {
					m, ok := c.next()
					if !ok {
						return
					}
					r := m.echoed()
					if m.name == "echoString" {
						r.body = large
					}
					c.send(r)
				}
			})
			ordering := map[string]string{"none": "none"}[kind]
			if ordering == "" {
				ordering = "connection"
			}
			more := "policies: {default: {ordering: " + ordering + "}}\nlimits: {memory: 8MiB, connection_memory: 2MiB, message: 1MiB, queued_bytes: 64KiB}\n"
			w := bridgeWith(t, everything(), more, endpoint(addr, "thrift")+", pipeline: 8, max_connections: 1")
			if kind == "grpc" {
				c := dialRaw(t, w.listen)
				_ = c.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
				for range 100 {
					c.request("/weft.everything.Everything/EchoString")
				}
			} else {
				c := dialThrift(t, w.listen)
				ask := framed(thriftMessage{1, "echoString", 1, bytesField(1, []byte("x"))}.strict())
				go func() { // ends when the proxy reads no more and the connection ends
					for range 100000 {
						if _, err := c.Write(ask); err != nil {
							return
						}
					}
				}()
			}
			good := dialThrift(t, w.listen)
			most := int64(0)
			for i := range 300 {
				good.wantEcho(t, int32(i), int64(i))
				most = max(most, held())
			}
			if limit := int64(10 << 20); most > limit {
				t.Errorf("%d bytes are held, more than %d", most, limit)
			}
			if used := w.proxy.Memory().Used(); used > 2<<20 {
				t.Errorf("%d bytes of the budget are used by one connection", used)
			}
			if n := metric(t, w, "weft_limits_exceeded_total"); kind == "connection" && n > 0 {
				t.Errorf("%v calls were refused, want the caller held back", n)
			}
			if kind == "grpc" {
				eventually(t, "all calls are over", func() bool {
					return metric(t, w, "weft_requests_total", "method", "/weft.everything.Everything/EchoString") == 100
				})
				if n := metric(t, w, "weft_requests_total", "status", "RESOURCE_EXHAUSTED"); n < 50 || n == 100 {
					t.Errorf("%v of 100 responses were refused", n)
				}
			}
		})
	}
}

// Clients that break their protocol in parallel with good traffic, which never notices. Each of them is told, counted and logged.
func TestHostileClientsDisturbNobody(t *testing.T) {
	addr := script(t, echo)
	w := bridgeTo(t, everything(), endpoint(addr, "thrift")+", pipeline: 8")
	conn := grpcpeer.Dial(t, w.listen)
	stop := make(chan struct{})
	var good sync.WaitGroup
	for i := range 3 {
		c := dialThrift(t, w.listen)
		good.Go(func() { // ends with stop
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				v := int64(i*1_000_000 + n)
				c.send(echoCall(int32(n), v))
				if m, _ := c.next(); m.kind != 2 || m.seq != int32(n) || valueOf(m.body) != v {
					t.Errorf("good caller's call %d: %+v", n, m)
					return
				}
				if got, err := grpcEcho(t.Context(), conn, v); got != v || err != nil {
					t.Errorf("good gRPC call %d: %d, %v", n, got, err)
					return
				}
			}
		})
	}
	seeds := [][]byte{
		framed(echoCall(1, 1).strict()), framed(echoCall(1, 1).old()), echoCall(1, 1).strict(), hundred(true),
		framed(thriftMessage{1, "echoTree", 1, bytesField(1, []byte("tree"))}.strict()),
		framed(thriftMessage{1, "echoI64", 1, []byte{0x16, 14, 0}}.compact()),
		[]byte(http2.ClientPreface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"),
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		b := append([]byte(nil), seeds[i%len(seeds)]...)
		for range 1 + r.IntN(4) {
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
		b = b[:1+r.IntN(len(b))]
		c, err := net.Dial("tcp", w.listen)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write(b)
		if i%2 == 0 {
			_ = c.(*net.TCPConn).CloseWrite()
			_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			_, _ = c.Read(make([]byte, 4096))
		}
		_ = c.Close()
	}
	close(stop)
	good.Wait()
	if n := metric(t, w, "weft_protocol_errors_total", "side", "downstream"); n < 50 {
		t.Errorf("%v protocol errors counted", n)
	}
	settled(t, w)
}

// A caller whose bytes cannot be read is told why before its connection ends.
func TestBadInputIsAnswered(t *testing.T) {
	w := bridgeTo(t, everything(), endpoint(script(t, echo), "thrift"))
	for i, bad := range [][]byte{framed([]byte("\x80\x01\x00\x09 of no type")), {0, 0, 0, 0}, framed(echoCall(1, 1).strict()[:10])} {
		c := dialThrift(t, w.listen)
		c.wantEcho(t, 1, 1)
		c.write(bad)
		if text, kind := exception(t, c.want(t)); kind != 7 || text == "" {
			t.Errorf("exception of type %d: %q", kind, text)
		}
		c.wantEnd(t)
		eventually(t, fmt.Sprint("error ", i, " is counted"), func() bool {
			return metric(t, w, "weft_protocol_errors_total", "side", "downstream") == float64(i+1)
		})
	}
}
