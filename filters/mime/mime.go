// Package mime judges how a message is built: structure, text, attachments.
//
// What a reader sees depends on his program wherever a message breaks the rules
// of MIME (RFC 2045 to 2049): of two boundaries, types or encodings one program
// takes the first and another the last. Whoever wants a filter to see a harmless
// letter and the reader's program to see a worm builds such a message, so what
// splits readers weighs. What is merely careless does not: much software is.
//
// Attachments are judged by what they are, whatever they are called, with what is
// packed in them: programs and scripts, documents with macros, archives that need
// a password or are built to deceive. mail/mime, mail/text, mail/urls and
// mail/archive find; this filter says what it is worth.
package mime

import (
	"context"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/archive"
	"github.com/postern-mail/postern/mail/mime"
)

// Kind describes the filter.
var Kind = filters.Kind{
	Name:    "mime",
	Summary: "structure and text that readers see differently, and what attachments are",
	Stage:   mail.StageData,
	Symbols: symbols,
	Config:  func() any { return defaults() },
	New:     newFilter,
}

// Config is the filter's section.
type Config struct {
	Forbidden []string `yaml:"forbidden" doc:"what is MIME_FORBIDDEN as an attachment, at any level of an archive: extensions (.exe) and media types (application/x-msdownload, image/*)"`
	Archive   Archive  `yaml:"archive" doc:"How far the attachments of one message are unpacked; MIME_ARCHIVE_LIMIT where that is not all."`
}

// Archive bounds what is unpacked.
type Archive struct {
	Bytes   int64 `yaml:"bytes" min:"1" doc:"Bytes unpacked of one message."`
	Ratio   int64 `yaml:"ratio" min:"1" doc:"Bytes unpacked for each byte of the attachment, beyond 4 MiB."`
	Depth   int   `yaml:"depth" min:"1" doc:"Levels of archives in archives."`
	Entries int   `yaml:"entries" min:"1" doc:"Files listed of one attachment."`
}

func defaults() *Config {
	return &Config{Archive: Archive{
		Bytes: archive.DefaultBytes, Ratio: archive.DefaultRatio, Depth: archive.DefaultDepth, Entries: archive.DefaultEntries,
	}}
}

// filter is safe for several goroutines: it holds what it was made with.
type filter struct {
	forbidden forbidden
	limits    archive.Limits
}

func newFilter(env filters.Env) (filters.Filter, error) {
	c, _ := env.Config.(*Config)
	if c == nil {
		c = defaults()
	}
	list, err := newForbidden(c.Forbidden)
	if err != nil {
		return nil, err
	}
	return &filter{list, archive.Limits{
		Bytes: c.Archive.Bytes, Ratio: c.Archive.Ratio, Depth: c.Archive.Depth, Entries: c.Archive.Entries, Steps: archive.DefaultSteps,
	}}, nil
}

// Check implements filters.Filter. The error is that of a body that could not
// be read, or of a context that ended while attachments were unpacked; what was
// found until then is the result.
func (f *filter) Check(ctx context.Context, m *mail.Message) (filters.Result, error) {
	c := &check{filter: f}
	tree, err := m.Tree()
	if err != nil {
		return c.Result, err
	}
	c.all(tree.Findings())
	c.all(m.Text().Findings)
	c.all(m.URLs().Findings)
	for _, p := range tree.Parts() {
		c.all(p.Flaws())
	}
	c.forms(m.Text())
	err = c.attachments(ctx, tree, m.Text())
	return c.Result, err
}

// check is one message being looked at.
type check struct {
	filters.Result
	*filter
}

// all turns findings into symbols.
func (c *check) all(list []mime.Finding) {
	for _, f := range list {
		c.Note(f.Symbol, 1, f.Detail)
	}
}
