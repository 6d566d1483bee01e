package redis

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/postern-mail/postern/verdicts"
)

// Steps of a query: how many hours, chunks and ids one round trip looks
// at. They grow, since what is asked for is mostly found at once.
const (
	firstHours, mostHours     = 4, 256
	firstChunks, mostChunks   = 4, 128
	firstRecords, mostRecords = 64, 1024
	leastRecords              = 16
)

// place is where a record stands: the at-th that arrived in its hour.
type place struct{ hour, at int64 }

// cursor is how an answer names the place it ended at.
func (p place) cursor() string { return fmt.Sprintf("%d-%d", p.hour, p.at) }

func parseCursor(cursor string) (p place, ok bool) {
	a, b, _ := strings.Cut(cursor, "-")
	var err1, err2 error
	p.hour, err1 = strconv.ParseInt(a, 10, 64)
	p.at, err2 = strconv.ParseInt(b, 10, 64)
	return p, err1 == nil && err2 == nil
}

// walk is one query on its way from the newest hour to the oldest.
type walk struct {
	v           records
	q           verdicts.Query
	terms       []verdicts.Term
	fields      []string // the terms as fields of an index
	newest, end int64    // hours; end is left out
	after       place    // where the page before ended
}

// Query implements verdicts.Store. Records come by their hour, newest first, and
// within the hour in the reverse order of arrival: one that waited on a disk
// stands where it arrived.
func (v records) Query(ctx context.Context, q verdicts.Query) ([]*verdicts.Record, string, error) {
	w := walk{v: v, q: q, terms: q.Terms()}
	for _, t := range w.terms {
		w.fields = append(w.fields, string(packTerms([]verdicts.Term{t})))
	}
	now := v.s.opts.Now()
	w.newest, w.end = hour(now)+1, hour(now.Add(-v.s.opts.Retention.Age))-1
	if !q.Until.IsZero() {
		w.newest = min(w.newest, hour(q.Until))
	}
	if !q.Since.IsZero() {
		w.end = max(w.end, hour(q.Since)-1)
	}
	w.after = place{w.newest + 1, 0}
	if q.Cursor != "" {
		var ok bool
		if w.after, ok = parseCursor(q.Cursor); !ok {
			return nil, "", nil
		}
		w.newest = min(w.newest, w.after.hour)
	}
	return w.page(ctx)
}

// page reads and judges candidates until the page is full.
func (w *walk) page(ctx context.Context) (found []*verdicts.Record, next string, err error) {
	size, step := w.q.PageSize(), firstRecords
	var last place
	var batch []place
	judge := func() (full bool, err error) {
		ids, err := w.v.ids(ctx, batch)
		if err != nil {
			return false, err
		}
		batch, ids = w.timely(batch, ids)
		for len(batch) > 0 {
			n := min(len(batch), max(size+1-len(found), leastRecords))
			rs, err := w.v.fetch(ctx, batch[:n], ids[:n])
			if err != nil {
				return false, err
			}
			for i, r := range rs {
				if r == nil || !w.q.Fits(r) {
					continue
				}
				if len(found) == size {
					return true, nil
				}
				found, last = append(found, r), batch[i]
			}
			batch, ids = batch[n:], ids[n:]
		}
		batch, step = nil, min(2*step, mostRecords)
		return false, nil
	}
	for p, err := range w.candidates(ctx) {
		if err != nil {
			return nil, "", err
		}
		if batch = append(batch, p); len(batch) < step {
			continue
		}
		full, err := judge()
		if err != nil {
			return nil, "", err
		}
		if full {
			return found, last.cursor(), nil
		}
	}
	full, err := judge()
	if err != nil {
		return nil, "", err
	}
	if full {
		next = last.cursor()
	}
	return found, next, nil
}

// timely leaves those places whose ids tell a time in the span asked for.
func (w *walk) timely(places []place, ids []string) (ps []place, in []string) {
	for i, id := range ids {
		at, ok := verdicts.IDTime(id)
		if ok && (w.q.Since.IsZero() || !at.Before(w.q.Since.Truncate(time.Millisecond))) && (w.q.Until.IsZero() || !at.After(w.q.Until)) {
			ps, in = append(ps, places[i]), append(in, id)
		}
	}
	return ps, in
}

// candidates gives the places of the records that have all terms.
func (w *walk) candidates(ctx context.Context) iter.Seq2[place, error] {
	return func(yield func(place, error) bool) {
		step := int64(firstHours)
		for high := w.newest; high > w.end; {
			low := max(high-step+1, w.end+1)
			sizes, err := w.v.sizes(ctx, low, high)
			more := true
			if err == nil {
				more, err = w.ofHours(ctx, w.cut(sizes), low, high, yield)
			}
			if err != nil {
				yield(place{}, err)
				return
			}
			if !more {
				return
			}
			high, step = low-1, min(4*step, mostHours)
		}
	}
}

// cut leaves out what came before the cursor.
func (w *walk) cut(sizes map[int64]int64) map[int64]int64 {
	if n, ok := sizes[w.after.hour]; ok {
		sizes[w.after.hour] = min(n, w.after.at)
	}
	return sizes
}

// ids reads the ids at the places; one that is gone is "".
func (v records) ids(ctx context.Context, places []place) ([]string, error) {
	return v.strings(ctx, len(places), func(p redis.Pipeliner, i int) *redis.StringCmd {
		from := places[i].at * idLength
		return p.GetRange(ctx, v.key(places[i].hour, "n"), from, from+idLength-1)
	})
}

// fetch reads the records of those ids; nil stands for one that is gone.
func (v records) fetch(ctx context.Context, places []place, ids []string) ([]*verdicts.Record, error) {
	data, err := v.strings(ctx, len(ids), func(p redis.Pipeliner, i int) *redis.StringCmd {
		return p.Get(ctx, v.key(places[i].hour, "r:", ids[i]))
	})
	if err != nil {
		return nil, err
	}
	out := make([]*verdicts.Record, len(ids))
	for i, d := range data {
		if d == "" {
			continue
		}
		if out[i], err = verdicts.Decode([]byte(d)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// strings runs n commands in one round trip; one that finds nothing gives "".
func (v records) strings(ctx context.Context, n int, cmd func(p redis.Pipeliner, i int) *redis.StringCmd) ([]string, error) {
	if n == 0 {
		return nil, nil
	}
	cmds := make([]*redis.StringCmd, n)
	err := v.s.call(ctx, func(ctx context.Context) error {
		_, err := v.s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range n {
				cmds[i] = cmd(p, i)
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]string, n)
	for i, c := range cmds {
		out[i] = c.Val()
	}
	return out, nil
}
