package mime

import (
	"slices"
	"strings"
)

// entity is what the header of a part says, in one reading.
type entity struct {
	typ         string
	types       []string // one per Content-Type field
	params      []Param
	encoding    string
	encodingOdd bool
	disposition string
	names       []string
	location    string
	id          string
	boundaries  []string // the one to use first
}

// readEntity reads the Content-* fields of a header the way the reading does
// and notes in amb about what readers differ.
func (s *scanner) readEntity(fields []Field, fallback, path string) entity {
	e := entity{typ: fallback}
	var types, encodings []string
	var values, dispositions [][]Param
	var shown []string // the word of each Content-Disposition
	content := 0
	for _, f := range fields {
		if !isContent([]byte(f.Name)) {
			continue
		}
		if content++; content > s.t.limits.HeaderFields {
			s.t.limit("HEADER", s.t.limits.HeaderFields)
			break
		}
		if len(f.Value) > s.t.limits.HeaderBytes {
			s.t.limit("HEADER", s.t.limits.HeaderBytes)
			break
		}
		switch strings.ToLower(strings.TrimRight(f.Name, " \t")) {
		case "content-type":
			base, params := s.parse(f.Value)
			types, values = append(types, base), append(values, params)
		case "content-transfer-encoding":
			name, odd := cleanEncoding(f.Value)
			encodings = append(encodings, name)
			e.encodingOdd = e.encodingOdd || odd
		case "content-disposition":
			base, params := s.parse(f.Value)
			shown, dispositions = append(shown, base), append(dispositions, params)
			s.addNames(&e, params)
		case "content-location":
			e.location = f.Value
		case "content-id":
			e.id = strings.Trim(strings.TrimSpace(unfold(f.Value)), "<>")
		}
	}
	for _, params := range values {
		s.addNames(&e, params)
	}
	s.chooseDisposition(&e, shown, dispositions, path)
	e.types = types
	s.chooseType(&e, types, values, path)
	if len(encodings) > 0 {
		e.encoding = encodings[s.r.pick(len(encodings))]
		if slices.ContainsFunc(encodings, func(o string) bool { return o != encodings[0] }) {
			s.amb |= ambFields
			s.t.find("MIME_MULTIPLE_ENCODINGS", path+" "+strings.Join(encodings, ", "))
		}
	}
	return e
}

// parse reads a field's parameters, as many as the limit allows.
func (s *scanner) parse(v string) (string, []Param) {
	base, params, cut := parseValue(v, s.t.limits.Params)
	if cut {
		s.t.limit("NAMES", s.t.limits.Params)
	}
	return base, params
}

// chooseDisposition picks the Content-Disposition (RFC 2183) of the reading
// among those there are.
func (s *scanner) chooseDisposition(e *entity, shown []string, params [][]Param, path string) {
	if len(shown) == 0 {
		return
	}
	i := s.r.pick(len(shown))
	e.disposition = shown[i]
	name := func(list []Param) string {
		for _, p := range list {
			if p.Name == "filename" {
				return p.Value
			}
		}
		return ""
	}
	for j := range shown {
		if shown[j] != shown[0] || name(params[j]) != name(params[0]) {
			s.amb |= ambFields
			s.t.find("MIME_MULTIPLE_DISPOSITIONS", path+" "+strings.Join(shown, ", "))
			break
		}
	}
	s.checkParams(slices.DeleteFunc(slices.Clone(params[i]), func(p Param) bool { return p.Name != "filename" && p.Name != "name" }), path)
}

// chooseType picks the Content-Type of the reading among those there are, and
// within it the boundary.
func (s *scanner) chooseType(e *entity, types []string, values [][]Param, path string) {
	if len(types) == 0 {
		return
	}
	if len(types) > 1 {
		s.amb |= ambFields
		if len(types) > 2 {
			s.amb |= ambMany
		}
		s.t.find("MIME_MULTIPLE_TYPES", path+" "+strings.Join(types, ", "))
	}
	i := s.r.pick(len(types))
	if main, sub, ok := strings.Cut(types[i], "/"); ok && main != "" && sub != "" && !strings.ContainsAny(types[i], "<>\"\\@,=") {
		e.typ = types[i]
	} else {
		s.t.find("MIME_TYPE_ODD", path+" "+types[i])
	}
	e.params = values[i]
	e.boundaries = s.boundaries(values[i], path)
	if s.r.all {
		for j, v := range values {
			if j != i {
				e.boundaries = append(e.boundaries, s.boundaries(v, path)...)
			}
		}
	}
	s.checkParams(values[i], path)
}

