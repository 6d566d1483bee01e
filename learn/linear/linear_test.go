package linear

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
)

// examples makes messages of which each class has words of its own among many
// that both have.
func examples(n int, seed uint64) []Example {
	r := rand.New(rand.NewPCG(seed, 1))
	list := make([]Example, n)
	for i := range list {
		spam := i%2 == 0
		var tokens []uint64
		for range 40 {
			tokens = append(tokens, token(r.Uint64N(400)))
		}
		for range 5 {
			own := 1000 + r.Uint64N(30)
			if spam {
				own += 1000
			}
			tokens = append(tokens, token(own))
		}
		list[i] = Example{Vector: NewVector(tokens), Spam: spam, Key: r.Uint64()}
	}
	return list
}

func token(n uint64) uint64 { return (n+1)*0x9e3779b97f4a7c15&^7 | n%8 }

func train(t testing.TB, list []Example) *Weights {
	w, err := Train(context.Background(), list)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTrainingTellsTheClassesApart(t *testing.T) {
	w := train(t, examples(400, 1))
	wrong := 0
	for _, e := range examples(400, 2) {
		if w.Score(e.Vector) > 0 != e.Spam {
			wrong++
		}
	}
	if wrong > 8 {
		t.Errorf("%d of 400 wrong", wrong)
	}
}

func TestTheSameSetGivesTheSameWeightsInAnyOrder(t *testing.T) {
	list := examples(60, 3)
	w := train(t, list)
	rand.New(rand.NewPCG(9, 9)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	if !w.Equal(train(t, list)) {
		t.Error("another order gave other weights")
	}
	if w.Equal(train(t, list[1:])) {
		t.Error("a smaller set gave the same weights")
	}
}

func TestALearnedExampleActsAtOnce(t *testing.T) {
	w := train(t, examples(100, 4))
	for _, e := range examples(20, 5) {
		before := w.Score(e.Vector)
		w.Learn(e.Vector, !e.Spam)
		if after := w.Score(e.Vector); after > before != !e.Spam {
			t.Errorf("the score went from %g to %g after learning spam=%v", before, after, !e.Spam)
		}
	}
}

func TestJudgeIsTheScoreOfTheVector(t *testing.T) {
	w := train(t, examples(100, 6))
	list := []uint64{token(1), token(1001), token(2003), token(77)}
	if got, want := w.Judge(list), w.Score(NewVector(list)); got != want {
		t.Errorf("judge %g, score %g", got, want)
	}
	var sum float64
	for _, s := range w.Shares(list) {
		sum += s
	}
	if bias := float64(load(&w.bias)); math.Abs(sum+bias-w.Judge(list)) > 1e-4 {
		t.Errorf("the shares sum to %g, the score without bias is %g", sum, w.Judge(list)-bias)
	}
}

func TestLossIsSmallerForTheBetterModel(t *testing.T) {
	list := examples(200, 7)
	if good, none := Loss(train(t, list), list), Loss(New(), list); good >= none/2 {
		t.Errorf("loss %g trained, %g untrained", good, none)
	}
}

func TestTrainingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Train(ctx, examples(10, 8)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestScoringGoesOnWhileOthersLearn(t *testing.T) {
	w := New()
	list := examples(50, 9)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for _, e := range list {
				w.Learn(e.Vector, e.Spam)
			}
		})
		wg.Go(func() {
			for _, e := range list {
				if s := w.Score(e.Vector); math.IsNaN(s) {
					t.Error("a score is no number")
				}
			}
		})
	}
	wg.Wait()
}

func TestExpIsTheExponential(t *testing.T) {
	for x := 0.0; x > -60; x -= 0.37 {
		if got, want := exp(x), math.Exp(x); math.Abs(got-want) > 1e-14*want {
			t.Errorf("exp(%g) = %g, want %g", x, got, want)
		}
	}
	if exp(-1000) != 0 {
		t.Error("exp(-1000) is not 0")
	}
}

func BenchmarkJudge2000Tokens(b *testing.B) {
	w := train(b, examples(500, 1))
	list := make([]uint64, 2000)
	for i := range list {
		list[i] = token(uint64(i) * 7919)
	}
	b.ReportAllocs()
	for b.Loop() {
		w.Judge(list)
	}
}

func BenchmarkTrain500(b *testing.B) {
	list := examples(500, 1)
	for b.Loop() {
		train(b, list)
	}
}
