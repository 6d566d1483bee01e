package milter

import (
	"bytes"

	gm "github.com/emersion/go-milter"
)

// wanted are the macros we read, and ask for where the MTA lets us choose (SMFIF_SETSYMLIST),
// by the stage at which they come. Postfix otherwise sends what its milter_*_macros say.
var wanted = []struct {
	stage  gm.Stage
	macros string
}{
	{gm.StageConnect, "j {daemon_name} {client_name} {client_addr} {client_ptr}"},
	{gm.StageHelo, "{tls_version} {cipher}"},
	{gm.StageMailFrom, "i {auth_authen}"},
	{gm.StageEOM, "i"},
	{gm.StageEOH, "i"},
}

// maxMacros bounds what is kept of the macros of one stage.
const maxMacros = 8 << 10

// macros holds what the MTA said beside its commands. As in libmilter there is
// one set for each stage: a packet replaces the set of its own stage only, the
// latest stage wins, and the sets of the message go with the message.
//
// A set is kept as it came and read when asked: Postfix sends one before each
// field of the header, and hardly any is ever looked at.
type macros struct {
	connect, helo, mail, later []byte // names and values, each ended by a NUL

	early bool // the macros of a MAIL came that has yet to come
}

// set takes a macro packet: the command that it goes with, then the set.
func (m *macros) set(data []byte) {
	if len(data) == 0 {
		return
	}
	set := m.stage(data[0])
	*set = append((*set)[:0], data[1:min(len(data), maxMacros)]...)
}

func (m *macros) stage(cmd byte) *[]byte {
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

// get returns the value of a macro from the latest stage that has it. The name is
// without braces.
func (m *macros) get(name string) string {
	for _, set := range [...][]byte{m.later, m.mail, m.helo, m.connect} {
		for len(set) > 0 {
			var n, value []byte
			n, set, _ = bytes.Cut(set, []byte{0})
			value, set, _ = bytes.Cut(set, []byte{0})
			n = bytes.TrimSuffix(bytes.TrimPrefix(n, []byte("{")), []byte("}"))
			if string(n) == name {
				return string(value)
			}
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
	m.mail, m.later, m.early = m.mail[:0], m.later[:0], false
}
