package app

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/internal/redistest"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/verdicts"
)

// lesson is the n-th mail of a class.
func lesson(n int, c bayes.Class) *mail.Message {
	own := "meeting minutes of the garden club"
	if c == bayes.Spam {
		own = "cheap pills without prescription"
	}
	h, b := mail.Read(fmt.Appendf(nil, "From: a%d@example.org\nSubject: mail %d\nMessage-ID: <%d@example.org>\n\n%s\n", n, n, n, own))
	return mail.New(mail.Message{Session: client, Header: h, Body: b})
}

// teach teaches n messages, one spam for one ham.
func teach(t *testing.T, m *learn.Model, n int) {
	t.Helper()
	for i := range n {
		c := bayes.Class(1 + i%2)
		if _, err := m.Learn(t.Context(), lesson(i, c), c, learn.Origin{Who: "ann"}); err != nil {
			t.Fatal(err)
		}
	}
}

func symbols(r *verdicts.Record) []string {
	var names []string
	for _, s := range r.Symbols {
		names = append(names, s.Name)
	}
	return names
}

// What users call spam counts in the verdicts of somebody who configured nothing.
func TestWhatWasLearnedCountsInTheVerdict(t *testing.T) {
	s := newSite(t)
	d := offline(&dnstest.Resolver{}, s.now())
	d.learned = s.learned
	cfg := defaults(t, map[string]string{"hostname": "mx.example.org"})
	judge := func(c bayes.Class) []string {
		r, err := d.judgeOne(t.Context(), cfg, lesson(1000, c))
		if err != nil {
			t.Fatal(err)
		}
		return symbols(r)
	}
	if got := judge(bayes.Spam); slices.Contains(got, "BAYES_SPAM") || slices.Contains(got, "BAYES_HAM") {
		t.Errorf("before anything was learned: %q", got)
	}
	teach(t, s.learning, 60)
	if got := judge(bayes.Spam); !slices.Contains(got, "BAYES_SPAM") {
		t.Errorf("spam: %q", got)
	}
	if got := judge(bayes.Ham); !slices.Contains(got, "BAYES_HAM") {
		t.Errorf("ham: %q", got)
	}
}

func TestWhatWasLearnedOutlastsReloadAndRestart(t *testing.T) {
	dir := t.TempDir()
	s := newSite(t, "state.dir", dir)
	teach(t, s.learning, 20)
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := s.learning.Seen(); got != (bayes.Count{Ham: 10, Spam: 10}) {
		t.Errorf("after a reload: %v", got)
	}
	s.stop()
	again := newSite(t, "state.dir", dir)
	if got := again.learning.Seen(); got != (bayes.Count{Ham: 10, Spam: 10}) {
		t.Errorf("after a restart: %v", got)
	}
	if n := value(t, again.App, "postern_learned_messages"); n != 20 {
		t.Errorf("metric: %v", n)
	}
}

func TestOneSidedLearningIsAConditionOfHealth(t *testing.T) {
	s := newSite(t)
	for i := range 150 {
		if _, err := s.learning.Learn(t.Context(), lesson(i, bayes.Spam), bayes.Spam, learn.Origin{}); err != nil {
			t.Fatal(err)
		}
	}
	wrong, blocked := s.health.Conditions()
	if len(wrong) != 1 || wrong[0].Name != "learning" || blocked {
		t.Errorf("%v", wrong)
	}
}

// Two daemons share a Redis, which goes away: both judge as before, what one is taught waits on its
// disk, and when Redis is back both know it.
func TestLearningGoesOnWithoutRedis(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	var sites []*site
	for range 2 {
		sites = append(sites, newSite(t, "redis.url", "redis://"+server.Addr, "redis.timeout", "1s", "state.dir", t.TempDir()))
	}
	know := func(n uint32) {
		t.Helper()
		for i, s := range sites {
			redistest.Wait(t, fmt.Sprintf("daemon %d knows %d messages", i, n), func() bool { seen := s.learning.Seen(); return seen.Ham+seen.Spam == n })
		}
	}
	teach(t, sites[0].learning, 60)
	know(60)
	probe := lesson(1000, bayes.Spam)
	before := sites[1].learning.Judge(probe)
	server.Kill()
	school := &school{model: sites[1].learning, now: time.Now}
	told, err := school.learn(t.Context(), lesson(2000, bayes.Spam), bayes.Spam, learn.Origin{Who: "ann"})
	if err != nil || !told.Waiting {
		t.Errorf("%+v, %v", told, err)
	}
	if now := sites[1].learning.Judge(probe); now.Bayes != before.Bayes || now.Odds < 1 {
		t.Errorf("%+v, before %+v", now, before)
	}
	if n := value(t, sites[1].App, "postern_learned_waiting"); n != 1 {
		t.Errorf("%v lessons wait", n)
	}
	server.Run(t)
	know(61)
}
