package redis

import (
	"context"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// chunk is one piece of the index of an hour, with how many records it has.
type chunk struct{ hour, n, size int64 }

// ofHours gives the candidates of the hours low..high, whose sizes are known.
// more is false when nobody wants any more.
func (w *walk) ofHours(ctx context.Context, sizes map[int64]int64, low, high int64, yield func(place, error) bool) (more bool, err error) {
	var chunks []chunk
	for h := high; h >= low; h-- {
		for n := (sizes[h] - 1) / chunkSize; sizes[h] > 0 && n >= 0; n-- {
			chunks = append(chunks, chunk{h, n, min(sizes[h]-n*chunkSize, chunkSize)})
		}
	}
	for step := firstChunks; len(chunks) > 0; step = min(4*step, mostChunks) {
		some := chunks[:min(step, len(chunks))]
		chunks = chunks[len(some):]
		found, err := w.lookUp(ctx, some)
		if err != nil {
			return true, err
		}
		for i, places := range found {
			for _, at := range slices.Backward(places) {
				if int64(at) < some[i].size && !yield(place{some[i].hour, some[i].n*chunkSize + int64(at)}, nil) {
					return false, nil
				}
			}
		}
	}
	return true, nil
}

// lookUp gives for each chunk the places of the records that have all terms, in
// ascending order.
func (w *walk) lookUp(ctx context.Context, chunks []chunk) ([][]uint16, error) {
	out := make([][]uint16, len(chunks))
	if len(w.fields) == 0 {
		for i, c := range chunks {
			for at := range c.size {
				out[i] = append(out[i], uint16(at))
			}
		}
		return out, nil
	}
	cmds := make([]*redis.SliceCmd, len(chunks))
	err := w.v.s.call(ctx, func(ctx context.Context) error {
		_, err := w.v.s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, c := range chunks {
				cmds[i] = p.HMGet(ctx, w.v.key(c.hour, "i:", strconv.FormatInt(c.n, 10)), w.fields...)
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, c := range cmds {
		out[i] = common(c.Val())
	}
	return out, nil
}

// common gives the places that all lists have. A list is a text of two bytes
// for each place, ascending.
func common(lists []any) []uint16 {
	var out []uint16
	for i, v := range lists {
		text, _ := v.(string)
		places := make([]uint16, 0, len(text)/2)
		for ; len(text) >= 2; text = text[2:] {
			places = append(places, uint16(text[0])<<8|uint16(text[1]))
		}
		if i == 0 {
			out = places
			continue
		}
		out = slices.DeleteFunc(out, func(at uint16) bool {
			_, there := slices.BinarySearch(places, at)
			return !there
		})
	}
	return out
}

// sizes gives how many records each of the hours low..high has.
func (v records) sizes(ctx context.Context, low, high int64) (map[int64]int64, error) {
	cmds := map[int64]*redis.IntCmd{}
	err := v.s.call(ctx, func(ctx context.Context) error {
		_, err := v.s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for h := low; h <= high; h++ {
				cmds[h] = p.StrLen(ctx, v.key(h, "n"))
			}
			return nil
		})
		return err
	})
	out := make(map[int64]int64, len(cmds))
	for h, c := range cmds {
		out[h] = c.Val() / idLength
	}
	return out, err
}
