package text

import (
	"strings"
	"unicode"
)

// alike are letters of other scripts, and rarer ones of our own, by the Latin
// letter that they look like in one of their cases.
var alike = func() map[rune]rune {
	m := map[rune]rune{}
	for _, pair := range strings.Fields(
		// Cyrillic
		"аa еe оo рp сc уy хx кk мm тt нh вb іi јj ѕs ԁd ԛq ԝw һh ӏl ьb гr пn үy өo ԍg ѵv ѡw " +
			// Greek
			"αa βb εe ηn ιi κk νv οo ρp τt υu χx ωw γy ϲc ϳj " +
			// Armenian
			"օo ոn սu հh յj ցg զq " +
			// Latin
			"ɑa ɡg ɩi ƅb ƿp ɾr ʋu ʏy ʟl ᴏo ᴄc ᴠv ᴡw ᴢz") {
		r := []rune(pair)
		m[r[0]] = r[1]
	}
	return m
}()

// LooksLike is the Latin letter that a letter of another script, or a rarer one
// of our own, looks like in one of its cases; 0 when there is none.
func LooksLike(r rune) rune { return alike[unicode.ToLower(r)] }
