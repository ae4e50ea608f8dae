package config_test

import (
	"errors"
	"strings"
	"testing"

	"weft/pkg/config"
)

const head = "version: weft/v1\n"

// bad holds files that must be refused, with every message in the order of the lines. "w:" stands for the file.
var bad = []struct {
	name, text string
	want       []string
}{
	{"empty", "", []string{"w:1:1: version is missing"}},
	{"only a comment", "# nothing\n", []string{"w:1:1: version is missing"}},
	{"not a mapping", "- a\n", []string{"w:1:1: the file must be a mapping of keys to values, not a list"}},
	{"not yaml", "a: [1,\nb: }", []string{"w:1:4: not YAML: sequence end token ']' not found"}},
	{"tab", head + "\tlog: x\n", []string{"w:2:1: not YAML: found character '\t' that cannot start any token"}},
	{"two documents", head + "---\nversion: weft/v1\n", []string{"w:3:8: a second document: the file must be one"}},
	{"version", "version: weft/v2\n", []string{`w:1:10: version: "weft/v2" is not known: want weft/v1`}},
	{"version is empty", "version:\n", []string{"w:1:1: version is missing"}},
	{"unknown keys, all of them", head + "limit: {}\nlog: {lvl: info, format: xml}\n", []string{
		`w:2:1: unknown key "limit": want version, schemas, services, inbound, outbound, upstreams, routes, policies, discovery, identity, state_dir, admin, log, telemetry, limits`,
		`w:3:7: unknown key "lvl" in log: want level, format`,
		`w:3:26: log.format: "xml" is not known: want console or json`}},
	{"given twice", head + "log: {level: info}\nlog: {level: warn}\n", []string{"w:3:1: log is given twice"}},
	{"merge key", head + "log: &l {level: info}\nadmin:\n  <<: *l\n", []string{"w:4:3: merge keys (<<) are not supported"}},
	{"alias of nothing", head + "log: *l\n", []string{"w:2:6: alias *l has no anchor before it"}},
	{"tag", head + "state_dir: !!str x\n", []string{"w:2:12: tags such as !!str are not supported"}},
	{"key is no text", head + "? [a]\n: b\n", []string{"w:3:1: not YAML: found an invalid key for this map"}},
	{"types", head + "schemas: [x]\nservices: {a: b}\nlog: info\nstate_dir: [a]\nadmin: {listen: 8080}\nlimits:\n  memory: lots\n  first_byte: 10\n  depth: 1.5\n  pending: \"5\"\n" +
		"  connections: 99999999999\n  drain: {}\ntelemetry: {access_log: {sample: x}}\n", []string{
		"w:2:10: schemas: want a mapping of keys to values, not a list",
		"w:3:11: services: want a list, not a mapping",
		"w:4:6: log: want a mapping of keys to values, not a text",
		"w:5:12: state_dir: want a text, not a list",
		"w:6:17: admin.listen: want a text, not the number 8080 (put it in quotes)",
		`w:8:11: limits.memory: "lots" is not a size such as 64KiB or 4MiB`,
		`w:9:15: limits.first_byte: "10" is not a duration such as 250ms or 15s`,
		`w:10:10: limits.depth: want a whole number, not "1.5"`,
		`w:11:12: limits.pending: want a whole number, not "5"`,
		`w:12:16: limits.connections: want a whole number, not "99999999999"`,
		`w:13:10: limits.drain: want a duration such as 250ms or 15s, not a mapping`,
		`w:14:34: telemetry.access_log.sample: want a number, not "x"`}},
	{"environment", head + "state_dir: ${HOME_}\nlog: {level: $LEVEL, format: \"${a b}\"}\nlimits:\n  depth: ${SLOW}\n", []string{
		"w:2:12: state_dir: environment variable HOME_ is not set",
		"w:3:14: log.level: a single $: write ${NAME} for the environment, $$ for a dollar",
		"w:3:30: log.format: want ${NAME}, with a name of letters, digits and underscores",
		`w:5:10: limits.depth: want a whole number, not "3s"`}},
	{"schemas", head + "schemas:\n  a: {files: []}\n  b: {files: [b.txt, ]}\n  c: {}\n  d:\n  e: {files: [~]}\n  \"\": {files: [x.proto]}\n", []string{
		"w:3:14: schemas.a.files: empty: name at least one file",
		`w:4:15: schemas.b.files[0]: "dir/b.txt": want a file that ends in .thrift, .proto, .binpb or .pb`,
		"w:5:6: schemas.c.files is missing",
		"w:6:3: schemas.d has no value",
		"w:7:15: schemas.e.files[0] has no value",
		"w:8:3: empty name in schemas"}},
	{"services", head + `services:
- {name: a, schema: nope, policy: none, ports: [{name: p, address: "127.0.0.1:99999", dialect: thrift/udp/binary}]}
- name: a
  ports:
  - {name: p, address: "9090", dialect: grpc, pipeline: 3, interfaces: [{multiplexed: x}, {grpc: a.B, default: true}, {thrift: B, default: true}]}
  - {name: p, address: "unix://x", dialect: thrift, pipeline: 0, max_connections: 0}
  - {dialect: thrift, pipeline: 2}
`, []string{
		`w:3:21: services[0].schema: no schema "nope" in schemas`,
		`w:3:35: services[0].policy: no policy "none" in policies`,
		`w:3:68: services[0].ports[0].address: "127.0.0.1:99999": port "99999" is not a number from 1 to 65535`,
		`w:3:96: services[0].ports[0].dialect: unknown Thrift transport "udp" in dialect "thrift/udp/binary": want framed, unframed, header, ttheader, http, zeromq`,
		`w:4:9: services[1].name: "a" is the name of another service above`,
		`w:6:24: services[1].ports[0].address: "9090": missing port in address; want host:port or unix:///path`,
		`w:6:57: services[1].ports[0].pipeline: is for Thrift; grpc has streams`,
		`w:6:73: services[1].ports[0].interfaces[0]: thrift or grpc must name a service`,
		`w:6:140: services[1].ports[0].interfaces[2].default: only one interface of a port can be the default`,
		`w:7:12: services[1].ports[1].name: "p" is the name of another port of the service`,
		`w:7:24: services[1].ports[1].address: "unix://x": want unix:///absolute/path`,
		`w:7:63: services[1].ports[1].pipeline: 0 is less than 1`,
		`w:7:83: services[1].ports[1].max_connections: 0 is less than 1`,
		`w:8:5: services[1].ports[2].name is missing`,
		`w:8:5: services[1].ports[2].address is missing`,
		`w:8:33: services[1].ports[2].pipeline: needs a schema: without one a oneway call cannot be told from one that is answered`}},
	{"inbound", head + `services: [{name: a, ports: [{name: x, address: "h:1", dialect: grpc}, {name: y, address: "h:2", dialect: thrift}]}]
inbound:
  listeners:
  - {listen: "127.0.0.1:7", service: b, opaque: maybe}
  - {listen: "127.0.0.1:7", service: a}
  - {listen: "127.0.0.1:0", service: a, port: z}
  - {listen: "127.0.0.1:0", service: a, port: x, opaque: allow}
  - {}
`, []string{
		`w:5:38: inbound.listeners[0].service: no service "b" in services`,
		`w:5:49: inbound.listeners[0].opaque: "maybe" is not known: want deny or allow`,
		`w:6:5: inbound.listeners[1]: port is missing: service a has 2 ports`,
		`w:6:14: inbound.listeners[1].listen: "127.0.0.1:7" is taken by inbound.listeners[0].listen`,
		`w:7:47: inbound.listeners[2].port: service a has no port "z"`,
		`w:8:58: inbound.listeners[3].opaque: passing opaque bytes is not available in this version`,
		`w:9:5: inbound.listeners[4].listen is missing`,
		`w:9:5: inbound.listeners[4].service is missing`}},
	{"outbound", head + `outbound: {listeners: [{listen: "127.0.0.1:15000", service: a}, {listen: "x:http", service: b}]}
discovery: {static: {a: [{address: "h:1", dialect: grpc}]}}
`, []string{
		`w:2:74: outbound.listeners[1].listen: "x:http": port "http" is not a number from 0 to 65535`,
		`w:2:93: outbound.listeners[1].service: service "b" has no endpoints in discovery.static and no route`}},
	{"admin where another listens", head + `admin: {listen: "127.0.0.1:1"}
outbound: {listeners: [{listen: "127.0.0.1:1", service: a}]}
discovery: {static: {a: [{address: "h:1", dialect: grpc}]}}
`, []string{`w:2:17: admin.listen: "127.0.0.1:1" is taken by outbound.listeners[0].listen`}},
	{"upstreams", head + `upstreams:
  a: {schema: s, policy: p, endpoint: {dialect: corba, via: mail, pipeline: 2, weight: -1}}
  b: {endpoint: {dialect: thrift, pipeline: 2}}
discovery: {static: {b: [{address: "h:1"}]}}
`, []string{
		`w:3:3: upstreams.a: service "a" has no endpoints in discovery.static`,
		`w:3:15: upstreams.a.schema: no schema "s" in schemas`,
		`w:3:26: upstreams.a.policy: no policy "p" in policies`,
		`w:3:49: upstreams.a.endpoint.dialect: unknown dialect "corba": want grpc, thrift, thrift/TRANSPORT/PROTOCOL or tcp`,
		`w:3:61: upstreams.a.endpoint.via: "mail" is not known: want direct or weft`,
		`w:3:88: upstreams.a.endpoint.weight: -1 is less than 0`,
		`w:4:45: upstreams.b.endpoint.pipeline: needs a schema: without one a oneway call cannot be told from one that is answered`}},
	{"endpoints", head + `discovery:
  static:
    a: []
    b:
    - {address: "h:1", dialect: thrift, pipeline: 3}
    - {address: "h:1", dialect: thrift/http/json, via: weft}
    - {address: ":1", dialect: tcp, schema: s}
    - {address: "h:0", dialekt: grpc}
    - {dialect: ""}
    c:
`, []string{
		`w:4:8: discovery.static.a: empty: name at least one endpoint`,
		`w:6:51: discovery.static.b[0].pipeline: needs a schema: without one a oneway call cannot be told from one that is answered`,
		`w:7:17: discovery.static.b[1].address: "h:1" is given by discovery.static.b[0] already`,
		`w:7:33: discovery.static.b[1].dialect: dialect thrift/http/json is not available in this version`,
		`w:7:56: discovery.static.b[1].via: the hop between sidecars is not available in this version`,
		`w:8:17: discovery.static.b[2].address: ":1": the host is missing`,
		`w:8:32: discovery.static.b[2].dialect: dialect tcp is not available in this version`,
		`w:8:45: discovery.static.b[2].schema: no schema "s" in schemas`,
		`w:9:7: discovery.static.b[3]: dialect is missing: give it here or in upstreams.b.endpoint`,
		`w:9:17: discovery.static.b[3].address: "h:0": port "0" is not a number from 1 to 65535`,
		`w:9:24: unknown key "dialekt" in discovery.static.b[3]: want address, dialect, via, pipeline, weight, max_connections, schema`,
		`w:10:7: discovery.static.b[4].address is missing`,
		`w:10:17: discovery.static.b[4].dialect: empty`,
		`w:11:5: discovery.static.c has no value`}},
	{"routes", head + `routes:
- match: {service: a, method: "get*", headers: {":path": x}}
  split: [{service: b, weight: 0}, {service: a, weight: -1}, {weight: 1}]
  policy: p
- split: []
discovery: {static: {a: [{address: "h:1", dialect: grpc}]}}
`, []string{
		`w:3:31: routes[0].match.method: "get*": want the name of a method, or * for all`,
		`w:3:48: routes[0].match.headers: ":path" is not the name of a header`,
		`w:4:10: routes[0].split: all weights are 0`,
		`w:4:21: routes[0].split[0].service: service "b" has no endpoints in discovery.static`,
		`w:4:57: routes[0].split[1].weight: -1 is less than 0`,
		`w:4:62: routes[0].split[2].service is missing`,
		`w:5:11: routes[0].policy: no policy "p" in policies`,
		`w:6:3: routes[1].match is missing`}},
	{"policies", head + "policies: {p: {timeout: -1s, connect_timeout: 0s, idle_timeout: 5, ordering: strict, idempotent: get, max_pending: 0}}\n", []string{
		"w:2:25: policies.p.timeout: -1s is negative",
		"w:2:47: policies.p.connect_timeout: 0s: must be more than 0",
		`w:2:65: policies.p.idle_timeout: "5" is not a duration such as 250ms or 15s`,
		`w:2:78: policies.p.ordering: "strict" is not known: want connection or none`,
		"w:2:98: policies.p.idempotent: want a list, not a text",
		"w:2:116: policies.p.max_pending: 0 is less than 1"}},
	{"limits", head + `limits:
  memory: 1MiB
  connection_memory: 2MiB
  message: 2GiB
  header_list: 1KiB
  queued_bytes: 1
  stream_window: 1KiB
  connection_window: 128KiB
  connections: 0
  streams_per_connection: 0
  pending: -1
  depth: 65
  first_byte: 0s
  between_bytes: -1s
  write_stall: 0s
  drain: -1s
`, []string{
		"w:4:22: limits.connection_memory: 2MiB is not from 64KiB to 1MiB",
		"w:5:12: limits.message: 2GiB is not from 1KiB to 2MiB",
		"w:6:16: limits.header_list: 1KiB is not from 4KiB to 16MiB",
		"w:7:17: limits.queued_bytes: 1 is not from 16KiB to 1GiB",
		"w:8:18: limits.stream_window: 1KiB is not from 64KiB to 1GiB",
		"w:10:16: limits.connections: 0 is less than 1",
		"w:11:27: limits.streams_per_connection: 0 is less than 1",
		"w:12:12: limits.pending: -1 is less than 1",
		"w:13:10: limits.depth: 65 is not from 1 to 64",
		"w:14:15: limits.first_byte: 0s: must be more than 0",
		"w:15:18: limits.between_bytes: -1s: must be more than 0",
		"w:16:16: limits.write_stall: 0s: must be more than 0",
		"w:17:10: limits.drain: -1s is negative"}},
	{"later versions", head + `inbound: {mesh: {listen: "0.0.0.0:15008"}, transparent: {listen: "0.0.0.0:15006", plaintext: no}}
outbound: {transparent: {listen: "127.0.0.1:15001"}}
discovery: {consul: {address: "127.0.0.1:8500"}}
identity: {source: vault}
telemetry: {tracing: {endpoint: "127.0.0.1:4317"}, access_log: {sample: 2}}
`, []string{
		"w:2:11: inbound.mesh: the hop between sidecars is not available in this version",
		"w:2:44: inbound.transparent: redirected traffic is not available in this version",
		`w:2:94: inbound.transparent.plaintext: "no" is not known: want permissive or deny`,
		"w:3:12: outbound.transparent: redirected traffic is not available in this version",
		"w:4:13: discovery.consul: Consul is not available in this version",
		"w:5:1: identity: mutual TLS is not available in this version",
		`w:5:20: identity.source: "vault" is not known: want files or consul`,
		"w:6:13: telemetry.tracing: tracing is not available in this version",
		"w:6:73: telemetry.access_log.sample: 2 is not a share from 0 to 1"}},
}

func TestBad(t *testing.T) {
	t.Parallel()
	for _, c := range bad {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Parse("dir/w.yaml", []byte(c.text), environment)
			var problems config.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("error is %v", err)
			}
			got := strings.ReplaceAll(err.Error(), "dir/w.yaml:", "w:")
			if want := strings.Join(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
