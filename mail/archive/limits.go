package archive

import "fmt"

// The defaults of Limits.
const (
	DefaultBytes   = 64 << 20 // bytes
	DefaultRatio   = 200      // times the attachment; deflate gives 1032 at the most, documents 5 to 50
	DefaultDepth   = 8        // levels of containers
	DefaultEntries = 10_000   // files, folders and links
	DefaultSteps   = 200_000  // steps, about 10 microseconds each on a machine of 2020
)

// ratioFloor is what may be unpacked whatever the ratio: small files pack well.
const ratioFloor = 4 << 20

// Limits bound one call of Look, over all levels together. Where one is
// met the report says MIME_ARCHIVE_LIMIT. A field that is zero stands for its default.
type Limits struct {
	Bytes   int64 // bytes unpacked, or looked at again below the first level
	Ratio   int64 // of those bytes to the size of the attachment, once they exceed 4 MiB
	Depth   int   // levels of containers that are opened
	Entries int   // entries listed
	// Steps stand for time, so that a result does not depend on the machine
	// and its load. One is a record read, or a KiB inflated; slower methods
	// cost more for each KiB.
	Steps int64
}

// withDefaults puts the defaults where nothing is set.
func (l Limits) withDefaults() Limits {
	set := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.Bytes, DefaultBytes)
	set(&l.Ratio, DefaultRatio)
	set(&l.Steps, DefaultSteps)
	if l.Depth <= 0 {
		l.Depth = DefaultDepth
	}
	if l.Entries <= 0 {
		l.Entries = DefaultEntries
	}
	return l
}

// budget is what is left of the limits.
type budget struct {
	bytes int64
	all   int64 // bytes at the start
	steps int64
	why   string // which limit it is that bytes run into
}

func newBudget(size int, lim Limits) budget {
	b := budget{bytes: lim.Bytes, steps: lim.Steps, why: fmt.Sprintf("unpacks to more than %d bytes", lim.Bytes)}
	// Compared by division: a ratio near the largest number must not overflow.
	if n := int64(size); n == 0 || lim.Bytes/n > lim.Ratio {
		b.bytes = min(lim.Bytes, max(ratioFloor, n*min(lim.Ratio, lim.Bytes)))
		if b.bytes < lim.Bytes {
			b.why = fmt.Sprintf("unpacks to more than %d times its size", lim.Ratio)
		}
	}
	b.all = b.bytes
	return b
}

// spend takes bytes off the budget; false: there are none left, and path is
// where that was seen.
func (w *walker) spend(path []string, n int64) bool {
	if n > w.left.bytes {
		w.left.bytes = 0
		w.cut(path, "%s", w.left.why)
		return false
	}
	w.left.bytes -= n
	return true
}

// step takes steps off the budget; false: there are none left.
func (w *walker) step(path []string, n int64) bool {
	if n > w.left.steps {
		w.left.steps = 0
		w.cut(path, "takes more than %d steps", w.lim.Steps)
		return false
	}
	w.left.steps -= n
	return true
}
