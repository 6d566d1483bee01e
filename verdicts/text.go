package verdicts

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
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
	row("id", "%s", strings.TrimSpace(r.ID+" "+Printable(r.QueueID)))
	row("time", "%s", r.Time.Local().Format(time.RFC3339))
	row("client", "%s", Printable(strings.TrimSpace(r.Session.ClientIP+" "+r.Session.ClientName)))
	row("user", "%s", Printable(r.Session.AuthUser))
	row("from", "%s", "<"+Printable(r.Envelope.From)+">")
	row("to", "%s", Printable(strings.Join(r.Envelope.Rcpts, ", ")))
	row("author", "%s", Printable(r.Message.From))
	row("subject", "%s", Printable(r.Message.Subject))
	row("message id", "%s", Printable(r.Message.MessageID))
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

// lineForm is a line of a list of records. Columns are as wide as most of what
// stands in them, so that lines which come one by one stand below each other.
const lineForm = "%-19s  %-18s  %-10s  %6s  %-15s  %-28s  %-28s  %s\n"

// WriteHead writes what stands above the columns of WriteLine.
func WriteHead(w io.Writer) error {
	_, err := fmt.Fprintf(w, lineForm, "TIME", "ID", "ACTION", "SCORE", "CLIENT", "FROM", "TO", "SUBJECT")
	return err
}

// WriteLine shows the record in one line, times as of this machine's zone, texts cut and
// safe for a terminal.
func (r *Record) WriteLine(w io.Writer) error {
	to := ""
	if n := len(r.Envelope.Rcpts); n > 0 {
		to = shorten(r.Envelope.Rcpts[0], 28)
		if n > 1 {
			more := fmt.Sprintf(" +%d", n-1)
			to = shorten(r.Envelope.Rcpts[0], 28-len(more)) + more
		}
	}
	_, err := fmt.Fprintf(w, lineForm, r.Time.Local().Format(time.DateTime), r.ID, r.Action, strconv.FormatFloat(r.Score, 'f', 2, 64),
		shorten(r.Session.ClientIP, 45), shorten("<"+r.Envelope.From+">", 28), to, shorten(r.Message.Subject, 60))
	return err
}

// shorten makes text printable and at most n characters long; an ellipsis shows that it was cut.
func shorten(s string, n int) string {
	runes := []rune(Printable(s[:min(len(s), 4*n)]))
	if len(runes) <= n {
		return string(runes)
	}
	return string(runes[:n-1]) + "…"
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
