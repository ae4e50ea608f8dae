package sock_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"weft/pkg/buf"
	"weft/pkg/sock"
)

// ALPN is visible, and a session that was resumed by a ticket as well.
func TestTLSStateAndTickets(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cfg := config(t)
		cfg.MinVersion, cfg.MaxVersion = version, version
		cfg.ClientSessionCache = tls.NewLRUClientSessionCache(10)
		for _, resumed := range []bool{false, true, true} {
			ours, peer := pair(t, "tcp")
			c, session := handshake(t, ours, peer, cfg, false, sock.Limits{})
			got, done := make(chan string, 1), make(chan error, 1)
			r := run(c, &handler{
				consume: func(in []byte, _ *buf.Segment, _ *sock.Batch) (int, error) { got <- string(in); return len(in), nil },
				closed:  func(err error, _ *sock.Batch) { done <- err },
			})
			_, _ = session.Write([]byte("x")) // behind the tickets
			<-got
			st, ok := c.TLS()
			if !ok || st.NegotiatedProtocol != "h2" || st.Version != version || st.DidResume != resumed {
				t.Errorf("%x: ok %v, protocol %q, version %x, resumed %v, want %v", version, ok, st.NegotiatedProtocol, st.Version, st.DidResume, resumed)
			}
			session.Close() // with close_notify
			peer.Close()
			r.join(t)
			if err := <-done; err != io.EOF {
				t.Error(err)
			}
		}
	}
}

// coalesce holds back what is written until the next read, so that a last flight and data share a segment.
type coalesce struct {
	net.Conn
	held []byte
}

func (c *coalesce) Write(b []byte) (int, error) { c.held = append(c.held, b...); return len(b), nil }

func (c *coalesce) flush() { _, _ = c.Conn.Write(c.held); c.held = nil }

func (c *coalesce) Read(b []byte) (int, error) {
	if len(c.held) > 0 {
		c.flush()
	}
	return c.Conn.Read(b)
}

// Data that arrives together with the last flight of the handshake is not lost.
func TestTLSDataBehindHandshake(t *testing.T) {
	tests := []struct {
		name    string
		version uint16
		server  bool // our side
		size    int
	}{
		{"1.3, client's Finished with data", tls.VersionTLS13, true, 10},
		{"1.3, client's Finished with much data", tls.VersionTLS13, true, 50_000},
		{"1.2, server's Finished with data", tls.VersionTLS12, false, 10},
		{"1.3, server's tickets with data", tls.VersionTLS13, false, 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ours, raw := pair(t, "tcp")
			cfg := config(t)
			cfg.MinVersion, cfg.MaxVersion = tt.version, tt.version
			peer := &coalesce{Conn: raw}
			session := tls.Client(peer, cfg)
			if !tt.server {
				session = tls.Server(peer, cfg)
			}
			got := make(chan []byte, 1)
			go func() { // ends after one echo; joined below
				_, _ = session.Write(pattern(tt.size))
				b := make([]byte, tt.size)
				_, _ = io.ReadFull(session, b)
				got <- b
			}()
			c, err := sock.Handshake(context.Background(), ours, cfg, tt.server, sock.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			r := run(c, newEcho(1)(c))
			if !bytes.Equal(<-got, pattern(tt.size)) {
				t.Error("not echoed")
			}
			raw.Close()
			r.join(t)
		})
	}
}

// An end in order says so to the peer: it gets io.EOF by close_notify, which a plain end of stream is not.
func TestTLSCloseNotify(t *testing.T) {
	ends := []struct {
		name string
		end  func(c *sock.Conn, peer *tls.Conn)
	}{
		{"CloseWhenSent", func(c *sock.Conn, _ *tls.Conn) {
			var b sock.Batch
			c.Lock()
			c.CloseWhenSent(&b)
			c.Unlock()
			b.Flush()
		}},
		{"peer's close_notify", func(_ *sock.Conn, peer *tls.Conn) { _ = peer.CloseWrite() }},
		{"peer's half-close", func(_ *sock.Conn, peer *tls.Conn) { _ = peer.NetConn().(*recorder).Conn.(*net.TCPConn).CloseWrite() }},
	}
	for _, e := range ends {
		t.Run(e.name, func(t *testing.T) {
			ours, raw := pair(t, "tcp")
			rec := &recorder{Conn: raw}
			cfg := config(t)
			cfg.MinVersion, cfg.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 // alerts are visible there
			c, session := handshake(t, ours, rec, cfg, true, sock.Limits{})
			r := run(c, newEcho(1)(c))
			e.end(c, session)
			if got, err := io.ReadAll(session); len(got) != 0 || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
			if rec.last != 21 {
				t.Errorf("last record of type %d, want an alert", rec.last)
			}
			session.Close()
			r.join(t)
		})
	}
}

