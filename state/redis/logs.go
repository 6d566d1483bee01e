package redis

import (
	"context"
	"fmt"
	"regexp"

	"github.com/redis/go-redis/v9"

	"github.com/postern-mail/postern/state"
)

// logs keeps each log in a stream. Cursors are the ids of the stream.
type logs struct{ s *Store }

var _ state.Logs = logs{}

const dataField = "d"

var streamID = regexp.MustCompile(`^\d{1,19}-\d{1,19}$`)

func (l logs) key(name string) string { return l.s.key("s:{", name, "}") }

// Append implements state.Logs.
func (l logs) Append(ctx context.Context, log state.Log, entries ...[]byte) error {
	if err := state.CheckLog(log, entries...); err != nil || len(entries) == 0 {
		return err
	}
	return l.s.call(ctx, func(ctx context.Context) error {
		_, err := l.s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
			for _, e := range entries {
				p.XAdd(ctx, &redis.XAddArgs{Stream: l.key(log.Name), MaxLen: int64(log.Max), Values: []any{dataField, e}})
			}
			p.PExpire(ctx, l.key(log.Name), log.Lifetime)
			return nil
		})
		return err
	})
}

// Read implements state.Logs.
func (l logs) Read(ctx context.Context, name, after string, limit int) ([]state.Entry, error) {
	from := "-"
	if after != "" {
		if !streamID.MatchString(after) {
			return nil, fmt.Errorf("%w: cursor %.40q", state.ErrKey, after)
		}
		from = "(" + after
	}
	var found []redis.XMessage
	err := l.s.call(ctx, func(ctx context.Context) (err error) {
		found, err = l.s.client.XRangeN(ctx, l.key(name), from, "+", int64(max(limit, 1))).Result()
		return err
	})
	var out []state.Entry
	for _, m := range found {
		text, _ := m.Values[dataField].(string)
		out = append(out, state.Entry{Cursor: m.ID, Data: []byte(text)})
	}
	return out, err
}

// End implements state.Logs.
func (l logs) End(ctx context.Context, name string) (string, error) {
	var last []redis.XMessage
	err := l.s.call(ctx, func(ctx context.Context) (err error) {
		last, err = l.s.client.XRevRangeN(ctx, l.key(name), "+", "-", 1).Result()
		return err
	})
	if err != nil || len(last) == 0 {
		return "", err
	}
	return last[0].ID, nil
}
