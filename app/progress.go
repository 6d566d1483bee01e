package app

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// progress tells on a terminal how far a long command has come: how many, how
// fast, and how long it will take. A nil one tells nothing.
type progress struct {
	out     io.Writer
	unit    string
	started time.Time

	mu    sync.Mutex
	told  time.Time
	width int
}

// often is how seldom the line is drawn anew.
const often = 200 * time.Millisecond

// newProgress is a progress on standard error when it is a terminal or when it
// was asked for.
func (p *program) newProgress(asked bool, unit string) *progress {
	if f, ok := p.errOut.(*os.File); !asked && (!ok || !terminal(f)) {
		return nil
	}
	return &progress{out: p.errOut, unit: unit, started: time.Now()}
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// at says that so many are done; share is how much of the whole that is, 0
// when it is not known.
func (g *progress) at(done int, share float64) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if now.Sub(g.told) < often {
		return
	}
	g.told = now
	g.draw(progressLine(done, share, g.unit, now.Sub(g.started)))
}

// draw puts the line in the place of the one before; under mu.
func (g *progress) draw(line string) {
	fmt.Fprintf(g.out, "\r%s%s", line, strings.Repeat(" ", max(g.width-len(line), 0)))
	g.width = len(line)
}

// end takes the line away.
func (g *progress) end() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.draw("")
	fmt.Fprint(g.out, "\r")
}

// progressLine is one line: "1,200 messages  400/s  [=====     ]  50 %  3s left".
func progressLine(done int, share float64, unit string, passed time.Duration) string {
	line := fmt.Sprintf("%d %s  %.0f/s", done, unit, float64(done)/max(passed.Seconds(), 1e-3))
	if share <= 0 {
		return line
	}
	const width = 20
	share = min(share, 1)
	full := int(share * width)
	left := time.Duration(float64(passed) * (1 - share) / share).Round(time.Second)
	return fmt.Sprintf("%s  [%s%s]  %.0f %%  %v left", line, strings.Repeat("=", full), strings.Repeat(" ", width-full), 100*share, left)
}
