package bayes

import "math"

// The constants of judging, found by measurement (docs/learning.md).
const (
	prior  = 0.2 // messages of each class in which an unknown token is imagined
	margin = 0.5 // a token that speaks for less than this is left out
)

// Weight is the log-odds of spam that one token speaks for: 0 for one that is
// unknown or says nothing. All is the number of messages that were counted.
//
// It is the ratio of the shares of spam and of ham that have the token, so
// that how much of each somebody learned does not matter, but that they learned little
// does: a token that none of three hams had may well be in the fourth.
func Weight(c, all Count) float64 {
	if c.zero() || all.Ham == 0 || all.Spam == 0 {
		return 0
	}
	spam := (float64(c.Spam) + prior) / (float64(all.Spam) + 2*prior)
	ham := (float64(c.Ham) + prior) / (float64(all.Ham) + 2*prior)
	w := math.Log(spam / ham)
	if math.Abs(w) < margin {
		return 0
	}
	return w
}

// Score is how much the tokens of a message speak for spam: 0 for nothing,
// positive for spam. It is the sum of the tokens' log-odds over the square root
// of their number: what the sum of so many independent tokens would be in units of
// its spread. Tokens of one mail are far from independent; without the root
// every long message would be certain. Tokens for which use is false are left out.
func (t *Table) Score(tokens []uint64, use func(uint64) bool) float64 {
	all, s := t.Messages(), t.slots.Load()
	var sum float64
	n := 0
	for _, token := range tokens {
		if !use(token) {
			continue
		}
		if w := Weight(unpack(s.find(token).counts.Load()), all); w != 0 {
			sum += w
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / math.Sqrt(float64(n))
}
