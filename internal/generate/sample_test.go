package generate

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"sojourn/internal/calendar"
)

// sample is options that bring every trouble about, in a period with a change
// of clocks.
func sample(t *testing.T) Options {
	t.Helper()
	zone, err := calendar.LoadZone("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	return Options{Seed: 7, Users: 600, Days: 14, First: calendar.Date(2026, time.March, 20), Zone: zone}
}

func TestSample(t *testing.T) {
	o := sample(t)
	f, sum := generated(t, o)
	f.readEvents(t)
	t.Run("every number of the summary is what a plain reader counts", func(t *testing.T) { checkSummary(t, o, f, sum) })
	t.Run("every trouble and every edge is there", func(t *testing.T) { checkTroubles(t, f, sum) })
	t.Run("nothing is lost", func(t *testing.T) { checkDeliveries(t, f) })
	t.Run("objects hold what arrives in their time", func(t *testing.T) { checkObjects(t, f) })
}

// checkSummary counts what is there.
func checkSummary(t *testing.T, o Options, f found, sum Summary) {
	distinct := f.distinct()
	got := Summary{
		Lines: int64(f.lines), Events: int64(len(distinct)), BadLines: int64(f.bad),
		Duplicates: int64(len(f.records) - len(distinct)), TruncatedObjects: int64(f.truncated),
		Sessions: int64(len(f.sessions)),
	}
	for name := range f.objects {
		if strings.HasPrefix(name, "events/") {
			got.Objects++
		}
	}
	users := map[string]bool{}
	received := map[int64]map[time.Time]bool{} // by session
	for _, s := range f.sessions {
		users[s.UserID] = true
		received[s.Session] = map[time.Time]bool{}
		if o.Zone.DayOf(s.EndedAt*1000) > s.Date {
			got.CrossMidnight++
		}
		switch s.StartReason {
		case "after_end":
			got.AfterEnd++
		case "user_change":
			got.UserChanges++
		case "cap":
			got.Capped++
		}
	}
	got.Users = int64(len(users))
	soonest := map[string]time.Duration{} // of a device's events to be received
	byDevice := map[string][]record{}     // activity
	for _, r := range distinct {
		delay := r.ReceivedAt.Sub(r.Timestamp)
		if known, ok := soonest[r.Device]; !ok || delay < known {
			soonest[r.Device] = delay
		}
		if delay >= 24*time.Hour {
			got.Late++
		}
		fate := f.fates[r.ID]
		switch fate.Fate {
		case Future:
			got.Future++
			if days := -delay.Hours() / 24; days < 399 || days > 400 {
				t.Errorf("%g days ahead: %s", days, r.line)
			}
		case Outside:
			got.Outside++
		}
		switch r.Name {
		case "push_received":
			got.Pushes++
		case "app_crash":
			got.Crashes++
		}
		if !r.background() {
			byDevice[r.Device] = append(byDevice[r.Device], r)
			if fate.Session > 0 {
				received[fate.Session][r.ReceivedAt] = true
			}
		}
	}
	for _, s := range f.sessions {
		if s.Offline {
			got.OfflineUploads++
			if len(received[s.Session]) != 1 {
				t.Errorf("session %d was not uploaded in one go", s.Session)
			}
		}
	}
	got.Devices = int64(len(soonest))
	for _, delay := range soonest {
		if delay >= 3*time.Hour && delay < 3*time.Hour+time.Minute {
			got.SlowClocks++
		}
	}
	for _, records := range byDevice {
		slices.SortFunc(records, func(a, b record) int { return a.Timestamp.Compare(b.Timestamp) })
		regular := 0
		for i := 1; i < len(records); i++ {
			switch pause := records[i].at() - records[i-1].at(); pause {
			case minute:
				regular++
			case 30*minute - 1, 30 * minute:
				got.LongestPauses++
			case 30*minute + 1:
				got.ShortestPauses++
			}
		}
		if regular > 100 {
			got.Bots++
		}
	}
	if diff := gocmp.Diff(got, sum); diff != "" {
		t.Errorf("summary (-counted +reported):\n%s", diff)
	}
	if sum.Lines != sum.Events+sum.Duplicates+sum.BadLines {
		t.Errorf("lines are not events, duplicates and bad lines: %+v", sum)
	}
}

// checkTroubles wants every trouble, every case at the edge of the definition
// and every kind of compression.
func checkTroubles(t *testing.T, f found, sum Summary) {
	fields := reflect.ValueOf(sum)
	for i := range fields.NumField() {
		if fields.Field(i).Int() == 0 {
			t.Errorf("no %s", fields.Type().Field(i).Name)
		}
	}
	edges := map[string]int{}
	started := map[int64]Session{}
	for _, s := range f.sessions {
		started[s.Session] = s
	}
	records := f.distinct()
	slices.SortFunc(records, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.at(), b.at()))
	})
	var before record // the activity before
	for _, r := range records {
		fate := f.fates[r.ID]
		if r.Device == before.Device {
			name := "outside"
			switch {
			case fate.Session == f.fates[before.ID].Session:
				name = "in session"
			case fate.Session > 0:
				name = "new session"
			}
			if r.background() {
				name = "background " + name
			}
			switch r.at() - before.at() {
			case 30*minute - 1:
				edges["a millisecond under the timeout: "+name]++
			case 30 * minute:
				edges["at the timeout: "+name]++
			case 30*minute + 1:
				edges["a millisecond over the timeout: "+name]++
			}
		}
		if s, ok := started[fate.Session]; ok && r.at()-s.StartedAt == 24*hour {
			edges["at the cap: in session"]++
		}
		if !r.background() {
			before = r
		}
	}
	want := []string{
		"a millisecond over the timeout: background outside",
		"a millisecond over the timeout: new session",
		"a millisecond under the timeout: in session",
		"at the cap: in session",
		"at the timeout: background in session",
		"at the timeout: in session",
	}
	if diff := gocmp.Diff(want, slices.Sorted(maps.Keys(edges))); diff != "" {
		t.Errorf("edges (-want +got):\n%s", diff)
	}
	endings := map[string]bool{}
	for name := range f.objects {
		_, ending, _ := strings.Cut(name, ".")
		endings[ending] = true
	}
	for _, ending := range []string{"json.gz", "json.zst", "json"} {
		if !endings[ending] {
			t.Errorf("no object ends in .%s", ending)
		}
	}
}

