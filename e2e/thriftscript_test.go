package e2e

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// A thriftMessage is one message, by hand: neither peer of these tests shares code with the proxy.
type thriftMessage struct {
	kind byte // 1 call, 2 reply, 3 exception, 4 oneway
	name string
	seq  int32
	body []byte
}

// strict is the message in strict binary form.
func (m thriftMessage) strict() []byte {
	b := []byte{0x80, 1, 0, m.kind}
	b = binary.BigEndian.AppendUint32(b, uint32(len(m.name)))
	b = append(b, m.name...)
	b = binary.BigEndian.AppendUint32(b, uint32(m.seq))
	return append(b, m.body...)
}

// old is the message in binary form without the version word.
func (m thriftMessage) old() []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(m.name)))
	b = append(append(b, m.name...), m.kind)
	b = binary.BigEndian.AppendUint32(b, uint32(m.seq))
	return append(b, m.body...)
}

// compact is the message with a compact envelope; its body must be compact already.
func (m thriftMessage) compact() []byte {
	b := []byte{0x82, m.kind<<5 | 1}
	b = binary.AppendUvarint(b, uint64(uint32(m.seq)))
	b = binary.AppendUvarint(b, uint64(len(m.name)))
	return append(append(b, m.name...), m.body...)
}

// framed puts messages into one frame.
func framed(messages ...[]byte) []byte {
	b := make([]byte, 4)
	for _, m := range messages {
		b = append(b, m...)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

// i64 is a struct with one i64 field.
func i64(id int16, v int64) []byte {
	b := binary.BigEndian.AppendUint16([]byte{10}, uint16(id))
	return append(binary.BigEndian.AppendUint64(b, uint64(v)), 0)
}

// bytesField is a struct with one string field.
func bytesField(id int16, v []byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{11}, uint16(id))
	b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
	return append(append(b, v...), 0)
}

func valueOf(body []byte) int64 { return int64(binary.BigEndian.Uint64(body[3:])) }

func echoCall(seq int32, v int64) thriftMessage {
	return thriftMessage{1, "echoI64", seq, i64(1, v)}
}

// echoed is the reply of an echo method.
func (m thriftMessage) echoed() thriftMessage {
	body := append([]byte(nil), m.body...)
	if len(body) > 2 {
		body[1], body[2] = 0, 0 // field 1 of the arguments is field 0 of the result
	}
	return thriftMessage{2, m.name, m.seq, body}
}

// A thriftConn is one end of a framed binary connection.
type thriftConn struct {
	net.Conn
	r  *bufio.Reader
	mu sync.Mutex // of writes
}

func newThriftConn(c net.Conn) *thriftConn { return &thriftConn{Conn: c, r: bufio.NewReader(c)} }

// next reads a frame of one message. ok is false at the end of the connection.
func (c *thriftConn) next() (m thriftMessage, ok bool) {
	var size [4]byte
	if _, err := io.ReadFull(c.r, size[:]); err != nil {
		return m, false
	}
	b := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(c.r, b); err != nil || len(b) < 12 {
		return m, false
	}
	n := int(binary.BigEndian.Uint32(b[4:]))
	return thriftMessage{b[3], string(b[8 : 8+n]), int32(binary.BigEndian.Uint32(b[8+n:])), b[12+n:]}, true
}

// send writes one frame for each message.
func (c *thriftConn) send(messages ...thriftMessage) {
	var b []byte
	for _, m := range messages {
		b = append(b, framed(m.strict())...)
	}
	c.write(b)
}

func (c *thriftConn) write(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = c.Write(b) // a connection that has ended shows when it is read
}

// want reads the next message, which must come.
func (c *thriftConn) want(t testing.TB) thriftMessage {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	m, ok := c.next()
	if !ok {
		t.Fatal("no further message")
	}
	return m
}

// wantEcho makes a call and checks that the answer is its own.
func (c *thriftConn) wantEcho(t testing.TB, seq int32, v int64) {
	t.Helper()
	c.send(echoCall(seq, v))
	if m := c.want(t); m.kind != 2 || m.seq != seq || valueOf(m.body) != v {
		t.Fatalf("call %d of %d is answered by %+v (%q)", seq, v, m, m.body)
	}
}

// wantEnd waits for the end of the connection, before which nothing must come.
func (c *thriftConn) wantEnd(t testing.TB) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	n, err := io.Copy(io.Discard, c.r)
	if n > 0 || err != nil {
		t.Fatalf("%d bytes and %v, want the end of the connection", n, err)
	}
}

func dialThrift(t testing.TB, addr string) *thriftConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return newThriftConn(c)
}

// script runs a Thrift server whose connections do what serve does; n counts them from 0. It ends with the test.
func script(t testing.TB, serve func(n int, c *thriftConn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	scriptOn(t, l, serve)
	return l.Addr().String()
}

// scriptOn is script on a listener, and gives what ends it early.
func scriptOn(t testing.TB, l net.Listener, serve func(n int, c *thriftConn)) (stop func()) {
	var mu sync.Mutex
	var open []net.Conn
	var running sync.WaitGroup
	running.Go(func() { // ends with the listener
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			running.Go(func() { // ends with the connection
				defer c.Close()
				serve(n, newThriftConn(c))
			})
		}
	})
	stop = sync.OnceFunc(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	t.Cleanup(stop)
	return stop
}

// echo answers every call but oneway ones.
func echo(_ int, c *thriftConn) {
	for {
		m, ok := c.next()
		if !ok {
			return
		}
		if m.kind == 1 {
			c.send(m.echoed())
		}
	}
}

// exception reads message and type of a TApplicationException.
func exception(t testing.TB, m thriftMessage) (text string, kind int32) {
	t.Helper()
	if m.kind != 3 {
		t.Fatalf("message type %d of %s, want an exception", m.kind, m.name)
	}
	b := m.body
	for len(b) > 3 && b[0] != 0 {
		switch b[0] {
		case 11:
			n := binary.BigEndian.Uint32(b[3:])
			text, b = string(b[7:7+n]), b[7+n:]
		case 8:
			kind, b = int32(binary.BigEndian.Uint32(b[3:])), b[7:]
		default:
			t.Fatalf("exception with a field of type %d", b[0])
		}
	}
	return text, kind
}
