package app

import (
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/mime"
	"github.com/postern-mail/postern/mail/qr"
	"github.com/postern-mail/postern/mail/text"
	"github.com/postern-mail/postern/mail/urls"
)

// reading is how much the configuration has us look at of a message. Judging, learning and
// measuring go by the same bounds, since they must see the same words.
func reading(cfg *config.Config) *mail.Limits {
	r := cfg.Reading
	return &mail.Limits{
		Body: int64(r.Body),
		MIME: mime.Limits{
			Depth: r.Depth, Parts: r.Parts, HeaderBytes: int(r.HeaderBytes), HeaderFields: r.HeaderFields,
			DecodedBytes: int(r.Decoded), Findings: r.Findings, Readings: r.Readings, Names: r.Names, Params: r.Parameters,
		},
		Text: text.Limits{Input: int(r.Text), Bytes: int(r.TextKept), Links: r.Links},
		QR:   qr.Limits{Images: r.Images, Bytes: int(r.ImageBytes), Side: r.ImageSide, Memory: int(r.ImageMemory), Pixels: r.ImagePixels},
		URLs: urls.Limits{URLs: r.URLs},
	}
}
