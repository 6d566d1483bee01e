package evaluate

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/shared"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/tokens"
	"github.com/postern-mail/postern/mail"
)

// The sources of the corpus that have both classes.
var sources = []string{"spamassassin", "csdmc2010", "enron-spam", "ccert-zh", "modern-lists"}

// source is where a message comes from.
func source(name string) string {
	return filepath.Base(filepath.Dir(filepath.Dir(name)))
}

// TestMeasure is the measurement behind docs/learning.md: our learner and
// bogofilter side by side on the whole corpus. It takes minutes, so it runs
// only when POSTERN_MEASURE is set, to the folder for the pictures or to "-".
func TestMeasure(t *testing.T) {
	pictures := os.Getenv("POSTERN_MEASURE")
	if pictures == "" {
		t.Skip("POSTERN_MEASURE is not set")
	}
	for _, program := range []string{"zstd", "tar", "bogofilter"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	train, test := corpus(t)
	t.Logf("%d messages to learn, %d to judge", len(train), len(test))

	ours, _, err := Split(ctx, train, test)
	if err != nil {
		t.Fatal(err)
	}
	theirs := bogofilter(t, train, test)
	table(t, "earlier 60 % learned, the rest judged", ours, theirs)
	checkSplit(t, ours, theirs)
	draw(t, pictures, "learning-split.svg", "all sources: earlier 60 % learned, the rest judged", ours, theirs)

	for _, s := range append(slices.Clone(sources), "all") {
		row := interleave(slices.Concat(train, test), s, 1500)
		ours, err := OnLine(ctx, row, nil)
		if err != nil {
			t.Fatal(err)
		}
		theirs := bogofilterOnLine(t, row)
		for _, n := range []int{50, 100, 500, len(row)} {
			n = min(n, len(row))
			t.Logf("on-line %-13s first %4d: (1-AUC) %8.4f %% bogofilter %8.4f %%, recall at 0.1 %% %6.2f %% bogofilter %6.2f %%", s, n,
				AboveCurve(ours[:n]), AboveCurve(theirs[:n]), Recall(ours[:n], 0.001), Recall(theirs[:n], 0.001))
		}
		// Where both are next to perfect the order of the first few messages,
		// of which nobody can know anything, decides the whole row.
		const perfect = 0.01
		for what, from := range map[string]int{"after 500 messages": 500, "on the whole": 0} {
			if a, b := AboveCurve(ours[from:]), AboveCurve(theirs[from:]); a > b && a > perfect {
				t.Errorf("on-line %s: (1-AUC) %.4f %% %s, bogofilter %.4f %%", s, a, what, b)
			}
		}
		if s == "all" {
			draw(t, pictures, "learning-online.svg", "all sources: each judged, then learned, from nothing", ours, theirs)
		}
	}
}

// corpus reads the messages, the earlier 60 % of each class of each source
// apart from the rest.
func corpus(t *testing.T) (train, test []Mail) {
	dir := t.TempDir()
	archives, err := filepath.Glob(filepath.Join(shared.Dir(t, "corpus"), "*.tar.zst"))
	if err != nil || len(archives) == 0 {
		t.Skip("there is no *.tar.zst in the folder corpus of POSTERN_SHARED")
	}
	for _, a := range archives {
		cmd := exec.Command("sh", "-c", `zstd -dc --long=27 "$1" | tar -x -C "$2"`, "sh", a, dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", a, err, out)
		}
	}
	folders, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
	for _, folder := range folders {
		files, _ := filepath.Glob(filepath.Join(folder, "*.eml"))
		slices.Sort(files)
		for i, name := range files {
			m := Mail{Name: name, Spam: filepath.Base(folder) == "spam", Tokens: tokens.Of(open(t, name))}
			if i < len(files)*60/100 {
				train = append(train, m)
			} else {
				test = append(test, m)
			}
		}
	}
	return train, test
}

func open(t *testing.T, name string) *mail.Message {
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	h, b := mail.Read(raw)
	return mail.New(mail.Message{Session: &mail.Session{}, Header: h, Body: b})
}

// interleave puts mail of a source into an order in which both classes come
// evenly, each in its order of time, and takes at most n of it, evenly.
func interleave(list []Mail, src string, n int) []Mail {
	type placed struct {
		Mail
		at float64
	}
	groups := map[string][]Mail{}
	for _, m := range list {
		if s := source(m.Name); s == src || src == "all" {
			groups[filepath.Dir(m.Name)] = append(groups[filepath.Dir(m.Name)], m)
		}
	}
	var row []placed
	for _, g := range groups {
		slices.SortFunc(g, func(a, b Mail) int { return cmp.Compare(a.Name, b.Name) })
		for i, m := range g {
			row = append(row, placed{m, (float64(i) + 0.5) / float64(len(g))})
		}
	}
	slices.SortFunc(row, func(a, b placed) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.Name, b.Name)) })
	out := make([]Mail, 0, n)
	for i := range min(n, len(row)) {
		out = append(out, row[i*len(row)/min(n, len(row))].Mail)
	}
	return out
}

