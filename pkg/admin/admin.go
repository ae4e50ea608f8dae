// Package admin is the HTTP endpoint for operators: is the program alive and ready, its metrics, its configuration without
// secrets, what it knows at the moment, and profiles. It shows and changes nothing. main builds it from functions.
package admin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Options are what the endpoint shows. Nil parts answer 404, but State, which must be set.
type Options struct {
	// State returns the state of the program, and whether that is "ready": lifecycle's words.
	State func() (word string, ready bool)

	Metrics prometheus.Gatherer
	Config  func() ([]byte, error) // YAML without secrets
	Pages   []Page
}

// Page is a page of text about the present state, such as the endpoints of each service.
type Page struct {
	Path        string // "/endpoints"
	Title       string // "endpoints of each service, with their health", for the index
	ContentType string // "" is plain text
	Write       func(io.Writer) error
}

// Server is the endpoint. It is made once and serves one listener.
type Server struct {
	http http.Server
	open map[string]bool // paths that peers on other machines may ask for
}

// entry is a line of the index page.
type entry struct{ Path, Title string }

var index = template.Must(template.New("index").Parse(`<!DOCTYPE html>
<html><head><title>weft</title></head><body><h1>weft</h1><ul>
{{range .}}<li><a href="{{.Path}}">{{.Path}}</a> {{.Title}}</li>
{{end}}</ul></body></html>
`))

// New returns a server that does not serve yet.
func New(o Options) *Server {
	s := &Server{open: map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true}}
	mux := http.NewServeMux()
	entries := []entry{}
	add := func(path, title string, h http.HandlerFunc) {
		mux.Handle("GET "+path, h)
		entries = append(entries, entry{path, title})
	}
	add("/healthz", "200 as long as the program runs", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	add("/readyz", "200 while calls are taken, else 503", readyz(o.State))
	if o.Metrics != nil {
		add("/metrics", "metrics for Prometheus", promhttp.HandlerFor(o.Metrics, promhttp.HandlerOpts{MaxRequestsInFlight: 8}).ServeHTTP)
	}
	if o.Config != nil {
		add("/config", "the configuration in force, with all defaults and without secrets", text("application/yaml", func(w io.Writer) error {
			b, err := o.Config()
			if err == nil {
				_, err = w.Write(b)
			}
			return err
		}))
	}
	for _, p := range o.Pages {
		add(p.Path, p.Title, text(p.ContentType, p.Write))
	}
	add("/debug/pprof/", "profiles", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /{$}", text("text/html; charset=utf-8", func(w io.Writer) error { return index.Execute(w, entries) }))
	s.http = http.Server{
		Handler:           s.guard(mux),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      3 * time.Minute, // profiles take as long as they are asked for
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	return s
}

// Serve answers on l until Shutdown, and then returns nil. The caller owns the goroutine; l is closed.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve admin endpoint on %s: %w", l.Addr(), err)
	}
	return nil
}

// Shutdown ends the server: at once where nothing is being answered, after the answers otherwise, and when ctx ends at the latest.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(err, s.http.Close())
	}
	return nil
}

// guard keeps what tells of the program's inside from other machines, and from web pages that a browser on this one shows
// (a name that resolves to 127.0.0.1).
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.open[r.URL.Path] && !(isLocal(r.RemoteAddr) && isPlain(r.Host)) {
			http.Error(w, "only for this machine", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLocal reports whether a peer's address is of this machine; a Unix socket has none.
func isLocal(remote string) bool {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// isPlain reports whether a Host header is an IP address or localhost.
func isPlain(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	return host == "" || host == "localhost" || net.ParseIP(host) != nil
}

func readyz(state func() (string, bool)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		word, ready := state()
		if !ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, word+"\n")
	}
}

// text answers with what write writes, or with 500 and its error.
func text(contentType string, write func(io.Writer) error) http.HandlerFunc {
	if contentType == "" {
		contentType = "text/plain; charset=utf-8"
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(b.Bytes())
	}
}
