package mail

import "sync"

// view is what is computed from header and body on demand, once, and shared
// by all who look.
type view struct {
	authorOnce sync.Once
	author     Author
}

// Author is the author of the message: who the From field says wrote it
// (RFC 5322 section 3.6.2), with everything about it that is ambiguous. It is
// computed once.
func (m *Message) Author() Author {
	m.authorOnce.Do(func() { m.author = ParseAuthor(m.Header) })
	return m.author
}
