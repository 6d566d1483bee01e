package app

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/admin"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

// openNotes begins to take down what messages are made of. Where that cannot be kept, mail is
// filtered and learned all the same, and the log says so.
func (a *App) openNotes(cfg *config.Config) {
	dir := cfg.State.Dir
	if _, err := os.Stat(dir); err != nil {
		dir = ""
	}
	n, err := openNotebook(dir, int64(cfg.Learning.Remember), a.log)
	if err != nil {
		a.log.Warn("recent messages cannot be learned by the id of their verdict", "err", err)
	}
	n.start(a.learnAuto)
	a.notes = n
	a.learning.Watch(n.look)
}

// closeNotes does what waits; no message is under way any more.
func (a *App) closeNotes() error {
	if a.notes == nil {
		return nil
	}
	return a.notes.close()
}

// remember keeps what a judged message was made of, and sees whether it is to be learned.
func (a *App) remember(ctx context.Context, g *generation, m *mail.Message, ev scoring.Evidence, r *verdicts.Record) {
	taken, ok := a.notes.take(m)
	j := job{id: r.ID, note: taken, sent: g.sentID(m)}
	if !ok && j.sent == "" {
		return
	}
	if _, report := reportClass(g.cfg.Learning.Reports, m.Envelope.Rcpts); ok && !report {
		j.class, j.answers = g.autoClass(ctx, m, ev, r)
	}
	if err := a.notes.keep(j); err != nil && j.class != bayes.None {
		a.metrics.lesson(autoWho, "dropped")
	}
}

// school puts lessons into the model of this process.
func (a *App) school() *school {
	return &school{model: a.learning, recent: a.notes.dir, now: a.now, limits: a.current.Load().reading}
}

// teacher takes lessons by HTTP.
func (a *App) teacher() admin.Teacher { return counted{a.school, a.metrics} }

// counted counts the lessons that come in by HTTP. It asks for the school each time: a
// reload may change how much of a message is looked at.
type counted struct {
	school  func() *school
	metrics *metrics
}

// Learn implements admin.Teacher.
func (c counted) Learn(ctx context.Context, raw []byte, class bayes.Class, from learn.Origin) (admin.Lesson, error) {
	l, err := c.school().Learn(ctx, raw, class, from)
	c.count(l, err)
	return l, err
}

// LearnVerdict implements admin.Teacher.
func (c counted) LearnVerdict(ctx context.Context, id string, class bayes.Class, from learn.Origin) (admin.Lesson, error) {
	l, err := c.school().LearnVerdict(ctx, id, class, from)
	c.count(l, err)
	return l, err
}

func (c counted) count(l admin.Lesson, err error) {
	switch {
	case errors.Is(err, admin.ErrNotRemembered):
		c.metrics.lesson("api", "gone")
	case err != nil:
		c.metrics.lesson("api", "failed")
	default:
		c.metrics.lesson("api", outcome(l))
	}
}

// warningsEvery is how often what learning warns of is looked at for the log.
const warningsEvery = time.Minute

// tellWarnings writes into the log what learning begins to warn of, and what it ceases to,
// until ctx ends.
func (a *App) tellWarnings(ctx context.Context) {
	ticks := time.NewTicker(warningsEvery)
	defer ticks.Stop()
	var told []string
	for {
		told = a.newWarnings(told)
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

// newWarnings tells the log how the warnings differ from those that it was told of, by what comes
// before the figures in them. It returns those of now.
func (a *App) newWarnings(told []string) []string {
	kind := func(w string) string { k, _, _ := strings.Cut(w, ":"); return k }
	knows := func(list []string, w string) bool {
		return slices.ContainsFunc(list, func(o string) bool { return kind(o) == kind(w) })
	}
	now := a.learning.Warnings()
	for _, w := range now {
		if !knows(told, w) {
			a.log.Warn("what was learned needs a look", "warning", w)
		}
	}
	for _, w := range told {
		if !knows(now, w) {
			a.log.Info("what was learned is well again", "warning", kind(w))
		}
	}
	return now
}
