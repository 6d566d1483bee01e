package app

import (
	"encoding/json"
	"io"

	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

type checkCmd struct {
	messageFlags
	JSON     bool `name:"json" help:"Print the verdict record as JSON."`
	ExitCode bool `help:"Tell the verdict by the exit code as well."`
}

// Run implements the subcommand.
func (c *checkCmd) Run(p *program) error {
	cfg, msg, err := c.prepare(p)
	if err != nil {
		return err
	}
	r, err := p.judge(cfg, msg)
	if err != nil {
		return err
	}
	if err := c.print(p.out, r); err != nil {
		return err
	}
	return c.exit(r)
}

func (c *checkCmd) print(out io.Writer, r *verdicts.Record) error {
	if !c.JSON {
		return r.WriteText(out)
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

func (c *checkCmd) exit(r *verdicts.Record) error {
	if !c.ExitCode {
		return nil
	}
	switch r.Action {
	case scoring.Greylist, scoring.Tempfail:
		return exitError{ExitLater}
	case scoring.Quarantine:
		return exitError{ExitQuarantine}
	case scoring.Reject, scoring.Discard:
		return exitError{ExitRefused}
	}
	return nil
}
