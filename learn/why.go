package learn

import (
	"cmp"
	"math"
	"slices"

	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/tokens"
	"github.com/postern-mail/postern/mail"
)

// Reason is a token and what it said about a message.
type Reason struct {
	Token  string      // in readable form; from the mail, escape it where it is shown
	Weight float64     // what it adds to the log-odds: positive for spam
	Count  bayes.Count // the messages that had it; zero for what Bayes does not count
}

// Reasons are the strongest tokens of both sides.
type Reasons struct {
	Opinion
	Spam, Ham []Reason // the strongest first
}

// Why tells why a message is judged as it is: the n strongest tokens of each
// side. They are read from the message anew; nothing of it is kept.
func (m *Model) Why(msg *mail.Message, n int) Reasons { return m.judge.Load().Why(msg, n) }

// Why is the Why of a Model.
func (j Judge) Why(msg *mail.Message, n int) Reasons {
	list, names := tokens.Named(msg)
	r := Reasons{Opinion: j.Opinion(list)}
	weights := j.weights(list, r.Opinion)
	all := make([]Reason, 0, len(list))
	for i, t := range list {
		if weights[i] != 0 {
			all = append(all, Reason{Token: names[t], Weight: weights[i], Count: j.Counts.Count(t)})
		}
	}
	slices.SortStableFunc(all, func(a, b Reason) int { return cmp.Compare(b.Weight, a.Weight) })
	for _, a := range all[:min(n, len(all))] {
		if a.Weight > 0 {
			r.Spam = append(r.Spam, a)
		}
	}
	slices.Reverse(all)
	for _, a := range all[:min(n, len(all))] {
		if a.Weight < 0 {
			r.Ham = append(r.Ham, a)
		}
	}
	return r
}

// weights is what each token adds to the odds. The Bayesian part, whose sum is
// squashed, is dealt out in proportion.
func (j Judge) weights(list []uint64, o Opinion) []float64 {
	all := j.Counts.Messages()
	out := j.Weights.Shares(list)
	single := make([]float64, len(list))
	var total float64
	for i, t := range list {
		out[i] *= o.Confidence
		if Counted(t) {
			single[i] = bayes.Weight(j.Counts.Count(t), all)
			total += single[i]
		}
	}
	if math.Abs(total) > 1e-9 {
		for i := range out {
			out[i] += o.Bayes * single[i] / total
		}
	}
	return out
}
