package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"sojourn/internal/bucket"
)

// claim is what a run says that has the right time.
func claim(run string) Claim {
	return Claim{Run: run, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
}

// paused is the claim of a run whose heartbeat never comes: as of one that is
// stopped at once.
func paused(run string) Claim {
	c := claim(run)
	c.Terms.Renew = 1000 * time.Hour
	return c
}

func skewed(c Claim, by time.Duration) Claim {
	c.Now = func() time.Time { return time.Now().Add(by) }
	return c
}

func open(t *testing.T, location string) *bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(context.Background(), location, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func leave(t *testing.T, b *bucket.Bucket, name, text string) {
	t.Helper()
	err := b.Put(context.Background(), name, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func nothing(context.Context, *Held) error { return nil }

// isLocked says whether a run is turned away.
func isLocked(t *testing.T, b *bucket.Bucket, c Claim) bool {
	t.Helper()
	err := Hold(context.Background(), b, c, nothing)
	if locked := (*LockedError)(nil); err != nil && !errors.As(err, &locked) {
		t.Fatal(err)
	}
	return err != nil
}

func current(t *testing.T, b *bucket.Bucket) *Lease {
	t.Helper()
	l, err := Current(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func wantFenced(t *testing.T, err error, says string) {
	t.Helper()
	var fenced *FencedError
	if !errors.As(err, &fenced) || !strings.Contains(err.Error(), says) {
		t.Errorf("error %v, want a FencedError that says %q", err, says)
	}
}

// Of runs that come at once one has the lake, and the others are told who.
func TestOneOfManyContendersWins(t *testing.T) {
	const contenders = 8
	for name, location := range map[string]string{"directory": t.TempDir(), "memory": "mem://"} {
		t.Run(name, func(t *testing.T) {
			b := open(t, location)
			for round := range 30 {
				var wins atomic.Int32
				var losers, all sync.WaitGroup
				losers.Add(contenders - 1)
				for i := range contenders {
					all.Go(func() {
						won := false
						err := Hold(t.Context(), b, claim(fmt.Sprintf("run-%d-%d", round, i)), func(context.Context, *Held) error {
							won = true
							if wins.Add(1) == 1 {
								losers.Wait()
							}
							return nil
						})
						if locked := (*LockedError)(nil); err != nil && !errors.As(err, &locked) {
							t.Error(err)
						}
						if !won {
							losers.Done()
						}
					})
				}
				all.Wait()
				if wins.Load() != 1 {
					t.Fatalf("round %d: %d runs had the lake", round, wins.Load())
				}
				if l := current(t, b); l.Token != int64(round+1) {
					t.Fatalf("round %d ends with token %d", round, l.Token)
				}
			}
		})
	}
}

// Each run has a greater token than the one before, and leaves one object.
func TestTokensGrow(t *testing.T) {
	b := open(t, "mem://")
	leave(t, b, Folder+"999998.json", `{"token":999998,"released":"2026-01-01T00:00:00Z"}`)
	for want := int64(999999); want < 1000003; want++ {
		err := Hold(t.Context(), b, claim("run"), func(_ context.Context, h *Held) error {
			if h.Token() != want {
				t.Errorf("token %d, want %d", h.Token(), want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if all, err := tokens(t.Context(), b); err != nil || !slices.Equal(all, []int64{want}) {
			t.Errorf("leases %d are left (%v), want %d", all, err, want)
		}
	}
}

// A run that is at work for hours keeps the lake, and nobody else gets it.
func TestLeaseIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, "mem://")
		err := Hold(t.Context(), b, claim("long"), func(ctx context.Context, h *Held) error {
			for range 60 {
				time.Sleep(time.Minute)
				if !isLocked(t, b, skewed(claim("other"), 29*time.Second)) {
					t.Error("another run got the lake")
				}
			}
			return errors.Join(h.Check(ctx), ctx.Err())
		})
		if err != nil {
			t.Error(err)
		}
		if l := current(t, b); l.Run != "long" || l.Released.IsZero() {
			t.Errorf("after it the lease is %+v", l)
		}
	})
}

// A holder that is paused beyond the end of its lease is refused when it wakes,
// whether another run has come or not, and can neither write nor renew.
func TestPausedHolderIsFenced(t *testing.T) {
	for _, taken := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			b := open(t, "mem://")
			ended := errors.New("the run ended")
			err := Hold(t.Context(), b, paused("old"), func(ctx context.Context, h *Held) error {
				guarded := b.Guarded(h.Admit)
				leave(t, guarded, "events/a.parquet", "while it holds the lake")
				time.Sleep(2*time.Minute + 29*time.Second)
				if !isLocked(t, b, claim("new")) {
					t.Error("the lake was taken before the clocks may be apart")
				}
				says := "not renewed before it expired"
				if taken {
					time.Sleep(2 * time.Second)
					if isLocked(t, b, claim("new")) {
						t.Error("the lease is over, and nobody can have the lake")
					}
				}
				for _, name := range []string{"events/b.parquet", "runs/batches/000001.json"} {
					wantFenced(t, guarded.Put(ctx, name, func(io.Writer) error { return nil }), says)
					wantFenced(t, guarded.Create(ctx, name, nil), says)
					wantFenced(t, guarded.Delete(ctx, "events/a.parquet"), says)
				}
				wantFenced(t, h.Check(context.Background()), says)
				wantFenced(t, context.Cause(ctx), says)
				if objects := list(t, b, "events/"); !slices.Equal(objects, []string{"events/a.parquet"}) {
					t.Errorf("the lake has %q", objects)
				}
				return ended
			})
			wantFenced(t, err, "lost the lake")
			if !errors.Is(err, ended) {
				t.Errorf("error %v does not say what the run said", err)
			}
			if l := current(t, b); taken && l.Token != 2 || !taken && l.Token != 1 {
				t.Errorf("the lease that counts is %+v", l)
			}
		})
	}
}

func list(t *testing.T, b *bucket.Bucket, prefix string) (names []string) {
	for o, err := range b.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, o.Name)
	}
	return names
}

// A holder that cannot reach the lake stops itself before another may start.
func TestLostHeartbeatStopsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cut atomic.Bool
		b := open(t, "mem://").Guarded(func(context.Context, string) error {
			if cut.Load() {
				return errors.New("no route to host")
			}
			return nil
		})
		began := time.Now()
		err := Hold(t.Context(), b, claim("cut off"), func(ctx context.Context, h *Held) error {
			time.Sleep(time.Minute) // renewed 3 times
			cut.Store(true)
			<-ctx.Done()
			return fmt.Errorf("extract: %w", ctx.Err())
		})
		wantFenced(t, err, "no route to host")
		if took := time.Since(began); took < 2*time.Minute || took > 3*time.Minute+20*time.Second {
			t.Errorf("it stopped after %v", took)
		}
	})
}