// checkParams notes parameters that are given twice in the same form: a plain
// one beside one of RFC 2231 is for readers that know no better.
func (s *scanner) checkParams(params []Param, path string) {
	type form struct {
		name    string
		encoded bool
	}
	first := make(map[form]string, len(params))
	for _, p := range params {
		f := form{p.Name, p.encoded}
		v, given := first[f]
		if !given {
			first[f] = p.Value
		}
		if p.repeated || given && v != p.Value {
			s.t.find("MIME_PARAM_DUPLICATE", path+" "+p.Name)
		}
	}
}

// boundaries lists the boundaries that a Content-Type gives, the one that the
// reading uses first; the others only where it uses all.
func (s *scanner) boundaries(params []Param, path string) []string {
	var all []string
	add := func(b string) {
		if t := strings.TrimRight(b, " \t"); t != "" && !slices.Contains(all, t) && len(all) < maxBoundaries {
			all = append(all, t)
		}
	}
	for _, p := range params {
		if p.Name != "boundary" {
			continue
		}
		add(p.Value)
		for _, o := range p.Others {
			add(o)
		}
		if len(p.Value) > 70 || strings.TrimRight(p.Value, " \t") != p.Value || strings.TrimLeft(p.Value, " \t") != p.Value {
			s.t.find("MIME_BOUNDARY_ODD", path+" "+p.Value) // RFC 2046 section 5.1.1
		}
	}
	if len(all) > 1 {
		s.amb |= ambParams
		s.t.find("MIME_BOUNDARY_DUPLICATE", path+" "+strings.Join(all, ", "))
	}
	if s.r.all || len(all) == 0 {
		return all
	}
	i := 0
	if s.r.param < 0 {
		i = len(all) - 1
	}
	return all[i : i+1]
}

const maxBoundaries = 8

// maxName bounds a file name, in bytes.
const maxName = 512

// addNames collects what readers may show as the file's name.
func (s *scanner) addNames(e *entity, params []Param) {
	for _, p := range params {
		if p.Name != "filename" && p.Name != "name" {
			continue
		}
		s.addName(e, p.Value)
		for _, n := range p.Others {
			s.addName(e, n)
		}
	}
}

// clip bounds a name. Of a longer one both ends stay: what a file is opened
// with stands at the end.
func (t *Tree) clip(n string) string {
	if len(n) > maxName {
		t.limit("NAMES", maxName)
		n = n[:maxName/2] + n[len(n)-maxName/2:]
	}
	return strings.ToValidUTF8(strings.TrimSpace(n), "\uFFFD")
}

func (s *scanner) addName(e *entity, n string) {
	n = s.t.clip(n)
	if n == "" || slices.Contains(e.names, n) {
		return
	}
	if len(e.names) >= s.t.limits.Names {
		s.t.limit("NAMES", s.t.limits.Names)
		return
	}
	e.names = append(e.names, n)
}

// locationName is the file name at the end of a Content-Location (RFC 2557
// section 4.2), "" where it leads to no file.
func locationName(v string) string {
	v = strings.TrimSpace(unfold(v))
	if i := strings.IndexAny(v, "?#"); i >= 0 {
		v = v[:i]
	}
	if _, path, ok := strings.Cut(v, "://"); ok {
		_, v, _ = strings.Cut(path, "/")
	}
	return string(unpercent(v[strings.LastIndexAny(v, "/\\:")+1:]))
}

// cleanEncoding reduces a Content-Transfer-Encoding to its name; odd says that
// strict readers would not know it as it stands.
func cleanEncoding(v string) (name string, odd bool) {
	whole := strings.ToLower(strings.TrimSpace(unfold(v)))
	name = strings.TrimSpace(stripComments(whole))
	if i := strings.IndexAny(name, "; \t,"); i >= 0 {
		name = name[:i]
		odd = true
	}
	if q := strings.Trim(name, `"'<>`); q != name {
		name, odd = q, true
	}
	return strings.ToValidUTF8(name[:min(len(name), 40)], "?"), odd
}
