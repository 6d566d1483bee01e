package config

import (
	"errors"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// checks are the named checks of a text that a field's tag may ask for. An
// empty text passes where the key may be left out.
var checks = map[string]func(string) *problem{
	"socket":   checkSocket,
	"server":   checkServer,
	"hostname": checkHostname,
	"domain":   checkDomain,
	"word":     checkWord,
	"line":     checkLine,
}

// ParseSocket splits a socket address, unix:PATH, tcp:HOST:PORT or HOST:PORT,
// into the network and the address that net.Listen takes. The host may be
// empty or *: all addresses.
func ParseSocket(text string) (network, addr string, err error) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		if !strings.HasPrefix(path, "/") || strings.ContainsRune(path, 0) {
			return "", "", errSocket
		}
		if len(path) > maxSocketPath {
			return "", "", errSocketLong
		}
		return "unix", path, nil
	}
	host, port, err := net.SplitHostPort(strings.TrimPrefix(text, "tcp:"))
	if err != nil || !isPort(port) {
		return "", "", errSocket
	}
	if host == "*" {
		host = ""
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" && !hostname.MatchString(host) {
		return "", "", errSocket
	}
	return "tcp", net.JoinHostPort(host, port), nil
}

// maxSocketPath is what sun_path holds on Linux without its final NUL (unix(7)).
const maxSocketPath = 107

var (
	errSocket     = errors.New("not a socket address")
	errSocketLong = errors.New("a path too long for a socket")
)

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == s
}

func checkSocket(text string) *problem {
	if text == "" {
		return nil
	}
	if _, _, err := ParseSocket(text); err != nil {
		return problemf("unix:/PATH or tcp:HOST:PORT", "%q is %s", text, err)
	}
	return nil
}

// isLocal tells whether only this host reaches the socket. A name other than
// localhost may be any address.
func isLocal(text string) bool {
	network, addr, err := ParseSocket(text)
	if err != nil || network == "unix" {
		return err == nil
	}
	host, _, _ := net.SplitHostPort(addr)
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Unmap().IsLoopback()
}

func checkServer(text string) *problem {
	host := text
	if h, port, err := net.SplitHostPort(text); err == nil && isPort(port) {
		host = h
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return problemf("an address, as in 127.0.0.1, 127.0.0.1:53 or [::1]:53", "%q is not the address of a name server", text)
	}
	return nil
}

// hostname is the usual form of a name (RFC 1123 section 2.1), with the
// underscore that many use.
var hostname = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$`)

const maxName = 253 // RFC 1035 section 3.1, without the root

func checkHostname(text string) *problem {
	if text == "" || len(text) <= maxName && hostname.MatchString(text) {
		return nil
	}
	return problemf("as in mx.example.org", "%q is not a host name", text)
}

func checkDomain(text string) *problem {
	if bare := strings.TrimPrefix(text, "."); bare != "" && len(bare) <= maxName && hostname.MatchString(bare) {
		return nil
	}
	return problemf("example.org, or .example.org for all below it too; names of other scripts in their xn-- form",
		"%q is not a domain", text)
}

var word = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

func checkWord(text string) *problem {
	if word.MatchString(text) {
		return nil
	}
	return problemf("lower-case letters, digits, - and _", "%q is not a name", text)
}

func checkLine(text string) *problem {
	const longest = 200
	if len(text) > longest || strings.ContainsFunc(text, unicode.IsControl) {
		return problemf("", "must be one line of at most %d bytes", longest)
	}
	return nil
}
