package sock_test

import (
	"bufio"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

const message = 400

// echoServers serve one connection until it ends.
var echoServers = []struct {
	name  string
	serve func(b *testing.B, nc net.Conn)
}{
	{"sock", func(b *testing.B, nc net.Conn) {
		c, err := sock.New(nc, sock.Limits{})
		if err != nil {
			b.Error(err)
			return
		}
		c.Run(newEcho(message)(c))
	}},
	{"bufio", func(_ *testing.B, nc net.Conn) {
		defer nc.Close()
		r, w := bufio.NewReaderSize(nc, 64<<10), bufio.NewWriterSize(nc, 64<<10)
		msg := make([]byte, message)
		for {
			if r.Buffered() < message {
				if w.Flush() != nil {
					return
				}
			}
			if _, err := io.ReadFull(r, msg); err != nil {
				return
			}
			_, _ = w.Write(msg)
		}
	}},
}

// BenchmarkPingPong sends one message at a time: two wake-ups for each.
func BenchmarkPingPong(b *testing.B) { benchmark(b, 1) }

// BenchmarkPipelined keeps 256 messages under way.
func BenchmarkPipelined(b *testing.B) { benchmark(b, 256) }

func benchmark(b *testing.B, depth int) {
	buf.Debug = false
	b.Cleanup(func() { buf.Debug = true })
	for _, s := range echoServers {
		b.Run(s.name, func(b *testing.B) {
			ours, peer := pair(b, "tcp")
			_ = peer.SetDeadline(time.Time{})
			done := make(chan struct{})
			go func() { s.serve(b, ours); close(done) }() // ends with peer; joined below
			before := cpuTime()
			b.ReportAllocs()
			b.ResetTimer()
			load(b, peer, depth)
			b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
			peer.Close()
			<-done
		})
	}
}

// load sends b.N messages, depth at a time; it is the same for all servers, and the CPU time of both sides is counted.
func load(b *testing.B, peer net.Conn, depth int) {
	data := make([]byte, depth*message)
	for left := b.N; left > 0; {
		n := min(left, depth) * message
		if _, err := peer.Write(data[:n]); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(peer, data[:n]); err != nil {
			b.Fatal(err)
		}
		left -= n / message
	}
}

func cpuTime() int64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}
