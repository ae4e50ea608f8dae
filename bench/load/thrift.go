package load

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

const maxFrame = 16 << 20

// Thrift makes framed binary calls of a method. More than one outstanding call on a connection is pipelining, whose
// answers have to come in order.
func (l Load) Thrift(method string, begin, end func()) (Result, error) {
	return l.run(func(conn net.Conn, rec *recorder) error {
		t := &thriftLoop{load: l, rec: rec, conn: conn, in: bufio.NewReaderSize(conn, 64<<10), method: method}
		return t.run()
	}, begin, end)
}

type thriftLoop struct {
	load   Load
	rec    *recorder
	conn   net.Conn
	in     *bufio.Reader
	method string

	out   []byte
	frame []byte
	seqID uint32
	sent  []time.Time // of the calls under way, oldest first
}

func (t *thriftLoop) run() error {
	for range t.load.Outstanding {
		t.call()
	}
	for len(t.sent) > 0 {
		if t.in.Buffered() < 4 {
			if _, err := t.conn.Write(t.out); err != nil {
				return err
			}
			t.out = t.out[:0]
		}
		result, err := t.reply()
		if err != nil {
			return err
		}
		from := t.sent[0]
		t.sent = append(t.sent[:0], t.sent[1:]...)
		if err := t.rec.answer(from, result, t.load.Check); err != nil {
			return err
		}
		if !t.rec.stopped() {
			t.call()
		}
	}
	return nil
}

func (t *thriftLoop) call() {
	t.seqID++
	t.out = binary.BigEndian.AppendUint32(t.out, uint32(12+len(t.method)+len(t.load.Request)))
	t.out = append(t.out, 0x80, 0x01, 0x00, 0x01) // CALL
	t.out = binary.BigEndian.AppendUint32(t.out, uint32(len(t.method)))
	t.out = append(t.out, t.method...)
	t.out = binary.BigEndian.AppendUint32(t.out, t.seqID)
	t.out = append(t.out, t.load.Request...)
	t.sent = append(t.sent, time.Now())
}

// reply reads an answer and gives its result struct, which is valid until the next.
func (t *thriftLoop) reply() ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(t.in, size[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(size[:]))
	if n > maxFrame {
		return nil, fmt.Errorf("frame of %d bytes", n)
	}
	if cap(t.frame) < n {
		t.frame = make([]byte, n)
	}
	t.frame = t.frame[:n]
	if _, err := io.ReadFull(t.in, t.frame); err != nil {
		return nil, err
	}
	head := 12 + len(t.method)
	if n < head || binary.BigEndian.Uint32(t.frame) != 0x80010002 {
		return nil, fmt.Errorf("%w: %q", errStatus, t.frame[:min(n, 80)])
	}
	want := t.seqID - uint32(len(t.sent)) + 1
	if got := binary.BigEndian.Uint32(t.frame[head-4:]); got != want {
		return nil, fmt.Errorf("answer to call %d, want %d", got, want)
	}
	return t.frame[head:], nil
}
