package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/verdicts"
)

// rare is how many records with a term are counted before a term passes for common.
const rare = 2000

// Query implements verdicts.Store. It walks the term of the query that the
// fewest records have from the newest record on, looks the other terms up for each,
// and reads and judges only the records that have all of them.
func (v records) Query(ctx context.Context, q verdicts.Query) ([]*verdicts.Record, string, error) {
	terms, err := v.db.rarestFirst(ctx, q.Terms())
	if err != nil {
		return nil, "", v.db.fault(err)
	}
	low, high, err := v.db.bounds(ctx, q)
	if err != nil || low >= high {
		return nil, "", v.db.fault(err)
	}
	query, args := statement(terms, low, high)
	rows, err := v.db.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, "", v.db.fault(err)
	}
	defer rows.Close()
	size := q.PageSize()
	var found []*verdicts.Record
	for rows.Next() {
		var data sql.RawBytes
		if err := rows.Scan(&data); err != nil {
			return nil, "", err
		}
		if data == nil {
			continue // a term of a record that could not be read when it was forgotten
		}
		r, err := verdicts.Decode(data)
		if err != nil {
			return nil, "", err
		}
		if !q.Fits(r) {
			continue
		}
		if len(found) == size {
			return found, found[size-1].ID, nil
		}
		found = append(found, r)
	}
	return found, "", v.db.fault(rows.Err())
}

// statement asks for the records with all terms whose numbers are in low..high
// (high left out), newest first.
func statement(terms []verdicts.Term, low, high int64) (string, []any) {
	if len(terms) == 0 {
		return "SELECT data FROM verdict WHERE seq >= ? AND seq < ? ORDER BY seq DESC", []any{low, high}
	}
	var b strings.Builder
	// The record is read last, when all terms are known to be there.
	b.WriteString("SELECT (SELECT data FROM verdict WHERE seq = t.seq) FROM chunk c CROSS JOIN term t ON t.chunk = c.n" +
		" WHERE c.last >= ? AND c.first < ? AND t.term = ? AND t.seq >= ? AND t.seq < ?")
	args := []any{low, high, int64(terms[0]), low, high}
	for _, other := range terms[1:] {
		b.WriteString(" AND EXISTS (SELECT 1 FROM term WHERE chunk = c.n AND term = ? AND seq = t.seq)")
		args = append(args, int64(other))
	}
	b.WriteString(" ORDER BY c.first DESC, t.seq DESC")
	return b.String(), args
}

// rarestFirst sorts terms by how many records have them; common ones by how many have them lately.
func (db *DB) rarestFirst(ctx context.Context, terms []verdicts.Term) ([]verdicts.Term, error) {
	if len(terms) < 2 {
		return terms, nil
	}
	have := make(map[verdicts.Term]int, len(terms))
	for _, t := range terms {
		var n int
		if err := db.read.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM chunk c CROSS JOIN term t ON t.chunk = c.n WHERE t.term = ? LIMIT ?)", int64(t), rare).Scan(&n); err != nil {
			return nil, err
		}
		if n == rare {
			var lately int
			if err := db.read.QueryRowContext(ctx, "SELECT count(*) FROM term WHERE chunk IN (SELECT n FROM chunk ORDER BY first DESC LIMIT 2) AND term = ?", int64(t)).Scan(&lately); err != nil {
				return nil, err
			}
			n += lately
		}
		have[t] = n
	}
	slices.SortStableFunc(terms, func(a, b verdicts.Term) int { return cmp.Compare(have[a], have[b]) })
	return terms, nil
}

// bounds are the numbers between which the records lie that time and cursor leave.
func (db *DB) bounds(ctx context.Context, q verdicts.Query) (low, high int64, err error) {
	high = math.MaxInt64
	if !q.Since.IsZero() {
		low = max(number(q.Since), 0)
	}
	if !q.Until.IsZero() {
		high = number(q.Until.Add(time.Millisecond)) // Fits knows better than the millisecond
	}
	if q.Cursor == "" {
		return low, high, nil
	}
	var seq int64
	err = db.read.QueryRowContext(ctx, "SELECT seq FROM verdict WHERE id = ?", q.Cursor).Scan(&seq)
	if err == sql.ErrNoRows { // forgotten meanwhile
		var ok bool
		if seq, ok = verdicts.IDNumber(q.Cursor); !ok {
			return 0, 0, nil
		}
		err = nil
	}
	return low, min(high, seq), err
}

// number is the least number that a record of that time can have.
func number(at time.Time) int64 { return at.UnixMilli() << 20 }
