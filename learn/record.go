package learn

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/lessons"
	"github.com/postern-mail/postern/mail"
)

// Digest names a message: the same before and after delivery.
type Digest [sha256.Size]byte

// String is the digest in hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// ParseDigest reads what String wrote.
func ParseDigest(s string) (d Digest, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(d) {
		return d, fmt.Errorf("learn: %q is no digest", s)
	}
	copy(d[:], b)
	return d, nil
}

// DigestOf is the digest of a message. It covers the fields that nobody on the
// way changes and the body without the blank lines at its end, so that a
// message is the same in the milter, in a mailbox and in an attachment.
func DigestOf(msg *mail.Message) (d Digest, err error) {
	h := sha256.New()
	for _, name := range []string{"from", "to", "date", "subject", "message-id"} {
		for _, value := range msg.Header.All(name) {
			io.WriteString(h, name+":"+strings.Join(strings.Fields(value), " ")+"\n")
		}
	}
	body, err := msg.Body.Prefix(msg.Body.Size())
	if err != nil {
		return d, fmt.Errorf("learn: %w", err)
	}
	h.Write(bytes.TrimRight(body, "\r\n"))
	return Digest(h.Sum(nil)), nil
}

// Origin says where a lesson came from.
type Origin struct {
	Who    string    // the user
	Source string    // file, mailbox, "quarantine", "verdict" ...
	When   time.Time // of the lesson, not of the message
	Auto   bool      // by the machine itself
	Domain string    // of Who, in lower case, "" for none: a store finds it there
}

// Record is what is known about one learned message.
type Record struct {
	Digest Digest
	Class  bayes.Class // None in a Put: forget
	Origin
	// Tokens are those of the message, as they were when it was learned, with pairs and runs
	// shortened. A store keeps them for a bounded number of messages of each class; else the message
	// is settled, its counts stay and can be taken back only by showing the message again.
	Tokens []uint64
	Kept   bool // they are kept
}

// about is what is kept of an origin.
type about struct {
	Who    string `json:"who,omitempty"`
	Source string `json:"source,omitempty"`
	When   int64  `json:"when"` // nanoseconds since 1970
	Auto   bool   `json:"auto,omitempty"`
}

// maxWord bounds who and source, in bytes.
const maxWord = 1 << 10

// lesson is a record as it is kept. The domain is kept with the tokens: whoever follows
// the changes needs both.
func (r Record) lesson() (l lessons.Lesson, err error) {
	l.Name, l.Class = string(r.Digest[:]), uint8(r.Class)
	a := about{cut(r.Who), cut(r.Source), r.When.UnixNano(), r.Auto}
	if r.When.IsZero() {
		a.When = 0
	}
	if l.About, err = json.Marshal(a); err != nil {
		return l, fmt.Errorf("learn: %w", err)
	}
	if r.Tokens != nil {
		l.Sample = pack(r.Domain, r.Tokens)
	}
	return l, nil
}

func cut(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxWord)], "") }

// readLesson reads what lesson made.
func readLesson(l lessons.Lesson) (r Record, err error) {
	if l.Class > uint8(bayes.Spam) || l.Name != "" && len(l.Name) != len(r.Digest) {
		return r, errSample
	}
	copy(r.Digest[:], l.Name)
	r.Class = bayes.Class(l.Class)
	if len(l.About) > 0 {
		var a about
		if err := json.Unmarshal(l.About, &a); err != nil {
			return r, fmt.Errorf("learn: %s: %w", r.Digest, err)
		}
		r.Origin = Origin{Who: a.Who, Source: a.Source, Auto: a.Auto}
		if a.When != 0 {
			r.When = time.Unix(0, a.When).UTC()
		}
	}
	if l.Sample != nil {
		r.Kept = true
		r.Domain, r.Tokens, err = unpack(l.Sample)
	}
	return r, err
}
