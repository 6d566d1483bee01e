package learn

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/lessons"
	"github.com/postern-mail/postern/learn/linear"
	"github.com/postern-mail/postern/learn/tokens"
	"github.com/postern-mail/postern/mail"
)

var ctx = context.Background()

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// small are limits that the tests stay within.
var small = Limits{Samples: 1000, Records: 1000, Tokens: 1 << 20, Changes: 100}

func memory(l Limits) *Store { return InMemory(l) }

// message is the n-th mail of a class.
func message(n int, c bayes.Class) *mail.Message {
	own := "meeting minutes of the garden club"
	if c == bayes.Spam {
		own = "cheap pills without prescription"
	}
	return parse(fmt.Sprintf("From: a%d@example.org\nSubject: mail %d\nMessage-ID: <%d@example.org>\n\n%s, word%d and word%d\n", n, n, n, own, n%7, n%11))
}

func parse(raw string) *mail.Message {
	h, b := mail.Read([]byte(raw))
	return mail.New(mail.Message{Session: &mail.Session{}, Header: h, Body: b})
}

func open(t rapid.TB, s *Store) *Model {
	t.Helper()
	m := Open(ctx, s, Options{Log: quiet})
	if err := m.Away(); err != nil {
		t.Fatal(err)
	}
	return m
}

func learnIt(t rapid.TB, m *Model, msg *mail.Message, c bayes.Class, from Origin) bayes.Class {
	t.Helper()
	was, err := m.Learn(ctx, msg, c, from)
	if err != nil {
		t.Fatal(err)
	}
	return was
}

// same compares the counts of two tables.
func same(t rapid.TB, got, want *bayes.Table) {
	t.Helper()
	if got.Messages() != want.Messages() || got.Len() != want.Len() {
		t.Fatalf("%v messages and %d tokens, want %v and %d", got.Messages(), got.Len(), want.Messages(), want.Len())
	}
	for token, c := range want.All() {
		if got.Count(token) != c {
			t.Fatalf("token %x: %v, want %v", token, got.Count(token), c)
		}
	}
}

// few has rapid make fewer checks than its usual hundred: a node holds many megabytes.
func few(t *testing.T) {
	checks := flag.Lookup("rapid.checks")
	was := checks.Value.String()
	if was != checks.DefValue {
		return // somebody asked for so many
	}
	if err := checks.Value.Set("25"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := checks.Value.Set(was); err != nil {
			t.Error(err)
		}
	})
}

func TestAnyOrderOnAnyMixOfNodesLeavesTheModelOfTheRest(t *testing.T) {
	few(t)
	rapid.Check(t, func(t *rapid.T) {
		limits := small
		limits.Changes = rapid.IntRange(1, 20).Draw(t, "changes kept")
		store := memory(limits)
		nodes := []*Model{open(t, store), open(t, store), open(t, store)}
		state := map[int]bayes.Class{}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			n := rapid.IntRange(0, 15).Draw(t, "message")
			c := bayes.Class(rapid.IntRange(0, 2).Draw(t, "class"))
			node := nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, "node")]
			if was := learnIt(t, node, message(n, bayes.Class(1+n%2)), c, Origin{}); was != state[n] {
				t.Fatalf("message %d was %v, want %v", n, was, state[n])
			}
			state[n] = c
		}
		want := open(t, memory(small))
		for n, c := range state {
			learnIt(t, want, message(n, bayes.Class(1+n%2)), c, Origin{})
		}
		for _, node := range append(nodes, open(t, store)) {
			if err := node.catchUp(ctx); err != nil {
				t.Fatal(err)
			}
			same(t, node.judge.Load().Counts, want.judge.Load().Counts)
		}
	})
}

func TestItSpeaksFromTheFirstDozensWithGrowingConfidence(t *testing.T) {
	m := open(t, memory(small))
	probe := message(5000, bayes.Spam)
	if o := m.Judge(probe); o.Spam != 0.5 || o.Confidence != 0 {
		t.Errorf("an opinion before anything was learned: %+v", o)
	}
	var last Opinion
	for n := range 60 {
		learnIt(t, m, message(n, bayes.Class(1+n%2)), bayes.Class(1+n%2), Origin{})
		if n == 23 || n == 59 {
			o := m.Judge(probe)
			if o.Spam <= max(last.Spam, 0.6) || o.Confidence <= last.Confidence {
				t.Errorf("after %d messages %+v, before %+v", n+1, o, last)
			}
			last = o
		}
	}
	if o := m.Judge(message(5001, bayes.Ham)); o.Spam >= 0.4 {
		t.Errorf("ham is judged %+v", o)
	}
}

