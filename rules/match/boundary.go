package match

import (
	"slices"
	"strings"
)

// boundary stands in literals for \b. No expression holds such a byte.
const boundary = "\xff"

// possible settles the boundaries within literals and leaves out those that
// nothing can match. Boundaries at the ends stay.
func (c clause) possible() clause {
	var out clause
	for _, l := range c {
		if settled, ok := settleBoundaries(l); ok {
			out = append(out, settled)
		}
	}
	return out
}

// holdsBoundary tells whether a boundary stands within one of the literals.
func (c clause) holdsBoundary() bool {
	return slices.ContainsFunc(c, func(l string) bool { return strings.Contains(trimBoundaries(l), boundary) })
}

func settleBoundaries(l string) (string, bool) {
	if !strings.Contains(l, boundary) {
		return l, true
	}
	inner := trimBoundaries(l)
	first, last := strings.HasPrefix(l, boundary), strings.HasSuffix(l, boundary)
	var b strings.Builder
	if first {
		b.WriteString(boundary)
	}
	for i := range len(inner) {
		if inner[i] != boundary[0] {
			b.WriteByte(inner[i])
		} else if before, after := inner[i-1], skipBoundaries(inner[i:])[0]; before != boundary[0] && !between(before, after) {
			return "", false
		}
	}
	if last && inner != "" {
		b.WriteString(boundary)
	}
	return b.String(), true
}

// between tells whether there may be a boundary between two signs. For s and k
// others may stand, which are no part of words.
func between(before, after byte) bool {
	return isWord(before) != isWord(after) || strings.IndexByte("sk", before) >= 0 || strings.IndexByte("sk", after) >= 0
}

// skipBoundaries takes boundaries off the front. Package strings would take every byte that is no
// UTF-8 for one.
func skipBoundaries(l string) string {
	for strings.HasPrefix(l, boundary) {
		l = l[len(boundary):]
	}
	return l
}

// trimBoundaries takes them off both ends.
func trimBoundaries(l string) string {
	l = skipBoundaries(l)
	for strings.HasSuffix(l, boundary) {
		l = l[:len(l)-len(boundary)]
	}
	return l
}

// isWord is what \b of package regexp goes by: ASCII only.
func isWord(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}
