package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/postern-mail/postern/internal/dnstest"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"postern": main}) }

// zone is the world that the scripts see.
var zone = dnstest.Zone{
	"example.org":               {TXT: []string{"v=spf1 ip4:192.0.2.10 -all"}},
	"_dmarc.example.org":        {TXT: []string{"v=DMARC1; p=reject"}},
	"mail.example.org":          {A: []string{"192.0.2.10"}},
	"10.2.0.192.in-addr.arpa":   {PTR: []string{"mail.example.org"}},
	"_dmarc.shop.example.net":   {TXT: []string{"v=DMARC1; p=quarantine"}},
	"shop.example.net":          {TXT: []string{"v=spf1 -all"}},
	"relay.example.net":         {A: []string{"198.51.100.7"}},
	"7.100.51.198.in-addr.arpa": {PTR: []string{"relay.example.net"}},
}

// TestScripts runs the program as a user types it. $DNS is a name server; the command
// "code N program args..." asks for an exit code.
func TestScripts(t *testing.T) {
	server, err := dnstest.Listen(zone)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("DNS", server.Addr)
			e.Setenv("POSTERN_DNS__SERVERS", server.Addr)
			e.Setenv("POSTERN_HOSTNAME", "mx.example.org")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code},
	})
}

func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N program args...")
	}
	got, err := 0, ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if want, err := strconv.Atoi(args[0]); err != nil || got != want {
		ts.Fatalf("%s: exit code %d, not %s", strings.Join(args[1:], " "), got, fmt.Sprint(args[0]))
	}
}
