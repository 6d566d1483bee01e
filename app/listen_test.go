package app

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/config"
)

// Every form that config check lets pass can be listened on.
func TestListenersInEveryFormOfAddress(t *testing.T) {
	for _, addr := range []string{"tcp:127.0.0.1:0", "127.0.0.1:0", "tcp:*:0", "tcp::0", "localhost:0"} {
		s := newSite(t, "listeners", "[{name: inbound, milter: '"+addr+"'}]", "admin.listen", addr, "admin.token", "s3cret")
		for _, a := range append(s.MilterAddrs(), s.AdminAddr()) {
			if _, ok := a.(*net.TCPAddr); !ok {
				t.Errorf("%s: %v", addr, a)
			}
		}
		s.stop()
	}
}

func TestASocketThatCannotBeOpenedIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nofolder", "s")
	p := new(probe)
	_, err := New(Options{Kinds: []filters.Kind{p.kind()}, Log: slog.New(slog.DiscardHandler), Load: func() (*config.Config, error) {
		return config.Load(config.Options{Sections: Sections([]filters.Kind{p.kind()}), Flags: map[string]string{
			"listeners": "[{name: outside, milter: 'unix:" + path + "'}]", "dns.servers": "127.0.0.1:1"}})
	}})
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), `"outside"`) {
		t.Errorf("got %v", err)
	}
	if made, closed := p.counts(); made != 1 || closed != 1 {
		t.Errorf("%d made, %d closed", made, closed)
	}
}
