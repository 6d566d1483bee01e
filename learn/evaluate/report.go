package evaluate

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/postern-mail/postern/learn"
)

// Report is what an evaluation found.
type Report struct {
	Ham        int     `json:"ham"`
	Spam       int     `json:"spam"`
	Threshold  float64 `json:"threshold"`   // log-odds above which a message counts as spam in the next four
	HamAsSpam  int     `json:"ham_as_spam"` // false positives
	SpamAsHam  int     `json:"spam_as_ham"` // missed
	FalsePos   float64 `json:"false_positive_percent"`
	Found      float64 `json:"recall_percent"`
	AboveCurve float64 `json:"1-auc_percent"` // the area above the ROC curve
	RecallAt01 float64 `json:"recall_percent_at_0.1"`
	RecallAt1  float64 `json:"recall_percent_at_1"`
	WorstHam   []Wrong `json:"worst_ham,omitempty"`
	WorstSpam  []Wrong `json:"worst_spam,omitempty"`
}

// Wrong is a message that was misjudged.
type Wrong struct {
	Name   string   `json:"name"`
	Odds   float64  `json:"odds"`
	Tokens []string `json:"tokens,omitempty"` // what spoke loudest for the mistake; text from the mail, escaped
}

// New makes the report of some scores. Messages above the threshold, in log-odds, count
// as spam. The worst mistakes of each side are named, so many of them.
func New(scores []Score, threshold float64, worst int) Report {
	r := Report{Threshold: threshold}
	var ham, spam []Score
	for _, s := range scores {
		if s.Spam {
			spam = append(spam, s)
			if s.Odds <= threshold {
				r.SpamAsHam++
			}
		} else {
			ham = append(ham, s)
			if s.Odds > threshold {
				r.HamAsSpam++
			}
		}
	}
	r.Ham, r.Spam = len(ham), len(spam)
	r.FalsePos, r.Found = percent(r.HamAsSpam, r.Ham), percent(r.Spam-r.SpamAsHam, r.Spam)
	r.AboveCurve = AboveCurve(scores)
	r.RecallAt01, r.RecallAt1 = Recall(scores, 0.001), Recall(scores, 0.01)
	slices.SortFunc(ham, func(a, b Score) int { return cmp.Compare(b.Odds, a.Odds) })
	slices.SortFunc(spam, func(a, b Score) int { return cmp.Compare(a.Odds, b.Odds) })
	r.WorstHam = wrong(ham, worst, func(s Score) bool { return s.Odds > threshold })
	r.WorstSpam = wrong(spam, worst, func(s Score) bool { return s.Odds <= threshold })
	return r
}

func percent(n, of int) float64 { return 100 * float64(n) / math.Max(float64(of), 1) }

func wrong(sorted []Score, most int, is func(Score) bool) []Wrong {
	var list []Wrong
	for _, s := range sorted {
		if len(list) == most || !is(s) {
			break
		}
		w := Wrong{Name: s.Name, Odds: s.Odds}
		if s.Reasons != nil {
			side := s.Reasons.Ham
			if !s.Spam {
				side = s.Reasons.Spam
			}
			for _, r := range side {
				w.Tokens = append(w.Tokens, fmt.Sprintf("%+.2f %s", r.Weight, strconv.QuoteToGraphic(r.Token)))
			}
		}
		list = append(list, w)
	}
	return list
}

// Explain gives the worst mistakes their reasons: it reads these messages
// again. So many of each side, so many tokens of each message.
func Explain(j learn.Judge, scores []Score, worst, tokens int) error {
	order := make([]*Score, len(scores))
	for i := range scores {
		order[i] = &scores[i]
	}
	slices.SortFunc(order, func(a, b *Score) int { return cmp.Compare(b.Odds, a.Odds) })
	left := map[bool]int{false: worst, true: worst}
	explain := func(s *Score, side bool) error {
		if s.Spam != side || left[side] == 0 || s.Open == nil {
			return nil
		}
		left[side]--
		msg, err := s.Open()
		if err != nil {
			return fmt.Errorf("evaluate: %w", err)
		}
		r := j.Why(msg, tokens)
		s.Reasons = &r
		return nil
	}
	for i := range order {
		if err := explain(order[i], false); err != nil {
			return err
		}
		if err := explain(order[len(order)-1-i], true); err != nil {
			return err
		}
	}
	return nil
}

// Text writes the report for people.
func (r Report) Text(w io.Writer) error {
	_, err := fmt.Fprintf(w, `%d ham, %d spam

                judged ham  judged spam
  is ham          %8d     %8d
  is spam         %8d     %8d

  false positives           %8.3f %%
  spam found                %8.2f %%
  (1-AUC)                   %8.4f %%
  spam found at 0.1 %% of ham %7.2f %%
  spam found at 1 %% of ham   %7.2f %%
`, r.Ham, r.Spam, r.Ham-r.HamAsSpam, r.HamAsSpam, r.SpamAsHam, r.Spam-r.SpamAsHam,
		r.FalsePos, r.Found, r.AboveCurve, r.RecallAt01, r.RecallAt1)
	for _, side := range []struct {
		title string
		list  []Wrong
	}{{"ham that looks most like spam", r.WorstHam}, {"spam that looks most like ham", r.WorstSpam}} {
		if len(side.list) > 0 {
			fmt.Fprintf(w, "\n%s\n", side.title)
		}
		for _, m := range side.list {
			fmt.Fprintf(w, "  %+7.2f  %s\n", m.Odds, strconv.QuoteToGraphic(m.Name))
			for _, t := range m.Tokens {
				fmt.Fprintf(w, "             %s\n", t)
			}
		}
	}
	return err
}
