package config

import (
	"net/netip"
	"time"
)

// Config is the whole configuration in force. It is read-only after Load and
// then safe for any number of goroutines.
type Config struct {
	Mode       string     `yaml:"mode" oneof:"observe,mark,enforce" doc:"What is done with a verdict: observe records it and touches nothing, mark only adds headers, enforce acts."`
	Hostname   string     `yaml:"hostname" check:"hostname" doc:"Name of this mail server. Empty: the system's own name."`
	AuthservID string     `yaml:"authserv_id" check:"hostname" doc:"Name under which Authentication-Results are written and forged ones removed (RFC 8601 section 2.2). Empty: the hostname."`
	Listeners  []Listener `yaml:"listeners" doc:"Where the MTA reaches us, one entry for each smtpd_milters or non_smtpd_milters setting."`
	Admin      Admin      `yaml:"admin" doc:"The HTTP endpoint: verdicts, health, metrics."`
	State      State      `yaml:"state" doc:"What lasts: verdicts, limits, greylist."`
	Redis      Redis      `yaml:"redis" doc:"Redis, where several machines share their state. Without a URL one file in state.dir does."`
	DNS        DNS        `yaml:"dns" doc:"How names are looked up."`
	Networks   Networks   `yaml:"networks" doc:"Whose mail is our own, and who hands us the mail of strangers."`
	Scoring    Scoring    `yaml:"scoring" doc:"What findings weigh and from which score on something happens."`
	DMARC      DMARC      `yaml:"dmarc" doc:"What is done when the author's domain asks for it and DMARC fails (RFC 9989)."`
	Policies   []Policy   `yaml:"policies" doc:"Other rules for some mail. The first entry that matches holds; what it does not say is as above."`
	Filters    Filters    `yaml:"filters" doc:"A section for each filter. The name is the kind, unless kind says otherwise."`
	RuleFiles  RuleFiles  `yaml:"rules" doc:"Rules in files: those that ship, and one's own."`
	Lists      Lists      `yaml:"lists" doc:"Named lists for rules to ask, or to let mail in and keep it out."`
	Learning   Learning   `yaml:"learning" doc:"What is learned from, besides what users show. What was learned speaks by the filter bayes."`
	Headers    Headers    `yaml:"headers" doc:"What is written into mail that is let in, besides X-Postern-* and Authentication-Results."`
	Limits     Limits     `yaml:"limits" doc:"Bounds on size, number and time."`
	Reading    Reading    `yaml:"reading" doc:"How much of a message is looked at. Each bound that a message meets raises a symbol. Time is bounded by limits.filter and limits.total."`
	Log        Log        `yaml:"log" doc:"The log on standard error: one line for each verdict."`

	meta *meta
}

// Listener is one socket on which an MTA speaks the milter protocol.
type Listener struct {
	Name    string `yaml:"name" need:"true" check:"word" doc:"Name in records, logs and policies."`
	Milter  string `yaml:"milter" need:"true" check:"socket" doc:"Socket to listen on: unix:PATH or tcp:HOST:PORT."`
	Profile string `yaml:"profile" oneof:"inbound,outbound" default:"inbound" doc:"What it is for: mail from strangers (inbound) or from our own users (outbound)."`
}

// Admin is the HTTP endpoint.
type Admin struct {
	Listen    string `yaml:"listen" check:"socket" doc:"HOST:PORT or unix:PATH. Empty: no endpoint. Anything but loopback or a unix socket needs a token."`
	Token     Secret `yaml:"token" doc:"Bearer token that requests must carry."`
	TokenFile string `yaml:"token_file" doc:"File that holds the token."`
}

// State is what lasts.
type State struct {
	Dir       string    `yaml:"dir" doc:"Folder of the state file, and of what waits for Redis. Where it is empty or not there, the state is kept in memory."`
	Retention Retention `yaml:"retention" doc:"How long verdicts are kept."`
}

