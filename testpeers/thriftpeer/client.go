package thriftpeer

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apache/thrift/lib/go/thrift"

	"weft/testpeers"
	"weft/testpeers/gen/thrift/base"
	"weft/testpeers/gen/thrift/everything"
)

// Timeout ends a call of a client that nobody answers.
const Timeout = 20 * time.Second

// Dial opens a connection and gives Apache's generated client on it, which is for one goroutine. The connection is
// closed at the end of the test.
func Dial(tb testing.TB, addr string, wire Wire) *everything.EverythingClient {
	tb.Helper()
	transportFactory, protocolFactory := wire.factories()
	socket := thrift.NewTSocketConf(addr, &thrift.TConfiguration{ConnectTimeout: Timeout, SocketTimeout: Timeout})
	transport, err := transportFactory.GetTransport(socket)
	if err == nil {
		err = transport.Open()
	}
	if err != nil {
		tb.Fatalf("dial a Thrift server at %s: %v", addr, err)
	}
	tb.Cleanup(func() { _ = transport.Close() })
	return everything.NewEverythingClientFactory(transport, protocolFactory)
}

// CheckAll runs every case as a subtest, then the oneway method and a method that does not exist.
func CheckAll(t *testing.T, client *everything.EverythingClient) {
	t.Helper()
	for _, c := range testpeers.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if err := Check(t.Context(), client, c); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("oneway", func(t *testing.T) { checkOneway(t, client) })
	t.Run("unknown method", func(t *testing.T) {
		_, err := client.Client_().Call(t.Context(), "nope", &everything.EverythingNothingArgs{}, &everything.EverythingNothingResult{})
		if e, ok := errors.AsType[thrift.TApplicationException](err); !ok || e.TypeId() != thrift.UNKNOWN_METHOD {
			t.Errorf("call of a method that is not there: %v, want TApplicationException UNKNOWN_METHOD", err)
		}
	})
}

// Check makes the call of one case and says how the answer differs.
func Check(ctx context.Context, client *everything.EverythingClient, c testpeers.Case) error {
	method, err := find(client, c.Method)
	if err != nil {
		return err
	}
	in := []reflect.Value{reflect.ValueOf(ctx)}
	for i, raw := range c.Arguments() {
		arg := reflect.New(method.Type().In(i + 1)).Elem()
		if err := load(arg, raw); err != nil {
			return fmt.Errorf("case %s: %w", c.Name, err)
		}
		in = append(in, arg)
	}
	out := method.Call(in)
	failure, _ := out[len(out)-1].Interface().(error)
	if c.Exception != nil {
		return checkException(failure, c.Exception)
	}
	if failure != nil {
		return fmt.Errorf("call: %w", failure)
	}
	if len(out) == 1 {
		return nil
	}
	want := reflect.New(out[0].Type()).Elem()
	if err := load(want, c.Success()); err != nil {
		return fmt.Errorf("case %s: %w", c.Name, err)
	}
	if g, w := text(out[0], c.SetMethod()), text(want, c.SetMethod()); g != w {
		return fmt.Errorf("got\n  %s\nwant\n  %s", g, w)
	}
	return nil
}

// find looks for the generated method: parts at underscores begin upper case, and an underscore ends a name that
// would clash with another of the generator's.
func find(client *everything.EverythingClient, thriftName string) (reflect.Value, error) {
	var name strings.Builder
	for part := range strings.SplitSeq(thriftName, "_") {
		name.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	for _, candidate := range []string{name.String(), name.String() + "_"} {
		if m := reflect.ValueOf(client).MethodByName(candidate); m.IsValid() {
			return m, nil
		}
	}
	return reflect.Value{}, fmt.Errorf("the generated client has no method %s", thriftName)
}

func checkException(got error, want *testpeers.Exception) error {
	var value any
	switch want.Name {
	case "NotFound":
		value = &everything.NotFound{}
	case "Rejected":
		value = &everything.Rejected{}
	default:
		if _, ok := errors.AsType[thrift.TApplicationException](got); !ok {
			return fmt.Errorf("got %v (%T), want a TApplicationException", got, got)
		}
		return nil
	}
	if err := load(reflect.ValueOf(value).Elem(), want.Value); err != nil {
		return err
	}
	if got == nil {
		return fmt.Errorf("got no error, want %s", want.Name)
	}
	if g, w := text(reflect.ValueOf(got), false), text(reflect.ValueOf(value), false); g != w {
		return fmt.Errorf("got %T\n  %s\nwant\n  %s", got, g, w)
	}
	return nil
}

// checkOneway sends two oneway calls and a call in one go, then waits until the server has counted both: a oneway
// has no answer that one could wait for.
func checkOneway(t *testing.T, client *everything.EverythingClient) {
	topic := fmt.Sprintf("%s %d", t.Name(), time.Now().UnixNano())
	for _, amount := range []int64{40, 2} {
		if err := client.Notify(t.Context(), topic, amount); err != nil {
			t.Fatalf("notify: %v", err)
		}
	}
	if p, err := client.Find(t.Context(), 3); err != nil || *p != (base.Point{X: 3, Y: -3}) {
		t.Fatalf("the call after a oneway: %v, %v", p, err)
	}
	for end := time.Now().Add(Timeout); ; {
		n, err := client.Notified(t.Context(), topic)
		if err != nil {
			t.Fatalf("notified: %v", err)
		}
		if n == 42 {
			return
		}
		if n > 42 || time.Now().After(end) {
			t.Fatalf("the server counted %d, want 42", n)
		}
	}
}
