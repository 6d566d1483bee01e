package text

import "strings"

func display(s string) (int32, bool) {
	word, _, _ := strings.Cut(strings.ToLower(s), " ")
	switch word {
	case "none":
		return displayNone, true
	case "inline", "contents", "initial", "inherit", "unset", "revert", "ruby", "run-in":
		return displayInline, true
	case "block", "inline-block", "list-item", "flow-root", "flex", "inline-flex", "grid", "inline-grid",
		"-webkit-box", "-webkit-flex", "-ms-flexbox", "inline-table":
		return displayBox, true
	}
	return displayInline, word == "table" || strings.HasPrefix(word, "table-")
}

// letterSize tells whether letters of a size are too small to see.
func letterSize(s string) (int32, bool) {
	n, unit, ok := length(s)
	if !ok { // words, or something to compute
		return no, !strings.EqualFold(s, "inherit")
	}
	tiny := n == 0
	switch unit {
	case "", "px", "pt":
		tiny = n < 2 && (n == 0 || unit != "")
	case "em", "ex", "ch", "%":
		if unit == "%" {
			n /= 100
		}
		if tiny = n < 0.1; !tiny && n < 5 {
			return sizeParent, true
		}
	case "rem":
		tiny = n < 0.1
	}
	return flag(tiny), n >= 0
}

// fontSize finds the size in the shorthand, which stands before the family.
func fontSize(s string) (int32, bool) {
	for word := range strings.FieldsSeq(s) {
		word, _, _ = strings.Cut(word, "/")
		if n, unit, ok := length(word); ok && (unit != "" || n == 0) {
			return letterSize(word)
		}
	}
	return no, false
}

// zero tells whether all numbers of a value are 0 or close to it.
func zero(s string) bool {
	for word := range strings.FieldsSeq(s) {
		if n, ok := number(word); !ok || n > 1 {
			return false
		}
	}
	return true
}

// empty tells whether a size leaves no room. A height in percent is none
// where the parent has none (CSS 2.2 section 10.5).
func empty(s string, percent bool) bool {
	n, unit, ok := length(s)
	return ok && n == 0 && (percent || unit != "%")
}

func clips(s string) int32 {
	return flag(strings.EqualFold(s, "hidden") || strings.EqualFold(s, "clip"))
}

func position(s string) int32 {
	switch strings.ToLower(s) {
	case "relative", "sticky":
		return yes
	case "absolute", "fixed":
		return absolute
	}
	return no
}

// offset tells whether a place is off the page.
func offset(s string) int32 {
	n, unit, ok := length(s)
	switch unit {
	case "em", "rem":
		n *= 16
	case "%", "vw", "vh", "in", "cm":
		n *= 5
	}
	switch {
	case ok && n <= -500:
		return yes
	case strings.EqualFold(s, "auto"):
		return no
	}
	return placed
}

// clippedAway tells whether "clip: rect(top, right, bottom, left)" leaves
// nothing.
func clippedAway(s string) bool {
	if !hasFold(s, "rect(") {
		return false
	}
	var edges [4]float64
	n := 0
	for word := range strings.FieldsFuncSeq(s[len("rect("):], func(r rune) bool { return r == ',' || r == ' ' || r == ')' }) {
		v, ok := number(word)
		if !ok || n == 4 {
			return false
		}
		edges[n] = v
		n++
	}
	return n == 4 && (edges[2] <= edges[0] || edges[1] <= edges[3])
}

// scaledAway tells whether a transformation scales to nothing.
func scaledAway(s string) bool {
	_, args, ok := strings.Cut(strings.ToLower(s), "scale")
	if !ok {
		return false
	}
	name, args, _ := strings.Cut(args, "(")
	args, _, _ = strings.Cut(args, ")")
	if name = strings.TrimSpace(name); name == "z" {
		return false
	}
	for i, arg := range strings.SplitN(args, ",", 4) {
		if n, ok := number(strings.TrimSpace(arg)); ok && n == 0 && i < 2 {
			return true
		}
	}
	return false
}

func hasFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
