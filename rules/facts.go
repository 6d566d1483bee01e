package rules

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/text"
	"github.com/postern-mail/postern/mail/urls"
)

// Facts is a message as conditions see it. The tags are the reference: expr
// is the name of a field in conditions, doc what it holds, text marks those in
// which patterns are looked for together, form and of what never stands in it. Facts are read-only while they are
// evaluated. What Set.Uses does not ask for may be left empty.
type Facts struct {
	Session     Session      `expr:"session" doc:"The SMTP client."`
	Envelope    Envelope     `expr:"envelope" doc:"What MAIL FROM and RCPT TO said."`
	Size        int          `expr:"size" doc:"Bytes of the message."`
	From        Author       `expr:"from" doc:"The author: the From field."`
	ReplyTo     Author       `expr:"reply_to" doc:"The Reply-To field; empty where there is none."`
	Subject     string       `expr:"subject" text:"true" doc:"The subject, decoded."`
	Headers     []Header     `expr:"headers" doc:"All header fields, top to bottom, values decoded and unfolded."`
	Words       string       `expr:"words" text:"true" form:"plain" doc:"Subject and text in the form in which words are compared: full width made plain, lower case, each run of blanks one blank. The subject is the first line, the text the second."`
	Disguised   string       `expr:"disguised" text:"true" form:"plain" doc:"Words of subject and text that are written in disguise, as in V1@gra, p-r.i^c_e and f r e e, in plain lower case letters, one a line. Most are innocent; look up words that nobody disguises without a reason. Letters of other scripts that look like no Latin one come as ?."`
	Text        string       `expr:"text" text:"true" doc:"What a reader sees of the body: plain text, and HTML as text."`
	HTML        string       `expr:"html" text:"true" doc:"The HTML parts as they came, decoded by charset."`
	URLs        []URL        `expr:"urls" doc:"Where the message links to."`
	Attachments []Attachment `expr:"attachments" doc:"What a reader offers as files."`
	Auth        Auth         `expr:"auth" doc:"Authentication results."`

	HeaderLines     string `expr:"header_lines" text:"true" doc:"The header fields as Name: value, one a line; for patterns."`
	URLLines        string `expr:"url_lines" text:"true" doc:"The URLs, one a line; for patterns."`
	AttachmentLines string `expr:"attachment_lines" text:"true" doc:"All names of attachments, one a line; for patterns."`

	message *mail.Message // where they came from one: the body is read when it is asked for
	seam    int           // where in Text the HTML begins; 0 where it is of one kind
}

// Session is the SMTP client.
type Session struct {
	Listener   string `expr:"listener" doc:"Name of the listener it came through."`
	Profile    string `expr:"profile" of:"inbound outbound" doc:"What the listener is for: inbound or outbound."`
	ClientIP   string `expr:"client_ip" doc:"Its address."`
	ClientName string `expr:"client_name" doc:"Its confirmed name; empty when there is none."`
	Helo       string `expr:"helo" doc:"The name it gave."`
	TLS        string `expr:"tls" doc:"Protocol and cipher; empty in the clear."`
	AuthUser   string `expr:"auth_user" doc:"The login; empty for strangers."`
}

// Envelope is the transaction.
type Envelope struct {
	From       string   `expr:"from" doc:"Sender address; empty for the null sender."`
	FromDomain string   `expr:"from_domain" form:"lower" doc:"Its domain, lower case."`
	Rcpts      []string `expr:"rcpts" doc:"Recipient addresses."`
}

// Author is an address with its display name.
type Author struct {
	Address string `expr:"address" text:"true" doc:"The address."`
	Name    string `expr:"name" text:"true" doc:"The display name, decoded."`
	Domain  string `expr:"domain" form:"lower" doc:"The domain, lower case, in A-labels."`
	Count   int    `expr:"count" doc:"How many addresses the field holds."`
}

// Header is one header field.
type Header struct {
	Name  string `expr:"name" doc:"Its name as it came."`
	Value string `expr:"value" doc:"Its value, decoded and unfolded."`
}

// URL is one link.
type URL struct {
	Text   string `expr:"text" doc:"The whole URL."`
	Host   string `expr:"host" form:"lower" doc:"Its host, lower case, in A-labels."`
	Domain string `expr:"domain" form:"lower" doc:"The registrable domain of the host."`
	Path   string `expr:"path" doc:"Its path, query and fragment, as written."`
	Shown  string `expr:"shown" doc:"The text that a reader sees in its place; empty outside HTML."`
	Where  string `expr:"where" of:"subject text link image hidden attached url qr" doc:"Where it stands: subject, text, link, image, hidden, attached, url (within another URL), or qr (in a QR code)."`
}

