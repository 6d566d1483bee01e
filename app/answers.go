package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"time"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/state"
)

// Who answers to mail of our users is no spammer, as a rule. For that it is noted, where
// learning.auto is on, which messages they sent: a hash of the Message-ID.
const (
	sentSpace    = "sent"
	sentLifetime = 30 * 24 * time.Hour
	maxAnswers   = 10  // message ids of one answer that are looked at
	maxMessageID = 998 // RFC 5322 section 2.1.1: of a line
)

var messageID = regexp.MustCompile(`<[^<>\s]{1,900}>`) // RFC 5322 section 3.6.4

// sentID is the id of a message that one of our users sent, "" for other mail.
func (g *generation) sentID(m *mail.Message) string {
	if !g.cfg.Learning.Auto.Enabled || m.Session.AuthUser == "" {
		return ""
	}
	v, _ := m.Header.Get("Message-ID")
	return messageID.FindString(v[:min(len(v), maxMessageID)])
}

// answered are the ids of the messages that a message says it answers, the newest first.
func answered(h mail.Header) []string {
	var ids []string
	for _, name := range []string{"In-Reply-To", "References"} {
		v, _ := h.Get(name)
		found := messageID.FindAllString(v[max(len(v)-maxAnswers*maxMessageID, 0):], -1)
		for i := len(found) - 1; i >= 0 && len(ids) < maxAnswers; i-- {
			ids = append(ids, found[i])
		}
	}
	return ids
}

func sentKey(id string) string {
	sum := sha256.Sum256([]byte(id))
	return state.Key(sentSpace, hex.EncodeToString(sum[:16]))
}

// noteSent notes that one of our users sent a message.
func (a *App) noteSent(ctx context.Context, id string) {
	err := a.kv.Set(ctx, state.Item{Key: sentKey(id), Value: []byte{}, Lifetime: sentLifetime})
	if err != nil && !errors.Is(err, state.ErrAway) {
		a.log.Warn("answers to a message will not be known", "err", err)
	}
}

// wasSent tells whether one of the messages was sent by our users.
func (a *App) wasSent(ctx context.Context, ids []string) bool {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = sentKey(id)
	}
	values, err := a.kv.Get(ctx, keys...)
	if err != nil {
		return false
	}
	for _, v := range values {
		if v != nil {
			return true
		}
	}
	return false
}
