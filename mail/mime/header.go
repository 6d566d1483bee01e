package mime

import (
	"bytes"
	"strings"
)

// lineEnd finds the end of the line that begins at pos: where its text stops
// and where the next line begins. CRLF and LF end a line (RFC 5322 section 2.1
// has CRLF alone), and a lone CR where the reading says so.
func lineEnd(src []byte, pos int, cr bool) (end, next int) {
	i := 0
	if cr {
		i = bytes.IndexAny(src[pos:], "\r\n")
		if i >= 0 && src[pos+i] == '\r' && (pos+i+1 == len(src) || src[pos+i+1] != '\n') {
			return pos + i, pos + i + 1
		}
		if i >= 0 && src[pos+i] == '\r' {
			i++
		}
	} else {
		i = bytes.IndexByte(src[pos:], '\n')
	}
	end, next = len(src), len(src)
	if i >= 0 {
		end, next = pos+i, pos+i+1
	}
	if i >= 0 && end > pos && src[end-1] == '\r' {
		end--
	}
	return end, next
}

// collector gathers the fields of one part's header from its lines. All fields
// are counted; only those whose names begin with "Content-" are kept, unless
// all are asked for.
type collector struct {
	all    bool
	limits Limits
	start  int // where the header begins
	fields []Field

	count, size   int
	name, colon   int // the field being collected: its name and colon
	end           int
	open, refused bool
}

func (c *collector) reset(start int, limits Limits, all bool) {
	*c = collector{start: start, limits: limits, all: all}
}

// line takes one line and tells whether it belongs to a header.
func (c *collector) line(src []byte, pos, end int) bool {
	if c.open && isBlank(src[pos]) {
		c.end = end
		c.grow(end - pos)
		return true
	}
	colon := fieldColon(src[pos:end])
	if colon < 0 {
		return false
	}
	c.flush(src)
	c.open, c.name, c.colon, c.end = true, pos, pos+colon, end
	c.count++
	c.grow(end - pos)
	return true
}

func (c *collector) grow(n int) {
	c.size += n
	if c.size > c.limits.HeaderBytes || c.count > c.limits.HeaderFields {
		c.refused = true
	}
}

// most is the limit that the header met.
func (c *collector) most() int {
	if c.count > c.limits.HeaderFields {
		return c.limits.HeaderFields
	}
	return c.limits.HeaderBytes
}

// flush keeps the field being collected. One that goes beyond the limit is
// left out.
func (c *collector) flush(src []byte) {
	if !c.open {
		return
	}
	c.open = false
	name := bytes.TrimLeft(src[c.name:c.colon], " \t")
	if c.refused || !c.all && !isContent(name) {
		return
	}
	c.fields = append(c.fields, Field{string(name), string(src[c.colon+1 : c.end])})
}

// fieldColon finds the colon after a field's name (RFC 5322 section 2.2:
// printable ASCII), blanks around the name allowed; -1 when the line is none.
func fieldColon(line []byte) int {
	i := 0
	for i < len(line) && isBlank(line[i]) {
		i++
	}
	start := i
	for ; i < len(line); i++ {
		switch c := line[i]; {
		case c == ':' && i > start:
			return i
		case isBlank(c):
			for i < len(line) && isBlank(line[i]) {
				i++
			}
			if i < len(line) && line[i] == ':' {
				return i
			}
			return -1
		case c <= ' ' || c >= 0x7f || c == ':':
			return -1
		}
	}
	return -1
}

// behindCR gives the Content fields that stand behind a lone CR in the value of
// a field, for readers to whom it ends a line.
func behindCR(value string) []Field {
	if strings.IndexByte(value, '\r') < 0 {
		return nil
	}
	var fields []Field
	src := []byte(value)
	for pos := 0; pos < len(src); {
		end, next := lineEnd(src, pos, true)
		if colon := fieldColon(src[pos:end]); pos > 0 && src[pos-1] == '\r' && colon > 0 && isContent(src[pos:pos+colon]) {
			fields = append(fields, Field{string(src[pos : pos+colon]), string(src[pos+colon+1 : end])})
		}
		pos = next
	}
	return fields
}

func isContent(name []byte) bool {
	return len(name) > 8 && bytes.EqualFold(name[:8], []byte("content-"))
}
