package dkim

import (
	"crypto/sha256"
	"strings"

	"github.com/postern-mail/postern/mail"
)

// lonely are the fields of which a message has one (RFC 5322 section 3.6, RFC
// 2045 section 3) and which decide what its reader sees. One more of them than
// was signed is how a signed message is turned into another: the signature
// still verifies, for it covers the bottommost, and the reader is shown the
// topmost (RFC 6376 section 8.15). Section 3.8 there says that such a message
// should not be validated.
var lonely = []string{"from", "reply-to", "subject", "content-type", "content-transfer-encoding"}

// fieldIndex holds the fields that signatures name, by lower-case name, top to
// bottom.
type fieldIndex struct {
	header mail.Header
	places map[string][]int
}

// indexFields finds the fields that the open signatures name, in one walk.
func indexFields(h mail.Header, sigs []*signature) fieldIndex {
	x := fieldIndex{header: h, places: make(map[string][]int, 32)}
	for _, s := range sigs {
		if s.open() {
			for _, name := range s.headers {
				x.places[name] = nil
			}
		}
	}
	var buf []byte
	for i, f := range h {
		buf = appendLower(buf[:0], strings.TrimRight(f.Name, " \t"))
		if places, wanted := x.places[string(buf)]; wanted {
			x.places[string(buf)] = append(places, i)
		}
	}
	return x
}

// verifier has what is needed to judge the signatures of one message.
type verifier struct {
	keys   *keyring
	bodies bodies
	fields fieldIndex
}

// verify decides about a signature, unless that is done already (RFC 6376
// section 6.1).
func (v *verifier) verify(s *signature) {
	if !s.open() {
		return
	}
	keys, bad := v.keys.keys(s)
	if len(keys) == 0 {
		s.outcome = bad
		return
	}
	s.testing = keys[0].testing
	s.outcome = v.bodies.matches(s)
	if !s.open() && s.outcome != bodyUncovered {
		return
	}
	digest, duplicate := v.fields.digest(s)
	switch {
	case !anyVerifies(keys, digest, s.sig):
		s.outcome = doesNotMatch
	case s.outcome == bodyUncovered:
	case duplicate:
		s.outcome = fieldUncovered
	default:
		s.outcome = pass
	}
}

func anyVerifies(keys []key, digest, sig []byte) bool {
	for _, k := range keys {
		if k.verifies(digest, sig) {
			return true
		}
	}
	return false
}

// digest hashes the signed fields and the signature's own (RFC 6376 section
// 3.7), and tells whether there is an unsigned duplicate of a signed field
// that must not have one.
func (x fieldIndex) digest(s *signature) (sum []byte, duplicate bool) {
	h := sha256.New()
	left := make(map[string]int, len(s.headers)) // fields of a name not yet taken
	var buf []byte
	for _, name := range s.headers {
		places := x.places[name]
		n, seen := left[name]
		if !seen {
			n = len(places)
		}
		// RFC 6376 section 5.4.2: from the bottom up. Section 3.7: the
		// signature itself was not there when it was made.
		if n > 0 && places[n-1] == s.index {
			n--
		}
		// Section 3.5: a name with no field left stands for the empty string; so
		// a field added later breaks the signature.
		if n > 0 {
			n--
			buf = s.headerCanon.appendField(buf[:0], x.header[places[n]])
			buf = append(buf, '\r', '\n')
			h.Write(buf)
		}
		left[name] = n
	}
	buf = s.headerCanon.appendField(buf[:0], s.unsigned())
	h.Write(buf)
	for _, name := range lonely {
		duplicate = duplicate || left[name] > 0
	}
	return h.Sum(nil), duplicate
}

// unsigned is the signature's own field with the value of b= taken out, the
// white space around it included (RFC 6376 section 3.7).
func (s *signature) unsigned() mail.Field {
	v := s.field.Value
	return mail.Field{Name: s.field.Name, Value: v[:s.bStart] + v[s.bEnd:]}
}
