package milter

import (
	"encoding/binary"
	"slices"

	gm "github.com/emersion/go-milter"

	"github.com/postern-mail/postern/mail"
)

// The highest protocol version spoken here, and the lowest that has been in use since Sendmail 8.12.
const (
	maxVersion = 6
	minVersion = 2
)

// terms are what MTA and filter agreed on.
type terms struct {
	version  uint32
	actions  gm.OptAction
	protocol gm.OptProtocol
}

// actionNames are the changes we may ask for.
var actionNames = []struct {
	action gm.OptAction
	name   string
}{
	{gm.OptAddHeader, "add header"},
	{gm.OptChangeHeader, "change header"},
	{gm.OptQuarantine, "quarantine"},
}

// quiet are the stages at which no reply is sent unless the Handler answers there.
var quiet = []struct {
	stage mail.Stage
	flag  gm.OptProtocol
}{
	{mail.StageConnect, gm.OptNoConnReply},
	{mail.StageHelo, gm.OptNoHeloReply},
	{mail.StageMail, gm.OptNoMailReply},
	{mail.StageRcpt, gm.OptNoRcptReply},
}

// negotiate answers an OPTNEG packet: never more than the MTA offers.
// "No reply to DATA" is not asked for: go-milter replies all the same.
func negotiate(offer []byte, answers []mail.Stage) (terms, error) {
	if len(offer) < 12 {
		return terms{}, violation("option negotiation is too short")
	}
	t := terms{
		version:  min(maxVersion, binary.BigEndian.Uint32(offer)),
		actions:  gm.OptSetSymList,
		protocol: gm.OptNoUnknown | gm.OptNoData | gm.OptNoHeaderReply | gm.OptNoEOHReply | gm.OptNoBodyReply | gm.OptHeaderLeadingSpace,
	}
	if t.version < minVersion {
		return terms{}, violation("protocol version is too old")
	}
	for _, a := range actionNames {
		t.actions |= a.action
	}
	for _, q := range quiet {
		if !slices.Contains(answers, q.stage) {
			t.protocol |= q.flag
		}
	}
	t.actions &= gm.OptAction(binary.BigEndian.Uint32(offer[4:]))
	t.protocol &= gm.OptProtocol(binary.BigEndian.Uint32(offer[8:]))
	return t, nil
}

// append writes the answer as a packet.
func (t terms) append(b []byte) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0, cmdOptNeg)
	b = binary.BigEndian.AppendUint32(b, t.version)
	b = binary.BigEndian.AppendUint32(b, uint32(t.actions))
	b = binary.BigEndian.AppendUint32(b, uint32(t.protocol))
	if t.actions&gm.OptSetSymList != 0 {
		for _, w := range wanted {
			b = binary.BigEndian.AppendUint32(b, uint32(w.stage))
			b = append(append(b, w.macros...), 0)
		}
	}
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start-4))
	return b
}

// silent tells whether the MTA waits for no reply at the stage.
func (t terms) silent(stage mail.Stage) bool {
	for _, q := range quiet {
		if q.stage == stage {
			return t.protocol&q.flag != 0
		}
	}
	return false
}
