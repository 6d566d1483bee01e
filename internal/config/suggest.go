package config

import (
	"fmt"
	"slices"
	"strings"
)

// didYouMean is the remedy for a word that is not among the known ones: the
// nearest of them, or all where they are few and none is near.
func didYouMean(word string, known []string) string {
	if best, ok := nearest(word, known); ok {
		return fmt.Sprintf("did you mean %q?", best)
	}
	if len(known) == 0 || len(known) > 12 {
		return ""
	}
	return "one of " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
}

// nearest finds the known word with the least edits, if these are few for its
// length.
func nearest(word string, known []string) (string, bool) {
	const longest = 64 // a word beyond it is no typing mistake, and the distance is quadratic
	if len(word) > longest {
		return "", false
	}
	word = strings.ToLower(word)
	best, least := "", max(2, len(word)/3)+1
	for _, k := range known {
		if len(k) > longest {
			continue
		}
		if d := distance(word, strings.ToLower(k)); d < least && d < min(len(k), len(word)) {
			best, least = k, d
		}
	}
	return best, best != ""
}

// distance counts the letters to insert, remove, change or swap with their
// neighbour to make b of a.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
