package py_test

import (
	"testing"

	"weft/testpeers/grpcpeer"
	"weft/testpeers/py"
	"weft/testpeers/thriftpeer"
)

func TestThriftClientAgainstGo(t *testing.T) {
	for _, wire := range thriftpeer.Wires() {
		t.Run(wire.String(), func(t *testing.T) {
			py.ThriftClient(t, thriftpeer.Start(t, wire).Addr, wire)
		})
	}
	t.Run("accelerated", func(t *testing.T) {
		wire := thriftpeer.Wire{Transport: "framed", Protocol: "binary"}
		py.ThriftClient(t, thriftpeer.Start(t, wire).Addr, thriftpeer.Wire{Transport: "framed", Protocol: "binary-accelerated"})
	})
}

func TestThriftServerAgainstGo(t *testing.T) {
	for _, wire := range thriftpeer.Wires() {
		t.Run(wire.String(), func(t *testing.T) {
			thriftpeer.CheckAll(t, thriftpeer.Dial(t, py.ThriftServer(t, wire), wire))
		})
	}
}

func TestGRPCClientAgainstGo(t *testing.T) {
	py.GRPCClient(t, grpcpeer.Start(t).Addr)
}

func TestGRPCServerAgainstGo(t *testing.T) {
	grpcpeer.CheckAll(t, grpcpeer.Dial(t, py.GRPCServer(t)))
}
