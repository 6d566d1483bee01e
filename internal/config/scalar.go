package config

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// problem is why a text is no value of its key.
type problem struct{ message, remedy string }

func problemf(remedy, format string, args ...any) *problem {
	return &problem{fmt.Sprintf(format, args...), remedy}
}

// scalar decodes a node that is neither map nor list.
func (d *decoder) scalar(n *node, v reflect.Value, path string, f field) {
	if n.kind == kindMap || n.kind == kindList {
		d.fault(n, path, fmt.Sprintf("must be %s, is %s", typeName(v.Type(), f), kindNames[n.kind]), "")
		return
	}
	elem := reflect.New(v.Type()).Elem()
	p := wrongKind(n, elem)
	if p == nil {
		p = set(elem, n.text)
	}
	if p == nil {
		p = allowed(elem, n.text, f)
	}
	if p != nil {
		d.fault(n, path, p.message, p.remedy)
		return
	}
	v.Set(elem)
}

// wrongKind refuses a text where a number is due and the other way round. The
// environment and flags know only texts, so there it is the key that decides.
func wrongKind(n *node, v reflect.Value) *problem {
	if n.kind == kindLoose {
		return nil
	}
	shown := strconv.Quote(n.text)
	if v.Type() == typeSecret {
		shown = kindNames[n.kind]
	}
	isString := v.Kind() == reflect.String && !reflect.PointerTo(v.Type()).Implements(typeText)
	switch {
	case v.Kind() == reflect.Bool && n.kind != kindBool:
		return problemf("", "must be true or false, is %s", shown)
	case isString && (n.kind == kindNumber || n.kind == kindBool):
		return problemf("put it in quotes", "must be a text, is %s", shown)
	case v.Type() == typeDuration && n.kind == kindNumber && n.text != "0":
		return problemf("a unit, as in "+n.text+"s", "a duration needs a unit, is %s", shown)
	case v.Type() == typeSize && n.kind == kindNumber && n.text != "0":
		return problemf("a unit, as in "+n.text+"MB", "a size needs a unit, is %s", shown)
	}
	return nil
}

// set reads text as a value of v's type.
func set(v reflect.Value, text string) *problem {
	switch {
	case v.Type() == typeDuration:
		return setWith(v, text, parseDuration)
	case v.Type() == typePrefix:
		return setPrefix(v, text)
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			return problemf("", "%s", printable(err.Error()))
		}
		return nil
	}
	return setPlain(v, text)
}

func setPlain(v reflect.Value, text string) *problem {
	digits := strings.ReplaceAll(text, "_", "")
	switch k := v.Kind(); {
	case k == reflect.String:
		v.SetString(text)
	case k == reflect.Bool:
		if text != "true" && text != "false" {
			return problemf("", "must be true or false, is %q", text)
		}
		v.SetBool(text == "true")
	case v.CanInt():
		n, err := strconv.ParseInt(digits, 10, v.Type().Bits())
		if err != nil {
			return problemf("", "must be a whole number, is %q", text)
		}
		v.SetInt(n)
	case v.CanUint():
		n, err := strconv.ParseUint(digits, 10, v.Type().Bits())
		if err != nil {
			return problemf("", "must be a whole number from 0 on, is %q", text)
		}
		v.SetUint(n)
	case v.CanFloat():
		x, err := strconv.ParseFloat(digits, v.Type().Bits())
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return problemf("", "must be a number, is %q", text)
		}
		v.SetFloat(x)
	default:
		return problemf("", "a %s cannot be configured", v.Type())
	}
	return nil
}

func setWith[T any](v reflect.Value, text string, parse func(string) (T, error)) *problem {
	x, err := parse(text)
	if err != nil {
		return problemf("", "%s", printable(err.Error()))
	}
	v.Set(reflect.ValueOf(x))
	return nil
}

// setPrefix reads a network; an address alone is a network of one.
func setPrefix(v reflect.Value, text string) *problem {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		v.Set(reflect.ValueOf(netip.PrefixFrom(a, a.BitLen())))
		return nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return problemf("as in 192.0.2.0/24 or 2001:db8::/32", "%q is not a network", text)
	}
	if p.Addr().Is4In6() {
		return problemf("write it as an IPv4 network", "%q is an IPv4 network written as IPv6", text)
	}
	if p != p.Masked() {
		return problemf("did you mean "+strconv.Quote(p.Masked().String())+"?", "%q has bits set beyond its length", text)
	}
	v.Set(reflect.ValueOf(p))
	return nil
}

// allowed checks a value against the tags of its field.
func allowed(v reflect.Value, text string, f field) *problem {
	if len(f.oneof) > 0 && v.Kind() == reflect.String && !slices.Contains(f.oneof, text) {
		remedy, ok := nearest(text, f.oneof)
		if ok {
			remedy = fmt.Sprintf("did you mean %q?", remedy)
		}
		return problemf(remedy, "must be one of %s, is %q", strings.Join(f.oneof, ", "), text)
	}
	if out := f.min != "" && less(v, f.min) || f.max != "" && more(v, f.max); out {
		return problemf("", "must be from %s to %s, is %q", f.min, f.max, text)
	}
	if check, ok := checks[f.check]; ok && v.Kind() == reflect.String {
		return check(text)
	}
	return nil
}

func less(v reflect.Value, bound string) bool { return compare(v, bound) < 0 }

// more lets Off be: it is beyond every bound on purpose.
func more(v reflect.Value, bound string) bool {
	p, points := v.Interface().(Points)
	return !(points && p.IsOff()) && compare(v, bound) > 0
}

// compare orders v and a bound in the notation of its type; what has no order is equal.
func compare(v reflect.Value, bound string) int {
	b := reflect.New(v.Type()).Elem()
	if set(b, bound) != nil {
		return 0
	}
	switch {
	case v.CanInt():
		return cmp.Compare(v.Int(), b.Int())
	case v.CanUint():
		return cmp.Compare(v.Uint(), b.Uint())
	case v.CanFloat():
		return cmp.Compare(v.Float(), b.Float())
	}
	return 0
}
