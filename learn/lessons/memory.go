package lessons

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
)

// Memory keeps lessons in the memory of the process: where there is no folder to keep them in, and in
// tests.
type Memory struct {
	mu       sync.Mutex
	lessons  map[string]Lesson
	changes  []Change
	end      Position
	snapshot Position
	chunks   [][]byte
}

var _ Store = (*Memory)(nil)

// NewMemory makes an empty store.
func NewMemory() *Memory { return &Memory{lessons: map[string]Lesson{}} }

// Mark gives a new change its mark.
func Mark() uint32 { return rand.Uint32() }

// Put implements Store.
func (m *Memory) Put(_ context.Context, l Lesson) (Step, error) {
	if err := Check(l); err != nil {
		return Step{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Step{Old: m.lessons[l.Name], Before: m.end}
	if s.Old.Class == l.Class {
		return s, nil
	}
	taken := Lesson{Name: l.Name, Class: s.Old.Class, Sample: s.Old.Sample}
	if s.Old.Class != 0 && s.Old.Sample == nil {
		if taken.Sample = l.Sample; l.Sample == nil {
			return s, ErrSettled
		}
	}
	if l.Class == 0 {
		delete(m.lessons, l.Name)
	} else {
		m.lessons[l.Name] = l
	}
	m.append(Change{Old: taken, New: Bare(l)})
	s.At = m.end
	return s, nil
}

// Bare is a lesson as a change has it: without what it is about, and without a sample when it was
// taken back.
func Bare(l Lesson) Lesson {
	l.About = nil
	if l.Class == 0 {
		l.Sample = nil
	}
	return l
}

// append appends a change; under mu.
func (m *Memory) append(c Change) {
	m.end = Position{m.end.N + 1, Mark()}
	c.At = m.end
	m.changes = append(m.changes, c)
}

// Get implements Store.
func (m *Memory) Get(_ context.Context, name string) (Lesson, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lessons[name], nil
}

// List implements Store. The cursor is the last name in hexadecimal.
func (m *Memory) List(_ context.Context, cursor string, limit int) (out []Listed, next string, err error) {
	all, next, err := m.page(cursor, limit, func(Lesson) bool { return true })
	for _, l := range all {
		kept := l.Sample != nil
		l.Sample = nil
		out = append(out, Listed{l, kept})
	}
	return out, next, err
}

// Samples implements Store.
func (m *Memory) Samples(_ context.Context, cursor string, limit int) ([]Lesson, string, error) {
	return m.page(cursor, limit, func(l Lesson) bool { return l.Sample != nil })
}

func (m *Memory) page(cursor string, limit int, want func(Lesson) bool) (out []Lesson, next string, err error) {
	after, err := hex.DecodeString(cursor)
	if err != nil {
		return nil, "", fmt.Errorf("%w: cursor %.40q", ErrLesson, cursor)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(m.lessons)) {
		if l := m.lessons[name]; name > string(after) && want(l) {
			if out = append(out, l); len(out) == limit {
				return out, hex.EncodeToString([]byte(name)), nil
			}
		}
	}
	return out, "", nil
}

// Changes implements Store.
func (m *Memory) Changes(_ context.Context, after Position, limit int) ([]Change, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	from, _ := slices.BinarySearchFunc(m.changes, after.N, func(c Change, n uint64) int { return cmp.Compare(c.At.N, n) })
	return Following(after, m.snapshot, m.end, slices.Clone(m.changes[from:min(from+1+limit, len(m.changes))]))
}

// Note implements Store.
func (m *Memory) Note(_ context.Context, after Position, note []byte) (Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.end != after {
		return Position{}, ErrMoved
	}
	m.append(Change{Note: note})
	return m.end, nil
}

// Release implements Store.
func (m *Memory) Release(_ context.Context, names ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range names {
		if l, there := m.lessons[name]; there {
			l.Sample = nil
			m.lessons[name] = l
		}
	}
	return nil
}

// Remove implements Store.
func (m *Memory) Remove(_ context.Context, names ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range names {
		if m.lessons[name].Sample == nil {
			delete(m.lessons, name)
		}
	}
	return nil
}

// Import implements Store.
func (m *Memory) Import(_ context.Context, ls ...Lesson) error {
	for _, l := range ls {
		if err := Check(l); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range ls {
		m.lessons[l.Name] = l
	}
	return nil
}

// Snapshot implements Store.
func (m *Memory) Snapshot(context.Context) (Position, [][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.snapshot, slices.Clone(m.chunks), nil
}

// PutSnapshot implements Store.
func (m *Memory) PutSnapshot(_ context.Context, was, at Position, chunks [][]byte, keep int) error {
	if err := CheckSnapshot(at, chunks); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.end.N == 0 {
		m.end = at
	}
	if m.snapshot != was || at.N > m.end.N {
		return ErrMoved
	}
	m.snapshot, m.chunks = at, slices.Clone(chunks)
	m.changes = slices.DeleteFunc(m.changes, func(c Change) bool { return c.At.N+uint64(keep) < at.N })
	return nil
}

// Stats implements Store.
func (m *Memory) Stats(context.Context) (Stats, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Stats{Lessons: len(m.lessons), End: m.end, Snapshot: m.snapshot}
	for _, l := range m.lessons {
		if l.Sample != nil {
			s.Kept[l.Class]++
		}
	}
	return s, nil
}