// Retention bounds the verdict store.
type Retention struct {
	Age     time.Duration `yaml:"age" min:"1h" max:"3650d" doc:"Age up to which verdict records are kept."`
	Records int           `yaml:"records" min:"1000" max:"100000000" doc:"How many verdict records are kept; the oldest go first."`
	Hours   time.Duration `yaml:"hours" min:"24h" max:"3650d" doc:"Age up to which hourly figures are kept."`
}

// Redis is where several machines share their state.
type Redis struct {
	URL                  URL           `yaml:"url" doc:"redis://HOST:PORT/DB, rediss:// with TLS, or unix:///PATH?db=N. Empty, and no urls: no Redis."`
	URLs                 []URL         `yaml:"urls" doc:"Several: nodes of a Cluster or, with master, the Sentinels."`
	Master               string        `yaml:"master" doc:"Name under which the Sentinels watch the master."`
	Cluster              bool          `yaml:"cluster" doc:"The one URL leads to a Cluster."`
	Username             string        `yaml:"username" doc:"User of the access list. Empty: the default user."`
	Password             Secret        `yaml:"password" doc:"Password of the user."`
	PasswordFile         string        `yaml:"password_file" doc:"File that holds the password."`
	SentinelUsername     string        `yaml:"sentinel_username" doc:"User at the Sentinels."`
	SentinelPassword     Secret        `yaml:"sentinel_password" doc:"Password at the Sentinels."`
	SentinelPasswordFile string        `yaml:"sentinel_password_file" doc:"File that holds it."`
	Prefix               string        `yaml:"prefix" check:"line" doc:"Put before every key. Machines share what has the same prefix."`
	Timeout              time.Duration `yaml:"timeout" min:"10ms" max:"5s" doc:"How long one call may take before this machine goes on without Redis."`
	Waiting              int           `yaml:"waiting" min:"1000" max:"10000000" doc:"Verdict records that wait on disk at most while Redis is away."`
	TLS                  TLS           `yaml:"tls" doc:"TLS, with rediss:// only."`
}

// Used tells whether a Redis is named.
func (r Redis) Used() bool { return r.URL != "" || len(r.URLs) > 0 }

// TLS says whom we trust and who we are.
type TLS struct {
	CA         string `yaml:"ca" doc:"File with the certificates to trust. Empty: those of the system."`
	Cert       string `yaml:"cert" doc:"File with our certificate, where the server asks for one."`
	Key        string `yaml:"key" doc:"File with the key of cert."`
	ServerName string `yaml:"server_name" doc:"Name that the server's certificate must have. Empty: the host of the URL."`
}

// DNS is the resolver.
type DNS struct {
	Servers []string      `yaml:"servers" check:"server" doc:"Servers to ask, HOST or HOST:PORT. Empty: those of /etc/resolv.conf."`
	Timeout time.Duration `yaml:"timeout" min:"100ms" max:"30s" doc:"How long one server may take for one answer."`
}

// Networks names hosts by what they are to us.
type Networks struct {
	Trusted []netip.Prefix `yaml:"trusted" doc:"Networks whose mail is our own."`
	Relays  []netip.Prefix `yaml:"relays" doc:"Hosts that hand us the mail of strangers: our other MX, forwarders."`
}

// Scoring is what Judge goes by.
type Scoring struct {
	Thresholds Thresholds         `yaml:"thresholds" doc:"From which score on each action is taken; off: never by score."`
	Scores     map[string]float64 `yaml:"scores" keys:"symbol" min:"-1000" max:"1000" doc:"Points of a symbol at full factor, where they are not to be the default."`
	Caps       map[string]float64 `yaml:"caps" keys:"group" min:"0" max:"1000" doc:"The most points that the symbols of a group add together."`
	Actions    map[string]string  `yaml:"actions" keys:"symbol" oneof:"accept,mark,greylist,tempfail,quarantine,reject,discard" doc:"Action that a symbol calls for by itself, whatever the score."`
	Early      map[string]string  `yaml:"early" keys:"symbol" oneof:"connect,rcpt" doc:"Symbols that refuse before the message is sent: connect as soon as the client has connected, rcpt at each recipient. The client is refused by the symbol's action where that is tempfail, else for good."`
	Shadow     []string           `yaml:"shadow" check:"symbol" doc:"Symbols that are counted and shown but never act."`
}

