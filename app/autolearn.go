package app

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/verdicts"
)

// Automatic learning. What learning itself says of a message never counts, else it would
// teach itself its own mistakes: its symbols are taken out, the rules read the
// rest again, and the rest is judged.
const (
	autoGroups = 2 // groups of symbols that must speak for spam, independent of each other
	autoPoints = 3 // with so many points each: as others ask for both of header and body
	autoAhead  = 2 // how many times as many of one class as of the other may be learned so
	autoStart  = 20
	autoWho    = "auto"
)

// autoClass is what a message is to be learned as without a user's word; None: not at all. With ids
// it is so if one of them is of a message that our users sent.
func (g *generation) autoClass(ctx context.Context, m *mail.Message, ev scoring.Evidence, r *verdicts.Record) (c bayes.Class, ids []string) {
	auto := g.cfg.Learning.Auto
	_, own := reporter(m.Session, g.cfg.Networks.Trusted)
	if !auto.Enabled || m.Truncated != "" {
		return bayes.None, nil
	}
	if !own && trapped(auto.Traps, m.Envelope.Rcpts) {
		return bayes.Spam, nil
	}
	if ids = answered(m.Header); !promising(auto, r, len(ids) > 0) {
		return bayes.None, nil
	}
	ev = g.withoutLearning(ctx, m, ev)
	v := scoring.Judge(ev, g.policies.Choose(m))
	groups, worst := map[string]float64{}, 0.0
	for _, s := range v.Symbols {
		groups[s.Group] += s.Points
		worst = max(worst, s.Points)
	}
	strong := 0
	for _, points := range groups {
		if points >= autoPoints {
			strong++
		}
	}
	clean := worst == 0 && passesDMARC(ev.Auth)
	switch {
	case v.Score >= auto.Spam && strong >= autoGroups:
		return bayes.Spam, nil
	case v.Score <= auto.Ham && clean:
		return bayes.Ham, nil
	case v.Score <= 0 && clean && len(ids) > 0:
		return bayes.Ham, ids
	}
	return bayes.None, nil
}

// trapped tells whether all recipients are traps.
func trapped(traps, rcpts []string) bool {
	return len(rcpts) > 0 && !slices.ContainsFunc(rcpts, func(r string) bool { return !holds(traps, r) })
}

// promising tells by the record alone whether a second look is worth it. Rules may have
// read what learning said, so it is no proof.
func promising(auto config.AutoLearning, r *verdicts.Record, answer bool) bool {
	score := r.Score
	for _, s := range r.Symbols {
		if ofLearning(s.Name) {
			score -= s.Score
		}
	}
	return score >= auto.Spam || score <= auto.Ham || answer && score <= 0
}

// ofLearning tells whether a symbol is what learning said.
func ofLearning(symbol string) bool { return strings.HasPrefix(symbol, "BAYES_") }

// withoutLearning is the evidence as it were if learning had said nothing.
func (g *generation) withoutLearning(ctx context.Context, m *mail.Message, ev scoring.Evidence) scoring.Evidence {
	table := g.book.rules.Entries()
	rest := scoring.Evidence{Auth: ev.Auth}
	for _, s := range ev.Symbols {
		if _, byRule := table[s.Name]; !byRule && !ofLearning(s.Name) && !strings.HasPrefix(s.Name, "LIST_") {
			rest.Symbols = append(rest.Symbols, s)
		}
	}
	g.book.read(ctx, m, &rest)
	return rest
}

func passesDMARC(results []authres.Result) bool {
	for _, r := range results {
		if r.Method == "dmarc" && r.Value == authres.Pass {
			return true
		}
	}
	return false
}

// learnAuto does what a job says: it notes mail that our users sent, and learns a message without a
// user's word, unless somebody has said
// already what it is, or its class is too far ahead of the other.
func (a *App) learnAuto(ctx context.Context, j job) {
	ctx, cancel := context.WithTimeout(ctx, lessonPatience)
	defer cancel()
	if j.sent != "" {
		a.noteSent(ctx, j.sent)
	}
	if j.class == bayes.None || len(j.answers) > 0 && !a.wasSent(ctx, j.answers) {
		return
	}
	seen := a.learning.Seen()
	ahead, behind := seen.Ham, seen.Spam
	if j.class == bayes.Spam {
		ahead, behind = behind, ahead
	}
	if ahead >= autoAhead*behind+autoStart {
		a.metrics.lesson(autoWho, "unbalanced")
		return
	}
	known, err := a.learning.Known(ctx, j.digest)
	if err == nil && known.Class != bayes.None {
		a.metrics.lesson(autoWho, "known")
		return
	}
	if err == nil {
		_, err = a.learning.LearnTokens(ctx, j.digest, j.tokens, j.class,
			learn.Origin{Who: autoWho, Source: "verdict " + j.id, When: a.now().UTC(), Auto: true})
	}
	if err != nil && !errors.Is(err, learn.ErrWaiting) {
		if !errors.Is(err, state.ErrAway) { // which is told elsewhere, once
			a.log.Warn("a message was not learned", "id", j.id, "err", err)
		}
		a.metrics.lesson(autoWho, "failed")
		return
	}
	a.metrics.lesson(autoWho, "learned")
}
