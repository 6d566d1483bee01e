package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/admin"
	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/filters/bayes"
	"github.com/postern-mail/postern/internal/miltertest"
	"github.com/postern-mail/postern/learn"
	class "github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/recent"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

// says is a filter that finds what the message's field X-Says names; "dmarc=pass" is an
// authentication result.
var says = filters.Kind{
	Name: "says", Stage: mail.StageData,
	Symbols: []filters.SymbolDoc{
		{Name: "LISTED", Group: "lists", Score: 8}, {Name: "LISTED_TOO", Group: "lists", Score: 8}, {Name: "PHISH", Group: "words", Score: 5},
		{Name: "SMALL", Group: "words", Score: 1}, {Name: "FRIEND", Group: "friends", Score: -2},
	},
	New: func(filters.Env) (filters.Filter, error) { return saysFilter{}, nil },
}

type saysFilter struct{}

func (saysFilter) Check(_ context.Context, m *mail.Message) (res filters.Result, err error) {
	v, _ := m.Header.Get("X-Says")
	for _, name := range strings.Fields(v) {
		if name == "dmarc=pass" {
			res.Auth = append(res.Auth, authres.Result{Method: "dmarc", Value: authres.Pass})
			continue
		}
		res.Symbols = append(res.Symbols, scoring.Found(name))
	}
	return res, nil
}

// deliver takes a message to recipients through a connection of its own.
func (s *site) deliver(t *testing.T, from *mail.Session, raw string, rcpts ...string) (milter.Decision, *verdicts.Record) {
	t.Helper()
	d, _ := s.Connect(t.Context(), from)
	defer d.Close()
	d.Helo(t.Context(), from)
	env := mail.Envelope{From: "joe@example.net", Rcpts: rcpts}
	d.Mail(t.Context(), from, mail.Envelope{From: env.From})
	for _, r := range rcpts {
		d.Rcpt(t.Context(), r, nil)
	}
	h, b := mail.Read([]byte(raw))
	decision := d.Message(t.Context(), mail.New(mail.Message{Session: from, Envelope: env, QueueID: "4Q", Now: s.now(), Header: h, Body: b}))
	page, _, err := s.store.Query(t.Context(), verdicts.Query{Limit: 1})
	if err != nil || len(page) != 1 {
		t.Fatalf("%d records, %v", len(page), err)
	}
	return decision, page[0]
}

const plain = "From: joe@example.net\nSubject: hello\nMessage-ID: <1@example.net>\n\nPills and gardens.\n"

// settled waits until the notebook has nothing to do.
func (s *site) settled(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come about")
		}
	}
}

