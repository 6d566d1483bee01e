package app

import (
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/filters/all"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/scoring"
)

// office starts an App with one filter that ships and a further one, whose section is given.
func office(t *testing.T, mode, kind, section string, more ...filters.Kind) *App {
	t.Helper()
	keys := map[string]string{
		"hostname": "mx.example.org", "admin.listen": "", "dns.servers": "127.0.0.1:1", "mode": mode, "state.dir": t.TempDir(),
		"listeners": "[{name: inbound, milter: 'unix:" + filepath.Join(t.TempDir(), "s") + "'}]", "filters." + kind: section,
	}
	return openWith(t, keys, append(more, kindsNamed(kind)...))
}

// kindsNamed gives a kind that ships by its name.
func kindsNamed(name string) []filters.Kind {
	i := slices.IndexFunc(all.Kinds, func(k filters.Kind) bool { return k.Name == name })
	if i < 0 {
		return nil
	}
	return all.Kinds[i : i+1 : i+1]
}

// openWith starts an App with these kinds.
func openWith(t *testing.T, keys map[string]string, kinds []filters.Kind) *App {
	t.Helper()
	a, err := New(Options{Kinds: kinds, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Load: func() (*config.Config, error) {
		return config.Load(config.Options{Flags: keys, Sections: Sections(kinds), Symbols: ownSymbols()})
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.end(); err != nil {
			t.Error(err)
		}
		if err := a.closeState(); err != nil {
			t.Error(err)
		}
	})
	return a
}

var anna = &mail.Session{ClientIP: client.ClientIP, Listener: "inbound", Profile: "inbound", AuthUser: "anna@example.org"}

// begin opens a transaction and tells how many of the recipients were accepted, and the last refusal.
func begin(t *testing.T, a *App, s *mail.Session, rcpts ...string) (d milter.Dialogue, accepted []string, refusal *milter.Reply) {
	t.Helper()
	d, reply := a.Connect(t.Context(), s)
	if reply != nil {
		t.Fatal(reply)
	}
	t.Cleanup(d.Close)
	d.Mail(t.Context(), s, mail.Envelope{From: "anna@example.org"})
	for _, rcpt := range rcpts {
		if reply := d.Rcpt(t.Context(), rcpt, nil); reply != nil {
			refusal = reply
		} else {
			accepted = append(accepted, rcpt)
		}
	}
	return d, accepted, refusal
}

func finish(t *testing.T, a *App, d milter.Dialogue, s *mail.Session, rcpts []string, text string) milter.Decision {
	t.Helper()
	h, b := mail.Read([]byte("From: anna@example.org\r\nSubject: hi\r\n\r\n" + text + "\r\n"))
	return d.Message(t.Context(), mail.New(mail.Message{
		Session: s, Envelope: mail.Envelope{From: "anna@example.org", Rcpts: rcpts}, Now: a.now(), Header: h, Body: b,
	}))
}

const twoRecipients = "{limits: [{name: per-user, by: [user], count: recipients, rate: 2/d, action: tempfail}]}"

func TestALimitAnswersAtRcptWithoutFurtherConfiguration(t *testing.T) {
	a := office(t, "enforce", "ratelimit", twoRecipients)
	d, accepted, refusal := begin(t, a, anna, "a@example.net", "b@example.net", "c@example.net")
	if len(accepted) != 2 || refusal == nil || refusal.Code != 451 || !strings.HasPrefix(refusal.Text, "too many recipients from this user, try again later (id ") {
		t.Fatalf("accepted %v, then %+v", accepted, refusal)
	}
	if got := finish(t, a, d, anna, accepted, "hello"); got.Action != milter.Continue {
		t.Errorf("the message to those accepted: %+v", got)
	}
	if _, accepted, _ := begin(t, a, anna, "d@example.net"); accepted != nil {
		t.Error("a second message passes the limit")
	}
	if _, accepted, _ := begin(t, a, client, "d@example.net"); accepted == nil {
		t.Error("a stranger is refused by a user's limit")
	}
}

func TestABrokenOffTransactionIsNotCounted(t *testing.T) {
	a := office(t, "enforce", "ratelimit", twoRecipients)
	for range 5 {
		d, accepted, _ := begin(t, a, anna, "a@example.net", "b@example.net", "c@example.net")
		if len(accepted) != 2 {
			t.Fatalf("accepted %v", accepted)
		}
		d.Abort()
	}
}

// verdictKind is a filter that finds SEEN in every message.
func verdictKind(score float64, action scoring.Action) filters.Kind {
	k := new(probe).kind()
	k.Symbols = []filters.SymbolDoc{{Name: "SEEN", Group: "probe", Score: score, Action: action}}
	return k
}

func TestWhatIsRefusedForNowIsNotCountedAndWhatIsRefusedForGoodIs(t *testing.T) {
	for action, want := range map[scoring.Action]int{scoring.Tempfail: 2, scoring.Reject: 0} {
		t.Run(string(action), func(t *testing.T) {
			a := office(t, "enforce", "ratelimit", twoRecipients, verdictKind(0, action))
			d, accepted, _ := begin(t, a, anna, "a@example.net", "b@example.net")
			finish(t, a, d, anna, accepted, "hello")
			if _, again, _ := begin(t, a, anna, "a@example.net", "b@example.net"); len(again) != want {
				t.Errorf("accepted %v, want %d", again, want)
			}
		})
	}
}

func TestAnotherActionPutsTheEarlyAnswerOff(t *testing.T) {
	wishes := []filters.SymbolDoc{{Name: "X", Action: scoring.Tempfail, Early: mail.StageRcpt}}
	for name, c := range map[string]struct {
		actions map[string]scoring.Action
		stages  map[string]string
		want    mail.Stage
	}{
		"as it comes":    {map[string]scoring.Action{"X": scoring.Tempfail}, nil, mail.StageRcpt},
		"another action": {map[string]scoring.Action{"X": scoring.Mark}, nil, 0},
		"no action":      {nil, nil, 0},
		"at the end":     {map[string]scoring.Action{"X": scoring.Tempfail}, map[string]string{"X": "end"}, 0},
	} {
		if got := early(wishes, c.actions, c.stages)["X"]; got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWithoutAFolderTheLogSaysThatNothingLasts(t *testing.T) {
	s := newSite(t, "state.dir", filepath.Join(t.TempDir(), "nowhere"))
	if strings.Count(s.log.String(), "kept in memory") != 1 || s.state != nil || s.limits == nil {
		t.Error(s.log.String())
	}
}
