// Package grpcpeer has grpc-go's server and client of service Everything, on the .proto view that weft derives, and
// the check that runs all cases of package testpeers through a client.
//
// Messages are the generated ones. Echo methods are served and compared without code of their own.
package grpcpeer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"weft/testpeers/gen/pb/basepb"
	"weft/testpeers/gen/pb/everythingpb"
)

// Service is the full name of Everything.
const Service = "weft.everything.Everything"

// Server is a running server of Everything.
type Server struct {
	Addr string

	server *grpc.Server
	served chan struct{} // closed when Serve has returned
	everythingpb.UnimplementedEverythingServer

	mu       sync.Mutex
	calls    map[string]int
	notified map[string]int64
}

// Start runs a server on a port of its own. It is stopped at the end of the test, or earlier by Stop.
func Start(tb testing.TB, options ...grpc.ServerOption) *Server {
	tb.Helper()
	return Listen(tb, "127.0.0.1:0", options...)
}

// Listen is Start on an address of the caller's choice.
func Listen(tb testing.TB, address string, options ...grpc.ServerOption) *Server {
	tb.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		tb.Fatalf("listen for a gRPC server: %v", err)
	}
	s := &Server{Addr: l.Addr().String(), served: make(chan struct{}), calls: map[string]int{}, notified: map[string]int64{}}
	s.server = grpc.NewServer(append(options, grpc.ChainUnaryInterceptor(s.count))...)
	s.server.RegisterService(withEchoes(everythingpb.Everything_ServiceDesc), s)
	go func() { // ends with Stop, which waits for it
		defer close(s.served)
		if err := s.server.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			tb.Errorf("serve gRPC: %v", err)
		}
	}()
	tb.Cleanup(s.Stop)
	return s
}

// Stop closes the listener and all connections and waits until the server has ended.
func (s *Server) Stop() {
	s.server.Stop()
	<-s.served
}

// Drain ends the server as a rolling update does: GOAWAY, and what is under way may finish.
func (s *Server) Drain() {
	s.server.GracefulStop()
	<-s.served
}

// Calls says how many calls of a method (its gRPC name) came in, whatever became of them.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

func (s *Server) count(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	s.mu.Lock()
	s.calls[path.Base(info.FullMethod)]++
	s.mu.Unlock()
	return next(ctx, req)
}

// withEchoes replaces the handlers of echo methods by one that answers the request's value as success.
func withEchoes(desc grpc.ServiceDesc) *grpc.ServiceDesc {
	methods := make([]grpc.MethodDesc, len(desc.Methods))
	copy(methods, desc.Methods)
	for i, m := range methods {
		if strings.HasPrefix(m.MethodName, "Echo") {
			methods[i].Handler = echo(m.MethodName)
		}
	}
	desc.Methods = methods
	return &desc
}

func echo(name string) grpc.MethodHandler {
	request, response := messages(name)
	return func(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
		in := request.New().Interface()
		if err := decode(in); err != nil {
			return nil, err
		}
		handle := func(_ context.Context, in any) (any, error) {
			out := response.New()
			// value and success are field 1 of messages of the same shape, but wrapper types are nested in each.
			body, err := proto.Marshal(in.(proto.Message))
			if err == nil {
				err = proto.Unmarshal(body, out.Interface())
			}
			if err != nil {
				return nil, status.Errorf(codes.Internal, "echo: %v", err)
			}
			return out.Interface(), nil
		}
		return intercept(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: "/" + Service + "/" + name}, handle)
	}
}

// messages gives the types of a method's request and response.
func messages(method string) (request, response protoreflect.MessageType) {
	service := everythingpb.File_everything_proto.Services().ByName("Everything")
	m := service.Methods().ByName(protoreflect.Name(method))
	if m == nil {
		panic(fmt.Sprintf("grpcpeer: %s has no method %s", Service, method))
	}
	find := func(d protoreflect.MessageDescriptor) protoreflect.MessageType {
		t, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
		if err != nil {
			panic(err) // generated in the same file
		}
		return t
	}
	return find(m.Input()), find(m.Output())
}

// Ping answers.
func (s *Server) Ping(context.Context, *basepb.BasePingRequest) (*basepb.BasePingResponse, error) {
	return &basepb.BasePingResponse{}, nil
}

// Add answers the sum.
func (s *Server) Add(_ context.Context, r *basepb.BaseAddRequest) (*basepb.BaseAddResponse, error) {
	return &basepb.BaseAddResponse{Success: proto.Int32(r.GetA() + r.GetB())}, nil
}

