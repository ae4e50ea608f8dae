package e2e

import (
	"path/filepath"
	"slices"
	"testing"

	peers "weft/testpeers/schema"
	"weft/translate/schema"
)

// names is what programs of the services in names.thrift need, whose names and numbers protobuf cannot hold as they are.
type names struct {
	idl    string
	thrift string // Python code of the .thrift files
	proto  string // Python code of the .proto files that weft prints for them
}

func newNames(t *testing.T) names {
	t.Helper()
	dir := peers.Dir("names")
	idl := filepath.Join(dir, "names.thrift")
	printed, _, err := schema.PrintProto(schema.Source{Name: "view", Files: []string{idl}})
	if err != nil {
		t.Fatal(err)
	}
	files := texts(printed)
	var list []string
	for name := range files {
		list = append(list, name)
	}
	slices.Sort(list)
	return names{idl, peers.Thrift(t, dir, "names.thrift"), peers.Proto(t, peers.Write(t, files), list...)}
}

func (n names) server(t *testing.T, which string) string {
	return peers.Serve(t, "names/thrift_server.py", []string{n.thrift}, which)
}

func (n names) client(t *testing.T, addr, which string) {
	peers.Check(t, "names/grpc_client.py", []string{n.proto}, addr, which)
}

// gRPC programs call Python's Thrift server by the .proto that weft prints.
func TestNamesOfThrift(t *testing.T) {
	n := newNames(t)
	for _, which := range []string{"alpha", "beta"} {
		t.Run(which, func(t *testing.T) {
			w := bridgeTo(t, []string{n.idl}, endpoint(n.server(t, which), "thrift"))
			n.client(t, w.listen, which)
		})
	}
}

// Both services behind one port of a multiplexed server.
func TestNamesOfThriftMultiplexed(t *testing.T) {
	n := newNames(t)
	w := startSidecar(t, `
version: weft/v1
admin: {listen: ""}
schemas: {s: {files: [`+n.idl+`]}}
services:
- name: names
  schema: s
  ports:
  - name: main
    address: `+n.server(t, "multiplexed")+`
    dialect: thrift
    interfaces:
    - {thrift: Alpha, multiplexed: a, default: true}
    - {thrift: Beta, grpc: names.Beta, multiplexed: b}
inbound: {listeners: [{listen: "127.0.0.1:0", service: names}]}
`)
	n.client(t, w.listen, "both")
}
