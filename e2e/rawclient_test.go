package e2e

import (
	"net"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A rawClient is the client side of an HTTP/2 connection, frame by frame. It reads nothing unless told to.
type rawClient struct {
	rawPeer
	t  testing.TB
	id uint32
}

// dialRaw connects and offers windows as large as can be.
func dialRaw(t testing.TB, addr string) *rawClient {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := c.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	r := &rawClient{t: t, id: 1}
	r.Framer, r.Conn = http2.NewFramer(c, c), c
	r.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	r.hp = hpack.NewEncoder(&r.out)
	_ = r.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1<<31 - 1})
	_ = r.WriteWindowUpdate(0, 1<<31-1-65535)
	return r
}

// request sends a request with an empty message and returns its stream.
func (r *rawClient) request(path string, more ...string) uint32 {
	id := r.id
	r.id += 2
	r.headers(id, false, append([]string{":method", "POST", ":scheme", "http", ":path", path, ":authority", "peer",
		"content-type", "application/grpc", "te", "trailers"}, more...)...)
	_ = r.WriteData(id, true, make([]byte, 5))
	return id
}
