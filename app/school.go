package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/postern-mail/postern/admin"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/recent"
	"github.com/postern-mail/postern/learn/tokens"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/state"
)

// school puts lessons into the model. It is safe for concurrent use.
type school struct {
	model  *learn.Model
	recent string // folder of what recent messages were made of, "" for none
	now    func() time.Time
	limits *mail.Limits // nil: the defaults
}

var _ admin.Teacher = (*school)(nil)

// Learn implements admin.Teacher.
func (s *school) Learn(ctx context.Context, raw []byte, c bayes.Class, from learn.Origin) (admin.Lesson, error) {
	h, b := mail.Read(raw)
	return s.learn(ctx, mail.New(mail.Message{Session: &mail.Session{Local: true}, Header: h, Body: b, Limits: s.limits}), c, from)
}

// learn puts a message into a class. What is in that class already costs no more than its digest.
func (s *school) learn(ctx context.Context, msg *mail.Message, c bayes.Class, from learn.Origin) (admin.Lesson, error) {
	d, err := learn.DigestOf(msg)
	if err != nil {
		return admin.Lesson{}, err
	}
	known, err := s.model.Known(ctx, d)
	if err != nil && !errors.Is(err, state.ErrAway) { // a store that is away is taught later
		return admin.Lesson{}, err
	}
	if err == nil && known.Class == c {
		return told(d, c, c), nil
	}
	return s.put(ctx, d, tokens.Of(msg), c, from)
}

func (s *school) put(ctx context.Context, d learn.Digest, list []uint64, c bayes.Class, from learn.Origin) (admin.Lesson, error) {
	from.When = s.now().UTC()
	was, err := s.model.LearnTokens(ctx, d, list, c, from)
	lesson := told(d, was, c)
	if lesson.Waiting = errors.Is(err, learn.ErrWaiting); err != nil && !lesson.Waiting {
		return admin.Lesson{}, err
	}
	return lesson, nil
}

func told(d learn.Digest, was, now bayes.Class) admin.Lesson {
	return admin.Lesson{Digest: d.String(), Was: was.String(), Now: now.String()}
}

// LearnVerdict implements admin.Teacher.
func (s *school) LearnVerdict(ctx context.Context, id string, c bayes.Class, from learn.Origin) (admin.Lesson, error) {
	if s.recent == "" {
		return admin.Lesson{}, fmt.Errorf("verdict %q: %w", id, admin.ErrNotRemembered)
	}
	m, ok, err := recent.Find(s.recent, id)
	if err != nil {
		return admin.Lesson{}, err
	}
	if !ok {
		return admin.Lesson{}, fmt.Errorf("verdict %q: %w", id, admin.ErrNotRemembered)
	}
	return s.put(ctx, m.Digest, m.Tokens, c, from)
}
