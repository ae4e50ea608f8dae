// Command shim is the bridge that one writes by hand where there is no weft: grpc-go and Apache Thrift with the generated
// code of both teams and a conversion of each message. It is what weft is measured against, and kept as a careful
// team would have it: a pool of Thrift connections, one call at a time on each, as Apache's client allows.
//
//	shim -mode grpc-to-thrift -listen 127.0.0.1:9001 -upstream 127.0.0.1:9002 -pool 64
//	shim -mode thrift-to-grpc -listen 127.0.0.1:9001 -upstream 127.0.0.1:9002
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"

	"github.com/apache/thrift/lib/go/thrift"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"weft/bench/gen/pb/orderpb"
	thriftorder "weft/bench/gen/thrift/order"
	"weft/bench/order"
)

func main() {
	mode := flag.String("mode", "grpc-to-thrift", "grpc-to-thrift or thrift-to-grpc")
	listen := flag.String("listen", "127.0.0.1:0", "address to serve on")
	upstream := flag.String("upstream", "", "address to call")
	pool := flag.Int("pool", 64, "Thrift connections at most")
	flag.Parse()
	var err error
	switch *mode {
	case "grpc-to-thrift":
		err = grpcToThrift(*listen, *upstream, *pool)
	case "thrift-to-grpc":
		err = thriftToGRPC(*listen, *upstream)
	default:
		err = fmt.Errorf("no mode %q", *mode)
	}
	fmt.Fprintf(os.Stderr, "shim: %v\n", err)
	os.Exit(1)
}

// grpcServer answers gRPC calls by calls of a Thrift server.
type grpcServer struct {
	orderpb.UnimplementedOrdersServer
	clients chan *thriftClient
}

func grpcToThrift(listen, upstream string, pool int) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	s := &grpcServer{clients: make(chan *thriftClient, pool)}
	for range pool {
		s.clients <- &thriftClient{addr: upstream} // dialled at its first call
	}
	server := grpc.NewServer()
	orderpb.RegisterOrdersServer(server, s)
	return server.Serve(l)
}

func (s *grpcServer) Place(ctx context.Context, o *orderpb.Order) (*orderpb.Order, error) {
	var c *thriftClient
	select {
	case c = <-s.clients:
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	defer func() { s.clients <- c }()
	answer, err := c.place(ctx, order.ToThrift(o))
	if err != nil {
		return nil, status.Errorf(codes.Unavailable, "call the Thrift server: %v", err)
	}
	return order.FromThrift(answer), nil
}

// thriftClient is one connection of the pool, used by one call at a time.
type thriftClient struct {
	addr      string
	transport thrift.TTransport
	client    *thriftorder.OrdersClient
}

func (c *thriftClient) place(ctx context.Context, o *thriftorder.Order) (*thriftorder.Order, error) {
	if c.client == nil {
		socket := thrift.NewTBufferedTransport(thrift.NewTSocketConf(c.addr, nil), 8192)
		c.transport = thrift.NewTFramedTransportConf(socket, nil)
		if err := c.transport.Open(); err != nil {
			return nil, err
		}
		c.client = thriftorder.NewOrdersClientFactory(c.transport, thrift.NewTBinaryProtocolFactoryConf(nil))
	}
	answer, err := c.client.Place(ctx, o)
	if err != nil { // the connection may be in the middle of an answer
		_ = c.transport.Close()
		c.client = nil
	}
	return answer, err
}

// thriftServer answers Thrift calls by calls of a gRPC server.
type thriftServer struct{ client orderpb.OrdersClient }

func thriftToGRPC(listen, upstream string) error {
	conn, err := grpc.NewClient("passthrough:///"+upstream, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	socket, err := thrift.NewTServerSocket(listen)
	if err != nil {
		return err
	}
	buffered := thrift.NewTBufferedTransportFactory(8192)
	server := thrift.NewTSimpleServer4(thriftorder.NewOrdersProcessor(&thriftServer{orderpb.NewOrdersClient(conn)}), socket,
		thrift.NewTFramedTransportFactoryConf(buffered, nil), thrift.NewTBinaryProtocolFactoryConf(nil))
	return server.Serve()
}

func (s *thriftServer) Place(ctx context.Context, o *thriftorder.Order) (*thriftorder.Order, error) {
	answer, err := s.client.Place(ctx, order.FromThrift(o))
	if err != nil {
		return nil, err
	}
	return order.ToThrift(answer), nil
}
