package phish

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"

	"github.com/postern-mail/postern/mail"
)

// How much a name counts that may be honest.
const (
	styledFactor = 0.4 // letters in another type are vain, not false
	listFactor   = 0.3 // a list may put its own address for that of one of ours; anybody may claim to be a list
	replyFactor  = 0.3 // who writes for another names him, and replies go to him: certified mail, forms, help desks
	wordFactor   = 0.4 // the name of our domain is a word that others may use
)

// maxName bounds what is read of a display name, in bytes.
const maxName = 500

// name looks at the display name of an author.
func (c *check) name(a mail.Address) {
	name := a.Name[:min(len(a.Name), maxName)]
	if w := mixedWord(name); w != "" {
		c.Note(nameMixed, 1, w)
	}
	if strings.ContainsFunc(name, styled) {
		c.Note(nameMixed, styledFactor, name)
	}
	name = seen(name)
	factor := listFactor
	if !c.listed(a) {
		factor = 1
		c.inWords(name, a)
	}
	if c.ours || c.isOwn(a.Domain) {
		return
	}
	letters := skeletons(name)
	list, together := slices.Concat(letters, nameWords(name)), strings.Join(letters, "")
	c.ownName(name, list, a, factor)
	for _, p := range c.people {
		if p.named(list, together) && !slices.Contains(p.addresses, strings.ToLower(a.String())) {
			c.Note(nameOfPerson, factor, name+" <"+a.String()+">")
		}
	}
}

// inWords looks for addresses and domains in a display name.
func (c *check) inWords(name string, a mail.Address) {
	for word := range strings.FieldsFuncSeq(name, func(r rune) bool { return strings.ContainsRune(" \t\"'<>()[],;:/|", r) }) {
		c.inName(word, a)
	}
}

// inName looks at a word of a display name that is an address or a domain.
func (c *check) inName(word string, a mail.Address) {
	local, domain, isAddress := strings.Cut(word, "@")
	if !isAddress {
		domain = word
	}
	domain, ok := mail.ASCIIDomain(strings.Trim(domain, ".!?"))
	if !ok || !isDomain(domain) || registrable(domain) == registrable(a.Domain) {
		return
	}
	switch {
	case isAddress && local != "":
		factor := 1.0
		if c.repliesTo(word) {
			factor = replyFactor
		}
		c.Note(nameAddress, factor, word+" <"+a.String()+">")
	case !isAddress:
		c.Note(nameDomain, 1, word+" <"+a.String()+">")
	}
}

// isDomain tells whether a word is a domain and no abbreviation or file: its
// top level exists, and what stands before it has three letters.
func isDomain(s string) bool {
	suffix, icann := publicsuffix.PublicSuffix(s)
	label := strings.TrimSuffix(s, "."+suffix)
	return icann && label != s && len(label[strings.LastIndexByte(label, '.')+1:]) >= 3
}

// ownName looks for our domains in the name of a stranger, given the skeletons
// of its words.
func (c *check) ownName(name string, list []string, a mail.Address, factor float64) {
	lower := strings.ToLower(name)
	for _, o := range c.own {
		switch {
		case strings.Contains(lower, o.domain):
			c.Note(nameOwn, factor, name+" <"+a.String()+">")
		case len(o.label) >= minWord && slices.Contains(list, o.skeleton):
			c.Note(nameOwn, wordFactor*factor, name+" <"+a.String()+">")
		}
	}
}

// skeletons are the skeletons of a text's words.
func skeletons(s string) []string {
	list := words(s)
	for i, w := range list {
		list[i] = skeleton(w)
	}
	return list
}

// seen is a name as it looks: without characters that are not seen, wide letters
// as others (Unicode Standard Annex 15).
func seen(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, norm.NFKC.String(name))
}

// nameWords are the skeletons of a name's words, digits and bars taken for the
// letters that they look like: "A1ice".
func nameWords(s string) []string {
	list := strings.FieldsFunc(s, func(r rune) bool { return !isLetter(r) && !unicode.IsDigit(r) && r != '|' })
	list = list[:min(len(list), maxWords)]
	for i, w := range list {
		list[i] = skeleton(w)
	}
	return list
}
