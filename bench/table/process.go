package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a program that listens.
type process struct {
	cmd   *exec.Cmd
	ended chan error
}

// patience is how long a program may take until it listens, and until it has ended.
const patience = 10 * time.Second

func startProcess(listen string, env []string, name string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(name, args...), ended: make(chan error, 1)}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.ended <- p.cmd.Wait() }() // ends with the process, which stop ends
	for end := time.Now().Add(patience); time.Now().Before(end); {
		conn, err := net.DialTimeout("tcp", listen, time.Second)
		if err == nil {
			return p, conn.Close()
		}
		select {
		case err := <-p.ended:
			return nil, fmt.Errorf("it ended: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	p.stop()
	return nil, fmt.Errorf("it does not listen at %s", listen)
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// cpuOf gives the CPU time, user and system, that a process has used so far, in steps of 10 ms (proc_pid_stat(5)).
func cpuOf(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name in parentheses may hold anything, so fields count from behind it: utime and stime are the 14th and 15th.
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * (time.Second / 100)
}

// about is where and of what the tables were made.
type about struct {
	date, commit, cpu, kernel, load string
}

func machine() about {
	a := about{date: time.Now().UTC().Format("2006-01-02"), commit: "unknown", cpu: "unknown", kernel: firstLine("/proc/sys/kernel/osrelease"), load: firstLine("/proc/loadavg")}
	if out, err := exec.Command("git", "rev-parse", "--short=10", "HEAD").Output(); err == nil {
		a.commit = strings.TrimSpace(string(out))
		if out, err := exec.Command("git", "status", "--porcelain", "--untracked-files=no").Output(); err == nil && len(out) > 0 {
			a.commit += "-changed"
		}
	}
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				a.cpu = strings.TrimSpace(value)
				break
			}
		}
	}
	return a
}

func firstLine(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return line
}

func (a about) header(o options) string {
	return fmt.Sprintf(`# weft beside a hand-written shim

%s, commit %s. %s, %d CPUs, Linux %s, %s, load average at the start %s.
Load and back ends run on the same machine. Message: %d B as protobuf, %d B as Thrift.
%d turns of %s each after %s of warm-up; medians, with the lowest and highest CPU per call in parentheses.

`, a.date, a.commit, a.cpu, runtime.NumCPU(), a.kernel, runtime.Version(), a.load, 369, 565, o.rounds, o.duration, o.warmUp)
}
