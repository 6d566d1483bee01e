package backend

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/redistest"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/gcra"
	"github.com/postern-mail/postern/state/statetest"
	"github.com/postern-mail/postern/verdicts"
)

func config(t testing.TB) Config {
	return Config{Dir: t.TempDir(), Redis: Redis{Prefix: "postern:", Timeout: 5 * time.Second}}
}

func open(t testing.TB, c Config) state.Store {
	t.Helper()
	s, err := Open(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { statetest.Close(t, s) })
	return s
}

// works demands that the store is there and of that kind.
func works(t *testing.T, c Config, kind string) {
	t.Helper()
	s := open(t, c)
	if st := s.Status(); st.Kind != kind || st.Degraded {
		t.Errorf("%+v", st)
	}
	if err := s.KV().Set(t.Context(), state.Item{Key: "a:b", Lifetime: time.Hour}); err != nil {
		t.Error(err)
	}
}

func write(t *testing.T, data string) string {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWithoutRedisOneFileDoes(t *testing.T) { works(t, config(t), "embedded") }

func TestPasswords(t *testing.T) {
	server := redistest.Start(t, "--requirepass", "s3cret")
	c := config(t)
	c.Redis.URL, c.Redis.Password = "redis://"+server.Addr+"/2", "s3cret"
	works(t, c, "redis")
	c = config(t)
	c.Redis.URL = "unix://" + server.Socket + "?db=1"
	c.Redis.Password = "s3cret"
	works(t, c, "redis")
	c = config(t)
	c.Redis.URL = "redis://:wrong@" + server.Addr
	if st := open(t, c).Status(); !st.Degraded || !strings.Contains(st.Reason, "WRONGPASS") || strings.Contains(st.Reason, "wrong@") {
		t.Errorf("%+v", st)
	}
}

func TestTLS(t *testing.T) {
	cert, key := certificate(t)
	port := redistest.Port(t)
	redistest.Start(t, "--tls-port", fmt.Sprint(port), "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert)
	c := config(t)
	c.Redis.URL, c.Redis.TLS.CA = fmt.Sprintf("rediss://127.0.0.1:%d", port), cert
	c.Redis.TLS.Cert, c.Redis.TLS.Key = cert, key
	works(t, c, "redis")
	c.Dir = t.TempDir()
	c.Redis.TLS.CA = ""
	if st := open(t, c).Status(); !st.Degraded || !strings.Contains(st.Reason, "certificate") {
		t.Errorf("nobody vouches for it: %+v", st)
	}
}

// certificate makes one for 127.0.0.1 that vouches for itself.
func certificate(t *testing.T) (certFile, keyFile string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redis.example.org"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))),
		write(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})))
}

