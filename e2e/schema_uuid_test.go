package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"

	peers "weft/testpeers/schema"
	"weft/testpeers/thriftpeer"
)

func idsBridge(t *testing.T, endpoint string) *sidecar {
	t.Helper()
	return startSidecar(t, `
version: weft/v1
admin: {listen: ""}
schemas: {ids: {files: [`+peers.Dir("ids", "ids.thrift")+`, `+peers.Dir("ids", "ids.proto")+`], binding: `+peers.Dir("ids", "ids.binding.yaml")+`}}
outbound: {listeners: [{listen: "127.0.0.1:0", service: ids}]}
upstreams: {ids: {schema: ids}}
discovery: {static: {ids: [{`+endpoint+`}]}}
`)
}

// uuid as Apache's library writes it, against strings and bytes of a gRPC server.
func TestUUID(t *testing.T) {
	proto := peers.Proto(t, peers.Dir("ids"), "ids.proto")
	server := peers.Serve(t, "ids/grpc_server.py", []string{proto})
	w := idsBridge(t, endpoint(server, "grpc"))
	one := thrift.Must(thrift.ParseTuuid("00112233-4455-6677-8899-aabbccddeeff"))
	two := thrift.Must(thrift.ParseTuuid("ffeeddcc-bbaa-9988-7766-554433221100"))
	for _, wire := range thriftpeer.Wires() {
		t.Run(wire.String(), func(t *testing.T) {
			client := dialIDs(t, w.listen, wire)
			got, err := turn(client, ids{one, two, []thrift.Tuuid{two, one, two}})
			if want := (ids{two, one, []thrift.Tuuid{one, two, one}}); err != nil || !got.equal(want) {
				t.Errorf("got %v %v, want %v", got, err, want)
			}
		})
		t.Run("grpc through two, "+wire.String(), func(t *testing.T) {
			first := idsBridge(t, endpoint(w.listen, wire.String()))
			peers.Check(t, "ids/grpc_client.py", []string{proto}, first.listen)
		})
	}
}

// ids is struct Ids, as a generator would write it.
type ids struct {
	text, raw thrift.Tuuid
	all       []thrift.Tuuid
}

func (v ids) equal(o ids) bool {
	same := v.text == o.text && v.raw == o.raw && len(v.all) == len(o.all)
	for i := range v.all {
		same = same && v.all[i] == o.all[i]
	}
	return same
}

func dialIDs(t *testing.T, addr string, wire thriftpeer.Wire) thrift.TClient {
	t.Helper()
	conf := &thrift.TConfiguration{}
	var transport thrift.TTransport = thrift.NewTSocketConf(addr, conf)
	if wire.Transport == "framed" {
		transport = thrift.NewTFramedTransportConf(transport, conf)
	} else {
		transport = thrift.NewTBufferedTransport(transport, 4096)
	}
	if err := transport.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = transport.Close() })
	var factory thrift.TProtocolFactory = thrift.NewTBinaryProtocolFactoryConf(conf)
	if strings.HasSuffix(wire.Protocol, "compact") {
		factory = thrift.NewTCompactProtocolFactoryConf(conf)
	}
	return thrift.NewTStandardClient(factory.GetProtocol(transport), factory.GetProtocol(transport))
}

// turn calls Registry.turn.
func turn(client thrift.TClient, request ids) (ids, error) {
	var result turnResult
	_, err := client.Call(context.Background(), "turn", turnArgs{request}, &result)
	return result.success, err
}

type turnArgs struct{ request ids }

func (a turnArgs) Write(ctx context.Context, p thrift.TProtocol) error {
	if err := thrift.WrapTException(p.WriteStructBegin(ctx, "args")); err != nil {
		return err
	}
	_ = p.WriteFieldBegin(ctx, "ids", thrift.STRUCT, 1)
	_ = p.WriteStructBegin(ctx, "Ids")
	_ = p.WriteFieldBegin(ctx, "text", thrift.UUID, 1)
	_ = p.WriteUUID(ctx, a.request.text)
	_ = p.WriteFieldEnd(ctx)
	_ = p.WriteFieldBegin(ctx, "raw", thrift.UUID, 2)
	_ = p.WriteUUID(ctx, a.request.raw)
	_ = p.WriteFieldEnd(ctx)
	_ = p.WriteFieldBegin(ctx, "all", thrift.LIST, 3)
	_ = p.WriteListBegin(ctx, thrift.UUID, len(a.request.all))
	for _, id := range a.request.all {
		_ = p.WriteUUID(ctx, id)
	}
	_ = p.WriteListEnd(ctx)
	_ = p.WriteFieldEnd(ctx)
	_ = p.WriteFieldStop(ctx)
	_ = p.WriteStructEnd(ctx)
	_ = p.WriteFieldEnd(ctx)
	_ = p.WriteFieldStop(ctx)
	return p.WriteStructEnd(ctx)
}

func (a turnArgs) Read(context.Context, thrift.TProtocol) error { panic("arguments are not read") }

type turnResult struct{ success ids }

func (r *turnResult) Write(context.Context, thrift.TProtocol) error { panic("results are not written") }

func (r *turnResult) Read(ctx context.Context, p thrift.TProtocol) error {
	return readFields(ctx, p, func(id int16, t thrift.TType) error {
		if id != 0 || t != thrift.STRUCT {
			return p.Skip(ctx, t)
		}
		return readFields(ctx, p, func(id int16, t thrift.TType) (err error) {
			switch {
			case id == 1 && t == thrift.UUID:
				r.success.text, err = p.ReadUUID(ctx)
			case id == 2 && t == thrift.UUID:
				r.success.raw, err = p.ReadUUID(ctx)
			case id == 3 && t == thrift.LIST:
				r.success.all, err = readUUIDs(ctx, p)
			default:
				err = p.Skip(ctx, t)
			}
			return err
		})
	})
}

func readFields(ctx context.Context, p thrift.TProtocol, field func(int16, thrift.TType) error) error {
	if _, err := p.ReadStructBegin(ctx); err != nil {
		return err
	}
	for {
		_, t, id, err := p.ReadFieldBegin(ctx)
		if err != nil {
			return err
		}
		if t == thrift.STOP {
			return p.ReadStructEnd(ctx)
		}
		if err := field(id, t); err != nil {
			return err
		}
		if err := p.ReadFieldEnd(ctx); err != nil {
			return err
		}
	}
}

func readUUIDs(ctx context.Context, p thrift.TProtocol) ([]thrift.Tuuid, error) {
	_, n, err := p.ReadListBegin(ctx)
	if err != nil {
		return nil, err
	}
	var list []thrift.Tuuid
	for range n {
		id, err := p.ReadUUID(ctx)
		if err != nil {
			return nil, err
		}
		list = append(list, id)
	}
	return list, p.ReadListEnd(ctx)
}
