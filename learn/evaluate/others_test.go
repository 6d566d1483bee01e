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

// others is for what takes a quarter of an hour: go test ... -args -others.
var others = flag.Bool("others", false, "measure SpamAssassin's Bayes too")

// TestOthers has SpamAssassin's Bayes learn and judge what TestMeasure does, and logs how it does.
func TestOthers(t *testing.T) {
	if !*others {
		t.Skip("-others is not given")
	}
	if out, err := exec.Command("perl", "-MMail::SpamAssassin", "-e", "1").CombinedOutput(); err != nil {
		t.Skipf("SpamAssassin is not installed (Debian package spamassassin): %s", out)
	}
	train, test := corpus(t)
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
