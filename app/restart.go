package app

import (
	"reflect"

	"github.com/postern-mail/postern/internal/config"
)

// needsRestart names the keys whose change a reload cannot carry out, since a socket or a
// resolver was made from them.
func needsRestart(old, now *config.Config) []string {
	var keys []string
	for key, same := range map[string]bool{
		"listeners":            reflect.DeepEqual(old.Listeners, now.Listeners),
		"admin":                old.Admin == now.Admin,
		"state":                old.State == now.State,
		"redis":                reflect.DeepEqual(old.Redis, now.Redis),
		"dns":                  reflect.DeepEqual(old.DNS, now.DNS),
		"learning.remember":    old.Learning.Remember == now.Learning.Remember,
		"log":                  old.Log == now.Log,
		"limits.memory":        old.Limits.Memory == now.Limits.Memory,
		"limits.connections":   old.Limits.Connections == now.Limits.Connections,
		"limits.header_fields": old.Limits.HeaderFields == now.Limits.HeaderFields,
		"limits.message_size":  old.Limits.MessageSize == now.Limits.MessageSize,
		"limits.drain":         old.Limits.Drain == now.Limits.Drain,
	} {
		if !same {
			keys = append(keys, key)
		}
	}
	return keys
}