func remembered(t *testing.T, dir, id string) bool {
	t.Helper()
	_, ok, err := recent.Find(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func TestAVerdictIsLearnedByItsID(t *testing.T) {
	dir := t.TempDir()
	s := newSiteOf(t, []filters.Kind{bayes.Kind}, "state.dir", dir)
	_, r := s.deliver(t, client, plain, "anna@example.org")
	s.settled(t, func() bool { return remembered(t, dir, r.ID) })
	from := learn.Origin{Who: "anna", Source: "web"}
	l, err := s.teacher().LearnVerdict(t.Context(), r.ID, class.Spam, from)
	if err != nil || l.Was != "none" || l.Now != "spam" {
		t.Fatalf("%+v, %v", l, err)
	}
	// The message itself, as it came into the mailbox, is the same one.
	delivered := "Return-Path: <joe@example.net>\nReceived: from x\nX-Postern-Id: 1\n" + plain
	if l, err = s.teacher().Learn(t.Context(), []byte(delivered), class.Spam, from); err != nil || l.Was != "spam" {
		t.Errorf("%+v, %v", l, err)
	}
	if l, err = s.teacher().LearnVerdict(t.Context(), r.ID, class.Ham, from); err != nil || l.Was != "spam" || l.Now != "ham" {
		t.Errorf("the other way: %+v, %v", l, err)
	}
	if n := value(t, s.App, "postern_lessons_total"); n != 3 {
		t.Errorf("metric %v", n)
	}
	s.stop()
	again := newSiteOf(t, []filters.Kind{bayes.Kind}, "state.dir", dir)
	if l, err = again.teacher().LearnVerdict(t.Context(), r.ID, class.Spam, from); err != nil || l.Was != "ham" {
		t.Errorf("after a restart: %+v, %v", l, err)
	}
	if _, err = again.teacher().LearnVerdict(t.Context(), "01nothing", class.Spam, from); !errors.Is(err, admin.ErrNotRemembered) {
		t.Errorf("an unknown id: %v", err)
	}
}

func TestNothingIsRememberedWhereThatIsTurnedOff(t *testing.T) {
	dir := t.TempDir()
	s := newSiteOf(t, []filters.Kind{bayes.Kind}, "state.dir", dir)
	_, r := s.deliver(t, client, plain, "anna@example.org")
	s.settled(t, func() bool { return remembered(t, dir, r.ID) })
	s.stop()
	again := newSiteOf(t, []filters.Kind{bayes.Kind}, "state.dir", dir, "learning.remember", "0")
	_, second := again.deliver(t, client, plain, "anna@example.org")
	again.stop()
	for _, id := range []string{r.ID, second.ID} {
		if remembered(t, dir, id) {
			t.Errorf("%s is remembered", id)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "recent*")); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// What is kept of messages says nothing of them in clear, and is the daemon's own.
func TestWhatIsRememberedHasNoText(t *testing.T) {
	dir := t.TempDir()
	s := newSiteOf(t, []filters.Kind{bayes.Kind}, "state.dir", dir)
	_, r := s.deliver(t, client, plain, "anna@example.org")
	s.settled(t, func() bool { return remembered(t, dir, r.ID) })
	files, err := filepath.Glob(filepath.Join(dir, "recent*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"joe", "anna", "example", "ills", "hello"} {
			if bytes.Contains(bytes.ToLower(b), []byte(word)) {
				t.Errorf("%s holds %q", f, word)
			}
		}
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f, info.Mode(), err)
		}
	}
}

// report is mail with messages attached.
func report(parts ...string) string {
	var b strings.Builder
	b.WriteString("From: anna@example.org\nSubject: Fwd: look\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nsee below\n")
	for _, p := range parts {
		b.WriteString("\n--b\n" + p)
	}
	return b.String() + "\n--b--\n"
}

func attachedMail(n int) string {
	return fmt.Sprintf("Content-Type: message/rfc822\n\nFrom: x%d@example.net\nSubject: pills %d\n\nCheap pills %d.\n", n, n, n)
}

var (
	ourUser = &mail.Session{ClientIP: netip.MustParseAddr("198.51.100.7"), Listener: "inbound", AuthUser: "anna"}
	ownHost = &mail.Session{ClientIP: netip.MustParseAddr("192.0.2.77"), Listener: "inbound"}
)

func TestReports(t *testing.T) {
	const keys = "[spam@example.org, junk@example.org]"
	nested := "Content-Type: message/rfc822\n\nFrom: x@example.net\nSubject: outer\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=c\n\n--c\n" + attachedMail(9) + "\n--c--\n"
	for _, x := range []struct {
		name, then string
		from       *mail.Session
		raw        string
		rcpts      []string
		action     milter.Action
		says       string // symbol and details
		ham, spam  int
	}{
		{"a user's report is learned and discarded", "discard", ourUser, report(attachedMail(1)), []string{"spam@example.org"},
			milter.Discard, "REPORT_LEARNED 1 learned as spam by anna", 0, 1},
		{"or delivered", "accept", ourUser, report(attachedMail(1)), []string{"Junk@Example.org", "spam@example.org"},
			milter.Continue, "REPORT_LEARNED 1 learned as spam by anna", 0, 1},
		{"of the trusted networks too, by their address", "discard", ownHost, report(attachedMail(1), attachedMail(2)), []string{"ham@example.org"},
			milter.Discard, "REPORT_LEARNED 2 learned as ham by 192.0.2.77", 2, 0},
		{"an attached file counts", "discard", ourUser, report(strings.Replace(attachedMail(1), "message/rfc822", "application/octet-stream; name=\"a.EML\"", 1)), []string{"spam@example.org"},
			milter.Discard, "REPORT_LEARNED 1 learned as spam by anna", 0, 1},
		{"the same attached twice is known", "discard", ourUser, report(attachedMail(1), attachedMail(1)), []string{"spam@example.org"},
			milter.Discard, "REPORT_LEARNED 1 learned 1 known as spam by anna", 0, 1},
		{"what an attached message has attached is not meant", "discard", ourUser, report(nested), []string{"spam@example.org"},
			milter.Discard, "REPORT_LEARNED 1 learned as spam by anna", 0, 1},
		{"a stranger's report is mail", "discard", client, report(attachedMail(1)), []string{"spam@example.org"},
			milter.Continue, "REPORT_REFUSED the sender is neither authenticated nor in networks.trusted", 0, 0},
		{"nothing attached", "discard", ourUser, plain, []string{"spam@example.org"},
			milter.Continue, "REPORT_REFUSED no message is attached (forward it as an attachment)", 0, 0},
		{"to somebody else too", "discard", ourUser, report(attachedMail(1)), []string{"spam@example.org", "otto@example.org"},
			milter.Continue, "REPORT_REFUSED it has other recipients too", 0, 0},
		{"both at once", "discard", ourUser, report(attachedMail(1)), []string{"spam@example.org", "ham@example.org"},
			milter.Continue, "REPORT_REFUSED it has other recipients too", 0, 0},
		{"other mail", "discard", ourUser, report(attachedMail(1)), []string{"otto@example.org"}, milter.Continue, "", 0, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newSiteOf(t, []filters.Kind{bayes.Kind}, "learning.reports.spam", keys, "learning.reports.ham", "[ham@example.org]",
				"learning.reports.then", x.then, "networks.trusted", "[192.0.2.64/26]")
			decision, r := s.deliver(t, x.from, x.raw, x.rcpts...)
			got := ""
			for _, sym := range r.Symbols {
				if strings.HasPrefix(sym.Name, "REPORT_") {
					got += sym.Name + " " + strings.Join(sym.Details, " ")
				}
			}
			if got != x.says || decision.Action != x.action {
				t.Errorf("%q, action %v; want %q, %v", got, decision.Action, x.says, x.action)
			}
			if seen := s.learning.Seen(); int(seen.Ham) != x.ham || int(seen.Spam) != x.spam {
				t.Errorf("learned %v", seen)
			}
		})
	}
}

