package greylist

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/embedded"
	"github.com/postern-mail/postern/state/memory"
)

var start = time.Unix(1_800_000_000, 0)

// attempt is one try to bring in a message.
type attempt struct {
	after    time.Duration
	ip, from string
	rcpt     string
	body     string
	auth     []authres.Result
	waits    bool
}

func spf(domain string) []authres.Result {
	return []authres.Result{{Method: "spf", Value: authres.Pass, Props: []authres.Prop{{Type: "smtp", Name: "mailfrom", Value: "x@" + domain}}}}
}

func (a attempt) message() (*mail.Message, scoring.Evidence) {
	h, b := mail.Read([]byte("Subject: hi\r\n\r\n" + a.body + "\r\n"))
	return mail.New(mail.Message{
		Session: &mail.Session{ClientIP: netip.MustParseAddr(a.ip)}, Envelope: mail.Envelope{From: a.from, Rcpts: []string{a.rcpt}},
		Now: start.Add(a.after), Header: h, Body: b,
	}), scoring.Evidence{Auth: a.auth}
}

func made(kv state.KV) *filter {
	return newFilter(filters.Env{Config: Kind.Config(), KV: kv, Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
}

func TestWhoWaitsAndWhoPasses(t *testing.T) {
	const day = 24 * time.Hour
	for name, attempts := range map[string][]attempt{
		"a retry passes after the delay": {
			{0, "192.0.2.1", "a", "b", "x", nil, true}, {299 * time.Second, "192.0.2.1", "a", "b", "x", nil, true}, {300 * time.Second, "192.0.2.1", "a", "b", "x", nil, false}},
		"another host of the network passes": {{0, "192.0.2.1", "a", "b", "x", nil, true}, {time.Hour, "192.0.2.200", "a", "b", "y", nil, false}},
		"another network waits":              {{0, "192.0.2.1", "a", "b", "x", nil, true}, {time.Hour, "198.51.100.1", "a", "b", "y", nil, true}},
		"the same content passes from anywhere": {
			{0, "192.0.2.1", "a", "b", "x", nil, true}, {time.Hour, "198.51.100.1", "a", "b", "x", nil, false}},
		"another recipient waits": {{0, "192.0.2.1", "a", "b", "x", nil, true}, {time.Hour, "192.0.2.1", "a", "c", "x", nil, true}},
		"a domain that is vouched for passes from anywhere, whoever writes": {
			{0, "192.0.2.1", "a", "b", "x", spf("example.net"), true}, {time.Hour, "2001:db8::1", "c", "d", "y", spf("example.net"), false}},
		"who came late begins anew":                            {{0, "192.0.2.1", "a", "b", "x", nil, true}, {2*day + time.Second, "192.0.2.1", "a", "b", "x", nil, true}},
		"who has passed is known":                              {{0, "192.0.2.1", "a", "b", "x", nil, true}, {time.Hour, "192.0.2.1", "a", "b", "x", nil, false}, {35 * day, "192.0.2.1", "a", "b", "y", nil, false}, {69 * day, "192.0.2.1", "a", "b", "z", nil, false}},
		"who is long gone is not":                              {{0, "192.0.2.1", "a", "b", "x", nil, true}, {time.Hour, "192.0.2.1", "a", "b", "x", nil, false}, {37 * day, "192.0.2.1", "a", "b", "y", nil, true}},
		"a trusted network never waits":                        {{0, "127.0.0.1", "a", "b", "x", nil, false}},
		"a code from a domain that is vouched for never waits": {{0, "192.0.2.1", "a", "b", "Your verification code is 123 456.", spf("example.net"), false}},
		"a code from anybody waits":                            {{0, "192.0.2.1", "a", "b", "Your verification code is 123456.", nil, true}},
		"a number alone is no code":                            {{0, "192.0.2.1", "a", "b", "Pay 123456 now.", spf("example.net"), true}},
	} {
		t.Run(name, func(t *testing.T) {
			now := start
			f := made(memory.New(1000, func() time.Time { return now }).KV())
			for i, a := range attempts {
				now = start.Add(a.after)
				m, ev := a.message()
				r, err := f.Decide(t.Context(), m, ev)
				if err != nil || len(r.Symbols) != 1 || (r.Symbols[0].Name == scoring.GreylistWait) != a.waits {
					t.Fatalf("attempt %d: %+v, %v", i, r.Symbols, err)
				}
			}
		})
	}
}

func TestUsersAndLocalMailNeverWait(t *testing.T) {
	for name, s := range map[string]mail.Session{"a user": {AuthUser: "anna"}, "sendmail": {Local: true}} {
		m := mail.New(mail.Message{Session: &s, Now: start})
		if r, err := made(nil).Decide(t.Context(), m, scoring.Evidence{}); err != nil || r.Symbols[0].Name != scoring.GreylistPass {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// away is a store that does not answer.
type away struct{ state.KV }

func (away) Once(context.Context, ...state.Item) ([][]byte, error) { return nil, state.ErrAway }

func TestAStoreThatIsAwayIsAnError(t *testing.T) {
	m, ev := attempt{ip: "192.0.2.1"}.message()
	if r, err := made(away{}).Decide(t.Context(), m, ev); !errors.Is(err, state.ErrAway) || len(r.Symbols) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAFileRemembersForTheNextProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	for i, waits := range []bool{true, false} {
		a := attempt{after: time.Duration(i) * time.Hour, ip: "192.0.2.1", from: "a@example.net", rcpt: "b@example.org"}
		db, err := embedded.Open(embedded.Options{Path: path, Now: func() time.Time { return start.Add(a.after) }, Sweep: -1})
		if err != nil {
			t.Fatal(err)
		}
		m, ev := a.message()
		r, err := made(db.KV()).Decide(t.Context(), m, ev)
		if err != nil || (r.Symbols[0].Name == scoring.GreylistWait) != waits {
			t.Errorf("process %d: %+v, %v", i, r, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
