package urls

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"
)

// text finds addresses in running text: with a scheme, beginning with "www.",
// bare domains, and mail addresses. Each of them has a dot or a colon, so it
// goes from one of these to the next, and takes what stands around it between
// blanks and brackets. It goes over the text once.
func (f *finder) text(s string, where Where) {
	dot, colon := -1, -1
	for i := 0; i < len(s) && !f.full; {
		dot, colon = next(s, '.', i, dot), next(s, ':', i, colon)
		start := min(dot, colon)
		if start == len(s) {
			return
		}
		end := start
		for start > i && !delimiter[s[start-1]] {
			start--
		}
		for end < len(s) && !delimiter[s[end]] {
			end++
		}
		if end-start > 3 {
			f.chunk(s[start:end], where)
		}
		i = end
	}
}

// next is where the byte c is at or after i, len(s) where it is not, given
// where it was before.
func next(s string, c byte, i, before int) int {
	if before >= i {
		return before
	}
	if j := strings.IndexByte(s[i:], c); j >= 0 {
		return i + j
	}
	return len(s)
}

// delimiter are the bytes that no address in text holds.
var delimiter = func() (t [256]bool) {
	for c := range 33 {
		t[c] = true
	}
	for _, c := range []byte("<>\"`{}|^\x7f") {
		t[c] = true
	}
	return t
}()

// kind is what an address in text begins with.
type kind uint8

const (
	none   kind = iota
	scheme      // "http://" or "www."
	mail        // a local part and "@"
	domain      // what may be a domain, or only two words with a dot
)

// chunk finds addresses in a run of text without blanks. Chinese and Japanese
// put none around an address, so one may begin and end anywhere in it.
func (f *finder) chunk(s string, where Where) {
	for s != "" && !f.full {
		start, host, k := begins(s)
		if k == none {
			return
		}
		end := extent(s, host, k)
		f.work += end
		u := URL{Where: where}
		if f.candidate(&u, trim(s[start:end]), k) {
			f.add(&u)
		}
		s = s[max(end, 1):]
	}
}

// candidate decides whether what stands in the text is an address, and takes
// it apart.
func (f *finder) candidate(u *URL, raw string, k kind) bool {
	prefix := ""
	switch {
	case k == mail:
		prefix = "mailto:"
	case k == domain:
		if !bare(raw) {
			return false
		}
		prefix = "http://"
	}
	ok := f.parse(u, prefix+raw)
	if !ok || !u.Has(Numeric) && !strings.Contains(u.Host, ".") || k != scheme && !listed(u.Host) {
		return false
	}
	u.Raw = strings.TrimPrefix(u.Raw, prefix)
	if prefix != "" {
		u.Flags |= Schemeless
	}
	return true
}

// begins finds where the next address begins, and where its host.
func begins(s string) (start, host int, k kind) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ':':
			if strings.HasPrefix(s[i:], "://") || strings.HasPrefix(s[i:], `:\\`) {
				if j := schemeBefore(s, i); j >= 0 {
					return j, i + 3, scheme
				}
			}
		case '@':
			if j := runBack(s, i, isLocal); j < i && i+1 < len(s) && isHost(s[i+1]) {
				return j, i + 1, mail
			}
		case '.':
			j := runBack(s, i, isLocal)
			if j == i || i+1 == len(s) {
				continue
			}
			if hasFold(s[j:], "www.") {
				return j, j, scheme
			}
			end := i
			for end < len(s) && isLocal(s[end]) {
				end++
			}
			switch {
			case end+1 < len(s) && s[end] == '@' && isHost(s[end+1]):
				return j, end + 1, mail
			case strings.HasPrefix(s[end:], "://"): // "text.http://", the scheme comes first
				i = end - 1
				continue
			}
			j = runBack(s, i, isHost)
			return j, j, domain
		}
	}
	return 0, 0, none
}

