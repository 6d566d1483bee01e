package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/filters/all"
	"github.com/postern-mail/postern/internal/redistest"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/backend"
	"github.com/postern-mail/postern/verdicts"
)

// desk is a postmaster's terminal on a machine whose daemon has its state open.
type desk struct {
	t     *testing.T
	keys  []string
	state state.Store
}

// newDesk opens the state in a new folder, or in the Redis of that URL.
func newDesk(t *testing.T, url string) *desk {
	t.Helper()
	c := backend.Config{Dir: t.TempDir(), Redis: backend.Redis{URL: url, Prefix: "postern:", Timeout: 5 * time.Second}}
	s, err := backend.Open(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &desk{t, []string{"--set", "state.dir=" + c.Dir, "--set", "redis.url=" + url, "--set", "dns.servers=127.0.0.1:1", "--set", "rules.defaults=false"}, s}
}

// run runs a command and gives its exit code and what it printed.
func (d *desk) run(args ...string) (code int, out, errOut string) {
	d.t.Helper()
	var o, e bytes.Buffer
	code = Main(append(d.keys, args...), strings.NewReader(""), &o, &e, all.Kinds...)
	return code, o.String(), e.String()
}

// prints demands that the command works and prints all of these.
func (d *desk) prints(args []string, wants ...string) string {
	d.t.Helper()
	code, out, errOut := d.run(args...)
	if code != ExitOK {
		d.t.Fatalf("%v: exit %d: %s", args, code, errOut)
	}
	for _, want := range wants {
		if !strings.Contains(out, want) {
			d.t.Errorf("%v: no %q in\n%s", args, want, out)
		}
	}
	return out
}

func (d *desk) add(r *verdicts.Record) *verdicts.Record {
	d.t.Helper()
	if err := d.state.Verdicts().Add(d.t.Context(), r); err != nil {
		d.t.Fatal(err)
	}
	return r
}

func record(at time.Time, from, rcpt, subject string, action scoring.Action) *verdicts.Record {
	at = at.UTC().Truncate(time.Millisecond)
	return &verdicts.Record{
		ID: verdicts.NewID(at), Time: at, QueueID: "4Q" + strings.ToUpper(string(action)), Action: action, Score: 7, Mode: scoring.Enforce, Policy: "default",
		Session: verdicts.Session{ClientIP: "192.0.2.1"}, Envelope: verdicts.Envelope{From: from, Rcpts: []string{rcpt}},
		Message: verdicts.Message{Subject: subject, MessageID: "<" + subject + "@example.net>"},
		Symbols: []verdicts.Symbol{{Name: "SPF_PASS", Score: -0.2}},
	}
}

func TestVerdictsAreListedFilteredAndShown(t *testing.T) {
	for _, url := range []string{"", "redis://" + redistest.Start(t).Addr} {
		d := newDesk(t, url)
		now := time.Now()
		old := d.add(record(now.Add(-3*time.Hour), "joe@example.net", "anna@example.org", "invoice", scoring.Accept))
		d.add(record(now.Add(-time.Hour), "eve@example.com", "otto@example.org", "\x1b[2J\u202eevil", scoring.Reject))
		out := d.prints([]string{"verdicts"}, "TIME", "joe@example.net", "otto@example.org", `\x1b[2J\u202eevil`)
		if strings.Contains(out, "\x1b") || strings.Index(out, "joe") > strings.Index(out, "eve@") {
			t.Errorf("unsafe, or not the newest last:\n%s", out)
		}
		for _, flags := range [][]string{
			{"--action", "accept"}, {"--from", "example.net"}, {"--rcpt", "anna@example.org"}, {"--until", "2h"}, {"--text", "INVOICE"},
			{"--queue-id", "4QACCEPT"}, {"--message-id", "invoice@example.net"}, {"--symbol", "spf_pass", "--until", "2h"},
		} {
			var r verdicts.Record
			out := d.prints(append([]string{"verdicts", "list", "--json"}, flags...))
			if err := json.Unmarshal([]byte(out), &r); err != nil || r.ID != old.ID {
				t.Errorf("%v: %v, %s", flags, err, out)
			}
		}
		if out := d.prints([]string{"verdicts", "--ip", "198.51.100.1", "--json"}); out != "" {
			t.Errorf("nobody's verdicts: %s", out)
		}
		d.prints([]string{"verdicts", "show", old.ID}, "accept", old.ID, "invoice", "SPF_PASS", "anna@example.org")
		d.prints([]string{"verdicts", "show", "4QREJECT", "--json"}, `"action": "reject"`)
	}
}

func TestVerdictsThatMakeNoSense(t *testing.T) {
	d := newDesk(t, "")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"verdicts", "--action", "x"}, ExitUsage, "action"},
		{[]string{"verdicts", "--limit", "5000"}, ExitUsage, "1000"},
		{[]string{"verdicts", "--since", "yesterday"}, ExitUsage, "since"},
		{[]string{"verdicts", "show", "01hq"}, ExitFailed, `"01hq"`},
		{[]string{"limits", "reset"}, ExitUsage, "--all"},
		{[]string{"greylist", "allow", "example.net"}, ExitFailed, "nothing that waits"},
		{[]string{"state", "copy", "--from", "embedded", "--to", "redis"}, ExitUsage, "redis.url"},
		{[]string{"state", "copy", "--from", "embedded", "--to", "embedded"}, ExitUsage, "same place"},
		{[]string{"--set", "state.dir=/nonexistent", "verdicts"}, ExitFailed, "make the folder"},
		{[]string{"--set", "redis.url=redis://127.0.0.1:1", "verdicts"}, ExitFailed, "away"},
		{[]string{"--set", "redis.url=http://x", "verdicts"}, ExitConfig, "redis"},
	} {
		if code, out, errOut := d.run(c.args...); code != c.code || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: exit %d, %s%s", c.args, code, out, errOut)
		}
	}
}