// Thresholds are the scores from which on an action is taken, in ascending order.
type Thresholds struct {
	Greylist   Points `yaml:"greylist" min:"-1000" max:"1000" doc:"Ask the client to come again later."`
	Mark       Points `yaml:"mark" min:"-1000" max:"1000" doc:"Deliver with a mark in the header."`
	Quarantine Points `yaml:"quarantine" min:"-1000" max:"1000" doc:"Hold for a person to decide."`
	Reject     Points `yaml:"reject" min:"-1000" max:"1000" doc:"Refuse."`
}

// DMARC says what a failure leads to, by the policy that the domain published.
type DMARC struct {
	OnReject     string `yaml:"on_reject" oneof:"score,accept,mark,greylist,tempfail,quarantine,reject,discard" doc:"Action for a failure under p=reject; score: the symbol's points alone."`
	OnQuarantine string `yaml:"on_quarantine" oneof:"score,accept,mark,greylist,tempfail,quarantine,reject,discard" doc:"Action for a failure under p=quarantine; score: the symbol's points alone."`
}

// Policy is a set of rules for some mail. What is zero or nil is as it is
// without the policy; see Config.Rules.
type Policy struct {
	Name       string             `yaml:"name" need:"true" check:"word" doc:"Name in records and logs."`
	Match      Match              `yaml:"match" doc:"Which mail: every condition that is given must hold; one of a list's values is enough. None given: all mail."`
	Mode       string             `yaml:"mode" oneof:"observe,mark,enforce" doc:"Mode for this mail."`
	Thresholds ThresholdChanges   `yaml:"thresholds" doc:"Thresholds that differ."`
	Scores     map[string]float64 `yaml:"scores" keys:"symbol" min:"-1000" max:"1000" doc:"Scores that differ."`
	Caps       map[string]float64 `yaml:"caps" keys:"group" min:"0" max:"1000" doc:"Group caps that differ."`
	Actions    map[string]string  `yaml:"actions" keys:"symbol" oneof:"score,accept,mark,greylist,tempfail,quarantine,reject,discard" doc:"Symbol actions that differ; score: none."`
	Early      map[string]string  `yaml:"early" keys:"symbol" oneof:"connect,rcpt,end" doc:"Early refusals that differ; end: only after the message."`
	Shadow     []string           `yaml:"shadow" check:"symbol" doc:"Shadow symbols for this mail, in place of those above."`
	DMARC      DMARCChanges       `yaml:"dmarc" doc:"DMARC actions that differ."`
}

// Match is a policy's condition: all fields that are not empty must hold, and
// one value of each is enough.
type Match struct {
	Listeners     []string       `yaml:"listeners" doc:"Names of listeners."`
	Clients       []netip.Prefix `yaml:"clients" doc:"Networks of the SMTP client."`
	Users         []string       `yaml:"users" doc:"Authenticated users."`
	SenderDomains []string       `yaml:"sender_domains" check:"domain" doc:"Domains of the envelope sender; .example.org: also all below it."`
	RcptDomains   []string       `yaml:"rcpt_domains" check:"domain" doc:"Domains of recipients, all of which must match; .example.org: also all below it."`
}

