package generate

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
)

func TestEqualOptionsMakeEqualBytes(t *testing.T) {
	o := sample(t)
	o.Users = 150
	first, _ := generated(t, o)
	again, _ := generated(t, o)
	if !maps.EqualFunc(first.objects, again.objects, bytes.Equal) {
		t.Error("the same options made other bytes")
	}
	o.Seed++
	other, _ := generated(t, o)
	for name, data := range first.objects {
		if name != "truth/summary.json" && bytes.Equal(data, other.objects[name]) {
			t.Errorf("%s is the same under another seed", name)
		}
	}
}

// Generating more users adds their lines and changes none of the others'.
func TestUsersDoNotDependOnEachOther(t *testing.T) {
	o := sample(t)
	o.Users = 60
	few, _ := generated(t, o)
	o.Users = 130
	many, _ := generated(t, o)
	few.readEvents(t)
	many.readEvents(t)

	devices := map[string]bool{}
	for _, s := range few.sessions {
		devices[s.DeviceID] = true
	}
	linesOfDevices := func(f found) []string {
		var lines []string
		for _, r := range f.records {
			// The object that breaks off repeats what is there anyway.
			if devices[r.Device] && !strings.Contains(r.object, "aborted") {
				lines = append(lines, r.line)
			}
		}
		slices.Sort(lines)
		return lines
	}
	if diff := gocmp.Diff(linesOfDevices(few), linesOfDevices(many)); diff != "" {
		t.Errorf("lines of the first 60 users (-alone +with others):\n%s", diff)
	}
	if diff := gocmp.Diff(few.sessions, many.sessions[:len(few.sessions)]); diff != "" {
		t.Errorf("sessions of the first 60 users (-alone +with others):\n%s", diff)
	}
}

func TestCleanHasNoTrouble(t *testing.T) {
	o := sample(t)
	o.Clean = true
	f, sum := generated(t, o)
	for name := range f.objects {
		if strings.HasPrefix(name, "events/") && !strings.HasSuffix(name, ".json.gz") {
			t.Errorf("%s is not a .json.gz object", name)
		}
	}
	trouble := []int64{sum.Duplicates, sum.Late, sum.OfflineUploads, sum.SlowClocks, sum.Future, sum.Bots, sum.BadLines, sum.TruncatedObjects}
	if diff := gocmp.Diff(make([]int64, len(trouble)), trouble); diff != "" {
		t.Errorf("troubles (-want +got):\n%s", diff)
	}
	if sum.Sessions == 0 || sum.Crashes == 0 || sum.Pushes == 0 {
		t.Errorf("nothing happens: %+v", sum)
	}
}

// People behave as those of other apps do: see the bands of published figures.
func TestUsersBehavePlausibly(t *testing.T) {
	o := sample(t)
	o.Users, o.Days, o.Clean = 3000, 21, true
	f, _ := generated(t, o)

	var lengths []int64
	days := map[string]map[calendar.Day]bool{}
	first := map[string]calendar.Day{}
	for _, s := range f.sessions {
		lengths = append(lengths, s.EndedAt-s.StartedAt)
		if days[s.UserID] == nil {
			days[s.UserID] = map[calendar.Day]bool{}
			first[s.UserID] = s.Date
		}
		days[s.UserID][s.Date] = true
	}
	slices.Sort(lengths)
	percentile := func(p int) float64 { return float64(lengths[len(lengths)*p/100]) / minute }
	retention := func(n calendar.Day) float64 {
		cohort, retained := 0.0, 0.0
		for user, d := range first {
			if d+n < o.First+calendar.Day(o.Days) {
				cohort++
				if days[user][d+n] {
					retained++
				}
			}
		}
		return 100 * retained / cohort
	}
	hours, weekend := map[bool]int{}, map[bool]int{}
	for _, s := range f.sessions {
		switch h := o.Zone.HourOf(s.StartedAt * 1000); {
		case h >= 3 && h < 6:
			hours[false]++
		case h >= 18 && h < 21:
			hours[true]++
		}
		if s.Date >= o.First+7 { // the app is new in the first week
			weekend[isWeekend(s.Date)]++
		}
	}
	for _, c := range []struct {
		what           string
		got, low, high float64
	}{
		{"median session, minutes", percentile(50), 3, 5},
		{"95th percentile over the median", percentile(95) / percentile(50), 4, 10},
		{"day 1 retention, per cent", retention(1), 25, 35},
		{"day 7 retention, per cent", retention(7), 10, 15},
		{"sessions from 18 to 21 h for one from 3 to 6 h", float64(hours[true]) / float64(hours[false]), 1.3, 10},
		{"a weekend day for one weekday", float64(weekend[true]) / 4 / (float64(weekend[false]) / 10), 1.05, 1.6},
	} {
		if c.got < c.low || c.got > c.high {
			t.Errorf("%s: %.2f, want %g to %g", c.what, c.got, c.low, c.high)
		}
	}
}

func TestNothingToGenerate(t *testing.T) {
	b, err := bucket.Open(context.Background(), "mem://", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{Users: 1}, {Days: 1}, {Users: -1, Days: 1}} {
		if _, err := Write(context.Background(), b, o); err == nil || !strings.Contains(err.Error(), "at least 1 of each") {
			t.Errorf("%d users and %d days: error %v", o.Users, o.Days, err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	ctx := context.Background()
	o := Options{Seed: 1, Users: 3000, Days: 21, First: calendar.Date(2026, time.March, 1)}
	lines := int64(0)
	for b.Loop() {
		bkt, err := bucket.Open(ctx, b.TempDir(), true, nil)
		if err != nil {
			b.Fatal(err)
		}
		sum, err := Write(ctx, bkt, o)
		if err != nil {
			b.Fatal(err)
		}
		lines += sum.Lines
	}
	b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "lines/s")
}
