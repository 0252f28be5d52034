package schedules

import (
	"context"
	"strings"
	"testing"

	"sojourn/internal/calendar"
	"sojourn/load"
)

// Yesterday is fresh once it is in the warehouse, and nothing else makes it so.
func TestFreshness(t *testing.T) {
	morning := date(31)
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	fresh := func(at calendar.Day) Freshness {
		t.Helper()
		s.at(at)
		status, err := s.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return status.Freshness()
	}
	want := func(f Freshness, published bool, state State, reason string) {
		t.Helper()
		if f.IsPublished != published || f.State != state || !strings.Contains(f.Reason, reason) || published != !f.PublishedAt.IsZero() || (f.Reason == "") != published {
			t.Errorf("%+v, want published %v, %s because %q", f, published, state, reason)
		}
	}
	want(fresh(morning), false, Missing, "no events of it have been read")
	s.put(t, "a.ndjson", line("1", "d1", "ann", "tap", s.Zone.Start(date(29))))
	s.night(t, morning, Range{})
	want(fresh(morning), false, Missing, "no events of it have been read")
	if f := fresh(morning); f.Latest != date(29) || f.Day != date(30) {
		t.Errorf("the latest day is %s, and yesterday %s", f.Latest, f.Day)
	}

	s.put(t, "b.ndjson", line("2", "d1", "ann", "tap", s.Zone.Start(date(30))))
	s.night(t, morning, Range{To: new(date(29))}) // read, and not made
	want(fresh(morning), false, Missing, "not run yet")
	s.night(t, morning, Range{})
	want(fresh(morning), true, Provisional, "")

	key := load.PartitionKey{Table: "sessions", Day: date(30)}
	held := s.warehouse.held[key]
	delete(s.warehouse.held, key)
	want(fresh(morning), false, Unpublished, "not in the warehouse")
	s.warehouse.held[key] = held
	open := s.OpenWarehouse
	s.OpenWarehouse = func(context.Context) (load.Warehouse, error) { return nil, &load.InUseError{} }
	want(fresh(morning), false, Unpublished, "another program")
	s.OpenWarehouse = open

	// An old day is made again on the next morning, which has no events yet.
	s.put(t, "c.ndjson", line("3", "d1", "ann", "tap", s.Zone.Start(date(29))+60e6))
	s.night(t, morning+1, Range{})
	want(fresh(morning+1), false, Missing, "no events of it have been read")
	if f := fresh(morning); !f.IsPublished || f.Latest != date(30) {
		t.Errorf("on the morning before it is %+v", f)
	}

	// A check blocks yesterday.
	s.Checks = Checks{ZeroLength: Limit{Share: 0, Level: Block}}
	s.put(t, "d.ndjson", line("4", "d1", "ann", "tap", s.Zone.Start(date(31))+36e9))
	s.at(morning + 1)
	if _, err := s.Night(t.Context(), Range{}); err == nil {
		t.Fatal("no check blocked")
	}
	want(fresh(morning+1), false, Missing, "was blocked: check zero_length of 2026-03-31")
	s.Checks = Checks{}
	s.night(t, morning+1, Range{})
	want(fresh(morning+1), true, Provisional, "")
	s.verify(t, VerifyOptions{})

	// Another definition, under which nothing has been made yet.
	s.Definition = longSessions()
	want(fresh(morning+1), false, Stale, "the session definition changed")
}
