package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/postern-mail/postern/admin"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/verdicts"
)

// lessonFlags choose lessons.
type lessonFlags struct {
	By     string `help:"Those of this user." placeholder:"USER"`
	Source string `help:"Those from there." placeholder:"TEXT"`
	Since  string `help:"Those learned since then: RFC 3339, a date, seconds since 1970, or how long ago (36h, 3d)." placeholder:"TIME"`
	Until  string `help:"Those learned before then." placeholder:"TIME"`
	Class  string `help:"Those of this class: spam or ham." placeholder:"CLASS"`
	Auto   bool   `help:"Those that were learned automatically."`
}

func (c lessonFlags) filter(now time.Time) (f learn.Filter, err error) {
	f = learn.Filter{Who: c.By, Source: c.Source, AutoOnly: c.Auto}
	if f.Since, err = parsePast("--since", c.Since, now); err != nil {
		return f, err
	}
	if f.Until, err = parsePast("--until", c.Until, now); err != nil {
		return f, err
	}
	if c.Class != "" {
		if f.Class, err = bayes.ParseClass(c.Class); err != nil || f.Class == bayes.None {
			return f, usageError{fmt.Errorf("--class: %q is neither spam nor ham", c.Class)}
		}
	}
	return f, nil
}

// parsePast reads a time: a date in local time, or what the admin endpoint takes. Nothing is no time.
func parsePast(flag, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, time.Local); err == nil {
		return t, nil
	}
	t, err := admin.ParseTime(s, now)
	if err != nil {
		return t, usageError{fmt.Errorf("%s: %q is no time: use RFC 3339, a date (2026-03-01), seconds since 1970, or how long ago (36h, 3d)", flag, s)}
	}
	return t, nil
}

type learnedCmd struct {
	lessonFlags
	Limit int  `help:"Print the newest so many; 0: all." default:"50" placeholder:"N"`
	JSON  bool `name:"json" help:"Print JSON."`
}

// taught is a lesson as it is printed.
type taught struct {
	When   time.Time `json:"when"`
	Class  string    `json:"class"`
	Who    string    `json:"who"`
	Source string    `json:"source"`
	Auto   bool      `json:"auto"`
	Digest string    `json:"digest"`
}

// learnedPage is what is printed as JSON.
type learnedPage struct {
	Ham     int      `json:"ham"` // counted in all, whatever was chosen
	Spam    int      `json:"spam"`
	Chosen  int      `json:"chosen"`
	Lessons []taught `json:"lessons"` // newest first
}

// Run implements the subcommand.
func (c *learnedCmd) Run(p *program) error {
	f, err := c.filter(time.Now())
	if err != nil {
		return err
	}
	return p.withModel(func(ctx context.Context, m *learn.Model) error {
		list, err := m.Learned(ctx, f)
		if err != nil {
			return err
		}
		return c.print(p, m.Seen(), list)
	})
}

// withModel opens what was learned for the time of a function.
func (p *program) withModel(f func(context.Context, *learn.Model) error) error {
	ctx, stop := untilStopped()
	defer stop()
	m, done, err := p.openModel(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(ctx, m), done())
}

func (c *learnedCmd) print(p *program, seen bayes.Count, list []learn.Record) error {
	page := learnedPage{Ham: int(seen.Ham), Spam: int(seen.Spam), Chosen: len(list), Lessons: []taught{}}
	slices.SortStableFunc(list, func(a, b learn.Record) int { return b.When.Compare(a.When) })
	if c.Limit > 0 {
		list = list[:min(len(list), c.Limit)]
	}
	for _, r := range list {
		page.Lessons = append(page.Lessons, taught{r.When.UTC(), r.Class.String(), r.Who, r.Source, r.Auto, r.Digest.String()})
	}
	if c.JSON {
		e := json.NewEncoder(p.out)
		e.SetIndent("", "  ")
		return e.Encode(page)
	}
	t := tabwriter.NewWriter(p.out, 0, 8, 2, ' ', 0)
	if len(page.Lessons) > 0 {
		fmt.Fprintln(t, "when\tclass\twho\tsource\tdigest")
	}
	for _, l := range page.Lessons {
		who := verdicts.Printable(l.Who)
		if l.Auto {
			who += " (auto)"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", l.When.Format(time.RFC3339), l.Class, who, verdicts.Printable(l.Source), l.Digest[:shortDigest])
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.out, "%d of %d shown; learned in all: %d ham, %d spam\n", len(page.Lessons), page.Chosen, page.Ham, page.Spam)
	return err
}

// shortDigest is how much of a digest is printed; forget takes as much.
const shortDigest = 16
