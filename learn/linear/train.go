package linear

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// Example is a message whose class is known.
type Example struct {
	Vector
	Spam bool
	Key  uint64 // names the message; training takes the examples in the order of their keys
}

// The amount of training, found by measurement (docs/learning.md).
const (
	runs   = 4 // models that are averaged, each from another order of the examples
	passes = 1 // over the examples, by each
)

// Train makes a model of a set of examples. The order in which they are given
// does not matter; no key should be there twice. It takes about ten
// nanoseconds a token, run and pass, and returns early, with the context's
// error, when the context ends.
//
// AdaGrad gives the first examples it sees the largest say, so the model
// depends on the order. The mean of several orders does so much less, and is
// better than any one of them made with as many passes.
func Train(ctx context.Context, examples []Example) (*Weights, error) {
	total := New()
	if len(examples) == 0 {
		return total, nil
	}
	w := New()
	for run := range runs {
		if err := w.trainOnce(ctx, examples, uint64(run)); err != nil {
			return nil, err
		}
		total.add(w)
	}
	return total, nil
}

// trainOnce makes one model, in the place of what w was.
func (w *Weights) trainOnce(ctx context.Context, examples []Example, run uint64) error {
	clear(w.weight)
	clear(w.grad)
	w.bias = 0
	order := make([]*Example, len(examples))
	for i := range examples {
		order[i] = &examples[i]
	}
	slices.SortStableFunc(order, func(a, b *Example) int {
		return cmp.Or(cmp.Compare(shuffle(a.Key, run), shuffle(b.Key, run)), cmp.Compare(a.Key, b.Key))
	})
	for range passes {
		for i, e := range order {
			if i%256 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			w.step(e.Vector, e.Spam)
		}
	}
	return nil
}

// shuffle gives every run its own order of the keys.
func shuffle(key, run uint64) uint64 {
	h := (key ^ run*0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd
	return (h ^ h>>32) * 0xc4ceb9fe1a85ec53
}

// add adds one of the runs to their mean. Nobody else has either of them yet.
func (w *Weights) add(run *Weights) {
	const share = float32(1) / runs
	mean := func(sum, part uint32) uint32 {
		return math.Float32bits(math.Float32frombits(sum) + float32(share*math.Float32frombits(part)))
	}
	for i, part := range run.weight {
		if part != 0 {
			w.weight[i] = mean(w.weight[i], part)
			w.grad[i] += float32(share * run.grad[i])
		}
	}
	w.bias = mean(w.bias, run.bias)
}

// Loss is the mean logarithmic loss of the model on examples, 0 for none: what
// tells a better model from a worse one.
func Loss(w *Weights, examples []Example) float64 {
	var loss float64
	for _, e := range examples {
		s := w.Score(e.Vector)
		if e.Spam {
			s = -s
		}
		loss += math.Max(s, 0) + math.Log1p(math.Exp(-math.Abs(s)))
	}
	return loss / math.Max(float64(len(examples)), 1)
}
