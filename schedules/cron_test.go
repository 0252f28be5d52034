package schedules

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseSchedule(t *testing.T) {
	for _, test := range []struct{ name, spec, zone, want string }{
		{"TZ=0 makes the parser underneath panic", "TZ=0 15 4 * * *", "UTC", "leave TZ= out"},
		{"a zone in the spec", "TZ=Europe/Lisbon 15 4 * * *", "UTC", "schedule.timezone"},
		{"likewise, as cron writes it", "CRON_TZ=UTC 15 4 * * *", "UTC", "leave TZ= out"},
		{"too few fields", "15 4 *", "UTC", "want five fields"},
		{"seconds", "0 15 4 * * *", "UTC", "want five fields"},
		{"no such minute", "61 4 * * *", "UTC", "want five fields"},
		{"nothing", "", "UTC", "want five fields"},
		{"an unknown name", "@nightly", "UTC", "@daily"},
		{"an unknown zone", "15 4 * * *", "Lisbon", "want an IANA name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseSchedule(test.spec, test.zone)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%q in %q: %v, want an error that says %q", test.spec, test.zone, err, test.want)
			}
		})
	}
}

// Starts are by the clock on the wall, so that the night in which the clocks
// go forward is an hour shorter.
func TestNextFollowsTheZone(t *testing.T) {
	s, err := ParseSchedule("15 4 * * *", "Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
	var got []string
	for range 3 {
		at = s.Next(at)
		got = append(got, at.UTC().Format("01-02 15:04"))
	}
	want := []string{"03-28 04:15", "03-29 03:15", "03-30 03:15"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("starts in UTC (-want +got):\n%s", diff)
	}
}

func TestServe(t *testing.T) {
	for _, test := range []struct {
		name  string
		night func(ctx context.Context, n int) error // the n-th, from 1
		want  []string                               // starts in the first 3½ hours
	}{
		{"starts at once and then every hour", func(context.Context, int) error { return nil },
			[]string{"00:00", "01:00", "02:00", "03:00"}},
		{"goes on after an error", func(context.Context, int) error { return errors.New("no luck") },
			[]string{"00:00", "01:00", "02:00", "03:00"}},
		{"goes on after a panic", func(context.Context, int) error { panic("at night") },
			[]string{"00:00", "01:00", "02:00", "03:00"}},
		{"leaves out the starts during a long night", func(_ context.Context, n int) error {
			if n == 1 {
				time.Sleep(2*time.Hour + 30*time.Minute)
			}
			return nil
		}, []string{"00:00", "03:00"}},
		{"tells the night at work to stop", func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		}, []string{"00:00"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hourly, err := ParseSchedule("0 * * * *", "UTC")
				if err != nil {
					t.Fatal(err)
				}
				ctx, stop := context.WithTimeout(t.Context(), 3*time.Hour+30*time.Minute)
				defer stop()
				var starts []string
				err = Serve(ctx, hourly, func(ctx context.Context) error {
					starts = append(starts, time.Now().UTC().Format("15:04"))
					return test.night(ctx, len(starts))
				}, slog.New(slog.DiscardHandler))
				if err != nil {
					t.Errorf("stopped with %v", err)
				}
				if diff := cmp.Diff(test.want, starts); diff != "" {
					t.Errorf("starts (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Serve returns when the night at work is over, not before.
func TestServeWaitsForTheNight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hourly, err := ParseSchedule("0 * * * *", "UTC")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		nights, over := 0, 0
		err = Serve(ctx, hourly, func(context.Context) error {
			if nights++; nights == 2 {
				stop()
				time.Sleep(10 * time.Minute) // to finish what it is at
			}
			over++
			return nil
		}, slog.New(slog.DiscardHandler))
		if err != nil || nights != 2 || over != 2 {
			t.Errorf("Serve returned %v after %d nights, of which %d were over", err, nights, over)
		}
	})
}
