package schedules

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sojourn/internal/calendar"
	"sojourn/internal/crash"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// drawPeople draws rows of users a to z, in order.
func drawPeople(t *rapid.T) (all people) {
	for user := 'a'; user <= 'z'; user++ {
		for n := range rapid.IntRange(0, 3).Draw(t, "sessions") {
			all.sessions = append(all.sessions, transform.Session{UserID: string(user), StartedAt: int64(n), SessionID: fmt.Sprint(user, n)})
		}
		has := rapid.Uint8().Draw(t, "has")
		if has&1 != 0 {
			all.users = append(all.users, transform.User{UserID: string(user)})
		}
		if has&2 != 0 {
			all.days = append(all.days, transform.SessionDay{UserID: string(user)})
		}
		if has&4 != 0 {
			all.steps = append(all.steps, transform.Step{UserID: string(user), Number: 1}, transform.Step{UserID: string(user), Number: 2})
		}
		if has&8 != 0 {
			all.userEvents = append(all.userEvents, transform.UserEvent{UserID: string(user)})
		}
		if has&16 != 0 {
			all.userFeatures = append(all.userFeatures, transform.UserFeature{UserID: string(user)})
		}
		if has&32 != 0 {
			all.userFunnels = append(all.userFunnels, transform.UserFunnel{UserID: string(user)})
		}
		if has&64 != 0 {
			all.retention = append(all.retention, transform.UserRetention{UserID: string(user)})
		}
	}
	return all
}

// drawParts divides people between users.
func drawParts(t *rapid.T, all people, most int) *parts {
	p := &parts{most: most}
	for all.bytes() > 0 {
		var mine people
		mine, all = all.cut(string(rapid.RuneFrom([]rune("abcdefghijklmnopqrstuvwxyz")).Draw(t, "up to")))
		if err := p.add(mine); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// Two days that are divided otherwise are read in step: each user's rows come at
// once, all of them, in order, in memory or not.
func TestDaysAreReadInStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wants := []people{drawPeople(t), drawPeople(t)}
		var crowds []*crowd
		for _, want := range wants {
			p := drawParts(t, want, rapid.IntRange(0, 1).Draw(t, "most"))
			defer p.close()
			crowds = append(crowds, p.crowd(allLists))
		}
		got := make([][]people, len(crowds))
		last := ""
		for {
			var reaches []reach
			for _, c := range crowds {
				r, err := c.peek(rapid.IntRange(1, 5_000).Draw(t, "bytes"))
				if err != nil {
					t.Fatal(err)
				}
				reaches = append(reaches, r)
			}
			user, ok := meet(reaches...)
			if !ok {
				break
			}
			if user <= last {
				t.Fatalf("up to %s after %s", user, last)
			}
			for i, c := range crowds {
				of, err := c.upTo(user)
				if err != nil {
					t.Fatal(err)
				}
				if of.bytes() > 0 && (of.last() > user || len(of.sessions) > 0 && of.sessions[0].UserID <= last) {
					t.Fatalf("between %s and %s there are %v", last, user, of)
				}
				got[i] = append(got[i], of)
			}
			last = user
		}
		for i, want := range wants {
			if diff := cmp.Diff(want, joined(got[i]), cmp.AllowUnexported(people{}), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("day %d:\n%s", i, diff)
			}
		}
	})
}

// What is told of earlier days reaches the part that has the user, and a row
// that is in none is missed.
func TestPartsArePatched(t *testing.T) {
	row := func(user string) transform.Session {
		return transform.Session{Date: 5, UserID: user, SessionID: "s-" + user}
	}
	for _, most := range []int{0, 1} {
		s := &strung{parts: parts{most: most}}
		defer s.close()
		for _, user := range []string{"ann", "bob", "eve"} {
			if err := s.add(people{sessions: []transform.Session{row(user)}, users: []transform.User{{UserID: user}}}); err != nil {
				t.Fatal(err)
			}
		}
		told := row("bob")
		told.EndedAt = 9
		another := row("eve")
		another.Date = 6
		if err := s.patch(5, news{sessions: []transform.Session{told, another}}); err != nil {
			t.Fatal(err)
		}
		all, err := s.whole(allLists)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]transform.Session{row("ann"), told, row("eve")}, all.sessions); diff != "" {
			t.Errorf("with most %d:\n%s", most, diff)
		}
		if len(all.users) != 3 {
			t.Errorf("with most %d there are %d of the 3 users whose sessions were told of", most, len(all.users))
		}
		for _, user := range []string{"abe", "cat", "zoe"} {
			if err := s.patch(5, news{sessions: []transform.Session{row(user)}}); err == nil {
				t.Errorf("with most %d: nobody misses %s", most, user)
			}
		}
	}
}

// Rows for which there is no room on disk are not lost.
func TestPartsOnAFullDisk(t *testing.T) {
	p := &parts{most: 1}
	defer p.close()
	row := func(user string) people { return people{users: []transform.User{{UserID: user}}} }
	if err := p.add(row("ann")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	if err := p.add(row("bob")); err == nil {
		t.Fatal("there is nowhere to write, and no error")
	}
	all, err := p.whole(allLists)
	if err != nil || len(all.users) != 2 {
		t.Errorf("%d users are left, %v", len(all.users), err)
	}
}

// Days that know of one that could not be told to all of them are not written,
// and the next run makes what an undisturbed one does.
func TestHalfToldDaysAreNotWritten(t *testing.T) {
	for _, rowBytes := range []int64{0, 1} {
		site := func(t *testing.T) *site {
			s := newSite(t, t.TempDir(), nil)
			t.Cleanup(s.close)
			s.Definition, s.RowBytes = longSessions(), rowBytes
			for _, day := range []int{28, 29, 30} {
				noon := s.Zone.Start(date(day)) + (12 * time.Hour).Microseconds()
				s.put(t, fmt.Sprint(day, ".ndjson"), line(fmt.Sprint(day), "d1", "ann", "tap", noon)) // one session of all
			}
			s.at(date(31))
			return s
		}
		undisturbed := site(t)
		undisturbed.night(t, date(31), Range{})
		s := site(t)
		batches, err := s.extract(t.Context(), Range{}, &Summary{})
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.chain(t.Context(), batches)
		if err != nil {
			t.Fatal(err)
		}
		crash.Hook(func(place string) {
			if place == "fold.day-judged" && len(c.inHand) == 2 {
				c.inHand[1].list = nil // what the third day tells of the second finds no row
			}
		})
		defer crash.Hook(nil)
		made, err := c.foldDue(t.Context(), dataDays(c.staged, date(30)), func(calendar.Day) {})
		crash.Hook(nil)
		if err == nil || !strings.Contains(err.Error(), "no such") {
			t.Fatalf("what is told is not missed: %v", err)
		}
		days, err := lake.Days(t.Context(), s.Lake)
		if err != nil || len(made) > 0 || len(days) > 0 {
			t.Errorf("made %v, and the lake has %v (%v)", made, days, err)
		}
		s.night(t, date(31), Range{})
		if diff := cmp.Diff(undisturbed.result(t), s.result(t)); diff != "" {
			t.Errorf("row bytes %d (-undisturbed +after the error):\n%s", rowBytes, diff)
		}
	}
}
