package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	peers "weft/testpeers/schema"
	"weft/testpeers/thriftpeer"
	"weft/translate/schema"
)

// The files of two teams, years apart, and the binding between them. Each team's programs have only the team's own file.
func teams() schema.Source {
	return schema.Source{
		Name:    "orders",
		Files:   []string{peers.Dir("teams", "orders.thrift"), peers.Dir("teams", "orders.proto")},
		Binding: peers.Dir("teams", "orders.binding.yaml"),
	}
}

func teamsBridge(t *testing.T, endpoint string) *sidecar {
	t.Helper()
	src := teams()
	return startSidecar(t, `
version: weft/v1
admin: {listen: ""}
schemas: {orders: {files: [`+strings.Join(src.Files, ", ")+`], binding: `+src.Binding+`}}
outbound: {listeners: [{listen: "127.0.0.1:0", service: orders}]}
upstreams: {orders: {schema: orders}}
discovery: {static: {orders: [{`+endpoint+`}]}}
`)
}

func TestTwoTeamsGRPCToThrift(t *testing.T) {
	thrift := peers.Thrift(t, peers.Dir("teams"), "orders.thrift")
	proto := peers.Proto(t, peers.Dir("teams"), "orders.proto")
	w := teamsBridge(t, endpoint(peers.Serve(t, "teams/thrift_server.py", []string{thrift}), "thrift"))
	peers.Check(t, "teams/grpc_client.py", []string{proto}, w.listen)
}

func TestTwoTeamsThriftToGRPC(t *testing.T) {
	thrift := peers.Thrift(t, peers.Dir("teams"), "orders.thrift")
	proto := peers.Proto(t, peers.Dir("teams"), "orders.proto")
	w := teamsBridge(t, endpoint(peers.Serve(t, "teams/grpc_server.py", []string{proto}), "grpc"))
	for _, wire := range thriftpeer.Wires() {
		t.Run(wire.String(), func(t *testing.T) {
			peers.Check(t, "teams/thrift_client.py", []string{thrift}, w.listen, wire.Transport, wire.Protocol)
		})
	}
}

// What is wrong between the two files is told with places in both.
func TestTwoTeamsFindings(t *testing.T) {
	want := `orders.proto:72:3: warning: field etag of shop.v1.Order has no partner in Order (orders.thrift:28:8)
orders.thrift:9:3: warning: value LOST of enum State has no partner in enum shop.v1.OrderState (orders.proto:11:1)
orders.thrift:78:33: field words of the arguments of broken is list<string> and field words of shop.v1.BrokenRequest is string, which cannot carry each other (orders.proto:111:3)`
	got := strings.ReplaceAll(schema.Check(teams()).Error(), filepath.Dir(teams().Binding)+"/", "")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	src := teams()
	src.Strict = true
	if _, err := schema.Load(src); err == nil {
		t.Error("a strict schema was loaded although a method cannot be carried")
	}
}