// teach teaches n messages.
func teach(t testing.TB, m *Model, n int, from Origin) {
	for i := range n {
		learnIt(t, m, message(i, bayes.Class(1+i%2)), bayes.Class(1+i%2), from)
	}
}

func TestForgettingIsExactAfterRetraining(t *testing.T) {
	a, b := open(t, memory(small)), open(t, memory(small))
	teach(t, a, 80, Origin{})
	teach(t, b, 80, Origin{})
	poison := Origin{Who: "mallory", When: time.Unix(1000, 0)}
	for n := range 20 {
		learnIt(t, b, message(500+n, bayes.Ham), bayes.Spam, poison)
	}
	if forgotten, settled, err := b.ForgetAll(ctx, Filter{Who: "mallory", Since: time.Unix(999, 0)}); forgotten != 20 || settled != 0 || err != nil {
		t.Fatalf("%d forgotten, %d settled, %v", forgotten, settled, err)
	}
	same(t, b.judge.Load().Counts, a.judge.Load().Counts)
	for _, m := range []*Model{a, b} {
		if err := m.Retrain(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if !a.judge.Load().Weights.Equal(b.judge.Load().Weights) {
		t.Error("the weights still know the forgotten messages")
	}
}

func TestAModelThatDoesWorseIsNotUsed(t *testing.T) {
	m, untouched := open(t, memory(small)), open(t, memory(small))
	for _, m := range []*Model{m, untouched} {
		teach(t, m, 500, Origin{})
		if err := m.Retrain(ctx); err != nil {
			t.Fatal(err)
		}
		if tr, ok := m.LastTraining(); !ok || !tr.Swapped {
			t.Fatalf("the first training: %+v", tr)
		}
	}
	n := 0
	for i := 1000; n < 500; i++ { // the lessons are turned round, what is held back is not
		msg := message(i, bayes.Ham)
		if d, _ := DigestOf(msg); !d.heldBack() {
			learnIt(t, m, msg, bayes.Spam, Origin{When: time.Unix(int64(i), 0)})
			n++
		}
	}
	for i := 2000; n < 1000; i++ {
		msg := message(i, bayes.Spam)
		if d, _ := DigestOf(msg); !d.heldBack() {
			learnIt(t, m, msg, bayes.Ham, Origin{When: time.Unix(int64(i), 0)})
			n++
		}
	}
	m.judge.Store(&Judge{Counts: m.judge.Load().Counts, Weights: untouched.judge.Load().Weights})
	if err := m.Retrain(ctx); err != nil {
		t.Fatal(err)
	}
	tr, _ := m.LastTraining()
	if tr.Swapped || tr.Loss <= tr.Before || len(m.Warnings()) == 0 {
		t.Errorf("%+v, warnings %q", tr, m.Warnings())
	}
	if m.judge.Load().Weights != untouched.judge.Load().Weights {
		t.Error("the worse model is in use")
	}
	if m.since != 0 {
		t.Errorf("%d changes wait for the next training: it would be made at once", m.since)
	}
}

func TestLearnedSaysWhoWhenAndFromWhere(t *testing.T) {
	m := open(t, memory(small))
	teach(t, m, 4, Origin{Who: "ann", Source: "junk", When: time.Unix(100, 0)})
	learnIt(t, m, message(9, bayes.Spam), bayes.Spam, Origin{Who: "bob", When: time.Unix(200, 0), Auto: true})
	tests := []struct {
		name string
		f    Filter
		want int
	}{
		{"everything", Filter{}, 5}, {"by one user", Filter{Who: "ann"}, 4}, {"of one class", Filter{Class: bayes.Ham}, 2},
		{"since a time", Filter{Since: time.Unix(200, 0)}, 1}, {"before a time", Filter{Until: time.Unix(200, 0)}, 4},
		{"automatic ones", Filter{AutoOnly: true}, 1}, {"from one source", Filter{Source: "junk"}, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if list, err := m.Learned(ctx, tt.f); len(list) != tt.want || err != nil {
				t.Errorf("%d records, %v", len(list), err)
			}
		})
	}
}

func TestASettledMessageIsForgottenOnlyWhenItIsShown(t *testing.T) {
	limits := small
	limits.Samples, limits.Changes = 8, 1
	store := memory(limits)
	m := open(t, store)
	for n := range 40 {
		learnIt(t, m, message(n, bayes.Spam), bayes.Spam, Origin{When: time.Unix(int64(n), 0)})
	}
	kept := 0
	var settled Digest
	for r := range store.Records(ctx) {
		if !r.Kept {
			settled = r.Digest
		} else {
			kept++
		}
	}
	if kept > 9 || kept < 8 {
		t.Fatalf("%d samples kept", kept)
	}
	if _, err := m.ForgetDigest(ctx, settled); !errors.Is(err, ErrSettled) {
		t.Errorf("error %v", err)
	}
	for n := range 40 {
		if was, err := m.Forget(ctx, message(n, bayes.Spam)); was != bayes.Spam || err != nil {
			t.Fatalf("message %d: %v, %v", n, was, err)
		}
	}
	same(t, m.judge.Load().Counts, bayes.NewTable(0))
}

func TestRareTokensExpireButNotThoseOfSamples(t *testing.T) {
	limits := Limits{Samples: 4, Records: 100, Tokens: 100, Changes: 10}
	store := memory(limits)
	m := open(t, store)
	for n := range 60 {
		learnIt(t, m, parse(fmt.Sprintf("Subject: x\n\nunique%da unique%db unique%dc unique%dd common\n", n, n, n, n)), bayes.Spam, Origin{When: time.Unix(int64(n), 0)})
	}
	table, _, _ := store.Load(ctx)
	same(t, m.judge.Load().Counts, table)
	if table.Len() > 150 {
		t.Errorf("%d tokens", table.Len())
	}
	for r := range store.Samples(ctx) {
		for _, token := range r.Tokens {
			if Counted(token) && table.Count(token).Spam == 0 {
				t.Errorf("token %x of a sample has expired", token)
			}
		}
	}
}

func TestADigestIsTheSameInAMailbox(t *testing.T) {
	a := parse("From: a@example.org\nSubject: x\n y\n\nbody\n")
	b := parse("Return-Path: <a@example.org>\nX-Spam-Flag: NO\nFrom:  a@example.org\nSubject: x y\n\nbody\n\n")
	da, _ := DigestOf(a)
	db, _ := DigestOf(b)
	if da != db {
		t.Error("another digest with what delivery adds")
	}
	if other, _ := DigestOf(parse("From: a@example.org\nSubject: x y\n\nother\n")); other == da {
		t.Error("the same digest for another body")
	}
	if back, err := ParseDigest(da.String()); back != da || err != nil {
		t.Errorf("digest %v, %v", back, err)
	}
	if _, err := ParseDigest("abc"); err == nil {
		t.Error("no error for what is no digest")
	}
}

func TestWhyNamesTheStrongestTokensOfBothSides(t *testing.T) {
	m := open(t, memory(small))
	teach(t, m, 60, Origin{})
	r := m.Why(parse("Subject: x\n\ncheap pills and the garden club\n"), 5)
	has := func(list []Reason, token string) bool {
		return slices.ContainsFunc(list, func(r Reason) bool { return strings.Contains(r.Token, token) })
	}
	if len(r.Spam) != 5 || len(r.Ham) != 5 || !has(r.Spam, "pills") || !has(r.Ham, "garden") && !has(r.Ham, "club") {
		t.Errorf("spam %v, ham %v", r.Spam, r.Ham)
	}
}

func TestRunTrainsAndFollowsOtherNodes(t *testing.T) {
	store := memory(small)
	a, b := open(t, store), open(t, store)
	run, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { b.Run(run) })
	teach(t, a, 40, Origin{})
	for {
		tr, ok := b.LastTraining()
		if ok && tr.Examples > 20 && b.Seen() == a.Seen() {
			break
		}
		time.Sleep(time.Millisecond) // the keeper tells nobody when it is done
	}
	cancel()
	wg.Wait()
	same(t, b.judge.Load().Counts, a.judge.Load().Counts)
}

