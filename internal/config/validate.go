package config

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// what the keys of a map are
const (
	keysSymbol = "symbol"
	keysGroup  = "group"
)

// validator checks what no single value shows.
type validator struct {
	cfg      *Config
	faults   Faults
	warnings Faults
}

func (v *validator) run() {
	v.secrets()
	v.listeners()
	v.admin()
	v.scoring()
	v.policies()
	v.limits()
	v.filters()
}

// at finds where a path was given: itself, or the nearest section above it.
func (v *validator) at(paths ...string) Origin {
	for _, p := range paths {
		if o, ok := v.cfg.meta.origins[p]; ok {
			return o
		}
	}
	return Origin{}
}

func (v *validator) fault(at Origin, key, remedy, format string, args ...any) {
	v.faults = append(v.faults, Fault{Origin: at, Key: key, Message: fmt.Sprintf(format, args...), Remedy: remedy})
}

func (v *validator) warn(at Origin, key, remedy, format string, args ...any) {
	v.warnings = append(v.warnings, Fault{Origin: at, Key: key, Message: fmt.Sprintf(format, args...), Remedy: remedy})
}

func (v *validator) listeners() {
	if len(v.cfg.Listeners) == 0 {
		v.warn(v.at("listeners"), "listeners", "add an entry with name and milter", "nothing listens: no mail will be seen")
	}
	names := map[string]int{}
	sockets := map[string]string{socketKey(v.cfg.Admin.Listen): "admin.listen"}
	for i, l := range v.cfg.Listeners {
		key := index("listeners", i)
		if first, dup := names[l.Name]; dup && l.Name != "" {
			v.fault(v.at(key+".name", key), key+".name", "", "%q is also the name of listeners[%d]", l.Name, first)
		}
		socket := socketKey(l.Milter)
		if first, dup := sockets[socket]; dup && socket != "" {
			v.fault(v.at(key+".milter", key), key+".milter", "", "%q is also the socket of %s", l.Milter, first)
		}
		names[l.Name], sockets[socket] = i, key
	}
}

// socketKey is the same for two notations of one socket. It is empty where
// there is nothing to clash: port 0 is any that is free.
func socketKey(text string) string {
	network, addr, err := ParseSocket(text)
	if err != nil || network == "tcp" && strings.HasSuffix(addr, ":0") {
		return ""
	}
	return network + ":" + addr
}

// admin insists on a token where others than this host can reach the endpoint.
func (v *validator) admin() {
	a := v.cfg.Admin
	if a.Listen != "" && !isLocal(a.Listen) && a.Token == "" && a.TokenFile == "" {
		v.fault(v.at("admin.listen", "admin"), "admin.listen", "set admin.token_file, or listen on loopback or a unix socket",
			"%q can be reached from elsewhere and there is no token", a.Listen)
	}
}

func (v *validator) scoring() {
	s := v.cfg.Scoring
	v.thresholds("scoring.thresholds", s.Thresholds)
	v.symbols("scoring", s.Scores, s.Actions, s.Early, s.Shadow)
	v.caps("scoring.caps", s.Caps)
}

// thresholds must ascend with the harshness of their actions; off is above all.
func (v *validator) thresholds(key string, t Thresholds) {
	steps := []struct {
		name   string
		points Points
	}{{"greylist", t.Greylist}, {"mark", t.Mark}, {"quarantine", t.Quarantine}, {"reject", t.Reject}}
	last := steps[0]
	for _, step := range steps[1:] {
		switch {
		case step.points.IsOff():
			continue
		case !last.points.IsOff() && step.points < last.points:
			v.fault(v.at(join(key, step.name), join(key, last.name), key), join(key, step.name), "greylist <= mark <= quarantine <= reject",
				"%s is below %s, which is %s", step.points, last.name, last.points)
		}
		last = step
	}
}

