package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"weft/testpeers/grpcpeer"
)

// The cases of gRPC's interoperability tests (interop-test-descriptions.md), grpc-go on both sides.

const (
	echoInitial  = "x-grpc-test-echo-initial"
	echoTrailing = "x-grpc-test-echo-trailing-bin"
)

// testService is the server of those tests.
type testService struct {
	testpb.UnimplementedTestServiceServer
}

func (testService) EmptyCall(context.Context, *testpb.Empty) (*testpb.Empty, error) {
	return &testpb.Empty{}, nil
}

// echoMetadata sends back what the client asks for.
func echoMetadata(ctx context.Context, header, trailer func(metadata.MD) error) error {
	md, _ := metadata.FromIncomingContext(ctx)
	if v := md.Get(echoInitial); len(v) > 0 {
		if err := header(metadata.MD{echoInitial: v}); err != nil {
			return err
		}
	}
	if v := md.Get(echoTrailing); len(v) > 0 {
		return trailer(metadata.MD{echoTrailing: v})
	}
	return nil
}

func body(n int32) *testpb.Payload { return &testpb.Payload{Body: make([]byte, n)} }

func asked(s *testpb.EchoStatus) error {
	if s.GetCode() == 0 {
		return nil
	}
	return status.Error(codes.Code(s.Code), s.Message)
}

func (testService) UnaryCall(ctx context.Context, r *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	set := func(md metadata.MD) error { return grpc.SetTrailer(ctx, md) }
	if err := echoMetadata(ctx, func(md metadata.MD) error { return grpc.SetHeader(ctx, md) }, set); err != nil {
		return nil, err
	}
	if err := asked(r.ResponseStatus); err != nil {
		return nil, err
	}
	return &testpb.SimpleResponse{Payload: body(r.ResponseSize)}, nil
}

func (testService) StreamingOutputCall(r *testpb.StreamingOutputCallRequest, s grpc.ServerStreamingServer[testpb.StreamingOutputCallResponse]) error {
	for _, p := range r.ResponseParameters {
		if err := s.Send(&testpb.StreamingOutputCallResponse{Payload: body(p.Size)}); err != nil {
			return err
		}
	}
	return nil
}

func (testService) StreamingInputCall(s grpc.ClientStreamingServer[testpb.StreamingInputCallRequest, testpb.StreamingInputCallResponse]) error {
	var sum int32
	for {
		r, err := s.Recv()
		if err == io.EOF {
			return s.SendAndClose(&testpb.StreamingInputCallResponse{AggregatedPayloadSize: sum})
		}
		if err != nil {
			return err
		}
		sum += int32(len(r.Payload.Body))
	}
}

func (testService) FullDuplexCall(s grpc.BidiStreamingServer[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]) error {
	if err := echoMetadata(s.Context(), s.SetHeader, func(md metadata.MD) error { s.SetTrailer(md); return nil }); err != nil {
		return err
	}
	for {
		r, err := s.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := asked(r.ResponseStatus); err != nil {
			return err
		}
		for _, p := range r.ResponseParameters {
			if err := s.Send(&testpb.StreamingOutputCallResponse{Payload: body(p.Size)}); err != nil {
				return err
			}
		}
	}
}

// serveGRPC runs a grpc-go server until the end of the test.
func serveGRPC(t testing.TB, register func(*grpc.Server), options ...grpc.ServerOption) (addr string, server *grpc.Server) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server = grpc.NewServer(options...)
	register(server)
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(l) }() // ends with Stop
	t.Cleanup(func() { server.Stop(); <-served })
	return l.Addr().String(), server
}

// passTo starts a sidecar without a schema in front of gRPC servers.
func passTo(t testing.TB, more string, addrs ...string) *sidecar {
	t.Helper()
	var list []string
	for _, a := range addrs {
		list = append(list, "{"+endpoint(a, "grpc")+"}")
	}
	return startSidecar(t, "version: weft/v1\nadmin: {listen: \"\"}\n"+
		"outbound: {listeners: [{listen: \"127.0.0.1:0\", service: peer}]}\n"+
		"discovery: {static: {peer: ["+strings.Join(list, ", ")+"]}}\n"+more)
}

func interop(t *testing.T, options ...grpc.ServerOption) (testpb.TestServiceClient, *grpc.ClientConn, *sidecar) {
	addr, _ := serveGRPC(t, func(s *grpc.Server) { testpb.RegisterTestServiceServer(s, testService{}) }, options...)
	w := passTo(t, "", addr)
	conn := grpcpeer.Dial(t, w.listen, grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(32<<20)))
	return testpb.NewTestServiceClient(conn), conn, w
}