// ThresholdChanges are Thresholds of which some are given.
type ThresholdChanges struct {
	Greylist   *Points `yaml:"greylist" min:"-1000" max:"1000" doc:"Ask the client to come again later."`
	Mark       *Points `yaml:"mark" min:"-1000" max:"1000" doc:"Deliver with a mark in the header."`
	Quarantine *Points `yaml:"quarantine" min:"-1000" max:"1000" doc:"Hold for a person to decide."`
	Reject     *Points `yaml:"reject" min:"-1000" max:"1000" doc:"Refuse."`
}

// DMARCChanges is DMARC of which some is given.
type DMARCChanges struct {
	OnReject     string `yaml:"on_reject" oneof:"score,accept,mark,greylist,tempfail,quarantine,reject,discard" doc:"Action for a failure under p=reject."`
	OnQuarantine string `yaml:"on_quarantine" oneof:"score,accept,mark,greylist,tempfail,quarantine,reject,discard" doc:"Action for a failure under p=quarantine."`
}

// Filters are the filter instances by name.
type Filters map[string]*Filter

// Filter is one instance of a filter kind.
type Filter struct {
	Kind    string // the kind's name
	Enabled bool
	Config  any // what Section.New gave, with the section decoded over it; nil where the kind has no settings
}

// RuleFiles says which rule files are read.
type RuleFiles struct {
	Dir      string `yaml:"dir" doc:"Folder of one's own rule files (*.yaml). A change in it acts on the next message. A folder that is not there holds no rules."`
	Defaults bool   `yaml:"defaults" doc:"Use the rules that ship."`
}

// Lists are the named lists.
type Lists map[string]List

// List is one named list.
type List struct {
	Kind            string   `yaml:"kind" need:"true" oneof:"addresses,domains,networks,patterns,digests" doc:"What the entries are: mail addresses, domains with all below them, networks or addresses of hosts, regular expressions, SHA-256 digests."`
	Entries         []string `yaml:"entries" doc:"Entries given here."`
	File            string   `yaml:"file" doc:"File with one entry a line; # begins a comment. It is read again when it changes."`
	Redis           string   `yaml:"redis" doc:"Key of a set in Redis that holds further entries, as SADD makes it, without the prefix. It is read again when its size changes, and every minute."`
	Use             string   `yaml:"use" oneof:"rules,allow,deny" default:"rules" doc:"rules: for rules to ask. allow, deny: acts by itself too, as the symbols LIST_ALLOW and LIST_DENY."`
	Of              string   `yaml:"of" oneof:"author,sender,client,attachment" default:"author" doc:"What an allow or deny list is asked about: the author (From), the envelope sender, the client's address, the digests of attachments."`
	Unauthenticated bool     `yaml:"unauthenticated" doc:"An allow list of authors or senders holds for mail without passing authentication too. Anybody can forge such mail."`
}

// Learning says what is learned from, besides what users show.
type Learning struct {
	Remember Size         `yaml:"remember" min:"0" max:"16GiB" doc:"How much of what recent messages were made of (digests and hashes of words, no text) is kept in state.dir, so that they can be learned by the id of their verdict. 0: nothing."`
	Reports  Reports      `yaml:"reports" doc:"Mailboxes to which users forward mail as an attachment to have it learned."`
	Auto     AutoLearning `yaml:"auto" doc:"Learning without a user's word, from mail that everything else is sure of."`
}

// Reports are the mailboxes for reports.
type Reports struct {
	Spam []string `yaml:"spam" check:"line" doc:"Addresses whose mail reports spam."`
	Ham  []string `yaml:"ham" check:"line" doc:"Addresses whose mail reports what was taken for spam and is none."`
	Then string   `yaml:"then" oneof:"discard,accept" doc:"What becomes of a report that was learned from: discard, or accept to have it delivered too."`
}

