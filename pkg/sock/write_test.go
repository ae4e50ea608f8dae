package sock_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

// push appends p and flushes.
func push(c *sock.Conn, p []byte) {
	var b sock.Batch
	c.Lock()
	c.Out().Append(p)
	c.Dirty(&b)
	c.Unlock()
	b.Flush()
}

// Bytes that many goroutines append arrive whole, and those of each in its order.
func TestManyWriters(t *testing.T) {
	const writers, each = 8, 3000
	for _, l := range layers {
		t.Run(l.name, func(t *testing.T) {
			c, peer := l.make(t, "tcp", sock.Limits{})
			r := run(c, &handler{})
			var wg sync.WaitGroup
			for w := range writers {
				wg.Add(1)
				go func() { // ends after each messages; joined below
					defer wg.Done()
					var b sock.Batch
					for i := range each {
						msg := binary.BigEndian.AppendUint32([]byte{byte(w), byte(i % 200)}, uint32(i))
						c.Lock()
						c.Out().Append(append(msg, make([]byte, i%200)...))
						c.Dirty(&b)
						c.Unlock()
						if i%5 == 0 {
							b.Flush()
						}
					}
					b.Flush()
				}()
			}
			var next [writers]uint32
			head := make([]byte, 6)
			for range writers * each {
				if _, err := io.ReadFull(peer, head); err != nil {
					t.Fatal(err)
				}
				if i := binary.BigEndian.Uint32(head[2:]); i != next[head[0]] {
					t.Fatalf("writer %d: message %d, want %d", head[0], i, next[head[0]])
				}
				next[head[0]]++
				if _, err := io.CopyN(io.Discard, peer, int64(head[1])); err != nil {
					t.Fatal(err)
				}
			}
			wg.Wait()
			peer.Close()
			r.join(t)
		})
	}
}

// Full and Writable alternate, nothing is queued much beyond the limit, and all of it arrives.
func TestBackPressure(t *testing.T) {
	const limit, chunk, total = 256 << 10, 10_000, 30 << 20
	for _, l := range layers {
		t.Run(l.name, func(t *testing.T) {
			var fulls, writables, most atomic.Int64
			wake := make(chan struct{}, 10)
			c, peer := l.make(t, "tcp", sock.Limits{MaxQueued: limit})
			r := run(c, &handler{writable: func(*sock.Batch) { writables.Add(1); wake <- struct{}{} }})
			produced := make(chan struct{})
			go func() { // ends when all is queued; joined below
				defer close(produced)
				var b sock.Batch
				data := pattern(chunk)
				for sent := 0; sent < total; sent += chunk {
					c.Lock()
					full := c.Full()
					if !full {
						c.Out().Append(data)
						c.Dirty(&b)
						most.Store(max(most.Load(), int64(c.Out().Len())))
					}
					c.Unlock()
					b.Flush()
					if full {
						fulls.Add(1)
						<-wake
						sent -= chunk
					}
				}
			}()
			await(t, "Full, while nobody reads", func() bool { return fulls.Load() > 0 })
			got := make([]byte, chunk)
			for n := 0; n < total; n += chunk {
				if _, err := io.ReadFull(peer, got); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, pattern(chunk)) {
					t.Fatal("changed bytes")
				}
				if n/chunk%500 == 0 {
					time.Sleep(5 * time.Millisecond) // a slow receiver, now and then
				}
			}
			<-produced
			await(t, "Writable for the last Full", func() bool { return fulls.Load() == writables.Load() })
			if segs, size := buf.InUse(); size > 2*limit+1<<20 {
				t.Errorf("%d segments of %d bytes", segs, size)
			}
			if fulls.Load() == 0 || most.Load() > limit+chunk {
				t.Errorf("full %d times, %d bytes queued at most", fulls.Load(), most.Load())
			}
			peer.Close()
			r.join(t)
		})
	}
}

// A peer that takes nothing is cut off; one that takes a little now and then is not, even if that is too little for the
// socket to have room again.
func TestWriteStall(t *testing.T) {
	for _, l := range layers {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			end := make(chan error, 1)
			c, peer := l.make(t, "tcp", sock.Limits{WriteStall: time.Second})
			r := run(c, &handler{closed: func(err error, _ *sock.Batch) { end <- err }})
			push(c, make([]byte, 16<<20))
			for range 15 {
				time.Sleep(100 * time.Millisecond)
				if _, err := io.CopyN(io.Discard, peer, 70_000); err != nil {
					t.Fatal("cut off although it read:", err)
				}
			}
			if err := <-end; !errors.Is(err, sock.ErrStalled) {
				t.Error(err)
			}
			r.join(t)
			peer.Close()
		})
	}
}

