package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/postern-mail/postern/verdicts"
)

// records is the verdict store. Records lie by the hour of their id, so that in a Cluster
// they spread over the nodes, and what is too old goes by its lifetime.
type records struct{ s *Store }

var _ verdicts.Lasting = records{}

const (
	idLength   = 18   // of NewID
	chunkSize  = 1024 // as in addScript
	termLength = 6
	// importBatch is how many imported records share a round trip.
	importBatch = 100
	// followHours is how late a record may come for a follower to see it.
	followHours = 26
)

// hour counts hours since 1970.
func hour(at time.Time) int64 { return at.Unix() / 3600 }

func (v records) key(h int64, rest ...string) string {
	return v.s.key("v:{", strconv.FormatInt(h, 10), "}:", strings.Join(rest, ""))
}

// adding are the keys and arguments of addScript.
type adding struct {
	keys []string
	args []any
}

// adding makes a record ready; ok=false for one that is past its age already.
func (v records) adding(r *verdicts.Record, count bool) (a adding, ok bool, err error) {
	if err := verdicts.CheckID(r); err != nil {
		return a, false, err
	}
	data, err := verdicts.Encode(r)
	if err != nil {
		return a, false, err
	}
	h, left := hour(r.Time), v.left(hour(r.Time), v.s.opts.Retention.Age)
	if left <= 0 {
		return a, false, nil
	}
	a.keys = []string{v.key(h, "r:", r.ID), v.key(h, "n"), v.key(h, "i:"), v.key(h, "c")}
	a.args = []any{r.ID, data, left, v.left(h, v.s.opts.Retention.Hours), packTerms(r.Terms())}
	if count {
		for name, n := range r.Counts() {
			a.args = append(a.args, name, n)
		}
	}
	return a, true, nil
}

// left is how many seconds what belongs to an hour is kept from now on.
func (v records) left(h int64, age time.Duration) int64 {
	return int64(time.Unix((h+1)*3600, 0).Add(age).Sub(v.s.opts.Now()) / time.Second)
}

// packTerms writes terms as the fields of an index: 6 bytes each.
func packTerms(terms []verdicts.Term) []byte {
	out := make([]byte, 0, len(terms)*termLength)
	for _, t := range terms {
		out = append(out, byte(t>>40), byte(t>>32), byte(t>>24), byte(t>>16), byte(t>>8), byte(t))
	}
	return out
}

// Add implements verdicts.Store, in one round trip.
func (v records) Add(ctx context.Context, r *verdicts.Record) error {
	a, ok, err := v.adding(r, true)
	if err != nil || !ok {
		return err
	}
	return v.s.call(ctx, func(ctx context.Context) error {
		return addScript.Run(ctx, v.s.client, a.keys, a.args...).Err()
	})
}

// Import implements verdicts.Lasting. A node that does not know the script is
// taught it by the first record it gets.
func (v records) Import(ctx context.Context, rs ...*verdicts.Record) error {
	var ready []adding
	for _, r := range rs {
		a, ok, err := v.adding(r, false)
		if err != nil {
			return err
		}
		if ok {
			ready = append(ready, a)
		}
	}
	for some := range slices.Chunk(ready, importBatch) {
		err := v.s.within(ctx, bulkTimeout, func(ctx context.Context) error {
			cmds, err := v.s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
				for _, a := range some {
					addScript.EvalSha(ctx, p, a.keys, a.args...)
				}
				return nil
			})
			if err != nil && !redis.HasErrorPrefix(err, "NOSCRIPT") {
				return err
			}
			for i, c := range cmds {
				if c.Err() == nil {
					continue
				}
				if err := addScript.Run(ctx, v.s.client, some[i].keys, some[i].args...).Err(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Get implements verdicts.Store.
func (v records) Get(ctx context.Context, id string) (*verdicts.Record, error) {
	at, ok := verdicts.IDTime(id)
	if !ok {
		return nil, verdicts.ErrNotFound
	}
	var data []byte
	err := v.s.call(ctx, func(ctx context.Context) (err error) {
		data, err = v.s.client.Get(ctx, v.key(hour(at), "r:", id)).Bytes()
		return err
	})
	if err != nil {
		return nil, err
	}
	if data == nil {
		return nil, verdicts.ErrNotFound
	}
	return verdicts.Decode(data)
}

// Follow implements verdicts.Lasting. The cursor says how many records each of the last
// hours had; a record that comes a day late is not seen.
func (v records) Follow(ctx context.Context, cursor string, limit int) ([]*verdicts.Record, string, error) {
	newest := hour(v.s.opts.Now()) + 1
	seen, err := parseFollow(cursor)
	if err != nil {
		return nil, "", err
	}
	sizes, err := v.sizes(ctx, newest-followHours+1, newest)
	if err != nil {
		return nil, cursor, err
	}
	var places []place
	for h := newest - followHours + 1; h <= newest; h++ {
		n := sizes[h]
		for at := seen[h]; cursor != "" && at < n; at++ {
			if len(places) == max(limit, 1) {
				n = at
				break
			}
			places = append(places, place{h, at})
		}
		if n > 0 {
			seen[h] = n
		}
	}
	ids, err := v.ids(ctx, places)
	if err != nil {
		return nil, cursor, err
	}
	out, err := v.fetch(ctx, places, ids)
	if err != nil {
		return nil, cursor, err
	}
	var list []*verdicts.Record
	for _, r := range out {
		if r != nil {
			list = append(list, r)
		}
	}
	return list, formatFollow(seen, newest), nil
}

func parseFollow(cursor string) (map[int64]int64, error) {
	seen := map[int64]int64{}
	for _, part := range strings.Split(cursor, ",") {
		if cursor == "" || cursor == "-" {
			break
		}
		a, b, _ := strings.Cut(part, ":")
		h, err1 := strconv.ParseInt(a, 10, 64)
		n, err2 := strconv.ParseInt(b, 10, 64)
		if err := errors.Join(err1, err2); err != nil || len(seen) > followHours {
			return nil, fmt.Errorf("verdicts: cursor %.40q", cursor)
		}
		seen[h] = n
	}
	return seen, nil
}

func formatFollow(seen map[int64]int64, newest int64) string {
	var parts []string
	for h := newest - followHours + 1; h <= newest; h++ {
		if seen[h] > 0 {
			parts = append(parts, fmt.Sprintf("%d:%d", h, seen[h]))
		}
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, ",")
}
