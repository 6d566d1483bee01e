package verdicts

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/scoring"
)

var (
	day     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	enforce = &scoring.Policy{
		Name: "default", Mode: scoring.Enforce,
		Thresholds: scoring.Thresholds{Mark: 6, Quarantine: 10, Reject: 15},
		Table:      map[string]scoring.Entry{"SPF_FAIL": {Group: "spf", Score: 7}, "GTUBE": {Score: 100}},
		Actions:    map[string]scoring.Action{"DMARC_FAIL_REJECT": scoring.Quarantine},
	}
)

// built judges and records a message by a policy.
func built(m mail.Message, ev scoring.Evidence, p *scoring.Policy) *Record {
	if m.Session == nil {
		m.Session = &mail.Session{ClientIP: netip.MustParseAddr("192.0.2.1"), Listener: "inbound"}
	}
	m.Now = day
	return Build("0123456789abcdefgh", mail.New(m), ev, scoring.Judge(ev, p), scoring.Explain(ev, p))
}

func found(names ...string) scoring.Evidence {
	var ev scoring.Evidence
	for _, n := range names {
		ev.Symbols = append(ev.Symbols, scoring.Found(n))
	}
	return ev
}

func TestRecordHasAllKeysEvenWhereNothingIsKnown(t *testing.T) {
	b, err := json.Marshal(built(mail.Message{Session: &mail.Session{}}, scoring.Evidence{}, enforce))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"rcpts":[]`, `"symbols":[]`, `"checks":[]`, `"dkim":[]`, `"decided":[]`, `"without":[]`, `"client_ip":""`,
		`"spf":{"result":"none"`, `"dmarc":{"result":"none"`, `"arc":{"result":"none"}`, `"reply":""`, `"time":"2026-03-01T12:00:00Z"`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	if strings.Contains(string(b), "null") {
		t.Errorf("a null in %s", b)
	}
}

func TestRecordOfAHostileMessageIsBounded(t *testing.T) {
	long := strings.Repeat("\xff\r\n\x00<script>é", 20_000)
	many := make([]string, 5000)
	for i := range many {
		many[i] = long
	}
	var ev scoring.Evidence
	for range 2000 {
		ev.Symbols = append(ev.Symbols, scoring.Found("SPF_FAIL", many...))
		ev.Auth = append(ev.Auth, authres.Result{Method: "dkim", Value: "fail", Reason: long, Props: []authres.Prop{{Type: "header", Name: "d", Value: long}, {Type: "header", Name: "s", Value: long}}},
			authres.Result{Method: "spf", Value: "fail", Props: []authres.Prop{{Type: "smtp", Name: "mailfrom", Value: long + "@" + long}}},
			authres.Result{Method: "dmarc", Value: "fail", Props: authres.DMARC{Domain: long, PolicyDomain: long, Policy: "none"}.Props()})
	}
	ev.Checks = []scoring.Check{{Name: "spf", Stage: mail.StageMail, Status: scoring.StatusError, Err: long}}
	r := built(mail.Message{
		Session:  &mail.Session{ClientName: long, Helo: long, TLS: long, AuthUser: long},
		Envelope: mail.Envelope{From: long, Rcpts: many}, QueueID: long,
		Header: mail.Header{{Name: "From", Value: long}, {Name: "From", Value: long}, {Name: "Subject", Value: long}, {Name: "Message-ID", Value: long}},
	}, ev, enforce)
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	// 100 recipients of 500 bytes, 200 symbols with 10 details of 200, each byte at most six in JSON.
	if len(b) > 3<<20 {
		t.Errorf("%d bytes", len(b))
	}
	if len(r.Envelope.Rcpts) != maxRcpts || len(r.Symbols) != maxSymbols || len(r.Symbols[0].Details) != maxDetails || len(r.Auth.DKIM) != maxDKIM {
		t.Errorf("%d recipients, %d symbols, %d details, %d signatures", len(r.Envelope.Rcpts), len(r.Symbols), len(r.Symbols[0].Details), len(r.Auth.DKIM))
	}
	for path, s := range texts(reflect.ValueOf(r).Elem(), "") {
		if len(s) > maxText+len("…") || !utf8.ValidString(s) {
			t.Errorf("%s: %d bytes, valid %v", path, len(s), utf8.ValidString(s))
		}
	}
}

// texts walks all strings of a value.
func texts(v reflect.Value, path string) map[string]string {
	all := map[string]string{}
	add := func(v reflect.Value, path string) {
		for p, s := range texts(v, path) {
			all[p] = s
		}
	}
	switch v.Kind() {
	case reflect.String:
		all[path] = v.String()
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				add(v.Field(i), path+"."+f.Name)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			add(v.Index(i), path+"["+string(rune('0'+i%10))+"]")
		}
	}
	return all
}

func TestClip(t *testing.T) {
	for _, c := range []struct{ name, in, out string }{
		{"short text stays", "abc", "abc"},
		{"text of exactly the length stays", "abcdefgh", "abcdefgh"},
		{"a cut is shown", "abcdefghi", "abcdefgh…"},
		{"a character is not cut through", "abcdefgé", "abcdefg…"},
		{"a character is not cut through far from the end", "abcdefgé" + strings.Repeat("x", 100), "abcdefg…"},
		{"a character of four bytes is not cut through", "abcde😀" + strings.Repeat("x", 100), "abcde…"},
		{"a broken byte is replaced", "a\xffb", "a\uFFFDb"},
		{"broken bytes do not make it longer", strings.Repeat("\xffa", 50), "\uFFFDa\uFFFDa…"},
		{"continuation bytes alone end too", strings.Repeat("\x80", 50), "\uFFFD…"},
	} {
		if got := clip(c.in, 8); got != c.out {
			t.Errorf("%s: got %q, want %q", c.name, got, c.out)
		}
	}
}

func TestAuthorIsTheAddressOnlyWhereItIsSure(t *testing.T) {
	for _, c := range []struct {
		name   string
		fields []string
		want   string
	}{
		{"one address", []string{" Anna <anna@example.org>"}, "anna@example.org"},
		{"two fields are shown as they came", []string{" a@example.org", " b@example.net"}, "a@example.org | b@example.net"},
		{"no field", nil, ""},
		{"a group is shown as it came", []string{" friends: a@example.org;"}, "friends: a@example.org;"},
	} {
		var h mail.Header
		for _, f := range c.fields {
			h = append(h, mail.Field{Name: "From", Value: f})
		}
		if got := built(mail.Message{Header: h}, scoring.Evidence{}, enforce).Message.From; got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSPFOfTheRecordIsTheFirstIdentity(t *testing.T) {
	ev := scoring.Evidence{Auth: []authres.Result{
		{Method: "spf", Value: "fail", Props: []authres.Prop{{Type: "smtp", Name: "mailfrom", Value: "joe@example.net"}}},
		{Method: "spf", Value: "pass", Props: []authres.Prop{{Type: "smtp", Name: "helo", Value: "mail.example.net"}}},
	}}
	if got := built(mail.Message{}, ev, enforce).Auth.SPF; got != (SPF{"fail", "example.net", "mailfrom"}) {
		t.Errorf("got %+v", got)
	}
	ev.Auth = ev.Auth[1:]
	if got := built(mail.Message{}, ev, enforce).Auth.SPF; got != (SPF{"pass", "mail.example.net", "helo"}) {
		t.Errorf("got %+v", got)
	}
}

func TestDisposition(t *testing.T) {
	failed := []authres.Result{{Method: "dmarc", Value: "fail", Props: authres.DMARC{Domain: "example.org", PolicyDomain: "example.org", Policy: "reject"}.Props()}}
	for _, c := range []struct {
		name                  string
		auth                  []authres.Result
		demand                scoring.Action
		mode                  scoring.Mode
		disposition, override string
	}{
		{"a pass is none, whatever else was done", nil, scoring.Reject, scoring.Enforce, "none", ""},
		{"refused as the domain asks", failed, scoring.Reject, scoring.Enforce, "reject", ""},
		{"held instead of refused is local policy", failed, scoring.Quarantine, scoring.Enforce, "quarantine", "local_policy"},
		{"marked counts as quarantine", failed, scoring.Mark, scoring.Enforce, "quarantine", "local_policy"},
		{"observed is none", failed, scoring.Reject, scoring.Observe, "none", "local_policy"},
		{"mark mode marks", failed, scoring.Reject, scoring.MarkAll, "quarantine", "local_policy"},
	} {
		ev := found("DMARC_FAIL_REJECT")
		ev.Auth = c.auth
		p := *enforce
		p.Mode, p.Actions = c.mode, map[string]scoring.Action{"DMARC_FAIL_REJECT": c.demand}
		got := built(mail.Message{}, ev, &p).Auth.DMARC
		if got.Disposition != c.disposition || got.Override != c.override {
			t.Errorf("%s: got %s %q, want %s %q", c.name, got.Disposition, got.Override, c.disposition, c.override)
		}
	}
}

func TestAttachmentsHoldMessagesAndAllNames(t *testing.T) {
	h, b := mail.Read([]byte("Content-Type: message/rfc822; name=a.eml\nContent-Disposition: attachment; filename=b.eml\n\nSubject: b\n\nHello\n"))
	list := built(mail.Message{Header: h, Body: b}, scoring.Evidence{}, enforce).Message.Attachments
	if len(list) != 1 || !slices.Equal(list[0].Names, []string{"b.eml", "a.eml"}) || list[0].Declared != "message/rfc822" || list[0].Size != 21 {
		t.Errorf("%+v", list)
	}
}
