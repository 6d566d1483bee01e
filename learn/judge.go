// Package learn knows which mail its users called spam and which ham, and says
// of a new message how likely it is to be one or the other.
//
// Two opinions are fused: a Bayesian one (package bayes) that counts in how
// many messages of each class each token was, and a linear one (package
// linear) that weighs the tokens together. The first forgets exactly and at
// once; the second is the sharper one, and is retrained in the background.
// Both live in the memory of the process: judging asks no database.
//
// What was learned lasts in a Store, message by message, so that it can be
// looked up, taken back and shared by machines. docs/learning.md has the
// measurements behind every constant.
package learn

import (
	"math"

	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/linear"
	"github.com/postern-mail/postern/learn/tokens"
)

// Opinion is what is thought of one message.
type Opinion struct {
	Spam       float64 // the probability that it is spam; 0.5 for no opinion
	Odds       float64 // its log-odds, which still tell 0.9999 from 0.99999: the sum of the parts
	Bayes      float64 // the Bayesian part
	Linear     float64 // the linear part
	Domain     float64 // the part of the recipients' domains; 0 where they have none of their own
	Confidence float64 // 0..1: how much has been learned to judge by; the parts are multiplied by it, that of the domains by its own
}

// The constants of the fusion.
const (
	bayesMost  = 1.0 // the most that the Bayesian opinion adds to the log-odds
	bayesScale = 4.0 // the Bayesian score at which it comes near to that
	halfway    = 5   // messages of the rarer class at which confidence is one half
	lopsided   = 3.0 // how much the linear opinion of the first lessons leans to the class with more of them
	mostRatio  = 2.0 // the greatest ratio of the classes that is made up for
	settled    = 30  // messages of the rarer class at which half of the leaning is over
)

// Judge is the two models together. It is safe for concurrent use.
type Judge struct {
	Counts  *bayes.Table
	Weights *linear.Weights
	Domains map[string]*bayes.Table // of the domains whose users have taught; never written to
}

// NewJudge makes a judge who knows nothing.
func NewJudge() Judge { return Judge{Counts: bayes.NewTable(0), Weights: linear.New()} }

// Opinion judges the tokens of a message.
//
// The Bayesian score is squashed before it is added: for a long message it is
// huge, while it is no surer than the linear one.
func (j Judge) Opinion(list []uint64) Opinion {
	seen := j.Counts.Messages()
	rarer := float64(min(seen.Ham, seen.Spam))
	c := rarer / (rarer + halfway)
	o := Opinion{
		Confidence: c,
		Bayes:      c * bayesMost * math.Tanh(j.Counts.Score(list, Counted)/bayesScale),
		Linear:     c * (j.Weights.Judge(list) + lean(seen)),
	}
	return o.sum()
}

// lean makes up for the linear model's leaning to the class of which it has seen more, while it has seen
// little: most of its weights are then those of messages of that class.
func lean(seen bayes.Count) float64 {
	ratio := (float64(seen.Ham) + 1) / (float64(seen.Spam) + 1)
	ratio = min(max(ratio, 1/mostRatio), mostRatio)
	return lopsided * math.Log(ratio) / (1 + float64(min(seen.Ham, seen.Spam))/settled)
}

// Learn takes a message in: the counts for good, the weights by one step.
func (j Judge) Learn(list []uint64, c bayes.Class) {
	j.Counts.Add(list, Counted, c, 1)
	if c != bayes.None {
		j.Weights.Learn(linear.NewVector(list), c == bayes.Spam)
	}
}

// Counted tells whether Bayes counts a token. It leaves out pairs and runs of
// characters: they would be nine tenths of the table and, taken for
// independent of the words they are made of, make it no surer.
func Counted(token uint64) bool {
	g := tokens.GroupOf(token)
	return g != tokens.Pair && g != tokens.Gram
}

// The log-odds between which doubt turns into certainty, found by measurement
// (docs/learning.md): at HalfSure 3 of 5,287 ham were taken for spam.
const (
	doubt    = 1.0
	certain  = 5.0
	HalfSure = (doubt + certain) / 2
)

// Sure is how sure the opinion is, 0..1: of spam when Odds is positive, of ham
// when it is negative. It is 0.5 at HalfSure.
func (o Opinion) Sure() float64 {
	return min(max((math.Abs(o.Odds)-doubt)/(certain-doubt), 0), 1)
}