// bogofilter has it learn and judge the same mail. Its spamicity is the score.
func bogofilter(t *testing.T, train, test []Mail) []Score {
	db := t.TempDir()
	for flag, spam := range map[string]bool{"-s": true, "-n": false} {
		var names strings.Builder
		for _, m := range train {
			if m.Spam == spam {
				names.WriteString(m.Name + "\n")
			}
		}
		run(t, strings.NewReader(names.String()), "bogofilter", "-d", db, flag, "-b")
	}
	var names strings.Builder
	for _, m := range test {
		names.WriteString(m.Name + "\n")
	}
	out := make([]Score, len(test))
	for i, line := range strings.Split(strings.TrimSpace(run(t, strings.NewReader(names.String()), "bogofilter", "-d", db, "-b", "-TT")), "\n") {
		out[i] = Score{Mail: test[i], Odds: spamicity(t, line)}
	}
	return out
}

// bogofilterOnLine has it judge and learn each message in turn.
func bogofilterOnLine(t *testing.T, row []Mail) []Score {
	db := t.TempDir()
	out := make([]Score, len(row))
	for i, m := range row {
		raw, err := os.ReadFile(m.Name)
		if err != nil {
			t.Fatal(err)
		}
		flag := "-n"
		if m.Spam {
			flag = "-s"
		}
		out[i] = Score{Mail: m, Odds: 0.5}
		if i > 0 { // before the first it has no database, and fails
			out[i].Odds = spamicity(t, run(t, bytes.NewReader(raw), "bogofilter", "-d", db, "-TT"))
		}
		run(t, bytes.NewReader(raw), "bogofilter", "-d", db, flag)
	}
	return out
}

func run(t *testing.T, in io.Reader, name string, args ...string) string {
	cmd := exec.Command(name, args...)
	cmd.Stdin = in
	out, err := cmd.Output() // its exit code is its verdict
	if e, ok := err.(*exec.ExitError); err != nil && (!ok || e.ExitCode() > 2) {
		t.Fatalf("%s: %v", name, err)
	}
	return string(out)
}

func spamicity(t *testing.T, line string) float64 {
	f := strings.Fields(line)
	if len(f) == 0 {
		return 0.5 // it has no words yet
	}
	v, err := strconv.ParseFloat(f[len(f)-1], 64)
	if err != nil {
		t.Fatalf("bogofilter says %q", line)
	}
	return v
}

// of are the scores of one source; "" for all, "+" for those with both classes.
func of(list []Score, src string) []Score {
	return slices.DeleteFunc(slices.Clone(list), func(s Score) bool {
		own := source(s.Name)
		return src == "+" && !slices.Contains(sources, own) || src != "+" && src != "" && own != src
	})
}

func table(t *testing.T, title string, ours, theirs []Score) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%-16s %10s %10s %10s %10s\n", title, "", "(1-AUC) %", "bogofilter", "recall .1%", "bogofilter")
	for _, s := range append(slices.Clone(sources), "+", "") {
		a, c := of(ours, s), of(theirs, s)
		fmt.Fprintf(&b, "%-16s %10.4f %10.4f %10.2f %10.2f\n", s, AboveCurve(a), AboveCurve(c), Recall(a, 0.001), Recall(c, 0.001))
	}
	for _, odds := range []float64{0, 1, 2, learn.HalfSure, 4} {
		r := New(ours, odds, 0)
		fmt.Fprintf(&b, "above %g: %d of %d ham, %.2f %% of spam\n", odds, r.HamAsSpam, r.Ham, r.Found)
	}
	for low := -6.0; low < 6; low += 2 {
		n, spam := 0, 0
		for _, s := range ours {
			if s.Odds >= low && s.Odds < low+2 {
				n++
				if s.Spam {
					spam++
				}
			}
		}
		fmt.Fprintf(&b, "odds %+g to %+g: %d messages, %.2f %% of them spam\n", low, low+2, n, percent(spam, n))
	}
	t.Log(b.String())
}

// checkSplit holds the learner to its goals.
func checkSplit(t *testing.T, ours, theirs []Score) {
	if a, b := AboveCurve(of(ours, "+")), AboveCurve(of(theirs, "+")); a > b/8 {
		t.Errorf("pooled: (1-AUC) %.4f %%, more than an eighth of %.4f %%", a, b)
	}
	mean := 0.0
	for _, s := range sources {
		a, b := AboveCurve(of(ours, s)), AboveCurve(of(theirs, s))
		if a > b || b > 0.3 && a > b/3 {
			t.Errorf("%s: (1-AUC) %.4f %%, bogofilter %.4f %%", s, a, b)
		}
		ra, rb := Recall(of(ours, s), 0.001), Recall(of(theirs, s), 0.001)
		if ra < rb {
			t.Errorf("%s: recall %.2f %%, bogofilter %.2f %%", s, ra, rb)
		}
		mean += ra / float64(len(sources))
	}
	if mean < 90 {
		t.Errorf("mean recall %.2f %%", mean)
	}
	if r := New(ours, learn.HalfSure, 0); r.FalsePos > 0.1 {
		t.Errorf("%d of %d ham above half", r.HamAsSpam, r.Ham)
	}
	t.Logf("mean recall at 0.1 %%: %.2f %%", mean)
}

func draw(t *testing.T, dir, name, title string, ours, theirs []Score) {
	if dir == "-" {
		return
	}
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := SVG(f, title, Curve{"Postern", ours}, Curve{"bogofilter", theirs}); err != nil {
		t.Fatal(err)
	}
}