// Data is handed on although half an alert lies behind it.
func TestTLSDataBeforeHalfAlert(t *testing.T) {
	ours, raw := pair(t, "tcp")
	cfg := config(t)
	cfg.MaxVersion = tls.VersionTLS12 // crypto/tls looks ahead for alerts that it can tell
	w := &coalesce{Conn: raw}
	c, session := handshake(t, ours, w, cfg, true, sock.Limits{})
	h := newEcho(1)(c).(*echo)
	r := run(c, h)
	_, _ = session.Write([]byte("hello"))
	_ = session.CloseWrite()
	_ = raw.SetDeadline(time.Now().Add(patience)) // which CloseWrite has set
	most := len(w.held) - 3
	_, _ = raw.Write(w.held[:most])
	rest := w.held[most:]
	w.held = nil
	if _, err := io.ReadFull(session, make([]byte, 5)); err != nil {
		t.Error(err)
	}
	_, _ = raw.Write(rest)
	if err := <-h.end; err != io.EOF {
		t.Errorf("closed with %v", err)
	}
	raw.Close()
	r.join(t)
}

// recorder notes the type of the last record read, which must come alone.
type recorder struct {
	net.Conn
	last byte
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	if n > 0 {
		r.last = b[0]
	}
	return n, err
}

// What a broken or hostile peer may send after the handshake.
func TestTLSBadInput(t *testing.T) {
	sealed := func(rest func(record []byte) []byte) func(*tls.Conn, net.Conn) {
		return func(session *tls.Conn, raw net.Conn) {
			w := session.NetConn().(*coalesce)
			_, _ = session.Write([]byte("hello"))
			_, _ = raw.Write(rest(w.held))
		}
	}
	tests := []struct {
		name string
		send func(session *tls.Conn, raw net.Conn)
		want string
	}{
		{"garbage", func(_ *tls.Conn, raw net.Conn) { _, _ = raw.Write(make([]byte, 100)) }, "tls: "},
		{"plain text", func(_ *tls.Conn, raw net.Conn) { _, _ = raw.Write([]byte("GET / HTTP/1.1\r\n\r\n")) }, "tls: "},
		{"changed record", sealed(func(r []byte) []byte { r[len(r)-1] ^= 1; return r }), "bad record MAC"},
		{"truncated record", sealed(func(r []byte) []byte { return r[:len(r)-1] }), "unexpected EOF"},
		{"truncated header", sealed(func(r []byte) []byte { return r[:3] }), "unexpected EOF"},
		{"record too long", func(_ *tls.Conn, raw net.Conn) { _, _ = raw.Write([]byte{23, 3, 3, 0xff, 0xff}) }, "oversized record"},
		{"alert in the clear", func(_ *tls.Conn, raw net.Conn) { _, _ = raw.Write([]byte{21, 3, 3, 0, 2, 2, 40}) }, "tls: "},
		{"end without close_notify", func(*tls.Conn, net.Conn) {}, "EOF"},
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, tt := range tests {
			t.Run(tls.VersionName(version)+" "+tt.name, func(t *testing.T) {
				ours, raw := pair(t, "tcp")
				cfg := config(t)
				cfg.MinVersion, cfg.MaxVersion = version, version
				w := &coalesce{Conn: raw}
				hand := make(chan *sock.Conn, 1)
				go func() { // ends with the handshake; joined below
					c, _ := sock.Handshake(context.Background(), ours, cfg, true, sock.Limits{})
					hand <- c
				}()
				session := tls.Client(w, cfg)
				err := session.Handshake()
				w.flush()
				c := <-hand
				if err != nil || c == nil {
					t.Fatal("handshake:", err)
				}
				h := newEcho(1)(c).(*echo)
				r := run(c, &handler{consume: h.Consume, closed: func(err error, b *sock.Batch) {
					c.Lock()
					c.Out().Append([]byte("cannot be sealed any more"))
					c.Dirty(b)
					c.Unlock()
					h.Closed(err, b)
				}})
				tt.send(session, raw)
				_ = raw.(*net.TCPConn).CloseWrite()
				if err := <-h.end; !strings.Contains(err.Error(), tt.want) {
					t.Errorf("closed with %v", err)
				}
				// Where our side found the fault, it says so by an alert (or close_notify at the end).
				if got, _ := io.ReadAll(raw); len(got) == 0 {
					t.Error("the peer got no alert")
				}
				raw.Close()
				r.join(t)
			})
		}
	}
}

