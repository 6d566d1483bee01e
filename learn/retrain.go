package learn

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/linear"
)

// Training tells how the last training went.
type Training struct {
	When     time.Time
	Examples int     // learned from
	Held     int     // kept back, to compare by
	Loss     float64 // of the new model on what was kept back
	Before   float64 // of the one that was in use
	Swapped  bool    // whether the new one is in use now
}

// The comparison of a new model with the old one.
const (
	enoughHeld = 20   // fewer say nothing
	noise      = 0.02 // a loss that is greater by less is no worse
)

// LastTraining tells how the last training went; false before the first.
func (m *Model) LastTraining() (Training, bool) {
	if t := m.trained.Load(); t != nil {
		return *t, true
	}
	return Training{}, false
}

// Retrain makes the linear model anew from the samples in the store, and puts it in
// the place of the old one unless it does worse on messages that neither has
// learned. When something was taken back it is put there in any case: what was
// forgotten must go. The weights depend on the samples alone. The domains' counts are made anew too.
func (m *Model) Retrain(ctx context.Context) error {
	m.training.Lock()
	defer m.training.Unlock()
	since, forgot := m.beginTraining()
	defer m.endTraining()
	set, err := m.examples(ctx)
	if err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	w, err := linear.Train(ctx, set.learned)
	if err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	t := Training{When: time.Now(), Examples: len(set.learned), Held: len(set.held), Loss: linear.Loss(w, set.held), Before: linear.Loss(m.judge.Load().Weights, set.held)}
	t.Swapped = forgot > 0 || len(set.held) < enoughHeld || t.Loss <= t.Before+noise
	if !t.Swapped {
		m.opts.Log.Warn("the newly trained model does worse and is not used", "loss", t.Loss, "before", t.Before, "held_back", t.Held)
		w, forgot = nil, 0
	}
	m.swap(w, set.own)
	m.mu.Lock()
	m.since -= since
	m.forgot -= forgot
	m.mu.Unlock()
	m.trained.Store(&t)
	return nil
}

func (m *Model) beginTraining() (since, forgot int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.busy, m.recent = true, nil
	return m.since, m.forgot
}

func (m *Model) endTraining() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.busy, m.recent = false, nil
}

// swap puts new weights, if any, and counts of domains in place, after they have learned what
// came while they were made.
func (m *Model) swap(w *linear.Weights, own map[Digest]Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := *m.judge.Load()
	if w != nil {
		next.Weights = w
	}
	for _, c := range m.recent {
		if w != nil {
			learnLinear(w, c.New)
		}
		if delete(own, c.Old.Digest); c.New.Class != bayes.None && c.New.Domain != "" {
			own[c.New.Digest] = c.New
		}
	}
	next.Domains = domains(own)
	m.judge.Store(&next)
}

// learnLinear has weights learn one message by one step.
func learnLinear(w *linear.Weights, r Record) {
	if r.Class != bayes.None && !r.Digest.heldBack() {
		e := example(r)
		w.Learn(e.Vector, e.Spam)
	}
}

// set is what a training is made with.
type set struct {
	learned, held []linear.Example
	own           map[Digest]Record // lessons that count for a domain besides, with the tokens that are counted
}

// examples are the samples in the store.
func (m *Model) examples(ctx context.Context) (set, error) {
	out := set{own: map[Digest]Record{}}
	var class [3][]Record
	vectors := map[Digest]linear.Example{}
	for r, err := range m.store.Samples(ctx) {
		if err != nil {
			return out, err
		}
		vectors[r.Digest] = example(r) // a fifth of the size
		if r.Domain != "" {
			own := r
			own.Tokens = slices.DeleteFunc(r.Tokens, func(t uint64) bool { return !Counted(t) })
			out.own[r.Digest] = own
		}
		r.Tokens = nil
		class[r.Class] = append(class[r.Class], r)
	}
	for _, list := range class {
		slices.SortFunc(list, older)
		for _, r := range Sample(list, m.store.limits.Samples) {
			if r.Digest.heldBack() {
				out.held = append(out.held, vectors[r.Digest])
			} else {
				out.learned = append(out.learned, vectors[r.Digest])
			}
		}
	}
	return out, nil
}