// pipe is a terminal that tells of each line.
type pipe struct{ lines chan string }

func (p pipe) Write(b []byte) (int, error) {
	p.lines <- string(b)
	return len(b), nil
}

func TestFollowingGoesOnWhereTheListEnds(t *testing.T) {
	for _, url := range []string{"", "redis://" + redistest.Start(t).Addr} {
		d := newDesk(t, url)
		d.add(record(time.Now(), "joe@example.net", "anna@example.org", "first", scoring.Accept))
		out := pipe{make(chan string, 100)}
		ctx, stop := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() {
			c := verdictsListCmd{Follow: true, Action: "accept"}
			q, err := c.query()
			if err == nil {
				err = c.list(ctx, &program{out: out, errOut: t.Output()}, d.state.Verdicts(), q)
			}
			if err != nil {
				t.Error(err)
			}
		})
		if head, line := <-out.lines, <-out.lines; !strings.HasPrefix(head, "TIME") || !strings.Contains(line, "first") {
			t.Errorf("%q, %q", head, line)
		}
		d.add(record(time.Now(), "joe@example.net", "anna@example.org", "other", scoring.Reject))
		d.add(record(time.Now(), "joe@example.net", "anna@example.org", "second", scoring.Accept))
		if line := <-out.lines; !strings.Contains(line, "second") {
			t.Errorf("%q", line)
		}
		stop()
		ended.Wait()
	}
}

func TestLimitsAreShownAndReset(t *testing.T) {
	for _, url := range []string{"", "redis://" + redistest.Start(t).Addr} {
		d := newDesk(t, url)
		a := office(t, "enforce", "ratelimit", twoRecipients)
		a.limits, a.kv = d.state.Limits(), d.state.KV()
		if err := a.Reload(); err != nil {
			t.Fatal(err)
		}
		d.keys = append(d.keys, "--set", "filters.ratelimit="+twoRecipients)
		d.prints([]string{"limits"}, "no limit is in use")
		dialogue, accepted, _ := begin(t, a, anna, "a@example.net", "b@example.net")
		finish(t, a, dialogue, anna, accepted, "hello")
		d.prints([]string{"limits", "list"}, "per-user", "anna@example.org", "100 %", "0 of 2 recipients")
		d.prints([]string{"limits", "show", "ANNA@example.org"}, "per-user")
		d.prints([]string{"limits", "show", "otto@example.org"}, "no limit is in use")
		var lines []struct {
			Limit string
			Who   map[string]string
		}
		if err := json.Unmarshal([]byte(d.prints([]string{"limits", "--above", "0.5", "--name", "per-user", "--json"})), &lines); err != nil || len(lines) != 1 || lines[0].Who["user"] != "anna@example.org" {
			t.Errorf("%v, %v", lines, err)
		}
		if _, _, refusal := begin(t, a, anna, "c@example.net"); refusal == nil {
			t.Error("the limit lets more through")
		}
		d.prints([]string{"limits", "reset", "anna@example.org"}, "1 limits reset")
		if _, accepted, _ := begin(t, a, anna, "c@example.net"); accepted == nil {
			t.Error("refused after the reset")
		}
		alerts, _, err := d.state.KV().List(t.Context(), "ratelimit:alert:", "", 10)
		if err != nil || len(alerts) != 1 {
			t.Errorf("warnings remembered of what is in use now: %v, %v", alerts, err)
		}
		d.prints([]string{"limits", "reset", "--all"}, "1 limits reset")
		if alerts, _, _ := d.state.KV().List(t.Context(), "ratelimit:alert:", "", 10); len(alerts) != 0 {
			t.Errorf("warnings remembered: %v", alerts)
		}
	}
}

