package world

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/postern-mail/postern/internal/dnstest"
)

// Keys sign the world's good mail. They are made anew for each world.
type Keys struct {
	rsa     *rsa.PrivateKey
	ed25519 ed25519.PrivateKey
}

// NewKeys makes the keys.
func NewKeys() (*Keys, error) {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	_, e, err := ed25519.GenerateKey(rand.Reader)
	return &Keys{r, e}, err
}

// The algorithms, which are their selectors' names too.
const (
	RSA     = "rsa"
	Ed25519 = "ed25519"
)

// Sign signs a message for a domain with one of the algorithms.
func (k *Keys) Sign(message []byte, domain, algorithm string) ([]byte, error) {
	signer := crypto.Signer(k.rsa)
	if algorithm == Ed25519 {
		signer = k.ed25519
	}
	var out bytes.Buffer
	err := dkim.Sign(&out, bytes.NewReader(message), &dkim.SignOptions{
		Domain: domain, Selector: algorithm, Signer: signer,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		HeaderKeys: []string{"From", "From", "To", "Subject", "Date", "Message-ID"},
	})
	return out.Bytes(), err
}

func (k *Keys) records() map[string]dnstest.Node {
	der, err := x509.MarshalPKIXPublicKey(k.rsa.Public())
	if err != nil {
		panic(err) // an RSA key can always be written
	}
	b64 := base64.StdEncoding.EncodeToString
	return map[string]dnstest.Node{
		RSA:     {TXT: []string{"v=DKIM1; k=rsa; p=" + b64(der)}},
		Ed25519: {TXT: []string{"v=DKIM1; k=ed25519; p=" + b64(k.ed25519.Public().(ed25519.PublicKey))}},
	}
}

// Zone is the world's DNS.
//
//	good.example   signs, has SPF for 192.0.2.10 and 2001:db8:1::/64, asks to reject forgeries
//	news.example   signs, has SPF, asks for nothing
//	plain.example  has SPF only
//	bank.example   sends from 192.0.2.20 only, asks to reject forgeries
//	shop.example   the same, asks to quarantine them
func (k *Keys) Zone() dnstest.Zone {
	txt := func(s string) dnstest.Node { return dnstest.Node{TXT: []string{s}} }
	z := dnstest.Zone{
		"good.example":          txt("v=spf1 ip4:192.0.2.10 ip6:2001:db8:1::/64 -all"),
		"_dmarc.good.example":   txt("v=DMARC1; p=reject"),
		"mail.good.example":     {A: []string{"192.0.2.10"}, AAAA: []string{"2001:db8:1::25"}, TXT: []string{"v=spf1 a -all"}},
		"news.example":          txt("v=spf1 ip4:192.0.2.30 -all"),
		"_dmarc.news.example":   txt("v=DMARC1; p=none"),
		"plain.example":         txt("v=spf1 ip4:192.0.2.40 -all"),
		"bank.example":          txt("v=spf1 ip4:192.0.2.20 -all"),
		"_dmarc.bank.example":   txt("v=DMARC1; p=reject"),
		"shop.example":          txt("v=spf1 ip4:192.0.2.20 -all"),
		"_dmarc.shop.example":   txt("v=DMARC1; p=quarantine"),
		"here.example":          {MX: []dnstest.MX{{Pref: 10, Host: Hostname}}},
		Hostname:                {A: []string{"192.0.2.1"}},
		"mail.attacker.example": {A: []string{"198.51.100.66"}},
	}
	// The DNS lists that are on by default, with nothing in them but their test points
	// (RFC 5782 section 5), and a name for the good client.
	for _, list := range []string{"bl.spamcop.net", "psbl.surriel.com"} {
		z["2.0.0.127."+list] = dnstest.Node{A: []string{"127.0.0.2"}}
	}
	z["2.0.0.127.list.dnswl.org"] = dnstest.Node{A: []string{"127.0.10.0"}}
	z["10.2.0.192.in-addr.arpa"] = dnstest.Node{PTR: []string{"mail.good.example"}}
	for _, domain := range []string{"good.example", "news.example"} {
		for selector, node := range k.records() {
			z[fmt.Sprintf("%s._domainkey.%s", selector, domain)] = node
		}
	}
	return z
}
