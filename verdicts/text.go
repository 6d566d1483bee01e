package verdicts

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteText shows the record to a reader at a terminal: what was decided, why, and what
// would have been otherwise. Control and invisible characters are escaped.
func (r *Record) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	row := func(label, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); text != "" {
			fmt.Fprintf(t, "%s\t%s\n", label, text)
		}
	}
	row("action", "%s (mode %s, policy %s)", r.Action, r.Mode, r.Policy)
	row("score", "%.2f", r.Score)
	row("reason", "%s", r.Reason)
	row("reply", "%s", r.Reply)
	row("id", "%s", r.ID)
	row("client", "%s", Printable(strings.TrimSpace(r.Session.ClientIP+" "+r.Session.ClientName)))
	row("from", "%s", "<"+Printable(r.Envelope.From)+">")
	row("author", "%s", Printable(r.Message.From))
	row("subject", "%s", Printable(r.Message.Subject))
	r.authRows(row)
	for _, c := range r.Checks {
		if c.Status != "ok" {
			row("not run", "%s: %s: %s", c.Name, c.Status, Printable(c.Error))
		}
	}
	if r.Degraded {
		row("degraded", "limits and greylist went by what this machine knew")
	}
	fmt.Fprintln(t)
	r.symbolRows(t)
	return t.Flush()
}

func (r *Record) authRows(row func(label, format string, args ...any)) {
	if s := r.Auth.SPF; s.Result != "" {
		row("spf", "%s %s (%s)", s.Result, Printable(s.Domain), s.Identity)
	}
	for _, d := range r.Auth.DKIM {
		row("dkim", "%s", strings.TrimSpace(fmt.Sprintf("%s %s %s %s", d.Result, Printable(d.Domain), Printable(d.Selector), Printable(d.Reason))))
	}
	if d := r.Auth.DMARC; d.Result != "" {
		row("dmarc", "%s %s policy=%s disposition=%s %s", d.Result, Printable(d.Domain), Printable(d.Policy), d.Disposition, d.Override)
	}
}

func (r *Record) symbolRows(w io.Writer) {
	without := map[string]Without{}
	for _, o := range r.Explanation.Without {
		without[o.Symbol] = o
	}
	for _, s := range r.Symbols {
		points := fmt.Sprintf("%+.2f", s.Score)
		if s.Shadow {
			points = "shadow"
		}
		note := ""
		if o, ok := without[s.Name]; ok && o.Action != r.Action {
			note = fmt.Sprintf("without it: %s at %.2f", o.Action, o.Score)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", points, s.Name, note, Printable(strings.Join(s.Details, "; ")))
	}
}

// Printable is text made safe for a terminal: what is not a printable
// character is shown as an escape.
func Printable(s string) string {
	var b strings.Builder
	for _, c := range s {
		if strconv.IsPrint(c) {
			b.WriteRune(c)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(c), "'"))
		}
	}
	return b.String()
}
