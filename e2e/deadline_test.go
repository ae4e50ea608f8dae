package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"weft/testpeers/gen/pb/everythingpb"
	"weft/testpeers/grpcpeer"
	"weft/testpeers/thriftpeer"
)

const echoI64Path = "/weft.everything.Everything/EchoI64"

// grpcEcho makes a call of echoI64.
func grpcEcho(ctx context.Context, conn *grpc.ClientConn, v int64) (int64, error) {
	out, err := everythingpb.NewEverythingClient(conn).EchoI64(ctx, &everythingpb.EverythingEchoI64Request{Value: proto.Int64(v)})
	return out.GetSuccess(), err
}

// grpc-timeout becomes the deadline of the call: the proxy answers, the caller itself waits on.
func TestGRPCTimeoutIsTheDeadline(t *testing.T) {
	addr := script(t, func(_ int, c *thriftConn) {
		for ok := true; ok; {
			_, ok = c.next() // and never an answer
		}
	})
	w := bridgeTo(t, everything(), endpoint(addr, "thrift"))
	c := dialRaw(t, w.listen)
	c.request(echoI64Path, "grpc-timeout", "30m")
	for {
		f, err := c.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		h, ok := f.(*http2.MetaHeadersFrame)
		if !ok {
			continue
		}
		for _, field := range h.Fields {
			if field.Name == "grpc-status" && field.Value == fmt.Sprint(int(codes.DeadlineExceeded)) {
				return
			}
		}
		t.Fatalf("answer %v, want DEADLINE_EXCEEDED", h.Fields)
	}
}

// A Thrift caller sends no deadline: the policy's holds, and the connection goes on.
func TestPolicyTimeoutForThriftCallers(t *testing.T) {
	addr := script(t, func(_ int, c *thriftConn) {
		for {
			m, ok := c.next()
			if !ok {
				return
			}
			if valueOf(m.body) != 1 {
				c.send(m.echoed())
			}
		}
	})
	w := bridgeWith(t, everything(), "policies: {default: {timeout: 30ms}}\n", endpoint(addr, "thrift"))
	c := dialThrift(t, w.listen)
	c.send(echoCall(7, 1))
	m := c.want(t)
	if text, _ := exception(t, m); m.seq != 7 || !strings.Contains(text, "deadline") {
		t.Errorf("sequence id %d, exception %q", m.seq, text)
	}
	c.wantEcho(t, 8, 2)
}

// Replies that come just around the deadline: each answer belongs to its own call, or there is none.
func TestLateRepliesReachNobody(t *testing.T) {
	const timeout = 12 * time.Millisecond
	for _, depth := range []int{1, 8} {
		t.Run(fmt.Sprint("depth ", depth), func(t *testing.T) {
			var running sync.WaitGroup
			addr := script(t, func(_ int, c *thriftConn) {
				for {
					m, ok := c.next()
					if !ok {
						return
					}
					running.Go(func() { // ends by itself
						time.Sleep(time.Duration(rand.Int64N(int64(2 * timeout)))) // the delay is the fault
						c.send(m.echoed())
					})
				}
			})
			t.Cleanup(running.Wait)
			more := fmt.Sprintf("policies: {default: {timeout: %v}}\n", timeout)
			w := bridgeWith(t, everything(), more, endpoint(addr, "thrift")+fmt.Sprintf(", pipeline: %d, max_connections: %d", depth, 8/depth*2))
			var ok, late atomic.Int64
			var callers sync.WaitGroup
			for i := range 8 {
				callers.Go(func() { askAroundDeadline(t, w, i, &ok, &late) })
			}
			callers.Wait()
			if ok.Load() == 0 || late.Load() == 0 {
				t.Errorf("%d answers in time, %d late: the test shows nothing", ok.Load(), late.Load())
			}
			settled(t, w)
		})
	}
}

// askAroundDeadline makes calls over Thrift or, every other caller, over gRPC.
func askAroundDeadline(t *testing.T, w *sidecar, caller int, ok, late *atomic.Int64) {
	thrift, conn := dialThrift(t, w.listen), grpcpeer.Dial(t, w.listen)
	for i := range 150 {
		v := int64(caller*1000 + i)
		if caller%2 == 0 {
			got, err := grpcEcho(t.Context(), conn, v)
			switch {
			case status.Code(err) == codes.DeadlineExceeded:
				late.Add(1)
			case err != nil || got != v:
				t.Errorf("call of %d over gRPC: %d, %v", v, got, err)
				return
			default:
				ok.Add(1)
			}
			continue
		}
		thrift.send(echoCall(int32(i), v))
		m, there := thrift.next()
		switch {
		case !there || m.seq != int32(i):
			t.Errorf("call %d over Thrift is answered by %+v", i, m)
			return
		case m.kind == 3:
			late.Add(1)
		case valueOf(m.body) != v:
			t.Errorf("call of %d over Thrift: %d", v, valueOf(m.body))
			return
		default:
			ok.Add(1)
		}
	}
}

