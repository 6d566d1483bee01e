package mime

import (
	"github.com/postern-mail/postern/mail/text"
)

// forms notes a form that asks for a password: banks do not send such.
func (c *check) forms(t *text.Text) {
	for _, f := range t.Forms {
		if f.Password {
			c.Note(htmlPassword, 1, f.Action)
		}
	}
}