func TestInterop(t *testing.T) {
	c, conn, w := interop(t)
	for name, run := range map[string]func(context.Context, testpb.TestServiceClient) error{
		"empty_unary": func(ctx context.Context, c testpb.TestServiceClient) error {
			_, err := c.EmptyCall(ctx, &testpb.Empty{})
			return err
		},
		"large_unary":                 largeUnary,
		"client_streaming":            clientStreaming,
		"server_streaming":            serverStreaming,
		"ping_pong":                   pingPong,
		"empty_stream":                emptyStream,
		"timeout_on_sleeping_server":  timeoutOnSleepingServer,
		"cancel_after_begin":          cancelAfterBegin,
		"cancel_after_first_response": cancelAfterFirstResponse,
		"status_code_and_message": func(ctx context.Context, c testpb.TestServiceClient) error {
			return statusAndMessage(ctx, c, "test status message")
		},
		"special_status_message": func(ctx context.Context, c testpb.TestServiceClient) error {
			return statusAndMessage(ctx, c, "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n")
		},
		"custom_metadata": customMetadata,
		"unimplemented_method": func(ctx context.Context, c testpb.TestServiceClient) error {
			_, err := c.UnimplementedCall(ctx, &testpb.Empty{})
			return wantCode(err, codes.Unimplemented)
		},
		"unimplemented_service": func(ctx context.Context, _ testpb.TestServiceClient) error {
			_, err := testpb.NewUnimplementedServiceClient(conn).UnimplementedCall(ctx, &testpb.Empty{})
			return wantCode(err, codes.Unimplemented)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if err := run(ctx, c); err != nil {
				t.Error(err)
			}
		})
	}
	settled(t, w)
}

func wantCode(err error, want codes.Code) error {
	if status.Code(err) != want {
		return fmt.Errorf("got %v, want %v", err, want)
	}
	return nil
}

func largeUnary(ctx context.Context, c testpb.TestServiceClient) error {
	r, err := c.UnaryCall(ctx, &testpb.SimpleRequest{ResponseSize: 314159, Payload: body(271828)})
	if err == nil && len(r.Payload.Body) != 314159 {
		err = fmt.Errorf("%d bytes came back", len(r.Payload.Body))
	}
	return err
}

func clientStreaming(ctx context.Context, c testpb.TestServiceClient) error {
	s, err := c.StreamingInputCall(ctx)
	if err != nil {
		return err
	}
	for _, n := range []int32{27182, 8, 1828, 45904} {
		if err := s.Send(&testpb.StreamingInputCallRequest{Payload: body(n)}); err != nil {
			return err
		}
	}
	r, err := s.CloseAndRecv()
	if err == nil && r.AggregatedPayloadSize != 74922 {
		err = fmt.Errorf("server counted %d", r.AggregatedPayloadSize)
	}
	return err
}

var responseSizes = []int32{31415, 9, 2653, 58979}

func serverStreaming(ctx context.Context, c testpb.TestServiceClient) error {
	r := &testpb.StreamingOutputCallRequest{}
	for _, n := range responseSizes {
		r.ResponseParameters = append(r.ResponseParameters, &testpb.ResponseParameters{Size: n})
	}
	s, err := c.StreamingOutputCall(ctx, r)
	if err != nil {
		return err
	}
	for _, n := range responseSizes {
		if err := receive(s, n); err != nil {
			return err
		}
	}
	return wantEnd(s)
}

type receiver interface {
	Recv() (*testpb.StreamingOutputCallResponse, error)
}

func receive(s receiver, n int32) error {
	r, err := s.Recv()
	if err == nil && len(r.Payload.Body) != int(n) {
		err = fmt.Errorf("%d bytes, want %d", len(r.Payload.Body), n)
	}
	return err
}

func wantEnd(s receiver) error {
	if _, err := s.Recv(); err != io.EOF {
		return fmt.Errorf("at the end of the stream: %v", err)
	}
	return nil
}

func ask(n int32) *testpb.StreamingOutputCallRequest {
	return &testpb.StreamingOutputCallRequest{ResponseParameters: []*testpb.ResponseParameters{{Size: n}}, Payload: body(n / 2)}
}

func pingPong(ctx context.Context, c testpb.TestServiceClient) error {
	s, err := c.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	for _, n := range responseSizes {
		if err := errors.Join(s.Send(ask(n)), receive(s, n)); err != nil {
			return err
		}
	}
	return errors.Join(s.CloseSend(), wantEnd(s))
}

func emptyStream(ctx context.Context, c testpb.TestServiceClient) error {
	s, err := c.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	return errors.Join(s.CloseSend(), wantEnd(s))
}

func timeoutOnSleepingServer(ctx context.Context, c testpb.TestServiceClient) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	s, err := c.FullDuplexCall(ctx)
	if err != nil {
		return wantCode(err, codes.DeadlineExceeded)
	}
	_ = s.Send(&testpb.StreamingOutputCallRequest{Payload: body(27182)})
	_, err = s.Recv()
	return wantCode(err, codes.DeadlineExceeded)
}

