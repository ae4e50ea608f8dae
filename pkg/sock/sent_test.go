package sock_test

import (
	"io"
	"testing"
	"time"

	"weft/pkg/sock"
)

// told is a Sent that passes on what it hears.
type told chan error

func (c told) Sent(err error, _ *sock.Batch) { c <- err }

// queue appends n bytes and asks to be told when they have left.
func queue(c *sock.Conn, n int, s sock.Sent) {
	var b sock.Batch
	c.Lock()
	c.Out().Append(make([]byte, n))
	c.Dirty(&b)
	c.AfterSent(s)
	c.Unlock()
	b.Flush()
}

// AfterSent is told once the socket has taken everything, also where that takes a writer goroutine.
func TestAfterSent(t *testing.T) {
	for _, l := range layers {
		t.Run(l.name, func(t *testing.T) {
			c, peer := l.make(t, "tcp", sock.Limits{})
			r := run(c, &handler{})
			few, many := make(told, 1), make(told, 1)
			queue(c, 100, few)
			if err := <-few; err != nil {
				t.Errorf("100 bytes: %v", err)
			}
			queue(c, 16<<20, many)
			select {
			case <-many:
				t.Fatal("told before the peer read anything of 16 MiB")
			default:
			}
			if _, err := io.CopyN(io.Discard, peer, 100+16<<20); err != nil {
				t.Fatal(err)
			}
			if err := <-many; err != nil {
				t.Errorf("16 MiB: %v", err)
			}
			peer.Close()
			r.join(t)
		})
	}
}

// What never leaves is told too, with the reason, before the connection ends and after it.
func TestAfterSentFails(t *testing.T) {
	for _, l := range layers {
		t.Run(l.name, func(t *testing.T) {
			c, peer := l.make(t, "tcp", sock.Limits{})
			r := run(c, &handler{})
			stuck, late := make(told, 1), make(told, 1)
			queue(c, 16<<20, stuck)
			c.Close(nil)
			for name, ch := range map[string]told{"stuck": stuck, "late": late} {
				if name == "late" {
					queue(c, 10, late)
				}
				select {
				case err := <-ch:
					if err == nil {
						t.Errorf("%s: told that it has left", name)
					}
				case <-time.After(patience):
					t.Errorf("%s: not told", name)
				}
			}
			peer.Close()
			r.join(t)
			after := make(told, 1)
			queue(c, 10, after)
			select {
			case err := <-after:
				if err == nil {
					t.Error("after the end: told that it has left")
				}
			case <-time.After(patience):
				t.Error("after the end: not told")
			}
		})
	}
}