// JoinParts answers the parts one after the other, times over.
func (s *Server) JoinParts(_ context.Context, r *everythingpb.EverythingJoinPartsRequest) (*everythingpb.EverythingJoinPartsResponse, error) {
	parts := r.GetFirstPart() + r.GetSecondPart() + strings.Join(r.GetMore(), "")
	return &everythingpb.EverythingJoinPartsResponse{Success: proto.String(strings.Repeat(parts, int(r.GetTimes())))}, nil
}

// ImplicitArgs answers "text:number".
func (s *Server) ImplicitArgs(_ context.Context, r *everythingpb.EverythingImplicitArgsRequest) (*everythingpb.EverythingImplicitArgsResponse, error) {
	answer := fmt.Sprintf("%s:%d", r.GetText(), r.GetNumber())
	return &everythingpb.EverythingImplicitArgsResponse{Success: &answer}, nil
}

// Nothing does nothing.
func (s *Server) Nothing(context.Context, *everythingpb.EverythingNothingRequest) (*everythingpb.EverythingNothingResponse, error) {
	return &everythingpb.EverythingNothingResponse{}, nil
}

// Notify adds amount to what Notified answers for topic.
func (s *Server) Notify(_ context.Context, r *everythingpb.EverythingNotifyRequest) (*everythingpb.EverythingNotifyResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notified[r.GetTopic()] += r.GetAmount()
	return &everythingpb.EverythingNotifyResponse{}, nil
}

// Notified answers the sum of the amounts of a topic.
func (s *Server) Notified(_ context.Context, r *everythingpb.EverythingNotifiedRequest) (*everythingpb.EverythingNotifiedResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &everythingpb.EverythingNotifiedResponse{Success: proto.Int64(s.notified[r.GetTopic()])}, nil
}

// Find answers a point, or a status with one of the two declared exceptions as its detail.
func (s *Server) Find(_ context.Context, r *everythingpb.EverythingFindRequest) (*everythingpb.EverythingFindResponse, error) {
	id := r.GetId()
	switch {
	case id < 1000:
		return &everythingpb.EverythingFindResponse{Success: point(int32(id), int32(-id))}, nil
	case id < 2000:
		return nil, notFound("point", id, fmt.Sprint(id-1), fmt.Sprint(id+1))
	default:
		return nil, rejected(int32(id))
	}
}

// Check refuses every code but 0.
func (s *Server) Check(_ context.Context, r *everythingpb.EverythingCheckRequest) (*everythingpb.EverythingCheckResponse, error) {
	if r.GetCode() != 0 {
		return nil, rejected(r.GetCode())
	}
	return &everythingpb.EverythingCheckResponse{}, nil
}

// Fail fails as it is told.
func (s *Server) Fail(_ context.Context, r *everythingpb.EverythingFailRequest) (*everythingpb.EverythingFailResponse, error) {
	switch r.GetKind() {
	case everythingpb.FailKind_FailKind_NOT_FOUND:
		return nil, notFound("fail", int64(r.GetKind()))
	case everythingpb.FailKind_FailKind_REJECTED:
		return nil, rejected(1)
	case everythingpb.FailKind_FailKind_UNDECLARED:
		return nil, status.Error(codes.Internal, "an error that no IDL declares")
	default:
		return &everythingpb.EverythingFailResponse{Success: proto.String("did not fail")}, nil
	}
}

// Slow answers millis after so long a time, or earlier where nobody waits any more.
func (s *Server) Slow(ctx context.Context, r *everythingpb.EverythingSlowRequest) (*everythingpb.EverythingSlowResponse, error) {
	select {
	case <-time.After(time.Duration(r.GetMillis()) * time.Millisecond):
		return &everythingpb.EverythingSlowResponse{Success: r.Millis}, nil
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

func point(x, y int32) *basepb.Point { return &basepb.Point{X: &x, Y: &y} }

func notFound(what string, id int64, near ...string) error {
	return withDetail(codes.NotFound, "NotFound", &everythingpb.NotFound{What: &what, Id: &id, Near: near})
}

func rejected(code int32) error {
	text := fmt.Sprintf("code %d is refused", code)
	return withDetail(codes.Unknown, text, &everythingpb.Rejected{
		Code: &code, Message: &text, Details: map[string]string{"why": "it is a test"},
		Where: point(code, 0), Color: everythingpb.Color_Color_BLUE.Enum(),
	})
}
