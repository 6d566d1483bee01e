package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds on words in disguise.
const (
	minDisguise   = 3       // letters
	maxDisguise   = 40      // bytes
	maxDisguises  = 8 << 10 // bytes of all
	minSpelledOut = 4       // letters that stand apart
)

// Disguised finds words that are written so that a reader knows them and a
// program does not, and gives them in plain letters, lower case, one a line:
// digits and signs in place of letters (V1@gra), signs between them (p-r.i^c_e),
// a small l among capitals for an I and the other way round, letters of other scripts that look alike,
// vowels doubled (viiagra), letters that stand apart (f r e e). Where 1, ! or |
// may be i or l, there is a line for each. A letter of another script that
// looks like none comes as "?".
//
// Most of what it gives is innocent: units, names of programs, abbreviations.
// It is for looking up words that nobody disguises without a reason. It takes
// linear time.
func Disguised(s string) string {
	d := &disguises{}
	for len(s) > 0 && d.out.Len() < maxDisguises {
		end, odd := wordEnd(s)
		d.word(s[:end], odd)
		s = s[min(end+1, len(s)):]
	}
	d.spelled()
	return d.out.String()
}

// disguises collects them.
type disguises struct {
	out   strings.Builder
	apart []byte // letters that stand apart, so far
}

// What a byte is to a word.
const (
	isLower uint8 = 1 << iota
	isUpper
	isSingle // a letter that no word doubles
	isAround // stands around words; between two letters it is odd
	isEnd
)

// byteKinds is what each byte is: those that are nothing are odd.
var byteKinds = func() (kinds [256]uint8) {
	for c := range kinds {
		switch {
		case c <= ' ':
			kinds[c] = isEnd
		case c >= 'a' && c <= 'z':
			kinds[c] = isLower
		case c >= 'A' && c <= 'Z':
			kinds[c] = isUpper
		case strings.IndexByte(`.,;:?!"()'-`, byte(c)) >= 0:
			kinds[c] = isAround
		}
		if isLetter(byte(c)) && strings.IndexByte("aiuxyhjkqvw", byte(c|0x20)) >= 0 {
			kinds[c] |= isSingle
		}
	}
	return kinds
}()

// wordEnd is where the first blank is, and whether more than letters and the
// punctuation around words come before.
func wordEnd(s string) (end int, odd bool) {
	lower, upper := 0, 0
	for ; end < len(s); end++ {
		kind := byteKinds[s[end]]
		switch {
		case kind == isEnd:
			return end, odd || lower == 1 && upper > 1
		case kind&isLower != 0:
			lower++
		case kind&isUpper != 0:
			upper++
		case kind == 0:
			odd = true
		case s[end] != '\'' && s[end] != '-':
			odd = odd || end > 0 && isLetter(s[end-1]) && end+1 < len(s) && isLetter(s[end+1])
		}
		if s[end] == 'I' && end > 0 && byteKinds[s[end-1]]&isLower != 0 {
			odd = true
		}
		if kind&isSingle != 0 && end > 0 && s[end-1]|0x20 == s[end]|0x20 {
			odd = true
		}
	}
	return end, odd || lower == 1 && upper > 1
}

// word looks at one.
func (d *disguises) word(w string, odd bool) {
	if len(w) == 1 && isLetter(w[0]) {
		d.apart = append(d.apart, w[0]|0x20)
		return
	}
	if w != "" {
		d.spelled()
	}
	if !odd || len(w) > maxDisguise || isAddress(w) {
		return
	}
	if !isPlainByte(w) {
		if w = norm.NFKC.String(w); !mixed(w) {
			return
		}
	}
	if w = bare(w); !worthwhile(w) {
		return
	}
	for _, one := range []byte("il") {
		folded, ambiguous := fold(w, one)
		if len(folded) >= minDisguise && !strings.EqualFold(folded, w) {
			d.out.WriteString(folded + "\n")
		}
		if !ambiguous {
			return
		}
	}
}

// around are signs that stand before and after words for good reason.
const around = `.,;:?!"'()[]{}<>*-_~=+#&/\|%^` + "`"

// bare takes off what stands around a word, and numbers behind it: note[2], a=6.
func bare(w string) string {
	if strings.HasPrefix(w, `\/`) { // a V
		return strings.TrimRight(w, around)
	}
	w = strings.Trim(w, around)
	cut := strings.TrimRight(w, "0123456789")
	if trimmed := strings.TrimRight(cut, around); trimmed != cut {
		return trimmed
	}
	return w
}

// worthwhile tells whether most of a word are letters.
func worthwhile(w string) bool {
	letters, others := 0, 0
	for _, r := range w {
		switch {
		case unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian):
			letters++
		case unicode.IsLetter(r): // letters that nobody takes for others
			return false
		case r != '.' && r != '-':
			others++
		}
	}
	return letters >= minDisguise-1 && letters >= others || strings.Contains(w, `\/`)
}

// mixed tells whether a word holds Latin letters, and signs or letters of
// other scripts among them.
func mixed(w string) bool {
	latin, other := false, false
	for _, r := range w {
		if unicode.Is(unicode.Latin, r) {
			latin = true
		} else {
			other = other || unicode.In(r, unicode.Greek, unicode.Cyrillic, unicode.Armenian) || stands[byte(r&0x7f)] != 0 && r < utf8.RuneSelf
		}
	}
	return latin && other
}

// spelled ends a run of letters that stand apart.
func (d *disguises) spelled() {
	if len(d.apart) >= minSpelledOut {
		d.out.Write(append(d.apart, '\n'))
	}
	d.apart = d.apart[:0]
}

// isAddress tells of URLs and mail addresses, which hold digits and signs for
// good reason.
func isAddress(w string) bool {
	at := strings.IndexByte(w, '@')
	return strings.Contains(w, "://") || strings.HasPrefix(w, "www.") || at > 0 && strings.IndexByte(w[at:], '.') > 1
}
