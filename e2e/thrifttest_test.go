package e2e

import (
	"testing"

	"weft/testpeers/thriftpeer"
	"weft/testpeers/thrifttest"
)

// Apache's own ThriftTest programs with gRPC in the middle: its client passes every call, exceptions and oneway included,
// through two sidecars to its server.
func TestThriftTest(t *testing.T) {
	for _, wire := range thriftpeer.Wires() {
		t.Run(wire.String(), func(t *testing.T) {
			idl := []string{thrifttest.IDL(t)}
			second := bridgeTo(t, idl, endpoint(thrifttest.GoServer(t, wire), wire.String()))
			first := bridgeTo(t, idl, endpoint(second.listen, "grpc"))
			t.Run("go client", func(t *testing.T) { thrifttest.GoClient(t, first.listen, wire) })
			t.Run("python client", func(t *testing.T) { thrifttest.PyClient(t, first.listen, wire) })
		})
	}
}
