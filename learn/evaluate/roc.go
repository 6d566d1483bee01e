package evaluate

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
)

// point is a threshold's place on the ROC curve, as shares of ham and spam above it.
type point struct{ ham, spam float64 }

// curve is the ROC curve, from the highest threshold to the lowest. Messages
// of equal score are one step: nothing is gained by their order.
func curve(scores []Score) []point {
	list := slices.Clone(scores)
	slices.SortFunc(list, func(a, b Score) int { return cmp.Compare(b.Odds, a.Odds) })
	var ham, spam float64
	counts := []point{{}}
	for i, s := range list {
		if s.Spam {
			spam++
		} else {
			ham++
		}
		if i+1 == len(list) || list[i+1].Odds != s.Odds {
			counts = append(counts, point{ham, spam})
		}
	}
	for i := range counts {
		counts[i].ham /= math.Max(ham, 1)
		counts[i].spam /= math.Max(spam, 1)
	}
	return counts
}

// AboveCurve is the area above the ROC curve in per cent: 0 for a filter that
// never puts a ham above a spam, 50 for one that guesses.
func AboveCurve(scores []Score) float64 {
	c := curve(scores)
	var below float64
	for i := 1; i < len(c); i++ {
		below += (c[i].ham - c[i-1].ham) * (c[i].spam + c[i-1].spam) / 2
	}
	return 100 * (1 - below)
}

// Recall is the share of spam found, in per cent, at the threshold that loses
// at most the given share of ham.
func Recall(scores []Score, lost float64) float64 {
	best := 0.0
	for _, p := range curve(scores) {
		if p.ham <= lost {
			best = p.spam
		}
	}
	return 100 * best
}

// Curve is a named row of scores, for a picture.
type Curve struct {
	Name   string
	Scores []Score
}

// The picture: margins and size of the plot, in pixels.
const (
	plotLeft, plotTop     = 64.0, 24.0
	plotWidth, plotHeight = 520.0, 360.0
	leastHam              = 1e-4 // where the axis begins
)

var colours = []string{"#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#57606a"}

// SVG draws ROC curves: the share of ham lost, on a logarithmic axis because
// only its left end matters, against the share of spam found.
func SVG(w io.Writer, title string, curves ...Curve) error {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" font-family="sans-serif" font-size="12">`+"\n",
		plotLeft+plotWidth+24, plotTop+plotHeight+56)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/><text x="%g" y="16" font-weight="bold">%s</text>`+"\n", plotLeft, html.EscapeString(title))
	for _, ham := range []float64{1e-4, 1e-3, 1e-2, 1e-1, 1} {
		fmt.Fprintf(&b, `<path d="M%.1f %.1fV%.1f" stroke="#ddd"/><text x="%.1f" y="%.1f" text-anchor="middle">%g %%</text>`+"\n",
			across(ham), plotTop, plotTop+plotHeight, across(ham), plotTop+plotHeight+16, 100*ham)
	}
	for spam := 0.0; spam <= 1.001; spam += 0.2 {
		fmt.Fprintf(&b, `<path d="M%.1f %.1fH%.1f" stroke="#ddd"/><text x="%.1f" y="%.1f" text-anchor="end">%.0f %%</text>`+"\n",
			plotLeft, up(spam), plotLeft+plotWidth, plotLeft-6, up(spam)+4, 100*spam)
	}
	fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">ham lost</text><text transform="translate(16 %.1f) rotate(-90)" text-anchor="middle">spam found</text>`+"\n",
		plotLeft+plotWidth/2, plotTop+plotHeight+40, plotTop+plotHeight/2)
	for i, c := range curves {
		colour := colours[i%len(colours)]
		fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", path(curve(c.Scores)), colour)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="end" fill="%s">%s, (1-AUC) %.4f %%</text>`+"\n",
			plotLeft+plotWidth-8, plotTop+plotHeight-12-18*float64(len(curves)-1-i), colour, html.EscapeString(c.Name), AboveCurve(c.Scores))
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func across(ham float64) float64 {
	return plotLeft + plotWidth*(1-math.Log(math.Max(ham, leastHam))/math.Log(leastHam))
}

func up(spam float64) float64 { return plotTop + plotHeight*(1-spam) }

// path draws the curve as steps, leaving out what a pixel cannot show.
func path(c []point) string {
	var b strings.Builder
	x, y := math.Inf(-1), math.Inf(-1)
	for i, p := range c {
		px, py := across(p.ham), up(p.spam)
		switch {
		case i == 0:
			fmt.Fprintf(&b, "M%.1f %.1f", px, py)
		case math.Abs(px-x) < 0.5 && math.Abs(py-y) < 0.5 && i+1 < len(c):
			continue
		default:
			fmt.Fprintf(&b, "L%.1f %.1f", px, py)
		}
		x, y = px, py
	}
	return b.String()
}
