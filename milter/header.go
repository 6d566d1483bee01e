package milter

import (
	"bytes"

	"github.com/postern-mail/postern/mail"
)

// header collects the fields of one message. All of them share one buffer,
// which the connection keeps for its next message; what is handed out is a copy.
type header struct {
	text   []byte
	ends   []fieldEnds
	budget int64 // bytes taken from the Budget
}

// fieldEnds are where a field's name and value end in text.
type fieldEnds struct{ name, value int }

// fieldCost is the memory of a field beside its text.
const fieldCost = 48

// keepHeader is how much of the buffer a connection keeps between messages.
const keepHeader = 64 << 10

// add takes the data of a header packet, a name and a value each ended by a NUL. A
// NUL within the value is kept. It tells whether the field fit in.
func (h *header) add(data []byte, leadingSpace bool, maxBytes, maxFields int, budget *Budget) bool {
	data = bytes.TrimSuffix(data, []byte{0})
	name, value, _ := bytes.Cut(data, []byte{0})
	if len(h.ends) >= maxFields || len(h.text)+len(data)+1 > maxBytes {
		return false
	}
	start := len(h.text)
	h.text = append(h.text, name...)
	nameEnd := len(h.text)
	// Without SMFIP_HDR_LEADSPC the MTA eats one space, not a tab, after the colon.
	if !leadingSpace && len(value) > 0 && value[0] != '\t' {
		h.text = append(h.text, ' ')
	}
	h.text = appendFolds(h.text, value)
	h.ends = append(h.ends, fieldEnds{nameEnd, len(h.text)})
	n := int64(2*(len(h.text)-start) + fieldCost) // the text and the copy that is handed out
	budget.must(n)
	h.budget += n
	return true
}

// appendFolds copies a value and gives each bare LF the CR that the MTA took
// from the fold.
func appendFolds(dst, value []byte) []byte {
	for {
		i := bytes.IndexByte(value, '\n')
		if i < 0 {
			return append(dst, value...)
		}
		dst = append(dst, value[:i]...)
		if i == 0 || value[i-1] != '\r' {
			dst = append(dst, '\r')
		}
		dst = append(dst, '\n')
		value = value[i+1:]
	}
}

// fields copies the collected fields out.
func (h *header) fields() mail.Header {
	text := string(h.text)
	fields := make(mail.Header, len(h.ends))
	start := 0
	for i, e := range h.ends {
		fields[i] = mail.Field{Name: text[start:e.name], Value: text[e.name:e.value]}
		start = e.value
	}
	return fields
}

// reset forgets the fields and gives the memory back.
func (h *header) reset(budget *Budget) {
	budget.give(h.budget)
	if h.budget = 0; cap(h.text) > keepHeader {
		h.text, h.ends = nil, nil
	}
	h.text, h.ends = h.text[:0], h.ends[:0]
}
