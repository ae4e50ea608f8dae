package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// full runs as many calls at a time as an endpoint with one connection of so many streams takes: nothing of earlier calls may have
// kept a place.
func full(t *testing.T, conn *grpc.ClientConn, arrived <-chan struct{}, release chan<- struct{}, n int) {
	t.Helper()
	errs := make(chan error, n)
	for range n {
		go func() { // ends with its call
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			_, err := call(ctx, conn, "/s/wait", []byte("x"))
			errs <- err
		}()
	}
	for range n {
		select {
		case <-arrived:
		case err := <-errs:
			t.Fatalf("a call of %d at a time: %v", n, err)
		}
	}
	for range n {
		release <- struct{}{}
	}
	for range n {
		if err := <-errs; err != nil {
			t.Errorf("a call of %d at a time: %v", n, err)
		}
	}
}

// waiter is a server whose /s/wait waits for a release, whose /s/hang waits for the end of the call, after an answer if it is
// /s/hang/answered, and whose others echo.
type waiter struct {
	arrived   chan struct{}
	release   chan struct{}
	hanging   chan struct{}
	cancelled chan struct{}
}

func newWaiter() *waiter {
	return &waiter{make(chan struct{}, 100), make(chan struct{}, 100), make(chan struct{}, 100), make(chan struct{}, 100)}
}

func (h *waiter) handle(method string, s grpc.ServerStream) error {
	switch method {
	case "/s/wait":
		h.arrived <- struct{}{}
		<-h.release
	case "/s/hang", "/s/hang/answered":
		if method != "/s/hang" {
			if err := s.SendMsg(&[]byte{1}); err != nil {
				return err
			}
		}
		h.hanging <- struct{}{}
		<-s.Context().Done()
		h.cancelled <- struct{}{}
		return s.Context().Err()
	}
	return echoBytes(method, s)
}

// A caller that cancels, or goes away, cancels at the endpoint, in every phase, and leaves nothing behind.
func TestCancelReachesServer(t *testing.T) {
	h := newWaiter()
	addr, _ := serveBytes(t, h.handle, grpc.MaxConcurrentStreams(8))
	w := passTo(t, one, addr)
	conn := dialBytes(t, w.listen)
	const rounds = 20
	for i := range rounds {
		ctx, cancel := context.WithCancel(t.Context())
		method := []string{"/s/hang", "/s/hang/answered"}[i%2]
		s := openStream(t, ctx, conn, method)
		<-h.hanging
		if method != "/s/hang" {
			if err := s.RecvMsg(&[]byte{}); err != nil {
				t.Fatal(err)
			}
		}
		cancel()
		<-h.cancelled
	}
	for range rounds { // the connection goes
		c := dialRaw(t, w.listen)
		for range 4 {
			c.request("/s/hang")
		}
		for range 4 {
			<-h.hanging
		}
		_ = c.Close()
		for range 4 {
			<-h.cancelled
		}
	}
	settled(t, w)
	full(t, conn, h.arrived, h.release, 8)
	settled(t, w)
	if n := calls(t, w, "outcome", "cancelled"); n != rounds+4*rounds {
		t.Errorf("%d calls count as cancelled, want %d", n, 5*rounds)
	}
}

// The deadline passes while the call is parked, while it waits for headers, and in the middle of the answer.
func TestDeadlineInEveryPhase(t *testing.T) {
	h := newWaiter()
	addr, _ := serveBytes(t, h.handle, grpc.MaxConcurrentStreams(2))
	w := passTo(t, one, addr)
	conn := dialBytes(t, w.listen)
	hold, stop := context.WithCancel(t.Context())
	// A client that does not keep the time itself: what it gets is the proxy's.
	late := func(path string) (code string, headers int) {
		c := dialRaw(t, w.listen)
		defer c.Close()
		id := c.request(path, "grpc-timeout", "30m")
		return c.status(id)
	}
	if code, n := late("/s/hang"); code != "4" || n != 1 {
		t.Errorf("no headers: status %s in %d header lists", code, n)
	}
	<-h.hanging
	<-h.cancelled
	if code, n := late("/s/hang/answered"); code != "4" || n != 2 {
		t.Errorf("mid-stream: status %s in %d header lists", code, n)
	}
	<-h.hanging
	<-h.cancelled
	for range 2 {
		openStream(t, hold, conn, "/s/hang")
		<-h.hanging
	}
	if code, n := late("/s/hang"); code != "4" || n != 1 {
		t.Errorf("parked: status %s in %d header lists", code, n)
	}
	stop()
	<-h.cancelled
	<-h.cancelled
	settled(t, w)
	full(t, conn, h.arrived, h.release, 2)
	if n := calls(t, w, "outcome", "timeout"); n != 3 {
		t.Errorf("%d calls count as timed out, want 3", n)
	}
}

