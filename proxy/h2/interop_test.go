package h2

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"sync"
	"testing"

	"weft/pkg/sock"
)

// unencrypted is HTTP/2 with prior knowledge.
func unencrypted() *http.Protocols {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	return p
}

// TestNetHTTPTransport calls our server by the client of net/http.
func TestNetHTTPTransport(t *testing.T) {
	addr := serve(t, Config{}, newEcho)
	tr := &http.Transport{Protocols: unencrypted()}
	t.Cleanup(tr.CloseIdleConnections)
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			want := message(i * 10_000)
			req, _ := http.NewRequestWithContext(testContext(t), "POST", "http://"+addr+"/x", bytes.NewReader(want))
			req.Header.Set("echo-name", fmt.Sprint(i))
			resp, err := tr.RoundTrip(req)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes came back as %d, %v", len(want), len(got), err)
			}
			if resp.Header.Get("echo-name") != fmt.Sprint(i) || resp.Trailer.Get("grpc-status") != "0" {
				t.Errorf("header %v, trailer %v", resp.Header, resp.Trailer)
			}
		})
	}
	wg.Wait()
}

// TestNetHTTPServer calls the server of net/http by our client.
func TestNetHTTPServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "Grpc-Status")
		w.WriteHeader(200)
		_ = http.NewResponseController(w).EnableFullDuplex()
		_, _ = io.Copy(w, r.Body)
		w.Header().Set("Grpc-Status", "0")
	})
	srv := &http.Server{Handler: handler, Protocols: unencrypted()}
	var running sync.WaitGroup
	running.Go(func() { _ = srv.Serve(l) }) // ends with Close
	t.Cleanup(func() {
		srv.Close()
		running.Wait()
	})
	c := dial(t, l.Addr().String(), Config{StreamWindow: 70_000})
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			if err := c.echoOnce(i * 10_000); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestReuse opens, ends and cancels streams from many goroutines and checks that no stream sees what belongs to another.
func TestReuse(t *testing.T) {
	c := dial(t, serve(t, Config{}, newEcho), Config{})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			rnd := rand.New(rand.NewSource(int64(i)))
			for j := range 300 {
				want := bytes.Repeat([]byte{byte(i*16 + j)}, 1+rnd.Intn(3000))
				cancel := rnd.Intn(3) == 0
				cl, st := c.start(want, true)
				if cl == nil {
					continue
				}
				if cancel {
					do(c.conn, func(b *sock.Batch) { c.giveBack(cl, st, b) })
					continue
				}
				if err := cl.await(); err != nil || cl.reset {
					t.Errorf("%v, %v", err, cl.code)
					return
				}
				if !bytes.Equal(cl.body.Bytes(), want) {
					t.Error("got what belongs to another stream")
					return
				}
			}
		})
	}
	wg.Wait()
	await(t, "all streams to be free", func() bool {
		c.conn.Lock()
		defer c.conn.Unlock()
		return c.conn.alive == 0 && len(c.conn.streams) == 0
	})
}
