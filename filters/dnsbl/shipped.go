package dnsbl

// shippedZone is a list that we know: how to ask it, and on what terms.
type shippedZone struct {
	Zone
	on    bool   // asked unless turned off: its terms allow plain use by anybody
	dqs   string // its zone in Spamhaus' Data Query Service, below the key
	needs string // "" or what has to be set before it can be asked
	terms string
}

const spamhausTerms = "Free for small non-commercial sites that ask through a resolver of their own, not a public one; all others need a (partly free) DQS key: spamhaus.dqs_key."

// noPoint as a test point says that the list has none that we know of.
const noPoint = "none"

// allNames is where domain lists look.
var allNames = []string{"helo", "rdns", "envelope", "from", "reply_to", "dkim", "url"}

// shipped are the lists that we know. Codes and scores: DEFAULTS of the project.
var shipped = []shippedZone{
	{
		Zone: Zone{
			Name: "zen", Zone: "zen.spamhaus.org", Kind: kindIP, Lookup: []string{"client", "received"},
			Codes: map[string]string{
				"127.0.0.2": "SBL", "127.0.0.3": "CSS", "127.0.0.4-127.0.0.7": "XBL", "127.0.0.9": "DROP",
				"127.0.0.10-127.0.0.11": "PBL",
			},
			Scores: map[string]float64{
				"SBL": 4, "CSS": 2, "XBL": 4, "PBL": 2, "DROP": 7,
				"SBL_RECEIVED": 3, "CSS_RECEIVED": 1, "XBL_RECEIVED": 1, "PBL_RECEIVED": 0, "DROP_RECEIVED": 6,
			},
		},
		dqs: "zen.dq.spamhaus.net", terms: spamhausTerms,
	},
	{
		Zone: Zone{
			Name: "authbl", Zone: "authbl.dq.spamhaus.net", Kind: kindIP, Lookup: []string{"client", "received"}, Listed: noPoint,
			Codes:  map[string]string{"127.0.0.20": "LISTED"},
			Scores: map[string]float64{"LISTED": 4, "LISTED_RECEIVED": 4},
		},
		dqs: "authbl.dq.spamhaus.net", needs: "spamhaus.dqs_key", terms: "Only with a DQS key.",
	},
	{
		Zone: Zone{
			Name: "dbl", Zone: "dbl.spamhaus.org", Kind: kindDomain, Lookup: allNames, Listed: "dbltest.com",
			Codes: map[string]string{
				"127.0.1.2": "SPAM", "127.0.1.4": "PHISH", "127.0.1.5": "MALWARE", "127.0.1.6": "BOTNET",
				"127.0.1.102": "ABUSED_SPAM", "127.0.1.103": "ABUSED_REDIRECT", "127.0.1.104": "ABUSED_PHISH",
				"127.0.1.105": "ABUSED_MALWARE", "127.0.1.106": "ABUSED_BOTNET",
			},
			Scores: map[string]float64{
				"SPAM": 6.5, "PHISH": 7.5, "MALWARE": 7.5, "BOTNET": 7.5,
				"ABUSED_SPAM": 6.5, "ABUSED_REDIRECT": 5, "ABUSED_PHISH": 6.5, "ABUSED_MALWARE": 6.5, "ABUSED_BOTNET": 6.5,
			},
		},
		dqs: "dbl.dq.spamhaus.net", terms: spamhausTerms,
	},
	{
		Zone: Zone{
			Name: "zrd", Zone: "zrd.dq.spamhaus.net", Kind: kindDomain, Lookup: allNames, Listed: noPoint,
			Codes:  map[string]string{"127.0.2.2-127.0.2.4": "HOURS", "127.0.2.5-127.0.2.24": "DAY"},
			Scores: map[string]float64{"HOURS": 4, "DAY": 2},
		},
		dqs: "zrd.dq.spamhaus.net", needs: "spamhaus.dqs_key", terms: "Only with a DQS key. Lists domains first seen up to a day ago.",
	},
	{
		Zone: Zone{
			Name: "spamcop", Zone: "bl.spamcop.net", Kind: kindIP, Lookup: []string{"client"},
			Codes: map[string]string{"127.0.0.2": "LISTED"}, Scores: map[string]float64{"LISTED": 2},
		},
		on: true, terms: "Free for everybody.",
	},
	{
		Zone: Zone{
			Name: "psbl", Zone: "psbl.surriel.com", Kind: kindIP, Lookup: []string{"client"},
			Codes: map[string]string{"127.0.0.2": "LISTED"}, Scores: map[string]float64{"LISTED": 2},
		},
		on: true, terms: "Free for everybody.",
	},
	{
		Zone: Zone{
			Name: "dnswl", Zone: "list.dnswl.org", Kind: kindIP, Lookup: []string{"client"}, Allow: &yes,
			Codes:   map[string]string{"127.0.*.1": "LOW", "127.0.*.2": "MEDIUM", "127.0.*.3": "HIGH"},
			Blocked: []string{"127.0.0.255", "127.0.10.1-127.0.10.255"}, // 127.0.10.0 is the test point
			Scores:  map[string]float64{"LOW": -0.1, "MEDIUM": -0.2, "HIGH": -0.5},
		},
		on: true, terms: "Free up to 100,000 questions a day; sellers of filters need a subscription.",
	},
	{
		Zone: Zone{
			Name: "barracuda", Zone: "b.barracudacentral.org", Kind: kindIP, Lookup: []string{"client"},
			Codes: map[string]string{"127.0.0.2": "LISTED"}, Scores: map[string]float64{"LISTED": 2},
		},
		terms: "Free after registering the address of your resolver.",
	},
	{
		Zone: Zone{
			Name: "mailspike", Zone: "bl.mailspike.net", Kind: kindIP, Lookup: []string{"client"},
			Codes:  map[string]string{"127.0.0.2": "WAVE", "127.0.0.10": "WORST", "127.0.0.11": "VERYBAD", "127.0.0.12": "BAD"},
			Scores: map[string]float64{"WAVE": 2, "WORST": 2, "VERYBAD": 1.5, "BAD": 1},
		},
		terms: "Free for non-commercial sites below 100,000 messages and questions a day.",
	},
	{
		Zone: Zone{
			Name: "uceprotect1", Zone: "dnsbl-1.uceprotect.net", Kind: kindIP, Lookup: []string{"client"},
			Codes: map[string]string{"127.0.0.2": "LISTED"}, Scores: map[string]float64{"LISTED": 1},
		},
		terms: "Free. Off because it lists outgoing servers of large providers, and takes money for removal before 7 days are over.",
	},
	{
		Zone: Zone{
			Name: "surbl", Zone: "multi.surbl.org", Kind: kindDomain, Lookup: allNames, Listed: "surbl-org-permanent-test-point.com",
			Codes:   map[string]string{"&8": "PHISH", "&16": "MALWARE", "&64": "ABUSE", "&128": "CRACKED"},
			Blocked: []string{"&1"},
			Scores:  map[string]float64{"PHISH": 5.5, "MALWARE": 5.5, "ABUSE": 5.5, "CRACKED": 4},
		},
		terms: "Free for organizations below 1,000 users and 250,000 messages a day, unless filtering is what they sell.",
	},
	{
		Zone: Zone{
			Name: "uribl", Zone: "multi.uribl.com", Kind: kindDomain, Lookup: allNames, Listed: "test.uribl.com",
			Codes:   map[string]string{"&2": "BLACK", "&4": "GREY", "&8": "RED"},
			Blocked: []string{"&1"},
			Scores:  map[string]float64{"BLACK": 7.5, "GREY": 1.5, "RED": 3.5},
		},
		terms: "Free at low volume through a resolver of your own; public resolvers and heavy use are refused.",
	},
	{
		Zone: Zone{
			Name: "ebl", Zone: "ebl.msbl.org", Kind: kindHash, Hash: "sha1", Lookup: []string{"envelope", "from", "reply_to"}, Listed: noPoint,
			Codes:  map[string]string{"127.0.0.2-127.0.0.3": "LISTED", "127.0.1.2-127.0.1.3": "GREY"},
			Scores: map[string]float64{"LISTED": 7.5, "GREY": 0.5},
		},
		terms: "Free at low volume; ask the operator beyond that.",
	},
}

var yes = true
