package learn

import (
	"context"
	"errors"
	"fmt"

	"github.com/postern-mail/postern/learn/lessons"
)

// ErrTaught says that the target of a copy has learned something already.
var ErrTaught = errors.New("learn: the target has learned already: lessons are not mixed")

// copyBatch is how many lessons are on their way at once.
const copyBatch = 200

// Copy copies what was learned into a store that has learned nothing, and tells how many lessons
// there are. Nobody should be learning meanwhile. A copy that was broken off can be made again.
func Copy(ctx context.Context, from, to lessons.Store, progress func(n int)) error {
	st, err := to.Stats(ctx)
	if err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	table, at, err := NewStore(from, DefaultLimits()).Load(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("learn: %w", err)
	case at.N == 0:
		return nil
	case st.End == at: // it was copied
		return nil
	case st.End.N != 0:
		return ErrTaught
	}
	if err := copyLessons(ctx, from, to, progress); err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	if err := to.PutSnapshot(ctx, lessons.Position{}, at, writeTable(table), 0); err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	return nil
}

// copyLessons copies the lessons, and then those with samples once more, with them.
func copyLessons(ctx context.Context, from, to lessons.Store, progress func(n int)) error {
	total := 0
	for cursor := ""; ; {
		list, next, err := from.List(ctx, cursor, copyBatch)
		if err != nil {
			return err
		}
		bare := make([]lessons.Lesson, len(list))
		for i, l := range list {
			bare[i] = l.Lesson
		}
		if err := to.Import(ctx, bare...); err != nil {
			return err
		}
		total += len(list)
		progress(total)
		if cursor = next; cursor == "" {
			break
		}
	}
	for cursor := ""; ; {
		list, next, err := from.Samples(ctx, cursor, copyBatch)
		if err != nil {
			return err
		}
		if err := to.Import(ctx, list...); err != nil {
			return err
		}
		if cursor = next; cursor == "" {
			return nil
		}
	}
}
