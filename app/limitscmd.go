package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/state"
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

// maxShown bounds what is kept in memory of a list.
const maxShown = 1000

// limitUse is a limit in use.
type limitUse struct {
	filters.Limit
	level state.Level
}

// isOf tells whether the limit is kept by somebody, whatever else it is kept by.
func (u limitUse) isOf(who string) bool {
	return slices.Contains(u.Who, state.Parts(state.Key("x", who))[1])
}

// limitsView reads the limits by what the configured filters know of them.
type limitsView struct {
	store   state.Store
	keepers []filters.LimitKeeper
	now     time.Time
}

// withLimits opens the state and builds the filters, who alone know what their keys mean.
func (p *program) withLimits(f func(context.Context, *limitsView) error) error {
	return p.withKeepers(func(ctx context.Context, s state.Store, g *generation) error {
		return f(ctx, &limitsView{store: s, keepers: g.limits, now: time.Now()})
	})
}

// withKeepers opens the state and builds the configured filters without asking anybody.
func (p *program) withKeepers(f func(context.Context, state.Store, *generation) error) error {
	s, cfg, err := p.openState()
	if err != nil {
		return err
	}
	_, d, err := p.offline()
	if err == nil {
		var g *generation
		if g, err = d.build(cfg); err == nil {
			err = errors.Join(f(context.Background(), s, g), g.close())
		}
	}
	return errors.Join(err, s.Close())
}

// listPage is how many entries are read at once.
const listPage = 1000

// each gives all limits in use that a configured limit is about, perhaps one of them twice.
func (l *limitsView) each(ctx context.Context, f func(limitUse) error) error {
	for cursor := ""; ; {
		levels, next, err := l.store.Limits().List(ctx, "", cursor, listPage)
		if err != nil {
			return err
		}
		for _, level := range levels {
			for _, k := range l.keepers {
				if limit, ok := k.ReadLimit(level, l.now); ok {
					if err := f(limitUse{limit, level}); err != nil {
						return err
					}
					break
				}
			}
		}
		if cursor = next; next == "" {
			return nil
		}
	}
}

// find gives the n fullest limits that fit.
func (l *limitsView) find(ctx context.Context, n int, fits func(limitUse) bool) ([]limitUse, error) {
	var found []limitUse
	cut := func() {
		slices.SortFunc(found, func(a, b limitUse) int {
			return cmp.Or(cmp.Compare(b.Result.Level, a.Result.Level), cmp.Compare(a.level.Key, b.level.Key))
		})
		found = slices.CompactFunc(found, func(a, b limitUse) bool { return a.level.Key == b.level.Key })
		found = found[:min(len(found), n)]
	}
	err := l.each(ctx, func(u limitUse) error {
		if fits(u) {
			found = append(found, u)
		}
		if len(found) >= n+maxShown {
			cut()
		}
		return nil
	})
	cut()
	return found, err
}

// reset forgets a level, and that it was warned of.
func (l *limitsView) reset(ctx context.Context, level state.Level) error {
	if _, err := l.store.Limits().Reset(ctx, level.Key); err != nil {
		return err
	}
	for _, k := range l.keepers {
		if keys := k.Alerts(level); len(keys) > 0 {
			if _, err := l.store.KV().Delete(ctx, keys...); err != nil {
				return err
			}
		}
	}
	return nil
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
