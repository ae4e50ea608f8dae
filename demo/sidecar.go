package demo

import (
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
)

//go:embed idl/orders.thrift
var ordersThrift []byte

// configText is a sidecar's configuration: it stands beside one application and takes calls of every dialect for it.
const configText = `version: weft/v1
schemas: {orders: {files: [orders.thrift]}}
services:
- name: orders
  schema: orders
  ports: [{name: main, address: "%s", dialect: %s}]
inbound:
  listeners: [{listen: "%s", service: orders, port: main}]
admin: {listen: "%s"}
log: {level: warn}
`

// sidecar starts a sidecar beside the application at app, which speaks dialect, and gives the address for its callers.
func sidecar(ctx context.Context, start Start, dir, dialect, app string) (addr string, stop func() error, err error) {
	addr, file, err := writeConfig(dir, dialect, app)
	if err != nil {
		return "", nil, fmt.Errorf("prepare the sidecar of the %s server: %w", dialect, err)
	}
	stop, err = start(ctx, file)
	if err != nil {
		return "", nil, fmt.Errorf("start the sidecar of the %s server: %w", dialect, err)
	}
	return addr, stop, nil
}

// writeConfig writes a sidecar's files into a folder of their own.
func writeConfig(dir, dialect, app string) (addr, file string, err error) {
	ports, err := freePorts(2)
	if err != nil {
		return "", "", err
	}
	dir = filepath.Join(dir, dialect)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "orders.thrift"), ordersThrift, 0o644); err != nil {
		return "", "", err
	}
	file = filepath.Join(dir, "weft.yaml")
	text := fmt.Sprintf(configText, app, dialect, ports[0], ports[1])
	return ports[0], file, os.WriteFile(file, []byte(text), 0o644)
}

// freePorts gives local addresses that were free a moment ago, below the ports that systems give to outgoing
// connections, so that they are most likely free until the sidecar takes them.
func freePorts(n int) ([]string, error) {
	var addrs []string
	var err error
	for range 100 {
		if len(addrs) == n {
			return addrs, nil
		}
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))); err != nil {
			continue
		}
		defer func() { _ = l.Close() }() // after the last was found, so that all differ
		addrs = append(addrs, l.Addr().String())
	}
	return nil, fmt.Errorf("find a free port: %w", err)
}
