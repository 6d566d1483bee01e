package lessons_test

import (
	"testing"

	"github.com/postern-mail/postern/learn/lessons"
	"github.com/postern-mail/postern/state/statetest"
)

func TestMemory(t *testing.T) {
	statetest.Lessons(t, func(testing.TB) lessons.Store { return lessons.NewMemory() })
}
