package thriftpeer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"weft/testpeers/gen/thrift/base"
	"weft/testpeers/gen/thrift/everything"
)

// Handler implements service Everything; file echo.go has its echo methods.
type Handler struct {
	mu       sync.Mutex
	notified map[string]int64
}

var _ everything.Everything = (*Handler)(nil)

// NewHandler gives a handler whose counters are zero.
func NewHandler() *Handler { return &Handler{notified: map[string]int64{}} }

// Ping answers.
func (*Handler) Ping(context.Context) error { return nil }

// Add answers the sum.
func (*Handler) Add(_ context.Context, a, b int32) (int32, error) { return a + b, nil }

// JoinParts answers the parts one after the other, times over.
func (*Handler) JoinParts(_ context.Context, first, second string, more []string, times int32) (string, error) {
	return strings.Repeat(first+second+strings.Join(more, ""), int(times)), nil
}

// ImplicitArgs_ answers "text:number".
func (*Handler) ImplicitArgs_(_ context.Context, text string, number int32) (string, error) {
	return fmt.Sprintf("%s:%d", text, number), nil
}

// Nothing does nothing.
func (*Handler) Nothing(context.Context) error { return nil }

// Notify adds amount to what Notified answers for topic.
func (h *Handler) Notify(_ context.Context, topic string, amount int64) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notified[topic] += amount
	return nil
}

// Notified answers the sum of the amounts of a topic.
func (h *Handler) Notified(_ context.Context, topic string) (int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.notified[topic], nil
}

// Find answers a point, or one of the two exceptions that it declares.
func (*Handler) Find(_ context.Context, id int64) (*base.Point, error) {
	switch {
	case id < 1000:
		return &base.Point{X: int32(id), Y: int32(-id)}, nil
	case id < 2000:
		near := []string{fmt.Sprint(id - 1), fmt.Sprint(id + 1)}
		return nil, &everything.NotFound{What: "point", ID: id, Near: near}
	default:
		return nil, rejected(int32(id))
	}
}

// Check refuses every code but 0.
func (*Handler) Check(_ context.Context, code int32) error {
	if code == 0 {
		return nil
	}
	return rejected(code)
}

// Fail fails as it is told.
func (*Handler) Fail(_ context.Context, kind everything.FailKind) (string, error) {
	switch kind {
	case everything.FailKind_NOT_FOUND:
		return "", &everything.NotFound{What: "fail", ID: int64(kind), Near: []string{}}
	case everything.FailKind_REJECTED:
		return "", rejected(1)
	case everything.FailKind_UNDECLARED:
		return "", errors.New("an error that no IDL declares")
	default:
		return "did not fail", nil
	}
}

// Slow answers millis after so long a time, or earlier where nobody waits any more.
func (*Handler) Slow(ctx context.Context, millis int32) (int32, error) {
	select {
	case <-time.After(time.Duration(millis) * time.Millisecond):
		return millis, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func rejected(code int32) *everything.Rejected {
	return &everything.Rejected{
		Code: code, Message: fmt.Sprintf("code %d is refused", code), Details: map[string]string{"why": "it is a test"},
		Where: &base.Point{X: code}, Color: everything.Color_BLUE,
	}
}
