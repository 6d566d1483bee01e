package statetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern-mail/postern/learn/lessons"
)

func lesson(name string, class uint8, sample string) lessons.Lesson {
	return lessons.Lesson{Name: name, Class: class, About: []byte("about " + name), Sample: []byte(sample)}
}

// all are the changes after a position.
func all(t testing.TB, s lessons.Store, after lessons.Position) []lessons.Change {
	t.Helper()
	var out []lessons.Change
	for {
		some := must(s.Changes(t.Context(), after, 3))(t)
		if len(some) == 0 {
			return out
		}
		out = append(out, some...)
		after = some[len(some)-1].At
	}
}

func classes(changes []lessons.Change) string {
	out := ""
	for _, c := range changes {
		out += fmt.Sprintf("%s:%d%q>%d%q ", c.New.Name, c.Old.Class, c.Old.Sample, c.New.Class, c.New.Sample)
	}
	return out
}

// Lessons says what a store of lessons promises.
func Lessons(t *testing.T, open func(testing.TB) lessons.Store) {
	for name, f := range map[string]func(*testing.T, lessons.Store){
		"learning, moving and forgetting make one row of changes": lessonRow,
		"a lesson is what was put":                                lessonGet,
		"a settled lesson is moved only when its sample is shown": lessonSettled,
		"lists give every lesson":                                 lessonLists,
		"a snapshot lets go of the changes before it":             lessonSnapshot,
		"a snapshot takes only the place of the one it knows":     lessonSnapshotMoved,
		"a snapshot begins an empty store":                        lessonRestore,
		"a note is appended only where it belongs":                lessonNote,
		"what is malformed is refused":                            lessonBad,
		"many at once make one row without a gap":                 lessonMany,
		"the row leads to what is known":                          lessonAny,
	} {
		t.Run(name, func(t *testing.T) { f(t, open(t)) })
	}
}

func lessonRow(t *testing.T, s lessons.Store) {
	ctx, end := t.Context(), lessons.Position{}
	for _, step := range []struct {
		l       lessons.Lesson
		was     uint8
		changes bool
	}{
		{lesson("a", 1, "one"), 0, true}, {lesson("a", 1, "other"), 1, false}, {lesson("b\x00\xff", 2, ""), 0, true},
		{lesson("a", 2, "two"), 1, true}, {lessons.Lesson{Name: "a"}, 2, true}, {lessons.Lesson{Name: "a"}, 0, false},
	} {
		did, err := s.Put(ctx, step.l)
		if err != nil || did.Old.Class != step.was || (did.At.N != 0) != step.changes || step.changes && did.Before != end {
			t.Errorf("%v: %+v, %v", step.l, did, err)
		}
		if step.changes {
			end = did.At
		}
	}
	got := all(t, s, lessons.Position{})
	want := `a:0"">1"one" ` + "b\x00\xff" + `:0"">2"" a:1"one">2"two" a:2"two">0"" `
	if classes(got) != want {
		t.Errorf("changes %s, want %s", classes(got), want)
	}
	for i, c := range got {
		if c.At.N != uint64(i+1) || c.Note != nil {
			t.Errorf("change %d at %v", i, c.At)
		}
		if rest := all(t, s, c.At); len(rest) != len(got)-i-1 {
			t.Errorf("%d changes after %v", len(rest), c.At)
		}
	}
	other := got[1].At
	other.Mark ^= 1
	if _, err := s.Changes(ctx, other, 10); !errors.Is(err, lessons.ErrGap) {
		t.Errorf("after a change that was lost: %v", err)
	}
	if _, err := s.Changes(ctx, lessons.Position{N: 99, Mark: 1}, 10); !errors.Is(err, lessons.ErrGap) {
		t.Errorf("after a change that never was: %v", err)
	}
}

func lessonGet(t *testing.T, s lessons.Store) {
	ctx := t.Context()
	must(s.Put(ctx, lesson("a", 1, "sample")))(t)
	got := must(s.Get(ctx, "a"))(t)
	if got.Name != "a" || got.Class != 1 || string(got.About) != "about a" || string(got.Sample) != "sample" {
		t.Errorf("%+v", got)
	}
	if got := must(s.Get(ctx, "b"))(t); got.Class != 0 || got.Name != "" {
		t.Errorf("what is not known: %+v", got)
	}
}

func lessonSettled(t *testing.T, s lessons.Store) {
	ctx := t.Context()
	must(s.Put(ctx, lesson("a", 1, "sample")))(t)
	if err := s.Release(ctx, "a", "not there"); err != nil {
		t.Fatal(err)
	}
	if st := must(s.Stats(ctx))(t); st.Lessons != 1 || st.Kept != [3]int{} {
		t.Errorf("%+v", st)
	}
	if did, err := s.Put(ctx, lessons.Lesson{Name: "a"}); !errors.Is(err, lessons.ErrSettled) || did.Old.Class != 1 {
		t.Errorf("%+v, %v", did, err)
	}
	must(s.Put(ctx, lessons.Lesson{Name: "a", Sample: []byte("shown")}))(t)
	got := all(t, s, lessons.Position{})
	if len(got) != 2 || string(got[1].Old.Sample) != "shown" || got[1].Old.Class != 1 || got[1].New.Sample != nil {
		t.Errorf("changes %s", classes(got))
	}
}

