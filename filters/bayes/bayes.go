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
	"slices"
	"strings"

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
	Config: func() any { return new(Config) },
	New:    New,
}

// Config is the filter's section.
type Config struct {
	Domains []string `yaml:"domains" doc:"Recipient domains whose users' lessons count more for their own mail; * for all. Empty: none."`
}

type filter struct {
	learned filters.Learned
	domains []string
}

var _ filters.Filter = filter{}

// New makes the filter. Where there is nobody to ask it finds nothing.
func New(env filters.Env) (filters.Filter, error) {
	cfg, ok := env.Config.(*Config)
	if !ok {
		cfg = new(Config)
	}
	f := filter{learned: env.Learned}
	for _, d := range cfg.Domains {
		if d == "" || strings.ContainsAny(d, "@ ") || d != "*" && strings.Contains(d, "*") {
			return nil, fmt.Errorf("domains: %q is no domain", d)
		}
		f.domains = append(f.domains, strings.ToLower(d))
	}
	return f, nil
}

// own are the domains of the recipients that have an opinion of their own.
func (f filter) own(rcpts []string) []string {
	var out []string
	for _, r := range rcpts {
		d := strings.ToLower(r[strings.LastIndexByte(r, '@')+1:])
		if (slices.Contains(f.domains, d) || slices.Contains(f.domains, "*")) && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

// Check implements filters.Filter.
func (f filter) Check(_ context.Context, msg *mail.Message) (filters.Result, error) {
	if f.learned == nil {
		return filters.Result{}, nil
	}
	if _, err := msg.Tree(); err != nil { // the body cannot be read: its tokens would mislead
		return filters.Result{}, fmt.Errorf("filters/bayes: %w", err)
	}
	o := f.learned.Judge(msg, f.own(msg.Envelope.Rcpts)...)
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
	list := []string{
		fmt.Sprintf("probability %.4f", o.Spam),
		fmt.Sprintf("bayes %+.2f", o.Bayes),
		fmt.Sprintf("linear %+.2f", o.Linear),
		fmt.Sprintf("confidence %.2f", o.Confidence),
	}
	if o.Domain != 0 {
		list = append(list, fmt.Sprintf("domain %+.2f", o.Domain))
	}
	return list
}
