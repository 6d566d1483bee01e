package dns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// stub is a Resolver made of a function; it counts.
type stub struct {
	asked  atomic.Int64
	mu     sync.Mutex
	answer func(context.Context) (Answer, error)
}

func (s *stub) Lookup(ctx context.Context, _ string, _ Type) (Answer, error) {
	s.asked.Add(1)
	s.mu.Lock()
	f := s.answer
	s.mu.Unlock()
	return f(ctx)
}

func (s *stub) set(f func(context.Context) (Answer, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

func good(ttl time.Duration) func(context.Context) (Answer, error) {
	return func(context.Context) (Answer, error) {
		return Answer{Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, TTL: ttl}, nil
	}
}

func bad(err error) func(context.Context) (Answer, error) {
	return func(context.Context) (Answer, error) { return Answer{}, fmt.Errorf("stub: %w", err) }
}

func absent(err error, ttl time.Duration) func(context.Context) (Answer, error) {
	return func(context.Context) (Answer, error) { return Answer{TTL: ttl}, fmt.Errorf("stub: %w", err) }
}

func silent(ctx context.Context) (Answer, error) {
	<-ctx.Done()
	return Answer{}, fmt.Errorf("stub: %w", ErrTimeout)
}

// around makes a whole client whose servers are stubs, in a bubble of fake time.
func around(t *testing.T, test func(t *testing.T, c *Client), servers ...*stub) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := New(Options{Servers: []string{"127.0.0.1"}, MaxInFlight: 4})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.pool.servers = nil
		for i, s := range servers {
			c.pool.servers = append(c.pool.servers, &server{addr: fmt.Sprintf("192.0.2.%d:53", i), next: s})
		}
		test(t, c)
	})
}

func pass(d time.Duration) {
	time.Sleep(d) // in the bubble: moves the fake clock
	synctest.Wait()
}

func TestCacheKeepsAnAnswerForItsOwnLifetime(t *testing.T) {
	for _, tt := range []struct {
		name string
		says func(context.Context) (Answer, error)
		err  error
		life time.Duration
	}{
		{"an address", good(time.Minute), nil, time.Minute},
		{"an address that may not be kept, for a moment", good(0), nil, minTTL},
		{"an address for ever, for a day", good(1 << 50), nil, maxTTL},
		{"an absent name", absent(ErrNotFound, 10*time.Minute), ErrNotFound, 10 * time.Minute},
		{"absent data", absent(ErrNoData, 10*time.Minute), ErrNoData, 10 * time.Minute},
		{"an absence for ever, for an hour", absent(ErrNotFound, 1<<50), ErrNotFound, maxNegative},
		{"a failure, for a moment", bad(ErrServfail), ErrServfail, failTTL},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &stub{answer: tt.says}
			around(t, func(t *testing.T, c *Client) {
				ask := func(after string, want int64) {
					t.Helper()
					ans, err := c.Lookup(t.Context(), "example.org", TypeA)
					if !errors.Is(err, tt.err) || s.asked.Load() != want || (tt.err == nil && (ans.TTL <= 0 || ans.TTL > tt.life)) {
						t.Errorf("%s: lifetime %v, %v, asked %d times, want %d", after, ans.TTL, err, s.asked.Load(), want)
					}
				}
				ask("at first", 1)
				ask("at once", 1)
				pass(tt.life - time.Millisecond)
				ask("at the end of its life", 1)
				pass(time.Millisecond)
				ask("after it", 2)
			}, s)
		})
	}
}

