package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

type greylistCmd struct {
	List   greylistListCmd   `cmd:"" default:"withargs" help:"List what waits, the newest last."`
	Allow  greylistAllowCmd  `cmd:"" help:"Let in what waits at its next attempt."`
	Forget greylistForgetCmd `cmd:"" help:"Forget who waits or has waited."`
}

type greylistListCmd struct {
	Who   string `arg:"" optional:"" help:"Only what has to do with this domain, mail address or address of a client."`
	Known bool   `help:"List who has waited, in place of what waits."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// Run implements the subcommand.
func (c *greylistListCmd) Run(p *program) error {
	return p.withWaits(func(ctx context.Context, v *waitsView) error {
		var found []wait
		err := v.each(ctx, func(w wait) error {
			if w.Known == c.Known && (c.Who == "" || w.Fits(c.Who)) && len(found) < maxShown {
				found = append(found, w)
			}
			return nil
		})
		if err != nil {
			return err
		}
		slices.SortFunc(found, func(a, b wait) int {
			if n := a.First.Compare(b.First); n != 0 {
				return n
			}
			return strings.Compare(a.item.Key, b.item.Key)
		})
		found = slices.CompactFunc(found, func(a, b wait) bool { return a.item.Key == b.item.Key })
		return writeWaits(p.out, found, c.JSON)
	})
}

type greylistAllowCmd struct {
	Who string `arg:"" help:"The id or queue id of a verdict, a domain, a mail address, or the address of a client."`
}

// Run implements the subcommand.
func (c *greylistAllowCmd) Run(p *program) error {
	return p.withWaits(func(ctx context.Context, v *waitsView) error {
		fits, err := v.meant(ctx, c.Who)
		if err != nil {
			return err
		}
		n := 0
		err = v.each(ctx, func(w wait) error {
			if w.Known || !fits(w) {
				return nil
			}
			n++
			fmt.Fprintln(p.out, "let in at the next attempt:", w.text())
			return v.store.KV().Set(ctx, v.keeper.Release(w.item))
		})
		if err == nil && n == 0 {
			err = fmt.Errorf("nothing that waits has to do with %q; see postern greylist list", c.Who)
		}
		return err
	})
}

type greylistForgetCmd struct {
	Who string `arg:"" help:"The id or queue id of a verdict, a domain, a mail address, or the address of a client."`
}

// Run implements the subcommand.
func (c *greylistForgetCmd) Run(p *program) error {
	return p.withWaits(func(ctx context.Context, v *waitsView) error {
		fits, err := v.meant(ctx, c.Who)
		if err != nil {
			return err
		}
		n := 0
		err = v.each(ctx, func(w wait) error {
			if !fits(w) {
				return nil
			}
			done, err := v.store.KV().Delete(ctx, w.item.Key)
			n += done
			return err
		})
		fmt.Fprintf(p.out, "%d entries forgotten\n", n)
		return err
	})
}

func writeWaits(out io.Writer, found []wait, asJSON bool) error {
	if asJSON {
		return writeWaitsJSON(out, found)
	}
	if len(found) == 0 {
		_, err := fmt.Fprintln(out, "nothing")
		return err
	}
	t := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "STATUS\tFIRST ATTEMPT\tFORGOTTEN IN\tWHAT")
	for _, w := range found {
		first := "-"
		if w.First.Unix() > 0 {
			first = w.First.Local().Format(time.DateTime)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", w.status(), first, w.item.Lifetime.Round(time.Second), w.text())
	}
	return t.Flush()
}

func writeWaitsJSON(out io.Writer, found []wait) error {
	type line struct {
		Domain  string  `json:"domain"`
		Network string  `json:"network"`
		Content bool    `json:"content"`
		From    string  `json:"from"`
		Rcpt    string  `json:"rcpt"`
		Known   bool    `json:"known"`
		First   int64   `json:"first"` // seconds since 1970, 0 when it is known or released
		Left    float64 `json:"left_s"`
		Ends    float64 `json:"forgotten_in_s"`
	}
	lines := []line{}
	for _, w := range found {
		l := line{w.Domain, w.Network, w.Content, w.From, w.Rcpt, w.Known, 0, w.Left.Seconds(), w.item.Lifetime.Seconds()}
		if !w.Known {
			l.First = w.First.Unix()
		}
		lines = append(lines, l)
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(lines)
}
