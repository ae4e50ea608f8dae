package bridge

import (
	"encoding/binary"
	"fmt"

	"google.golang.org/grpc/codes"

	"weft/pkg/budget"
	"weft/pkg/buf"
	"weft/pkg/telemetry"
)

// gather takes the one length-prefixed message of a unary gRPC body (PROTOCOL-HTTP2.md) out of the DATA that arrives.
// A message that lies in one piece is referenced where it is; otherwise it is assembled in a segment that grows as bytes
// arrive. The zero value is ready.
type gather struct {
	head    [5]byte
	headLen int
	need    int          // length of the message; valid once headLen is 5
	msg     []byte       // what is there of it
	seg     *buf.Segment // holds msg; nil while msg is only lent
	held    int          // bytes reserved in memory
	memory  *budget.Budget
	whole   bool
}

const grpcPrefix = 5

// callError is a reason for which one call fails, as the caller is told.
type callError struct {
	code    codes.Code
	text    string
	limited bool            // because of a limit
	limit   telemetry.Limit // which
}

// of says which limit it was.
func (e *callError) of(l telemetry.Limit) *callError {
	e.limited, e.limit = true, l
	return e
}

// noMemory is what a caller is told for whose message there is no room in m.
func noMemory(m *budget.Budget, n int) *callError {
	e := failure(codes.ResourceExhausted, "no memory left for a message of %d bytes (limits: connection_memory, memory)", n)
	return e.of(memoryLimit(m, n))
}

// memoryLimit tells which limit leaves no room for n bytes: that of the connection, whose budget m is, or that of the process.
func memoryLimit(m *budget.Budget, n int) telemetry.Limit {
	if m.Used()+int64(n) > m.Limit() {
		return telemetry.LimitConnectionMemory
	}
	return telemetry.LimitMemory
}

func failure(code codes.Code, format string, args ...any) *callError {
	return &callError{code: code, text: fmt.Sprintf(format, args...)}
}

// add takes the next bytes of the body. lent says that p need not outlive the current event: the caller uses msg before it
// returns.
func (g *gather) add(p []byte, seg *buf.Segment, lent bool, limit int) *callError {
	if g.whole && len(p) > 0 {
		return failure(codes.Unimplemented, "more than one message in a unary call")
	}
	if g.headLen < grpcPrefix {
		n := copy(g.head[g.headLen:], p)
		g.headLen += n
		p = p[n:]
		if g.headLen < grpcPrefix {
			return nil
		}
		if err := g.start(limit); err != nil {
			return err
		}
		if len(p) >= g.need {
			return g.view(p, seg, lent)
		}
		if !g.memory.Reserve(g.need) {
			return noMemory(g.memory, g.need)
		}
		g.held = g.need
	}
	return g.assemble(p)
}

// start reads the prefix.
func (g *gather) start(limit int) *callError {
	size := binary.BigEndian.Uint32(g.head[1:])
	if g.head[0] != 0 {
		return failure(codes.Unimplemented, "compressed messages cannot be translated")
	}
	if int64(size) > int64(limit) {
		return failure(codes.ResourceExhausted, "message of %d bytes is larger than the limit of %d (limits: message)", size, limit).of(telemetry.LimitMessage)
	}
	g.need = int(size)
	return nil
}

// view takes a message that lies whole in p.
func (g *gather) view(p []byte, seg *buf.Segment, lent bool) *callError {
	if len(p) > g.need {
		return failure(codes.Unimplemented, "more than one message in a unary call")
	}
	g.msg, g.whole = p, true
	if !lent {
		g.seg = seg.Ref()
	}
	return nil
}

// assemble copies the next piece; the space grows with what has arrived, not with what was claimed.
func (g *gather) assemble(p []byte) *callError {
	if len(g.msg)+len(p) > g.need {
		return failure(codes.Unimplemented, "more than one message in a unary call")
	}
	if g.seg == nil || cap(g.msg) < len(g.msg)+len(p) {
		s := buf.Get(min(g.need, max(64<<10, 2*(len(g.msg)+len(p)))))
		grown := append(s.B, g.msg...)
		if g.seg != nil {
			g.seg.Free()
		}
		g.seg, g.msg = s, grown
	}
	g.msg = append(g.msg, p...)
	g.whole = len(g.msg) == g.need
	return nil
}

// message returns the message at the end of the body.
func (g *gather) message() ([]byte, *callError) {
	if !g.whole {
		return nil, failure(codes.Internal, "body ends after %d bytes, before the end of its message", g.headLen+len(g.msg))
	}
	return g.msg, nil
}

// hold frees the message, which has been encoded into n bytes, and reserves those in its place. False where they do not fit.
func (g *gather) hold(n int) bool {
	if g.seg != nil {
		g.seg.Free()
		g.seg = nil
	}
	g.msg = nil
	switch {
	case n > g.held && !g.memory.Reserve(n-g.held):
		return false
	case n < g.held:
		g.memory.Release(g.held - n)
	}
	g.held = n
	return true
}

// drop frees what is held; g is ready for the next body.
func (g *gather) drop() {
	if g.seg != nil {
		g.seg.Free()
	}
	if g.held > 0 {
		g.memory.Release(g.held)
	}
	*g = gather{memory: g.memory}
}
