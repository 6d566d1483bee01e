package verdicts

import (
	"slices"
	"strings"
)

// Term is what an index knows of a record: a kind and a value, hashed to 47
// bits. Two values may share a term, so whoever looks up by terms asks Fits in
// the end; what Fits accepts has all the terms of the query.
type Term uint64

// steps are the scores for which records are found by an index. A query for a
// score in between is served by the step below it.
var steps = []float64{2, 4, 6, 8, 10, 15, 20, 30, 50}

// The kinds of term.
const (
	kindAction = 'a'
	kindClient = 'c'
	kindFrom   = 'f' // envelope or author address
	kindFromAt = 'F' // their domains
	kindRcpt   = 'r'
	kindRcptAt = 'R'
	kindSymbol = 's'
	kindQueue  = 'q'
	kindID     = 'm' // Message-ID
	kindWord   = 'w'
	kindScore  = 'p' // the score is at least steps[value]
)

// term is FNV-1a over kind and value.
func term(kind byte, value string) Term {
	const offset, prime = 14695981039346656037, 1099511628211
	h := (uint64(offset) ^ uint64(kind)) * prime
	for i := range len(value) {
		h = (h ^ uint64(value[i])) * prime
	}
	return Term((h ^ h>>47) & (1<<47 - 1))
}

// Terms are those under which an index keeps the record, in ascending order.
func (r *Record) Terms() []Term {
	t := []Term{
		term(kindAction, string(r.Action)), term(kindClient, r.Session.ClientIP),
		term(kindQueue, r.QueueID), term(kindID, plainID(r.Message.MessageID)),
	}
	for _, a := range []string{r.Envelope.From, r.Message.From} {
		t = append(t, term(kindFrom, lower(a)), term(kindFromAt, domainOf(a)))
	}
	for _, a := range r.Envelope.Rcpts {
		t = append(t, term(kindRcpt, lower(a)), term(kindRcptAt, domainOf(a)))
	}
	for _, s := range r.Symbols {
		t = append(t, term(kindSymbol, upper(s.Name)))
	}
	for i, step := range steps {
		if r.Score >= step {
			t = append(t, term(kindScore, string(rune('0'+i))))
		}
	}
	for _, w := range r.words() {
		t = append(t, term(kindWord, w))
	}
	slices.Sort(t)
	return slices.Compact(t)
}

// words are the words by which a record is found.
func (r *Record) words() []string {
	var list []string
	for _, text := range []string{r.Message.Subject, r.Message.From, r.Message.MessageID, r.Reason} {
		list = append(list, Words(text)...)
	}
	return list
}

// Terms are those that every record has that the query asks for; none when
// only time, the cursor or a low score narrow it.
func (q Query) Terms() []Term {
	var t []Term
	add := func(kind byte, value string) {
		if value != "" {
			t = append(t, term(kind, value))
		}
	}
	add(kindAction, string(q.Action))
	add(kindClient, q.IP)
	add(kindQueue, q.QueueID)
	add(kindID, plainID(q.Message))
	add(kindSymbol, upper(q.Symbol))
	addAddress := func(kind, kindAt byte, want string) {
		if strings.LastIndexByte(want, '@') > 0 {
			add(kind, lower(want))
		} else {
			add(kindAt, lower(strings.TrimPrefix(want, "@")))
		}
	}
	addAddress(kindFrom, kindFromAt, q.From)
	addAddress(kindRcpt, kindRcptAt, q.Rcpt)
	if q.Text != "" {
		for _, w := range q.words() {
			t = append(t, term(kindWord, w))
		}
	}
	if q.MinScore != nil {
		if i := slices.IndexFunc(steps, func(s float64) bool { return s > *q.MinScore }) - 1; i >= 0 {
			add(kindScore, string(rune('0'+i)))
		} else if *q.MinScore >= steps[len(steps)-1] {
			add(kindScore, string(rune('0'+len(steps)-1)))
		}
	}
	slices.Sort(t)
	return slices.Compact(t)
}

// words are those of Text. Where it has none, such as "?!", it is the empty
// word, which no record has.
func (q Query) words() []string {
	if list := Words(q.Text); len(list) > 0 {
		return list
	}
	return []string{""}
}

// lower and upper fold cases for Fits and the terms alike. strings.EqualFold
// would not do: it holds more letters for equal than either.
func lower(s string) string { return strings.ToLower(s) }
func upper(s string) string { return strings.ToUpper(s) }

func domainOf(address string) string {
	return lower(address[strings.LastIndexByte(address, '@')+1:])
}

// plainID is a Message-ID without its brackets, in lower case.
func plainID(id string) string {
	id = strings.TrimSpace(id)
	return lower(strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">"))
}