func lessonLists(t *testing.T, s lessons.Store) {
	ctx := t.Context()
	for i := range 450 {
		must(s.Put(ctx, lesson(fmt.Sprint("m", i), uint8(1+i%2), fmt.Sprint("sample of many bytes ", i))))(t)
	}
	if err := s.Release(ctx, "m0", "m1", "m3"); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(ctx, "m1", "m2"); err != nil { // m2 has its sample still
		t.Fatal(err)
	}
	listed, kept := map[string]bool{}, 0
	for cursor := ""; ; {
		some, next, err := s.List(ctx, cursor, 100)
		for _, l := range some {
			listed[l.Name] = l.Kept
			if l.Sample != nil || string(l.About) != "about "+l.Name {
				t.Errorf("%+v", l)
			}
		}
		if cursor = next; err != nil || next == "" {
			must(0, err)(t)
			break
		}
	}
	for cursor := ""; ; {
		some, next, err := s.Samples(ctx, cursor, 100)
		for _, l := range some {
			if kept++; string(l.Sample) != "sample of many bytes "+l.Name[1:] || l.Class == 0 {
				t.Errorf("%+v", l)
			}
		}
		if cursor = next; err != nil || next == "" {
			must(0, err)(t)
			break
		}
	}
	st := must(s.Stats(ctx))(t)
	if len(listed) != 449 || listed["m0"] || !listed["m2"] || kept != 447 || st.Lessons != 449 || st.Kept != [3]int{0, 224, 223} {
		t.Errorf("%d listed, %d samples, %+v", len(listed), kept, st)
	}
	if _, _, err := s.List(ctx, "not a cursor", 1); err == nil {
		t.Error("a cursor that is none is taken")
	}
}

// put makes n changes.
func put(t testing.TB, s lessons.Store, n int) (row []lessons.Position) {
	t.Helper()
	for i := range n {
		row = append(row, must(s.Put(t.Context(), lesson(fmt.Sprint("p", i), 1, "x")))(t).At)
	}
	return row
}

func lessonSnapshot(t *testing.T, s lessons.Store) {
	ctx := t.Context()
	if at, chunks, err := s.Snapshot(ctx); at.N != 0 || len(chunks) != 0 || err != nil {
		t.Errorf("before there is one: %v, %d chunks, %v", at, len(chunks), err)
	}
	row := put(t, s, 10)
	big := bytes.Repeat([]byte{1, 0}, 100_000)
	if err := s.PutSnapshot(ctx, lessons.Position{}, row[7], [][]byte{big, []byte("two")}, 3); err != nil {
		t.Fatal(err)
	}
	at, chunks, err := s.Snapshot(ctx)
	if err != nil || at != row[7] || len(chunks) != 2 || !bytes.Equal(chunks[0], big) || string(chunks[1]) != "two" {
		t.Errorf("%v, %d chunks, %v", at, len(chunks), err)
	}
	if got := all(t, s, at); len(got) != 2 {
		t.Errorf("changes after the snapshot: %s", classes(got))
	}
	if got := all(t, s, row[4]); len(got) != 5 {
		t.Errorf("kept changes: %s", classes(got))
	}
	if _, err := s.Changes(ctx, row[1], 3); !errors.Is(err, lessons.ErrGap) {
		t.Errorf("after what is gone: %v", err)
	}
	if _, err := s.Changes(ctx, lessons.Position{}, 3); !errors.Is(err, lessons.ErrGap) {
		t.Errorf("from the beginning: %v", err)
	}
	if err := s.PutSnapshot(ctx, at, row[9], [][]byte{[]byte("one")}, 0); err != nil {
		t.Fatal(err)
	}
	if at, chunks, err := s.Snapshot(ctx); err != nil || at != row[9] || len(chunks) != 1 {
		t.Errorf("the second: %v, %d chunks, %v", at, len(chunks), err)
	}
	if got := all(t, s, row[9]); len(got) != 0 {
		t.Errorf("changes after the second: %s", classes(got))
	}
	put(t, s, 10) // known already
	must(s.Put(ctx, lesson("new", 1, "x")))(t)
	if got := all(t, s, row[9]); len(got) != 1 {
		t.Errorf("changes after the second: %s", classes(got))
	}
}

func lessonSnapshotMoved(t *testing.T, s lessons.Store) {
	row := put(t, s, 4)
	chunk := [][]byte{[]byte("x")}
	for _, step := range []struct {
		name    string
		was, at lessons.Position
		want    error
	}{
		{"beyond the end", lessons.Position{}, lessons.Position{N: 9, Mark: 1}, lessons.ErrMoved},
		{"the first", lessons.Position{}, row[1], nil},
		{"in place of none", lessons.Position{}, row[2], lessons.ErrMoved},
		{"in place of the first", row[1], row[3], nil},
		{"in place of the first again", row[1], row[3], lessons.ErrMoved},
	} {
		if err := s.PutSnapshot(t.Context(), step.was, step.at, chunk, 10); !errors.Is(err, step.want) {
			t.Errorf("%s: %v", step.name, err)
		}
	}
}