// checkDeliveries wants a second delivery to be the line of the first, to the
// byte, and what an upload that broke off has lost to be elsewhere.
func checkDeliveries(t *testing.T, f found) {
	lines := map[string]string{}
	elsewhere := map[string]bool{}
	for _, r := range f.records {
		if line, ok := lines[r.ID]; ok && line != r.line {
			t.Errorf("two deliveries differ:\n%s\n%s", line, r.line)
		}
		lines[r.ID] = r.line
		if !strings.Contains(r.object, "aborted") {
			elsewhere[r.ID] = true
		}
	}
	for id := range f.fates {
		if !elsewhere[id] {
			t.Errorf("event %s is in no whole object", id)
		}
	}
}

// checkObjects wants an object to hold what arrives in the six hours of its
// name.
func checkObjects(t *testing.T, f found) {
	seen := map[string]bool{}
	for _, r := range f.distinct() {
		from, err := time.Parse("events/2006/01/02/app-1504", r.object[:len("events/2006/01/02/app-1504")])
		if err != nil {
			t.Fatal(err)
		}
		// An object of an earlier time holds the first delivery, if there are two.
		if after := r.ReceivedAt.Sub(from); after < 0 || after >= 6*time.Hour {
			t.Errorf("%s holds what was received at %s", r.object, r.ReceivedAt)
		}
		if n := len(r.line); n < 300 || n > 700 {
			t.Errorf("a record of %d bytes: %s", n, r.line)
		}
		seen[r.object] = true
	}
	if len(seen) < 4*14 {
		t.Errorf("%d objects for 14 days", len(seen))
	}
}
