// Package demo is `weft demo`: a real Apache Thrift server and a real grpc-go server of one small service, a sidecar at
// each, and calls in both directions, shown as they pass. Each program has its own team's generated code; only the
// sidecars know that the other side speaks another language.
//
// main calls it and hands it the sidecar as a function.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Start runs a sidecar with a configuration file. It returns once the sidecar's listeners are open; stop drains the
// sidecar and waits for its end.
type Start func(ctx context.Context, configFile string) (stop func() error, err error)

// Options of Run.
type Options struct {
	Once bool      // make the calls once and return; otherwise again and again until the context ends
	Out  io.Writer // where the calls are shown
}

// every is the pause between two rounds of calls.
const every = 5 * time.Second

// Run starts the servers and their sidecars and makes the calls. The error says which answer was wrong, or what could
// not be started; nil also where the context ended.
func Run(ctx context.Context, o Options, start Start) (err error) {
	dir, err := os.MkdirTemp("", "weft-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	thriftServer, err := startThrift()
	if err != nil {
		return err
	}
	defer thriftServer.stop()
	grpcServer, err := startGRPC()
	if err != nil {
		return err
	}
	defer grpcServer.stop()

	atThrift, stop, err := sidecar(ctx, start, dir, "thrift", thriftServer.addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	atGRPC, stop2, err := sidecar(ctx, start, dir, "grpc", grpcServer.addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop2()) }()

	s := &show{out: o.Out}
	s.line("weft demo: an Apache Thrift server and a grpc-go server, a sidecar at each, one IDL file: orders.thrift")
	for round := 1; ; round++ {
		s.line("")
		s.line("gRPC client  --HTTP/2-->  weft %s  --framed Thrift-->  Thrift server %s", atThrift, thriftServer.addr)
		if err := grpcCalls(ctx, s, atThrift, round); err != nil {
			return unlessEnded(ctx, err)
		}
		s.line("")
		s.line("Thrift client  --framed Thrift-->  weft %s  --HTTP/2-->  gRPC server %s", atGRPC, grpcServer.addr)
		if err := thriftCalls(ctx, s, atGRPC, round); err != nil {
			return unlessEnded(ctx, err)
		}
		s.line("")
		s.line("%d calls, every answer as it should be", s.calls)
		if o.Once {
			return nil
		}
		s.line("again in %s; Ctrl-C ends", every)
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return nil
		}
	}
}

func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// show prints the calls.
type show struct {
	out   io.Writer
	calls int
}

func (s *show) line(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format+"\n", args...) }

// call prints one call with what went out and what came back, both as JSON.
func (s *show) call(name, sent, received string, took time.Duration) {
	s.calls++
	s.line("")
	s.line("  %-24s %.2f ms", name, float64(took.Microseconds())/1000)
	s.line("    sent      %s", sent)
	s.line("    received  %s", received)
}