func TestAStartFromTheCacheIsTheModelThatWas(t *testing.T) {
	store, opts := memory(small), Options{Log: quiet, Cache: filepath.Join(t.TempDir(), "model")}
	was := Open(ctx, store, opts)
	teach(t, was, 60, Origin{Who: "ann"})
	if err := was.Ready(ctx); err != nil { // trains and writes the cache
		t.Fatal(err)
	}
	learnIt(t, was, message(500, bayes.Ham), bayes.Ham, Origin{}) // the cache does not know it
	again := Open(ctx, store, opts)
	same(t, again.judge.Load().Counts, was.judge.Load().Counts)
	if again.at != was.at || again.since != 1 || again.forgot != 0 {
		t.Errorf("at %v, %d changes, want %v and 1", again.at, again.since, was.at)
	}
	probe := tokens.Of(message(600, bayes.Spam))
	if a, b := again.judge.Load().Opinion(probe), was.judge.Load().Opinion(probe); math.Abs(a.Odds-b.Odds) > 1e-3 {
		t.Errorf("%+v, was %+v", a, b)
	}
}

// broken is a store that is away.
type broken struct{ lessons.Store }

func (broken) Changes(context.Context, Position, int) ([]lessons.Change, error) {
	return nil, errors.New("away")
}
func (broken) Snapshot(context.Context) (Position, [][]byte, error) {
	return Position{}, nil, errors.New("away")
}

