package learn

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/postern-mail/postern/learn/bayes"
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
}

// Record is what is known about one learned message.
type Record struct {
	Digest Digest
	Class  bayes.Class // None in a Put: forget
	Origin
	// Tokens are those of the message, as they were when it was learned. A
	// store keeps them for a bounded number of messages of each class; nil: the message is settled,
	// its counts stay and can be taken back only by showing the message again.
	Tokens []uint64
}
