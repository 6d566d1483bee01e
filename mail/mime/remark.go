package mime

import (
	"bytes"
	"strings"
)

// remark notes what is odd or telling about a part's own header.
func (s *scanner) remark(p *Part, e entity) {
	t := s.t
	if e.encodingOdd {
		t.find("MIME_ENCODING_ODD", p.Path+" "+e.encoding)
	}
	t.nameConflict(p)
	switch p.Type {
	case "message/partial": // RFC 2046 section 5.2.2: the rest comes in other mails
		t.find("MIME_PARTIAL", p.Path)
	case "message/external-body": // RFC 2046 section 5.2.3: the content is elsewhere
		t.find("MIME_EXTERNAL_BODY", p.Path+" "+p.Param("access-type"))
	case "multipart/signed":
		t.find("MIME_SIGNED", p.Path+" "+p.Param("protocol"))
	case "multipart/encrypted": // RFC 1847
		t.find("MIME_ENCRYPTED", p.Path+" "+p.Param("protocol"))
	case "application/pkcs7-mime", "application/x-pkcs7-mime": // RFC 8551 section 3.2
		kind := strings.ToLower(p.Param("smime-type"))
		if strings.HasPrefix(kind, "signed") {
			t.find("MIME_SIGNED", p.Path+" "+kind)
		} else {
			t.find("MIME_ENCRYPTED", p.Path+" "+kind)
		}
	}
	if (p.Is("multipart") || isMessage(p.Type)) && (p.Encoding == "base64" || p.Encoding == "quoted-printable") {
		t.find("MIME_ENCODED_CONTAINER", p.Path+" "+p.Type+" "+p.Encoding) // RFC 2045 section 6.4
	}
}

// nameConflict notes names of a part by which readers open it in different ways.
func (t *Tree) nameConflict(p *Part) {
	if len(p.Names) > 1 && differ(p.Names) {
		t.find("MIME_NAME_CONFLICT", p.Path+" "+strings.Join(p.Names[:2], " / "))
	}
}

// sameFormat are extensions that mean the same as a shorter one.
var sameFormat = map[string]string{"jpeg": "jpg", "html": "htm", "tiff": "tif", "mpeg": "mpg"}

// differ tells whether names end in different extensions, which is what makes
// a reader open a file in another way. A name without one opens nothing, and
// neither does an encoded word that a reader leaves as it is.
func differ(names []string) bool {
	first := ""
	for _, n := range names {
		i := strings.LastIndexByte(n, '.')
		if i < 0 || strings.HasSuffix(n, "?=") {
			continue
		}
		ext := strings.ToLower(n[i+1:])
		if short := sameFormat[ext]; short != "" {
			ext = short
		}
		if first != "" && ext != first {
			return true
		}
		first = ext
	}
	return false
}

// boilerplate is how long the text before the first boundary may be to pass
// for "This is a multi-part message in MIME format".
const boilerplate = 600

// notable tells whether a preamble or epilogue is more than boilerplate: long,
// or with something in it that a reader would act on.
func notable(b []byte) bool {
	b = bytes.TrimSpace(b)
	if len(b) > boilerplate {
		return true
	}
	for _, mark := range []string{"://", "www.", "<html", "<HTML", "<a ", "<A ", "ontent-", "CONTENT-", "begin ", "=ybegin"} {
		if bytes.Contains(b, []byte(mark)) {
			return true
		}
	}
	return high(b) > 16
}

func high(b []byte) (n int) {
	for _, c := range b {
		if c >= 0x80 {
			n++
		}
	}
	return n
}
