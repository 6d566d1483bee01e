// Package rulesbench measures the rules that ship on labelled mail: how much
// ham would be marked, how much spam found, by source and by rule. The mail is
// not part of the repository; without it the test is skipped.
//
//	go test ./test/rulesbench -v                        a sample of 200 of each source and class
//	go test ./test/rulesbench -v -args -full            all of it
//	go test ./test/rulesbench -v -args -spamc "spamc"   beside a running SpamAssassin
//	go test ./test/rulesbench -v -args -out scores.tsv  what each message scored, and why
package rulesbench

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-mail/postern/scoring"
)

var (
	few   = flag.Int("sample", usual, "read so many messages of each source and class")
	full  = flag.Bool("full", false, "read the whole corpus, not a sample")
	out   = flag.String("out", "", "write each message's score and symbols to this file")
	spamc = flag.String("spamc", "", "ask SpamAssassin too, through this command")
)

// mark is the threshold that is measured.
const mark = 6

// result is what one message scored.
type result struct {
	item
	verdict scoring.Verdict
	other   bool // SpamAssassin calls it spam
}

func TestCorpus(t *testing.T) {
	c, j := open(t), newJudge(t)
	most := *few
	if *full {
		most = 0
	}
	var all []result
	for _, source := range sources {
		all = append(all, measure(t, j, c.read(t, source, most))...)
	}
	var report strings.Builder
	ham, wrong := writeSources(&report, all)
	worse := writeRules(&report, j, all)
	t.Log("\n" + report.String())
	if *full && len(worse) > 0 {
		t.Errorf("rules that hit more ham than spam: %s", strings.Join(worse, ", "))
	}
	if *out != "" {
		if err := os.WriteFile(*out, lines(all), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if wrong*1000 > ham && wrong > 1 {
		t.Errorf("%d of %d ham marked, more than 1 in 1,000", wrong, ham)
	}
}

// measure judges messages, two at a time.
func measure(t *testing.T, j *judge, items []item) []result {
	results := make([]result, len(items))
	var wg sync.WaitGroup
	const workers = 2
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(items); i += workers {
				results[i] = result{item: items[i], verdict: j.verdict(t, items[i])}
				if *spamc != "" {
					results[i].other = ask(t, items[i])
				}
				results[i].raw = nil
			}
		})
	}
	wg.Wait()
	return results
}

// ask asks SpamAssassin: spamc -c exits with 1 on spam.
func ask(t *testing.T, i item) bool {
	words := strings.Fields(*spamc)
	cmd := exec.Command(words[0], append(words[1:], "-c", "-s", "1000000")...)
	cmd.Stdin = bytes.NewReader(i.raw)
	answer, _ := cmd.Output()
	var score, limit float64
	if _, err := fmt.Sscanf(string(answer), "%g/%g", &score, &limit); err != nil || limit == 0 {
		t.Errorf("%s: spamc says %q", i.path, answer)
	}
	return score >= limit
}

// writeSources writes the table by source and returns how much ham there is
// and how much of it is marked.
func writeSources(b *strings.Builder, all []result) (ham, wrong int) {
	fmt.Fprintf(b, "| source | ham | marked | SpamAssassin | spam | found | | SpamAssassin | |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, s := range append(slices.Clone(sources), "") {
		var n, hit, other [2]int
		for _, r := range all {
			if s != "" && r.source != s {
				continue
			}
			k := 0
			if r.spam {
				k = 1
			}
			n[k]++
			if r.verdict.Score >= mark {
				hit[k]++
			}
			if r.other {
				other[k]++
			}
		}
		name := s
		if s == "" {
			name, ham, wrong = "all", n[0], hit[0]
		}
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d | %.1f%% | %d | %.1f%% |\n", name, n[0], hit[0], other[0], n[1], hit[1],
			percent(hit[1], n[1]), other[1], percent(other[1], n[1]))
	}
	return ham, wrong
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(max(of, 1)) }

// writeRules writes the table of rules and symbols, hits in ham and in spam,
// and returns the rules that hit more ham.
func writeRules(b *strings.Builder, j *judge, all []result) (worse []string) {
	type hits struct{ ham, spam int }
	count, total := map[string]*hits{}, hits{}
	for _, r := range all {
		if r.spam {
			total.spam++
		} else {
			total.ham++
		}
		for _, s := range r.verdict.Symbols {
			h := count[s.Name]
			if h == nil {
				h = &hits{}
				count[s.Name] = h
			}
			if r.spam {
				h.spam++
			} else {
				h.ham++
			}
		}
	}
	fmt.Fprintf(b, "\n%d ham, %d spam\n\n| symbol | group | score | ham | spam |\n|---|---|---|---|---|\n", total.ham, total.spam)
	for _, r := range j.rules.Rules() {
		h := count[r.Symbol]
		if h == nil {
			count[r.Symbol] = &hits{}
		} else if h.ham > h.spam {
			worse = append(worse, r.Symbol)
		}
	}
	var names []string
	for name := range count {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		h, e := count[name], j.policy.Table[name]
		note := ""
		if e.Score > 0 && h.ham > h.spam {
			note = " more in ham"
		}
		fmt.Fprintf(b, "| %s | %s | %g | %d | %d |%s\n", name, e.Group, e.Score, h.ham, h.spam, note)
	}
	return worse
}

// lines are the messages one by one: path, score, and what added points.
func lines(all []result) []byte {
	var b bytes.Buffer
	for _, r := range all {
		fmt.Fprintf(&b, "%s\t%.2f\t", r.path, r.verdict.Score)
		for _, s := range r.verdict.Symbols {
			fmt.Fprintf(&b, "%s:%.2g ", s.Name, s.Points)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}
