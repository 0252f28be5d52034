package schedules

import (
	"context"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// drawSite draws a site whose nights have all been run.
func drawSite(t *rapid.T, root string) (s *site, finished func()) {
	s, finished = tempSite(t, root)
	s.Definition, s.Compare = drawDefinitions(t)
	s.Analysis = drawAnalysis(t)
	events := drawEvents(t, s.Zone)
	seen := first
	for morning := first + 1; morning <= last+1; morning++ {
		ship(t, s, events, func(n calendar.Day) bool { return n > seen && n <= morning }, morning.String())
		seen = morning
		s.night(t, morning, drawRange(t, morning))
	}
	s.night(t, last+1, Range{})
	return s, finished
}

// Whatever was run in whichever order: every session is what comes out of its
// events folded anew, its timeline has as many events as its row, and the
// users' events are all accounted for.
func TestEverySessionIsExplained(t *testing.T) {
	root := t.TempDir()
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		s, finished := drawSite(t, root)
		defer finished()
		made, err := lake.Days(ctx, s.Lake)
		if err != nil {
			t.Fatal(err)
		}
		for _, day := range slices.Sorted(maps.Keys(made)) {
			m := made[day]
			for _, r := range rows[transform.Session](t, s.Lake, m.Tables["sessions"]) {
				story, err := s.ExplainSession(ctx, r.SessionID, nil)
				if err != nil || story.Problem != "" {
					t.Fatalf("session %s of %s: %v %s", r.SessionID, day, err, story.Problem)
				}
				events, began, ended := int64(0), "", "open"
				for _, moment := range story.Timeline {
					switch moment.Fate {
					case transform.InSession:
						events++
					case transform.Began:
						began = moment.Rule
					case transform.Ended:
						ended = moment.Rule
					}
				}
				if events != r.EventCount || began != r.StartReason || ended != r.EndReason {
					t.Fatalf("session %s of %s has %d events, %s to %s: it is told of %d, %s to %s",
						r.SessionID, day, r.EventCount, r.StartReason, r.EndReason, events, began, ended)
				}
			}
			for _, u := range rows[transform.User](t, s.Lake, m.Tables["users"]) {
				story, err := s.ExplainUser(ctx, u.UserID, &day, 7)
				if err != nil || story.Problem != "" || int64(len(story.Sessions)) != u.SessionsTotal {
					t.Fatalf("user %s at the end of %s: %d sessions of %d, %v %s", u.UserID, day, len(story.Sessions), u.SessionsTotal, err, story.Problem)
				}
				if l := story.Ledger; l.Events != l.InSessions+l.Duplicates+l.Outside+l.Ignored+l.BeyondCap+l.UploadedLate {
					t.Fatalf("user %s at the end of %s: %+v", u.UserID, day, l)
				}
			}
		}
	})
}

// Every cell that is counted from users is what they come to counted anew, and
// a count is the sum of what each of them adds.
func TestEveryCellIsCountedAnew(t *testing.T) {
	root := t.TempDir()
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		s, finished := drawSite(t, root)
		defer finished()
		made, err := lake.Days(ctx, s.Lake)
		if err != nil {
			t.Fatal(err)
		}
		for _, day := range slices.Sorted(maps.Keys(made)) {
			m := made[day]
			name := rapid.SampledFrom(slices.DeleteFunc(load.DailyTables(false), func(name string) bool {
				return uncounted[name] != "" || m.Tables[name].Rows == 0
			})).Draw(t, "table")
			data, err := s.Lake.Read(ctx, m.Tables[name].Object)
			if err != nil {
				t.Fatal(err)
			}
			all, err := load.ReadRows(name, data)
			if err != nil {
				t.Fatal(err)
			}
			table, _ := load.TableNamed(name)
			row := rapid.SampledFrom(all).Draw(t, "row")
			q := CellQuestion{Table: name, Day: day, Where: map[string]string{}, Most: 3}
			for _, column := range table.Key {
				q.Where[column] = CellText(row[column])
			}
			story, err := s.ExplainCell(ctx, q)
			if err != nil || story.Problem != "" || story.NoRows != "" {
				t.Fatalf("%s of %s %v: %v %s %s", name, day, q.Where, err, story.Problem, story.NoRows)
			}
			switch name {
			case "daily_sessions", "daily_frequency", "daily_retention", "daily_segments", "daily_length", "daily_stability":
				if story.Recount.Sum == nil {
					t.Fatalf("%s of %s %v: what %d users add is not %v", name, day, q.Where, story.Recount.Users, story.Row)
				}
			}
			if last := story.Moves[len(story.Moves)-1]; !last.Known || !last.Exists {
				t.Fatalf("%s of %s: the latest revision is %+v", name, day, last)
			}
		}
	})
}