func lessonRestore(t *testing.T, s lessons.Store) {
	ctx := t.Context()
	if err := s.Import(ctx, lesson("a", 1, "x"), lessons.Lesson{Name: "b", Class: 2, About: []byte("y")}); err != nil {
		t.Fatal(err)
	}
	at := lessons.Position{N: 1000, Mark: 77}
	if err := s.PutSnapshot(ctx, lessons.Position{}, at, [][]byte{[]byte("x")}, 0); err != nil {
		t.Fatal(err)
	}
	st := must(s.Stats(ctx))(t)
	if st != (lessons.Stats{Lessons: 2, Kept: [3]int{0, 1, 0}, End: at, Snapshot: at}) {
		t.Errorf("%+v", st)
	}
	if got := all(t, s, at); len(got) != 0 {
		t.Errorf("%s", classes(got))
	}
	next := must(s.Put(ctx, lesson("c", 1, "z")))(t).At
	if got := all(t, s, at); next.N != 1001 || len(got) != 1 || got[0].At != next {
		t.Errorf("%v: %s", next, classes(got))
	}
}

func lessonNote(t *testing.T, s lessons.Store) {
	ctx := t.Context()
	first := must(s.Note(ctx, lessons.Position{}, []byte("one")))(t)
	last := put(t, s, 1)[0]
	if _, err := s.Note(ctx, first, []byte("late")); !errors.Is(err, lessons.ErrMoved) {
		t.Errorf("%v", err)
	}
	must(s.Note(ctx, last, bytes.Repeat([]byte{0, 1}, 500_000)))(t)
	got := all(t, s, lessons.Position{})
	if len(got) != 3 || string(got[0].Note) != "one" || got[1].Note != nil || len(got[2].Note) != 1_000_000 || got[2].New.Class != 0 {
		t.Errorf("%d changes", len(got))
	}
}

func lessonBad(t *testing.T, s lessons.Store) {
	ctx := t.Context()
	for name, l := range map[string]lessons.Lesson{
		"no name":          {Class: 1},
		"a long name":      {Name: string(make([]byte, lessons.MaxName+1)), Class: 1},
		"a class unheard":  {Name: "a", Class: 3},
		"too much about":   {Name: "a", Class: 1, About: make([]byte, lessons.MaxAbout+1)},
		"too great sample": {Name: "a", Class: 1, Sample: make([]byte, lessons.MaxSample+1)},
	} {
		if _, err := s.Put(ctx, l); !errors.Is(err, lessons.ErrLesson) {
			t.Errorf("%s: Put: %v", name, err)
		}
		if err := s.Import(ctx, l); !errors.Is(err, lessons.ErrLesson) {
			t.Errorf("%s: Import: %v", name, err)
		}
	}
	if err := s.PutSnapshot(ctx, lessons.Position{}, lessons.Position{}, nil, 0); !errors.Is(err, lessons.ErrLesson) {
		t.Errorf("a snapshot of nothing: %v", err)
	}
}

func lessonMany(t *testing.T, s lessons.Store) {
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 40 {
				if _, err := s.Put(context.Background(), lesson(fmt.Sprint("m", (i+j)%50), uint8(1+j%2), "x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	st := must(s.Stats(t.Context()))(t)
	if got := all(t, s, lessons.Position{}); uint64(len(got)) != st.End.N {
		t.Errorf("%d changes, the end is %v", len(got), st.End)
	}
}

// Whatever is put: whoever makes all changes knows what the store knows.
func lessonAny(t *testing.T, s lessons.Store) {
	after, known := lessons.Position{}, map[string]lessons.Lesson{}
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			l := lessons.Lesson{Name: fmt.Sprint("n", rapid.IntRange(0, 5).Draw(rt, "name")), Class: uint8(rapid.IntRange(0, 2).Draw(rt, "class"))}
			if rapid.Bool().Draw(rt, "with a sample") {
				l.Sample = rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(rt, "sample")
			}
			if _, err := s.Put(context.Background(), l); err != nil && !errors.Is(err, lessons.ErrSettled) {
				rt.Fatal(err)
			}
		}
		for _, c := range all(t, s, after) {
			if known[c.New.Name].Class != c.Old.Class {
				rt.Fatalf("%v: %v was known", c, known[c.New.Name])
			}
			known[c.New.Name], after = c.New, c.At
		}
		for name, l := range known {
			got, err := s.Get(context.Background(), name)
			if err != nil || got.Class != l.Class || !slices.Equal(got.Sample, l.Sample) || (got.Sample == nil) != (l.Sample == nil) {
				rt.Fatalf("%q is %v, the changes make %v, %v", name, got, l, err)
			}
		}
	})
}
