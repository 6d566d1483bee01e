package milter

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/miltertest"
	"github.com/postern-mail/postern/mail"
)

func TestDecisionsBecomeAnswers(t *testing.T) {
	edits := []mail.Edit{{Kind: mail.EditInsert, Name: "X", Value: "y"}}
	x := miltertest.Packet{Code: 'i', Data: "\x00\x00\x00\x00X\x00 y\x00"}
	for _, tt := range []struct {
		name     string
		decision Decision
		edits    []miltertest.Packet
		final    miltertest.Packet
	}{
		{"continue", Decision{Action: Continue, Edits: edits}, []miltertest.Packet{x}, miltertest.Packet{Code: 'c'}},
		{"hold", Decision{Action: Hold, Hold: "score\n15", Edits: edits}, []miltertest.Packet{x, {Code: 'q', Data: "score?15\x00"}}, miltertest.Packet{Code: 'c'}},
		{"discard", Decision{Action: Discard, Edits: edits}, nil, miltertest.Packet{Code: 'd'}},
		{"reject", Decision{Action: Reject, Reply: Reply{554, "5.7.26", "no"}, Edits: edits}, nil, miltertest.Packet{Code: 'y', Data: "554 5.7.26 no\x00"}},
		{"reject without a reply", Decision{Action: Reject}, nil, miltertest.Packet{Code: 'y', Data: "550 5.7.1 Message refused\x00"}},
		{"tempfail", Decision{Action: Tempfail, Reply: Reply{450, "4.2.0", "greylisted"}}, nil, miltertest.Packet{Code: 'y', Data: "450 4.2.0 greylisted\x00"}},
		{"tempfail with a reply that says for good", Decision{Action: Tempfail, Reply: Reply{550, "5.7.1", "no"}}, nil, miltertest.Packet{Code: 'y', Data: "451 4.7.1 Service unavailable, try again later\x00"}},
		{"no decision", Decision{}, nil, miltertest.Packet{Code: 'y', Data: "451 4.7.1 Service unavailable, try again later\x00"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &script{decide: func(context.Context, *mail.Message) Decision { return tt.decision }}
			c := miltertest.Open(t, serve(t, Config{}, h).Addr())
			for range 2 { // the second message of the connection fares the same
				r := c.Deliver(good)
				if d := cmp.Diff(miltertest.Result{Edits: tt.edits, Final: tt.final}, r); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func TestActionsNotOfferedAreNotUsedAndNamedOnce(t *testing.T) {
	h := &script{decide: func(_ context.Context, m *mail.Message) Decision {
		action := Continue
		if m.Envelope.From == "hold@example.org" {
			action = Hold
		}
		return Decision{Action: action, Edits: []mail.Edit{
			{Kind: mail.EditAppend, Name: "X", Value: "y"}, {Kind: mail.EditRemove, Name: "Subject", N: 1},
		}}
	}}
	s := serve(t, Config{}, h)
	for range 2 {
		c := miltertest.Dial(t, s.Addr())
		c.Negotiate(2, 0x1, 0x7f)
		if c.Version != 2 || c.Actions != 1 || c.Protocol != 0 {
			t.Fatalf("answered version %d actions %#x protocol %#x", c.Version, c.Actions, c.Protocol)
		}
		c.Connect("x", '4', 1, "192.0.2.1")
		want := miltertest.Result{Edits: []miltertest.Packet{{Code: 'h', Data: "X\x00y\x00"}}, Final: miltertest.Packet{Code: 'c'}}
		if d := cmp.Diff(want, c.Deliver(good)); d != "" {
			t.Error(d)
		}
		held := good
		held.From = "hold@example.org"
		if r := c.Deliver(held); r.Final.Code != 'y' || r.Final.Data[0] != '4' || len(r.Edits) != 0 {
			t.Errorf("held without quarantine: %+v", r)
		}
	}
	if n := strings.Count(s.log.String(), "does not offer"); n != 2 {
		t.Errorf("named %d times:\n%s", n, s.log)
	}
}

func TestSlowVerdictsShowSignsOfLife(t *testing.T) {
	for _, tt := range []struct {
		name    string
		version uint32
		want    bool
	}{{"to version 6", 6, true}, {"not to version 4", 4, false}} {
		t.Run(tt.name, func(t *testing.T) {
			release := make(chan struct{})
			h := &script{decide: func(context.Context, *mail.Message) Decision { <-release; return Decision{Action: Continue} }}
			c := miltertest.Dial(t, serve(t, Config{Progress: time.Millisecond}, h).Addr())
			c.Negotiate(tt.version, miltertest.Actions, miltertest.Protocol)
			c.Connect("x", '4', 1, "192.0.2.1")
			c.Mail("<>")
			c.EndHeader()
			c.Send('E', "")
			if tt.want {
				for range 3 {
					if p := c.Reply(); p.Code != 'p' || p.Data != "" {
						t.Errorf("got %q", p)
					}
				}
			}
			close(release)
			if r := c.Result(); r.Final.Code != 'c' || !tt.want && r.Progress > 0 {
				t.Errorf("%+v", r)
			}
			if r := c.Deliver(good); r.Final.Code != 'c' {
				t.Errorf("next message: %+v", r)
			}
		})
	}
}

func TestJudgingEndsWhenTheMTAIsGone(t *testing.T) {
	began := make(chan struct{})
	h := &script{decide: func(ctx context.Context, _ *mail.Message) Decision {
		close(began)
		<-ctx.Done()
		return Decision{}
	}}
	s := serve(t, Config{Progress: time.Millisecond}, h)
	c := miltertest.Open(t, s.Addr())
	c.Mail("<>")
	c.EndHeader()
	c.Send('E', "")
	<-began
	c.Close()
	until(t, "the session ends", func() bool { return s.Stats().Open == 0 })
}

func TestReplyLines(t *testing.T) {
	long := strings.Repeat("x", 600)
	for _, tt := range []struct {
		name  string
		reply Reply
		want  string
	}{
		{"percent signs are doubled", Reply{550, "5.7.1", "100% %s"}, "550 5.7.1 100%% %%s"},
		{"control characters and other scripts are replaced", Reply{550, "5.7.1", "a\r\n250 ok\x00\x1bé\xff"}, "550 5.7.1 a??250 ok????"},
		{"a reply has the length of a line", Reply{451, "4.7.1", long}, ("451 4.7.1 " + long)[:510]},
		{"a code that refuses nothing is a tempfail", Reply{250, "2.0.0", "ok"}, "451 4.7.1 ok"},
		{"the enhanced code has the class of the code", Reply{550, "4.7.1", "no"}, "550 5.0.0 no"},
		{"an enhanced code that is none", Reply{450, "4.7.1 x", "no"}, "450 4.0.0 no"},
		{"an enhanced code with an empty part", Reply{450, "4..1", "no"}, "450 4.0.0 no"},
		{"no text", Reply{450, "4.7.1", ""}, "450 4.7.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.reply.line(); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}