// AutoLearning is learning without a user's word.
type AutoLearning struct {
	Enabled bool     `yaml:"enabled" doc:"Learn so."`
	Spam    float64  `yaml:"spam" min:"6" max:"1000" doc:"Score from which on a message is learned as spam, without what learning itself says of it, and with three points or more from each of two groups of symbols."`
	Ham     float64  `yaml:"ham" min:"-1000" max:"0" doc:"Score up to which a message is learned as ham, without what learning itself says of it, when it passes DMARC and nothing speaks against it. For an answer to mail of our own users 0 is enough."`
	Traps   []string `yaml:"traps" check:"line" doc:"Addresses that nobody has: what strangers send to them alone is learned as spam."`
}

// Headers are the optional marks on mail.
type Headers struct {
	SpamHeaders bool   `yaml:"spam_headers" doc:"Write X-Spam-Flag, X-Spam-Status and X-Spam-Level on marked mail."`
	SubjectTag  string `yaml:"subject_tag" check:"line" doc:"Text put before the Subject of marked mail. Empty: the Subject stays."`
}

// Limits bound what strangers can make us do.
type Limits struct {
	MessageSize  Size          `yaml:"message_size" min:"64KiB" max:"2GiB" doc:"Largest message that is taken."`
	HeaderFields int           `yaml:"header_fields" min:"100" max:"1000000" doc:"Most header fields of one message that are kept."`
	Memory       Size          `yaml:"memory" min:"8MiB" max:"1TiB" doc:"Memory for all messages together; what does not fit is spooled to disk."`
	Connections  int           `yaml:"connections" min:"1" max:"1000000" doc:"Most connections of the MTA on one listener."`
	Filter       time.Duration `yaml:"filter" min:"10ms" max:"10m" doc:"Time for one filter."`
	Early        time.Duration `yaml:"early" min:"10ms" max:"30s" doc:"Time for all filters before the message itself. Postfix waits 30s."`
	Total        time.Duration `yaml:"total" min:"10ms" max:"10m" doc:"Time for all filters at the end of a message. Postfix waits 300s."`
	Drain        time.Duration `yaml:"drain" min:"0s" max:"10m" doc:"How long messages under way may take to finish when the program ends."`
}

// Reading bounds what is looked at of one message.
type Reading struct {
	Body         Size `yaml:"body" min:"64KiB" max:"2GiB" doc:"Bytes of the body, as it was sent; MIME_CUT."`
	Depth        int  `yaml:"depth" min:"2" max:"200" doc:"Levels of multiparts and messages within each other; MIME_LIMIT_DEPTH."`
	Parts        int  `yaml:"parts" min:"10" max:"100000" doc:"Parts, containers included; MIME_LIMIT_PARTS."`
	HeaderBytes  Size `yaml:"header_bytes" min:"1KiB" max:"16MiB" doc:"Bytes of one part's header; MIME_LIMIT_HEADER."`
	HeaderFields int  `yaml:"header_fields" min:"10" max:"10000" doc:"Fields of one part's header; MIME_LIMIT_HEADER."`
	Parameters   int  `yaml:"parameters" min:"8" max:"1000" doc:"Parameters of one Content-Type or Content-Disposition; MIME_LIMIT_NAMES."`
	Names        int  `yaml:"names" min:"2" max:"100" doc:"Different names of one attachment; MIME_LIMIT_NAMES."`
	Decoded      Size `yaml:"decoded" min:"64KiB" max:"2GiB" doc:"Bytes of all parts together that are decoded; MIME_LIMIT_DECODED."`
	Readings     int  `yaml:"readings" min:"1" max:"100" doc:"Ways in which an ambiguous message is read; MIME_LIMIT_READINGS."`
	Findings     int  `yaml:"findings" min:"10" max:"10000" doc:"Findings about the structure that are kept; MIME_LIMIT_FINDINGS."`
	Text         Size `yaml:"text" min:"16KiB" max:"1GiB" doc:"Bytes of text parts that are read; MIME_LIMIT_TEXT."`
	TextKept     Size `yaml:"text_kept" min:"16KiB" max:"1GiB" doc:"Bytes that are kept of each kind of text: plain, HTML, hidden, attached; MIME_LIMIT_TEXT."`
	Links        int  `yaml:"links" min:"10" max:"1000000" doc:"Links, forms and images of the HTML, each; MIME_LIMIT_LINKS."`
	URLs         int  `yaml:"urls" min:"10" max:"1000000" doc:"Different web addresses; MIME_LIMIT_URLS."`
	Images       int  `yaml:"images" min:"0" max:"1000" doc:"Images that are searched for QR codes, small ones and those of one colour aside; MIME_LIMIT_IMAGES."`
	ImageBytes   Size `yaml:"image_bytes" min:"1KiB" max:"1GiB" doc:"Bytes of such an image; MIME_LIMIT_IMAGES."`
	ImageSide    int  `yaml:"image_side" min:"100" max:"50000" doc:"Pixels of the longer side of such an image; MIME_LIMIT_IMAGES."`
	ImageMemory  Size `yaml:"image_memory" min:"4KiB" max:"1GiB" doc:"Bytes that the pixels of all such images take together; MIME_LIMIT_IMAGES."`
	ImagePixels  int  `yaml:"image_pixels" min:"10000" max:"1000000000" doc:"Pixels of all such images together that are searched, after large ones were made smaller; MIME_LIMIT_IMAGES."`
}

