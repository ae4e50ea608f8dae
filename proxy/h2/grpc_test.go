package h2

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// raw is a codec of bare bytes.
type raw struct{}

func (raw) Name() string                       { return "raw" }
func (raw) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error { *v.(*[]byte) = bytes.Clone(data); return nil }

func dialGRPC(t testing.TB, addr string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	opts = append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(64<<20)))
	cc, err := grpc.NewClient(addr, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cc.Close() })
	return cc
}

func newEcho() Handler { return &echo{} }

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func message(n int) []byte {
	p := make([]byte, n)
	rand.New(rand.NewSource(int64(n))).Read(p)
	return p
}

func TestServerUnary(t *testing.T) {
	configs := map[string]Config{"default": {}, "tiny windows": {StreamWindow: 7, ConnWindow: 65535}}
	for name, cfg := range configs {
		t.Run(name, func(t *testing.T) {
			cc := dialGRPC(t, serve(t, cfg, newEcho))
			ctx := testContext(t)
			for _, n := range []int{0, 1, 100, 16 << 10, 100_000, 3 << 20} {
				if cfg.StreamWindow == 7 && n > 20_000 {
					continue
				}
				want := message(n)
				var got []byte
				if err := cc.Invoke(ctx, "/a.B/C", &want, &got); err != nil {
					t.Fatalf("%d bytes: %v", n, err)
				}
				if !bytes.Equal(got, want) {
					t.Fatalf("%d bytes came back as %d", n, len(got))
				}
			}
		})
	}
}

func TestServerMetadata(t *testing.T) {
	cc := dialGRPC(t, serve(t, Config{}, newEcho))
	for i := range 5 {
		big := string(bytes.Repeat([]byte("x"), 1000*(i+1)))
		ctx := metadata.AppendToOutgoingContext(testContext(t), "echo-a", "1", "echo-big", big, "echo-bin", "\x00\xff")
		var header metadata.MD
		var got []byte
		if err := cc.Invoke(ctx, "/a.B/C", &[]byte{1}, &got, grpc.Header(&header)); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"echo-a": "1", "echo-big": big, "echo-bin": "\x00\xff"} {
			if v := header.Get(name); len(v) != 1 || v[0] != want {
				t.Errorf("%s came back as %q", name, v)
			}
		}
	}
}

func TestServerStreaming(t *testing.T) {
	cc := dialGRPC(t, serve(t, Config{}, newEcho))
	ctx := testContext(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := pingPong(ctx, cc, 50, 1000*i); err != nil {
				t.Errorf("stream %d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

// pingPong sends messages on a stream and waits for each to come back.
func pingPong(ctx context.Context, cc *grpc.ClientConn, count, size int) error {
	st, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/a.B/S")
	if err != nil {
		return err
	}
	for i := range count {
		want := message(size + i)
		if err := st.SendMsg(&want); err != nil {
			return err
		}
		var got []byte
		if err := st.RecvMsg(&got); err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("message %d differs", i)
		}
	}
	if err := st.CloseSend(); err != nil {
		return err
	}
	var got []byte
	if err := st.RecvMsg(&got); !errors.Is(err, io.EOF) {
		return fmt.Errorf("at the end: %v", err)
	}
	return nil
}

func TestServerParallel(t *testing.T) {
	cc := dialGRPC(t, serve(t, Config{MaxStreams: 50}, newEcho))
	ctx := testContext(t)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			for j := range 20 {
				want, got := message(i*j), []byte(nil)
				if err := cc.Invoke(ctx, "/a.B/C", &want, &got); err != nil {
					t.Error(err)
					return
				}
				if !bytes.Equal(got, want) {
					t.Error("another answer")
				}
			}
		})
	}
	wg.Wait()
}

func TestServerCancel(t *testing.T) {
	handlers := make(chan *echo, 1)
	cc := dialGRPC(t, serve(t, Config{}, func() Handler {
		e := &echo{}
		handlers <- e
		return e
	}))
	for range 100 {
		ctx, cancel := context.WithCancel(testContext(t))
		st, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/a.B/S")
		if err != nil {
			t.Fatal(err)
		}
		want, got := message(100), []byte(nil)
		if err := st.SendMsg(&want); err != nil {
			t.Fatal(err)
		}
		if err := st.RecvMsg(&got); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := st.RecvMsg(&got); status.Code(err) != codes.Canceled {
			t.Fatal(err)
		}
	}
	e := <-handlers
	await(t, "all streams to be over", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.open == 0
	})
}

// await polls a condition.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
