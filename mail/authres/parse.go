package authres

import (
	"errors"
	"fmt"
	"strings"
)

// Field is one Authentication-Results field (RFC 8601 section 2.2).
type Field struct {
	ID      string   // the authserv-id as written, without quotes
	Version int      // 1 where it is written, 0 where not
	Results []Result // empty for "none"
}

// Why a field is not one.
var (
	errLong    = errors.New("authres: field is too long")
	errComment = errors.New("authres: comment does not end")
	errQuote   = errors.New("authres: quoted string does not end")
	errID      = errors.New("authres: no authserv-id")
	errMany    = errors.New("authres: too many results or properties")
	errEmpty   = errors.New("authres: no result")
)

// Parse reads the value of one Authentication-Results field. Comments are
// dropped, quotes removed, methods, results and property names made lower
// case. An error says that the field does not follow the grammar; such a field
// tells nothing. The time is linear in len(value).
//
// More lenient than the grammar: a semicolon at the end, results with an
// underscore, unquoted property values, and words without a property type
// ("action=none"), which are left out.
func Parse(value string) (Field, error) {
	if len(value) > maxValue {
		return Field{}, errLong
	}
	l := &lexer{s: value}
	f, err := l.head()
	if err != nil {
		return Field{}, err
	}
	for l.take(';') {
		if err := l.skip(); err != nil {
			return Field{}, err
		}
		if l.done() && len(f.Results) > 0 {
			break
		}
		r, none, err := l.result()
		switch {
		case err != nil:
			return Field{}, err
		case none && len(f.Results) == 0 && l.done():
			return f, nil
		case none:
			return Field{}, errEmpty
		case len(f.Results) == maxResults:
			return Field{}, errMany
		}
		f.Results = append(f.Results, r)
	}
	if !l.done() {
		return Field{}, l.unexpected()
	}
	if len(f.Results) == 0 {
		return Field{}, errEmpty
	}
	return f, nil
}

// head reads the authserv-id and the version.
func (l *lexer) head() (Field, error) {
	var f Field
	var err error
	if err = l.skip(); err != nil {
		return f, err
	}
	if f.ID, err = l.value(); err != nil {
		return f, err
	}
	if f.ID == "" {
		return f, errID
	}
	if err = l.skip(); err != nil {
		return f, err
	}
	if v := l.run(isKeyword); v != "" {
		if v != "1" {
			return f, fmt.Errorf("authres: version %q", v)
		}
		f.Version = 1
	}
	return f, l.skip()
}

// result reads one result with its reason and properties, up to the semicolon
// or the end; or the word "none", which says that there is no result.
func (l *lexer) result() (r Result, none bool, err error) {
	if r.Method = strings.ToLower(l.run(isKeyword)); r.Method == "" {
		return r, false, l.unexpected()
	}
	if err := l.skip(); err != nil {
		return r, false, err
	}
	if r.Method == "none" && l.done() {
		return r, true, nil
	}
	if l.take('/') {
		if err := l.version(); err != nil {
			return r, false, err
		}
	}
	if err := l.equals(); err != nil {
		return r, false, err
	}
	if r.Value = strings.ToLower(l.run(isKeyword)); r.Value == "" {
		return r, false, l.unexpected()
	}
	return r, false, l.details(&r)
}

// version reads the version of a method. All versions known are 1.
func (l *lexer) version() error {
	if err := l.skip(); err != nil {
		return err
	}
	if v := l.run(isKeyword); v != "1" {
		return fmt.Errorf("authres: method version %q", v)
	}
	return l.skip()
}

// details reads reason and properties.
func (l *lexer) details(r *Result) error {
	for {
		if err := l.skip(); err != nil {
			return err
		}
		if l.done() || l.peek() == ';' {
			return nil
		}
		if len(r.Props) == maxProps {
			return errMany
		}
		if err := l.detail(r); err != nil {
			return err
		}
	}
}

// detail reads one "reason=value" or "ptype.property=pvalue".
func (l *lexer) detail(r *Result) error {
	first, err := l.name()
	if err != nil {
		return err
	}
	second := ""
	typed := l.take('.')
	if typed {
		if err := l.skip(); err != nil {
			return err
		}
		if second, err = l.name(); err != nil {
			return err
		}
	}
	if err := l.equals(); err != nil {
		return err
	}
	value, err := l.pvalue()
	switch {
	case err != nil:
		return err
	case typed:
		r.Props = append(r.Props, Prop{first, second, value})
	case first == "reason" && r.Reason == "":
		r.Reason = value
	}
	return nil
}

// name reads a keyword and the white space after it.
func (l *lexer) name() (string, error) {
	name := strings.ToLower(l.run(isKeyword))
	if name == "" {
		return "", l.unexpected()
	}
	return name, l.skip()
}

// equals reads an equals sign with white space and comments around it.
func (l *lexer) equals() error {
	if err := l.skip(); err != nil {
		return err
	}
	if !l.take('=') {
		return l.unexpected()
	}
	return l.skip()
}

// unexpected is the error for what stands where nothing of its kind may stand.
func (l *lexer) unexpected() error {
	if l.done() {
		return errors.New("authres: field ends too early")
	}
	return fmt.Errorf("authres: unexpected %q at byte %d", l.s[l.pos], l.pos)
}
