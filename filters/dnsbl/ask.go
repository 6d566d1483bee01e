package dnsbl

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/scoring"
)

// The bounds on what a finding says.
const (
	maxDetails = 10
	maxText    = 150 // bytes of a list's own text
)

// streakLimit is after how many listings without a single miss a zone is probed: a list
// that was given up may list the world.
const streakLimit = 10

// answer is what a zone says about one subject.
type answer struct {
	subject subject
	addrs   []netip.Addr
	suffix  []string // of the symbols; none: not listed
	text    string   // the list's own words
	err     error    // the question had no answer
}

// askAll asks every zone that is well about all subjects at once.
func (f *filter) askAll(ctx context.Context, subjects []subject) filters.Result {
	got, conditions := make([][]answer, len(f.zones)), make([]condition, len(f.zones))
	var group group
	for i, z := range f.zones {
		wanted := z.wanted(subjects)
		if len(wanted) == 0 {
			continue
		}
		got[i] = make([]answer, len(wanted))
		group.run(func() {
			if conditions[i] = z.await(ctx); conditions[i].state != OK {
				return
			}
			for j, s := range wanted {
				group.run(func() { got[i][j] = f.ask(ctx, z, s) })
			}
		})
	}
	group.wait()
	var r filters.Result
	for i, z := range f.zones {
		if got[i] != nil {
			report(&r, z, conditions[i], got[i])
		}
	}
	return r
}

// group runs functions at once. A panic in one is one of whoever waits, so that it is on the goroutine which the
// chain guards.
type group struct {
	wg       sync.WaitGroup
	mu       sync.Mutex
	panicked any
}

func (g *group) run(f func()) {
	g.wg.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				g.mu.Lock()
				g.panicked = p
				g.mu.Unlock()
			}
		}()
		f()
	})
}

func (g *group) wait() {
	g.wg.Wait()
	if g.panicked != nil {
		panic(g.panicked)
	}
}

// wanted are the subjects that the zone is asked about.
func (z *zone) wanted(subjects []subject) []subject {
	var list []subject
	for _, s := range subjects {
		if s.kind == z.kind && s.roles&z.roles != 0 {
			s.roles &= z.roles
			list = append(list, s)
		}
	}
	return list
}

// ask asks a zone about one subject, and takes note of what that says about the zone.
func (f *filter) ask(ctx context.Context, z *zone, s subject) answer {
	a := answer{subject: s}
	z.asked.Add(1)
	name := z.label(s) + "." + z.domain
	ans, err := f.resolver.Lookup(ctx, name, dns.TypeA)
	switch {
	case dns.IsNone(err), errors.Is(err, dns.ErrName): // a name too long for the DNS is on no list
		z.streak.Store(0)
		return a
	case err != nil:
		a.err = err
		z.noAnswer(ctx, err)
		return a
	}
	if c, bad := z.complaint(ans.Addrs); bad {
		a.err = complaint(c)
		z.failed.Add(1)
		z.kick()
		return a
	}
	a.addrs, a.suffix = ans.Addrs, z.meaning(ans.Addrs)
	if len(a.suffix) == 0 {
		return a
	}
	z.hits.Add(1)
	if z.streak.Add(1)%streakLimit == 0 {
		z.kick()
	}
	if z.txt {
		a.text = f.text(ctx, z, name)
	}
	return a
}

// complaint is an answer that tells of the zone, as an error.
type complaint condition

// Error is the state and its reason.
func (c complaint) Error() string { return string(c.state) + ": " + c.reason }

// noAnswer takes note of a question without an answer, unless that was our own doing.
func (z *zone) noAnswer(ctx context.Context, err error) {
	if ctx.Err() == nil && !errors.Is(err, dns.ErrBudget) {
		z.failed.Add(1)
		z.kick()
	}
}

// meaning lists what the answers are mapped to, each once.
func (z *zone) meaning(addrs []netip.Addr) []string {
	var suffixes []string
	for _, c := range z.codes {
		if slices.ContainsFunc(addrs, c.matches) && !slices.Contains(suffixes, c.suffix) {
			suffixes = append(suffixes, c.suffix)
		}
	}
	return suffixes
}

// text is what the list says about a listing (RFC 5782 section 2.1), without our key.
func (f *filter) text(ctx context.Context, z *zone, name string) string {
	ans, err := f.resolver.Lookup(ctx, name, dns.TypeTXT)
	if err != nil || len(ans.TXT) == 0 {
		return ""
	}
	t := strings.Join(strings.Fields(strings.ToValidUTF8(ans.TXT[0], "?")), " ")
	if z.key != "" && strings.Contains(strings.ToLower(t), z.key) {
		return ""
	}
	return strings.ToValidUTF8(t[:min(len(t), maxText)], "")
}

// report adds what a zone said, or why it was not asked, to the result.
func report(r *filters.Result, z *zone, c condition, answers []answer) {
	if c.state != OK {
		r.Checks = append(r.Checks, scoring.Check{Name: z.name, Status: scoring.StatusSkipped, Err: string(c.state) + ": " + c.reason})
		return
	}
	var failure error
	for _, a := range answers {
		if a.err != nil {
			failure = a.err
		}
		for _, suffix := range a.suffix {
			addFinding(r, z, a, suffix)
		}
	}
	if failure != nil {
		r.Checks = append(r.Checks, failedCheck(z, failure))
	}
}

// failedCheck tells in words of ours why a zone said nothing: the error names the question.
func failedCheck(z *zone, err error) scoring.Check {
	c := scoring.Check{Name: z.name, Status: scoring.StatusError}
	switch told := complaint(condition{}); {
	case errors.As(err, &told):
		c.Err = told.Error()
	case errors.Is(err, dns.ErrBudget):
		c.Err = "the message has asked enough"
	case errors.Is(err, dns.ErrSilent):
		c.Status, c.Err = scoring.StatusSkipped, string(Dead)+": "+skipped
	case errors.Is(err, dns.ErrTimeout):
		c.Status, c.Err = scoring.StatusTimeout, "no answer in time"
	default:
		c.Err = "its name servers fail"
	}
	return c
}

// addFinding adds a listing. What a zone says twice of a message is one symbol.
func addFinding(r *filters.Result, z *zone, a answer, suffix string) {
	name := z.prefix + suffix
	if a.subject.roles == hop {
		name += received
	}
	detail := a.subject.shown + " (" + a.subject.roles.String() + ") " + joinAddrs(a.addrs)
	if a.text != "" {
		detail += " " + a.text
	}
	i := slices.IndexFunc(r.Symbols, func(s scoring.Symbol) bool { return s.Name == name })
	if i < 0 {
		r.Symbols = append(r.Symbols, scoring.Found(name, detail))
		return
	}
	if len(r.Symbols[i].Details) < maxDetails {
		r.Symbols[i].Details = append(r.Symbols[i].Details, detail)
	}
}

// joinAddrs lists the codes of an answer; a list gives a few at most.
func joinAddrs(addrs []netip.Addr) string {
	var words []string
	for _, a := range addrs[:min(len(addrs), maxDetails)] {
		words = append(words, a.String())
	}
	return strings.Join(words, " ")
}
