package verdicts

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/postern-mail/postern/scoring"
)

func TestWordsOfASubject(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"runs of letters and digits, each once, in lower case", "Re: INVOICE 4711, invoice!", []string{"re", "invoice", "4711"}},
		{"a message id falls into its parts", "<a.1@example.org>", []string{"a", "1", "example", "org"}},
		{"a script without spaces gives its neighbours", "发票通知", []string{"发票", "票通", "通知"}},
		{"a lone letter of such a script is a word", "a 发 b", []string{"a", "发", "b"}},
		{"scripts side by side are parted", "pay发票now", []string{"pay", "发票", "now"}},
		{"a repeated pair leaves no stray letter", "发票x发票", []string{"发票", "x"}},
		{"nothing to find", "?! -- …", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Words(c.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestIDsTellTheirTimeAndSortByIt(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 5e6, time.UTC)
	a, b := NewID(at), NewID(at.Add(time.Millisecond))
	if got, ok := IDTime(a); !ok || !got.Equal(at) {
		t.Errorf("IDTime(%q) = %v, %v", a, got, ok)
	}
	na, _ := IDNumber(a)
	nb, _ := IDNumber(b)
	if na >= nb || na <= 0 {
		t.Errorf("%d is not below %d", na, nb)
	}
	for _, bad := range []string{"", "x", "0123456789", "0123456789abcdefgu", a + "0", "ILOUILOUILOUILOUIL"} {
		if _, ok := IDTime(bad); ok {
			t.Errorf("IDTime takes %q", bad)
		}
		if _, ok := IDNumber(bad); ok {
			t.Errorf("IDNumber takes %q", bad)
		}
	}
}

// An index may offer too much, never too little: what fits a query has all its terms.
func TestWhatFitsHasTheTerms(t *testing.T) {
	texts := []string{"", "a@example.org", "A@Example.ORG", "b@example.net", "@example.org", "example.org", "@", "x@y@example.org", "ſ", "s", "K@k", "Hello 发票", "发票", "hello"}
	text := rapid.SampledFrom(texts)
	hits := 0
	rapid.Check(t, func(t *rapid.T) {
		r := &Record{Action: scoring.Reject, Score: rapid.Float64Range(-5, 60).Draw(t, "score"), QueueID: text.Draw(t, "queue id")}
		r.Envelope.From, r.Envelope.Rcpts = text.Draw(t, "from"), []string{text.Draw(t, "rcpt"), text.Draw(t, "rcpt 2")}
		r.Message.From, r.Message.Subject, r.Message.MessageID = text.Draw(t, "author"), text.Draw(t, "subject"), text.Draw(t, "message id")
		r.Symbols = []Symbol{{Name: text.Draw(t, "symbol")}}
		var q Query
		fields := []*string{&q.From, &q.Rcpt, &q.Symbol, &q.QueueID, &q.Message, &q.Text}
		*fields[rapid.IntRange(0, len(fields)-1).Draw(t, "field")] = text.Draw(t, "wanted")
		if rapid.Bool().Draw(t, "by score") {
			score := rapid.Float64Range(-5, 60).Draw(t, "min score")
			q.MinScore = &score
		}
		if !q.Fits(r) {
			return
		}
		hits++
		have := r.Terms()
		for _, want := range q.Terms() {
			if _, ok := slices.BinarySearch(have, want); !ok {
				t.Fatalf("%+v fits %+v, yet a term is missing", r, q)
			}
		}
	})
	t.Logf("%d of the random queries fitted", hits)
}

func TestARecordComesBackFromItsStoredForm(t *testing.T) {
	in := &Record{ID: "01", Time: time.Unix(1, 2).UTC(), Action: scoring.Mark, Symbols: []Symbol{{Name: "SPF_FAIL", Details: []string{"\x00\"é"}}}}
	in.Envelope.Rcpts = []string{"a@example.org"}
	data, err := Encode(in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(in, out) {
		t.Error(cmp.Diff(in, out))
	}
	for _, bad := range [][]byte{nil, {0}, {2, 1}, data[:len(data)-1], append([]byte{1}, "junk"...)} {
		if _, err := Decode(bad); err == nil {
			t.Errorf("% x is taken", bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	data, _ := Encode(&Record{ID: "01"})
	f.Add(data)
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := Decode(data); (r == nil) == (err == nil) {
			t.Error("neither a record nor an error, or both")
		}
	})
}

func FuzzWords(f *testing.F) {
	f.Add("Re: 发票 4711")
	f.Fuzz(func(t *testing.T, text string) {
		words := Words(text)
		if len(words) > maxWords {
			t.Errorf("%d words", len(words))
		}
		for _, w := range words {
			if w == "" || len([]rune(w)) > maxWord {
				t.Errorf("word %q", w)
			}
		}
	})
}
