package phish

import (
	"slices"
	"strings"
	"unicode"
)

// person is one of ours.
type person struct {
	words     []string // skeletons of the name's words
	han       string   // the name without blanks where it is Chinese, else ""
	addresses []string // lower case
}

func newPerson(p Person) (person, bool) {
	q := person{words: skeletons(seen(p.Name))}
	for _, a := range p.Addresses {
		q.addresses = append(q.addresses, strings.ToLower(a))
	}
	joined := strings.Join(q.words, "")
	if isHan(joined) {
		q.han = joined
	}
	long := len([]rune(joined)) // a Chinese name is one word of two signs or more
	return q, len(q.words) > 1 || len(q.words) == 1 && q.words[0][0] >= 0x80 && long > 1
}

// named tells whether a display name is this person's, by the skeletons of its
// words and of all its letters: all of the person's words are among them, in any
// order, or they are written together, or letter by letter.
func (p person) named(list []string, together string) bool {
	if p.han != "" {
		return p.inHan(together)
	}
	if whole := strings.Join(p.words, ""); together == whole || slices.Contains(list, whole) {
		return true
	}
	for _, w := range p.words {
		if !slices.Contains(list, w) {
			return false
		}
	}
	return true
}

// sure is how many signs of a Chinese name are hardly chance within others.
const sure = 3

// inHan tells whether the person's name stands in a text without blanks. What
// follows a short name must be a title, as it may be another's longer name.
func (p person) inHan(s string) bool {
	before, after, ok := strings.Cut(s, p.han)
	return ok && (len([]rune(p.han)) >= sure || before == "" && (after == "" || slices.ContainsFunc(titles, func(t string) bool { return strings.HasPrefix(after, t) })))
}

// titles begin what Chinese put behind a name.
var titles = strings.Fields("总 總 经理 經理 董事 主任 主席 老师 老師 先生 女士 小姐 部长 部長 书记 書記 院长 院長 校长 校長 局长 局長 会计 會計 财务 財務 科长 处长 教授 博士 律师 律師 秘书 助理")

// isHan tells whether a text is of Chinese signs only.
func isHan(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.Is(unicode.Han, r) })
}
