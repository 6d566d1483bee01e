package degrade

import "github.com/postern-mail/postern/learn/lessons"

// Lessons implements state.Store.
func (s *Store) Lessons() lessons.Store { return s.shared.Lessons() }