// Attachment is one file.
type Attachment struct {
	Name   string   `expr:"name" doc:"The likeliest name."`
	Names  []string `expr:"names" doc:"Every name that a reader could show."`
	Type   string   `expr:"type" doc:"Declared media type."`
	Found  string   `expr:"found" doc:"Media type by its content."`
	Size   int      `expr:"size" doc:"Bytes, decoded."`
	SHA256 string   `expr:"sha256" form:"lower" doc:"SHA-256 of the content in hexadecimal."`
}

// Auth holds what authentication found. A result is a name of RFC 8601
// section 2.7; empty where the check did not run.
type Auth struct {
	SPF     Method `expr:"spf" doc:"SPF of MAIL FROM, or of HELO for the null sender."`
	DKIM    Method `expr:"dkim" doc:"DKIM: pass when one signature does."`
	DMARC   Method `expr:"dmarc" doc:"DMARC."`
	ARC     Method `expr:"arc" doc:"ARC."`
	Aligned bool   `expr:"aligned" doc:"The author's domain is authenticated: aligned SPF or DKIM passes."`
}

// Method is what one method found.
type Method struct {
	Result  string   `expr:"result" of:"none pass fail softfail neutral policy temperror permerror" doc:"none, pass, fail, softfail, neutral, policy, temperror, permerror."`
	Pass    bool     `expr:"pass" doc:"The result is pass."`
	Domain  string   `expr:"domain" form:"lower" doc:"The domain it is about, the first that passes before others."`
	Domains []string `expr:"domains" form:"lower" doc:"Every domain that passes."`
}

// setText reads the short form that examples may use.

func (m *Method) setText(s string) error {
	if f, _ := tagged(reflect.TypeFor[Method](), "result"); !oneOf(f, s) {
		return fmt.Errorf("%q is no result", s)
	}
	m.Result, m.Pass = s, s == "pass"
	return nil
}

func (a *Author) setText(s string) error {
	parsed := mail.ParseAuthor(mail.Header{{Name: "From", Value: " " + s}})
	*a = author(parsed)
	return nil
}

func (u *URL) setText(s string) error {
	parsed, ok := urls.Parse(s)
	if !ok {
		parsed, ok = urls.Parse("http://" + s)
	}
	if !ok {
		return fmt.Errorf("%q is no URL", s)
	}
	*u = URL{Text: s, Host: parsed.Host, Domain: parsed.Registrable, Path: parsed.Path}
	return nil
}

func (a *Attachment) setText(s string) error {
	a.Name, a.Names = s, []string{s}
	return nil
}

// complete fills what follows from other fields.
func (f *Facts) complete(uses map[string]bool) {
	if uses["words"] && f.Words == "" {
		f.Words = f.words()
	}
	if uses["disguised"] && f.Disguised == "" {
		f.Disguised = text.Disguised(f.Subject + "\n" + f.Text)
	}
	var b strings.Builder
	if uses["header_lines"] && f.HeaderLines == "" {
		for _, h := range f.Headers {
			b.WriteString(h.Name + ": " + h.Value + "\n")
		}
		f.HeaderLines = b.String()
	}
	if b.Reset(); uses["url_lines"] && f.URLLines == "" {
		for _, u := range f.URLs {
			b.WriteString(u.Text + "\n")
		}
		f.URLLines = b.String()
	}
	if b.Reset(); uses["attachment_lines"] && f.AttachmentLines == "" {
		for _, a := range f.Attachments {
			b.WriteString(strings.Join(a.Names, "\n") + "\n")
		}
		f.AttachmentLines = b.String()
	}
}

// words are subject and text as words are compared. Some signs become many: the
// parts are held to their share again.
func (f *Facts) words() string {
	subject := clipRune(text.Normalize(f.Subject), maxText/16) + "\n"
	seam := min(f.seam, len(f.Text))
	all, _ := joined(text.Normalize(f.Text[:seam]), text.Normalize(f.Text[seam:]), " ", maxText-len(subject))
	return subject + all
}

// header returns the topmost field with the name.
func (f *Facts) header(name string) string {
	for _, h := range f.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// headerAll returns every field with the name.
func (f *Facts) headerAll(name string) []string {
	all := []string{}
	for _, h := range f.Headers {
		if strings.EqualFold(h.Name, name) {
			all = append(all, h.Value)
		}
	}
	return all
}

func ipString(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	return ip.String()
}
