package dns

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// maxServers bounds the list: more only add waiting.
const maxServers = 16

// ParseServer reads a server as it is configured: "192.0.2.1", "192.0.2.1:5353",
// "2001:db8::1", "[2001:db8::1]:5353"; the port is 53 unless told.
func ParseServer(s string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.AddrPortFrom(a, 53), nil
	}
	if ap, err := netip.ParseAddrPort(s); err == nil && ap.Port() != 0 {
		return ap, nil
	}
	if host, ok := strings.CutPrefix(s, "["); ok {
		if a, err := netip.ParseAddr(strings.TrimSuffix(host, "]")); err == nil && strings.HasSuffix(host, "]") {
			return netip.AddrPortFrom(a, 53), nil
		}
	}
	return netip.AddrPort{}, fmt.Errorf("dns server %s: want an address or address:port", strconv.QuoteToASCII(s))
}

// serverList is the configured list, or else that of resolv.conf.
func serverList(configured []string, path string) ([]netip.AddrPort, error) {
	if len(configured) == 0 {
		return resolvConf(path)
	}
	if len(configured) > maxServers {
		return nil, fmt.Errorf("%d dns servers: %d at most", len(configured), maxServers)
	}
	var list []netip.AddrPort
	for _, s := range configured {
		ap, err := ParseServer(s)
		if err != nil {
			return nil, err
		}
		list = append(list, ap)
	}
	return list, nil
}

// resolvConf reads the name servers of a resolv.conf(5). As there, a file that is
// missing or names none means the server on this machine.
func resolvConf(path string) ([]netip.AddrPort, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nameservers(strings.NewReader(""))
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	list, err := nameservers(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

func nameservers(r io.Reader) ([]netip.AddrPort, error) {
	var list []netip.AddrPort
	lines := bufio.NewScanner(r)
	for lines.Scan() && len(list) < maxServers {
		f := strings.Fields(lines.Text())
		if len(f) < 2 || f[0] != "nameserver" {
			continue
		}
		a, err := netip.ParseAddr(f[1])
		if err != nil {
			return nil, fmt.Errorf("nameserver %s: not an address", strconv.QuoteToASCII(f[1]))
		}
		list = append(list, netip.AddrPortFrom(a, 53))
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		list = append(list, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 53))
	}
	return list, nil
}
