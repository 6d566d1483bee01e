// Package all is the one list of the filters that come with Postern, in the
// order in which records and references name them.
package all

import (
	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/filters/authres"
	"github.com/postern-mail/postern/filters/bayes"
	"github.com/postern-mail/postern/filters/dkim"
	"github.com/postern-mail/postern/filters/dmarc"
	"github.com/postern-mail/postern/filters/dnsbl"
	"github.com/postern-mail/postern/filters/from"
	"github.com/postern-mail/postern/filters/greylist"
	"github.com/postern-mail/postern/filters/gtube"
	"github.com/postern-mail/postern/filters/headers"
	"github.com/postern-mail/postern/filters/mime"
	"github.com/postern-mail/postern/filters/phish"
	"github.com/postern-mail/postern/filters/ratelimit"
	"github.com/postern-mail/postern/filters/rdns"
	"github.com/postern-mail/postern/filters/spf"
	"github.com/postern-mail/postern/filters/submission"
	"github.com/postern-mail/postern/filters/urls"
)

// Kinds are all built-in kinds. Adding a filter adds its line here.
var Kinds = []filters.Kind{
	rdns.Kind,
	spf.Kind,
	dkim.Kind,
	dmarc.Kind,
	dnsbl.Kind,
	from.Kind,
	submission.Kind,
	headers.Kind,
	mime.Kind,
	urls.Kind,
	phish.Kind,
	bayes.Kind,
	ratelimit.Kind,
	greylist.Kind,
	gtube.Kind,
	authres.Kind,
}
