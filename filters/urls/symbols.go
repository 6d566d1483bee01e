package urls

import "github.com/postern-mail/postern/filters"

// The symbols.
const (
	numeric      = "URL_NUMERIC"
	disguised    = "URL_DISGUISED"
	userinfo     = "URL_USERINFO"
	port         = "URL_PORT"
	escaped      = "URL_ESCAPED_HOST"
	backslash    = "URL_BACKSLASH"
	control      = "URL_CONTROL"
	badHost      = "URL_BAD_HOST"
	idn          = "URL_IDN"
	domainInHost = "URL_DOMAIN_IN_HOST"
	longHost     = "URL_LONG_HOST"
	cheapTop     = "URL_CHEAP_TLD"
	freeHost     = "URL_FREE_HOST"
	ipfs         = "URL_IPFS"
	shortener    = "URL_SHORTENER"
	redirect     = "URL_REDIRECT"
	openRedirect = "URL_OPEN_REDIRECT"
	fragment     = "URL_ADDRESS_IN_FRAGMENT"
	inQR         = "URL_QR_CODE"
	many         = "URL_MANY_DOMAINS"
)

// group is the group of all symbols.
const group = "urls"

// symbols: the README argues the scores.
var symbols = []filters.SymbolDoc{
	{Name: numeric, Group: group, Score: 1.5, Meaning: "A link leads to an IP address on the internet."},
	{Name: disguised, Group: group, Score: 4, Meaning: "A link leads to an IP address that is written so that people do not see it: octal, hexadecimal, one number."},
	{Name: userinfo, Group: group, Score: 3, Meaning: "A user name stands before the host, and looks like a host (else 0.3)."},
	{Name: port, Group: group, Meaning: "A link leads to an unusual port."},
	{Name: escaped, Group: group, Score: 2.5, Meaning: "The host of a link is written with %-escapes."},
	{Name: backslash, Group: group, Score: 0.2, Meaning: "A link is written with backslashes."},
	{Name: control, Group: group, Score: 0.3, Meaning: "Line ends or tabs stand within a link."},
	{Name: badHost, Group: group, Score: 0.5, Meaning: "The host of a link is no valid name."},
	{Name: idn, Group: group, Meaning: "The host of a link has signs beyond ASCII."},
	{Name: domainInHost, Group: group, Score: 1.5, Meaning: "The left part of a host looks like another whole domain."},
	{Name: longHost, Group: group, Score: 0.5, Meaning: "A host has seven or more parts, or a part with four or more hyphens."},
	{Name: cheapTop, Group: group, Score: 1, Meaning: "A link leads to a top-level domain whose names cost next to nothing and are mostly abused (some: 0.5)."},
	{Name: freeHost, Group: group, Score: 0.7, Meaning: "A link leads to a page that anybody can have for nothing."},
	{Name: ipfs, Group: group, Score: 3, Meaning: "A link leads to a file in IPFS through a public gateway."},
	{Name: shortener, Group: group, Score: 0.5, Meaning: "A link goes through a public shortener."},
	{Name: redirect, Group: group, Meaning: "A link holds another address: a redirector."},
	{Name: openRedirect, Group: group, Score: 1, Meaning: "A link goes through a redirector of a well-known site that takes everybody anywhere."},
	{Name: fragment, Group: group, Score: 2.5, Meaning: "A mail address stands behind the # of a link, plain or in base64: the page is to know its victim."},
	{Name: inQR, Group: group, Score: 1, Meaning: "A QR code in an image leads to an address."},
	{Name: many, Group: group, Meaning: "The message leads to more than 25 domains."},
}
