package schedules

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

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
			if err := s.add(people{sessions: []transform.Session{row(user)}}); err != nil {
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