func TestAReportOfThousandsIsBounded(t *testing.T) {
	s := newSiteOf(t, []filters.Kind{bayes.Kind}, "learning.reports.spam", "[spam@example.org]")
	var parts []string
	for i := range 60 {
		parts = append(parts, attachedMail(i))
	}
	_, r := s.deliver(t, ourUser, report(parts...), "spam@example.org")
	if seen := s.learning.Seen(); seen.Spam != maxReported || !strings.Contains(fmt.Sprint(r.Symbols), "10 too many") {
		t.Errorf("%v, %v", seen, r.Symbols)
	}
}

// The MTA says who is authenticated; that is enough for the whole way.
func TestAReportThroughTheMilter(t *testing.T) {
	s := newSiteOf(t, []filters.Kind{bayes.Kind}, "learning.reports.spam", "[spam@example.org]")
	send := func(user string) byte {
		c := miltertest.Open(t, s.MilterAddrs()[0])
		c.Macros('M', "i", "4Q", "{auth_authen}", user)
		head, body, _ := strings.Cut(strings.ReplaceAll(report(attachedMail(1)), "\n", "\r\n"), "\r\n\r\n")
		m := miltertest.Message{From: "anna@example.org", Rcpts: []string{"spam@example.org"}, Body: body}
		for _, f := range strings.Split(head, "\r\n") {
			name, v, _ := strings.Cut(f, ":")
			m.Header = append(m.Header, [2]string{name, v})
		}
		return c.Deliver(m).Final.Code
	}
	if code := send(""); code != 'a' && code != 'c' || s.learning.Seen().Spam != 0 {
		t.Errorf("a stranger: %q, %v", code, s.learning.Seen())
	}
	if code := send("anna"); code != 'd' || s.learning.Seen().Spam != 1 {
		t.Errorf("a user: %q, %v", code, s.learning.Seen())
	}
	list, err := s.learning.Learned(t.Context(), learn.Filter{Who: "anna", Source: "report"})
	if err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestAutomaticLearning(t *testing.T) {
	for _, x := range []struct {
		name, says string
		ham, spam  int
	}{
		{"two independent groups and the score: spam", "LISTED PHISH", 0, 1},
		{"one group alone, however loud: nothing", "LISTED LISTED_TOO", 0, 0},
		{"a second group that hardly speaks: nothing", "LISTED LISTED_TOO SMALL", 0, 0},
		{"learning's own word does not count", "LISTED BAYES_SPAM", 0, 0},
		{"nor does it stand in the way", "LISTED PHISH BAYES_HAM", 0, 1},
		{"authenticated and befriended: ham", "FRIEND dmarc=pass", 1, 0},
		{"befriended, but anybody could have written it", "FRIEND", 0, 0},
		{"authenticated and nothing else", "dmarc=pass", 0, 0},
		{"something speaks against it", "FRIEND SMALL dmarc=pass", 0, 0},
		{"learning's own word makes no ham", "BAYES_HAM dmarc=pass", 0, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newSiteOf(t, []filters.Kind{says, bayes.Kind}, "learning.auto.enabled", "true", "scoring.scores.SEEN", "0", "rules.defaults", "false")
			_, r := s.deliver(t, client, "X-Says: "+x.says+"\n"+plain, "anna@example.org")
			s.stop() // what waits is done
			seen := s.learning.Seen()
			if int(seen.Ham) != x.ham || int(seen.Spam) != x.spam {
				t.Fatalf("learned %v; %v", seen, r.Symbols)
			}
			list, err := s.learning.Learned(t.Context(), learn.Filter{AutoOnly: true})
			if err != nil || len(list) != x.ham+x.spam {
				t.Fatalf("%v, %v", list, err)
			}
			for _, l := range list {
				if l.Who != "auto" || l.Source != "verdict "+r.ID {
					t.Errorf("%+v", l)
				}
			}
		})
	}
}

