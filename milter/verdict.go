package milter

import (
	"context"
	"strings"
	"sync"
	"time"

	gm "github.com/emersion/go-milter"

	"github.com/postern-mail/postern/mail"
)

// judge asks for the decision, and tells the MTA meanwhile that we are at it.
func (s *session) judge(msg *mail.Message) Decision {
	broken := Decision{Action: Tempfail, Reply: brokenHere}
	if s.broken || s.dialogue == nil {
		return broken
	}
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	defer s.w.signsOfLife(cancel)()
	d := broken
	if !s.guard(func() { d = s.dialogue.Message(ctx, msg) }) {
		s.broken = true
		return broken
	}
	return d
}

// progress is SMFIR_PROGRESS: the MTA starts to wait anew.
var progress = []byte{0, 0, 0, 1, 'p'}

// signsOfLife sends progress replies until stop is called; when stop returns,
// none is under way. An MTA that is gone ends the judging through cancel.
func (w *wire) signsOfLife(cancel func()) (stop func()) {
	if w.terms.version < maxVersion {
		return func() {}
	}
	var (
		mu    sync.Mutex
		over  bool
		timer *time.Timer
	)
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(w.srv.cfg.Progress, func() {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return
		}
		if err := w.send(progress); err != nil {
			cancel()
			return
		}
		timer.Reset(w.srv.cfg.Progress)
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
		timer.Stop()
	}
}

// apply asks the MTA for what was decided and returns the final answer. An
// unknown action is a tempfail, and so is one that the MTA cannot do and for
// which delivery would be the opposite.
func (s *session) apply(d Decision, h mail.Header, m *gm.Modifier) gm.Response {
	switch d.Action {
	case Reject:
		return d.Reply.of(5, refuseForGood).response()
	case Discard:
		return gm.RespDiscard
	case Hold:
		if s.w.terms.actions&gm.OptQuarantine == 0 {
			return refuseForNow.response()
		}
		s.edit(d, h, m)
		_ = m.Quarantine(holdReason(d.Hold)) // wire.Write never fails
		return gm.RespContinue
	case Continue:
		s.edit(d, h, m)
		return gm.RespContinue
	}
	return d.Reply.of(4, refuseForNow).response()
}

func (s *session) edit(d Decision, h mail.Header, m *gm.Modifier) {
	if len(d.Edits) > 0 {
		_ = sortOut(d.Edits, h).send(m, s.w.terms) // wire.Write never fails
	}
}

// maxHold bounds the reason of a quarantine request.
const maxHold = 200

func holdReason(s string) string {
	s = strings.Map(printable, s)
	return s[:min(len(s), maxHold)]
}