func TestConfigurationsThatMakeNoSense(t *testing.T) {
	for name, c := range map[string]struct {
		redis Redis
		want  string
	}{
		"another scheme":     {Redis{URL: "http://127.0.0.1"}, `scheme "http"`},
		"no host":            {Redis{URL: "redis://"}, "no host"},
		"a relative socket":  {Redis{URL: "unix://run/redis.sock"}, "absolute path"},
		"a strange database": {Redis{URL: "redis://127.0.0.1/x"}, `database "x"`},
		"no URL at all":      {Redis{URL: "redis://:s3cret@%zz"}, "not a URL"},
		"two databases":      {Redis{URLs: []string{"redis://127.0.0.1/1", "redis://127.0.0.2/2"}, Master: "m"}, "differ"},
		"TLS without TLS":    {Redis{URL: "redis://127.0.0.1", TLS: TLS{CA: "x"}}, "rediss"},
		"a missing CA":       {Redis{URL: "rediss://127.0.0.1", TLS: TLS{CA: "/nonexistent/ca"}}, "redis.tls.ca"},
		"braces":             {Redis{URL: "redis://127.0.0.1", Prefix: "{x}"}, "braces"},
	} {
		full := config(t)
		full.Redis = c.redis
		s, err := Open(full, nil)
		if err == nil {
			statetest.Close(t, s)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
		if checked := full.Check(); checked == nil || checked.Error() != err.Error() {
			t.Errorf("%s: checked: %v", name, checked)
		}
	}
}

func TestWithoutAFolderNothingIsOpened(t *testing.T) {
	server := redistest.Start(t)
	for _, url := range []string{"", "redis://" + server.Addr} {
		for _, dir := range []string{"", filepath.Join(t.TempDir(), "nowhere"), write(t, "")} {
			if s, err := Open(Config{Dir: dir, Redis: Redis{URL: url}}, nil); !errors.Is(err, ErrNoFolder) {
				t.Errorf("%q, %q: %v, %v", url, dir, s, err)
			}
		}
	}
}

func TestACommandLooksBesideTheDaemon(t *testing.T) {
	server := redistest.Start(t)
	for _, url := range []string{"", "redis://" + server.Addr} {
		c := config(t)
		c.Redis.URL = url
		daemon := open(t, c)
		if err := daemon.KV().Set(t.Context(), state.Item{Key: "a:b", Value: []byte("c"), Lifetime: time.Hour}); err != nil {
			t.Fatal(err)
		}
		look, err := Look(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := look.KV().Get(t.Context(), "a:b"); err != nil || string(got[0]) != "c" {
			t.Errorf("%q: %q, %v", url, got, err)
		}
		statetest.Close(t, look)
	}
	server.Kill()
	c := config(t)
	c.Redis.URL, c.Redis.Timeout = "redis://"+server.Addr, time.Millisecond
	if s, err := Look(t.Context(), c); !errors.Is(err, state.ErrAway) {
		t.Errorf("with Redis away: %v, %v", s, err)
	}
}

func TestWhatWaitsOnDiskIsThereToLookAt(t *testing.T) {
	c := config(t)
	c.Redis.URL, c.Redis.Timeout = fmt.Sprintf("redis://127.0.0.1:%d", redistest.Port(t)), 50*time.Millisecond
	s := open(t, c)
	for i := range 3 {
		if err := s.Verdicts().Add(t.Context(), statetest.Record(i, time.Now())); err != nil {
			t.Fatal(err)
		}
	}
	queue, err := c.Queue()
	if err != nil {
		t.Fatal(err)
	}
	defer statetest.Close(t, queue)
	if rs, _, err := queue.Verdicts().Query(t.Context(), verdicts.Query{}); len(rs) != 3 || err != nil {
		t.Errorf("%d, %v", len(rs), err)
	}
	if q, err := config(t).Queue(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("where nothing ever waited: %v, %v", q, err)
	}
}

// What is copied into Redis and back is what it was.
func TestCopyThereAndBack(t *testing.T) {
	nodes := redistest.Cluster(t)
	there := config(t)
	there.Redis.URLs = []string{"redis://" + nodes[0].Addr, "redis://" + nodes[1].Addr}
	first, shared, last := open(t, config(t)), open(t, there), open(t, config(t))
	ctx := t.Context()
	for i := range 700 {
		if err := first.KV().Set(ctx, state.Item{Key: fmt.Sprintf("ns%d:%d", i%3, i), Value: fmt.Append(nil, i), Lifetime: time.Hour}); err != nil {
			t.Fatal(err)
		}
		if err := first.Verdicts().Add(ctx, statetest.Record(i, time.Now().Add(time.Duration(i-700)*time.Minute))); err != nil {
			t.Fatal(err)
		}
	}
	limit := gcra.Limit{Count: 1, Period: time.Hour, Burst: 5}
	if _, err := first.Limits().Take(ctx, state.Take{Key: "user", Limit: limit, N: 4}); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	progress := func(what string, n int) { seen[what] = n }
	if err := state.Copy(ctx, first, shared, progress); err != nil {
		t.Fatal(err)
	}
	if seen["values"] != 700 || seen["limits"] != 1 || seen["verdicts"] != 700 || seen["hours"] < 11 {
		t.Errorf("%v", seen)
	}
	if err := state.Copy(ctx, shared, last, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(contents(t, first), contents(t, last)); diff != "" {
		t.Error(diff)
	}
	got, err := last.Limits().Peek(ctx, state.Take{Key: "user", Limit: limit, N: 1})
	if err != nil || got.Limits[0].Remaining != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// contents are the values, ids and roll-ups of a store.
func contents(t *testing.T, s state.Store) map[string]string {
	out := map[string]string{}
	for cursor := ""; ; {
		items, next, err := s.KV().List(t.Context(), "ns", cursor, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range items {
			out[it.Key] = string(it.Value)
		}
		if cursor = next; next == "" {
			break
		}
	}
	for q := (verdicts.Query{Limit: 300}); ; {
		rs, next, err := s.Verdicts().Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rs {
			out[r.ID] = r.Message.Subject
		}
		if q.Cursor = next; next == "" {
			break
		}
	}
	hours, err := s.Verdicts().Hours(t.Context(), time.Now().Add(-24*time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hours {
		for name, n := range h.Counts {
			out[h.Start.String()+name] = fmt.Sprint(n)
		}
	}
	return out
}
