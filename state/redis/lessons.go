package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/postern-mail/postern/learn/lessons"
)

// learned is what was learned:
//
//	<prefix>b:{b}:l        hash: name -> class, one byte, and what the lesson is about
//	<prefix>b:{b}:t        hash: name -> class, one byte, and sample
//	<prefix>b:{b}:c        stream: the changes, with their positions as ids
//	<prefix>b:{b}:m        hash: end, mark, snapshot (its position), chunks, 1 and 2 (samples of the class)
//	<prefix>b:{b}:s:at:n   chunk of the snapshot at a position
//
// What users taught must not be lost because nobody taught for a while: the keys last learnedLife
// from the last time that any machine looked, which each does when it starts and once an hour.
type learned struct{ s *Store }

var _ lessons.Store = learned{}

const (
	learnedLife  = 400 * 24 * time.Hour
	replacedLife = 10 * time.Minute // of a snapshot that was replaced: somebody may be reading it
	learnedLists = 200              // lessons or samples in one answer
)

// Lessons implements state.Store.
func (s *Store) Lessons() lessons.Store { return learned{s} }

func (v learned) key(rest ...string) string { return v.s.key("b:{b}:", strings.Join(rest, "")) }

// keys are those of the scripts.
func (v learned) keys() []string { return []string{v.key("l"), v.key("t"), v.key("c"), v.key("m")} }

// run runs a script within a time.
func (v learned) run(ctx context.Context, d time.Duration, s *redis.Script, args ...any) (reply any, err error) {
	err = v.s.within(ctx, d, func(ctx context.Context) (err error) {
		reply, err = s.Run(ctx, v.s.client, v.keys(), args...).Result()
		return err
	})
	return reply, err
}

// Put implements lessons.Store. A Put that timed out may have been done; done again it changes nothing.
func (v learned) Put(ctx context.Context, l lessons.Lesson) (s lessons.Step, err error) {
	if err := lessons.Check(l); err != nil {
		return s, err
	}
	mark := lessons.Mark()
	reply, err := v.run(ctx, v.s.opts.Timeout, lessonScript, l.Name, int(l.Class), l.About, optional(l.Sample), mark, life)
	if err != nil {
		return s, err
	}
	r, ok := reply.([]any)
	if !ok || len(r) != 5 {
		return s, errReply
	}
	if known, _ := r[0].(string); known != "" {
		s.Old = lessons.Lesson{Name: l.Name, Class: known[0], About: []byte(known[1:]), Sample: sample(r[1])}
	}
	s.Before, _ = ends([]any{r[3], r[4], ""})
	n, _ := r[2].(int64)
	switch {
	case n < 0:
		return s, lessons.ErrSettled
	case n > 0:
		s.At = lessons.Position{N: uint64(n), Mark: mark}
	}
	return s, nil
}

var (
	life     = learnedLife.Milliseconds()
	errReply = errors.New("redis: an answer of another form")
)

// optional puts a byte before what is there, so that empty is not nothing.
func optional(data []byte) string {
	if data == nil {
		return ""
	}
	return "=" + string(data)
}

// sample undoes optional.
func sample(v any) []byte {
	if s, ok := v.(string); ok && s != "" {
		return []byte(s[1:])
	}
	return nil
}

// Get implements lessons.Store.
func (v learned) Get(ctx context.Context, name string) (l lessons.Lesson, err error) {
	var known, kept *redis.StringCmd
	err = v.s.call(ctx, func(ctx context.Context) error {
		_, err := v.s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			known, kept = p.HGet(ctx, v.key("l"), name), p.HGet(ctx, v.key("t"), name)
			return nil
		})
		return err
	})
	if err != nil || known.Val() == "" {
		return l, err
	}
	return lessons.Lesson{Name: name, Class: known.Val()[0], About: []byte(known.Val()[1:]), Sample: sample(kept.Val())}, nil
}

// List implements lessons.Store.
func (v learned) List(ctx context.Context, cursor string, limit int) (out []lessons.Listed, next string, err error) {
	next, err = v.page(ctx, listScript, cursor, limit, func(name, known string, kept any) {
		out = append(out, lessons.Listed{
			Lesson: lessons.Lesson{Name: name, Class: known[0], About: []byte(known[1:])}, Kept: kept == int64(1),
		})
	})
	return out, next, err
}

// Samples implements lessons.Store.
func (v learned) Samples(ctx context.Context, cursor string, limit int) (out []lessons.Lesson, next string, err error) {
	next, err = v.page(ctx, samplesScript, cursor, min(limit, learnedLists), func(name, known string, kept any) {
		out = append(out, lessons.Lesson{Name: name, Class: known[0], About: []byte(known[1:]), Sample: sample(kept)})
	})
	return out, next, err
}

// page asks a script for a page of lessons: names, what is known, and something else of each.
func (v learned) page(ctx context.Context, s *redis.Script, cursor string, limit int, each func(name, known string, more any)) (string, error) {
	if cursor == "" {
		cursor = "0"
	}
	if _, err := strconv.ParseUint(cursor, 10, 64); err != nil {
		return "", fmt.Errorf("%w: cursor %.40q", lessons.ErrLesson, cursor)
	}
	reply, err := v.run(ctx, bulkTimeout, s, cursor, limit)
	if err != nil {
		return "", err
	}
	r, ok := reply.([]any)
	if !ok || len(r)%3 != 1 {
		return "", errReply
	}
	next, _ := r[0].(string)
	for r = r[1:]; len(r) > 0; r = r[3:] {
		name, _ := r[0].(string)
		if known, _ := r[1].(string); known != "" {
			each(name, known, r[2])
		}
	}
	if next == "0" {
		next = ""
	}
	return next, nil
}

// Release implements lessons.Store.
func (v learned) Release(ctx context.Context, names ...string) error {
	return v.each(ctx, releaseScript, names)
}

// Remove implements lessons.Store.
func (v learned) Remove(ctx context.Context, names ...string) error {
	return v.each(ctx, removeScript, names)
}

// each runs a script for names, some at a time so that others get their turn.
func (v learned) each(ctx context.Context, s *redis.Script, names []string) error {
	for len(names) > 0 {
		n := min(learnedLists, len(names))
		args := make([]any, n)
		for i, name := range names[:n] {
			args[i] = name
		}
		if _, err := v.run(ctx, bulkTimeout, s, args...); err != nil {
			return err
		}
		names = names[n:]
	}
	return nil
}

// Import implements lessons.Store.
func (v learned) Import(ctx context.Context, ls ...lessons.Lesson) error {
	for _, l := range ls {
		if err := lessons.Check(l); err != nil {
			return err
		}
	}
	for _, l := range ls {
		if _, err := v.run(ctx, bulkTimeout, importScript, l.Name, int(l.Class), l.About, optional(l.Sample), life); err != nil {
			return err
		}
	}
	return nil
}
