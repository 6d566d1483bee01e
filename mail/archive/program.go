package archive

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// runs are the extensions under which a desktop system runs, installs, mounts
// or follows what it is given.
var runs = set(
	// programs, libraries and installers
	"exe scr pif com cpl msi msp mst dll ocx sys drv gadget msix msixbundle appx appxbundle appinstaller application appref-ms " +
		"jar jnlp apk app dmg pkg deb rpm run xll wll " +
		// scripts
		"bat cmd vb vbs vbe js jse mjs wsf wsh ws wsc sct hta ps1 ps1xml ps2 psm1 psd1 psc1 psc2 msh msh1 msh2 shb shs sh bash csh ksh " +
		"command py pyc pyw pl rb php ahk au3 applescript scpt " +
		// shortcuts and what acts like one
		"lnk url website webloc desktop scf library-ms search-ms searchconnector-ms settingcontent-ms rdp diagcab theme themepack " +
		// system settings and help that runs scripts
		"reg inf ins isp chm hlp msc xbap ade adp mde job " +
		// disk images, which hide where their content comes from
		"iso img vhd vhdx udf wim " +
		// notebooks that hold programs
		"one onepkg")

// documents are the extensions under which nobody expects a program.
var documents = set("pdf doc docx docm dot dotx rtf odt xls xlsx xlsm xlsb csv ods ppt pptx pps ppsx odp txt log md xml json html htm xhtml " +
	"jpg jpeg png gif bmp tif tiff webp svg heic ico mp3 wav ogg mp4 mov avi mkv zip rar 7z gz tgz tar eml msg ics vcf")

// runnable gives the extension of the first of the names under which a
// system would run it, "" for none.
func runnable(names []string) string {
	for _, n := range names {
		if ext := extension(n); runs[ext] {
			return ext
		}
	}
	return ""
}

// checkProgram notes a program, and one that is called something else.
func (w *walker) checkProgram(e Entry) {
	if e.Dir {
		return
	}
	switch {
	case e.Program != "":
		w.find(e.Path, Executable, "%s by content", e.Program)
	case e.Extension != "":
		w.find(e.Path, Executable, "%s by name", e.Extension)
	}
	// Text may call itself a script under any name; machine code may not.
	if e.Program != "" && e.Program != "script" &&
		slices.ContainsFunc(e.Names, func(n string) bool { return documents[extension(n)] }) {
		w.find(e.Path, Disguised, "%s by content", e.Program)
	}
}

// typeOf is the media type of content that begins so.
func typeOf(head []byte) string {
	t, _, _ := strings.Cut(mimetype.Detect(head).String(), ";")
	return t
}

// program names what sort of program begins so, "" for none. size is that of
// the whole content, -1 where it is not known.
func program(head []byte, size int64) string {
	begins := func(magic string) bool { return len(head) >= len(magic) && string(head[:len(magic)]) == magic }
	switch {
	case begins("MZ"), begins("ZM"):
		return dosProgram(head, size)
	case begins("\x7fELF"):
		return "ELF"
	case begins("\xfe\xed\xfa\xce"), begins("\xfe\xed\xfa\xcf"), begins("\xce\xfa\xed\xfe"), begins("\xcf\xfa\xed\xfe"):
		return "Mach-O"
	case begins("\xca\xfe\xba\xbe") && len(head) >= 8 && binary.BigEndian.Uint32(head[4:]) < 45:
		return "Mach-O" // a fat one counts a few architectures where a Java class has its version, 45 and up
	case begins("dex\n03"):
		return "DEX"
	case begins("L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"): // [MS-SHLLINK] 2.1
		return "LNK"
	case begins("ITSF\x03\x00\x00\x00"):
		return "CHM"
	}
	return script(head)
}

// dosProgram tells whether what begins with MZ is a program: text may too.
func dosProgram(head []byte, size int64) string {
	if len(head) < 64 {
		return ""
	}
	next := int64(binary.LittleEndian.Uint32(head[60:]))
	switch {
	case next >= 4 && next+4 <= int64(len(head)):
		switch s := string(head[next : next+2]); {
		case string(head[next:next+4]) == "PE\x00\x00":
			return "PE"
		case s == "NE", s == "LE", s == "LX":
			return s
		}
	case next > 4 && next < size && next < 16<<20:
		return "PE" // its header lies further on than we look
	}
	last, pages, header := binary.LittleEndian.Uint16(head[2:]), binary.LittleEndian.Uint16(head[4:]), binary.LittleEndian.Uint16(head[8:])
	if last < 512 && pages > 0 && header >= 2 && int(header)*16 <= len(head) {
		return "DOS"
	}
	return ""
}

// marks are how scripts begin that need no extension to be known.
var marks = []string{"#!/", "#! /", "#@~^", "@echo off", "<job", "<package><job", "<hta:", "windows registry editor", "regedit4", "[internetshortcut]"}

// script recognises a script by how it begins, in ASCII or UTF-16.
func script(head []byte) string {
	head = bytes.ReplaceAll(head[:min(len(head), 512)], []byte{0}, nil)
	text := string(bytes.TrimLeft(head, "\xef\xbb\xbf\xff\xfe \t\r\n"))
	for _, m := range marks {
		if len(text) >= len(m) && strings.EqualFold(text[:len(m)], m) {
			return "script"
		}
	}
	if strings.HasPrefix(text, "<") && strings.Contains(strings.ToLower(text), "<hta:application") {
		return "script"
	}
	return ""
}
