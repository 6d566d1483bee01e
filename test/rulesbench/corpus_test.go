package rulesbench

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/shared"
)

// sources are the archives of the corpus. Of phishing_pot there is no ham.
var sources = []string{"spamassassin", "csdmc2010", "enron-spam", "ccert-zh", "modern-lists", "phishing_pot"}

// usual is how many of each source and class are read unless a flag says otherwise.
const usual = 200

// rebuilt are sources whose headers were made anew, and the Date that all
// their messages carry.
var rebuilt = map[string]time.Time{"enron-spam": neutral, "ccert-zh": neutral}

var neutral = time.Date(2007, 1, 1, 12, 0, 0, 0, time.UTC)

// item is one labelled message.
type item struct {
	path   string // source/class/number.eml
	source string
	spam   bool
	day    time.Time // of arrival
	raw    []byte
}

// corpus opens the labelled mail, or skips the test. It is never unpacked on
// disk.
type corpus struct {
	dir  string
	days map[string]time.Time
}

func open(t testing.TB) *corpus {
	c := &corpus{dir: shared.Dir(t, "corpus"), days: map[string]time.Time{}}
	if _, err := exec.LookPath("zstd"); err != nil {
		t.Skip("zstd is not installed (Debian package zstd)")
	}
	manifest := c.unpack(t, "MANIFEST.tsv.zst")
	for line := range strings.Lines(string(manifest)) {
		if f := strings.Split(line, "\t"); len(f) > 1 {
			if day, err := time.Parse(time.DateOnly, f[1]); err == nil {
				c.days[f[0]] = day.Add(24 * time.Hour)
			}
		}
	}
	return c
}

func (c *corpus) unpack(t testing.TB, name string) []byte {
	out, err := exec.Command("zstd", "-dcq", filepath.Join(c.dir, name)).Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// read returns the messages of a source: all, or so many of each class,
// evenly over time.
func (c *corpus) read(t testing.TB, source string, most int) []item {
	var all []item
	archive := tar.NewReader(bytes.NewReader(c.unpack(t, source+".tar.zst")))
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		if !strings.HasSuffix(h.Name, ".eml") {
			continue
		}
		raw, err := io.ReadAll(archive)
		if err != nil {
			t.Fatalf("%s: %v", h.Name, err)
		}
		day, made := rebuilt[source]
		if !made {
			day = c.days[h.Name]
		}
		all = append(all, item{h.Name, source, strings.Contains(h.Name, "/spam/"), day, raw})
	}
	return append(thin(all, false, most), thin(all, true, most)...)
}

func thin(all []item, spam bool, most int) []item {
	var class []item
	for _, i := range all {
		if i.spam == spam {
			class = append(class, i)
		}
	}
	if most <= 0 || len(class) <= most {
		return class
	}
	out := make([]item, most)
	for i := range out {
		out[i] = class[i*len(class)/most]
	}
	return out
}
