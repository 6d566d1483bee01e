package rules

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/text/charset"
)

// readBody fills in what the rules of a set ask of a message's body. It goes
// by the message's views, which filters share, so that nothing is read twice.
func (f *Facts) readBody(s *Set) {
	m := f.message
	if m == nil {
		return
	}
	if s.Uses("text") {
		t := m.Text()
		f.Text, f.seam = joined(t.Plain, t.HTML, "\n", maxText)
	}
	if s.Uses("html") {
		f.HTML = source(m)
	}
	if s.Uses("urls") {
		f.URLs = links(m)
	}
	if s.Uses("attachments") {
		f.Attachments = files(m)
	}
}

// joined is the plain text and the HTML as text, and where the latter begins.
// Either has half of the bytes there are at least: a long alternative that no
// reader shows would hide the other.
func joined(plain, html, between string, most int) (text string, seam int) {
	plain, html = strings.Trim(plain, "\n"), strings.Trim(html, "\n")
	if plain == "" || html == "" {
		return clipRune(plain+html, most), 0
	}
	most -= len(between)
	html = clipRune(html, max(most/2, most-len(plain)))
	plain = clipRune(plain, most-len(html)) + between
	return plain + html, len(plain)
}

// clipRune cuts no rune in two.
func clipRune(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// source is the HTML as it came, of all parts that are shown as such.
func source(m *mail.Message) string {
	used := map[string]string{} // charset by path
	for _, p := range m.Text().Parts {
		if p.HTML {
			used[p.Path] = p.Charset.Used
		}
	}
	tree, _ := m.Tree() // a body that could not be read is the mime filter's error
	var b strings.Builder
	for _, p := range tree.Parts() {
		if label, ok := used[p.Path]; ok && b.Len() < maxText {
			s, _ := charset.Decode(label, p.Content(), maxText-b.Len())
			b.WriteString(s + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// links are where the message leads.
func links(m *mail.Message) []URL {
	found := m.URLs().URLs
	list := make([]URL, 0, min(len(found), maxItems))
	for _, u := range found[:min(len(found), maxItems)] {
		list = append(list, URL{Text: u.Raw, Host: u.Host, Domain: u.Registrable, Path: u.Path, Shown: u.Text, Where: string(u.Where)})
	}
	return list
}

// files are what readers offer as files.
func files(m *mail.Message) []Attachment {
	var list []Attachment
	tree, _ := m.Tree()
	for _, p := range tree.Attachments() {
		if len(list) == maxItems {
			break
		}
		digest := p.Digest()
		list = append(list, Attachment{
			Name: p.Name(), Names: p.Names, Type: p.Type, Found: p.Found(), Size: p.Size(), SHA256: hex.EncodeToString(digest[:]),
		})
	}
	return list
}