func TestWithTheStoreAwayTheCacheJudges(t *testing.T) {
	store, opts := memory(small), Options{Log: quiet, Cache: filepath.Join(t.TempDir(), "model")}
	m := Open(ctx, store, opts)
	if nothing := Open(ctx, NewStore(broken{}, small), opts); nothing.Away() == nil || nothing.Judge(message(1, bayes.Spam)).Odds != 0 {
		t.Error("neither a store nor a cache, and no error")
	}
	teach(t, m, 60, Origin{})
	if err := m.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	alone := Open(ctx, NewStore(broken{}, small), opts)
	if o := alone.Judge(message(700, bayes.Spam)); o.Odds < 1 {
		t.Errorf("%+v", o)
	}
}

func TestADamagedCacheIsNotUsed(t *testing.T) {
	m := open(t, memory(small))
	teach(t, m, 8, Origin{})
	whole := m.append(nil)
	fresh := func() *Model { return open(t, memory(small)) }
	if err := fresh().parse(whole); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 17, 30, 45, len(whole) / 2, len(whole) - 1} {
		bad := bytes.Clone(whole)
		bad[i] ^= 0x40
		if err := fresh().parse(bad); err == nil {
			t.Errorf("byte %d changed and nobody noticed", i)
		}
	}
	for _, n := range []int{0, 3, 20, len(whole) / 2, len(whole) - 1} {
		if err := fresh().parse(whole[:n]); err == nil {
			t.Errorf("%d bytes of it are taken", n)
		}
	}
}

// What the linear model makes of a sample and of the message itself is the same, and
// so are the counts.
func TestASampleIsWorthItsMessage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfDistinct(rapid.Uint64(), func(n uint64) uint64 { return n }).Draw(t, "tokens")
		domain, back, err := unpack(pack("example.org", slices.Clone(list)))
		if err != nil || domain != "example.org" || len(back) != len(list) {
			t.Fatalf("%d of %d tokens of %q, %v", len(back), len(list), domain, err)
		}
		counted := func(list []uint64) (out []uint64) {
			for _, t := range list {
				if Counted(t) {
					out = append(out, t)
				}
			}
			slices.Sort(out)
			return out
		}
		if !slices.Equal(counted(back), counted(list)) {
			t.Fatal("other tokens are counted")
		}
		type place struct {
			weight uint64
			group  tokens.Group
		}
		places := map[place]int{}
		for _, t := range list {
			places[place{t >> (64 - linear.Bits), tokens.GroupOf(t)}]++
		}
		for _, t := range back {
			places[place{t >> (64 - linear.Bits), tokens.GroupOf(t)}]--
		}
		for p, n := range places {
			if n != 0 {
				t.Fatalf("%v %d times too often", p, -n)
			}
		}
	})
}

