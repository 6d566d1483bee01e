package mime

import (
	"bytes"
	"slices"
)

// match compares what follows the two hyphens of a line with the boundaries of
// all open multiparts. It gives the frame that the line delimits and whether
// the line closes it.
func (s *scanner) match(rest []byte) (f int, closing, ok bool) {
	rest = bytes.TrimRight(rest, " \t\r") // RFC 2046 section 5.1.1: transport padding
	best, bestLen, bestExact := -1, 0, false
	for i := len(s.frames) - 1; i >= 0; i-- {
		if s.r.own && i < s.innermost() {
			break
		}
		for _, b := range s.frames[i].boundaries {
			if len(rest) < len(b) || string(rest[:len(b)]) != b {
				continue
			}
			tail := rest[len(b):]
			exact := len(tail) == 0 || string(tail) == "--"
			if !exact && !s.seesPrefix(best, bestExact, rest) {
				continue
			}
			if best < 0 || s.better(i, len(b), exact, best, bestLen, bestExact) {
				best, bestLen, bestExact = i, len(b), exact
				closing = len(tail) >= 2 && tail[0] == '-' && tail[1] == '-'
			}
		}
	}
	if best < 0 {
		return 0, false, false
	}
	if s.frames[best].closed && !s.r.resume {
		if !closing {
			s.amb |= ambClosed
			s.note("MIME_AFTER_CLOSE", s.frames[best].part.Path)
		}
		return 0, false, false
	}
	return best, closing, true
}

// innermost gives the innermost multipart that is open.
func (s *scanner) innermost() int {
	i := len(s.frames) - 1
	for i > 0 && (s.frames[i].closed || len(s.frames[i].boundaries) == 0) {
		i--
	}
	return i
}

// seesPrefix notes a line that begins with a boundary and goes on, unless an
// inner multipart has claimed all of it, and tells whether the reading takes
// it for a delimiter.
func (s *scanner) seesPrefix(best int, bestExact bool, rest []byte) bool {
	if best < 0 || !bestExact {
		s.amb |= ambPrefix
		s.t.find("MIME_BOUNDARY_PREFIX", string(rest))
	}
	if best >= 0 && s.r.prefix {
		s.amb |= ambPrefixes
	}
	return s.r.prefix
}

// better decides between two frames that the same line fits; the old one is
// the inner one.
func (s *scanner) better(f, length int, exact bool, old, oldLen int, oldExact bool) bool {
	switch {
	case s.frames[old].closed != s.frames[f].closed && length == oldLen:
		return s.frames[old].closed && !s.r.resume
	case s.r.outer:
		return length >= oldLen
	case s.r.prefix && !s.r.longest:
		return false // the innermost wins
	case exact != oldExact:
		return exact
	}
	return length > oldLen
}

// reused notes a boundary that an enclosing multipart has too. One that begins
// with an outer one is common; a line that fits both is noted by seesPrefix
// where it matters.
func (s *scanner) reused(bounds []string, path string) {
	for _, f := range s.frames {
		for _, b := range f.boundaries {
			if slices.Contains(bounds, b) {
				s.amb |= ambReused
				s.t.find("MIME_BOUNDARY_REUSED", path)
			}
		}
	}
}

// guessBytes is how far a boundary is looked for where none is given.
const guessBytes = 4096

// guess takes the first line that looks like a delimiter for one.
func (s *scanner) guess(pos int) []string {
	src := s.src[:min(len(s.src), pos+guessBytes)]
	s.t.work += len(src) - pos
	for pos < len(src) {
		end, next := lineEnd(src, pos, s.r.cr)
		line := bytes.TrimRight(src[pos:end], " \t")
		if len(line) > 2 && line[0] == '-' && line[1] == '-' && line[2] != ' ' {
			return []string{string(line[2:])}
		}
		pos = next
	}
	return nil
}