// status reads up to the end of a stream and returns its grpc-status, or what ended it, and the number of its header lists.
func (r *rawClient) status(id uint32) (code string, lists int) {
	_ = r.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		f, err := r.ReadFrame()
		if err != nil {
			return err.Error(), lists
		}
		switch f := f.(type) {
		case *http2.MetaHeadersFrame:
			if f.StreamID != id {
				continue
			}
			lists++
			if (f.PseudoValue("status") != "") != (lists == 1) {
				return fmt.Sprintf(":status %q in header list %d", f.PseudoValue("status"), lists), lists
			}
			for _, x := range f.Fields {
				if x.Name == "grpc-status" {
					code = x.Value
				}
			}
			if f.StreamEnded() {
				return code, lists
			}
		case *http2.RSTStreamFrame:
			if f.StreamID == id && f.ErrCode != http2.ErrCodeNo {
				return f.ErrCode.String(), lists
			}
		}
	}
}

// RST_STREAM from the endpoint, before the headers and in the middle of the answer, with each code.
func TestResetByServer(t *testing.T) {
	want := map[http2.ErrCode]codes.Code{
		http2.ErrCodeNo: codes.Internal, http2.ErrCodeProtocol: codes.Internal, http2.ErrCodeInternal: codes.Internal,
		http2.ErrCodeFlowControl: codes.Internal, http2.ErrCodeSettingsTimeout: codes.Internal, http2.ErrCodeStreamClosed: codes.Internal,
		http2.ErrCodeFrameSize: codes.Internal, http2.ErrCodeRefusedStream: codes.Unavailable, http2.ErrCodeCancel: codes.Canceled,
		http2.ErrCodeCompression: codes.Internal, http2.ErrCodeConnect: codes.Unavailable, http2.ErrCodeEnhanceYourCalm: codes.ResourceExhausted,
		http2.ErrCodeInadequateSecurity: codes.PermissionDenied, http2.ErrCode(99): codes.Internal,
	}
	for _, answered := range []bool{false, true} {
		for code, grpcCode := range want {
			t.Run(fmt.Sprintf("%v answered=%v", code, answered), func(t *testing.T) {
				addr := serveRaw(t, nil, func(_ int, p *rawPeer) {
					for r := p.next(); r != nil; r = p.next() {
						if answered {
							p.headers(r.id, false, ":status", "200", "content-type", "application/grpc")
						}
						p.reset(r.id, code)
					}
				})
				w := passTo(t, one, addr)
				conn := dialBytes(t, w.listen)
				for range 3 {
					if _, err := call(t.Context(), conn, "/s/m", []byte("x")); status.Code(err) != grpcCode {
						t.Errorf("got %v, want %v", err, grpcCode)
					}
				}
				settled(t, w)
				if n := calls(t, w, "outcome", "reset"); n != 3 {
					t.Errorf("%d calls count as reset, want 3", n)
				}
			})
		}
	}
}

// The endpoint's connection ends in every phase of a call.
func TestServerGoes(t *testing.T) {
	for _, phase := range []string{"no headers", "mid-stream"} {
		t.Run(phase, func(t *testing.T) {
			addr := serveRaw(t, nil, func(_ int, p *rawPeer) {
				r := p.next()
				if r != nil && phase == "mid-stream" {
					p.headers(r.id, false, ":status", "200", "content-type", "application/grpc")
				}
				if tcp, ok := p.Conn.(*net.TCPConn); ok {
					_ = tcp.SetLinger(0)
				}
			})
			w := passTo(t, one, addr)
			conn := dialBytes(t, w.listen)
			for range 3 {
				if _, err := call(t.Context(), conn, "/s/m", []byte("x")); status.Code(err) != codes.Unavailable {
					t.Errorf("got %v, want Unavailable", err)
				}
			}
			settled(t, w)
		})
	}
}

// A server that answers before the request is complete ends the call, however much of it still waits.
func TestEarlyAnswer(t *testing.T) {
	addr, _ := serveBytes(t, func(string, grpc.ServerStream) error { return status.Error(codes.Aborted, "enough") })
	w := passTo(t, one, addr)
	conn := dialBytes(t, w.listen)
	for range 20 {
		s := openStream(t, t.Context(), conn, "/s/m")
		b := make([]byte, piece)
		for err := error(nil); err == nil; {
			err = s.SendMsg(&b)
		}
		if err := s.RecvMsg(&b); status.Code(err) != codes.Aborted {
			t.Errorf("got %v, want Aborted", err)
		}
		if err := s.RecvMsg(&b); err == io.EOF {
			t.Error("the stream ended well")
		}
	}
	settled(t, w)
}

// A whole request waits for the window of a server that answers without reading it: the place must come back.
func TestAnswerBeforeRequestHasLeft(t *testing.T) {
	addr := serveRaw(t, []http2.Setting{{ID: http2.SettingInitialWindowSize, Val: 1}, {ID: http2.SettingMaxConcurrentStreams, Val: 1}},
		func(_ int, p *rawPeer) {
			for r := p.next(); r != nil; r = p.next() {
				p.headers(r.id, true, ":status", "200", "content-type", "application/grpc", "grpc-status", "0")
			}
		})
	w := passTo(t, one, addr)
	conn := dialBytes(t, w.listen)
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if _, err := call(ctx, conn, "/s/m", make([]byte, 1000)); status.Code(err) != codes.Internal { // no message
			t.Fatalf("got %v", err)
		}
		cancel()
	}
	settled(t, w)
}
