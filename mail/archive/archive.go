// Package archive looks into an attachment: archives of every level, Office
// and PDF files.
//
// A mail reader opens what it is given by name, by content, or by whichever
// of several directories it happens to trust. A ZIP has a name before each
// file (the local header) and another in the directory at its end (APPNOTE.TXT
// 4.3.7, 4.3.12), a TAR may have three, a RAR two, and a file may be two
// formats at once. So nothing here asks "which file is it": everything that
// some reader could see is an Entry, and every disagreement is a Finding.
//
// Macros and embedded programs are found by structure: the storages of a
// compound file ([MS-CFB], [MS-OVBA]), the parts and relationships of a
// package (ECMA-376), the names of PDF objects (ISO 32000-1 section 7.3.5).
// Nothing is run, written to disk, or believed about its size: one budget
// (Limits) rules all levels together, and what it cut short is a Finding too.
//
// Not unpacked are packed RAR content, PPMd, Deflate64, BCJ2 and zstd; their names and
// sizes are listed and MIME_ARCHIVE_UNREAD says so. Cabinets, disk images and rarer
// archives are recognised only. Within an archive an entry is unpacked whole
// where its name or its first 4 KiB promise something inside; of any other
// only those are seen. Checksums are not compared: some readers do not either.
package archive

// Report is what Look saw.
type Report struct {
	// Entries are the attachment itself and all that is inside, each
	// container before its content. It is never empty.
	Entries []Entry
	// Findings are the observations, in the order they were made; no two
	// alike, and few of one symbol.
	Findings []Finding
}

// Entry is one file, folder or link, at any level. Its strings come from
// the mail: valid UTF-8 of bounded length, but otherwise whatever the sender
// chose.
type Entry struct {
	Path      []string // names from the attachment down to this entry; the last is Names[0]
	Names     []string // every name that a reader could use, the most likely first; "" where it has none
	Size      int64    // bytes: as measured where it was unpacked whole, else as declared; -1 where nobody says
	Dir       bool     // a folder
	Link      string   // where a symbolic or hard link leads, "" for none
	Encrypted bool     // the content, or its container, needs a password
	Type      string   // media type found by content, "" where the content was not seen
	Program   string   // what sort of program the content is ("PE", "ELF", "LNK", "script", ...), "" for none
	Extension string   // the extension of one of the names by which a system would run or mount it: "exe"; "" for none
}

// Finding is one observation.
type Finding struct {
	Symbol string // one of Symbols
	Detail string // what was seen and where; names from the mail in it are quoted as by %q
}

// Look lists what is inside an attachment, given the name it came under
// and its decoded bytes. It reads no more than lim allows (a field that is zero
// stands for its default), in time linear in the bytes given and allowed.
// It is pure, and safe to be called by several goroutines; data is only read,
// and the report keeps no reference to it.
func Look(name string, data []byte, lim Limits) Report {
	w := newWalker(len(data), lim)
	names := candidates(name)
	w.visit(Entry{Path: names[:1], Names: names, Size: int64(len(data))}, &content{data: data}, nil)
	return w.report
}

// Has tells whether the report holds a finding of this symbol.
func (r Report) Has(symbol string) bool {
	for _, f := range r.Findings {
		if f.Symbol == symbol {
			return true
		}
	}
	return false
}