func TestAnAnswerToOurUsersIsHam(t *testing.T) {
	dir := t.TempDir()
	s := newSiteOf(t, []filters.Kind{says, bayes.Kind}, "state.dir", dir, "learning.auto.enabled", "true", "scoring.scores.SEEN", "0", "rules.defaults", "false")
	s.deliver(t, ourUser, "Message-ID: <q1@example.org>\nFrom: anna@example.org\nSubject: a question\n\nWell?\n", "joe@example.net")
	s.settled(t, func() bool { return s.wasSent(t.Context(), []string{"<q1@example.org>"}) })
	for i, x := range []struct {
		name, head string
		ham        bool
	}{
		{"an answer by In-Reply-To", "X-Says: dmarc=pass\nIn-Reply-To: <q1@example.org>\n", true},
		{"an answer by References, among others", "X-Says: dmarc=pass\nReferences: <other@x>\n <q1@example.org>\n <more@x>\n", true},
		{"learning's own word does not stand in the way", "X-Says: BAYES_SPAM dmarc=pass\nIn-Reply-To: <q1@example.org>\n", true},
		{"to a message that nobody sent", "X-Says: dmarc=pass\nIn-Reply-To: <q2@example.org>\n", false},
		{"anybody could have written it", "In-Reply-To: <q1@example.org>\n", false},
		{"something speaks against it", "X-Says: SMALL dmarc=pass\nIn-Reply-To: <q1@example.org>\n", false},
	} {
		t.Run(x.name, func(t *testing.T) {
			before := s.learning.Seen().Ham
			raw := x.head + strings.Replace(plain, "<1@", fmt.Sprintf("<%d@", i), 1)
			_, r := s.deliver(t, client, raw, "anna@example.org")
			s.settled(t, func() bool { return remembered(t, dir, r.ID) }) // all before it is done
			if x.ham {
				s.settled(t, func() bool { return s.learning.Seen().Ham == before+1 })
			}
		})
	}
	s.stop()
	if seen := s.learning.Seen(); seen != (class.Count{Ham: 3}) {
		t.Errorf("%v", seen)
	}
}

func TestATrapIsSpam(t *testing.T) {
	s := newSiteOf(t, []filters.Kind{says, bayes.Kind}, "learning.auto.enabled", "true", "learning.auto.traps", "[trap@example.org, other@example.org]")
	raw := func(i int) string { return strings.Replace(plain, "<1@", fmt.Sprintf("<%d@", i), 1) }
	s.deliver(t, client, raw(1), "Trap@example.org", "other@example.org")
	s.deliver(t, client, raw(2), "trap@example.org", "anna@example.org") // somebody whom it reaches, too
	s.deliver(t, ourUser, raw(3), "trap@example.org")                    // a mistake of one of ours
	s.stop()
	if seen := s.learning.Seen(); seen != (class.Count{Spam: 1}) {
		t.Errorf("%v", seen)
	}
}

