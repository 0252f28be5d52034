package transform_test

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/transform"
)

// A trace tells of every event once what the ledger counts, of every session
// the rules that its row has, and changes nothing.
func TestTraceTellsWhatFoldDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawDefined(t)
		var l transform.Ledger
		events, began, ended := map[string]int64{}, map[string]string{}, map[string]string{}
		traced := traceDays(t, func(n transform.Note) {
			switch n.Fate {
			case transform.Began:
				if _, again := began[n.Session]; again {
					t.Fatalf("session %s began twice", n.Session)
				}
				began[n.Session] = n.Rule
				return
			case transform.Ended:
				if _, again := ended[n.Session]; again {
					t.Fatalf("session %s ended twice", n.Session)
				}
				ended[n.Session] = n.Rule
				if n.Limit > 0 && n.Pause < n.Limit && n.Setting != "burst" {
					t.Fatalf("session %s ended by %s after %v of %v", n.Session, n.Setting, n.Pause, n.Limit)
				}
				return
			case transform.InSession:
				l.InSessions++
				events[n.Session]++
			case transform.Duplicate:
				l.Duplicates++
				if n.Of == nil || n.Of.ID != n.Event.ID {
					t.Fatalf("%+v is no duplicate of %+v", n.Event, n.Of)
				}
			case transform.Outside:
				l.Outside++
			case transform.Ignored:
				l.Ignored++
			case transform.BeyondCap:
				l.BeyondCap++
			case transform.UploadedLate:
				l.UploadedLate++
			}
			l.Events++
		}, c.rules, c.zone, c.events)
		l.Conflicts = traced.ledger.Conflicts // told by pairs with what is kept in the end
		if diff := gocmp.Diff(traced.ledger, l); diff != "" {
			t.Errorf("the ledger (-fold +trace):\n%s", diff)
		}
		for _, r := range traced.sessions {
			want := r.EndReason
			if want == "open" {
				want = ""
			}
			if began[r.SessionID] != r.StartReason || ended[r.SessionID] != want || events[r.SessionID] != r.EventCount {
				t.Errorf("session %s of %d events, %s to %s: the trace says %d, %s to %s", r.SessionID,
					r.EventCount, r.StartReason, r.EndReason, events[r.SessionID], began[r.SessionID], ended[r.SessionID])
			}
		}
		if diff := diffFolds(foldDays(t, c.rules, c.zone, c.events), traced); diff != "" {
			t.Errorf("(-untraced +traced):\n%s", diff)
		}
	})
}

func TestTraceSaysWhatDecided(t *testing.T) {
	at := func(minute int64) int64 { return int64(date(5))*86400e6 + minute*60e6 }
	event := func(id, user string, minute int64) transform.Event {
		return transform.Event{DeviceID: "phone", ID: id, UserID: user, Name: "tap", At: at(minute), EngagedMillis: -1, Attributes: transform.NoAttributes}
	}
	d := app()
	d.UserChange, d.Timeout = transform.Split, 30*time.Minute
	type told struct {
		fate           transform.Fate
		rule, setting  string
		pause, limit   time.Duration
		from, to, with string
	}
	var got []told
	traceDays(t, func(n transform.Note) {
		if n.Fate != transform.Began && n.Fate != transform.Ended {
			return
		}
		with := ""
		if n.Event != nil {
			with = n.Event.ID
		}
		got = append(got, told{n.Fate, n.Rule, n.Setting, n.Pause, n.Limit, n.From, n.To, with})
	}, d, zone(t, "UTC"), []transform.Event{event("1", "", 600), event("2", "ann", 610), event("3", "bob", 611), event("4", "bob", 700)})
	want := []told{
		{transform.Began, "gap", "", 0, 0, "", "", "1"},
		{transform.Ended, "user_change", "user_change", time.Minute, 0, "ann", "bob", "3"},
		{transform.Began, "user_change", "user_change", time.Minute, 0, "ann", "bob", "3"},
		{transform.Ended, "timeout", "timeout", 89 * time.Minute, 30 * time.Minute, "", "", "4"},
		{transform.Began, "gap", "timeout", 89 * time.Minute, 30 * time.Minute, "", "", "4"},
		{transform.Ended, "timeout", "timeout", 740 * time.Minute, 30 * time.Minute, "", "", ""},
	}
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(told{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
