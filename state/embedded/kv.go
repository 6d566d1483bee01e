package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/postern-mail/postern/state"
)

type kv struct{ db *DB }

var (
	_ state.KVList   = kv{}
	_ state.Counters = kv{}
)

const (
	sqlPut = "INSERT INTO value (key, data, ends) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET data = excluded.data, ends = excluded.ends"
	sqlGet = "SELECT data, ends FROM value WHERE key = ? AND ends > ?"
)

func millis(t time.Time) int64 { return t.UnixMilli() }

// list makes an array of values for json_each, by which a statement takes any
// number of them.
func list[T any](values []T) string {
	data, _ := json.Marshal(values) // strings and numbers
	return string(data)
}

// Get implements state.KV.
func (k kv) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	if err := state.CheckKeys(keys...); err != nil {
		return nil, err
	}
	rows, err := k.db.read.QueryContext(ctx, "SELECT key, data FROM value WHERE key IN (SELECT value FROM json_each(?)) AND ends > ?",
		list(keys), millis(k.db.now()))
	if err != nil {
		return nil, k.db.fault(err)
	}
	defer rows.Close()
	found := map[string][]byte{}
	for rows.Next() {
		var key string
		var data []byte
		if err := rows.Scan(&key, &data); err != nil {
			return nil, k.db.fault(err)
		}
		found[key] = notNil(data)
	}
	out := make([][]byte, len(keys))
	for i, key := range keys {
		out[i] = found[key]
	}
	return out, k.db.fault(rows.Err())
}

// notNil makes the empty value, which SQLite may give as nil, differ from none.
func notNil(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}

// Set implements state.KV.
func (k kv) Set(ctx context.Context, items ...state.Item) error {
	if err := state.CheckItems(items...); err != nil {
		return err
	}
	return k.db.write.do(ctx, true, func(w *writer) error {
		for _, it := range items {
			if err := k.put(w, it); err != nil {
				return err
			}
		}
		return nil
	})
}

func (k kv) put(w *writer, it state.Item) error {
	_, err := w.exec(sqlPut, it.Key, notNil(it.Value), millis(k.db.now().Add(it.Lifetime)))
	return err
}

// Once implements state.KV.
func (k kv) Once(ctx context.Context, items ...state.Item) ([][]byte, error) {
	if err := state.CheckItems(items...); err != nil {
		return nil, err
	}
	var out [][]byte
	err := k.db.write.do(ctx, true, func(w *writer) error {
		out = make([][]byte, len(items))
		for i, it := range items {
			var data []byte
			var ends int64
			there, err := w.get(sqlGet, []any{it.Key, millis(k.db.now())}, &data, &ends)
			switch {
			case err != nil:
				return err
			case there:
				out[i] = notNil(data)
			default:
				if err := k.put(w, it); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return answered(&out, err)
}

// answered gives the answer of a write only when it was committed, and does
// not touch it else: the writer may still be at it when the caller's time was up.
func answered[T any](out *T, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return *out, nil
}

// Delete implements state.KV.
func (k kv) Delete(ctx context.Context, keys ...string) (int, error) {
	if err := state.CheckKeys(keys...); err != nil {
		return 0, err
	}
	return k.db.change(ctx, "DELETE FROM value WHERE key IN (SELECT value FROM json_each(?)) RETURNING ends > ?", list(keys), millis(k.db.now()))
}

// Count implements state.Counters.
func (k kv) Count(ctx context.Context, counts ...state.Count) ([]int64, error) {
	if err := state.CheckCounts(counts...); err != nil {
		return nil, err
	}
	var out []int64
	err := k.db.write.do(ctx, false, func(w *writer) error {
		out = make([]int64, len(counts))
		for i, c := range counts {
			var err error
			if out[i], err = k.count(w, c); err != nil {
				return err
			}
		}
		return nil
	})
	return answered(&out, err)
}

func (k kv) count(w *writer, c state.Count) (n int64, err error) {
	now := k.db.now()
	var data []byte
	ends := millis(now.Add(c.Lifetime))
	there, err := w.get(sqlGet, []any{c.Key, millis(now)}, &data, &ends)
	if err != nil {
		return 0, err
	}
	if there {
		if n, err = strconv.ParseInt(string(data), 10, 64); err != nil {
			return 0, fmt.Errorf("state: counter %.80q holds no number", c.Key)
		}
	}
	if c.By == 0 {
		return n, nil
	}
	n += c.By
	_, err = w.exec(sqlPut, c.Key, strconv.AppendInt(nil, n, 10), ends)
	return n, err
}

// List implements state.KVList. The cursor is the last key.
func (k kv) List(ctx context.Context, prefix, cursor string, limit int) ([]state.Item, string, error) {
	now, limit := k.db.now(), max(limit, 1)
	rows, err := k.db.read.QueryContext(ctx,
		"SELECT key, data, ends FROM value WHERE key > ? AND key >= ? AND substr(key, 1, length(?)) = ? AND ends > ? ORDER BY key LIMIT ?",
		cursor, prefix, prefix, prefix, millis(now), limit)
	if err != nil {
		return nil, "", k.db.fault(err)
	}
	defer rows.Close()
	var out []state.Item
	for rows.Next() {
		var it state.Item
		var ends int64
		if err := rows.Scan(&it.Key, &it.Value, &ends); err != nil {
			return nil, "", k.db.fault(err)
		}
		it.Value, it.Lifetime = notNil(it.Value), time.UnixMilli(ends).Sub(now.Truncate(time.Millisecond))
		out = append(out, it)
	}
	next := ""
	if len(out) == limit {
		next = out[limit-1].Key
	}
	return out, next, k.db.fault(rows.Err())
}
