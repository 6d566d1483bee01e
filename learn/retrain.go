package learn

import (
	"context"
	"fmt"
	"slices"
	"time"

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
// forgotten must go. The weights depend on the samples alone.
func (m *Model) Retrain(ctx context.Context) error {
	m.training.Lock()
	defer m.training.Unlock()
	forgot, since := m.beginTraining()
	defer m.endTraining()
	learned, held, err := m.examples(ctx)
	if err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	w, err := linear.Train(ctx, learned)
	if err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	t := Training{When: time.Now(), Examples: len(learned), Held: len(held), Loss: linear.Loss(w, held), Before: linear.Loss(m.judge.Load().Weights, held)}
	t.Swapped = forgot || len(held) < enoughHeld || t.Loss <= t.Before+noise
	if t.Swapped {
		m.swap(w, since)
	} else {
		m.opts.Log.Warn("the newly trained model does worse and is not used", "loss", t.Loss, "before", t.Before, "held_back", t.Held)
	}
	m.trained.Store(&t)
	return nil
}

func (m *Model) beginTraining() (forgot bool, since int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.busy, m.recent = true, nil
	return m.forgot, m.since
}

func (m *Model) endTraining() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.busy, m.recent = false, nil
}

// swap puts new weights in place, after they have learned what came while they
// were trained.
func (m *Model) swap(w *linear.Weights, since int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.recent {
		e := example(r)
		w.Learn(e.Vector, e.Spam)
	}
	m.judge.Store(&Judge{Counts: m.judge.Load().Counts, Weights: w})
	m.since -= since
	m.forgot = false
}

// examples are the samples in the store, those to learn from and those kept back.
func (m *Model) examples(ctx context.Context) (learned, held []linear.Example, err error) {
	var class [3][]Record
	for r, err := range m.store.Samples(ctx) {
		if err != nil {
			return nil, nil, err
		}
		class[r.Class] = append(class[r.Class], r)
	}
	for _, list := range class {
		slices.SortFunc(list, older)
		for _, r := range Sample(list, m.store.limits.Samples) {
			if r.Digest.heldBack() {
				held = append(held, example(r))
			} else {
				learned = append(learned, example(r))
			}
		}
	}
	return learned, held, nil
}
