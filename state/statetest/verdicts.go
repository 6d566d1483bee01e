package statetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/verdicts"
)

// fill adds n records, a second apart, the last one just now, and gives them newest first.
func fill(t testing.TB, v verdicts.Store, n int) []*verdicts.Record {
	t.Helper()
	now := time.Now().Truncate(time.Microsecond)
	var all []*verdicts.Record
	for i := range n {
		r := Record(i, now.Add(time.Duration(i-n+1)*time.Second))
		if err := v.Add(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	slices.Reverse(all)
	return all
}

// ask goes through all pages of a query.
func ask(t testing.TB, v verdicts.Store, q verdicts.Query) []string {
	t.Helper()
	var ids []string
	for range 1000 {
		page, next, err := v.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > q.PageSize() {
			t.Errorf("%d records on a page of %d", len(page), q.PageSize())
		}
		for _, r := range page {
			ids = append(ids, r.ID)
		}
		if q.Cursor = next; next == "" {
			return ids
		}
	}
	t.Fatal("the pages have no end")
	return nil
}

func fitting(all []*verdicts.Record, q verdicts.Query) []string {
	var ids []string
	for _, r := range all {
		if q.Fits(r) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// Verdicts is the suite for the verdict store.
func Verdicts(t *testing.T, open func(testing.TB) verdicts.Lasting) {
	t.Run("a record comes back as it was added", func(t *testing.T) {
		v, ctx := open(t), t.Context()
		in := fill(t, v, 1)[0]
		if diff := cmp.Diff(in, must(v.Get(ctx, in.ID))(t)); diff != "" {
			t.Error(diff)
		}
		for _, id := range []string{verdicts.NewID(in.Time), "", "nonsense", "{*}"} {
			if _, err := v.Get(ctx, id); !errors.Is(err, verdicts.ErrNotFound) {
				t.Errorf("%q: %v", id, err)
			}
		}
	})
	t.Run("a record whose id is not of its time is refused", func(t *testing.T) {
		v := open(t)
		r := Record(1, time.Now())
		r.ID = verdicts.NewID(r.Time.Add(time.Second))
		if v.Add(t.Context(), r) == nil {
			t.Error("taken")
		}
	})
	t.Run("every filter finds what fits, newest first, on pages", func(t *testing.T) {
		queries(t, open(t))
	})
	t.Run("a record added again is there and counted once", func(t *testing.T) {
		v, ctx := open(t), t.Context()
		r := fill(t, v, 1)[0]
		other := Record(7, r.Time)
		other.ID = r.ID
		if err := errors.Join(v.Add(ctx, r), v.Add(ctx, other), v.Import(ctx, other)); err != nil {
			t.Fatal(err)
		}
		if got := must(v.Get(ctx, r.ID))(t); got.QueueID != r.QueueID {
			t.Error("replaced")
		}
		if ids := ask(t, v, verdicts.Query{}); len(ids) != 1 {
			t.Errorf("%d records", len(ids))
		}
		if got := hours(t, v)["action:reject"]; got != 1 {
			t.Errorf("counted %d times", got)
		}
	})
	t.Run("roll-ups count what was added and not what was imported", func(t *testing.T) {
		v, ctx := open(t), t.Context()
		fill(t, v, 30)
		if err := v.Import(ctx, Record(1, time.Now()), Record(2, time.Now())); err != nil {
			t.Fatal(err)
		}
		if ids := ask(t, v, verdicts.Query{}); len(ids) != 32 {
			t.Errorf("%d records", len(ids))
		}
		got := hours(t, v)
		if got["action:accept"] != 27 || got["action:reject"] != 3 || got["symbol:SPF_PASS"] != 30 || got["latency:1"] != 1 || got["latency:5"] != 4 || got["duration_ms"] != 29*30/2 {
			t.Errorf("%v", got)
		}
		hour := verdicts.Hour{Start: verdicts.HourOf(time.Now().Add(-48 * time.Hour)), Counts: map[string]int64{"action:accept": 5}}
		if err := v.PutHours(ctx, hour); err != nil {
			t.Fatal(err)
		}
		list := must(v.Hours(ctx, hour.Start, hour.Start.Add(time.Hour)))(t)
		if diff := cmp.Diff([]verdicts.Hour{hour}, list); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a follower sees each record once, late ones too", func(t *testing.T) {
		follow(t, open(t))
	})
	t.Run("adding and asking at once", func(t *testing.T) {
		v, ctx := open(t), t.Context()
		together(t, 8, func(i int) error {
			for j := range 20 {
				r := Record(i*20+j, time.Now())
				if err := v.Add(ctx, r); err != nil {
					return err
				}
				if _, err := v.Get(ctx, r.ID); err != nil {
					return err
				}
				if _, _, err := v.Query(ctx, verdicts.Query{Symbol: "SPF_PASS", Limit: 10}); err != nil {
					return err
				}
			}
			return nil
		})
		if ids := ask(t, v, verdicts.Query{}); len(ids) != 160 {
			t.Errorf("%d records", len(ids))
		}
	})
}

func queries(t *testing.T, v verdicts.Lasting) {
	all := fill(t, v, 130)
	score := func(f float64) *float64 { return &f }
	r := all[60]
	for name, q := range map[string]verdicts.Query{
		"everything":          {},
		"small pages":         {Limit: 7},
		"action":              {Action: scoring.Reject},
		"client":              {IP: "192.0.2.33"},
		"sender":              {From: r.Envelope.From},
		"sender domain":       {From: "D5.example.net"},
		"sender @domain":      {From: "@d5.example.net"},
		"recipient":           {Rcpt: "R60@example.org"},
		"recipient domain":    {Rcpt: "example.org", Limit: 50},
		"symbol":              {Symbol: "rbl_zen_xbl"},
		"queue id":            {QueueID: r.QueueID},
		"message id":          {Message: r.Message.MessageID},
		"message id, bare":    {Message: r.Message.MessageID[1 : len(r.Message.MessageID)-1]},
		"words of a subject":  {Text: "order INVOICE"},
		"Han in a subject":    {Text: "发票通知"},
		"no word at all":      {Text: "?!"},
		"nothing of that":     {Text: "nonsuch"},
		"score":               {MinScore: score(17)},
		"low score":           {MinScore: score(-5)},
		"since":               {Since: all[20].Time},
		"until":               {Until: all[20].Time},
		"a span":              {Since: all[50].Time, Until: all[10].Time.Add(time.Nanosecond), Limit: 9},
		"several at once":     {Action: scoring.Reject, Symbol: "SPF_FAIL", Rcpt: "example.org", Since: all[100].Time, Limit: 3},
		"what excludes":       {Action: scoring.Accept, Symbol: "RBL_ZEN_XBL"},
		"before there is any": {Until: all[0].Time.Add(-24 * time.Hour)},
	} {
		if diff := cmp.Diff(fitting(all, q), ask(t, v, q)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
	page, next, err := v.Query(t.Context(), verdicts.Query{Cursor: "no such cursor"})
	if len(page) != 0 || next != "" || err != nil {
		t.Errorf("a cursor from nowhere: %d records, %q, %v", len(page), next, err)
	}
}

func follow(t *testing.T, v verdicts.Lasting) {
	ctx := t.Context()
	fill(t, v, 3)
	_, cursor, err := v.Follow(ctx, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	want := []*verdicts.Record{Record(10, now), Record(11, now.Add(-90*time.Second)), Record(12, now.Add(time.Millisecond))}
	for _, r := range want {
		if err := v.Add(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for range 5 {
		var page []*verdicts.Record
		if page, cursor, err = v.Follow(ctx, cursor, 2); err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			got = append(got, r.ID)
		}
	}
	if diff := cmp.Diff([]string{want[0].ID, want[1].ID, want[2].ID}, got); diff != "" {
		t.Error(diff)
	}
}

// hours adds up all roll-ups of the last day.
func hours(t testing.TB, v verdicts.Lasting) map[string]int64 {
	t.Helper()
	sum := map[string]int64{}
	for _, h := range must(v.Hours(t.Context(), time.Now().Add(-24*time.Hour), time.Now().Add(time.Hour)))(t) {
		for name, n := range h.Counts {
			sum[name] += n
		}
	}
	return sum
}

// Retention is the suite for forgetting.
func Retention(t *testing.T, b Backend) {
	open := func(t *testing.T, r verdicts.Retention) (state.Store, context.Context) {
		s := b.Open(t, r)
		t.Cleanup(func() { Close(t, s) })
		return s, t.Context()
	}
	t.Run("records past their age go, the others stay", func(t *testing.T) {
		s, ctx := open(t, verdicts.Retention{Age: 48 * time.Hour})
		v := s.Verdicts()
		old, young := Record(1, time.Now().Add(-50*time.Hour)), Record(2, time.Now().Add(-40*time.Hour))
		if err := errors.Join(v.Add(ctx, old), v.Add(ctx, young)); err != nil {
			t.Fatal(err)
		}
		must(v.Sweep(ctx))(t)
		if _, err := v.Get(ctx, old.ID); !errors.Is(err, verdicts.ErrNotFound) {
			t.Errorf("the old one: %v", err)
		}
		must(v.Get(ctx, young.ID))(t)
		if ids := ask(t, v, verdicts.Query{Symbol: "SPF_PASS"}); len(ids) != 1 || ids[0] != young.ID {
			t.Errorf("found %q", ids)
		}
	})
	t.Run("what is too much goes, the oldest first", func(t *testing.T) {
		const most, hour = 200, 60
		s, ctx := open(t, verdicts.Retention{Records: most})
		v := s.Verdicts()
		var all []*verdicts.Record
		for i := range 600 {
			all = append(all, Record(i, time.Now().Add(time.Duration(i-600)*time.Hour/hour)))
		}
		if err := v.Import(ctx, all...); err != nil {
			t.Fatal(err)
		}
		must(v.Sweep(ctx))(t)
		slices.Reverse(all)
		ids := ask(t, v, verdicts.Query{Limit: 1000})
		if len(ids) < most || len(ids) > most+b.Slack {
			t.Fatalf("%d records are left of %d, slack %d", len(ids), most, b.Slack)
		}
		if diff := cmp.Diff(fitting(all[:len(ids)], verdicts.Query{}), ids); diff != "" {
			t.Error(diff)
		}
		if _, err := v.Get(ctx, all[len(all)-1].ID); !errors.Is(err, verdicts.ErrNotFound) {
			t.Errorf("the oldest: %v", err)
		}
		if n := must(v.Sweep(ctx))(t); n != 0 {
			t.Errorf("a second sweep removed %d", n)
		}
	})
}
