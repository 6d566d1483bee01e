package app

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/redistest"
	"github.com/postern-mail/postern/rules/lists"
	"github.com/postern-mail/postern/verdicts"
)

func denied(r *verdicts.Record) bool {
	return slices.ContainsFunc(r.Symbols, func(s verdicts.Symbol) bool { return s.Name == lists.Deny })
}

func TestAListMayStandInRedis(t *testing.T) {
	server := redistest.Start(t)
	if err := server.Client(t).SAdd(context.Background(), "shared:spammers", "example.net", "example.com").Err(); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, "redis.url", "redis://"+server.Addr, "state.dir", t.TempDir(),
		"lists", "{spammers: {kind: domains, redis: 'shared:spammers', use: deny, of: sender}}")
	d := s.dial(t)
	defer d.Close()
	if _, r := s.send(t, d); !denied(r) {
		t.Errorf("a member of the set is not denied: %+v", r.Symbols)
	}
}

func TestWithoutRedisAListLacksItsSetAndMailGoesOn(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	s := newSite(t, "redis.url", "redis://"+server.Addr, "state.dir", t.TempDir(),
		"lists", "{spammers: {kind: domains, redis: 'shared:spammers', use: deny, of: sender}}")
	if log := s.log.String(); !strings.Contains(log, "lacks the entries of its shared set") || !strings.Contains(log, "spammers") {
		t.Errorf("the log does not say what is missing: %s", log)
	}
	d := s.dial(t)
	defer d.Close()
	if _, r := s.send(t, d); denied(r) {
		t.Error("denied by a set that is not there")
	}
}

func TestAListInRedisNeedsARedis(t *testing.T) {
	s := newSite(t, "state.dir", t.TempDir())
	s.keys["lists"] = "{spammers: {kind: domains, redis: 'shared:spammers'}}"
	if err := s.Reload(); err == nil || !strings.Contains(err.Error(), "lists.spammers.redis") || !strings.Contains(err.Error(), "redis.url") {
		t.Errorf("error %v", err)
	}
}