func FuzzUnpack(f *testing.F) {
	f.Add(pack("", nil))
	f.Add(pack("example.org", []uint64{1 << 60, 8, 9, 15, 1<<63 | 1, 1<<62 | 7}))
	f.Add([]byte{1, 0, 5, 5, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, list, err := unpack(data); err == nil && len(list) > 2*maxSampleTokens {
			t.Errorf("%d tokens", len(list))
		}
		_, _ = readDropped(data)
		_, _ = parseTable(data)
	})
}

func TestCountsComeBackAsTheyWere(t *testing.T) {
	m := open(t, memory(small))
	teach(t, m, 30, Origin{})
	want := m.judge.Load().Counts
	got, err := readTable(writeTable(want))
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, want)
}

// counting counts the calls of a store, each of which is one round trip.
type counting struct {
	lessons.Store
	puts, others int
}

func (c *counting) Put(ctx context.Context, l lessons.Lesson) (lessons.Step, error) {
	c.puts++
	return c.Store.Put(ctx, l)
}

func (c *counting) Changes(ctx context.Context, after Position, n int) ([]lessons.Change, error) {
	c.others++
	return c.Store.Changes(ctx, after, n)
}

func (c *counting) Stats(ctx context.Context) (lessons.Stats, error) {
	c.others++
	return c.Store.Stats(ctx)
}

func TestLearningAsksTheStoreOnceAndJudgingNever(t *testing.T) {
	c := &counting{Store: lessons.NewMemory()}
	m := open(t, NewStore(c, small))
	teach(t, m, 1, Origin{}) // the first has the store looked after
	c.puts, c.others = 0, 0
	teach(t, m, 40, Origin{})
	if c.puts != 40 || c.others != 0 {
		t.Errorf("40 lessons: %d puts, %d other calls", c.puts, c.others)
	}
	c.puts = 0
	for n := range 50 {
		m.Judge(message(n, bayes.Spam))
	}
	if c.puts != 0 || c.others != 0 {
		t.Errorf("50 judged: %d puts, %d other calls", c.puts, c.others)
	}
}

// Of two domains one takes for ham what the other takes for spam.
func TestADomainHasAnOpinionOfItsOwn(t *testing.T) {
	store, opts := memory(small), Options{Log: quiet, Cache: filepath.Join(t.TempDir(), "model")}
	m := Open(ctx, store, opts)
	letter := func(n int) *mail.Message {
		return parse(fmt.Sprintf("From: news@example.net\nSubject: offers %d\nMessage-ID: <%d.n@example.net>\n\nweekly offers of the wine shop %d\n", n, n, n))
	}
	teach(t, m, 100, Origin{Who: "somebody"})
	for n := range 40 {
		learnIt(t, m, letter(n), bayes.Class(1+n%2), Origin{Who: []string{"ann@friends.example", "bob@foes.example"}[n%2]})
		learnIt(t, m, message(3000+n, bayes.Class(2-n%2)), bayes.Class(2-n%2), Origin{Who: []string{"ann@friends.example", "bob@FOES.example"}[n%2]})
	}
	check := func(m *Model) (o [3]Opinion) {
		t.Helper()
		probe := letter(5000)
		for i, to := range [][]string{{"friends.example"}, {"foes.example"}, {"strangers.example"}} {
			o[i] = m.Judge(probe, to...)
		}
		if o[0].Odds > -1 || o[1].Odds < 1 || o[2].Domain != 0 || math.Abs(o[2].Odds) > 1 {
			t.Errorf("friends %+v, foes %+v, strangers %+v", o[0], o[1], o[2])
		}
		return o
	}
	before := check(m)
	if err := m.Retrain(ctx); err != nil {
		t.Fatal(err)
	}
	after := check(m)
	for i := range after { // what was counted change by change is what the samples say
		if after[i].Domain != before[i].Domain {
			t.Errorf("%+v, before the training %+v", after[i], before[i])
		}
	}
	if err := m.save(); err != nil {
		t.Fatal(err)
	}
	check(Open(ctx, store, opts))
	if both := m.Judge(letter(5000), "friends.example", "foes.example"); math.Abs(both.Domain) > 1 {
		t.Errorf("both at once: %+v", both)
	}
	if _, _, err := m.ForgetAll(ctx, Filter{Who: "ann@friends.example"}); err != nil {
		t.Fatal(err)
	}
	if o := m.Judge(letter(5000), "friends.example"); o.Domain != 0 {
		t.Errorf("what was forgotten speaks: %+v", o)
	}
}

