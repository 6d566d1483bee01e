package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/postern-mail/postern/learn/lessons"
)

// id is a position as the id of an entry of the stream.
func id(p lessons.Position) string { return fmt.Sprintf("%d-%d", p.N, p.Mark) }

// position reads one; what is none is zero.
func position(text string) (p lessons.Position) {
	n, mark, _ := strings.Cut(text, "-")
	p.N, _ = strconv.ParseUint(n, 10, 64)
	m, _ := strconv.ParseUint(mark, 10, 32)
	p.Mark = uint32(m)
	return p
}

// Changes implements lessons.Store.
func (v learned) Changes(ctx context.Context, after lessons.Position, limit int) ([]lessons.Change, error) {
	var meta *redis.SliceCmd
	var found *redis.XMessageSliceCmd
	err := v.s.within(ctx, bulkTimeout, func(ctx context.Context) error {
		_, err := v.s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
			meta = p.HMGet(ctx, v.key("m"), "end", "mark", "snapshot")
			found = p.XRangeN(ctx, v.key("c"), strconv.FormatUint(after.N, 10), "+", int64(limit)+1)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	end, snapshot := ends(meta.Val())
	if end == after {
		return nil, nil
	}
	var from []lessons.Change
	for _, m := range found.Val() {
		from = append(from, change(m))
	}
	return lessons.Following(after, snapshot, end, from)
}

// ends reads where changes and snapshot end.
func ends(meta []any) (end, snapshot lessons.Position) {
	if len(meta) != 3 {
		return end, snapshot
	}
	n, _ := meta[0].(string)
	mark, _ := meta[1].(string)
	at, _ := meta[2].(string)
	return position(n + "-" + mark), position(at)
}

func change(m redis.XMessage) lessons.Change {
	field := func(name string) string { s, _ := m.Values[name].(string); return s }
	class := func(name string) uint8 { n, _ := strconv.ParseUint(field(name), 10, 8); return uint8(n) }
	name := field("n")
	c := lessons.Change{
		At:  position(m.ID),
		Old: lessons.Lesson{Name: name, Class: class("w"), Sample: sample(field("t"))},
		New: lessons.Lesson{Name: name, Class: class("c"), Sample: sample(field("s"))},
	}
	c.Note = sample(field("x"))
	return c
}

// Note implements lessons.Store.
func (v learned) Note(ctx context.Context, after lessons.Position, note []byte) (lessons.Position, error) {
	mark := lessons.Mark()
	reply, err := v.run(ctx, bulkTimeout, noteScript, after.N, after.Mark, optional(note), mark, life)
	if err != nil {
		return lessons.Position{}, err
	}
	if n, _ := reply.(int64); n > 0 {
		return lessons.Position{N: uint64(n), Mark: mark}, nil
	}
	return lessons.Position{}, lessons.ErrMoved
}

// Snapshot implements lessons.Store. One that is replaced while it is read is read on; should that take
// too long, the new one is read.
func (v learned) Snapshot(ctx context.Context) (lessons.Position, [][]byte, error) {
	for {
		at, n, err := v.snapshot(ctx)
		if err != nil || at.N == 0 {
			return at, nil, err
		}
		chunks, err := v.chunks(ctx, at, n)
		if err != nil || len(chunks) == n {
			return at, chunks, err
		}
		if again, _, err := v.snapshot(ctx); err != nil || again == at {
			return at, nil, fmt.Errorf("%w: a part of the snapshot is not there: %w", lessons.ErrGap, errReply)
		}
	}
}

// snapshot tells where the snapshot stands and of how many chunks it is.
func (v learned) snapshot(ctx context.Context) (at lessons.Position, n int, err error) {
	var meta []any
	err = v.s.call(ctx, func(ctx context.Context) (err error) {
		meta, err = v.s.client.HMGet(ctx, v.key("m"), "snapshot", "chunks").Result()
		return err
	})
	if err != nil || len(meta) != 2 {
		return at, 0, err
	}
	text, _ := meta[0].(string)
	count, _ := meta[1].(string)
	n, _ = strconv.Atoi(count)
	return position(text), n, nil
}

// chunks reads as many of a snapshot as there are.
func (v learned) chunks(ctx context.Context, at lessons.Position, n int) (out [][]byte, err error) {
	for i := range n {
		var c []byte
		err := v.s.within(ctx, bulkTimeout, func(ctx context.Context) (err error) {
			c, err = v.s.client.Get(ctx, v.chunk(at, i)).Bytes()
			return err
		})
		if err != nil || len(c) == 0 {
			return out, err
		}
		out = append(out, c)
	}
	return out, nil
}

func (v learned) chunk(at lessons.Position, i int) string {
	return v.key("s:", id(at), ":", strconv.Itoa(i))
}

// PutSnapshot implements lessons.Store. The chunks are written first, then they become the snapshot.
func (v learned) PutSnapshot(ctx context.Context, was, at lessons.Position, chunks [][]byte, keep int) error {
	if err := lessons.CheckSnapshot(at, chunks); err != nil {
		return err
	}
	for i, c := range chunks {
		err := v.s.within(ctx, bulkTimeout, func(ctx context.Context) error {
			return v.s.client.Set(ctx, v.chunk(at, i), c, replacedLife).Err()
		})
		if err != nil {
			return err
		}
	}
	reply, err := v.run(ctx, bulkTimeout, snapshotScript, id(was), id(at), at.N, at.Mark, len(chunks), keep, life, replacedLife.Milliseconds(), v.key("s:"))
	if err == nil && reply != int64(1) {
		err = lessons.ErrMoved
	}
	return err
}

// Stats implements lessons.Store. It renews the lifetime of what was learned.
func (v learned) Stats(ctx context.Context) (s lessons.Stats, err error) {
	reply, err := v.run(ctx, bulkTimeout, statsScript, life, v.key("s:"))
	if err != nil {
		return s, err
	}
	r, ok := reply.([]any)
	if !ok || len(r) != 6 {
		return s, errReply
	}
	s.End, s.Snapshot = ends(r[:3])
	count := func(v any) int {
		text, _ := v.(string)
		n, _ := strconv.Atoi(text)
		return n
	}
	s.Lessons, s.Kept[1], s.Kept[2] = count(r[3]), count(r[4]), count(r[5])
	return s, nil
}
