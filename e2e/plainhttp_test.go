package e2e

import (
	"testing"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Requests that are no gRPC calls are refused by HTTP, and the connection goes on.
func TestRequestIsNotGRPC(t *testing.T) {
	addr, _ := serveBytes(t, echoBytes)
	w := passTo(t, "", addr)
	c := dialRaw(t, w.listen)
	status := func(method, contentType string) string {
		id := c.id
		c.id += 2
		c.headers(id, true, ":method", method, ":scheme", "http", ":path", "/s/m", ":authority", "peer", "content-type", contentType)
		for {
			f, err := c.ReadFrame()
			if err != nil {
				t.Fatal(err)
			}
			if h, ok := f.(*http2.MetaHeadersFrame); ok && h.StreamID == id {
				return h.PseudoValue("status")
			}
		}
	}
	for _, r := range []struct{ method, contentType, want string }{
		{"POST", "application/json", "415"},
		{"POST", "application/grpcx", "415"},
		{"GET", "application/grpc", "405"},
		{"POST", "application/grpc", "200"},
		{"POST", "application/grpc+proto", "200"},
		{"POST", "application/grpc;charset=utf-8", "200"},
	} {
		if got := status(r.method, r.contentType); got != r.want {
			t.Errorf("%s with %s: %s, want %s", r.method, r.contentType, got, r.want)
		}
	}
	settled(t, w)
}

// An endpoint answers with something else than gRPC. The caller of the other dialect, or its gRPC library, gets the status of gRPC's
// table (http-grpc-status-mapping.md), and so does the record.
func TestAnswerIsNotGRPC(t *testing.T) {
	html := func(code string) func(*rawPeer, uint32) {
		return func(p *rawPeer, id uint32) {
			p.headers(id, false, ":status", code, "content-type", "text/html")
			p.mu.Lock()
			_ = p.WriteData(id, true, []byte("<html>sorry</html>"))
			p.mu.Unlock()
		}
	}
	trailers := func(fields ...string) func(*rawPeer, uint32) {
		return func(p *rawPeer, id uint32) {
			p.headers(id, false, ":status", "200", "content-type", "application/grpc")
			p.headers(id, true, fields...)
		}
	}
	for _, r := range []struct {
		name   string
		answer func(*rawPeer, uint32)
		want   codes.Code // as grpc-go sees it
		record string
	}{
		{"400", html("400"), codes.Internal, "INTERNAL"},
		{"401", html("401"), codes.Unauthenticated, "UNAUTHENTICATED"},
		{"403", html("403"), codes.PermissionDenied, "PERMISSION_DENIED"},
		{"404", html("404"), codes.Unimplemented, "UNIMPLEMENTED"},
		{"429", html("429"), codes.Unavailable, "UNAVAILABLE"},
		{"502", html("502"), codes.Unavailable, "UNAVAILABLE"},
		{"503 without a body", func(p *rawPeer, id uint32) { p.headers(id, true, ":status", "503") }, codes.Unavailable, "UNAVAILABLE"},
		{"500", html("500"), codes.Unknown, "UNKNOWN"},
		{"trailers without status", trailers("x", "y"), codes.Unknown, "UNKNOWN"},
		{"malformed status", trailers("grpc-status", "abc"), codes.Unknown, "UNKNOWN"},
	} {
		t.Run(r.name, func(t *testing.T) {
			addr := serveRaw(t, nil, func(_ int, p *rawPeer) {
				for q := p.next(); q != nil; q = p.next() {
					r.answer(p, q.id)
				}
			})
			w := bridgeTo(t, everything(), endpoint(addr, "grpc"))
			if _, err := call(t.Context(), dialBytes(t, w.listen), "/weft.everything.Everything/Add", nil); status.Code(err) != r.want {
				// grpc-go calls a malformed status INTERNAL
				if r.name != "malformed status" || status.Code(err) != codes.Internal {
					t.Errorf("got %v, want %v", err, r.want)
				}
			}
			settled(t, w)
			if n := calls(t, w, "status", r.record); n != 1 {
				t.Errorf("%d calls were recorded as %s, want 1", n, r.record)
			}
		})
	}
}
