package e2e

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"weft/testpeers/grpcpeer"
	"weft/testpeers/thriftpeer"
)

// Every call is recorded once, however it ends: well, with an error, cancelled, timed out, refused; nothing stays in flight, and
// connections that were opened are closed.
func TestEveryCallRecordedOnce(t *testing.T) {
	wire := thriftpeer.Wire{Transport: "framed", Protocol: "binary"}
	g := grpcpeer.Start(t, grpc.MaxConcurrentStreams(4))
	th := thriftpeer.Start(t, wire)
	w := bridgeWith(t, everything(), "policies: {default: {max_pending: 20}}\n", endpoint(g.Addr, "grpc"), endpoint(th.Addr, wire.String()))
	const workers, rounds = 12, 40
	var running sync.WaitGroup
	for range workers {
		conn := grpcpeer.Dial(t, w.listen)
		client := thriftpeer.Dial(t, w.listen, wire)
		running.Go(func() {
			for i := range rounds {
				switch i % 5 {
				case 0:
					_ = slow(conn, 2)
				case 1: // cancelled, or timed out, wherever it is: a call whose deadline passes before it leaves reaches nobody
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*time.Millisecond/4)
					_ = addSlow(ctx, conn)
					cancel()
				case 2:
					_ = conn.Invoke(context.Background(), "/weft.everything.Everything/None", nothing(), nothing())
				case 3:
					_, _ = client.Fail(context.Background(), 1)
				default:
					_ = addThrift(context.Background(), client)
				}
			}
		})
	}
	running.Wait()
	settled(t, w)
	all := calls(t, w)
	// of those that were given up by their caller, some may never have left it
	if most := workers * rounds; all > most || all < most-workers*rounds/5 {
		t.Errorf("%d calls were recorded, %d were made", all, most)
	}
	if n := calls(t, w, "downstream", wire.String()); n != 2*workers*rounds/5 {
		t.Errorf("%d Thrift calls were recorded, %d were made", n, 2*workers*rounds/5)
	}
	if n := int(metric(t, w, "weft_request_duration_seconds")); n != all {
		t.Errorf("%d durations for %d calls", n, all)
	}
	if n := metric(t, w, "weft_connections_open", "side", "downstream"); n != 2*workers {
		t.Errorf("%v connections of callers are open, want %d", n, 2*workers)
	}
	ends(t, drain(t, w, soon), "drain")
	if n := metric(t, w, "weft_connections_open"); n != 0 {
		t.Errorf("%v connections count as open after the end", n)
	}
}
