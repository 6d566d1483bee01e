package linear

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/postern-mail/postern/learn/tokens"
)

// Weights is a trained model. Scoring takes no lock and may go on while Learn
// changes the weights: a message may then be judged by some old and some new
// ones, which harms nobody. Learners take turns.
type Weights struct {
	mu     sync.Mutex
	weight []uint32  // the bits of float32 values, so that they can be read and written at once
	grad   []float32 // sums of squared gradients; under mu
	bias   uint32
}

// New makes a model that knows nothing: every score is 0.
func New() *Weights {
	return &Weights{weight: make([]uint32, 1<<Bits), grad: make([]float32, 1<<Bits)}
}

// The constants of training, found by measurement (docs/learning.md).
const (
	rate     = 0.8   // AdaGrad's step
	biasRate = 0.01  // the bias has no AdaGrad: it would jump
	damp     = 1e-4  // keeps the first step finite
	enough   = 0.001 // an error below this teaches nothing
)

func load(p *uint32) float32     { return math.Float32frombits(atomic.LoadUint32(p)) }
func store(p *uint32, f float32) { atomic.StoreUint32(p, math.Float32bits(f)) }

// Score is the log-odds of spam: 0 for no opinion, positive for spam.
func (w *Weights) Score(v Vector) float64 {
	s := load(&w.bias)
	for _, x := range v.index {
		s += float32(load(&w.weight[x>>groupBits]) * v.scale[x&groupMask])
	}
	return float64(s)
}

// Judge is the Score of a message's tokens, without making a vector of them.
func (w *Weights) Judge(list []uint64) float64 {
	scale := scales(list)
	s := load(&w.bias)
	for _, t := range list {
		s += float32(load(&w.weight[t>>(64-Bits)]) * scale[tokens.GroupOf(t)])
	}
	return float64(s)
}

// Shares is what each token of a message adds to the score.
func (w *Weights) Shares(list []uint64) []float64 {
	scale := scales(list)
	out := make([]float64, len(list))
	for i, t := range list {
		out[i] = float64(load(&w.weight[t>>(64-Bits)]) * scale[tokens.GroupOf(t)])
	}
	return out
}

// Learn moves the weights one step towards the example.
func (w *Weights) Learn(v Vector, spam bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.step(v, spam)
}

// step is one step of AdaGrad; under mu.
func (w *Weights) step(v Vector, spam bool) {
	p := sigmoid(w.Score(v))
	if spam {
		p -= 1
	}
	if math.Abs(p) < enough {
		return
	}
	e := float32(p)
	var grad [len(v.scale)]float32
	for g := range grad {
		grad[g] = float32(e * v.scale[g])
	}
	for _, x := range v.index {
		d, i := grad[x&groupMask], x>>groupBits
		sum := w.grad[i] + float32(d*d)
		w.grad[i] = sum
		step := float32(rate*d) / (float32(math.Sqrt(float64(sum))) + damp)
		store(&w.weight[i], load(&w.weight[i])-step)
	}
	store(&w.bias, load(&w.bias)-float32(biasRate*e))
}

// Equal tells whether two models are the same, bit for bit.
func (w *Weights) Equal(o *Weights) bool {
	if w.bias != o.bias {
		return false
	}
	for i := range w.weight {
		if w.weight[i] != o.weight[i] || math.Float32bits(w.grad[i]) != math.Float32bits(o.grad[i]) {
			return false
		}
	}
	return true
}

// sigmoid is 1/(1+exp(-x)), the same on every machine.
func sigmoid(x float64) float64 {
	if x < 0 {
		e := exp(x)
		return e / (1 + e)
	}
	return 1 / (1 + exp(-x))
}

// exp is the exponential of x <= 0 by its series, each product rounded. The
// assembly of math.Exp differs between machines in the last bit.
func exp(x float64) float64 {
	if x < -700 {
		return 0
	}
	k := math.Floor(x/math.Ln2 + 0.5)
	r := x - float64(k*math.Ln2)
	sum, term := 1.0, 1.0
	for i := 1; i <= 14; i++ {
		term = float64(term*r) / float64(i)
		sum += term
	}
	return float64(sum * math.Float64frombits(uint64(int64(k)+1023)<<52))
}
