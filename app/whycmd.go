package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/verdicts"
)

type whyCmd struct {
	File   string `arg:"" optional:"" default:"-" help:"The message; - or nothing: standard input."`
	Tokens int    `help:"So many tokens of each side." default:"15" placeholder:"N"`
	Domain string `help:"Judge it for the users of this domain: their lessons count besides, where filters.bayes.domains names it." placeholder:"DOMAIN"`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// reasonJSON is a token as it is printed.
type reasonJSON struct {
	Token  string  `json:"token"`
	Weight float64 `json:"weight"` // what it adds to the log-odds
	Ham    uint32  `json:"ham"`    // messages learned that have it; 0 too for pairs and runs, which are not counted
	Spam   uint32  `json:"spam"`
}

// opinionJSON is what is printed as JSON.
type opinionJSON struct {
	Probability float64      `json:"probability"`
	Odds        float64      `json:"odds"`
	Bayes       float64      `json:"bayes"`
	Linear      float64      `json:"linear"`
	Domain      float64      `json:"domain"` // what the lessons of the domain's users add; 0 without --domain
	Confidence  float64      `json:"confidence"`
	Ham         uint32       `json:"learned_ham"`
	Spam        uint32       `json:"learned_spam"`
	ForSpam     []reasonJSON `json:"for_spam"`
	ForHam      []reasonJSON `json:"for_ham"`
}

// Run implements the subcommand.
func (c *whyCmd) Run(p *program) error {
	var msg *learn.Found
	err := learn.ReadAll(context.Background(), []string{c.File}, p.in, func(f learn.Found) error {
		if msg != nil {
			return fmt.Errorf("%q holds more than one message", c.File)
		}
		msg = &f
		return nil
	})
	if err == nil && msg == nil {
		err = fmt.Errorf("%q is no message", c.File)
	}
	if err != nil {
		return err
	}
	cfg, err := p.load()
	if err != nil {
		return err
	}
	message := msg.Message.Limited(reading(cfg))
	return p.withModel(func(_ context.Context, m *learn.Model) error {
		r, whole := m.Why(message, max(c.Tokens, 0)), m.Judge(message, strings.ToLower(c.Domain))
		o := opinionJSON{
			Probability: whole.Spam, Odds: whole.Odds, Bayes: whole.Bayes, Linear: whole.Linear, Domain: whole.Domain, Confidence: r.Confidence,
			Ham: m.Seen().Ham, Spam: m.Seen().Spam, ForSpam: reasonList(r.Spam), ForHam: reasonList(r.Ham),
		}
		if c.JSON {
			e := json.NewEncoder(p.out)
			e.SetIndent("", "  ")
			return e.Encode(o)
		}
		return o.text(p.out)
	})
}

func reasonList(list []learn.Reason) []reasonJSON {
	out := []reasonJSON{}
	for _, r := range list {
		out = append(out, reasonJSON{r.Token, r.Weight, r.Count.Ham, r.Count.Spam})
	}
	return out
}

// text shows the opinion to a reader. Tokens are text of the mail and escaped.
func (o opinionJSON) text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "spam\t%.2f %%\n", 100*o.Probability)
	fmt.Fprintf(t, "log-odds\t%+.2f = bayes %+.2f, linear %+.2f", o.Odds, o.Bayes, o.Linear)
	if o.Domain != 0 {
		fmt.Fprintf(t, ", domain %+.2f", o.Domain)
	}
	fmt.Fprintln(t)
	fmt.Fprintf(t, "confidence\t%.2f, from %d ham and %d spam learned\n", o.Confidence, o.Ham, o.Spam)
	if err := t.Flush(); err != nil {
		return err
	}
	for _, side := range []struct {
		title string
		list  []reasonJSON
	}{{"spam", o.ForSpam}, {"ham", o.ForHam}} {
		if len(side.list) == 0 {
			continue
		}
		fmt.Fprintf(w, "\nwhat speaks for %s\n", side.title)
		t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
		fmt.Fprintln(t, "  weight\tham\tspam\ttoken")
		for _, r := range side.list {
			fmt.Fprintf(t, "  %+.3f\t%d\t%d\t%s\n", r.Weight, r.Ham, r.Spam, verdicts.Printable(r.Token))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}
