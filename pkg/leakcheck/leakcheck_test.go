package leakcheck_test

import (
	"strings"
	"testing"
	"time"

	"weft/pkg/buf"
	"weft/pkg/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestWaitReportsGoroutine(t *testing.T) {
	before := leakcheck.Snapshot()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() { // ends with stop; joined below
		<-stop
		close(done)
	}()
	err := leakcheck.Wait(0, before)
	if err == nil || !strings.Contains(err.Error(), "1 goroutines were left") || !strings.Contains(err.Error(), "TestWaitReportsGoroutine") {
		t.Errorf("a running goroutine gives %v", err)
	}
	close(stop)
	<-done
	if err := leakcheck.Wait(time.Second, before); err != nil {
		t.Errorf("after its end: %v", err)
	}
}

func TestWaitReportsSegments(t *testing.T) {
	before := leakcheck.Snapshot()
	s := buf.Get(100)
	err := leakcheck.Wait(0, before)
	if err == nil || !strings.Contains(err.Error(), "1 segments of 4096 bytes in all were not freed") {
		t.Errorf("a segment in use gives %v", err)
	}
	s.Free()
	if err := leakcheck.Wait(time.Second, before); err != nil {
		t.Errorf("after the free: %v", err)
	}
}

// Goroutines that end a little later are waited for.
func TestWaitIsPatient(t *testing.T) {
	before := leakcheck.Snapshot()
	stop := make(chan struct{})
	go func() { <-stop }() // ends with stop; Wait joins it
	time.AfterFunc(10*time.Millisecond, func() { close(stop) })
	if err := leakcheck.Wait(5*time.Second, before); err != nil {
		t.Error(err)
	}
}