// symbols checks the names of symbols against what the filters can report.
func (v *validator) symbols(key string, scores map[string]float64, actions, early map[string]string, shadow []string) {
	known := v.known()
	if len(known) == 0 {
		return
	}
	check := func(path, name string) {
		if !isKnown(name, known) {
			v.fault(v.at(path), path, didYouMean(name, known), "no filter reports %q", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(scores)) {
		check(join(key+".scores", name), name)
	}
	for _, name := range slices.Sorted(maps.Keys(actions)) {
		check(join(key+".actions", name), name)
	}
	for _, name := range slices.Sorted(maps.Keys(early)) {
		check(join(key+".early", name), name)
	}
	for i, name := range shadow {
		check(index(key+".shadow", i), name)
	}
}

// known lists all symbols, with those that tell of an instance's failure.
func (v *validator) known() []string {
	var list []string
	for _, s := range v.cfg.symbols() {
		list = append(list, s.Name)
	}
	for name := range v.cfg.Filters {
		list = append(list, SymbolPrefix(name)+"_ERROR", SymbolPrefix(name)+"_TIMEOUT")
	}
	slices.Sort(list)
	return list
}

// symbols lists what Options named.
func (c *Config) symbols() []Symbol {
	list := slices.Clone(c.meta.opts.Symbols)
	for _, s := range c.meta.opts.Sections {
		list = append(list, s.Symbols...)
	}
	return list
}

func isKnown(name string, known []string) bool {
	return slices.ContainsFunc(known, func(k string) bool {
		ok, err := path.Match(k, name)
		return err == nil && ok
	})
}

// caps checks the names of groups.
func (v *validator) caps(key string, caps map[string]float64) {
	var groups []string
	for _, s := range v.cfg.symbols() {
		if s.Group != "" && !slices.Contains(groups, s.Group) {
			groups = append(groups, s.Group)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(caps)) {
		if p := join(key, name); len(groups) > 0 && !slices.Contains(groups, name) {
			v.fault(v.at(p), p, didYouMean(name, groups), "no symbol is in the group %q", name)
		}
	}
}

func (v *validator) policies() {
	names := map[string]int{}
	for i := range v.cfg.Policies {
		p, key := &v.cfg.Policies[i], index("policies", i)
		if first, dup := names[p.Name]; dup && p.Name != "" {
			v.fault(v.at(key+".name", key), key+".name", "", "%q is also the name of policies[%d]", p.Name, first)
		}
		names[p.Name] = i
		v.matchListeners(p.Match.Listeners, key+".match.listeners")
		if p.Match.isEmpty() && i < len(v.cfg.Policies)-1 {
			v.warn(v.at(key), key+".match", "give it a match, or put it last", "matches all mail: the policies after it never hold")
		}
		if p.Thresholds != (ThresholdChanges{}) {
			v.thresholds(key+".thresholds", v.cfg.Under(p).Scoring.Thresholds)
		}
		v.symbols(key, p.Scores, p.Actions, p.Early, p.Shadow)
		v.caps(key+".caps", p.Caps)
	}
}

func (v *validator) matchListeners(given []string, key string) {
	var known []string
	for _, l := range v.cfg.Listeners {
		known = append(known, l.Name)
	}
	for i, name := range given {
		if p := index(key, i); !slices.Contains(known, name) {
			v.fault(v.at(p, key), p, didYouMean(name, known), "no listener has the name %q", name)
		}
	}
}

func (m *Match) isEmpty() bool {
	return len(m.Listeners)+len(m.Clients)+len(m.Users)+len(m.SenderDomains)+len(m.RcptDomains) == 0
}

func (v *validator) limits() {
	l := v.cfg.Limits
	if l.Filter > l.Total {
		v.warn(v.at("limits.filter", "limits.total"), "limits.filter", "", "%s is more than limits.total, which ends every filter after %s",
			durationText(l.Filter), durationText(l.Total))
	}
}

// filters warns of a filter that somebody configured and nobody enabled.
func (v *validator) filters() {
	for _, name := range v.cfg.FilterNames() {
		key := join("filters", name)
		_, written := v.cfg.meta.origins[key]
		_, decided := v.cfg.meta.origins[join(key, keyEnabled)]
		if written && !decided && !v.cfg.Filters[name].Enabled {
			v.warn(v.at(key), key, "enabled: true or false says what is meant", "is configured but off, as this kind is unless enabled")
		}
	}
}
