// Package dmarc checks that the domain a reader sees in From is the one that
// authenticated the message (RFC 9989, which replaces RFC 7489).
//
// The owner of a domain publishes a record at _dmarc.<domain>: what to do with
// mail that claims the domain and fails (p: none, quarantine, reject; sp and
// np for the names below it), and how near an authenticated domain must be
// (adkim, aspf: relaxed or strict). A message passes when SPF or DKIM passed
// for a domain that is aligned with the author domain: equal, or in relaxed
// mode of the same Organizational Domain. Which that is, and whose record
// counts where the author domain has none, a walk up the DNS tree tells, in
// eight queries at most. What happens to mail that fails is not decided here.
package dmarc

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/scoring"
)

// The symbols. The three FAIL ones name the policy that holds for the message.
const (
	Pass           = "DMARC_PASS"
	None           = "DMARC_NONE"
	FailNone       = "DMARC_FAIL_NONE"
	FailQuarantine = "DMARC_FAIL_QUARANTINE"
	FailReject     = "DMARC_FAIL_REJECT"
	FailForwarded  = "DMARC_FAIL_FORWARDED"
	Temperror      = "DMARC_TEMPERROR"
	Permerror      = "DMARC_PERMERROR"
)

// Kind describes the filter.
var Kind = filters.Kind{
	Name:    "dmarc",
	Summary: "checks the author domain by DMARC (RFC 9989)",
	Stage:   mail.StageData,
	After:   []string{"spf", "dkim"},
	Symbols: []filters.SymbolDoc{
		{Name: Pass, Group: "dmarc", Score: -0.5, Meaning: "The author domain is authenticated."},
		{Name: None, Group: "dmarc", Score: 0, Meaning: "The author domain has no DMARC record to go by."},
		{Name: FailNone, Group: "dmarc", Score: 0, Meaning: "The author domain is not authenticated; its owner asks for nothing."},
		{Name: FailQuarantine, Group: "dmarc", Score: 1.5, Meaning: "The author domain is not authenticated; its owner asks to treat such mail as suspicious."},
		{Name: FailReject, Group: "dmarc", Score: 2, Meaning: "The author domain is not authenticated; its owner asks to refuse such mail."},
		{Name: FailForwarded, Group: "dmarc", Score: 0, Meaning: "The author domain is not authenticated, and a relay or mailing list that we trust explains why."},
		{Name: Temperror, Group: "dmarc", Score: 0, Meaning: "DNS could not say whether the author domain is authenticated."},
		{Name: Permerror, Group: "dmarc", Score: 0, Meaning: "The From field does not name one author domain, so that there is nothing to check; the FROM symbols say why."},
	},
	Config: func() any { return new(Config) },
	New:    New,
}

// Config is the filter's section.
type Config struct {
	TrustedLists []string `yaml:"trusted_lists" check:"domain" doc:"Domains of mailing lists whose own SPF or DKIM pass excuses a failure of the author domain; .example.org: all below it as well."`
}

type filter struct {
	resolver dns.Resolver
	trusted  []netip.Prefix
	relays   []netip.Prefix
	lists    []string
}

var (
	_ filters.Filter = (*filter)(nil)
	_ filters.Early  = (*filter)(nil)
)

// New makes the filter. It needs env.Resolver.
func New(env filters.Env) (filters.Filter, error) {
	if env.Resolver == nil {
		return nil, errors.New("filters/dmarc: no resolver")
	}
	cfg := env.Config.(*Config)
	return &filter{resolver: env.Resolver, trusted: env.Trusted, relays: env.Relays, lists: cfg.TrustedLists}, nil
}