// schemeBefore finds the scheme that ends before the colon at i. Letters that
// stand directly before it do not matter: "seehttp://".
func schemeBefore(s string, i int) int {
	for _, name := range []string{"https", "http", "hxxps", "hxxp", "ftp"} {
		if n := len(name); i >= n && strings.EqualFold(s[i-n:i], name) {
			return i - n
		}
	}
	return -1
}

func runBack(s string, i int, in func(byte) bool) int {
	for n := 0; i > 0 && n < maxHost && in(s[i-1]); n++ {
		i--
	}
	return i
}

// extent finds where the address ends whose host begins at host.
func extent(s string, host int, k kind) int {
	i := host
	for i < len(s) {
		if s[i] < utf8.RuneSelf {
			if k != scheme && !isHost(s[i]) || strings.IndexByte(`/\?#`, s[i]) >= 0 {
				break
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if k != scheme || i-host > maxHost || complete(s[host:i]) || !(unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '。' || r == '．' || r == '｡') {
			return i
		}
		i += size
	}
	if k == mail || i < len(s) && strings.IndexByte(`/\?#:`, s[i]) < 0 {
		return i
	}
	// A path goes on as long as it is ASCII: what else follows is most likely
	// the next word of a text without blanks.
	for i < len(s) && s[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// complete tells whether a host in text is one already, so that a letter
// beyond ASCII that follows belongs to the text.
func complete(s string) bool {
	s = s[strings.LastIndexByte(s, '@')+1:]
	s, _, _ = strings.Cut(s, ":")
	return strings.Contains(s, ".") && listed(strings.ToLower(s))
}

// listed tells whether the host ends in a suffix under which names are
// registered.
func listed(host string) bool {
	if host == "" || strings.HasSuffix(host, ".") {
		return false
	}
	_, icann := publicsuffix.PublicSuffix(host)
	return icann
}

// closing is punctuation that may follow an address.
const closing = ".,;:!?'*_~)]"

// trim takes punctuation off the end that belongs to the sentence. A closing
// bracket stays where the address opened it.
func trim(raw string) string {
	if len(raw) > maxURL {
		return strings.TrimRight(raw, closing)
	}
	for raw != "" {
		last := raw[len(raw)-1]
		if last == ')' && strings.Count(raw, "(") >= strings.Count(raw, ")") {
			return raw
		}
		if strings.IndexByte(closing, last) < 0 {
			return raw
		}
		raw = raw[:len(raw)-1]
	}
	return raw
}

// bare tells whether a name without scheme is meant as an address: it has a
// path, or is written in one case and ends in a suffix that is no file
// extension and no word.
func bare(s string) bool {
	name, path, _ := strings.Cut(s, "/")
	name, _, _ = strings.Cut(name, ":")
	i := strings.LastIndexByte(name, '.')
	if i < 1 || i+2 >= len(name) {
		return false
	}
	tld := strings.ToLower(name[i+1:])
	if path != "" || len(s) > len(name) {
		return listed(strings.ToLower(name))
	}
	return usual[tld] && (name == strings.ToLower(name) || name == strings.ToUpper(name))
}

// usual are suffixes that make two words with a dot between them an address.
var usual = func() map[string]bool {
	m := map[string]bool{}
	for _, tld := range strings.Fields(`com net org info biz edu gov mil io co cn ru uk de fr jp kr tw hk eu us ca au nl
		it es br pl cz ua in ir tr vn th id my sg nz se no fi dk ch at be gr pt ro hu bg sk ar mx cl za ng ke
		top xyz online site shop club vip win icu cyou buzz click link live store fun space website tech app dev
		cc tv me ws su pw tk ml ga cf gq la ltd work loan men bid trade party date stream download review
		example test`) {
		m[tld] = true
	}
	return m
}()

func isHost(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_'
}

func isLocal(c byte) bool { return isHost(c) || c == '+' || c == '%' || c == '=' }
