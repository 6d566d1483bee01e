package mime

import (
	"bytes"
	"slices"
	"strings"
)

// oidSigned is id-signedData (RFC 5652 section 5.1) as BER.
var oidSigned = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}

// isPKCS7 tells whether a part is what S/MIME signed or encrypted: by type, by
// the extension that RFC 8551 section 3.2.1 has readers go by, or, where it is
// signed, by how the content begins.
func isPKCS7(p *Part) bool {
	switch {
	case strings.HasSuffix(p.Type, "pkcs7-mime"):
		return true
	case !p.Is("application"):
		return false
	case slices.ContainsFunc(p.Names, func(n string) bool { return strings.HasSuffix(strings.ToLower(n), ".p7m") }):
		return true
	}
	head := p.begins()
	return len(head) > 0 && head[0] == 0x30 && bytes.Contains(head[:min(len(head), 24)], oidSigned)
}

// oidData is id-data (RFC 5652 section 4) as BER: the type of the content
// inside a signature.
var oidData = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}

// smime reads the message inside an opaque signature (RFC 8551 section 3.5.2):
// readers show it although no part of the mail does. What is encrypted has no
// such content.
func (t *Tree) smime(p *Part) {
	b := p.Content()
	t.work += len(b)
	if !bytes.Contains(b[:min(len(b), 24)], oidSigned) && !strings.HasSuffix(p.Type, "pkcs7-mime") {
		t.find("MIME_ENCRYPTED", p.Path+" "+p.Name())
	}
	i := bytes.Index(b, oidData)
	if i < 0 {
		return
	}
	rest := b[i+len(oidData):]
	tag, body, _ := readBER(rest)
	if tag != 0xa0 { // [0] EXPLICIT eContent
		return
	}
	content := octets(body)
	if len(content) == 0 {
		return
	}
	t.find("MIME_SIGNED", p.Path+" opaque")
	t.scanSource(source{body: content, whole: true, parent: p, reading: p.Reading})
}

// octets reads an OCTET STRING, in one piece or in many (constructed).
func octets(b []byte) []byte {
	tag, body, _ := readBER(b)
	switch tag {
	case 0x04:
		return body
	case 0x24:
		var all []byte
		for len(body) > 0 {
			tag, piece, rest := readBER(body)
			if tag != 0x04 || len(rest) >= len(body) {
				break
			}
			all = append(all, piece...)
			body = rest
		}
		return all
	}
	return nil
}

// readBER reads one element: its tag, its content, and what follows. Of an
// element of indefinite length the content is all that remains.
func readBER(b []byte) (tag byte, body, rest []byte) {
	if len(b) < 2 {
		return 0, nil, nil
	}
	n, b2 := int(b[1]), b[2:]
	switch {
	case n == 0x80:
		return b[0], b2, nil
	case n > 0x80:
		count := n & 0x7f
		if count > 4 || count > len(b2) {
			return 0, nil, nil
		}
		n = 0
		for _, c := range b2[:count] {
			n = n<<8 | int(c)
		}
		b2 = b2[count:]
	}
	n = min(n, len(b2))
	return b[0], b2[:n], b2[n:]
}