// A fatal alert of the peer is the reason that Closed gets.
func TestTLSPeerAlert(t *testing.T) {
	ours, raw := pair(t, "tcp")
	cfg := config(t)
	c, session := handshake(t, ours, raw, cfg, true, sock.Limits{})
	h := newEcho(1)(c).(*echo)
	r := run(c, h)
	push(c, []byte("hello"))
	_, _ = io.ReadFull(session, make([]byte, 5))
	// A record that the client cannot open: it answers with an alert.
	if _, err := ours.Write([]byte{23, 3, 3, 0, 30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	_, _ = session.Read(make([]byte, 1))
	if err := <-h.end; !strings.Contains(err.Error(), "bad record MAC") || !strings.Contains(err.Error(), "remote") {
		t.Errorf("closed with %v", err)
	}
	raw.Close()
	r.join(t)
}

// The alert by which our side refuses a client's certificate arrives, although the client has sent data behind its handshake.
func TestTLSHandshakeAlertArrives(t *testing.T) {
	for range 20 {
		ours, raw := pair(t, "tcp")
		cfg := config(t)
		cfg.ClientAuth = tls.RequireAndVerifyClientCert
		cfg.ClientCAs = x509.NewCertPool()
		failed := make(chan error, 1)
		go func() { // ends with the handshake; joined below
			_, err := sock.Handshake(context.Background(), ours, cfg, true, sock.Limits{})
			failed <- err
		}()
		peer := &coalesce{Conn: raw}
		session := tls.Client(peer, config(t))
		_, _ = session.Write(make([]byte, 100_000))
		_, err := session.Read(make([]byte, 1))
		if err == nil || !strings.Contains(err.Error(), "remote error: tls") {
			t.Fatalf("the client got %v", err)
		}
		raw.Close()
		if err := <-failed; err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Fatal(err)
		}
	}
}

// A handshake ends with its context, and leaves no socket open.
func TestTLSHandshakeGivesUp(t *testing.T) {
	ours, raw := pair(t, "tcp")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := sock.Handshake(ctx, ours, config(t), true, sock.Limits{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if _, err := raw.Read(make([]byte, 1)); err == nil {
		t.Error("still open")
	}
	raw.Close()
}

// A key update that asks for one in return is answered without data to send, and what is sent later uses the new key. crypto/tls
// offers no way to ask, so the test seals the record itself (RFC 8446 4.6.3, 5.2, 7.3).
func TestTLSKeyUpdate(t *testing.T) {
	ours, raw := pair(t, "tcp")
	var keys bytes.Buffer
	cfg := config(t)
	client := cfg.Clone()
	client.KeyLogWriter = &keys
	session := tls.Client(raw, client)
	failed := make(chan error, 1)
	go func() { failed <- session.Handshake() }() // ends with the handshake; joined below
	c, err := sock.Handshake(context.Background(), ours, cfg, true, sock.Limits{})
	if err := errors.Join(err, <-failed); err != nil {
		t.Fatal(err)
	}
	h := newEcho(1)(c).(*echo)
	r := run(c, h)
	_, before := c.Traffic()
	if _, err := raw.Write(keyUpdateRequest(t, keys.String(), session.ConnectionState().CipherSuite)); err != nil {
		t.Fatal(err)
	}
	await(t, "the answer", func() bool { _, now := c.Traffic(); return now > before })
	push(c, []byte("hello"))
	got := make([]byte, 5)
	if _, err := io.ReadFull(session, got); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
	raw.Close()
	r.join(t)
}

// keyUpdateRequest is the record, as the client's first after the handshake.
func keyUpdateRequest(t *testing.T, log string, suite uint16) []byte {
	t.Helper()
	if suite != tls.TLS_AES_128_GCM_SHA256 {
		t.Skip("key derivation here is for AES-128-GCM only, not for", tls.CipherSuiteName(suite))
	}
	_, line, _ := strings.Cut(log, "CLIENT_TRAFFIC_SECRET_0 ")
	fields := strings.Fields(line)
	secret, err := hex.DecodeString(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	derive := func(label string, n int) []byte {
		label = "tls13 " + label
		info := binary.BigEndian.AppendUint16(nil, uint16(n))
		info = append(append(append(info, byte(len(label))), label...), 0)
		out, err := hkdf.Expand(sha256.New, secret, string(info), n)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	block, _ := aes.NewCipher(derive("key", 16))
	aead, _ := cipher.NewGCM(block)
	inner := []byte{24, 0, 0, 1, 1, 22} // key_update, length 1, update_requested; type handshake
	head := []byte{23, 3, 3, 0, byte(len(inner) + aead.Overhead())}
	return append(head, aead.Seal(nil, derive("iv", 12), inner, head)...)
}

var certificate = sync.OnceValues(func() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "weft"},
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{"weft.test"},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
})

// config serves both sides.
func config(t testing.TB) *tls.Config {
	t.Helper()
	cert, err := certificate()
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{
		Certificates: []tls.Certificate{cert},
		RootCAs:      pool,
		ServerName:   "weft.test",
		NextProtos:   []string{"h2"},
	}
}
