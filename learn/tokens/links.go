package tokens

import (
	"strconv"
	"strings"

	"github.com/postern-mail/postern/mail/urls"
)

// maxPathWords is how many words of one path are taken.
const maxPathWords = 8

// links adds the addresses to which the message leads.
func (z *tokenizer) links(found *urls.Found) {
	for _, u := range found.URLs {
		if z.left[Link] <= 0 {
			break
		}
		z.text(Link, "scheme:", u.Scheme)
		z.text(Link, "where:", string(u.Where))
		if u.Host != "" {
			z.text(Link, "host:", u.Host)
			z.domain(Link, "host:", u.Host, u.Registrable)
		}
		for f := urls.UserInfo; f <= urls.BadHost; f <<= 1 {
			if u.Has(f) {
				z.text(Link, "odd:", strconv.Itoa(int(f)))
			}
		}
		z.path(u.Path)
	}
	z.text(Shape, "links:", magnitude(len(found.URLs)))
}

// domain adds the registrable and the top-level domain of a host.
func (z *tokenizer) domain(g Group, field, host, registrable string) {
	if registrable != "" {
		z.text(g, field+"*.", registrable)
	}
	if i := strings.LastIndexByte(host, '.'); i >= 0 {
		z.text(g, field+"*", host[i:])
	}
}

// path adds the words of a path.
func (z *tokenizer) path(p string) {
	n := 0
	for w := range strings.FieldsFuncSeq(strings.ToLower(cut(p, 256)), parts) {
		if n++; n > maxPathWords {
			return
		}
		if len(w) > longWord || len(w) >= randomWord && randomLooking(w) {
			w = "(random " + magnitude(len(w)) + ")"
		}
		z.text(Link, "path:", w)
	}
}

// parts tells whether a character stands between words.
func parts(r rune) bool {
	k := kind(r)
	return k != letter && k != digit && k != dense
}
