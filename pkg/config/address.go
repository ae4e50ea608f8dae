package config

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
)

// SplitAddress returns an address of the configuration as net.Dial and net.Listen take it: "unix:///run/a.sock" gives
// "unix", "/run/a.sock"; "host:port" gives "tcp" and itself.
func SplitAddress(s string) (network, address string) {
	if p, ok := strings.CutPrefix(s, "unix://"); ok {
		return "unix", p
	}
	return "tcp", s
}

// checkAddress tells what is wrong with an address. One to listen on may leave out the host and have port 0.
func checkAddress(s string, listen bool) error {
	if strings.HasPrefix(s, "unix:") {
		p, ok := strings.CutPrefix(s, "unix://")
		if !ok || !filepath.IsAbs(p) {
			return fmt.Errorf("%q: want unix:///absolute/path", s)
		}
		return nil
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		var addr *net.AddrError
		if errors.As(err, &addr) {
			return fmt.Errorf("%q: %s; want host:port or unix:///path", s, addr.Err)
		}
		return fmt.Errorf("%q: want host:port or unix:///path", s)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 && !listen {
		return fmt.Errorf("%q: port %q is not a number from %d to 65535", s, port, map[bool]int{true: 0, false: 1}[listen])
	}
	if host == "" && !listen {
		return fmt.Errorf("%q: the host is missing", s)
	}
	return nil
}
