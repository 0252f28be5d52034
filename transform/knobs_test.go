package transform_test

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// drawKnobs draws a definition: a preset, most often with some knobs turned.
func drawKnobs(t *rapid.T) transform.Definition {
	d := rapid.SampledFrom(transform.Presets()).Draw(t, "preset").Definition
	d.Events[transform.Start] = append(d.Events[transform.Start], "login")
	turn := func(name string, how func()) {
		if rapid.IntRange(0, 5).Draw(t, name) == 0 {
			how()
		}
	}
	changes := []transform.Change{transform.Keep, transform.Split, transform.SplitAny}
	short := []time.Duration{0, time.Minute, 10 * time.Minute, time.Hour}
	turn("modes", func() {
		d.Modes = rapid.SampledFrom([][]transform.Mode{
			{transform.Stamped}, {transform.Gap}, {transform.BackgroundGap}, {transform.Explicit},
			{transform.Stamped, transform.Gap}, {transform.Stamped, transform.BackgroundGap}, {transform.Stamped, transform.Explicit},
		}).Draw(t, "these modes")
		d.AbandonAfter = rapid.SampledFrom([]time.Duration{time.Hour, 26 * time.Hour, 100 * time.Hour}).Draw(t, "abandoned after")
	})
	turn("background timeout", func() { d.BackgroundTimeout = rapid.SampledFrom(short).Draw(t, "in the background") })
	turn("timer", func() {
		d.Timer = rapid.SampledFrom([]transform.Timer{transform.FromBackground, transform.FromLastEvent}).Draw(t, "this timer")
	})
	turn("backwards", func() {
		d.Backwards = rapid.SampledFrom([]transform.Backwards{
			transform.BackwardsSame, transform.BackwardsSplit, transform.BackwardsPause, transform.BackwardsRestart,
		}).Draw(t, "set back")
	})
	turn("background events", func() {
		d.BackgroundEvents = rapid.SampledFrom([]transform.Role{transform.Join, transform.Extend, transform.Ignore, transform.Active}).Draw(t, "they")
	})
	turn("lone", func() { d.LoneJoin = !d.LoneJoin })
	turn("orphan", func() { d.OrphanEnd = !d.OrphanEnd })
	turn("repeated start", func() { d.RepeatedStart = transform.Keep })
	turn("launch", func() { d.Launch = transform.Split })
	turn("user change", func() { d.UserChange = rapid.SampledFrom(changes).Draw(t, "users") })
	turn("split on", func() {
		d.SplitOn, d.SplitFromEmpty = []string{"country", "platform"}, rapid.Bool().Draw(t, "from empty")
	})
	turn("midnight", func() {
		d.Midnight = rapid.SampledFrom([]string{"", transform.ReportingZone, "Asia/Tokyo"}).Draw(t, "of")
	})
	turn("cap", func() {
		d.Cap = rapid.SampledFrom([]time.Duration{d.Timeout, 2 * d.Timeout, 40 * time.Hour}).Draw(t, "age")
		d.CapAction = rapid.SampledFrom([]transform.CapAction{transform.CapSplit, transform.CapTruncate, transform.CapDrop}).Draw(t, "then")
	})
	turn("event cap", func() {
		d.EventCap = int64(rapid.IntRange(1, 3).Draw(t, "events"))
		d.EventCapAction = rapid.SampledFrom([]transform.CapAction{transform.CapSplit, transform.CapTruncate}).Draw(t, "after")
	})
	turn("burst", func() { d.BurstEvents, d.BurstWithin = 2, time.Minute })
	turn("late", func() { d.LateUpload = time.Hour })
	turn("reopen", func() { d.ReopenWithin = rapid.SampledFrom(short).Draw(t, "within") })
	turn("measure", func() {
		d.Length.Measure = rapid.SampledFrom([]transform.Measure{
			transform.Elapsed, transform.InForeground, transform.Reported, transform.Pings, transform.StartToEnd, transform.ReportedOrUsed,
		}).Draw(t, "length")
		d.Length.PingEvery, d.Length.PingFirst = 10*time.Second, 5*time.Second
		d.Engaged.Measure = d.Length.Measure
	})
	turn("pings", func() { d.Events[transform.Ping] = []string{"page_ping"} })
	turn("counted", func() { d.MinLength, d.MinViews = time.Minute, int64(rapid.IntRange(0, 2).Draw(t, "views")) })
	if err := d.Validate(); err != nil {
		t.Fatalf("%v", err)
	}
	return d
}