// Log is the log on standard error.
type Log struct {
	Level  string `yaml:"level" oneof:"debug,info,warn,error" doc:"Least level that is written."`
	Format string `yaml:"format" oneof:"text,json" doc:"Form of the lines."`
}

// Default is the configuration of somebody who wrote nothing, without filters,
// which come from the sections. Each call gives a new value.
func Default() *Config {
	return &Config{
		Mode:      "enforce",
		Listeners: []Listener{{Name: "inbound", Milter: "tcp:127.0.0.1:8890", Profile: "inbound"}},
		Admin:     Admin{Listen: "127.0.0.1:8891"},
		State: State{
			Dir:       "/var/lib/postern",
			Retention: Retention{Age: 30 * 24 * time.Hour, Records: 1_000_000, Hours: 400 * 24 * time.Hour},
		},
		Redis: Redis{Prefix: "postern:", Timeout: 250 * time.Millisecond, Waiting: 200_000},
		DNS:   DNS{Timeout: 2 * time.Second},
		Networks: Networks{
			Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		},
		Scoring:   Scoring{Thresholds: Thresholds{Greylist: 4, Mark: 6, Quarantine: 10, Reject: 15}},
		DMARC:     DMARC{OnReject: "quarantine", OnQuarantine: "mark"},
		Filters:   Filters{},
		RuleFiles: RuleFiles{Dir: "/etc/postern/rules.d", Defaults: true},
		Lists:     Lists{},
		Learning:  Learning{Remember: 64 << 20, Reports: Reports{Then: "discard"}, Auto: AutoLearning{Spam: 12, Ham: -1}},
		Headers:   Headers{SpamHeaders: true},
		Limits: Limits{
			MessageSize:  128 << 20,
			HeaderFields: 10000,
			Memory:       256 << 20,
			Connections:  4096,
			Filter:       5 * time.Second,
			Early:        10 * time.Second,
			Total:        30 * time.Second,
			Drain:        30 * time.Second,
		},
		Reading: Reading{
			Body:         16 << 20,
			Depth:        50,
			Parts:        1000,
			HeaderBytes:  64 << 10,
			HeaderFields: 200,
			Parameters:   64,
			Names:        16,
			Decoded:      64 << 20,
			Readings:     15,
			Findings:     100,
			Text:         4 << 20,
			TextKept:     1 << 20,
			Links:        5000,
			URLs:         1000,
			Images:       30,
			ImageBytes:   4 << 20,
			ImageSide:    8000,
			ImageMemory:  32 << 20,
			ImagePixels:  4 << 20,
		},
		Log: Log{Level: "info", Format: "text"},
	}
}
