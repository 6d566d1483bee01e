package milter

import (
	"bytes"
	"strings"

	gm "github.com/emersion/go-milter"
)

// wanted are the macros we read, and ask for where the MTA lets us choose (SMFIF_SETSYMLIST),
// by the stage at which they come. Postfix otherwise sends what its milter_*_macros say.
var wanted = []struct {
	stage  gm.Stage
	cmd    byte
	macros string
}{
	{gm.StageConnect, cmdConnect, "j {daemon_name} {client_name} {client_addr} {client_ptr}"},
	{gm.StageHelo, cmdHelo, "{tls_version} {cipher}"},
	{gm.StageMailFrom, cmdMail, "i {auth_authen}"},
	{gm.StageEOM, cmdEOM, "i"},
	{gm.StageEOH, cmdEOH, "i"},
}

// known are the names kept, without braces. Others are passed over, so that a
// session holds a bounded number.
var known = func() map[string]bool {
	k := make(map[string]bool)
	for _, w := range wanted {
		for name := range strings.FieldsSeq(w.macros) {
			k[strings.Trim(name, "{}")] = true
		}
	}
	return k
}()

// maxMacro bounds the value of one macro.
const maxMacro = 1024

// macros holds what the MTA said beside its commands. As in libmilter there is
// one set for each stage: a packet replaces the set of its own stage only, the
// latest stage wins, and the sets of the message go with the message.
type macros struct {
	connect, helo, mail, later map[string]string

	early bool // the macros of a MAIL came that has yet to come
}

// set takes a macro packet: the command that it goes with, then names and
// values, each ended by a NUL.
func (m *macros) set(data []byte) {
	if len(data) == 0 {
		return
	}
	set := m.stage(data[0])
	clear(*set)
	for rest := data[1:]; len(rest) > 0; {
		var name, value []byte
		name, rest, _ = bytes.Cut(rest, []byte{0})
		value, rest, _ = bytes.Cut(rest, []byte{0})
		name = bytes.TrimSuffix(bytes.TrimPrefix(name, []byte("{")), []byte("}"))
		if !known[string(name)] || len(value) > maxMacro || (*set)[string(name)] == string(value) {
			continue
		}
		if *set == nil {
			*set = make(map[string]string, 4)
		}
		(*set)[string(name)] = string(value)
	}
}

func (m *macros) stage(cmd byte) *map[string]string {
	switch cmd {
	case cmdConnect:
		return &m.connect
	case cmdHelo:
		return &m.helo
	case cmdMail:
		m.reset()
		m.early = true
		return &m.mail
	}
	return &m.later
}

// get returns the value from the latest stage that has the macro.
func (m *macros) get(name string) string {
	for _, set := range [...]map[string]string{m.later, m.mail, m.helo, m.connect} {
		if v, ok := set[name]; ok {
			return v
		}
	}
	return ""
}

// settle is called at MAIL: macros that did not come for it are of a message
// before it.
func (m *macros) settle() {
	if !m.early {
		m.reset()
	}
	m.early = false
}

// reset drops what belongs to the message.
func (m *macros) reset() {
	m.early = false
	clear(m.mail)
	clear(m.later)
}
