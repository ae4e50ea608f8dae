// Package backends has servers for benchmarks that cost next to nothing: they answer canned bytes, so that what is
// measured is what stands between them and the load. They check only what they need to answer.
package backends

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

const maxFrame = 16 << 20

// ServeThrift answers every framed binary call that comes in on l with a result struct, until l is closed. Calls may
// be pipelined; their names and sequence ids come back. Answers leave together when no more calls are waiting.
func ServeThrift(l net.Listener, result []byte) error {
	return serve(l, func(conn net.Conn) error { return thriftConn(conn, result) })
}

// serve runs one goroutine for each connection, which ends with its connection: when the peer closes it.
func serve(l net.Listener, run func(net.Conn) error) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("accept: %w", err)
		}
		go func() {
			defer func() { _ = conn.Close() }()
			if err := run(conn); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				fmt.Printf("bench backend: %v\n", err)
			}
		}()
	}
}

func thriftConn(conn net.Conn, result []byte) error {
	in := bufio.NewReaderSize(conn, 64<<10)
	var frame, out []byte
	for {
		var size [4]byte
		if _, err := io.ReadFull(in, size[:]); err != nil {
			return err
		}
		n := int(binary.BigEndian.Uint32(size[:]))
		if n > maxFrame {
			return fmt.Errorf("frame of %d bytes", n)
		}
		if cap(frame) < n {
			frame = make([]byte, n)
		}
		frame = frame[:n]
		if _, err := io.ReadFull(in, frame); err != nil {
			return err
		}
		var err error
		if out, err = appendReply(out, frame, result); err != nil {
			return err
		}
		if in.Buffered() < len(size) {
			if _, err := conn.Write(out); err != nil {
				return err
			}
			out = out[:0]
		}
	}
}

// appendReply answers a call in the strict binary form: 80 01 00 type, name, seqid.
func appendReply(out, call, result []byte) ([]byte, error) {
	if len(call) < 8 || binary.BigEndian.Uint16(call) != 0x8001 {
		return nil, fmt.Errorf("not a strict binary call: % x", call[:min(len(call), 8)])
	}
	end := 8 + int(binary.BigEndian.Uint32(call[4:])) + 4
	if end < 12 || end > len(call) {
		return nil, fmt.Errorf("a name of %d bytes in a call of %d", end-12, len(call))
	}
	out = binary.BigEndian.AppendUint32(out, uint32(end+len(result)))
	out = append(out, 0x80, 0x01, 0x00, 0x02) // REPLY
	out = append(out, call[4:end]...)
	return append(out, result...), nil
}
