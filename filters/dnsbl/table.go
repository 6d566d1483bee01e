package dnsbl

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// ZoneHealth is how one zone is.
type ZoneHealth struct {
	Name    string    `json:"name"`
	Zone    string    `json:"zone"` // where it is asked, without a key
	Kind    string    `json:"kind"`
	State   State     `json:"state"`
	Reason  string    `json:"reason,omitempty"`
	Remedy  string    `json:"remedy,omitempty"`
	Since   time.Time `json:"since"`   // of the state
	Checked time.Time `json:"checked"` // of the last probe, zero before the first

	// Counts since the start, of questions about messages: they only grow.
	Asked  uint64 `json:"asked"`
	Listed uint64 `json:"listed"`
	Failed uint64 `json:"failed"`
}

// Health implements Lists.
func (f *filter) Health() []ZoneHealth {
	list := make([]ZoneHealth, 0, len(f.zones))
	for _, z := range f.zones {
		list = append(list, z.report())
	}
	return list
}

// Probed implements Lists.
func (f *filter) Probed(ctx context.Context) error {
	for _, z := range f.zones {
		select {
		case <-z.ready:
		case <-ctx.Done():
			return fmt.Errorf("list %q was not probed: %w", z.name, ctx.Err())
		}
	}
	return nil
}

func (z *zone) report() ZoneHealth {
	z.mu.Lock()
	defer z.mu.Unlock()
	return ZoneHealth{
		Name: z.name, Zone: z.shown, Kind: z.kind, State: z.now.state, Reason: z.now.reason, Remedy: z.now.remedy,
		Since: z.since, Checked: z.checked, Asked: z.asked.Load(), Listed: z.hits.Load(), Failed: z.failed.Load(),
	}
}

// Hit is what one zone says about one target.
type Hit struct {
	Name    string   `json:"name"`
	Zone    string   `json:"zone"`
	Asked   string   `json:"asked"` // what was asked about: the address, the domain, the mailbox
	State   State    `json:"state"`
	Codes   []string `json:"codes,omitempty"`
	Symbols []string `json:"symbols,omitempty"` // empty: not listed
	Text    string   `json:"text,omitempty"`
	Error   string   `json:"error,omitempty"` // why there is no answer
}

// CheckOne implements Lists.
func (f *filter) CheckOne(ctx context.Context, target string) ([]Hit, error) {
	s := &subjects{limits: f.limits, counts: map[string]int{}}
	if a, err := netip.ParseAddr(target); err == nil {
		s.addr(a.Unmap().WithZone(""), client)
	} else if strings.Contains(target, "@") {
		s.address(parseSender(target), from)
	} else {
		s.host(target, from)
	}
	if len(s.list) == 0 {
		return nil, fmt.Errorf("%q is neither an address, a domain nor a mailbox", target)
	}
	hits := make([]Hit, len(f.zones)*len(s.list)) // without a name where the zone is about other things
	var group group
	for i, z := range f.zones {
		for j, subject := range s.list {
			if subject.kind == z.kind {
				group.run(func() { hits[i*len(s.list)+j] = f.checkOne(ctx, z, subject) })
			}
		}
	}
	group.wait()
	return slices.DeleteFunc(hits, func(h Hit) bool { return h.Name == "" }), nil
}

func (f *filter) checkOne(ctx context.Context, z *zone, s subject) (h Hit) {
	c := z.await(ctx)
	h = Hit{Name: z.name, Zone: z.shown, Asked: s.shown, State: c.state}
	if c.state != OK {
		h.Error = c.reason
		return h
	}
	a := f.ask(ctx, z, s)
	if a.err != nil {
		h.Error = failedCheck(z, a.err).Err
		return h
	}
	for _, addr := range a.addrs {
		h.Codes = append(h.Codes, addr.String())
	}
	for _, suffix := range a.suffix {
		h.Symbols = append(h.Symbols, z.prefix+suffix)
	}
	if h.Text = a.text; h.Text == "" && len(a.suffix) > 0 {
		h.Text = f.text(ctx, z, z.label(s)+"."+z.domain)
	}
	return h
}

// WriteTable writes the health of zones for a terminal, or as JSON.
func WriteTable(w io.Writer, zones []ZoneHealth, asJSON bool) error {
	if asJSON {
		return writeJSON(w, zones)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "LIST\tZONE\tKIND\tSTATE\tASKED\tLISTED\tFAILED\tCHECKED")
	for _, z := range zones {
		checked := "-"
		if !z.Checked.IsZero() {
			checked = z.Checked.Format(time.DateTime)
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n", z.Name, z.Zone, z.Kind, z.State, z.Asked, z.Listed, z.Failed, checked)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, z := range zones {
		if z.State == OK || z.Reason == "" {
			continue
		}
		line := fmt.Sprintf("%s: %s", z.Name, z.Reason)
		if z.Remedy != "" {
			line += "; " + z.Remedy
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// WriteHits writes what CheckOne found for a terminal, or as JSON. Text of lists is escaped.
func WriteHits(w io.Writer, hits []Hit, asJSON bool) error {
	if asJSON {
		return writeJSON(w, hits)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "LIST\tASKED\tANSWER\tMEANING")
	for _, h := range hits {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", h.Name, printable(h.Asked), dash(strings.Join(h.Codes, " ")), printable(h.meaning()))
	}
	return t.Flush()
}

func (h Hit) meaning() string {
	switch {
	case h.State != OK:
		return string(h.State) + ": " + h.Error
	case h.Error != "":
		return h.Error
	case len(h.Symbols) == 0 && len(h.Codes) > 0:
		return "not listed: the answer means nothing"
	case len(h.Symbols) == 0:
		return "not listed"
	}
	return strings.TrimSpace(strings.Join(h.Symbols, " ") + " " + h.Text)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// printable replaces what a terminal might obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f {
			return '?'
		}
		return r
	}, s)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
