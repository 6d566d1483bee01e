package embedded

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/state/statetest"
	"github.com/postern-mail/postern/verdicts"
)

// A query must find its first records without a look at the rest: SQLite may not sort.
func TestQueriesNeedNoSorting(t *testing.T) {
	db := open(t, Options{Sweep: -1})
	defer statetest.Close(t, db)
	for n, terms := range [][]verdicts.Term{{}, {1}, {1, 2}, {1, 2, 3}} {
		query, args := statement(terms, 0, 1<<62)
		rows, err := db.read.Query("EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var a, b, c int
			var step string
			if err := rows.Scan(&a, &b, &c, &step); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(step, "TEMP B-TREE") || strings.HasPrefix(step, "SCAN") && n == 0 && !strings.Contains(step, "verdict") {
				t.Errorf("%d terms: %s", n, step)
			}
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Of two terms that many records have, the one is walked that fewer have: a query whose conditions are
// never met together looks at every record that it walks.
func TestTheRarerOfTwoCommonTermsIsWalked(t *testing.T) {
	db := open(t, Options{Sweep: -1})
	defer statetest.Close(t, db)
	now := time.Now()
	var all []*verdicts.Record
	for i := range 3 * rare {
		r := statetest.Record(i, now.Add(time.Duration(i-3*rare)*time.Second))
		r.Symbols = []verdicts.Symbol{{Name: "ALL"}}
		if i%3 != 0 {
			r.Symbols = append(r.Symbols, verdicts.Symbol{Name: "MOST"})
		}
		all = append(all, r)
	}
	if err := db.Verdicts().Import(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
	most, every := verdicts.Query{Symbol: "MOST"}.Terms()[0], verdicts.Query{Symbol: "ALL"}.Terms()[0]
	for _, terms := range [][]verdicts.Term{{most, every}, {every, most}} {
		got, err := db.rarestFirst(t.Context(), terms)
		if err != nil || got[0] != most {
			t.Errorf("%v first, want %v, %v", got[0], most, err)
		}
	}
}

// Records that come late, or older than all others, are in their place.
func TestChunksKeepTheOrderOfTime(t *testing.T) {
	db := open(t, Options{Sweep: -1})
	defer statetest.Close(t, db)
	v := db.Verdicts()
	const size = 40
	db.write.chunk = size
	base := time.Now().Add(-10 * time.Hour)
	var all []*verdicts.Record
	for i := range 2*size + 100 {
		all = append(all, statetest.Record(i, base.Add(time.Duration(i)*time.Second)))
	}
	late := map[int]bool{5: true, size + 7: true}
	var first []*verdicts.Record
	for i, r := range all {
		if !late[i] {
			first = append(first, r)
		}
	}
	if err := v.Import(t.Context(), first...); err != nil {
		t.Fatal(err)
	}
	if err := v.Import(t.Context(), all[5], all[size+7]); err != nil {
		t.Fatal(err)
	}
	if n, err := db.count(t.Context(), "chunk"); n != 5 || err != nil {
		t.Errorf("%d chunks, %v", n, err)
	}
	var want, got []string
	q := verdicts.Query{Symbol: "SPF_PASS", Limit: 1000}
	for i := len(all) - 1; i >= 0; i-- {
		want = append(want, all[i].ID)
	}
	for page := range 20 {
		records, next, err := v.Query(t.Context(), q)
		if err != nil {
			t.Fatal(page, err)
		}
		for _, r := range records {
			got = append(got, r.ID)
		}
		if q.Cursor = next; next == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(fmt.Sprint(len(want), len(got)), diff)
	}
}