// drawDefined draws a definition of any kind, and what a few devices do.
func drawDefined(t *rapid.T) drawn {
	c := drawCase(t)
	c.rules = drawKnobs(t)
	for i := range c.events {
		e := &c.events[i]
		e.SourceSession = rapid.SampledFrom([]string{"", "", "s1", "s2", "-1"}).Draw(t, "stamp")
		e.Background = rapid.IntRange(0, 7).Draw(t, "background") == 0
		e.Launch = rapid.IntRange(0, 9).Draw(t, "launch") == 0
		e.NewSession = rapid.IntRange(0, 15).Draw(t, "new session") == 0
		e.ReceivedAt = rapid.SampledFrom([]int64{0, e.At, e.At + 5e6, 7}).Draw(t, "received")
		e.SentAt = rapid.SampledFrom([]int64{0, e.At, e.At + 2*time.Hour.Microseconds()}).Draw(t, "sent")
		e.View = rapid.SampledFrom([]string{"", "", "v1", "v2"}).Draw(t, "view")
		e.EngagedMillis = rapid.SampledFrom([]int64{-1, -1, 0, 500}).Draw(t, "engaged")
		e.Attributes = rapid.SampledFrom([]*transform.Attributes{
			transform.NoAttributes, {Platform: "Android"}, {Platform: "ios", Country: "PT"}, {Country: "BR"},
			{DeviceClass: "tv", UTCOffset: "+01:00"}, {Country: "BR", Properties: "plan=pro"},
		}).Draw(t, "attributes")
		if rapid.IntRange(0, 7).Draw(t, "ping") == 0 {
			e.Name = "page_ping"
		}
	}
	return c
}

// Law 1, under every definition: every event is in one session or in one
// column of the ledger, and the days of a session add up to it.
func TestEveryDefinitionAccountsForEveryEvent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawDefined(t)
		f := foldDays(t, c.rules, c.zone, c.events)
		l := f.ledger
		if l.Events != int64(len(c.events)) || l.Events != l.InSessions+l.Duplicates+l.Outside+l.Ignored+l.BeyondCap+l.UploadedLate {
			t.Fatalf("%d events, ledger %+v", len(c.events), l)
		}
		var inSessions int64
		for _, r := range f.sessions {
			inSessions += r.EventCount
			if r.EndedAt < r.StartedAt || r.DurationSeconds != nil && *r.DurationSeconds < 0 || r.EngagedSeconds < 0 ||
				r.IsFinal == (r.Status == "open") || r.IsCounted == (r.Exclusion != "") {
				t.Fatalf("session %+v", r)
			}
		}
		if inSessions != l.InSessions {
			t.Fatalf("sessions have %d events, the ledger says %d", inSessions, l.InSessions)
		}
	})
}

// What happened in a session on each day adds up to the session.
func TestDaysOfASessionAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawDefined(t)
		if c.rules.Length.Single != transform.AsMeasured || c.rules.Length.Crashed != transform.AsMeasured {
			c.rules.Length.Single, c.rules.Length.Crashed = transform.AsMeasured, transform.AsMeasured
		}
		if c.rules.Engaged.Measure == transform.ReportedOrUsed {
			c.rules.Engaged.Measure = transform.Reported // it may change its mind on a later day
		}
		if c.rules.Length.Measure == transform.ReportedOrUsed {
			c.rules.Length.Measure = transform.InForeground
		}
		f := foldDays(t, c.rules, c.zone, c.events)
		sum := map[string]transform.SessionDay{}
		for _, day := range f.parts {
			s := sum[day.SessionID]
			if day.DurationSeconds != nil {
				s.DurationSeconds = new(*day.DurationSeconds + *cmp.Or(s.DurationSeconds, new(float64)))
			}
			s.EngagedSeconds += day.EngagedSeconds
			s.EventCount += day.EventCount
			s.BackgroundCount += day.BackgroundCount
			s.ScreenViews += day.ScreenViews
			s.CrashCount += day.CrashCount
			s.KeyEventCount += day.KeyEventCount
			sum[day.SessionID] = s
			if day.DurationSeconds != nil && *day.DurationSeconds < 0 || day.EngagedSeconds < 0 || day.EventCount < 1 || day.EventCount < day.BackgroundCount {
				t.Fatalf("part %+v", day)
			}
		}
		for _, r := range f.sessions {
			s := sum[r.SessionID]
			if s.EventCount != r.EventCount || s.BackgroundCount != r.BackgroundCount || s.ScreenViews != r.ScreenViews ||
				s.CrashCount != r.CrashCount || s.KeyEventCount != r.KeyEventCount || math.Abs(s.EngagedSeconds-r.EngagedSeconds) > 1e-5 ||
				r.DurationSeconds != nil && s.DurationSeconds != nil && math.Abs(*s.DurationSeconds-*r.DurationSeconds) > 1e-5 {
				t.Fatalf("the parts\n%+v\ndo not add up to\n%+v", s, r)
			}
		}
	})
}

// Law 3, under every definition.
func TestNoDefinitionLooksAtOrderOrOrigin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawDefined(t)
		want := foldDays(t, c.rules, c.zone, c.events)
		shuffled := rapid.Permutation(c.events).Draw(t, "order")
		for i := range shuffled {
			shuffled[i].Object, shuffled[i].Line = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "object"), int64(i)
		}
		if diff := diffFolds(want, foldDays(t, c.rules, c.zone, shuffled)); diff != "" {
			t.Fatalf("fold (-as drawn +shuffled):\n%s", diff)
		}
	})
}

// Days on which only other people do something change nothing.
func TestQuietDaysDoNotShow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawDefined(t)
		days := c.days()
		if len(days) == 0 {
			return
		}
		last := days[len(days)-1] + 5
		want := foldDays(t, c.rules, c.zone, c.events, last)
		got := foldDays(t, c.rules, c.zone, c.events, slices.Collect(calendar.Days(days[0], last))...)
		want.days, got.days = nil, nil
		if diff := diffFolds(want, got); diff != "" {
			t.Fatalf("fold (-without +with quiet days):\n%s", diff)
		}
	})
}
