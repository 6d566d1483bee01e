package app

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-mail/postern/admin"
)

func TestHealthTellsByItsExitCode(t *testing.T) {
	socket := "unix:" + filepath.Join(t.TempDir(), "admin.sock")
	s := newSite(t, "admin.listen", socket, "state.dir", t.TempDir())
	d := desk{t: t, keys: []string{"--set", "admin.listen=" + socket}}
	d.prints([]string{"health"}, "ok\n")
	s.health.Set(admin.Condition{Name: "x", Detail: "\x1b[2J"})
	d.prints([]string{"health"}, "degraded\n", `x: \x1b[2J`)
	s.health.Set(admin.Condition{Name: "x", Blocks: true})
	if code, out, _ := d.run("health"); code != ExitFailed || !strings.HasPrefix(out, "blocked\n") {
		t.Errorf("exit %d: %s", code, out)
	}
	d.prints([]string{"health", "--live"}, "blocked\n")
	s.stop()
	if code, _, errOut := d.run("health"); code != ExitFailed || !strings.Contains(errOut, "admin.sock") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if code, _, errOut := d.run("--set", "admin.listen=", "health"); code != ExitFailed || !strings.Contains(errOut, "admin.listen") {
		t.Errorf("exit %d: %s", code, errOut)
	}
}

func TestAListenerOnAllAddressesIsAskedOnOne(t *testing.T) {
	for addr, want := range map[string]string{
		":8891": "localhost:8891", "0.0.0.0:8891": "localhost:8891", "[::]:8891": "localhost:8891",
		"192.0.2.1:8891": "192.0.2.1:8891", "/run/admin.sock": "/run/admin.sock",
	} {
		if got := own(addr); got != want {
			t.Errorf("%s: %s", addr, got)
		}
	}
}
