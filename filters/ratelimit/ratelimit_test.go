package ratelimit

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/embedded"
	"github.com/postern-mail/postern/state/memory"
)

// clock is a time that the test moves.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func rate(t *testing.T, text string) Rate {
	t.Helper()
	var r Rate
	if err := r.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return r
}

type bench struct {
	*filter
	clock *clock
	log   bytes.Buffer
}

func made(t *testing.T, limits ...Limit) *bench {
	t.Helper()
	b := &bench{clock: &clock{time.Unix(1_800_000_000, 0)}}
	m := memory.New(1000, b.clock.now)
	f, err := newFilter(filters.Env{
		Config: &Config{Limits: limits}, Limits: m.Limits(), KV: m.KV(), Now: b.clock.now, Log: slog.New(slog.NewTextHandler(&b.log, nil)),
		Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28")}, Relays: []netip.Prefix{netip.MustParsePrefix("198.51.100.5/32")},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.filter = f
	return b
}

func message(s mail.Session, from string, rcpts ...string) *mail.Message {
	return mail.New(mail.Message{Session: &s, Envelope: mail.Envelope{From: from, Rcpts: rcpts}})
}

func names(r filters.Result) string {
	var list []string
	for _, s := range r.Symbols {
		list = append(list, s.Name)
	}
	return strings.Join(list, " ")
}

var (
	stranger = mail.Session{ClientIP: netip.MustParseAddr("192.0.2.99"), Helo: "mail.example.net"}
	user     = mail.Session{ClientIP: netip.MustParseAddr("192.0.2.99"), AuthUser: "anna@example.org"}
)

func TestRecipientsOfAUserPassUpToTheBurstAndThenAtTheRate(t *testing.T) {
	b := made(t, Limit{Name: "per-user", By: []string{"user"}, Count: countRecipients, Rate: rate(t, "60/h"), Burst: 3, Action: actionTempfail})
	check := func() filters.Result {
		r, err := b.Check(t.Context(), message(user, "anna@example.org", "joe@example.net"))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for i := range 3 {
		if r := check(); names(r) != "" || len(r.Charges) != 1 {
			t.Fatalf("recipient %d: %+v", i, r)
		}
	}
	r := check()
	if names(r) != "RATELIMIT_PER_USER" || len(r.Charges) != 0 || r.Symbols[0].Details[0] != "recipients by user" {
		t.Errorf("over the limit: %+v", r)
	}
	b.clock.t = b.clock.t.Add(59 * time.Second)
	if got := names(check()); got == "" {
		t.Error("passes before it was earned")
	}
	b.clock.t = b.clock.t.Add(time.Second)
	if got := names(check()); got != "" {
		t.Errorf("after a minute: %s", got)
	}
}

func TestWhatIsGivenBackIsNotCountedTwice(t *testing.T) {
	b := made(t, Limit{Name: "x", By: []string{"user"}, Count: countRecipients, Rate: rate(t, "60/h"), Burst: 1, Action: actionTempfail})
	m := message(user, "", "joe@example.net")
	for i := range 5 {
		r, err := b.Check(t.Context(), m)
		if err != nil || names(r) != "" {
			t.Fatalf("attempt %d: %s, %v", i, names(r), err)
		}
		if _, err := b.store.Take(t.Context(), state.GiveBack(r.Charges, b.clock.now())...); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMessagesAndBytesAreLookedAtEarlyAndCountedAtTheEnd(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit Limit
		size  string // announced
		body  int
		early []string // what each transaction finds at RCPT
		late  []string // and at the end
	}{
		{"messages", Limit{Count: countMessages, Rate: rate(t, "1/h"), Burst: 2}, "", 10, []string{"", "", "RATELIMIT_X"}, []string{"", "", "RATELIMIT_X"}},
		{"bytes that were announced", Limit{Count: countBytes, Rate: rate(t, "1KB/h"), Burst: 1000}, "SIZE=600", 600, []string{"", "RATELIMIT_X"}, []string{"", "RATELIMIT_X"}},
		{"bytes that were not", Limit{Count: countBytes, Rate: rate(t, "1KB/h"), Burst: 1000}, "", 600, []string{"", ""}, []string{"", "RATELIMIT_X"}},
		{"more than a burst, once", Limit{Count: countBytes, Rate: rate(t, "1KB/h"), Burst: 1000}, "SIZE=6000", 6000, []string{"", "RATELIMIT_X"}, []string{"", "RATELIMIT_X"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.limit.Name, c.limit.By, c.limit.Action = "x", []string{"client"}, actionTempfail
			b := made(t, c.limit)
			for i := range c.early {
				m := mail.Message{Session: &stranger, Envelope: mail.Envelope{From: "joe@example.net", FromArgs: []string{c.size}, Rcpts: []string{"a@example.org"}}}
				for range 3 { // recipients do not take
					r, err := b.Check(t.Context(), mail.New(m))
					if err != nil || names(r) != c.early[i] || len(r.Charges) != 0 {
						t.Fatalf("transaction %d at RCPT: %s, %v, %v", i, names(r), r.Charges, err)
					}
				}
				m.Body = mail.BodyBytes(make([]byte, c.body))
				r, err := b.Late(t.Context(), mail.New(m))
				if err != nil || names(r) != c.late[i] || (len(r.Charges) == 1) != (c.late[i] == "") {
					t.Fatalf("transaction %d at the end: %s, %v, %v", i, names(r), r.Charges, err)
				}
			}
		})
	}
}

func TestForWhomALimitHolds(t *testing.T) {
	trusted, relay, local := stranger, stranger, mail.Session{Local: true}
	trusted.ClientIP, relay.ClientIP = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.5")
	for _, c := range []struct {
		name    string
		by      []string
		all     bool
		session mail.Session
		from    string
		who     string // "": it does not hold
	}{
		{"a user", []string{"user"}, false, user, "", "anna@example.org"},
		{"a stranger has no user", []string{"user"}, false, stranger, "", ""},
		{"a stranger's address", []string{"client"}, false, stranger, "", "192.0.2.99"},
		{"a user is no stranger", []string{"client"}, false, user, "", ""},
		{"a user of a limit for all", []string{"client"}, true, user, "", "192.0.2.99"},
		{"a trusted network", []string{"client"}, false, trusted, "", ""},
		{"a trusted network of a limit for all", []string{"client"}, true, trusted, "", "192.0.2.1"},
		{"a relay's address", []string{"client"}, true, relay, "", ""},
		{"who writes through a relay", []string{"sender"}, false, relay, "joe@example.net", "joe@example.net"},
		{"sendmail", []string{"sender"}, false, local, "joe@example.net", ""},
		{"a network", []string{"network"}, false, stranger, "", "192.0.2.0/24"},
		{"an IPv6 customer", []string{"client"}, false, mail.Session{ClientIP: netip.MustParseAddr("2001:db8:1:2:3::4")}, "", "2001:db8:1:2::/64"},
		{"an IPv6 network", []string{"network"}, false, mail.Session{ClientIP: netip.MustParseAddr("2001:db8:1:2:3::4")}, "", "2001:db8:1::/48"},
		{"no address", []string{"client"}, false, mail.Session{}, "", ""},
		{"HELO", []string{"helo"}, false, stranger, "", "mail.example.net"},
		{"a sender's domain", []string{"sender_domain"}, false, stranger, "joe@EXAMPLE.net.", "example.net"},
		{"the null sender", []string{"sender_domain"}, false, stranger, "", ""},
		{"a recipient", []string{"rcpt"}, false, stranger, "", "anna@example.org"},
		{"a pair", []string{"sender_domain", "rcpt_domain"}, false, stranger, "joe@example.net", "example.net example.org"},
		{"a pair of which one is not known", []string{"sender", "rcpt"}, false, stranger, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := made(t, Limit{Name: "x", By: c.by, Count: countRecipients, Rate: rate(t, "1/h"), Action: actionTempfail, All: c.all})
			asks := b.asks(&b.limits[0], message(c.session, c.from, "anna@example.org"), 1, true)
			got := ""
			if len(asks) > 0 {
				got = asks[0].who
			}
			if got != c.who || len(asks) > 1 {
				t.Errorf("%q, want %q", got, c.who)
			}
		})
	}
}

func TestEvidenceStandsInNobodysWay(t *testing.T) {
	b := made(t, Limit{Name: "watch", By: []string{"user"}, Count: countRecipients, Rate: rate(t, "1/h"), Action: actionEvidence},
		Limit{Name: "hold", By: []string{"user"}, Count: countRecipients, Rate: rate(t, "2/h"), Action: actionTempfail})
	want := []string{"", "RATELIMIT_WATCH", "RATELIMIT_WATCH RATELIMIT_HOLD"}
	for i, w := range want {
		r, err := b.Check(t.Context(), message(user, "", "joe@example.net"))
		if err != nil || names(r) != w {
			t.Errorf("recipient %d: %q, want %q, %v", i, names(r), w, err)
		}
	}
	docs := (&Config{Limits: b.limits}).symbols()
	if docs[0].Action != "" || docs[1].Action != scoring.Tempfail || docs[1].Early != mail.StageRcpt {
		t.Errorf("%+v", docs)
	}
}

func TestAnAlertIsLoggedOnceInTheTimeOfTheRate(t *testing.T) {
	b := made(t, Limit{Name: "x", By: []string{"user"}, Count: countRecipients, Rate: rate(t, "4/h"), Action: actionTempfail, Alert: 0.5})
	for i, w := range []string{"", "RATELIMIT_ALERT", "RATELIMIT_ALERT", "RATELIMIT_ALERT", "RATELIMIT_X RATELIMIT_ALERT"} {
		if r, err := b.Check(t.Context(), message(user, "", "joe@example.net")); err != nil || names(r) != w {
			t.Errorf("recipient %d: %q, want %q, %v", i, names(r), w, err)
		}
	}
	if n := strings.Count(b.log.String(), "much of a limit"); n != 1 {
		t.Errorf("%d lines: %s", n, b.log.String())
	}
	b.clock.t = b.clock.t.Add(2 * time.Hour)
	for range 2 {
		if _, err := b.Check(t.Context(), message(user, "", "joe@example.net")); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(b.log.String(), "much of a limit"); n != 2 {
		t.Errorf("%d lines: %s", n, b.log.String())
	}
}

// away is a store that does not answer.
type away struct{ state.Limits }

func (away) Take(context.Context, ...state.Take) (state.Taken, error) {
	return state.Taken{}, state.ErrAway
}

func TestAStoreThatIsAwayIsAnErrorAndNoFinding(t *testing.T) {
	b := made(t, Limit{Name: "x", By: []string{"user"}, Count: countRecipients, Rate: rate(t, "4/h"), Action: actionTempfail})
	b.store = away{}
	r, err := b.Check(t.Context(), message(user, "", "joe@example.net"))
	if !errors.Is(err, state.ErrAway) || names(r) != "" {
		t.Errorf("%v, %s", err, names(r))
	}
}

func TestAFileKeepsLimitsForTheNextProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	now := &clock{time.Unix(1_800_000_000, 0)}
	limit := Limit{Name: "x", By: []string{"user"}, Count: countRecipients, Rate: rate(t, "1/h"), Action: actionTempfail}
	for i, want := range []string{"", "RATELIMIT_X"} {
		db, err := embedded.Open(embedded.Options{Path: path, Now: now.now, Sweep: -1})
		if err != nil {
			t.Fatal(err)
		}
		f, err := newFilter(filters.Env{Config: &Config{Limits: []Limit{limit}}, Limits: db.Limits(), KV: db.KV(), Now: now.now})
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Check(t.Context(), message(user, "", "joe@example.net"))
		if err != nil || names(r) != want {
			t.Errorf("process %d: %q, want %q, %v", i, names(r), want, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
