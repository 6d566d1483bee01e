package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/bayes"
)

type forgetCmd struct {
	Paths  []string `arg:"" optional:"" help:"Messages to forget: files, folders, Maildirs, mbox files; - is standard input."`
	Digest []string `help:"The message of this digest, or of its beginning, as learned prints it; may be repeated." placeholder:"DIGEST"`
	lessonFlags
	DryRun   bool `help:"Only say how many lessons it would be."`
	JSON     bool `name:"json" help:"Print the summary as JSON."`
	Progress bool `help:"Tell how far it is, even where standard error is no terminal."`
}

// Run implements the subcommand.
func (c *forgetCmd) Run(p *program) error {
	f, err := c.filter(time.Now())
	if err != nil {
		return err
	}
	chosen := f != learn.Filter{}
	if !chosen && len(c.Paths) == 0 && len(c.Digest) == 0 {
		return usageError{errors.New("forget: say what: paths, --digest, or lessons by --by, --since, --until, --source, --class, --auto")}
	}
	if len(c.Paths) > 0 && (chosen || len(c.Digest) > 0 || c.DryRun) || chosen && len(c.Digest) > 0 {
		return usageError{errors.New("forget: give either paths, or --digest, or what chooses lessons")}
	}
	if len(c.Paths) > 0 {
		return c.messages(p)
	}
	return p.withModel(func(ctx context.Context, m *learn.Model) error {
		list, err := m.Learned(ctx, f)
		if err == nil && len(c.Digest) > 0 {
			list, err = withDigests(list, c.Digest)
		}
		if err != nil {
			return err
		}
		return c.lessons(ctx, p, m, list)
	})
}

// messages forgets messages that are shown.
func (c *forgetCmd) messages(p *program) error {
	ctx, stop := untilStopped()
	defer stop()
	m, done, err := p.openModel(ctx)
	if err != nil {
		return err
	}
	l := &lessons{Class: bayes.None.String(), teacher: &school{model: m, now: time.Now}, paths: c.Paths, tell: p.newProgress(c.Progress, "messages")}
	return errors.Join(l.run(ctx, p.in), done(), l.report(p, c.JSON))
}

// withDigests are the lessons that begin like one of the digests.
func withDigests(list []learn.Record, digests []string) ([]learn.Record, error) {
	var out []learn.Record
	for _, d := range digests {
		if len(d) < shortDigest {
			return nil, usageError{fmt.Errorf("--digest: %q has fewer than %d digits", d, shortDigest)}
		}
		n := len(out)
		for _, r := range list {
			if strings.HasPrefix(r.Digest.String(), strings.ToLower(d)) {
				out = append(out, r)
			}
		}
		if len(out) == n {
			return nil, fmt.Errorf("nothing is learned with the digest %q", d)
		}
	}
	return out, nil
}

// undone is the summary.
type undone struct {
	Forgotten int  `json:"forgotten"`
	Settled   int  `json:"settled"` // can only be forgotten by showing the message
	DryRun    bool `json:"dry_run"`
}

// lessons forgets lessons by their digests.
func (c *forgetCmd) lessons(ctx context.Context, p *program, m *learn.Model, list []learn.Record) error {
	sum := undone{DryRun: c.DryRun}
	tell := p.newProgress(c.Progress, "lessons")
	for i, r := range list {
		if c.DryRun {
			sum.Forgotten++
			continue
		}
		tell.at(i, float64(i)/float64(len(list)))
		switch _, err := m.ForgetDigest(ctx, r.Digest); {
		case errors.Is(err, learn.ErrSettled):
			sum.Settled++
		case err != nil:
			tell.end()
			return fmt.Errorf("%d of %d forgotten: %w", sum.Forgotten, len(list), err)
		default:
			sum.Forgotten++
		}
	}
	tell.end()
	return c.print(p, sum)
}

func (c *forgetCmd) print(p *program, sum undone) error {
	if c.JSON {
		e := json.NewEncoder(p.out)
		e.SetIndent("", "  ")
		if err := e.Encode(sum); err != nil {
			return err
		}
	} else if c.DryRun {
		fmt.Fprintf(p.out, "would be forgotten: %d\n", sum.Forgotten)
	} else {
		fmt.Fprintf(p.out, "forgotten: %d\n", sum.Forgotten)
	}
	if sum.Settled == 0 {
		return nil
	}
	return fmt.Errorf("%d lessons stay, since their tokens are no longer kept: show the messages (postern forget PATH...)", sum.Settled)
}