// A connection whose head was given up and never answered is closed after a while, and no other.
func TestOverdueHeadClosesTheConnection(t *testing.T) {
	addr := script(t, func(n int, c *thriftConn) {
		if n > 0 {
			echo(n, c)
			return
		}
		for ok := true; ok; {
			_, ok = c.next()
		}
	})
	w := bridgeWith(t, everything(), "policies: {default: {timeout: 3s}}\n", endpoint(addr, "thrift")+", max_connections: 1")
	conn := grpcpeer.Dial(t, w.listen)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := grpcEcho(ctx, conn, 1); status.Code(err) != codes.DeadlineExceeded {
		t.Fatal(err)
	}
	if got, err := grpcEcho(t.Context(), conn, 2); got != 2 || err != nil {
		t.Errorf("call behind the overdue one: %d, %v", got, err)
	}
}

// A gRPC caller that cancels frees its place once the late reply has come, and that reply reaches nobody.
func TestGRPCCancelFreesTheThriftSide(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	addr := script(t, func(_ int, c *thriftConn) {
		for {
			m, ok := c.next()
			if !ok {
				return
			}
			if valueOf(m.body) == 1 {
				close(arrived)
				<-release
			}
			c.send(m.echoed())
		}
	})
	w := bridgeTo(t, everything(), endpoint(addr, "thrift")+", max_connections: 1")
	conn := grpcpeer.Dial(t, w.listen)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := grpcEcho(ctx, conn, 1); first <- err }() // ends with ctx
	<-arrived
	cancel()
	if err := <-first; status.Code(err) != codes.Canceled {
		t.Error(err)
	}
	eventually(t, "cancelled call is over", func() bool { return metric(t, w, "weft_requests_total", "outcome", "cancelled") == 1 })
	close(release)
	if got, err := grpcEcho(t.Context(), conn, 2); got != 2 || err != nil {
		t.Errorf("call after the cancelled one: %d, %v", got, err)
	}
	settled(t, w)
}

// The end of a Thrift caller's connection cancels its two-way call at a gRPC endpoint, but not a oneway call.
func TestThriftDisconnectCancels(t *testing.T) {
	type event struct {
		method string
		ctx    context.Context
	}
	begun, release := make(chan event, 2), make(chan struct{})
	server := grpcpeer.Start(t, grpc.UnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		begun <- event{info.FullMethod, ctx}
		if strings.HasSuffix(info.FullMethod, "/Notify") {
			<-release
		}
		return next(ctx, req)
	}))
	w := bridgeTo(t, everything(), endpoint(server.Addr, "grpc"))

	two := dialThrift(t, w.listen)
	two.send(thriftMessage{1, "slow", 1, []byte{8, 0, 1, 0, 0, 0x75, 0x30, 0}}) // 30 s
	slow := <-begun
	_ = two.Close()
	<-slow.ctx.Done()

	one := dialThrift(t, w.listen)
	topic := bytesField(1, []byte("late"))
	one.send(thriftMessage{4, "notify", 1, append(topic[:len(topic)-1], i64(2, 5)...)})
	notify := <-begun
	_ = one.Close()
	eventually(t, "connection has ended", func() bool { return metric(t, w, "weft_connections_open", "side", "downstream") == 0 })
	close(release)
	settled(t, w)
	if notify.ctx.Err() == nil {
		t.Error("the handler of the oneway call has not returned")
	}
	if n := metric(t, w, "weft_requests_total", "method", "/weft.everything.Everything/Notify", "outcome", "ok"); n != 1 {
		t.Errorf("%v oneway calls ended well, want 1", n)
	}
	client := thriftpeer.Dial(t, w.listen, thriftpeer.Wires()[0])
	if got, err := client.Notified(t.Context(), "late"); got != 5 || err != nil {
		t.Errorf("notified: %d, %v", got, err)
	}
	<-begun
}
