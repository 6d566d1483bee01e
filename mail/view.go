package mail

import (
	"sync"

	"github.com/postern-mail/postern/mail/mime"
	"github.com/postern-mail/postern/mail/qr"
	"github.com/postern-mail/postern/mail/text"
	"github.com/postern-mail/postern/mail/urls"
)

// Limits bounds what is looked at of a message. Each bound that is met is a
// finding of the view that met it.
type Limits struct {
	Body int64 // bytes of the body that are looked at; MIME_CUT
	MIME mime.Limits
	Text text.Limits
	QR   qr.Limits
	URLs urls.Limits
}

// DefaultLimits are bounds that honest mail does not meet.
func DefaultLimits() Limits {
	return Limits{Body: 16 << 20, MIME: mime.DefaultLimits(), Text: text.DefaultLimits(), QR: qr.DefaultLimits(), URLs: urls.DefaultLimits()}
}

// view is what is computed from header and body on demand, once, and shared
// by all who look.
type view struct {
	author func() Author
	tree   func() (*mime.Tree, error)
	text   func() *text.Text
	urls   func() *urls.Found
}

func newView(m *Message) *view {
	h, b, limits := m.Header, m.Body, m.Limits
	if limits == nil {
		d := DefaultLimits()
		limits = &d
	}
	v := &view{author: sync.OnceValue(func() Author { return ParseAuthor(h) })}
	fields := sync.OnceValue(func() []mime.Field {
		list := make([]mime.Field, len(h))
		for i, f := range h {
			list[i] = mime.Field(f)
		}
		return list
	})
	v.tree = sync.OnceValues(func() (*mime.Tree, error) {
		body, err := b.Prefix(limits.Body)
		return mime.Scan(fields(), body, int64(len(body)) < b.Size(), limits.MIME), err
	})
	v.text = sync.OnceValue(func() *text.Text {
		tree, _ := v.tree() // the error is for whoever asks for the tree itself
		return text.Extract(fields(), tree, limits.Text)
	})
	v.urls = sync.OnceValue(func() *urls.Found {
		tree, _ := v.tree()
		codes := qr.Find(tree, limits.QR)
		found := urls.Find(v.text(), codes.Texts, limits.URLs)
		found.Findings = append(found.Findings, codes.Findings...)
		return found
	})
	return v
}

// Author is the author of the message: who the From field says wrote it
// (RFC 5322 section 3.6.2), with everything about it that is ambiguous. It is
// computed once.
func (m *Message) Author() Author { return m.author() }

// Tree is the message's parts in every reading, computed once. The error says
// that a spooled body could not be read; the tree is that of the header alone then.
func (m *Message) Tree() (*mime.Tree, error) { return m.tree() }

// Text is what the message says, computed once.
func (m *Message) Text() *text.Text { return m.text() }

// URLs is where the message leads, QR codes in its images included, computed
// once.
func (m *Message) URLs() *urls.Found { return m.urls() }
