package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// WriteReference writes every key with its type, default and meaning, and
// every filter with its symbols: a configuration that loads and changes nothing.
func WriteReference(w io.Writer, sections []Section, symbols []Symbol) error {
	p := printer{docs: true, types: true, notes: notes(sections, symbols)}
	p.WriteString(referenceHead)
	p.section(presetItems(sections), 0)
	_, err := io.WriteString(w, p.String())
	return err
}

const referenceHead = `# Every key of Postern's configuration, with its type, its default and its meaning.
# Durations: 300ms, 5s, 2h, 30d. Sizes: 25MB (powers of 1000), 128KiB (powers of 1024).
# In the environment the key a.b is POSTERN_A__B; lists have commas or the form [a, b].
`

// WriteInit writes the configuration to begin with: what a postmaster looks at
// first as it is by default, all else in comments that say what it means.
func WriteInit(w io.Writer, sections []Section) error {
	p := printer{docs: true, notes: notes(sections, nil), live: func(it *item) bool {
		return slices.Contains([]string{"mode", "listeners", "admin.listen"}, it.path)
	}}
	p.WriteString(initHead)
	p.section(presetItems(sections), 0)
	_, err := io.WriteString(w, p.String())
	return err
}

const initHead = `# Postern's configuration. A line #key: value shows a default; take the # away to change it.
# conf.d/*.yaml beside this file is read after it, in name order; POSTERN_LIMITS__TOTAL=20s
# in the environment is stronger than both. A list replaces the one before it whole.
#
#   postern config check           is it right?
#   postern config explain KEY     what holds, who set it, what does it mean?
#   postern config reference       every key there is
#
# In Postfix's main.cf:
#   smtpd_milters = inet:127.0.0.1:8890
#   milter_default_action = accept
# A unix socket must lie where a chrooted smtpd sees it, as in
# unix:/var/spool/postfix/postern/inbound.sock here and unix:postern/inbound.sock there.
`

func presetItems(sections []Section) []*item {
	c := Default()
	c.Filters = presetFilters(sections)
	return c.items().kids
}

// notes are the comments about a filter: what it is, and its symbols.
func notes(sections []Section, symbols []Symbol) func(*item) []string {
	return func(it *item) []string {
		switch {
		case it.path == "scoring.scores":
			return symbolLines(symbols)
		case !strings.HasPrefix(it.path, "filters."):
			return nil
		}
		s := findSection(sections, strings.TrimPrefix(it.path, "filters."))
		if s == nil {
			return nil
		}
		lines := []string{s.Summary}
		if symbols != nil {
			lines = append(lines, symbolLines(s.Symbols)...)
		}
		return lines
	}
}

func symbolLines(symbols []Symbol) []string {
	var lines []string
	for _, s := range symbols {
		group := ""
		if s.Group != "" {
			group = ", group " + s.Group
		}
		lines = append(lines, fmt.Sprintf("  %s (%g%s) %s", s.Name, s.Score, group, s.Meaning))
	}
	return lines
}

// Init writes WriteInit's configuration to a new file of mode 0640, or to w
// where path is "-". It makes the folder if need be. A file that is there stays,
// and is the error fs.ErrExist, unless force is set.
func Init(w io.Writer, path string, force bool, sections []Section) error {
	var b bytes.Buffer
	if err := WriteInit(&b, sections); err != nil {
		return err
	}
	if path == "-" {
		_, err := w.Write(b.Bytes())
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("config: %w", err)
	}
	if _, err := os.Lstat(path); err == nil && !force {
		return fmt.Errorf("config: %q: %w; --force overwrites it", path, fs.ErrExist)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("config: %w", err)
	}
	return replace(path, b.Bytes())
}

// replace puts a file in place in one step: whoever reads it sees the old or
// the new one, never half of it.
func replace(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".postern-*")
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
			err = fmt.Errorf("config: %w", err)
		}
	}()
	_, werr := f.Write(data)
	if err := errors.Join(werr, f.Chmod(0o640), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
