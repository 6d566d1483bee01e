// Package submission looks at mail that our own users hand in: whether the
// author they name is they.
//
// Postfix can hold users to their own addresses in MAIL FROM
// (reject_sender_login_mismatch), but no MTA looks at the From field, which is
// what the recipient sees. A user, or whoever has a user's password, can thus write
// as a colleague, and DKIM and DMARC will vouch for it, since it really comes from us.
// RFC 6409 section 8.1 lets a submission server enforce the address.
package submission

import (
	"context"
	"slices"
	"strings"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
)

// Forged is the symbol of a message that a user wrote as another user.
const Forged = "SUBMISSION_FORGED_FROM"

// Kind describes the filter.
var Kind = filters.Kind{
	Name:    "submission",
	Summary: "Do our own users write under their own name?",
	Stage:   mail.StageData,
	Symbols: []filters.SymbolDoc{
		{Name: Forged, Group: "submission", Score: 16, Meaning: "An authenticated user's From names another address of the user's own domain."},
	},
	Config: func() any { return new(Config) },
	New: func(env filters.Env) (filters.Filter, error) {
		return &filter{*env.Config.(*Config)}, nil
	},
}

// Config is the filter's section.
type Config struct {
	MayWriteAs map[string][]string `yaml:"may_write_as" doc:"Logins and the further addresses they may write as; @example.org: every address there."`
}

type filter struct{ cfg Config }

// Check implements filters.Filter. It speaks only where there is no doubt: the
// login is an address, MAIL FROM is that address, and From names another one of
// the same domain. A login that is no address tells nothing about addresses, and another
// MAIL FROM is a robot with a bounce address, or an alias that the MTA let pass.
func (f *filter) Check(_ context.Context, m *mail.Message) (filters.Result, error) {
	login := strings.ToLower(m.Session.AuthUser)
	_, domain, isAddress := strings.Cut(login, "@")
	if !isAddress || !strings.EqualFold(login, m.Envelope.From) {
		return filters.Result{}, nil
	}
	for _, a := range m.Author().Addresses {
		author := strings.ToLower(a.String())
		if author != login && a.Domain == domain && !f.may(login, author) {
			return filters.Result{Symbols: []scoring.Symbol{scoring.Found(Forged, login+" wrote as "+author)}}, nil
		}
	}
	return filters.Result{}, nil
}

func (f *filter) may(login, author string) bool {
	for who, addresses := range f.cfg.MayWriteAs {
		if strings.EqualFold(who, login) && slices.ContainsFunc(addresses, func(a string) bool {
			return strings.EqualFold(a, author) || strings.HasPrefix(a, "@") && strings.HasSuffix(author, strings.ToLower(a))
		}) {
			return true
		}
	}
	return false
}
