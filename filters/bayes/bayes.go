// Package bayes reports what was learned from users says about a message.
//
// The opinion is that of package learn: a Bayesian and a linear model, fused.
// This filter turns it into one of two symbols, whose factor says how sure it
// is: nothing while there is doubt, one half where one ham in some thousands
// is mistaken, one where hardly any is. It reads from memory alone; a store
// that is away changes nothing here.
package bayes

import (
	"context"
	"fmt"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
)

// The symbols.
const (
	Spam = "BAYES_SPAM"
	Ham  = "BAYES_HAM"
)

// Kind describes the filter. It runs after the authentication filters because
// their results are tokens.
var Kind = filters.Kind{
	Name:    "bayes",
	Summary: "how much a message is like what users called spam or ham",
	Stage:   mail.StageData,
	After:   []string{"spf", "dkim", "dmarc"},
	Symbols: []filters.SymbolDoc{
		{Name: Spam, Group: "bayes", Score: 5.1, Meaning: "The message is like what users called spam; the factor says how sure that is."},
		{Name: Ham, Group: "bayes", Score: -3, Meaning: "The message is like what users called ham; the factor says how sure that is."},
	},
	New: New,
}

type filter struct{ learned filters.Learned }

var _ filters.Filter = filter{}

// New makes the filter. Where there is nobody to ask it finds nothing.
func New(env filters.Env) (filters.Filter, error) { return filter{env.Learned}, nil }

// Check implements filters.Filter.
func (f filter) Check(_ context.Context, msg *mail.Message) (filters.Result, error) {
	if f.learned == nil {
		return filters.Result{}, nil
	}
	if _, err := msg.Tree(); err != nil { // the body cannot be read: its tokens would mislead
		return filters.Result{}, fmt.Errorf("filters/bayes: %w", err)
	}
	o := f.learned.Judge(msg)
	sure := o.Sure()
	if sure == 0 {
		return filters.Result{}, nil
	}
	name := Ham
	if o.Odds > 0 {
		name = Spam
	}
	return filters.Result{Symbols: []scoring.Symbol{{Name: name, Factor: sure, Details: details(o)}}}, nil
}

// details names the share of each opinion.
func details(o learn.Opinion) []string {
	return []string{
		fmt.Sprintf("probability %.4f", o.Spam),
		fmt.Sprintf("bayes %+.2f", o.Bayes),
		fmt.Sprintf("linear %+.2f", o.Linear),
		fmt.Sprintf("confidence %.2f", o.Confidence),
	}
}