// One heartbeat that fails is nothing: the next one renews the lease.
func TestHeartbeatIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var writes atomic.Int32
		b := open(t, "mem://").Guarded(func(context.Context, string) error {
			if writes.Add(1)%3 == 2 {
				return errors.New("connection reset")
			}
			return nil
		})
		err := Hold(t.Context(), b, claim("run"), func(ctx context.Context, h *Held) error {
			time.Sleep(time.Hour)
			writes.Store(2) // the lease can be given back
			return h.Check(ctx)
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A renewal that arrives when the lease is over does not bring it back.
func TestLateRenewalIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := false
		b := open(t, "mem://").Guarded(func(context.Context, string) error {
			if slow {
				time.Sleep(30 * time.Second)
			}
			return nil
		})
		err := Hold(t.Context(), b, paused("run"), func(ctx context.Context, h *Held) error {
			time.Sleep(100 * time.Second)
			slow = true
			if err := h.renew(ctx); err != nil {
				return err
			}
			return h.Check(ctx)
		})
		wantFenced(t, err, "expired")
	})
}

// Clocks that are apart further than the skew let a run take the lake from one
// that is alive; that one is told, and only one of the two may commit.
func TestWrongClocksDoNoHarm(t *testing.T) {
	for _, test := range []struct {
		name       string
		other      time.Duration // how far the other clock is ahead
		takesAfter time.Duration // the lease has not been renewed for
		after      bool
	}{
		{"a clock within the skew, too early", 30 * time.Second, 119 * time.Second, false},
		{"a clock within the skew, in time", 30 * time.Second, 121 * time.Second, true},
		{"a clock that is behind waits longer", -time.Hour, time.Hour, false},
		{"a clock that is behind, in time", -time.Hour, time.Hour + 151*time.Second, true},
		{"a clock that is far ahead takes it", time.Hour, 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := open(t, "mem://")
				err := Hold(t.Context(), b, paused("old"), func(ctx context.Context, h *Held) error {
					time.Sleep(test.takesAfter)
					if locked := isLocked(t, b, skewed(claim("other"), test.other)); locked == test.after {
						t.Errorf("the other run is turned away: %v", locked)
					}
					return h.Check(ctx)
				})
				if held := test.takesAfter < 2*time.Minute; held && !test.after {
					if err != nil {
						t.Error(err)
					}
				} else {
					wantFenced(t, err, "lost the lake")
				}
			})
		})
	}
}

