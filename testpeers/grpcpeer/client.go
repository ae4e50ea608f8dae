package grpcpeer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/testpeers"
	"weft/testpeers/gen/pb/everythingpb"
)

// Timeout ends a call of a client that nobody answers.
const Timeout = 20 * time.Second

// Dial gives a connection, closed at the end of the test. It may be used by many goroutines.
func Dial(tb testing.TB, addr string, options ...grpc.DialOption) *grpc.ClientConn {
	tb.Helper()
	options = append([]grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}, options...)
	conn, err := grpc.NewClient("passthrough:///"+addr, options...)
	if err != nil {
		tb.Fatalf("make a gRPC client for %s: %v", addr, err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

// CheckAll runs every case as a subtest, then the oneway method and a method that does not exist.
func CheckAll(t *testing.T, conn *grpc.ClientConn) {
	t.Helper()
	for _, c := range testpeers.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if err := Check(t.Context(), conn, c); err != nil {
				t.Error(err)
			}
		})
	}
	CheckRest(t, conn)
}

// CheckRest runs the oneway method and a method that does not exist.
func CheckRest(t *testing.T, conn *grpc.ClientConn) {
	t.Helper()
	t.Run("oneway", func(t *testing.T) { checkOneway(t, conn) })
	t.Run("unknown method", func(t *testing.T) {
		err := conn.Invoke(t.Context(), "/"+Service+"/Nope", &everythingpb.EverythingNothingRequest{}, &everythingpb.EverythingNothingResponse{})
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("call of a method that is not there: %v, want UNIMPLEMENTED", err)
		}
	})
}

// Check makes the call of one case and says how the answer differs.
func Check(ctx context.Context, conn *grpc.ClientConn, c testpeers.Case) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	method := methodName(c.Method)
	requestType, responseType := messages(method)
	request, got := requestType.New().Interface(), responseType.New().Interface()
	if err := protojson.Unmarshal(c.Request, request); err != nil {
		return fmt.Errorf("case %s: %w", c.Name, err)
	}
	err := conn.Invoke(ctx, "/"+Service+"/"+method, request, got)
	if c.Exception != nil {
		return checkException(err, c.Exception)
	}
	if err != nil {
		return fmt.Errorf("call: %w", err)
	}
	want := responseType.New().Interface()
	if err := protojson.Unmarshal(c.Response, want); err != nil {
		return fmt.Errorf("case %s: %w", c.Name, err)
	}
	return compare(got, want, c.SetMethod())
}

func checkException(got error, want *testpeers.Exception) error {
	s := status.Convert(got)
	if want.Name == "" {
		if s.Code() == codes.OK {
			return fmt.Errorf("got no error, want one")
		}
		for _, d := range s.Details() {
			switch d.(type) {
			case *everythingpb.NotFound, *everythingpb.Rejected:
				return fmt.Errorf("got the declared exception %T, want an undeclared error", d)
			}
		}
		return nil
	}
	if name := codeName(s.Code()); name != want.Code {
		return fmt.Errorf("got status %s (%s), want %s", name, s.Message(), want.Code)
	}
	var value proto.Message = &everythingpb.NotFound{}
	if want.Name == "Rejected" {
		value = &everythingpb.Rejected{}
	}
	if err := protojson.Unmarshal(want.Value, value); err != nil {
		return err
	}
	if len(s.Details()) == 0 {
		return fmt.Errorf("got %s without details, want %s as a detail", got, want.Name)
	}
	detail, ok := s.Details()[0].(proto.Message)
	if !ok {
		return fmt.Errorf("got a detail that cannot be read: %v", s.Details()[0])
	}
	return compare(detail, value, false)
}

// codeName gives NOT_FOUND for codes.NotFound.
func codeName(c codes.Code) string {
	var b strings.Builder
	for i, r := range c.String() {
		if i > 0 && r >= 'A' && r <= 'Z' && c != codes.OK {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}

func methodName(thriftName string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(thriftName, "_") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

func compare(got, want proto.Message, set bool) error {
	sortUnordered(got.ProtoReflect(), set)
	sortUnordered(want.ProtoReflect(), set)
	if !proto.Equal(got, want) {
		return fmt.Errorf("got %s\n  %s\nwant %s\n  %s", got.ProtoReflect().Descriptor().Name(), prototext.Format(got),
			want.ProtoReflect().Descriptor().Name(), prototext.Format(want))
	}
	return nil
}

// sortUnordered sorts what has no order: sets, and maps that stand as lists of entries.
func sortUnordered(m protoreflect.Message, set bool) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		set := set || strings.HasPrefix(string(fd.Name()), "set")
		switch {
		case fd.IsMap():
			if fd.MapValue().Message() != nil {
				v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
					sortUnordered(v.Message(), set)
					return true
				})
			}
		case fd.IsList():
			sortList(fd, v.List(), set)
		case fd.Message() != nil:
			sortUnordered(v.Message(), set)
		}
		return true
	})
}

func sortList(fd protoreflect.FieldDescriptor, list protoreflect.List, set bool) {
	values := make([]protoreflect.Value, list.Len())
	for i := range values {
		values[i] = list.Get(i)
		if fd.Message() != nil {
			sortUnordered(values[i].Message(), set)
		}
	}
	entries := fd.Message() != nil && strings.HasPrefix(string(fd.Message().Name()), "MapEntry")
	if !set && !entries {
		return
	}
	key := func(v protoreflect.Value) string {
		if fd.Message() != nil {
			b, _ := proto.MarshalOptions{Deterministic: true}.Marshal(v.Message().Interface())
			return string(b)
		}
		return fmt.Sprint(v.Interface())
	}
	slices.SortFunc(values, func(a, b protoreflect.Value) int { return strings.Compare(key(a), key(b)) })
	for i, v := range values {
		list.Set(i, v)
	}
}

// checkOneway sends two oneway calls, then waits until the server has counted both: that they were answered does not
// mean that they have been executed.
func checkOneway(t *testing.T, conn *grpc.ClientConn) {
	ctx, cancel := context.WithTimeout(t.Context(), Timeout)
	defer cancel()
	client := everythingpb.NewEverythingClient(conn)
	topic := fmt.Sprintf("%s %d", t.Name(), time.Now().UnixNano())
	for _, amount := range []int64{40, 2} {
		if _, err := client.Notify(ctx, &everythingpb.EverythingNotifyRequest{Topic: &topic, Amount: &amount}); err != nil {
			t.Fatalf("notify: %v", err)
		}
	}
	for {
		r, err := client.Notified(ctx, &everythingpb.EverythingNotifiedRequest{Topic: &topic})
		if err != nil {
			t.Fatalf("notified: %v", err)
		}
		if r.GetSuccess() == 42 {
			return
		}
		if r.GetSuccess() > 42 {
			t.Fatalf("the server counted %d, want 42", r.GetSuccess())
		}
	}
}

// withDetail makes a status error with a typed detail.
func withDetail(code codes.Code, text string, detail protoadapt.MessageV1) error {
	s, err := status.New(code, text).WithDetails(detail)
	if err != nil {
		return status.Errorf(codes.Internal, "attach a detail: %v", err)
	}
	return s.Err()
}