// A table that was made by something else is told from one that was not.
func TestTablesOfOtherMakingAreFound(t *testing.T) {
	ctx := context.Background()
	at := func(minute int64) int64 { return lisbon(t).Start(first) + minute*60e6 }
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	s.put(t, "a.ndjson", line("1", "phone", "ann", "tap", at(600)), line("2", "phone", "ann", "tap", at(610)))
	s.night(t, first+1, Range{})
	made, err := lake.Days(ctx, s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	tables := made[first].Tables
	sessions := rows[transform.Session](t, s.Lake, tables["sessions"])
	sessions[0].EndedAt -= 60e6
	data, err := load.EncodeSessions(sessions)
	if err != nil {
		t.Fatal(err)
	}
	if err := put(ctx, s.Lake, tables["sessions"].Object, data); err != nil {
		t.Fatal(err)
	}
	m, file := made[first], tables["sessions"]
	file.SHA256 = digest(data)
	m.Tables["sessions"] = file
	if err := lake.WriteDay(ctx, s.Lake, m); err != nil {
		t.Fatal(err)
	}
	story, err := s.ExplainSession(ctx, sessions[0].SessionID, nil)
	if want := "folded anew from its events it is not what the table has: ended_at is "; err != nil || len(story.Problem) < len(want) || story.Problem[:len(want)] != want {
		t.Errorf("a session with another end: %q, %v", story.Problem, err)
	}
	cell, err := s.ExplainCell(ctx, CellQuestion{Table: "daily_length", Day: first, Where: map[string]string{"measure": "elapsed", "population": "all"}, Column: "max_seconds"})
	if want := "max_seconds is 600 in the table, and 540 counted anew"; err != nil || cell.Problem != want {
		t.Errorf("a cell of other sessions: %q, %v", cell.Problem, err)
	}
}

// A day whose objects have been read again since is explained as it was made,
// and said to be stale.
func TestStaleDayIsExplainedAsItWasMade(t *testing.T) {
	ctx := context.Background()
	at := func(minute int64) int64 { return lisbon(t).Start(first) + minute*60e6 }
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	s.put(t, "a.ndjson", line("1", "phone", "ann", "tap", at(600)), line("2", "phone", "ann", "tap", at(610)))
	s.night(t, first+1, Range{})
	s.put(t, "a.ndjson", line("1", "phone", "ann", "tap", at(600)))
	var sum Summary
	if _, err := s.extract(ctx, Range{}, &sum); err != nil || sum.Objects != 1 {
		t.Fatalf("%d objects read, %v", sum.Objects, err)
	}
	made, err := lake.Days(ctx, s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	session := rows[transform.Session](t, s.Lake, made[first].Tables["sessions"])[0]
	story, err := s.ExplainSession(ctx, session.SessionID, nil)
	if err != nil || story.Problem != "" || session.EventCount != 2 {
		t.Errorf("a session of %d events: %v %s", session.EventCount, err, story.Problem)
	}
	if day := story.Days[0]; day.Stale == "" || len(day.Objects) != 1 || day.Objects[0].Events != 2 {
		t.Errorf("its day: %+v", day)
	}
}
