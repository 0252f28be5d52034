package schedules

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// visits are a session of each of two users a day, of so many seconds.
func visits(t testingT, first, last calendar.Day, seconds int64) (lines []string) {
	t.Helper()
	for day := range calendar.Days(first, last) {
		at := lisbon(t).Start(day) + 10*3600e6
		for _, user := range []string{"ann", "bob"} {
			id := fmt.Sprintf("%s-%s", day, user)
			lines = append(lines, line(id+"-1", user, user, "tap", at), line(id+"-2", user, user, "tap", at+seconds*1e6))
		}
	}
	return lines
}

// effects are the rows that the site would publish, by metric.
func (s *site) effects(t testingT) map[string]transform.InterventionEffect {
	t.Helper()
	made, err := lake.Days(context.Background(), s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	files, err := s.references(context.Background(), made, nil)
	if err != nil {
		t.Fatal(err)
	}
	byMetric := map[string]transform.InterventionEffect{}
	for _, row := range rows[transform.InterventionEffect](t, s.Lake, lake.File{Object: referenceObject("intervention_effects")}) {
		byMetric[row.Metric] = row
	}
	if got := files[len(files)-1].SHA256; got != s.warehouse.held[load.PartitionKey{Table: "intervention_effects"}] {
		t.Errorf("what is published is not what the lake says")
	}
	return byMetric
}

// Of the days after an intervention those are used that are final, and no day
// far from it is read, however long the history is.
func TestEffectsAreOfFinalDaysAroundTheIntervention(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	release := first + 90
	s.Interventions = []transform.Intervention{{Name: "release", Day: release, Days: 14, MinUsers: 2}}
	from, to := s.Interventions[0].Span()
	if from-first < 30 || release-from > 60 {
		t.Fatalf("the span begins on %s, %d days before: want it bounded, and days before it", from, release-from)
	}
	s.put(t, "before.ndjson", visits(t, first, release, 60)...)
	s.put(t, "after.ndjson", visits(t, release+1, release+14, 78)...)
	s.night(t, release+15, Range{})
	// The last day is not final: its sessions may go on.
	if r := s.effects(t)["duration_mean_seconds"]; r.DaysBefore != 14 || r.DaysAfter != 13 || *r.Before != 60 || *r.Change != 18 || *r.PlaceboDates != 3 || r.Verdict != transform.Increase {
		t.Errorf("before the last day is final: %s", r.Sentence)
	}
	if r := s.effects(t)["stickiness"]; *r.Before != 1 || r.Verdict != transform.NoClearChange {
		t.Errorf("both users come every day: %s", r.Sentence)
	}
	s.put(t, "later.ndjson", visits(t, release+15, to+10, 78)...)
	s.night(t, to+11, Range{})
	want := s.effects(t)
	if r := want["duration_mean_seconds"]; r.DaysAfter != 14 {
		t.Errorf("once it is: %s", r.Sentence)
	}

	made, err := lake.Days(context.Background(), s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	for day, m := range made {
		if day >= from && day <= to {
			continue
		}
		for _, table := range []string{"daily_sessions", "daily_frequency", "daily_retention"} {
			if err := s.Lake.Delete(context.Background(), m.Tables[table].Object); err != nil {
				t.Fatal(err)
			}
		}
	}
	if r := s.effects(t)["duration_mean_seconds"]; r.Sentence != want["duration_mean_seconds"].Sentence {
		t.Errorf("without the days far away:\n%s\nwant\n%s", r.Sentence, want["duration_mean_seconds"].Sentence)
	}
	for _, day := range []calendar.Day{from, to} {
		object := made[day].Tables["daily_sessions"].Object
		if err := s.Lake.Delete(context.Background(), object); err != nil {
			t.Fatal(err)
		}
		if _, err := s.references(context.Background(), made, nil); err == nil || !strings.Contains(err.Error(), object) {
			t.Errorf("%s is gone, and the error is %v", object, err)
		}
		delete(made, day)
	}
}
