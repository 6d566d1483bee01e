// Package evaluate measures how well learning works on given mail, so that a
// postmaster can see it on their own before trusting it.
//
// The measures are those of the TREC spam track (Cormack, 2007): a filter
// gives every message a score; the ROC curve shows, for every threshold, how much spam
// is found and how much ham is lost; (1-AUC)%, the area above the curve,
// is one number for all thresholds. What matters in daily life is its
// left end: how much spam is found when one ham in a thousand may be lost.
package evaluate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/linear"
	"github.com/postern-mail/postern/learn/tokens"
	"github.com/postern-mail/postern/mail"
)

// Mail is a message whose class is known.
type Mail struct {
	Name   string
	Spam   bool
	When   time.Time // orders the on-line protocol
	Tokens []uint64
	Open   func() (*mail.Message, error) // to tell why it was mistaken; may be nil
}

func (m Mail) class() bayes.Class {
	if m.Spam {
		return bayes.Spam
	}
	return bayes.Ham
}

// key names the message for training, by its content: the same mail in
// another folder gives the same result.
func (m Mail) key() uint64 {
	var h uint64
	for _, t := range m.Tokens {
		h = (h ^ t) * 0x9e3779b97f4a7c15
	}
	return h ^ h>>32
}

// Read reads all mail in the paths into one class, in the order of its names. Of each
// message no more is looked at than limits allow; nil: the defaults. Progress,
// which may be nil, is called from several goroutines.
func Read(ctx context.Context, paths []string, in io.Reader, spam bool, limits *mail.Limits, progress func(learn.Found)) ([]Mail, error) {
	var mu sync.Mutex
	var list []Mail
	err := learn.ReadParallel(ctx, paths, in, func(f learn.Found) error {
		msg := f.Message.Limited(limits)
		m := Mail{Name: f.Name, Spam: spam, When: date(msg), Tokens: tokens.Of(msg), Open: opener(f.Path, f.Name, limits)}
		mu.Lock()
		defer mu.Unlock()
		list = append(list, m)
		if progress != nil {
			progress(f)
		}
		return nil
	})
	slices.SortFunc(list, func(a, b Mail) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// opener reads a message again from the file in which it was; nil for standard input.
func opener(path, name string, limits *mail.Limits) func() (*mail.Message, error) {
	if path == "" {
		return nil
	}
	return func() (msg *mail.Message, err error) {
		errFound := errors.New("found")
		err = learn.ReadAll(context.Background(), []string{path}, nil, func(again learn.Found) error {
			if again.Name != name {
				return nil
			}
			msg = again.Message.Limited(limits)
			return errFound
		})
		if errors.Is(err, errFound) {
			return msg, nil
		}
		return nil, fmt.Errorf("%q is not there any more: %w", name, err)
	}
}

// Score is the verdict on one message.
type Score struct {
	Mail
	Odds    float64        // log-odds of spam
	Reasons *learn.Reasons // of the worst mistakes
}

// Split learns one set and judges the other.
func Split(ctx context.Context, train, test []Mail) ([]Score, learn.Judge, error) {
	j, err := teach(ctx, train)
	if err != nil {
		return nil, j, err
	}
	out := make([]Score, len(test))
	for i, m := range test {
		out[i] = Score{Mail: m, Odds: j.Opinion(m.Tokens).Odds}
	}
	return out, j, nil
}

// teach makes a judge of a set of mail.
func teach(ctx context.Context, train []Mail) (learn.Judge, error) {
	j := learn.NewJudge()
	examples := make([]linear.Example, len(train))
	for i, m := range train {
		j.Counts.Add(m.Tokens, learn.Counted, m.class(), 1)
		examples[i] = linear.Example{Vector: linear.NewVector(m.Tokens), Spam: m.Spam, Key: m.key()}
	}
	w, err := linear.Train(ctx, examples)
	if err != nil {
		return j, fmt.Errorf("evaluate: %w", err)
	}
	j.Weights = w
	return j, nil
}

// Watch is told of scores as they are made, with the judge who made them. It
// may give them reasons.
type Watch func(learn.Judge, []Score) error

// Cross judges every message by what was learned from the others: in so many
// parts, each judged by the rest. Watch is called for each part.
func Cross(ctx context.Context, mails []Mail, folds int, watch Watch) ([]Score, error) {
	if folds < 2 {
		return nil, fmt.Errorf("evaluate: %d folds, at least 2 are needed", folds)
	}
	var out []Score
	for fold := range folds {
		var train, test []Mail
		for _, m := range mails {
			if m.key()%uint64(folds) == uint64(fold) {
				test = append(test, m)
			} else {
				train = append(train, m)
			}
		}
		scores, j, err := Split(ctx, train, test)
		if err == nil && watch != nil {
			err = watch(j, scores)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, scores...)
	}
	return out, nil
}

// OnLine judges each message in turn and then learns it, beginning from nothing. The
// linear model is retrained whenever a tenth more has been learned. Watch is called
// for each message.
func OnLine(ctx context.Context, mails []Mail, watch Watch) ([]Score, error) {
	j := learn.NewJudge()
	out := make([]Score, len(mails))
	next := 8
	for i, m := range mails {
		out[i] = Score{Mail: m, Odds: j.Opinion(m.Tokens).Odds}
		if watch != nil {
			if err := watch(j, out[i:i+1]); err != nil {
				return nil, err
			}
		}
		j.Learn(m.Tokens, m.class())
		if i+1 >= next {
			again, err := teach(ctx, mails[:i+1])
			if err != nil {
				return nil, err
			}
			j.Weights = again.Weights
			next += next/10 + 4
		}
	}
	return out, nil
}

// date is the time that the Date field says; the zero time where it is none.
func date(msg *mail.Message) time.Time {
	v, _ := msg.Header.Get("Date")
	for _, layout := range []string{time.RFC1123Z, "Mon, 2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -0700"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t
		}
	}
	return time.Time{}
}

// Overlap is how many messages of one set have the same content as one of
// the other.
func Overlap(train, test []Mail) int {
	known := make(map[uint64]bool, len(train))
	for _, m := range train {
		known[m.key()] = true
	}
	n := 0
	for _, m := range test {
		if known[m.key()] {
			n++
		}
	}
	return n
}
