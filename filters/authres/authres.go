// Package authres writes the Authentication-Results field.
//
// The field (RFC 8601) tells those who come after us, such as Sieve scripts
// and mail readers, which checks we made and how they ended. They know our
// field by the authserv-id at its start, so that nobody else may write one
// under our name: every field that claims it is removed before ours is put at
// the top. Fields of other hosts stay.
package authres

import (
	"context"
	"errors"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
	results "github.com/postern-mail/postern/mail/authres"
)

const field = "Authentication-Results"

// Kind describes the filter.
var Kind = filters.Kind{
	Name:    "authres",
	Summary: "writes our Authentication-Results and removes forged ones",
	Stage:   mail.StageData,
	After:   []string{"spf", "dkim", "dmarc", "arc"},
	New:     New,
}

type filter struct {
	id string
}

var _ filters.Filter = (*filter)(nil)

// New makes the filter. It needs env.AuthservID.
func New(env filters.Env) (filters.Filter, error) {
	if env.AuthservID == "" {
		return nil, errors.New("filters/authres: no authserv-id")
	}
	return &filter{id: env.AuthservID}, nil
}

// Check implements filters.Filter. It reports nothing and asks for edits. Mail
// of our own users, for which there are no results, gets no field of ours, but
// may not bring one either.
func (f *filter) Check(_ context.Context, msg *mail.Message) (filters.Result, error) {
	var res filters.Result
	for _, i := range results.Claimed(msg.Header.All(field), f.id) {
		res.Edits = append(res.Edits, mail.Edit{Kind: mail.EditRemove, Name: field, N: i + 1})
	}
	own := msg.Session.Local || msg.Session.AuthUser != ""
	if len(msg.Auth) > 0 || !own {
		res.Edits = append(res.Edits, mail.Edit{Kind: mail.EditInsert, Name: field, Value: results.Write(f.id, msg.Auth)})
	}
	return res, nil
}