func TestCacheServesOldAnswersWhileServersFail(t *testing.T) {
	for _, failure := range []struct {
		name string
		says func(context.Context) (Answer, error)
	}{{"with SERVFAIL", bad(ErrServfail)}, {"by silence", silent}} {
		t.Run(failure.name, func(t *testing.T) {
			s := &stub{answer: good(time.Minute)}
			around(t, func(t *testing.T, c *Client) {
				look := func() (time.Duration, error) {
					ans, err := c.Lookup(t.Context(), "example.org", TypeA)
					return ans.TTL, err
				}
				if _, err := look(); err != nil {
					t.Fatal(err)
				}
				pass(time.Minute)
				s.set(failure.says)
				before := s.asked.Load()
				for range 3 {
					if ttl, err := look(); err != nil || ttl != staleTTL {
						t.Errorf("while failing: lifetime %v, %v", ttl, err)
					}
				}
				tried := s.asked.Load() - before
				if tried < 1 || tried > 2 { // the tries of one question
					t.Errorf("%d tries for three look-ups", tried)
				}
				s.set(good(time.Minute))
				pass(staleTTL)
				if ttl, err := look(); err != nil || ttl != time.Minute {
					t.Errorf("when it is back: lifetime %v, %v", ttl, err)
				}
				s.set(failure.says)
				pass(time.Minute + staleFor)
				if _, err := look(); !IsTemporary(err) {
					t.Errorf("when it is too old: %v", err)
				}
				if got := c.Stats().Stale; got != 3 {
					t.Errorf("%d old answers counted, want 3", got)
				}
			}, s)
		})
	}
}

