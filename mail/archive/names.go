package archive

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// maxName is how much of a name is kept, in bytes: its two ends.
const maxName = 1024

// shorten makes valid UTF-8 of bounded length of a text.
func shorten(s string, limit int) string { return strings.ToValidUTF8(ends(s, limit), "\uFFFD") }

// ends keeps both ends of a text that is too long, because one tells the
// folder and the other the extension.
func ends(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return s[:limit/2] + "..." + s[len(s)-limit/2+3:]
}

// candidates are the names a reader could make of these, in order, each once:
// as they are, up to a NUL where a C program stops, and, where they
// are not UTF-8, in the two code pages that are usual in archives.
func candidates(raw ...string) []string {
	var names []string
	add := func(s string) {
		if s = shorten(s, maxName); !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	for _, r := range raw {
		r = ends(r, maxName)
		if !utf8.ValidString(r) {
			if s, err := simplifiedchinese.GB18030.NewDecoder().String(r); err == nil && !strings.ContainsRune(s, utf8.RuneError) {
				add(s)
			}
			// APPNOTE.TXT appendix D: code page 437 unless bit 11 is set.
			if s, err := charmap.CodePage437.NewDecoder().String(r); err == nil {
				add(s)
			}
			continue
		}
		add(r)
		if i := strings.IndexByte(r, 0); i >= 0 {
			add(r[:i])
		}
	}
	if len(names) == 0 {
		return []string{""}
	}
	return names
}

// base is the last component of a name, by either separator.
func base(name string) string {
	return name[strings.LastIndexAny(name, `/\`)+1:]
}

// extension is the extension as Windows sees it, in lower case, without the
// dot: dots and spaces at the end do not count, and what follows a colon names
// a stream of the file.
func extension(name string) string {
	name = base(name)
	if i := strings.IndexByte(name, ':'); i > 0 {
		name = name[:i]
	}
	name = strings.TrimRight(name, ". \t\r\n\x00\u00a0\u3000")
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return ""
	}
	ext := strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf) { // invisible ones hide an extension from us only
			return -1
		}
		return r
	}, name[i+1:]))
	return strings.TrimSpace(ext)
}

func hasExtension(names []string, ext string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return extension(n) == ext })
}

// set makes a set of words.
func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// checkNames notes what is odd about the names of an entry.
func (w *walker) checkNames(e Entry) {
	for _, n := range e.Names {
		if escapes(n) {
			w.find(e.Path, Traversal, "leads out of the folder")
		}
		if i := strings.IndexFunc(n, deceives); i >= 0 {
			w.find(e.Path, Name, "a control or direction character in the name")
		}
	}
	if e.Link != "" && linkEscapes(e.Names[0], e.Link) {
		w.find(e.Path, Traversal, "a link to %s", quote(e.Link))
	}
}

// escapes tells whether a path leads out of the folder in which it is
// unpacked, on any system.
func escapes(name string) bool {
	if name == "" {
		return false
	}
	if name[0] == '/' || name[0] == '\\' {
		return true
	}
	if len(name) > 1 && name[1] == ':' && unicode.IsLetter(rune(name[0])) {
		return true
	}
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == ".." {
			return true
		}
	}
	return false
}

// linkEscapes tells whether a link leads out of the folder in which it is
// unpacked; its target counts from where it lies.
func linkEscapes(name, link string) bool {
	if escapes(strings.ReplaceAll(link, "..", "__")) {
		return true // absolute
	}
	slashes := strings.NewReplacer(`\`, "/")
	target := path.Join("/in", path.Dir(slashes.Replace(name)), slashes.Replace(link))
	return target != "/in" && !strings.HasPrefix(target, "/in/")
}

// deceives tells of a character that makes a name look like another one.
func deceives(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}
