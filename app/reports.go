package app

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/admin"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/mime"
	"github.com/postern-mail/postern/scoring"
)

// Symbols of mail to a mailbox for reports. The first demands what
// learning.reports.then says.
const (
	reportLearned = "REPORT_LEARNED"
	reportRefused = "REPORT_REFUSED"
	reportGroup   = "report"
)

const (
	maxReported    = 50              // messages attached to one report
	lessonPatience = 5 * time.Second // for the lessons of one report, or one automatic lesson
)

// takeReport learns what a report has attached, and notes in the evidence what
// became of it.
func (a *App) takeReport(ctx context.Context, cfg *config.Config, m *mail.Message, ev *scoring.Evidence) {
	class, is := reportClass(cfg.Learning.Reports, m.Envelope.Rcpts)
	if !is {
		return
	}
	note := func(symbol string, details ...string) {
		ev.Symbols = append(ev.Symbols, scoring.Found(symbol, details...))
	}
	who, ok := reporter(m.Session, cfg.Networks.Trusted)
	switch {
	case class == bayes.None:
		note(reportRefused, "it has other recipients too")
	case !ok:
		note(reportRefused, "the sender is neither authenticated nor in networks.trusted")
	default:
		n, details := a.learnAttached(ctx, m, class, learn.Origin{Who: who, Source: "report"})
		if n == 0 {
			note(reportRefused, details...)
			return
		}
		note(reportLearned, details...)
	}
}

// reportClass is what a message to these recipients reports: None where they are not all
// mailboxes for reports of one class. It is no report at all when none is.
func reportClass(c config.Reports, rcpts []string) (class bayes.Class, is bool) {
	found := map[bayes.Class]bool{}
	for _, rcpt := range rcpts {
		switch {
		case holds(c.Spam, rcpt):
			found[bayes.Spam] = true
		case holds(c.Ham, rcpt):
			found[bayes.Ham] = true
		default:
			found[bayes.None] = true
		}
	}
	is = found[bayes.Spam] || found[bayes.Ham]
	if len(found) != 1 {
		return bayes.None, is
	}
	if found[bayes.Ham] {
		return bayes.Ham, is
	}
	return bayes.Spam, is
}

func holds(list []string, address string) bool {
	return slices.ContainsFunc(list, func(a string) bool { return strings.EqualFold(a, address) })
}

// reporter is whose word a report is; false for a stranger.
func reporter(s *mail.Session, trusted []netip.Prefix) (who string, ok bool) {
	switch {
	case s.AuthUser != "":
		return s.AuthUser, true
	case s.Local:
		return "local", true
	case slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(s.ClientIP) }):
		return s.ClientIP.String(), true
	}
	return "", false
}

// learnAttached learns the messages attached to a report. It tells how many were, and in words
// what became of all.
func (a *App) learnAttached(ctx context.Context, m *mail.Message, c bayes.Class, from learn.Origin) (learned int, details []string) {
	ctx, cancel := context.WithTimeout(ctx, lessonPatience)
	defer cancel()
	tree, err := m.Tree()
	if err != nil {
		return 0, []string{"the message could not be read"}
	}
	list := attached(tree)
	if len(list) == 0 {
		return 0, []string{"no message is attached (forward it as an attachment)"}
	}
	sums, teacher := map[string]int{}, a.school()
	for i, raw := range list {
		if i == maxReported {
			sums["too many"] = len(list) - i
			break
		}
		what := "failed"
		if lesson, err := teacher.Learn(ctx, raw, c, from); err == nil {
			what = outcome(lesson)
			learned++
		} else {
			a.log.Warn("a reported message was not learned", "queue_id", m.QueueID, "err", err)
		}
		sums[what]++
		a.metrics.lesson("report", what)
	}
	for _, what := range []string{"learned", "moved", "known", "waiting", "failed", "too many"} {
		if n := sums[what]; n > 0 {
			details = append(details, fmt.Sprintf("%d %s", n, what))
		}
	}
	return learned, append(details, "as "+c.String()+" by "+from.Who)
}

// outcome is the name of what a lesson changed.
func outcome(l admin.Lesson) string {
	switch {
	case l.Waiting:
		return "waiting"
	case l.Was == l.Now:
		return "known"
	case l.Now == bayes.None.String():
		return "forgotten"
	case l.Was == bayes.None.String():
		return "learned"
	}
	return "moved"
}

// attached are the messages that a message has attached, not those within them.
func attached(tree *mime.Tree) [][]byte {
	var list [][]byte
	for _, p := range tree.All() {
		if p.Reading != "" || !isMessage(p) || within(p) {
			continue
		}
		if raw := p.Content(); len(raw) > 0 {
			list = append(list, raw)
		}
	}
	return list
}

// isMessage tells whether a part is a message (RFC 2046 section 5.2.1, RFC 6532 section 3.7),
// or a file that mail programs attach one as.
func isMessage(p *mime.Part) bool {
	return p.Parent != nil && (p.Type == "message/rfc822" || p.Type == "message/global" || strings.HasSuffix(strings.ToLower(p.Name()), ".eml"))
}

func within(p *mime.Part) bool {
	for up := p.Parent; up != nil; up = up.Parent {
		if isMessage(up) {
			return true
		}
	}
	return false
}

// reportSymbols are the symbols above, for table and reference.
func reportSymbols() []config.Symbol {
	return []config.Symbol{
		{Name: reportLearned, Group: reportGroup, Meaning: "A report to one of learning.reports; what was attached was learned."},
		{Name: reportRefused, Group: reportGroup, Meaning: "Mail to one of learning.reports of which nothing was learned; the details say why."},
	}
}
