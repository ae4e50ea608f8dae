package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"time"

	"weft/bench/backends"
	"weft/bench/load"
	"weft/bench/order"
)

// scenario is one shape of load in one direction.
type scenario struct {
	name        string
	config      string // of weft, without "weft-" and ".yaml"; the shim's mode is its beginning
	thrift      bool   // the caller speaks Thrift
	connections int
	outstanding int
}

var scenarios = []scenario{
	{"gRPC to Thrift, one call at a time", "grpc-to-thrift", false, 1, 1},
	{"gRPC to Thrift, 8 connections x 32 streams", "grpc-to-thrift", false, 8, 32},
	{"gRPC to Thrift, 8 connections x 32 streams, weft pipelining", "grpc-to-thrift-pipelined", false, 8, 32},
	{"Thrift to gRPC, one call at a time", "thrift-to-grpc", true, 1, 1},
	{"Thrift to gRPC, 64 connections, one call on each", "thrift-to-grpc", true, 64, 1},
}

// row is what was measured of one process in the middle, or of none.
type row struct {
	name string
	runs []measured
	pid  int // 0: nobody in the middle
	addr string
}

// measured is one turn.
type measured struct {
	load.Result
	cpu time.Duration // of the process in the middle, during the measurement
}

// measure runs the processes in the middle by turns, so that all of them see the same machine.
func (s scenario) measure(o options) ([]*row, error) {
	sample := order.Sample(4)
	message, err := order.Proto(sample)
	if err != nil {
		return nil, err
	}
	arguments, err := order.Arguments(sample)
	if err != nil {
		return nil, err
	}
	result, err := order.Result(sample)
	if err != nil {
		return nil, err
	}
	grpcEnd, err := listen(backends.ServeGRPC, message)
	if err != nil {
		return nil, err
	}
	defer func() { _ = grpcEnd.Close() }()
	thriftEnd, err := listen(backends.ServeThrift, result)
	if err != nil {
		return nil, err
	}
	defer func() { _ = thriftEnd.Close() }()

	same, other := grpcEnd.Addr().String(), thriftEnd.Addr().String()
	if s.thrift {
		same, other = other, same
	}
	rows := []*row{{name: "nothing between", addr: same}}
	middle, stop, err := s.start(o, other)
	defer stop()
	if err != nil {
		return nil, err
	}
	rows = append(rows, middle...)

	l := load.Load{Connections: s.connections, Outstanding: s.outstanding, WarmUp: o.warmUp, Duration: o.duration}
	for range o.rounds {
		for _, r := range rows {
			l.Addr = r.addr
			m := measured{}
			begin, end := func() { m.cpu = -cpuOf(r.pid) }, func() { m.cpu += cpuOf(r.pid) }
			if s.thrift {
				l.Request, l.Check = arguments, func(b []byte) error { return order.CheckResult(b, sample) }
				m.Result, err = l.Thrift(order.ThriftMethod, begin, end)
			} else {
				l.Request, l.Check = message, func(b []byte) error { return order.CheckProto(b, sample) }
				m.Result, err = l.GRPC(order.Path, begin, end)
			}
			if err != nil {
				return nil, fmt.Errorf("load on %s: %w", r.name, err)
			}
			r.runs = append(r.runs, m)
		}
	}
	return rows, nil
}

// start runs weft, where there is one, and the shim. stop ends what was started, also after an error.
func (s scenario) start(o options, upstream string) (rows []*row, stop func(), err error) {
	var running []*process
	stop = func() {
		for _, p := range running {
			p.stop()
		}
	}
	add := func(name string, start func(listen string) (*process, error)) {
		if err != nil {
			return
		}
		var listen string
		if listen, err = freeAddress(); err != nil {
			return
		}
		var p *process
		if p, err = start(listen); err != nil {
			err = fmt.Errorf("start %s: %w", name, err)
			return
		}
		running = append(running, p)
		rows = append(rows, &row{name: name, pid: p.pid(), addr: listen})
	}
	if o.weft != "" {
		add("weft", func(listen string) (*process, error) {
			config := filepath.Join(o.folder, "weft-"+s.config+".yaml")
			return startProcess(listen, []string{"BENCH_LISTEN=" + listen, "BENCH_UPSTREAM=" + upstream}, o.weft, "proxy", "-c", config)
		})
	}
	add("shim", func(listen string) (*process, error) {
		mode := strings.TrimSuffix(s.config, "-pipelined")
		return startProcess(listen, nil, o.shim, "-mode", mode, "-listen", listen, "-upstream", upstream)
	})
	return rows, stop, err
}

// listen runs a back end until the listener is closed.
func listen(serve func(net.Listener, []byte) error, answer []byte) (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a back end: %w", err)
	}
	go func() { // ends with the listener
		if err := serve(l, answer); err != nil {
			fmt.Printf("bench back end: %v\n", err)
		}
	}()
	return l, nil
}

// freeAddress gives a local address that was free a moment ago, below the ports that systems give to outgoing
// connections.
func freeAddress() (string, error) {
	var err error
	for range 100 {
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))); err == nil {
			return l.Addr().String(), l.Close()
		}
	}
	return "", fmt.Errorf("find a free port: %w", err)
}
