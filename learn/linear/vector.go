// Package linear is a logistic regression over the hashed tokens of a message.
//
// Where Bayes takes every token for independent, this model weighs them
// together: a word that only ever comes with another one gets no weight of its
// own. A message is a vector of length one in 2^Bits dimensions; the weights
// are found by AdaGrad (Duchi, Hazan, Singer 2011) in a few passes over a
// bounded set of learned messages.
//
// Training is a pure function of that set: the same messages give the same
// weights, bit for bit, on every machine. For that no operation may be fused
// or reordered, which is why products are converted explicitly (Go
// specification, Floating-point operators) and the exponential is our own.
package linear

import (
	"math"

	"github.com/postern-mail/postern/learn/tokens"
)

// The group of a token in an index.
const (
	groupBits = 3
	groupMask = tokens.Groups - 1
)

// Bits is the binary logarithm of the number of weights.
const Bits = 22

// Vector is a message as the model sees it. It is immutable.
type Vector struct {
	index []uint32               // of the weight, and below it the group of the token
	scale [tokens.Groups]float32 // the component of each token, by group
}

// NewVector makes the vector of a message's tokens. Every group of tokens has
// the same share of the length, however many there are of it, so that a long
// text does not drown what the header says.
func NewVector(list []uint64) Vector {
	v := Vector{index: make([]uint32, len(list)), scale: scales(list)}
	for i, t := range list {
		v.index[i] = uint32(t>>(64-Bits))<<groupBits | uint32(tokens.GroupOf(t))
	}
	return v
}

// scales is the component of a token of each group.
func scales(list []uint64) (scale [tokens.Groups]float32) {
	var count [tokens.Groups]int
	present := 0
	for _, t := range list {
		g := tokens.GroupOf(t)
		if count[g]++; count[g] == 1 {
			present++
		}
	}
	for g, n := range count {
		if n > 0 {
			scale[g] = float32(1 / math.Sqrt(float64(n*present)))
		}
	}
	return scale
}

// Size is roughly how many bytes of memory the vector takes.
func (v Vector) Size() int { return 4*len(v.index) + 4*tokens.Groups + 24 }
