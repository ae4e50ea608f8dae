package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"weft/discovery"
	"weft/discovery/static"
	"weft/pkg/admin"
	"weft/pkg/config"
	"weft/pkg/lifecycle"
	"weft/pkg/telemetry"
	"weft/proxy"
	"weft/translate/schema"
)

// runProxy is `weft proxy`: it runs the sidecar until a signal ends it.
func runProxy(ctx context.Context, file string) error {
	s, err := newSidecar(file)
	if err != nil {
		return err
	}
	return s.life().Run(ctx)
}

// sidecar is the pieces of a running weft.
type sidecar struct {
	file    string
	config  *config.Config
	log     *zap.Logger
	metrics *telemetry.Metrics
	proxy   *proxy.Proxy
	lives   *lifecycle.Life

	admin   *admin.Server
	serving sync.WaitGroup
	failed  chan error
}

// newSidecar reads everything and opens nothing.
func newSidecar(file string) (*sidecar, error) {
	c, err := config.Load(file)
	if err != nil {
		return nil, err
	}
	log, err := telemetry.NewLogger(os.Stderr, c.Log.Level, c.Log.Format)
	if err != nil {
		return nil, err
	}
	schemas, warnings, err := loadSchemas(c)
	if err != nil {
		return nil, err
	}
	for _, w := range warnings {
		log.Warn("schema", zap.String("finding", w.Error()))
	}
	s := &sidecar{file: file, config: c, log: log, metrics: telemetry.NewMetrics(), failed: make(chan error, 1)}
	s.proxy, err = newProxy(c, schemas, s.metrics, log)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

func newProxy(c *config.Config, schemas map[string]*schema.Schema, metrics *telemetry.Metrics, log *zap.Logger) (*proxy.Proxy, error) {
	o := proxy.Options{Config: c, Schemas: schemas, Discovery: static.New(staticEndpoints(c)), Metrics: metrics, Log: log}
	if a := c.Telemetry.AccessLog; a != nil {
		access, err := telemetry.NewAccessLog(os.Stdout, c.Log.Format, a.Sample)
		if err != nil {
			return nil, err
		}
		o.Access = access
	}
	return proxy.New(o)
}

// staticEndpoints is discovery.static in discovery's words.
func staticEndpoints(c *config.Config) map[string][]discovery.Endpoint {
	services := make(map[string][]discovery.Endpoint, len(c.Discovery.Static))
	for name, list := range c.Discovery.Static {
		for _, e := range list {
			network, address := config.SplitAddress(e.Address)
			services[name] = append(services[name], discovery.Endpoint{
				Network: network, Address: address, Dialect: e.Dialect, Schema: e.Schema,
				Pipeline: e.Pipeline, Weight: e.Weight, MaxConnections: e.MaxConnections, Healthy: true,
			})
		}
	}
	return services
}

// life is the order in which the sidecar starts and ends.
func (s *sidecar) life() *lifecycle.Life {
	s.lives = lifecycle.New(lifecycle.Steps{
		Start:         s.start,
		StopAccepting: s.proxy.StopAccepting,
		Drain:         s.drain,
		Close:         s.close,
		Reload:        func() { s.log.Warn("reloading is not available in this version; the configuration stays as it is") },
		Changed:       func(st lifecycle.State) { s.log.Info("sidecar is "+st.String(), zap.String("file", s.file)) },
		Grace:         s.config.Limits.Drain,
		Failed:        s.failed,
	})
	return s.lives
}

func (s *sidecar) start(context.Context) error {
	if err := s.startAdmin(); err != nil {
		return err
	}
	if err := s.proxy.Start(); err != nil {
		s.stopAdmin()
		return err
	}
	return nil
}

func (s *sidecar) startAdmin() error {
	if s.config.Admin.Listen == "" {
		return nil
	}
	l, err := net.Listen(config.SplitAddress(s.config.Admin.Listen))
	if err != nil && !s.config.Has("admin", "listen") {
		// Another sidecar of this machine has the default port; nobody asked for it here.
		s.log.Warn("no admin endpoint: its default address is taken; set admin.listen", zap.Error(err))
		return nil
	}
	if err != nil {
		return fmt.Errorf("listen for operators (admin.listen): %w", err)
	}
	s.admin = admin.New(admin.Options{
		State:   func() (string, bool) { st := s.lives.State(); return st.String(), s.lives.Ready() },
		Metrics: s.metrics.Gatherer(),
		Config:  s.config.Redacted,
		Pages:   []admin.Page{{Path: "/endpoints", Title: "endpoints of each service", Write: s.proxy.WriteEndpoints}},
	})
	s.serving.Add(1)
	go func() { // ends with stopAdmin, which waits for it
		defer s.serving.Done()
		if err := s.admin.Serve(l); err != nil {
			s.failed <- err
		}
	}()
	return nil
}

func (s *sidecar) stopAdmin() {
	if s.admin == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.admin.Shutdown(ctx); err != nil {
		s.log.Warn("end the admin endpoint", zap.Error(err))
	}
	s.serving.Wait()
}

func (s *sidecar) drain(ctx context.Context) error {
	s.proxy.Drain(ctx)
	return nil
}

func (s *sidecar) close() {
	s.proxy.Close()
	s.stopAdmin()
	_ = s.log.Sync()
}

// startSidecar runs a sidecar inside of this process, for the demo.
func startSidecar(ctx context.Context, file string) (func() error, error) {
	s, err := newSidecar(file)
	if err != nil {
		return nil, err
	}
	s.life()
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), s.config.Limits.Drain)
		defer cancel()
		err := s.drain(ctx)
		s.close()
		return err
	}, nil
}

// untilSignal ends a context with the first SIGINT or SIGTERM.
func untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}
