package config

import (
	"os"
	"reflect"
	"strings"
)

const (
	fileSuffix = "_file"
	maxSecret  = 64 << 10
)

// secrets fills every secret whose twin key names a file, in the sections of
// ours and of the filters.
func (v *validator) secrets() {
	v.secretsOf(reflect.ValueOf(v.cfg).Elem(), "")
	for name, f := range v.cfg.Filters {
		if f.Config != nil {
			v.secretsOf(reflect.ValueOf(f.Config).Elem(), join("filters", name))
		}
	}
}

func (v *validator) secretsOf(val reflect.Value, path string) {
	switch val.Kind() {
	case reflect.Slice:
		for i := range val.Len() {
			v.secretsOf(val.Index(i), index(path, i))
		}
	case reflect.Struct:
		if isText(val.Type()) {
			return
		}
		fields := fieldsOf(val.Type())
		for _, f := range fields {
			sub := val.Field(f.index)
			if sub.Type() != typeSecret {
				v.secretsOf(sub, join(path, f.name))
				continue
			}
			if twin := twinOf(f.name, fields); twin != nil {
				v.secret(sub, val.Field(twin.index).String(), join(path, f.name))
			}
		}
	}
}

// twinOf finds the key that names the file of a secret.
func twinOf(name string, fields []field) *field {
	for i := range fields {
		if fields[i].name == name+fileSuffix {
			return &fields[i]
		}
	}
	return nil
}

func (v *validator) secret(to reflect.Value, file, path string) {
	if file == "" {
		return
	}
	key := path + fileSuffix
	if to.String() != "" {
		v.fault(v.at(key), key, "keep one of them", "there is %s too", path)
		return
	}
	data, err := readBounded(file, maxSecret)
	if err != nil {
		v.fault(v.at(key), key, "", "%q: %s", file, err)
		return
	}
	text := strings.TrimRight(string(data), "\r\n")
	if text == "" {
		v.fault(v.at(key), key, "", "%q: empty", file)
		return
	}
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o007 != 0 {
		v.warn(v.at(key), key, "chmod o= "+file, "%q can be read by every user", file)
	}
	to.SetString(text)
}