// Check implements filters.Filter. Our own mail, of authenticated users and
// trusted networks, has nothing to prove and gets an empty result.
func (f *filter) Check(ctx context.Context, msg *mail.Message) (filters.Result, error) {
	if f.own(msg.Session) {
		return filters.Result{}, nil
	}
	author, ok := msg.Author().Domain()
	if !ok {
		// RFC 9989 section 5.3.1: not possible without one author domain.
		return filters.Result{
			Symbols: []scoring.Symbol{scoring.Found(Permerror)},
			Auth:    []authres.Result{{Method: "dmarc", Value: authres.Permerror, Reason: "no single author domain"}},
		}, nil
	}
	in := Input{Author: author, SPF: spfIdentifiers(msg), DKIM: dkimIdentifiers(msg)}
	out := Evaluate(ctx, f.resolver, in)
	if out.Result == authres.Fail && len(msg.Unchecked) > 0 {
		// What SPF or DKIM would have said is not known: that is not the sender's failure.
		out.Result, out.Reason = authres.Temperror, strings.Join(msg.Unchecked, " and ")+" could not be checked"
	}
	if out.Result == authres.Fail {
		out.Override = f.override(msg.Session, in)
	}
	return filters.Result{
		Symbols: []scoring.Symbol{scoring.Found(out.symbol(), out.details())},
		Auth:    []authres.Result{{Method: "dmarc", Value: out.Result, Reason: out.Reason, Props: out.Props()}},
	}, nil
}

func (f *filter) own(s *mail.Session) bool {
	return s.Local || s.AuthUser != "" || anyContains(f.trusted, s.ClientIP)
}

func anyContains(networks []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// override is why a failure is not the author's, in the words of RFC 9990's
// PolicyOverrideReason: mail that is passed on loses SPF, and DKIM where the
// way changes it. "" when nothing excuses it.
func (f *filter) override(s *mail.Session, in Input) string {
	if anyContains(f.relays, s.ClientIP) {
		return "trusted_forwarder"
	}
	for _, id := range slices.Concat(in.SPF, in.DKIM) {
		if id.Result == authres.Pass && slices.ContainsFunc(f.lists, func(list string) bool { return inDomain(id.Domain, list) }) {
			return "mailing_list"
		}
	}
	return ""
}

// inDomain tells whether a name is the domain; ".example.org" means all names below it as well.
func inDomain(name, domain string) bool {
	below, all := strings.CutPrefix(strings.ToLower(domain), ".")
	name = strings.ToLower(name)
	return name == below || all && within(name, below)
}

// spfIdentifiers: RFC 9989 section 4.4.2: the identifier of SPF is the MAIL
// FROM domain. With the null sender SPF puts the HELO name in its place (RFC
// 7208 section 2.4); otherwise a HELO result proves nothing of the author.
func spfIdentifiers(msg *mail.Message) []Identifier {
	var ids []Identifier
	for _, r := range msg.Auth {
		if r.Method != "spf" {
			continue
		}
		who := r.Get("smtp", "mailfrom")
		if who == "" && msg.Envelope.From == "" {
			who = r.Get("smtp", "helo")
		}
		if who != "" {
			ids = append(ids, Identifier{who[strings.LastIndexByte(who, '@')+1:], r.Value})
		}
	}
	return ids
}

// dkimIdentifiers: RFC 9989 section 4.4.1: the identifier of a signature is its d=.
func dkimIdentifiers(msg *mail.Message) []Identifier {
	var ids []Identifier
	for _, r := range msg.Auth {
		if d := r.Get("header", "d"); r.Method == "dkim" && d != "" {
			ids = append(ids, Identifier{d, r.Value})
		}
	}
	return ids
}

func (o Outcome) symbol() string {
	switch {
	case o.Result == authres.Pass:
		return Pass
	case o.Result == authres.Temperror:
		return Temperror
	case o.Result == authres.None:
		return None
	case o.Override != "":
		return FailForwarded
	case o.Policy == string(PolicyReject):
		return FailReject
	case o.Policy == string(PolicyQuarantine):
		return FailQuarantine
	}
	return FailNone
}

func (o Outcome) details() string {
	if o.Reason != "" {
		return o.Domain + ": " + o.Reason
	}
	text := o.Domain + ": policy " + o.Policy + " of " + o.PolicyDomain
	if o.Override != "" {
		text += ", overridden: " + o.Override
	}
	return text
}