// What a lease that was left behind says decides whether the next run waits.
func TestLeaseLeftBehind(t *testing.T) {
	now := time.Now()
	mine, err := thisProcess("old", now)
	if err != nil {
		t.Fatal(err)
	}
	of := func(change func(*Lease)) string {
		l := &Lease{Token: 7, Holder: mine, Renewed: now, Expires: now.Add(2 * time.Minute)}
		change(l)
		data, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, test := range []struct {
		name, lease string
		free        bool
	}{
		{"by a living process of this machine", of(func(*Lease) {}), false},
		{"by a dead process of this machine", of(func(l *Lease) { l.PID, l.Start = deadPID(t), "" }), true},
		{"by a process of another machine, dead or not", of(func(l *Lease) { l.Host, l.PID = "elsewhere.example", deadPID(t) }), false},
		{"by another machine, and over", of(func(l *Lease) { l.Host, l.Expires = "elsewhere.example", now.Add(-time.Minute) }), true},
		{"by another machine, and just over", of(func(l *Lease) { l.Host, l.Expires = "elsewhere.example", now.Add(-time.Second) }), false},
		{"by an earlier process of the same id", of(func(l *Lease) { l.Start = "1" }), mine.Start != ""}, // where the system tells
		{"that was given back", of(func(l *Lease) { l.Released = now }), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := open(t, t.TempDir())
			leave(t, b, Folder+"000007.json", test.lease)
			if locked := isLocked(t, b, claim("new")); locked == test.free {
				t.Errorf("the next run is turned away: %v", locked)
			}
			if l := current(t, b); test.free && l.Token != 8 || !test.free && l.Token != 7 {
				t.Errorf("the lease that counts is %+v", l)
			}
		})
	}
}

// deadPID is a process of this machine that is gone.
func deadPID(t *testing.T) int {
	t.Helper()
	return child(t, true)
}

// Leases that nobody can read let nobody in, until an operator decides.
func TestUnreadableLease(t *testing.T) {
	for _, text := range []string{"not JSON", `{"token": 6}`, ""} {
		b := open(t, t.TempDir())
		leave(t, b, Folder+"000005.json", text)
		var unreadable *UnreadableError
		if err := Hold(t.Context(), b, claim("run"), nothing); !errors.As(err, &unreadable) || !strings.Contains(err.Error(), "000005.json") {
			t.Errorf("lease %q: error %v, want an UnreadableError that names it", text, err)
		}
		if ended, err := PutOut(t.Context(), b, claim("operator"), "it is broken"); err != nil || ended == nil {
			t.Errorf("put out %v: %v", ended, err)
		}
		if isLocked(t, b, claim("run")) {
			t.Error("an operator has decided, and the lake is locked")
		}
	}
}

// What else lies among the leases is none.
func TestOtherFilesAreNoLeases(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	if isLocked(t, b, claim("first")) {
		t.Fatal("a new lake is locked")
	}
	for _, name := range []string{".000009.json.123.tmp", "000009.json.bak", "-00009.json", "notes.json"} {
		if err := os.WriteFile(filepath.Join(dir, Folder, name), []byte("?"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if isLocked(t, b, claim("second")) || current(t, b).Token != 2 {
		t.Errorf("the lease that counts is %+v", current(t, b))
	}
}

// An operator puts a run out: it can commit nothing from then on, is told why,
// and stops with its next heartbeat. The next run follows on.
func TestPutOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, "mem://")
		if ended, err := PutOut(t.Context(), b, claim("operator"), "no need"); ended != nil || err != nil {
			t.Errorf("in a new lake %v was put out (%v)", ended, err)
		}
		err := Hold(t.Context(), b, claim("old"), func(ctx context.Context, h *Held) error {
			ended, err := PutOut(ctx, b, claim("operator"), "it hangs")
			if err != nil || ended == nil || ended.Run != "old" {
				t.Errorf("put out %v: %v", ended, err)
			}
			began := time.Now()
			<-ctx.Done()
			if took := time.Since(began); took == 0 || took > 20*time.Second {
				t.Errorf("it went on for %v", took)
			}
			wantFenced(t, h.Check(context.Background()), "it hangs")
			return ctx.Err()
		})
		wantFenced(t, err, "it hangs")
		l := current(t, b)
		if l.Token != 2 || l.Reason != "it hangs" || l.PutOut == nil || l.PutOut.Run != "old" || l.Run != "operator" {
			t.Errorf("the lease says %+v", l)
		}
		if ended, err := PutOut(t.Context(), b, claim("operator"), "again"); ended != nil || err != nil {
			t.Errorf("of a free lake %v was put out (%v)", ended, err)
		}
		if isLocked(t, b, claim("new")) || current(t, b).Token != 3 {
			t.Errorf("after the next run the lease is %+v", current(t, b))
		}
		if all, err := tokens(t.Context(), b); !slices.Equal(all, []int64{2, 3}) {
			t.Errorf("leases %d are left (%v), want also the word of the operator", all, err)
		}
	})
}

