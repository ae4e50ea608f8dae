package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"weft/bench/load"
	"weft/pkg/config"
)

func TestTable(t *testing.T) {
	turn := func(calls int, cpu time.Duration) measured {
		return measured{Result: load.Result{Calls: calls, Elapsed: time.Second, P50: 20 * time.Microsecond, P99: time.Millisecond}, cpu: cpu}
	}
	rows := []*row{
		{name: "nothing between", runs: []measured{turn(5000, 0)}},
		{name: "weft", pid: 1, runs: []measured{turn(1000, 9*time.Millisecond), turn(1000, 5*time.Millisecond), turn(1000, 4*time.Millisecond)}},
		{name: "shim", pid: 2, runs: []measured{turn(500, 10*time.Millisecond)}},
	}
	got := table(scenarios[0], rows)
	for _, want := range []string{
		"| nothing between | - | 5000 | 20 us | 1000 us |\n",
		"| weft | 5.0 us (4.0 to 9.0) | 1000 | 20 us | 1000 us |\n",
		"| shim | 20.0 us (20.0 to 20.0) | 500 | 20 us | 1000 us |\n",
		"weft / shim: CPU per call 0.25, calls/s 2.00, p50 1.00, p99 1.00\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

// This process has used some CPU time once it has worked for a while, and a process that is not there has used none.
func TestCPUOf(t *testing.T) {
	for end := time.Now().Add(10 * time.Second); cpuOf(os.Getpid()) == 0; {
		if time.Now().After(end) {
			t.Fatal("no CPU time after seconds of work")
		}
	}
	if got := cpuOf(0); got != 0 {
		t.Errorf("a process that is not there has used %s", got)
	}
}

func TestConfigurations(t *testing.T) {
	t.Setenv("BENCH_LISTEN", "127.0.0.1:15101")
	t.Setenv("BENCH_UPSTREAM", "127.0.0.1:9091")
	for _, s := range scenarios {
		c, err := config.Load("../weft-" + s.config + ".yaml")
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		if got := c.Discovery.Static["orders"]; len(got) != 1 || got[0].Address != "127.0.0.1:9091" {
			t.Errorf("%s: endpoints %v", s.name, got)
		}
	}
}
