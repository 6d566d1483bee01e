package bayes

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/mail"
)

// fixed is a judge who always thinks the same.
type fixed learn.Opinion

func (f fixed) Judge(*mail.Message, ...string) learn.Opinion { return learn.Opinion(f) }

func message(body mail.Body) *mail.Message {
	return mail.New(mail.Message{Session: &mail.Session{}, Header: mail.Header{{Name: "Subject", Value: " x"}}, Body: body})
}

func TestSymbols(t *testing.T) {
	tests := []struct {
		name   string
		odds   float64
		symbol string
		factor float64
	}{
		{"no opinion is no symbol", 0, "", 0},
		{"doubt is no symbol", 0.9, "", 0},
		{"doubt on the other side is none either", -0.9, "", 0},
		{"likely spam", learn.HalfSure, Spam, 0.5},
		{"certain spam", 9, Spam, 1},
		{"likely ham", -learn.HalfSure, Ham, 0.5},
		{"certain ham", -9, Ham, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := New(filters.Env{Learned: fixed{Odds: tt.odds, Bayes: 0.5, Linear: tt.odds - 0.5}})
			if err != nil {
				t.Fatal(err)
			}
			res, err := f.Check(context.Background(), message(mail.Body{}))
			if err != nil {
				t.Fatal(err)
			}
			if tt.symbol == "" {
				if len(res.Symbols) != 0 {
					t.Errorf("symbols %v", res.Symbols)
				}
				return
			}
			if len(res.Symbols) != 1 || res.Symbols[0].Name != tt.symbol || res.Symbols[0].Factor != tt.factor {
				t.Fatalf("symbols %v, want %s %g", res.Symbols, tt.symbol, tt.factor)
			}
			if d := strings.Join(res.Symbols[0].Details, ", "); !strings.Contains(d, "bayes +0.50") || !strings.Contains(d, "linear") {
				t.Errorf("details %q do not name both opinions", d)
			}
		})
	}
}

func TestWithNothingLearnedNothingIsFound(t *testing.T) {
	f, err := New(filters.Env{})
	if err != nil {
		t.Fatal(err)
	}
	if res, err := f.Check(context.Background(), message(mail.Body{})); err != nil || len(res.Symbols) != 0 {
		t.Errorf("%v, %v", res.Symbols, err)
	}
}

// broken is a spooled body whose file is gone.
type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestABodyThatCannotBeReadIsAnError(t *testing.T) {
	f, err := New(filters.Env{Learned: fixed{Odds: 9}})
	if err != nil {
		t.Fatal(err)
	}
	if res, err := f.Check(context.Background(), message(mail.BodyFile(broken{}, 10))); err == nil || len(res.Symbols) != 0 {
		t.Errorf("%v, %v", res.Symbols, err)
	}
}

// asked remembers for which domains it was asked.
type asked struct{ domains []string }

func (a *asked) Judge(_ *mail.Message, domains ...string) learn.Opinion {
	a.domains = domains
	return learn.Opinion{Odds: 9, Domain: 1.5}
}

func TestOnlyNamedDomainsHaveAnOpinionOfTheirOwn(t *testing.T) {
	rcpts := []string{"a@Example.org", "b@example.net", "c@example.org", "postmaster"}
	for _, tt := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"none is named", Config{}, ""},
		{"one is named", Config{Domains: []string{"EXAMPLE.org"}}, "example.org"},
		{"all are", Config{Domains: []string{"*"}}, "example.org example.net postmaster"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var a asked
			f, err := New(filters.Env{Learned: &a, Config: &tt.cfg})
			if err != nil {
				t.Fatal(err)
			}
			msg := message(mail.Body{})
			msg.Envelope.Rcpts = rcpts
			res, err := f.Check(context.Background(), msg)
			if err != nil || len(res.Symbols) != 1 || !strings.Contains(strings.Join(res.Symbols[0].Details, ","), "domain +1.50") {
				t.Errorf("%v, %v", res.Symbols, err)
			}
			if got := strings.Join(a.domains, " "); got != tt.want {
				t.Errorf("asked for %q, want %q", got, tt.want)
			}
		})
	}
	for _, bad := range []string{"", "a@example.org", "*.example.org", "two words"} {
		if _, err := New(filters.Env{Config: &Config{Domains: []string{bad}}}); err == nil {
			t.Errorf("%q is taken for a domain", bad)
		}
	}
}