func TestOneWaitingMessageIsLetIn(t *testing.T) {
	for _, url := range []string{"", "redis://" + redistest.Start(t).Addr} {
		d := newDesk(t, url)
		a := office(t, "enforce", "greylist", "{}", verdictKind(5, ""))
		a.store, a.kv = d.state.Verdicts(), d.state.KV()
		if err := a.Reload(); err != nil {
			t.Fatal(err)
		}
		send := func(rcpt, text string) *verdicts.Record {
			dialogue, accepted, _ := begin(t, a, client, rcpt)
			finish(t, a, dialogue, client, accepted, text)
			page, _, err := a.store.Query(t.Context(), verdicts.Query{Limit: 1})
			if err != nil || len(page) != 1 {
				t.Fatal(page, err)
			}
			return page[0]
		}
		first := send("a@example.net", "hello")
		send("b@example.net", "hello")
		if first.Action != scoring.Greylist {
			t.Fatalf("%+v", first)
		}
		d.prints([]string{"greylist"}, "waits ", "<anna@example.org> to <a@example.net>", "192.0.2.0/24", "one content")
		d.prints([]string{"greylist", "list", "b@example.net", "--json"}, `"rcpt": "b@example.net"`)
		d.prints([]string{"greylist", "allow", first.ID}, "one content from <anna@example.org> to <a@example.net>")
		if r := send("a@example.net", "hello"); r.Action != scoring.Accept {
			t.Errorf("let in, but %s", r.Action)
		}
		if r := send("b@example.net", "hello"); r.Action != scoring.Greylist {
			t.Errorf("another message is let in: %s", r.Action)
		}
		d.prints([]string{"greylist", "--known"}, "has waited", "a@example.net")
		d.prints([]string{"greylist", "allow", "192.0.2.77"}, "b@example.net")
		if r := send("b@example.net", "something else"); r.Action != scoring.Accept {
			t.Errorf("the network is let in, but %s", r.Action)
		}
		d.prints([]string{"greylist", "forget", "anna@example.org"}, "entries forgotten")
		if r := send("a@example.net", "hello"); r.Action != scoring.Greylist {
			t.Errorf("forgotten, but %s", r.Action)
		}
	}
}

func TestTheStateIsCopiedThereAndBack(t *testing.T) {
	server := redistest.Start(t)
	d := newDesk(t, "")
	for i := range 30 {
		d.add(record(time.Now().Add(time.Duration(i-30)*time.Minute), "joe@example.net", "anna@example.org", fmt.Sprint("number ", i), scoring.Accept))
	}
	d.prints([]string{"state"}, "embedded", "state.db", "verdicts", "30", "newest")
	url := "redis://" + server.Addr + "/3"
	code, out, errOut := d.run("state", "copy", "--from", "embedded", "--to", url, "--progress")
	if code != ExitOK || !strings.Contains(out, "verdicts: 30\n") || !strings.Contains(errOut, "100 %") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	d.prints([]string{"--set", "redis.url=" + url, "state"}, "redis", url, "30", "waiting")
	back := t.TempDir()
	d.prints([]string{"state", "copy", "--from", url, "--to", back}, "verdicts: 30\n")
	d.prints([]string{"--set", "state.dir=" + filepath.Clean(back), "verdicts", "--text", "number 7"}, "number 7")
}

func TestWhileRedisIsAwayWhatWaitsIsShown(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	d := newDesk(t, "redis://"+server.Addr)
	r := d.add(record(time.Now(), "joe@example.net", "anna@example.org", "hello", scoring.Accept))
	for _, args := range [][]string{{"verdicts"}, {"verdicts", "show", r.ID}} {
		code, out, errOut := d.run(args...)
		if code != ExitOK || !strings.Contains(out, "joe@example.net") || !strings.Contains(errOut, "only verdicts that wait on this machine") {
			t.Errorf("%v: exit %d: %s%s", args, code, out, errOut)
		}
	}
	server.Run(t)
	redistest.Wait(t, "it is handed over", func() bool { return d.state.Status().Waiting == 0 && !d.state.Status().Degraded })
	d.prints([]string{"state"}, "redis", "0 verdicts on this machine")
}

func TestARecordOfALocalMessageHasALine(t *testing.T) {
	var b bytes.Buffer
	r := record(time.Now(), "", "", "", scoring.Accept)
	r.Envelope.Rcpts = nil
	if err := r.WriteLine(&b); err != nil || !strings.Contains(b.String(), "<>") || strings.Count(b.String(), "\n") != 1 {
		t.Errorf("%q, %v", b.String(), err)
	}
}
