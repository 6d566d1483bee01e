package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/postern-mail/postern/verdicts"
)

type limitsCmd struct {
	List  limitsListCmd  `cmd:"" default:"withargs" help:"List limits in use, the fullest first."`
	Show  limitsShowCmd  `cmd:"" help:"Show the limits in use of one user, client, sender or recipient."`
	Reset limitsResetCmd `cmd:"" help:"Let somebody begin anew."`
}

type limitsListCmd struct {
	Name  string  `help:"Only the limit of this name." placeholder:"NAME"`
	Above float64 `help:"Only where more than this share of the burst is in use (0 to 1)." placeholder:"SHARE"`
	Top   int     `help:"How many." default:"50" placeholder:"N"`
	JSON  bool    `name:"json" help:"Print JSON."`
}

// Run implements the subcommand.
func (c *limitsListCmd) Run(p *program) error {
	return p.withLimits(func(ctx context.Context, l *limitsView) error {
		found, err := l.find(ctx, max(c.Top, 1), func(u limitUse) bool {
			return (c.Name == "" || u.Name == c.Name) && u.Result.Level > c.Above
		})
		if err != nil {
			return err
		}
		return writeLimits(p.out, found, c.JSON)
	})
}

type limitsShowCmd struct {
	Who  string `arg:"" help:"A user, an address of a client or network, a HELO name, a mail address or a domain."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Run implements the subcommand.
func (c *limitsShowCmd) Run(p *program) error {
	return p.withLimits(func(ctx context.Context, l *limitsView) error {
		found, err := l.find(ctx, maxShown, func(u limitUse) bool { return u.isOf(c.Who) })
		if err != nil {
			return err
		}
		return writeLimits(p.out, found, c.JSON)
	})
}

type limitsResetCmd struct {
	Who  string `arg:"" optional:"" help:"Whose limits."`
	Name string `help:"Only the limit of this name." placeholder:"NAME"`
	All  bool   `help:"Everybody's."`
}

// Run implements the subcommand.
func (c *limitsResetCmd) Run(p *program) error {
	if (c.Who == "") != c.All {
		return usageError{errors.New("name somebody, or --all")}
	}
	return p.withLimits(func(ctx context.Context, l *limitsView) error {
		n := 0
		err := l.each(ctx, func(u limitUse) error {
			if c.Name != "" && u.Name != c.Name || !c.All && !u.isOf(c.Who) {
				return nil
			}
			n++
			return l.reset(ctx, u.level)
		})
		fmt.Fprintf(p.out, "%d limits reset\n", n)
		return err
	})
}

func writeLimits(w io.Writer, found []limitUse, asJSON bool) error {
	if asJSON {
		return writeLimitsJSON(w, found)
	}
	if len(found) == 0 {
		_, err := fmt.Fprintln(w, "no limit is in use")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "LIMIT\tWHO\tIN USE\tLEFT\tUNUSED IN")
	for _, u := range found {
		fmt.Fprintf(t, "%s\t%s\t%.0f %%\t%d of %d %s\t%s\n", u.Name, verdicts.Printable(strings.Join(u.Who, " ")),
			100*u.Result.Level, u.Result.Remaining, u.Burst, u.Count, u.Result.Reset.Round(time.Second))
	}
	return t.Flush()
}

func writeLimitsJSON(w io.Writer, found []limitUse) error {
	type line struct {
		Limit     string            `json:"limit"`
		Who       map[string]string `json:"who"`
		Count     string            `json:"count"`
		InUse     float64           `json:"in_use"` // share of the burst
		Remaining int64             `json:"remaining"`
		Burst     int64             `json:"burst"`
		UnusedIn  float64           `json:"unused_in_s"`
	}
	lines := []line{}
	for _, u := range found {
		l := line{Limit: u.Name, Who: map[string]string{}, Count: u.Count, InUse: u.Result.Level, Remaining: u.Result.Remaining, Burst: u.Burst, UnusedIn: u.Result.Reset.Seconds()}
		for i, by := range u.By {
			l.Who[by] = u.Who[i]
		}
		lines = append(lines, l)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(lines)
}
