package learn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/postern-mail/postern/learn/bayes"
)

// Filter chooses lessons. What is zero chooses all.
type Filter struct {
	Class        bayes.Class
	Who, Source  string
	Since, Until time.Time // when it was learned; Until is not included
	AutoOnly     bool
}

// Match tells whether the filter chooses a record.
func (f Filter) Match(r Record) bool {
	return (f.Class == bayes.None || f.Class == r.Class) &&
		(f.Who == "" || f.Who == r.Who) &&
		(f.Source == "" || f.Source == r.Source) &&
		(f.Since.IsZero() || !r.When.Before(f.Since)) &&
		(f.Until.IsZero() || r.When.Before(f.Until)) &&
		(!f.AutoOnly || r.Auto)
}

// Learned returns the lessons that the filter chooses, without their tokens.
func (m *Model) Learned(ctx context.Context, f Filter) ([]Record, error) {
	var list []Record
	for r, err := range m.store.Records(ctx) {
		if err != nil {
			return nil, fmt.Errorf("learn: %w", err)
		}
		if f.Match(r) {
			list = append(list, r)
		}
	}
	return list, nil
}

// ForgetAll takes back every lesson that the filter chooses: the way out of a
// poisoned lot. Settled are those whose tokens are no longer kept; they stay.
func (m *Model) ForgetAll(ctx context.Context, f Filter) (forgotten, settled int, err error) {
	list, err := m.Learned(ctx, f)
	if err != nil {
		return 0, 0, err
	}
	for _, r := range list {
		switch _, err := m.ForgetDigest(ctx, r.Digest); {
		case errors.Is(err, ErrSettled):
			settled++
		case err != nil:
			return forgotten, settled, err
		default:
			forgotten++
		}
	}
	return forgotten, settled, nil
}

// oneSided is how many messages of one class for one of the other are too many.
const oneSided = 20

// Warnings says what a postmaster should know about what was learned.
func (m *Model) Warnings() []string {
	var list []string
	if lag := m.Lag(); lag > patience {
		list = append(list, fmt.Sprintf("the store has not been heard of for %s: nothing new is learned from other machines", lag.Round(time.Second)))
	}
	seen := m.Seen()
	if more, less := max(seen.Ham, seen.Spam), min(seen.Ham, seen.Spam); more > 100 && more > oneSided*less {
		list = append(list, fmt.Sprintf("learning is one-sided: %d ham, %d spam", seen.Ham, seen.Spam))
	}
	if t, ok := m.LastTraining(); ok && !t.Swapped {
		list = append(list, fmt.Sprintf("the newest lessons make the linear model worse: loss %.3f, was %.3f", t.Loss, t.Before))
	}
	return list
}
