package evaluate

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// others has TestMeasure ask SpamAssassin too: go test ... -args -others. It takes a quarter of an hour.
var others = flag.Bool("others", false, "measure SpamAssassin's Bayes too")

// measureOthers judges the split by further filters and logs how they do.
func measureOthers(t *testing.T, train, test []Mail) {
	if !*others {
		return
	}
	if out, err := exec.Command("perl", "-MMail::SpamAssassin", "-e", "1").CombinedOutput(); err != nil {
		t.Logf("SpamAssassin is not installed: %s", out)
		return
	}
	scores := spamAssassin(t, train, test)
	for _, s := range append(slices.Clone(sources), "+", "") {
		t.Logf("SpamAssassin's Bayes: %-16s (1-AUC) %8.4f %%, recall at 0.1 %% %6.2f %%", s, AboveCurve(of(scores, s)), Recall(of(scores, s), 0.001))
	}
}

// spamAssassin has its Bayes alone, without rules, learn and judge the same mail.
func spamAssassin(t *testing.T, train, test []Mail) []Score {
	dir := t.TempDir()
	list := func(name string, mails []Mail, want func(Mail) bool) string {
		var b strings.Builder
		for _, m := range mails {
			if want(m) {
				b.WriteString(m.Name + "\n")
			}
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	out := run(t, nil, "perl", "testdata/spamassassin.pl", dir,
		list("spam", train, func(m Mail) bool { return m.Spam }), list("ham", train, func(m Mail) bool { return !m.Spam }),
		list("test", test, func(Mail) bool { return true }))
	lines := strings.Fields(out)
	if len(lines) != len(test) {
		t.Fatalf("%d probabilities for %d messages", len(lines), len(test))
	}
	scores := make([]Score, len(test))
	for i, line := range lines {
		p, err := strconv.ParseFloat(line, 64)
		if err != nil {
			t.Fatalf("SpamAssassin says %q", line)
		}
		scores[i] = Score{Mail: test[i], Odds: p}
	}
	return scores
}

// TestOthers is the part of TestMeasure about other filters, alone.
func TestOthers(t *testing.T) {
	if !*others {
		t.Skip("-others is not given")
	}
	train, test := corpus(t)
	measureOthers(t, train, test)
}
