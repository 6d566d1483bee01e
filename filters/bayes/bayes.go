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
	"errors"
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

// Judge is what the filter asks; *learn.Model is one.
type Judge interface {
	Judge(msg *mail.Message) learn.Opinion
}

// Kind describes the filter, which asks the given judge. It runs after the
// authentication filters because their results are tokens.
func Kind(judge Judge) filters.Kind {
	return filters.Kind{
		Name:    "bayes",
		Summary: "how much a message is like what users called spam or ham",
		Stage:   mail.StageData,
		After:   []string{"spf", "dkim", "dmarc"},
		Symbols: []filters.SymbolDoc{
			{Name: Spam, Group: "bayes", Score: 5.1, Meaning: "The message is like what users called spam; the factor says how sure that is."},
			{Name: Ham, Group: "bayes", Score: -3, Meaning: "The message is like what users called ham; the factor says how sure that is."},
		},
		New: func(filters.Env) (filters.Filter, error) { return New(judge) },
	}
}

type filter struct{ judge Judge }

var _ filters.Filter = filter{}

// errNoJudge says that the filter was made without what it asks.
var errNoJudge = errors.New("filters/bayes: there is nothing learned to ask")

// New makes the filter.
func New(judge Judge) (filters.Filter, error) {
	if judge == nil {
		return nil, errNoJudge
	}
	return filter{judge}, nil
}

// Check implements filters.Filter.
func (f filter) Check(_ context.Context, msg *mail.Message) (filters.Result, error) {
	if _, err := msg.Tree(); err != nil { // the body cannot be read: its tokens would mislead
		return filters.Result{}, fmt.Errorf("filters/bayes: %w", err)
	}
	o := f.judge.Judge(msg)
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
