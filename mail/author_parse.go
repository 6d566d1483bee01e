package mail

import "strings"

// addressParser reads an address list (RFC 5322 section 3.4) from tokens. It
// goes forward only, and gets over whatever it cannot read.
type addressParser struct {
	author  *Author
	tokens  []token
	pos     int
	inGroup bool
}

func (p *addressParser) peek() token {
	if p.pos < len(p.tokens) {
		return p.tokens[p.pos]
	}
	return token{}
}

func (p *addressParser) flaw(name string) { p.author.flaw(name) }

// list reads entries to the end.
func (p *addressParser) list() {
	for p.pos < len(p.tokens) && len(p.author.Addresses) < maxAuthors {
		p.entry()
	}
	if p.pos < len(p.tokens) {
		p.flaw(FromLong)
	}
}

// entry reads what stands before a separator: a mailbox, the name of a group,
// or nothing.
func (p *addressParser) entry() {
	start := p.pos
	for p.pos < len(p.tokens) {
		t := p.tokens[p.pos]
		switch t.kind {
		case '<':
			p.angle(p.tokens[start:p.pos])
			return
		case ',', ';', ':':
			p.pos++
			p.separator(t.kind, p.tokens[start:p.pos-1])
			return
		case '>', tokenBad:
			p.flaw(FromUnparsable)
		}
		p.pos++
	}
	p.bare(p.tokens[start:])
}

// separator ends an entry of which no angle address was part.
func (p *addressParser) separator(kind byte, before []token) {
	switch {
	case kind == ':' && !p.inGroup && len(words(before)) > 0:
		p.flaw(FromGroup)
		p.inGroup = true
		if hasKind(before, '@') {
			p.flaw(FromUnparsable)
		}
		return
	case kind == ':', kind == ';' && !p.inGroup:
		p.flaw(FromUnparsable)
	case kind == ';':
		p.inGroup = false
	}
	p.bare(before)
}

// bare reads an address without angle brackets, or a name without an address.
func (p *addressParser) bare(tokens []token) {
	switch {
	case len(words(tokens)) == 0:
	case hasKind(tokens, '@'):
		p.add(tokens, decodedName(comments(tokens)))
	default:
		p.flaw(FromBareName)
		if decodesTo(tokens, "<>@") {
			p.flaw(FromEncodedAddress)
		}
	}
}

// angle reads an address in angle brackets after its display name.
func (p *addressParser) angle(phrase []token) {
	start := p.pos + 1
	p.pos = start
	for p.pos < len(p.tokens) && p.peek().kind != '>' && p.peek().kind != '<' {
		p.pos++
	}
	inner := p.tokens[start:p.pos]
	if p.peek().kind == '>' {
		p.pos++
	} else {
		p.flaw(FromUnparsable)
	}
	afterwards := p.pos
	for p.peek().kind == tokenComment {
		p.pos++
	}
	name := p.displayName(phrase, p.tokens[afterwards:p.pos], inner)
	if len(words(inner)) > 0 {
		p.add(p.withoutRoute(inner), name)
	}
	switch p.peek().kind {
	case tokenEnd, ';':
	case ',':
		p.pos++
	default:
		p.flaw(FromUnparsable) // text after the address; it may be an address
	}
}

// withoutRoute drops a source route, "@a,@b:" (RFC 5322 section 4.4).
func (p *addressParser) withoutRoute(inner []token) []token {
	colon := lastKind(inner, ':')
	if colon < 0 {
		return inner
	}
	if words(inner)[0].kind == '@' {
		p.flaw(FromRoute)
	} else {
		p.flaw(FromUnparsable)
	}
	return inner[colon+1:]
}

// displayName reads the phrase before an angle address, or else the comments
// about it.
func (p *addressParser) displayName(phrase, after, inner []token) string {
	if decodesTo(phrase, "<>") {
		p.flaw(FromEncodedAddress)
	}
	named := words(phrase)
	if len(named) == 0 {
		return decodedName(append(comments(phrase), comments(after)...))
	}
	for _, t := range named {
		switch t.kind {
		case '@', tokenLiteral, '[', ']':
			p.flaw(FromUnquotedName)
		}
	}
	// A reader that takes the first address it sees must see the same one.
	if hasKind(named, '@') && !strings.EqualFold(joined(named), joined(words(inner))) {
		p.flaw(FromUnparsable)
	}
	return decodedName(named)
}

// add takes an address: local part, "@", domain.
func (p *addressParser) add(tokens []token, name string) {
	p.checkAddress(tokens)
	tokens = words(tokens)
	at := lastKind(tokens, '@')
	addr := Address{Name: name, Local: joined(tokens)}
	if at >= 0 {
		addr.Local = joined(tokens[:at])
		if tail := tokens[at+1:]; !hasKind(tail, tokenQuoted) && !hasKind(tail, tokenLiteral) {
			addr.Domain, _ = ASCIIDomain(joined(tail))
		}
	}
	if at <= 0 {
		p.flaw(FromUnparsable)
	}
	if addr.Domain == "" {
		p.flaw(FromBadDomain)
	}
	p.author.Addresses = append(p.author.Addresses, addr)
}

// checkAddress notes what may not stand in an address, or not be seen by all.
func (p *addressParser) checkAddress(tokens []token) {
	var before token
	commented := false
	ats := 0
	for _, t := range tokens {
		switch t.kind {
		case tokenComment:
			commented = before.kind != tokenEnd
			continue
		case '@':
			ats++
		case tokenQuoted:
			if strings.Contains(t.text, "@") {
				p.flaw(FromAtInLocal)
			}
		case tokenAtom, '.', tokenLiteral:
		default:
			p.flaw(FromUnparsable)
			continue
		}
		if isWord(t) && isWord(before) {
			p.flaw(FromUnparsable) // two words without a dot
		}
		if commented || t.spaced && before.kind != tokenEnd {
			p.flaw(FromSplitAddress)
		}
		before = t
	}
	if ats > 1 {
		p.flaw(FromUnparsable)
	}
	// RFC 2047 section 5: no encoded word within an address; some decode it there.
	if strings.Contains(joined(tokens), "=?") {
		p.flaw(FromEncodedAddress)
	}
}