// Writable may write to another connection. Those bytes leave although our own peer takes nothing more.
func TestWritableElsewhereIsFlushed(t *testing.T) {
	other, otherPeer := start(t, "tcp", sock.Limits{}, func(*sock.Conn) sock.Handler { return &handler{} })
	r, peer := start(t, "tcp", sock.Limits{}, func(c *sock.Conn) sock.Handler {
		return &handler{writable: func(b *sock.Batch) {
			other.Lock()
			other.Out().Append([]byte("credit"))
			other.Dirty(b)
			other.Unlock()
			c.Lock()
			c.Out().Append(make([]byte, 32<<20)) // so that the writer goroutine waits again
			c.Dirty(b)
			c.Unlock()
		}}
	})
	push(r.Conn, make([]byte, 16<<20))
	r.Lock()
	full := r.Full()
	r.Unlock()
	if !full {
		t.Fatal("not full")
	}
	go func() { _, _ = io.CopyN(io.Discard, peer, 16<<20) }() // ends with peer
	got := make([]byte, 6)
	if _, err := io.ReadFull(otherPeer, got); err != nil || string(got) != "credit" {
		t.Fatalf("got %q, %v", got, err)
	}
	peer.Close()
	otherPeer.Close()
	r.join(t)
	other.join(t)
}

// Writable comes when half of the limit is free, although the rest is stuck.
func TestWritableAtHalf(t *testing.T) {
	for _, l := range layers {
		told := make(chan struct{}, 10)
		c, peer := l.make(t, "tcp", sock.Limits{MaxQueued: 60 << 20})
		r := run(c, &handler{writable: func(*sock.Batch) { told <- struct{}{} }})
		push(c, make([]byte, 72<<20)) // sockets hold some 10 MiB of it
		c.Lock()
		full := c.Full()
		c.Unlock()
		if !full {
			t.Fatal("not full")
		}
		read := make(chan struct{})
		go func() { _, _ = io.CopyN(io.Discard, peer, 48<<20); close(read) }() // ends with peer; joined below
		select {
		case <-told:
		case <-time.After(patience):
			t.Errorf("%s: not told", l.name)
		}
		<-read
		c.Close(nil)
		peer.Close()
		r.join(t)
		if len(told) != 0 {
			t.Error("told again")
		}
	}
}

// Closed waits for a Writable that is under way.
func TestClosedAfterWritable(t *testing.T) {
	inside, leave := make(chan struct{}), make(chan struct{})
	var left atomic.Bool
	r, peer := start(t, "tcp", sock.Limits{MaxQueued: 1 << 20}, func(*sock.Conn) sock.Handler {
		return &handler{
			writable: func(*sock.Batch) { close(inside); <-leave; left.Store(true) },
			closed: func(error, *sock.Batch) {
				if !left.Load() {
					t.Error("Closed beside Writable")
				}
			},
		}
	})
	push(r.Conn, make([]byte, 16<<20))
	r.Lock()
	r.Full()
	r.Unlock()
	go func() { _, _ = io.Copy(io.Discard, peer) }() // ends with peer
	<-inside
	r.Close(nil)
	time.AfterFunc(20*time.Millisecond, func() { close(leave) })
	r.join(t)
	peer.Close()
}

