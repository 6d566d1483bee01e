package authres

// DMARC is what a result of the method "dmarc" says, as the properties
// header.from, policy.dmarc (RFC 9989 section 9.1) and, where the record
// stands elsewhere than at the author domain, policy.domain (ours) carry it;
// policy.override (ours) tells what excuses a failure.
type DMARC struct {
	Domain       string // the author domain
	PolicyDomain string // where the record was found, "" when there is none
	Policy       string // none, quarantine or reject: the one that holds for this message; "" when there is no record
	Override     string // why a failure is excused: trusted_forwarder, mailing_list; ""
}

// Props is the properties that carry d.
func (d DMARC) Props() []Prop {
	props := []Prop{{"header", "from", d.Domain}}
	if d.Policy != "" {
		props = append(props, Prop{"policy", "dmarc", d.Policy})
	}
	if d.PolicyDomain != d.Domain && d.PolicyDomain != "" {
		props = append(props, Prop{"policy", "domain", d.PolicyDomain})
	}
	if d.Override != "" {
		props = append(props, Prop{"policy", "override", d.Override})
	}
	return props
}

// DMARC reads the properties of a result of the method "dmarc".
func (r Result) DMARC() DMARC {
	d := DMARC{Domain: r.Get("header", "from"), Policy: r.Get("policy", "dmarc"), PolicyDomain: r.Get("policy", "domain"), Override: r.Get("policy", "override")}
	if d.PolicyDomain == "" && d.Policy != "" {
		d.PolicyDomain = d.Domain
	}
	return d
}