func TestReadersFindEveryMessage(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"one.eml":                "Subject: one\n\nbody\n",
		"box":                    "From a@b Mon Jan 1\nSubject: two\n\nbody\n>From here\n\nFrom a@b Mon Jan 1\nSubject: three\n\nno From here\n",
		"md/cur/1.host:2,S":      "Subject: four\n\nbody\n",
		"md/new/2.host":          "Subject: five\n\nbody\n",
		"md/tmp/3.host":          "Subject: unfinished\n\nbody\n",
		"md/dovecot-uidlist":     "3 V1\n",
		"md/.Junk/cur/4.host:2,": "Subject: six\n\nbody\n",
		"empty":                  "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	var last Found
	err := ReadAll(ctx, []string{dir, "-"}, strings.NewReader("Subject: seven\n\nbody"), func(f Found) error {
		s, _ := f.Message.Header.Get("Subject")
		got = append(got, s)
		if strings.Contains(f.Name, "box:1") {
			if body, _ := f.Message.Body.Prefix(1000); string(body) != "body\r\nFrom here\r\n\r\n" {
				t.Errorf("body of an mbox %q", body)
			}
		}
		if f.Name != "-" {
			last = f
		}
		return nil
	})
	slices.Sort(got)
	if want := []string{"five", "four", "one", "seven", "six", "three", "two"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("found %q, %v", got, err)
	}
	if last.Read <= 0 || last.Read > last.Total {
		t.Errorf("progress %d of %d", last.Read, last.Total)
	}
	enough := errors.New("enough")
	if err := ReadAll(ctx, []string{dir}, nil, func(Found) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("error %v", err)
	}
	if err := ReadAll(ctx, []string{dir + "/none"}, nil, func(Found) error { return nil }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func BenchmarkLearn(b *testing.B) {
	m := open(b, memory(DefaultLimits()))
	n := 0
	for b.Loop() {
		n++
		learnIt(b, m, message(n, bayes.Class(1+n%2)), bayes.Class(1+n%2), Origin{})
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "learns/s")
}

func BenchmarkJudge20KiB(b *testing.B) {
	m := open(b, memory(small))
	teach(b, m, 200, Origin{})
	var body strings.Builder
	for i := 0; body.Len() < 20<<10; i++ {
		fmt.Fprintf(&body, "word%c%c lorem ipsum dolor sit amet %d consectetur; http://www%d.example.org/a/b\n", 'a'+i%26, 'a'+i/26%26, i, i%7)
	}
	msg := parse("From: a@example.org\nSubject: about words\n\n" + body.String())
	msg.URLs()
	b.ReportAllocs()
	for b.Loop() {
		m.Judge(msg)
	}
}

func FuzzReadAll(f *testing.F) {
	for _, s := range []string{"From a\nSubject: x\n\ny\n\nFrom b\n\nz", "From \n\nFrom \n\n>From \n", "Subject: x\n\nFrom here", "", "From "} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, size := 0, int64(0)
		err := ReadAll(ctx, []string{"-"}, bytes.NewReader(data), func(f Found) error {
			n++
			size = f.Read
			return nil
		})
		if err != nil || size > int64(len(data)) || n > bytes.Count(data, []byte("\n"))+1 {
			t.Errorf("%d messages of %d bytes in %d, %v", n, size, len(data), err)
		}
	})
}

// sampleOf are the tokens of a message as a sample has them.
func sampleOf(msg *mail.Message) ([]uint64, error) {
	_, list, err := unpack(pack("", tokens.Of(msg)))
	return list, err
}