func TestCacheIsBoundedInBytes(t *testing.T) {
	s := &stub{answer: func(context.Context) (Answer, error) {
		return Answer{TXT: []string{string(make([]byte, 60_000))}, TTL: time.Hour}, nil
	}}
	c, err := New(Options{Servers: []string{"127.0.0.1"}, CacheSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.pool.servers = []*server{{next: s}}
	for i := range 200 {
		if _, err := c.Lookup(t.Context(), fmt.Sprintf("n%d.example.org", i), TypeTXT); err != nil {
			t.Fatal(err)
		}
	}
	c.cache.entries.CleanUp()
	if st := c.Stats(); st.CacheBytes > 1<<20 || st.CacheEntries == 0 {
		t.Errorf("%d bytes in %d entries", st.CacheBytes, st.CacheEntries)
	}
}

func TestIdenticalQuestionsAreAskedOnce(t *testing.T) {
	s := &stub{answer: func(ctx context.Context) (Answer, error) {
		time.Sleep(time.Millisecond)
		return good(time.Minute)(ctx)
	}}
	around(t, func(t *testing.T, c *Client) {
		hangsUp, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := c.Lookup(hangsUp, "example.org", TypeA); !errors.Is(err, ErrTimeout) || !errors.Is(err, context.Canceled) {
				t.Errorf("who hung up got %v", err)
			}
		})
		synctest.Wait()
		for range 50 {
			wg.Go(func() {
				if _, err := c.Lookup(t.Context(), "EXAMPLE.org.", TypeA); err != nil {
					t.Errorf("who waited got %v", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		wg.Wait()
		if st := c.Stats(); s.asked.Load() != 1 || st.Joined != 50 || st.InFlight != 0 {
			t.Errorf("asked %d times, %d joined, %d in flight", s.asked.Load(), st.Joined, st.InFlight)
		}
	}, s)
}

func TestAnAnswerIsKeptThoughItsAskerLeft(t *testing.T) {
	s := &stub{answer: func(ctx context.Context) (Answer, error) {
		time.Sleep(500 * time.Millisecond)
		return good(time.Minute)(ctx)
	}}
	around(t, func(t *testing.T, c *Client) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := c.Lookup(ctx, "example.org", TypeA); !errors.Is(err, ErrTimeout) {
			t.Errorf("the impatient got %v", err)
		}
		pass(time.Second)
		if _, err := c.Lookup(t.Context(), "example.org", TypeA); err != nil || s.asked.Load() != 1 {
			t.Errorf("the next got %v, asked %d times", err, s.asked.Load())
		}
	}, s)
}

func TestAMessageMayAskOnlySoMuch(t *testing.T) {
	s := &stub{answer: good(time.Minute)}
	around(t, func(t *testing.T, c *Client) {
		ctx := WithBudget(t.Context(), 3)
		for i := range 6 {
			_, err := c.Lookup(ctx, fmt.Sprintf("n%d.example.org", i), TypeA)
			if over := i >= 3; errors.Is(err, ErrBudget) != over || IsTemporary(err) != over {
				t.Errorf("question %d: %v", i+1, err)
			}
		}
		if _, err := c.Lookup(ctx, "n0.example.org", TypeA); err != nil {
			t.Errorf("an answer out of the cache is not free: %v", err)
		}
		if _, err := c.Lookup(t.Context(), "n5.example.org", TypeA); err != nil {
			t.Errorf("without a budget: %v", err)
		}
		if got := c.Stats().OverBudget; s.asked.Load() != 4 || got != 3 {
			t.Errorf("asked %d times, %d over budget", s.asked.Load(), got)
		}
	}, s)
}

func TestQuestionsInFlightAreBounded(t *testing.T) {
	s := &stub{answer: silent}
	around(t, func(t *testing.T, c *Client) {
		c.pool.attempts = 1
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				if _, err := c.Lookup(t.Context(), fmt.Sprintf("n%d.example.org", i), TypeA); !errors.Is(err, ErrTimeout) {
					t.Errorf("%v", err)
				}
			})
		}
		synctest.Wait()
		if got := s.asked.Load(); got != 4 {
			t.Errorf("%d questions under way, want 4", got)
		}
		if got := c.Stats().Busy; got != 50-4-4*waitersPerSlot {
			t.Errorf("%d turned away at once", got)
		}
		wg.Wait()
	}, s)
}

func TestASilentZoneCostsOneTimeout(t *testing.T) {
	s := &stub{answer: silent}
	around(t, func(t *testing.T, c *Client) {
		if err := DeclareZone(c, "Dead.example.org."); err != nil {
			t.Fatal(err)
		}
		n := 0
		look := func() (time.Duration, error) {
			n++
			start := time.Now()
			_, err := c.Lookup(t.Context(), fmt.Sprintf("n%d.dead.example.org", n), TypeA)
			return time.Since(start), err
		}
		if took, err := look(); !errors.Is(err, ErrTimeout) || errors.Is(err, ErrSilent) || took != 2*time.Second {
			t.Errorf("the first: %v after %v", err, took)
		}
		asked := s.asked.Load()
		for range 100 {
			if took, err := look(); !errors.Is(err, ErrSilent) || !errors.Is(err, ErrTimeout) || took != 0 {
				t.Errorf("after it: %v after %v", err, took)
			}
		}
		if got := s.asked.Load(); got != asked {
			t.Errorf("%d questions to a silent zone", got-asked)
		}
		pass(minHold)
		for range 100 { // one of them is the probe's template; none waits
			if took, err := look(); !errors.Is(err, ErrSilent) || took != 0 {
				t.Errorf("while it is probed: %v after %v", err, took)
			}
		}
		pass(2 * time.Second)
		if got := s.asked.Load() - asked; got != 2 { // a probe and its second try
			t.Errorf("%d tries for one probe", got)
		}
		pass(minHold) // twice the hold after a probe in vain
		asked = s.asked.Load()
		if _, err := look(); !errors.Is(err, ErrSilent) || s.asked.Load() != asked {
			t.Errorf("within the longer hold: %v", err)
		}
		if c.Stats().Zones["dead.example.org"] {
			t.Error("the zone is said to answer")
		}
		s.set(good(time.Minute))
		pass(minHold)
		if _, err := look(); !errors.Is(err, ErrSilent) {
			t.Errorf("the probe's asker: %v", err)
		}
		synctest.Wait()
		n-- // the very name that was skipped: that it was is not remembered
		if _, err := look(); err != nil || !c.Stats().Zones["dead.example.org"] {
			t.Errorf("when it is back: %v", err)
		}
	}, s)
}

func TestANameThatIsNoListIsNeverSkipped(t *testing.T) {
	s := &stub{answer: silent}
	around(t, func(t *testing.T, c *Client) {
		if err := DeclareZone(c, "list.example.org"); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"dead.example.org", "xlist.example.org", "example.org", "y.dead.example.org"} {
			if _, err := c.Lookup(t.Context(), name, TypeA); !errors.Is(err, ErrTimeout) || errors.Is(err, ErrSilent) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}, s)
}

func TestAZoneSilentBehindAPatientServerCountsAsSilent(t *testing.T) {
	for _, tt := range []struct {
		name string
		wait time.Duration
		want bool
	}{{"a quick SERVFAIL costs nothing and is asked again", 0, true}, {"a late SERVFAIL is silence", 1100 * time.Millisecond, false}} {
		t.Run(tt.name, func(t *testing.T) {
			s := &stub{answer: func(ctx context.Context) (Answer, error) {
				time.Sleep(tt.wait)
				return bad(ErrServfail)(ctx)
			}}
			around(t, func(t *testing.T, c *Client) {
				if err := DeclareZone(c, "list.example.org"); err != nil {
					t.Fatal(err)
				}
				if _, err := c.Lookup(t.Context(), "a.list.example.org", TypeA); !errors.Is(err, ErrServfail) {
					t.Errorf("%v", err)
				}
				if got := c.Stats().Zones["list.example.org"]; got != tt.want {
					t.Errorf("answers=%v, want %v", got, tt.want)
				}
			}, s)
		})
	}
}

func TestAServerThatFailsIsTriedLastAndReturnsWhenItAnswers(t *testing.T) {
	for _, failure := range []struct {
		name string
		says func(context.Context) (Answer, error)
	}{{"refusing", bad(ErrServfail)}, {"silent", silent}} {
		t.Run(failure.name, func(t *testing.T) {
			first, second := &stub{answer: failure.says}, &stub{answer: good(time.Minute)}
			around(t, func(t *testing.T, c *Client) {
				n := 0
				look := func(want1, want2 int64) {
					t.Helper()
					n++
					a, b := first.asked.Load(), second.asked.Load()
					if _, err := c.Lookup(t.Context(), fmt.Sprintf("n%d.example.org", n), TypeA); err != nil {
						t.Errorf("%v", err)
					}
					synctest.Wait()
					if a, b = first.asked.Load()-a, second.asked.Load()-b; a != want1 || b != want2 {
						t.Errorf("look-up %d asked the first %d times and the second %d times, want %d and %d", n, a, b, want1, want2)
					}
				}
				look(1, 1) // fails over
				look(0, 1) // the first is last now
				if st := c.Stats().Servers; !st[0].Last || st[1].Last || st[0].Asked != 1 || st[0].Failed != 1 {
					t.Errorf("%+v", st)
				}
				pass(recheck)
				look(1, 1)            // probed in the background, in vain
				pass(2 * time.Second) // the probe's time
				look(0, 1)            // last again
				first.set(good(time.Minute))
				pass(recheck)
				look(1, 1) // probed, answers
				look(1, 0) // and is first again
				if st := c.Stats().Servers; st[0].Last || !st[0].Healthy {
					t.Errorf("%+v", st)
				}
			}, first, second)
		})
	}
}

func TestServersThatFailTogetherKeepTheirOrder(t *testing.T) {
	first, second := &stub{answer: silent}, &stub{answer: silent}
	around(t, func(t *testing.T, c *Client) {
		start := time.Now()
		if _, err := c.Lookup(t.Context(), "dead.example.org", TypeA); !errors.Is(err, ErrTimeout) || time.Since(start) != 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		for i, s := range c.Stats().Servers {
			if s.Last || s.Asked != 1 || !s.Healthy {
				t.Errorf("server %d: %+v", i, s)
			}
		}
	}, first, second)
}

func TestASilentServerIsAskedTwice(t *testing.T) {
	s := &stub{}
	s.set(func(ctx context.Context) (Answer, error) {
		s.set(good(time.Minute))
		return silent(ctx)
	})
	around(t, func(t *testing.T, c *Client) {
		start := time.Now()
		_, err := c.Lookup(t.Context(), "example.org", TypeA)
		if took := time.Since(start).Round(time.Millisecond); err != nil || took != 667*time.Millisecond {
			t.Errorf("%v after %v: the first try has a third of the time", err, took)
		}
	}, s)
}

func TestCloseEndsQuestionsUnderWay(t *testing.T) {
	s := &stub{answer: silent}
	around(t, func(t *testing.T, c *Client) {
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := c.Lookup(t.Context(), "example.org", TypeA); !IsTemporary(err) {
				t.Errorf("under way: %v", err)
			}
		})
		synctest.Wait()
		start := time.Now()
		c.Close()
		wg.Wait()
		if _, err := c.Lookup(t.Context(), "example.net", TypeA); !errors.Is(err, ErrServfail) || !errors.Is(err, errClosed) {
			t.Errorf("after Close: %v", err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("closing took %v", took)
		}
	}, s)
}
