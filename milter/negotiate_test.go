package milter

import (
	"testing"

	gm "github.com/emersion/go-milter"
	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/miltertest"
	"github.com/postern-mail/postern/mail"
)

func TestNegotiationIsWithinTheOffer(t *testing.T) {
	const always = gm.OptNoUnknown | gm.OptNoData | gm.OptNoHeaderReply | gm.OptNoEOHReply | gm.OptNoBodyReply | gm.OptHeaderLeadingSpace
	const edits = gm.OptAddHeader | gm.OptChangeHeader | gm.OptQuarantine
	for _, tt := range []struct {
		name                       string
		version, actions, protocol uint32
		answers                    []mail.Stage
		wantVersion                uint32
		wantActions                gm.OptAction
		wantProtocol               gm.OptProtocol
	}{
		{"Postfix, and a handler that never answers early", 6, 0x1ff, 0x1fffff, nil, 6, edits | gm.OptSetSymList,
			always | gm.OptNoConnReply | gm.OptNoHeloReply | gm.OptNoMailReply | gm.OptNoRcptReply},
		{"a handler that answers to recipients", 6, 0x1ff, 0x1fffff, []mail.Stage{mail.StageRcpt}, 6, edits | gm.OptSetSymList,
			always | gm.OptNoConnReply | gm.OptNoHeloReply | gm.OptNoMailReply},
		{"a handler that answers everywhere", 6, 0x1ff, 0x1fffff, allStages, 6, edits | gm.OptSetSymList, always},
		{"a newer MTA", 7, 0xffffffff, 0xffffffff, allStages, 6, edits | gm.OptSetSymList, always},
		{"an old MTA", 2, 0x3f, 0x7f, nil, 2, edits, 0},
		{"an MTA that offers nothing", 6, 0, 0, nil, 6, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := miltertest.Dial(t, serve(t, Config{}, &script{answers: tt.answers}).Addr())
			p := c.Negotiate(tt.version, tt.actions, tt.protocol)
			got := []uint32{c.Version, c.Actions, c.Protocol}
			if d := cmp.Diff([]uint32{tt.wantVersion, uint32(tt.wantActions), uint32(tt.wantProtocol)}, got); d != "" {
				t.Error(d)
			}
			lists := "\x00\x00\x00\x00j {daemon_name} {client_name} {client_addr} {client_ptr}\x00" +
				"\x00\x00\x00\x01{tls_version} {cipher}\x00\x00\x00\x00\x02i {auth_authen}\x00\x00\x00\x00\x05i\x00\x00\x00\x00\x06i\x00"
			if tt.wantActions&gm.OptSetSymList == 0 {
				lists = ""
			}
			if d := cmp.Diff(lists, p.Data[12:]); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestEachCommandIsAnsweredWhereTheMTAWaits(t *testing.T) {
	c := miltertest.Dial(t, serve(t, Config{}, &script{}).Addr())
	c.Negotiate(6, miltertest.Actions, 0)
	c.Connect("x", '4', 1, "192.0.2.1")
	c.Helo("x")
	c.Send('U', "WIZ\x00")
	if p := c.Reply(); p.Code != 'c' {
		t.Errorf("unknown command: %q", p)
	}
	c.Mail("<>")
	c.Rcpt("<b@example.net>")
	c.Send('T', "")
	if p := c.Reply(); p.Code != 'c' {
		t.Errorf("data: %q", p)
	}
	for _, p := range []miltertest.Packet{c.Header("A", "b"), c.EndHeader()} {
		if p.Code != 'c' {
			t.Errorf("header: %q", p)
		}
	}
	c.Body("one")
	c.Body("two")
	if r := c.End(""); r.Final.Code != 'c' {
		t.Errorf("end: %+v", r)
	}
}
