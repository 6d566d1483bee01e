package app

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/filters/all"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/internal/miltertest"
	"github.com/postern-mail/postern/internal/redistest"
)

// monitor sees every command that a Redis is sent.
type monitor struct {
	t      *testing.T
	server *redistest.Server
	lines  *bufio.Scanner
	marks  int
}

func watch(t *testing.T, server *redistest.Server) *monitor {
	t.Helper()
	conn, err := net.Dial("tcp", server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := fmt.Fprint(conn, "MONITOR\r\n"); err != nil {
		t.Fatal(err)
	}
	m := &monitor{t: t, server: server, lines: bufio.NewScanner(conn)}
	m.lines.Buffer(nil, 4<<20)
	if !m.lines.Scan() || m.lines.Text() != "+OK" {
		t.Fatalf("MONITOR: %q", m.lines.Text())
	}
	return m
}

// since gives the names of the commands since it was asked last. What scripts do within the server, what a
// connection begins with, and what the test itself asks is left out.
func (m *monitor) since() []string {
	m.t.Helper()
	m.marks++
	mark := fmt.Sprint("mark-", m.marks)
	m.server.Do(m.t, "ECHO", mark)
	var names []string
	for m.lines.Scan() {
		line := m.lines.Text()
		if strings.Contains(line, mark) {
			return names
		}
		_, command, _ := strings.Cut(line, `] "`)
		name, _, _ := strings.Cut(command, `"`)
		if name = strings.ToLower(name); strings.Contains(line, " lua]") || strings.Contains(" hello client select echo ", " "+name+" ") {
			continue
		}
		names = append(names, name)
	}
	m.t.Fatal(m.lines.Err())
	return nil
}

func TestRedisCommandsOfAMessage(t *testing.T) {
	server, dns := redistest.Start(t), dnstest.Serve(t, dnstest.Zone{})
	s := newSiteOf(t, append([]filters.Kind(nil), all.Kinds...), "redis.url", "redis://"+server.Addr, "state.dir", t.TempDir(),
		"dns.servers", dns.Addr, "filters.dnsbl.enabled", "false", "filters.greylist.delay", "6h", "rules.defaults", "false",
		"policies", "[{name: doubtful, match: {sender_domains: [doubtful.example.net]}, thresholds: {greylist: -100, mark: off, quarantine: off, reject: off}}, "+
			"{name: plain, match: {sender_domains: [plain.example.net]}, thresholds: {greylist: off}}]")
	send := func(from string) {
		t.Helper()
		_, err := miltertest.Attempt(s.MilterAddrs()[0], "198.51.100.7", miltertest.Message{
			From: from, Rcpts: []string{"anna@example.org"}, Header: [][2]string{{"From", " " + from}, {"Subject", " hi"}}, Body: "hello\r\n",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	send("joe@plain.example.net")    // the scripts are not known before
	send("joe@doubtful.example.net") // neither is this one
	m := watch(t, server)
	for _, c := range []struct {
		name, from, want string
	}{
		{"limits at RCPT and at the end, and the verdict", "joe@plain.example.net", "evalsha evalsha evalsha"},
		{"the same, what waits, and what is given back", "joe@doubtful.example.net", "evalsha evalsha evalsha evalsha evalsha"},
	} {
		send(c.from)
		// The charge is given back after the answer.
		var got []string
		redistest.Wait(t, c.name, func() bool {
			got = append(got, m.since()...)
			return len(got) >= len(strings.Fields(c.want))
		})
		if text := strings.Join(append(got, m.since()...), " "); text != c.want {
			t.Errorf("%s: %s, want %s", c.name, text, c.want)
		}
	}
	lasting(t, server)
}

// lasting demands that every key ends.
func lasting(t *testing.T, server *redistest.Server) {
	t.Helper()
	client := server.Client(t)
	keys, err := client.Keys(context.Background(), "*").Result()
	if err != nil || len(keys) < 5 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	for _, key := range keys {
		if left, err := client.PTTL(context.Background(), key).Result(); err != nil || left <= 0 {
			t.Errorf("%q lasts %v, %v", key, left, err)
		}
	}
	t.Logf("%d keys, all of them end", len(keys))
}
