package e2e

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	peers "weft/testpeers/schema"
	"weft/testpeers/thriftpeer"
	"weft/translate/schema"
)

// shop is what programs of service Shop need, which has a .proto and nothing else.
type shop struct {
	idl    string // shop.proto
	thrift string // Python code of the Thrift view, as Apache's compiler makes it from what weft prints
	proto  string // Python code of shop.proto
}

func newShop(t *testing.T) shop {
	t.Helper()
	dir := peers.Dir("shop")
	idl := filepath.Join(dir, "shop.proto")
	return shop{idl, thriftView(t, "shop.thrift", idl), peers.Proto(t, dir, "shop.proto", "legacy.proto")}
}

func (s shop) server(t *testing.T) string {
	return peers.Serve(t, "shop/grpc_server.py", []string{s.proto})
}

func (s shop) thriftClient(t *testing.T, addr string, wire thriftpeer.Wire, more ...string) {
	peers.Check(t, "shop/thrift_client.py", []string{s.thrift}, append([]string{addr, wire.Transport, wire.Protocol}, more...)...)
}

// thriftView generates Python code from the Thrift view of protobuf files.
func thriftView(t *testing.T, main string, idl ...string) string {
	t.Helper()
	printed, problems, err := schema.PrintThrift(schema.Source{Name: "view", Files: idl})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
	return peers.Thrift(t, peers.Write(t, texts(printed)), main)
}

func texts(printed []schema.Printed) map[string]string {
	files := map[string]string{}
	for _, f := range printed {
		files[f.Name] = f.Text
	}
	return files
}

// A Thrift program calls a gRPC server that has only a .proto: values of every kind, both ways, and errors.
func TestOnlyProto(t *testing.T) {
	s := newShop(t)
	w := bridgeTo(t, []string{s.idl}, endpoint(s.server(t), "grpc"))
	for _, wire := range thriftpeer.Wires() {
		t.Run(wire.String(), func(t *testing.T) { s.thriftClient(t, w.listen, wire) })
	}
}

// Errors of the sidecar itself have the form that errors of the server have.
func TestOnlyProtoServerDown(t *testing.T) {
	s := newShop(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	w := bridgeTo(t, []string{s.idl}, endpoint(l.Addr().String(), "grpc"))
	s.thriftClient(t, w.listen, thriftpeer.Wires()[0], "down")
}

// The same with a FileDescriptorSet that protoc made of it, from which the same .thrift is printed.
func TestOnlyDescriptorSet(t *testing.T) {
	s := newShop(t)
	set := peers.Descriptors(t, peers.Dir("shop"), "shop.proto")
	s.thrift = thriftView(t, "shop.thrift", set)
	w := bridgeTo(t, []string{set}, endpoint(s.server(t), "grpc"))
	s.thriftClient(t, w.listen, thriftpeer.Wires()[0])

	fromProto, _, err := schema.PrintThrift(schema.Source{Name: "view", Files: []string{s.idl}})
	if err != nil {
		t.Fatal(err)
	}
	fromSet, _, err := schema.PrintThrift(schema.Source{Name: "view", Files: []string{set}})
	if err != nil {
		t.Fatal(err)
	}
	want := texts(fromProto)
	for name, text := range texts(fromSet) {
		if want[name] != text && !strings.HasPrefix(name, "google_") { // protoc's files have comments, those within weft have none
			t.Errorf("%s from the descriptor set:\n%s\nfrom the .proto:\n%s", name, text, want[name])
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s is not printed from the descriptor set", name)
	}
}

// gRPC to Thrift to gRPC through two sidecars that have only the .proto: what arrives is what was sent.
func TestOnlyProtoThroughTwo(t *testing.T) {
	s := newShop(t)
	server := s.server(t)
	for _, wire := range thriftpeer.Wires() {
		t.Run(wire.String(), func(t *testing.T) {
			second := bridgeTo(t, []string{s.idl}, endpoint(server, "grpc"))
			first := bridgeTo(t, []string{s.idl}, endpoint(second.listen, wire.String()))
			peers.Check(t, "shop/grpc_client.py", []string{s.proto}, first.listen)
		})
	}
}

// The Thrift view that weft prints is read by Apache's compiler for every language that it is made for here.
func TestPrintedThriftCompiles(t *testing.T) {
	printed, _, err := schema.PrintThrift(schema.Source{Name: "view", Files: []string{filepath.Join(peers.Dir("shop"), "shop.proto")}})
	if err != nil {
		t.Fatal(err)
	}
	dir := peers.Write(t, texts(printed))
	if _, err := os.Stat(filepath.Join(dir, "google_protobuf_any.thrift")); err != nil {
		t.Error(err)
	}
	for _, language := range []string{"cpp", "go", "java", "js:node", "py", "rb", "netstd", "php", "rs"} {
		t.Run(language, func(t *testing.T) { peers.Generate(t, language, dir, "shop.thrift") })
	}
}
