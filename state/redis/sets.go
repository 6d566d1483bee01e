package redis

import (
	"context"
	"fmt"
)

// setBatch is how many members of a set one round trip asks for.
const setBatch = 1000

// Size is the number of members of a set that others keep, by its whole key: 0
// where there is none. Safe for several goroutines.
func (s *Store) Size(ctx context.Context, key string) (int, error) {
	var n int64
	err := s.call(ctx, func(ctx context.Context) (err error) {
		n, err = s.client.SCard(ctx, key).Result()
		return err
	})
	return int(n), err
}

// Entries are the members of such a set. One with more than most is an error.
func (s *Store) Entries(ctx context.Context, key string, most int) ([]string, error) {
	var out []string
	seen := map[string]bool{} // a scan may give a member twice
	for cursor := uint64(0); ; {
		var page []string
		err := s.call(ctx, func(ctx context.Context) (err error) {
			page, cursor, err = s.client.SScan(ctx, key, cursor, "", setBatch).Result()
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, member := range page {
			if !seen[member] {
				seen[member] = true
				out = append(out, member)
			}
		}
		if len(out) > most {
			return nil, fmt.Errorf("redis: the set %q has more than %d members", key, most)
		}
		if cursor == 0 {
			return out, nil
		}
	}
}
