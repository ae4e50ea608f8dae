package backends_test

import (
	"net"
	"sync"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"weft/bench/backends"
	"weft/bench/gen/pb/orderpb"
	thriftorder "weft/bench/gen/thrift/order"
	"weft/bench/order"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// A generated Thrift client takes the canned answers.
func TestThriftClient(t *testing.T) {
	l, want := listen(t), order.Sample(4)
	result, err := order.Result(want)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = backends.ServeThrift(l, result) }() // ends with the listener
	transport := thrift.NewTFramedTransportConf(thrift.NewTSocketConf(l.Addr().String(), nil), nil)
	if err := transport.Open(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = transport.Close() }()
	client := thriftorder.NewOrdersClientFactory(transport, thrift.NewTBinaryProtocolFactoryConf(nil))
	for range 3 {
		got, err := client.Place(t.Context(), order.ToThrift(want))
		if err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(order.FromThrift(got), want) {
			t.Fatalf("got %v", got)
		}
	}
}

// grpc-go takes the canned answers, also beyond its first window of 64 KiB.
func TestGRPCClient(t *testing.T) {
	l, want := listen(t), order.Sample(4)
	body, err := order.Proto(want)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = backends.ServeGRPC(l, body) }() // ends with the listener
	conn, err := grpc.NewClient("passthrough:///"+l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	client := orderpb.NewOrdersClient(conn)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				got, err := client.Place(t.Context(), want)
				if err != nil {
					t.Error(err)
					return
				}
				if !proto.Equal(got, want) {
					t.Errorf("got %v", got)
					return
				}
			}
		})
	}
	wg.Wait()
}