// Writable that is owed from before Run comes.
func TestWritableBeforeRun(t *testing.T) {
	ours, peer := pair(t, "tcp")
	c, err := sock.New(ours, sock.Limits{MaxQueued: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var b sock.Batch
	c.Lock()
	c.Out().Append(make([]byte, 1000))
	c.Dirty(&b)
	full := c.Full()
	c.Unlock()
	b.Flush()
	told := make(chan struct{})
	r := run(c, &handler{writable: func(*sock.Batch) { close(told) }})
	if !full {
		t.Error("not full")
	}
	<-told
	peer.Close()
	r.join(t)
}

// What is queued before CloseWhenSent arrives, although the peer goes on sending and reads late.
func TestCloseWhenSent(t *testing.T) {
	for _, l := range layers {
		for _, size := range []int{0, 10, 500_000, 1 << 20, 2 << 20, 8 << 20} {
			end := make(chan error, 1)
			c, peer := l.make(t, "tcp", sock.Limits{})
			r := run(c, &handler{closed: func(err error, _ *sock.Batch) { end <- err }})
			var flood sync.WaitGroup
			flood.Add(1)
			go func() { // ends when the connection does; joined below
				defer flood.Done()
				for data := make([]byte, 50_000); ; {
					if _, err := peer.Write(data); err != nil {
						return
					}
				}
			}()
			var b sock.Batch
			c.Lock()
			c.Out().Append(pattern(size))
			c.CloseWhenSent(&b)
			c.Unlock()
			b.Flush()
			time.Sleep(50 * time.Millisecond) // the peer reads late
			got := make([]byte, size)
			if n, err := io.ReadFull(peer, got); err != nil || !bytes.Equal(got, pattern(size)) {
				t.Errorf("%s: %d of %d bytes: %v", l.name, n, size, err)
			}
			if err := <-end; err != sock.ErrClosed {
				t.Errorf("%s: closed with %v", l.name, err)
			}
			peer.Close()
			flood.Wait()
			r.join(t)
		}
	}
}

// An error of Consume ends the connection after the last words, which unread input must not destroy. Closed may add to them.
func TestLastWords(t *testing.T) {
	broken := errors.New("protocol error")
	for _, l := range layers {
		for range 20 {
			end := make(chan error, 1)
			c, peer := l.make(t, "tcp", sock.Limits{})
			say := func(b *sock.Batch, s string) {
				c.Lock()
				c.Out().Append([]byte(s))
				c.Dirty(b)
				c.Unlock()
			}
			r := run(c, &handler{
				consume: func(in []byte, _ *buf.Segment, b *sock.Batch) (int, error) {
					say(b, "go ")
					return 1, broken
				},
				closed: func(err error, b *sock.Batch) { say(b, "away"); end <- err },
			})
			sent := make(chan struct{})
			go func() { _, _ = peer.Write(make([]byte, 4<<20)); close(sent) }() // ends with the connection
			got, err := io.ReadAll(peer)
			if string(got) != "go away" || err != nil {
				t.Fatalf("%s: got %q, %v", l.name, got, err)
			}
			if err := <-end; err != broken {
				t.Errorf("closed with %v", err)
			}
			peer.Close()
			<-sent
			r.join(t)
		}
	}
}

// Bytes that another goroutine has queued and not flushed when the connection ends in order still leave.
func TestUnflushedAtTheEnd(t *testing.T) {
	r, peer := start(t, "tcp", sock.Limits{}, newEcho(1))
	var b sock.Batch
	r.Lock()
	r.Out().Append([]byte("late"))
	r.Dirty(&b)
	r.Unlock()
	_ = peer.(*net.TCPConn).CloseWrite()
	if got, err := io.ReadAll(peer); string(got) != "late" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	peer.Close()
	r.join(t)
	b.Flush()
}

// Whoever appends after the end leaks nothing.
func TestAppendAfterEnd(t *testing.T) {
	for _, l := range layers {
		c, peer := l.make(t, "tcp", sock.Limits{MaxQueued: 100})
		r := run(c, &handler{})
		peer.Close()
		r.join(t)
		var b sock.Batch
		c.Lock()
		c.Out().Append(make([]byte, 100_000))
		c.Dirty(&b)
		if c.Full() {
			t.Error("full after the end: nobody would call Writable")
		}
		c.Unlock()
		b.Flush()
		c.Close(nil)
		c.Resume()
	}
}

// Close before Run, and twice.
func TestCloseBeforeRun(t *testing.T) {
	for _, l := range layers {
		mine := errors.New("mine")
		end := make(chan error, 1)
		c, peer := l.make(t, "tcp", sock.Limits{})
		push(c, make([]byte, 16<<20)) // a writer goroutine is at work
		c.Close(mine)
		c.Close(nil)
		run(c, &handler{closed: func(err error, _ *sock.Batch) { end <- err }}).join(t)
		if err := <-end; err != mine {
			t.Errorf("closed with %v", err)
		}
		peer.Close()
	}
}

// Close from within Consume: no further call but Closed.
func TestCloseInConsume(t *testing.T) {
	mine := errors.New("mine")
	end := make(chan error, 1)
	calls := 0
	r, peer := start(t, "tcp", sock.Limits{}, func(c *sock.Conn) sock.Handler {
		return &handler{
			consume: func([]byte, *buf.Segment, *sock.Batch) (int, error) { calls++; c.Close(mine); return 1, nil },
			closed:  func(err error, _ *sock.Batch) { end <- err },
		}
	})
	_, _ = peer.Write(make([]byte, 100))
	if err := <-end; err != mine || calls != 1 {
		t.Errorf("closed with %v after %d calls", err, calls)
	}
	r.join(t)
	peer.Close()
}

// What the peer said before sending to it failed is still read.
func TestHeardAfterSendFailed(t *testing.T) {
	for range 200 {
		var heard atomic.Int64
		r, peer := start(t, "unix", sock.Limits{}, func(*sock.Conn) sock.Handler {
			return &handler{consume: func(in []byte, _ *buf.Segment, _ *sock.Batch) (int, error) {
				heard.Add(int64(len(in)))
				return len(in), nil
			}}
		})
		_, _ = peer.Write(make([]byte, 30_000))
		peer.Close()
		push(r.Conn, []byte("x"))
		r.join(t)
		if heard.Load() != 30_000 {
			t.Fatalf("heard %d bytes", heard.Load())
		}
	}
}