func TestAnsweredIsBounded(t *testing.T) {
	h, _ := mail.Read([]byte("References: " + strings.Repeat("<a@b> ", 5000) + "<last@b>\nIn-Reply-To: <first@b> (joe's message of <no id>)\n\n"))
	ids := answered(h)
	if len(ids) != maxAnswers || ids[0] != "<first@b>" || ids[1] != "<last@b>" {
		t.Errorf("%d: %q", len(ids), ids[:2])
	}
	if ids := answered(mail.Header{{Name: "References", Value: " nothing < > <> here"}}); len(ids) != 0 {
		t.Errorf("%q", ids)
	}
}

func FuzzAnswered(f *testing.F) {
	f.Add("<a@b> <c@d>", "<a@b")
	f.Add("", "<<a>>\x00< >")
	f.Fuzz(func(t *testing.T, replyTo, references string) {
		ids := answered(mail.Header{{Name: "In-Reply-To", Value: replyTo}, {Name: "References", Value: references}})
		if len(ids) > maxAnswers {
			t.Fatalf("%d ids", len(ids))
		}
		for _, id := range ids {
			if !strings.Contains(replyTo+" "+references, id) || len(id) > maxMessageID {
				t.Fatalf("%q", id)
			}
		}
	})
}

func TestNothingIsLearnedAutomaticallyUnlessAskedFor(t *testing.T) {
	s := newSiteOf(t, []filters.Kind{says, bayes.Kind})
	s.deliver(t, client, "X-Says: LISTED PHISH\n"+plain, "anna@example.org")
	s.stop()
	if seen := s.learning.Seen(); seen != (class.Count{}) {
		t.Errorf("%v", seen)
	}
}

func TestAutomaticLearningKeepsTheBalanceAndWhatUsersSaid(t *testing.T) {
	s := newSiteOf(t, []filters.Kind{says, bayes.Kind}, "learning.auto.enabled", "true")
	raw := func(i int) string { return fmt.Sprintf("Message-ID: <%d@x>\nX-Says: LISTED PHISH\n%s", i, plain) }
	if _, err := s.teacher().Learn(t.Context(), []byte(raw(0)), class.Ham, learn.Origin{Who: "anna"}); err != nil {
		t.Fatal(err)
	}
	learned := func() int { return int(s.learning.Seen().Spam) }
	count := func() int { return int(value(t, s.App, "postern_lessons_total")) }
	for i := range 30 {
		before := count()
		s.deliver(t, client, raw(i), "anna@example.org")
		s.settled(t, func() bool { return count() > before })
	}
	if n := learned(); n != autoStart+autoAhead {
		t.Errorf("%d spam learned beside one ham", n)
	}
	list, err := s.learning.Learned(t.Context(), learn.Filter{Who: "anna"})
	if err != nil || len(list) != 1 || list[0].Class != class.Ham {
		t.Errorf("what a user said: %v, %v", list, err)
	}
}

func TestWarningsAreLoggedOnce(t *testing.T) {
	s := newSite(t)
	for i := range 150 {
		if _, err := s.learning.Learn(t.Context(), lesson(i, class.Spam), class.Spam, learn.Origin{}); err != nil {
			t.Fatal(err)
		}
	}
	told := s.newWarnings(nil)
	s.newWarnings(told)
	if n := strings.Count(s.log.String(), "learning is one-sided"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, s.log)
	}
	if n := value(t, s.App, "postern_learned_warnings"); n != 1 {
		t.Errorf("metric %v", n)
	}
	for i := range 20 {
		if _, err := s.learning.Learn(t.Context(), lesson(1000+i, class.Ham), class.Ham, learn.Origin{}); err != nil {
			t.Fatal(err)
		}
	}
	if left := s.newWarnings(told); len(left) != 0 || !strings.Contains(s.log.String(), "well again") {
		t.Errorf("%v\n%s", left, s.log)
	}
}