func cancelAfterBegin(ctx context.Context, c testpb.TestServiceClient) error {
	ctx, cancel := context.WithCancel(ctx)
	s, err := c.StreamingInputCall(ctx)
	cancel()
	if err != nil {
		return err
	}
	_, err = s.CloseAndRecv()
	return wantCode(err, codes.Canceled)
}

func cancelAfterFirstResponse(ctx context.Context, c testpb.TestServiceClient) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := c.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(s.Send(ask(31415)), receive(s, 31415)); err != nil {
		return err
	}
	cancel()
	_, err = s.Recv()
	return wantCode(err, codes.Canceled)
}

func statusAndMessage(ctx context.Context, c testpb.TestServiceClient, text string) error {
	want := &testpb.EchoStatus{Code: int32(codes.Unknown), Message: text}
	_, unary := c.UnaryCall(ctx, &testpb.SimpleRequest{ResponseStatus: want})
	s, err := c.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(s.Send(&testpb.StreamingOutputCallRequest{ResponseStatus: want}), s.CloseSend()); err != nil {
		return err
	}
	_, streamed := s.Recv()
	for _, err := range []error{unary, streamed} {
		if st := status.Convert(err); st.Code() != codes.Unknown || st.Message() != text {
			return fmt.Errorf("got %v %q", st.Code(), st.Message())
		}
	}
	return nil
}

// customMetadata sends text and binary metadata, with several values, and wants them back as headers and as trailers.
func customMetadata(ctx context.Context, c testpb.TestServiceClient) error {
	text, binary := []string{"test_initial_metadata_value", "another, with a comma", ""}, []string{"\xab\xab\x00\xff", "second"}
	ctx = metadata.NewOutgoingContext(ctx, metadata.MD{echoInitial: text, echoTrailing: binary})
	var header, trailer metadata.MD
	if _, err := c.UnaryCall(ctx, &testpb.SimpleRequest{ResponseSize: 1}, grpc.Header(&header), grpc.Trailer(&trailer)); err != nil {
		return err
	}
	check := func(header, trailer metadata.MD) error {
		if got := header.Get(echoInitial); !slices.Equal(got, text) {
			return fmt.Errorf("headers %q", got)
		}
		if got := trailer.Get(echoTrailing); !slices.Equal(got, binary) {
			return fmt.Errorf("trailers %q", got)
		}
		return nil
	}
	if err := check(header, trailer); err != nil {
		return err
	}
	s, err := c.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(s.Send(ask(10)), receive(s, 10), s.CloseSend(), wantEnd(s)); err != nil {
		return err
	}
	header, err = s.Header()
	return errors.Join(err, check(header, s.Trailer()))
}

// Compressed messages pass as they are.
func TestCompressionPasses(t *testing.T) {
	c, _, w := interop(t)
	r, err := c.UnaryCall(t.Context(), &testpb.SimpleRequest{ResponseSize: 100_000, Payload: body(100_000)}, grpc.UseCompressor(gzip.Name))
	if err != nil || len(r.Payload.Body) != 100_000 {
		t.Fatalf("%d bytes, %v", len(r.GetPayload().GetBody()), err)
	}
	if n := metric(t, w, "weft_bytes_sent_total", "side", "upstream"); n == 0 || n > 10_000 {
		t.Errorf("%v bytes went upstream, want few: grpc-go's server answers in kind", n)
	}
}

// A message of 16 MiB each way.
func TestLargeMessagesPass(t *testing.T) {
	c, _, w := interop(t, grpc.MaxRecvMsgSize(32<<20))
	const size = 16 << 20
	r, err := c.UnaryCall(t.Context(), &testpb.SimpleRequest{ResponseSize: size, Payload: body(size)})
	if err != nil || len(r.Payload.Body) != size {
		t.Fatalf("%d bytes, %v", len(r.GetPayload().GetBody()), err)
	}
	settled(t, w)
}

// Metadata near the limit for header lists pass; beyond it the call fails alone.
func TestLargeMetadata(t *testing.T) {
	c, _, w := interop(t)
	call := func(n int) (metadata.MD, error) {
		var header metadata.MD
		ctx := metadata.AppendToOutgoingContext(t.Context(), echoInitial, strings.Repeat("m", n))
		_, err := c.UnaryCall(ctx, &testpb.SimpleRequest{}, grpc.Header(&header))
		return header, err
	}
	header, err := call(62 << 10)
	if err != nil || len(header.Get(echoInitial)) != 1 || !bytes.Equal([]byte(header.Get(echoInitial)[0]), bytes.Repeat([]byte("m"), 62<<10)) {
		t.Errorf("62 KiB: %v", err)
	}
	if _, err := call(70 << 10); err == nil {
		t.Error("70 KiB of metadata passed a limit of 64 KiB")
	}
	if _, err := call(10); err != nil {
		t.Errorf("after the call that failed: %v", err)
	}
	settled(t, w)
}
