package charset

// guessBytes is how much of a text Guess looks at.
const guessBytes = 16 << 10

// Guess names the encoding that bytes above 0x7f, which are not UTF-8, are
// most likely in: gbk, big5, shift_jis, euc-kr, windows-1251, koi8-r, or
// windows-1252 when nothing else fits. It looks at where the lead and trail
// bytes lie: the common characters of each East Asian encoding fill a block of
// their own, and the lower case of Cyrillic another.
func Guess(b []byte) string {
	b = b[:min(len(b), guessBytes)]
	if name := guessPairs(b); name != "" {
		return name
	}
	lower, upper, high := 0, 0, 0
	run, longest := 0, 0
	for _, c := range b {
		if c < 0x80 {
			run = 0
			continue
		}
		high++
		run++
		longest = max(longest, run)
		switch {
		case c >= 0xe0:
			lower++
		case c >= 0xc0:
			upper++
		}
	}
	switch {
	case longest < 3 || high < 8:
		return "windows-1252"
	case lower*10 >= high*7:
		return "windows-1251"
	case upper*10 >= high*7:
		return "koi8-r"
	}
	return "windows-1252"
}

// paired tells whether bytes that are labelled with an encoding of single bytes
// are surely characters of two, as the common ones of GB 2312: nearly all with
// both high, and many of them where the letters of no alphabet are.
func paired(b []byte) bool {
	b = b[:min(len(b), guessBytes)]
	var p pairs
	letters, others := 0, 0
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] < 0x80:
			continue
		case b[i] >= 0xc0:
			letters++
		default:
			others++
		}
		if i+1 == len(b) {
			break
		}
		p.add(b[i], b[i+1])
		if b[i+1] >= 0xc0 {
			letters++
		} else {
			others++
		}
		i++
	}
	return p.n >= 4 && p.gb*20 >= p.n*17 && (p.bad+p.low)*20 <= p.n && others*4 >= letters+others
}

// twoHanzi tells whether all that is beyond ASCII are two common characters of
// GB 2312, as in the names of many attachments: too little for Guess.
func twoHanzi(b []byte) bool {
	var p pairs
	for i := 0; i < len(b) && p.n < 3; i++ {
		if b[i] < 0x80 {
			continue
		}
		if i+1 == len(b) {
			return false
		}
		p.add(b[i], b[i+1])
		i++
	}
	return p.n == 2 && p.gb == 2
}

// guessPairs looks at b as a run of two-byte characters.
func guessPairs(b []byte) string {
	var p pairs
	for i := 0; i < len(b); i++ {
		if b[i] < 0x80 {
			continue
		}
		if i+1 == len(b) {
			break
		}
		p.add(b[i], b[i+1])
		i++
	}
	sj, sjBad := shiftJIS(b)
	switch {
	case p.n < 3:
		return ""
	case sj*10 >= p.n*4 && sjBad*20 < p.n:
		return "shift_jis"
	case p.bad*20 > p.n:
		return ""
	case p.hangul*20 >= p.n*19 && p.n >= 8:
		return "euc-kr"
	case p.low*10 > p.n && p.big5*10 >= p.n*8:
		return "big5"
	case p.gb*10 >= p.n*7:
		return "gbk"
	case p.big5*10 >= p.n*8:
		return "big5"
	}
	return ""
}

// pairs counts where two-byte characters lie.
type pairs struct {
	n      int // pairs seen
	bad    int // trail bytes that no encoding here allows
	gb     int // common hanzi or punctuation of GB 2312: lead a1, a3, b0-d7, trail a1-fe
	big5   int // punctuation or common hanzi of Big5: lead a1, a4-c6
	hangul int // hangul of KS X 1001: lead b0-c8
	low    int // trail bytes below 0x80: Big5 has many, GB 2312 none
}

func (p *pairs) add(lead, trail byte) {
	p.n++
	if trail < 0x40 || trail == 0x7f || trail == 0xff {
		p.bad++
		return
	}
	high := trail >= 0xa1
	if trail < 0x7f {
		p.low++
	}
	if high && (lead == 0xa1 || lead == 0xa3 || lead >= 0xb0 && lead <= 0xd7) {
		p.gb++
	}
	if (high || trail < 0x7f) && (lead == 0xa1 || lead >= 0xa4 && lead <= 0xc6) {
		p.big5++
	}
	if high && (lead >= 0xb0 && lead <= 0xc8) {
		p.hangul++
	}
}

// shiftJIS counts kana and punctuation of Shift_JIS (lead 81-83) and bytes
// that it does not allow.
func shiftJIS(b []byte) (kana, bad int) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c < 0x80 || c >= 0xa1 && c <= 0xdf:
			continue
		case c == 0x80 || c >= 0xfd || i+1 == len(b):
			bad++
			continue
		}
		i++
		switch t := b[i]; {
		case t < 0x40 || t == 0x7f || t >= 0xfd:
			bad++
		case c >= 0x81 && c <= 0x83:
			kana++
		}
	}
	return kana, bad
}
