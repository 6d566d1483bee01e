package redis

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/postern-mail/postern/state"
)

// globs are the characters that have a meaning in a pattern.
var globs = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

// scan gives some keys that begin with prefix and the cursor to go on from: the
// number of the master and that of SCAN on it.
func (s *Store) scan(ctx context.Context, prefix, cursor string, limit int) (keys []string, next string, err error) {
	node, at := 0, uint64(0)
	if cursor != "" {
		a, b, ok := strings.Cut(cursor, "-")
		n, err1 := strconv.Atoi(a)
		m, err2 := strconv.ParseUint(b, 10, 64)
		if !ok || err1 != nil || err2 != nil || n < 0 {
			return nil, "", fmt.Errorf("%w: cursor %.40q", state.ErrKey, cursor)
		}
		node, at = n, m
	}
	err = s.within(ctx, bulkTimeout, func(ctx context.Context) error {
		masters, err := s.masters(ctx)
		if err != nil || node >= len(masters) {
			return err
		}
		keys, at, err = masters[node].Scan(ctx, at, globs.Replace(prefix)+"*", int64(max(limit, 1))).Result()
		if at == 0 {
			node++
		}
		if node < len(masters) {
			next = fmt.Sprintf("%d-%d", node, at)
		}
		return err
	})
	return keys, next, err
}

// masters gives the nodes that keys are on, in an order that stays.
func (s *Store) masters(ctx context.Context) ([]redis.Cmdable, error) {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return []redis.Cmdable{s.client}, nil
	}
	var mu sync.Mutex
	var nodes []*redis.Client
	err := cluster.ForEachMaster(ctx, func(_ context.Context, c *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		nodes = append(nodes, c)
		return nil
	})
	slices.SortFunc(nodes, func(a, b *redis.Client) int { return cmp.Compare(a.Options().Addr, b.Options().Addr) })
	out := make([]redis.Cmdable, len(nodes))
	for i, n := range nodes {
		out[i] = n
	}
	return out, err
}
