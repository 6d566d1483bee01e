package dmarc

import (
	"context"
	"strings"
	"sync"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/mail"
)

// maxAhead bounds the names that are asked for ahead.
const maxAhead = 24

// Early implements filters.Early: while SPF and DKIM are still at work it asks for what Check will
// want to know, all of the walk up the tree at once instead of a round trip for each name. The
// answers wait in the resolver's cache. Before the header is there it knows nothing to ask.
func (f *filter) Early(ctx context.Context, msg *mail.Message) (filters.Result, error) {
	if len(msg.Header) == 0 || f.own(msg.Session) {
		return filters.Result{}, nil
	}
	author, ok := msg.Author().Domain()
	if !ok {
		return filters.Result{}, nil
	}
	var wg sync.WaitGroup
	for _, name := range ahead(author, senders(msg)) {
		wg.Go(func() {
			// What came of it Check hears when it asks the same.
			_, _ = f.resolver.Lookup(ctx, "_dmarc."+name, dns.TypeTXT)
		})
	}
	wg.Wait()
	return filters.Result{}, nil
}

// senders are the domains that SPF or DKIM may yet speak for.
func senders(msg *mail.Message) []string {
	domains := msg.Header.Signers()
	if _, domain, ok := strings.Cut(msg.Envelope.From, "@"); ok {
		domains = append(domains, domain)
	}
	return domains
}

// ahead lists the names at which records may be asked for: on the way up from the author domain, and from
// those others that may be of its organization, since they end in the same two labels.
func ahead(author string, others []string) []string {
	var names []string
	seen := map[string]bool{}
	add := func(start string) {
		for name := start; name != "" && len(names) < maxAhead; name = above(name, start) {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	add(author)
	for _, other := range others {
		if domain, ok := mail.ASCIIDomain(other); ok && top(domain) == top(author) {
			add(domain)
		}
	}
	return names
}

// top is the last two labels of a name.
func top(name string) string {
	last := strings.LastIndexByte(name, '.')
	return name[strings.LastIndexByte(name[:max(last, 0)], '.')+1:]
}
