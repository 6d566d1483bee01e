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
	if err := writeRecord(p.out, r, c.JSON); err != nil {
		return err
	}
	return c.exit(r)
}

// writeRecord prints a record for a reader, or as the admin endpoint gives it.
func writeRecord(out io.Writer, r *verdicts.Record, asJSON bool) error {
	if !asJSON {
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
