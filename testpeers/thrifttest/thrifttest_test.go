package thrifttest_test

import (
	"testing"

	"weft/testpeers/thriftpeer"
	"weft/testpeers/thrifttest"
)

// Apache's programs against each other, so that a fault found through weft is weft's.
func TestProgramsAgainstEachOther(t *testing.T) {
	for _, wire := range thriftpeer.Wires() {
		t.Run(wire.String(), func(t *testing.T) {
			t.Parallel() // Apache's servers sleep in their oneway method
			t.Run("go server", func(t *testing.T) {
				addr := thrifttest.GoServer(t, wire)
				thrifttest.GoClient(t, addr, wire)
				thrifttest.PyClient(t, addr, wire)
			})
			t.Run("python server", func(t *testing.T) {
				addr := thrifttest.PyServer(t, wire)
				thrifttest.GoClient(t, addr, wire)
				thrifttest.PyClient(t, addr, wire)
			})
		})
	}
}