// What commits is refused at once, also if this run had the lake a moment ago;
// files that nothing names yet, a second later.
func TestCommitsAreAskedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, "mem://")
		err := Hold(t.Context(), b, claim("old"), func(ctx context.Context, h *Held) error {
			guarded := b.Guarded(h.Admit)
			leave(t, guarded, "events/a.parquet", "")
			if _, err := PutOut(ctx, b, claim("operator"), "it hangs"); err != nil {
				return err
			}
			return guarded.Create(ctx, "runs/days/2026-01-01.json", nil)
		})
		wantFenced(t, err, "it hangs")
		err = Hold(t.Context(), b, claim("old"), func(ctx context.Context, h *Held) error {
			guarded := b.Guarded(h.Admit)
			leave(t, guarded, "events/a.parquet", "")
			if _, err := PutOut(ctx, b, claim("operator"), "it hangs"); err != nil {
				return err
			}
			time.Sleep(time.Second)
			return guarded.Create(ctx, "events/b.parquet", nil)
		})
		wantFenced(t, err, "it hangs")
	})
}

// A lease that is removed by hand is lost: another run could have its number.
func TestRemovedLeaseIsLost(t *testing.T) {
	b := open(t, "mem://")
	err := Hold(t.Context(), b, claim("run"), func(ctx context.Context, h *Held) error {
		if err := b.Delete(ctx, object(h.Token())); err != nil {
			t.Fatal(err)
		}
		return h.Check(ctx)
	})
	wantFenced(t, err, "its lease is gone")
}

// A run that was slow to create its number, which has been passed by since, has
// nothing.
func TestPassedNumberIsWorthNothing(t *testing.T) {
	b := open(t, "mem://")
	leave(t, b, object(7), `{"token":7,"released":"2026-01-01T00:00:00Z"}`)
	mine, err := settle(t.Context(), b, &Lease{Token: 6})
	if mine || err != nil {
		t.Errorf("number 6 is had beside 7: %v (%v)", mine, err)
	}
	if all, _ := tokens(t.Context(), b); !slices.Equal(all, []int64{7}) {
		t.Errorf("there are leases %d", all)
	}
}

// A client repeats a request whose reply was lost, and is told that the object
// exists: it is its own.
func TestLostReplyIsNoRival(t *testing.T) {
	b := open(t, "mem://")
	l := &Lease{Token: 1, Holder: Holder{Run: "mine"}}
	for range 2 {
		if mine, err := create(t.Context(), b, l); !mine || err != nil {
			t.Errorf("own lease: %v (%v)", mine, err)
		}
	}
	if mine, err := create(t.Context(), b, &Lease{Token: 1, Holder: Holder{Run: "other"}}); mine || err != nil {
		t.Errorf("the lease of another: %v (%v)", mine, err)
	}
}

// Whatever runs come, stop, sleep and have for a clock: once a run has
// committed, none with a lower token does.
func TestCommitsAreInOrderOfTokens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type run struct {
			Starts, Renews, Ahead time.Duration
			Steps                 []time.Duration // between commits
		}
		seconds := func(min, max int) *rapid.Generator[time.Duration] {
			return rapid.Map(rapid.IntRange(min, max), func(s int) time.Duration { return time.Duration(s) * time.Second })
		}
		runs := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) run {
			return run{
				Starts: seconds(0, 900).Draw(rt, "starts"),
				Renews: rapid.SampledFrom([]time.Duration{20 * time.Second, 100 * time.Second, time.Hour}).Draw(rt, "renews"),
				Ahead:  seconds(-300, 300).Draw(rt, "ahead"),
				Steps:  rapid.SliceOfN(seconds(1, 200), 1, 8).Draw(rt, "steps"),
			}
		}), 2, 6).Draw(rt, "runs")
		var mu sync.Mutex
		var commits []int64
		synctest.Test(t, func(t *testing.T) {
			b := open(t, "mem://")
			var all sync.WaitGroup
			for i, r := range runs {
				c := skewed(claim(fmt.Sprint("run-", i)), r.Ahead)
				c.Terms.Renew = r.Renews
				all.Go(func() {
					time.Sleep(r.Starts)
					Hold(t.Context(), b, c, func(ctx context.Context, h *Held) error {
						for _, step := range r.Steps {
							time.Sleep(step)
							mu.Lock()
							err := h.Check(ctx)
							if err == nil {
								commits = append(commits, h.Token())
							}
							mu.Unlock()
							if err != nil {
								return err
							}
						}
						return nil
					})
				})
			}
			all.Wait()
		})
		if !slices.IsSorted(commits) {
			rt.Fatalf("commits by tokens %d", commits)
		}
	})
}
