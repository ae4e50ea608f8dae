package e2e

import (
	"testing"

	"weft/testpeers/grpcpeer"
	"weft/testpeers/py"
	"weft/testpeers/thriftpeer"
)

// Python's gRPC client and servers of the other protocol.
func TestPythonGRPCClient(t *testing.T) {
	for _, wire := range thriftpeer.Wires() {
		t.Run("python server "+wire.String(), func(t *testing.T) {
			w := bridgeTo(t, everything(), endpoint(py.ThriftServer(t, wire), wire.String()))
			py.GRPCClient(t, w.listen)
		})
		t.Run("go server "+wire.String(), func(t *testing.T) {
			w := bridgeTo(t, everything(), endpoint(thriftpeer.Start(t, wire).Addr, wire.String()))
			py.GRPCClient(t, w.listen, defaultsCase)
		})
	}
}

// Apache's Python client and servers of the other protocol.
func TestPythonThriftClient(t *testing.T) {
	t.Run("go server", func(t *testing.T) {
		w := bridgeTo(t, everything(), endpoint(grpcpeer.Start(t).Addr, "grpc"))
		pythonClients(t, w)
	})
	t.Run("python server", func(t *testing.T) {
		w := bridgeTo(t, everything(), endpoint(py.GRPCServer(t), "grpc"))
		pythonClients(t, w)
	})
}

func pythonClients(t *testing.T, w *sidecar) {
	for _, wire := range thriftpeer.Wires() {
		t.Run(wire.String(), func(t *testing.T) { py.ThriftClient(t, w.listen, wire) })
	}
	t.Run("accelerated", func(t *testing.T) {
		py.ThriftClient(t, w.listen, thriftpeer.Wire{Transport: "framed", Protocol: "binary-accelerated"})
	})
}

// Go's clients against Python's servers of the other protocol.
func TestGoClientsPythonServers(t *testing.T) {
	wire := thriftpeer.Wire{Transport: "framed", Protocol: "binary"}
	t.Run("grpc client", func(t *testing.T) {
		w := bridgeTo(t, everything(), endpoint(py.ThriftServer(t, wire), wire.String()))
		grpcpeer.CheckAll(t, grpcpeer.Dial(t, w.listen))
	})
	t.Run("thrift client", func(t *testing.T) {
		w := bridgeTo(t, everything(), endpoint(py.GRPCServer(t), "grpc"))
		thriftpeer.CheckAll(t, thriftpeer.Dial(t, w.listen, wire))
	})
}

// Two sidecars in a row with Python at both ends: gRPC to Thrift to gRPC.
func TestPythonThroughTwo(t *testing.T) {
	for _, wire := range thriftpeer.Wires() {
		t.Run(wire.String(), func(t *testing.T) {
			second := bridgeTo(t, everything(), endpoint(py.GRPCServer(t), "grpc"))
			first := bridgeTo(t, everything(), endpoint(second.listen, wire.String()))
			py.GRPCClient(t, first.listen)
		})
	}
}
