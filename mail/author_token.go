package mail

import (
	"strings"

	"github.com/postern-mail/postern/mail/mime"
)

func isWord(t token) bool {
	return t.kind == tokenAtom || t.kind == tokenQuoted || t.kind == tokenLiteral
}

func hasKind(tokens []token, kind byte) bool { return lastKind(tokens, kind) >= 0 }

// lastKind is the index of the last token of the kind, -1 where there is none.
func lastKind(tokens []token, kind byte) int {
	for i := len(tokens) - 1; i >= 0; i-- {
		if tokens[i].kind == kind {
			return i
		}
	}
	return -1
}

// words is the tokens without comments and without what is no token.
func words(tokens []token) []token {
	return filter(tokens, func(t token) bool { return t.kind != tokenComment && t.kind != tokenBad })
}

func comments(tokens []token) []token {
	return filter(tokens, func(t token) bool { return t.kind == tokenComment })
}

func filter(tokens []token, keep func(token) bool) []token {
	var kept []token
	for _, t := range tokens {
		if keep(t) {
			kept = append(kept, t)
		}
	}
	return kept
}

// joined is the text of the tokens without what stands between them.
func joined(tokens []token) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString(t.text)
	}
	return b.String()
}

// spelled is the text of the tokens with one space for any white space.
func spelled(tokens []token) string {
	var b strings.Builder
	for i, t := range tokens {
		if t.spaced && i > 0 {
			b.WriteByte(' ')
		}
		if t.kind == tokenLiteral {
			b.WriteString("[" + t.text + "]")
			continue
		}
		b.WriteString(t.text)
	}
	return b.String()
}

func decodedName(tokens []token) string { return strings.TrimSpace(mime.DecodeWords(spelled(tokens))) }

// decodesTo tells whether encoded words hide one of the signs, or a control
// character: a reader that decodes before it parses sees what is not there.
func decodesTo(tokens []token, signs string) bool {
	hidden := func(s string) (n int) {
		for i := range len(s) {
			if s[i] < ' ' || s[i] == 0x7f || strings.IndexByte(signs, s[i]) >= 0 {
				n++
			}
		}
		return n
	}
	raw := spelled(tokens)
	return strings.Contains(raw, "=?") && hidden(mime.DecodeWords(raw)) > hidden(raw)
}
