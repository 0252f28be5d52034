package transform_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"sojourn/transform"
)

// app is the default definition with two more roles.
func app(change ...func(*transform.Definition)) transform.Definition {
	d := transform.App()
	d.Events[transform.Start] = []string{"login"}
	d.Events[transform.Ignore] = []string{"heartbeat"}
	d.Events[transform.KeyEvent] = []string{"purchase"}
	for _, c := range change {
		c(&d)
	}
	return d
}

func atLeast(d *transform.Definition)  { d.Boundary = transform.AtLeast }
func keepUser(d *transform.Definition) { d.UserChange = transform.Keep }

// timeout and cap make sessions long, so that a story needs few events.
func timeout(of time.Duration) func(*transform.Definition) {
	return func(d *transform.Definition) { d.Timeout = of }
}

func maximum(of time.Duration) func(*transform.Definition) {
	return func(d *transform.Definition) { d.Cap = of }
}

func byUser(d *transform.Definition) { d.By = transform.ByUser }

// truncated leaves out what comes more than an hour after a session's start,
// atMost what comes after so many events.
func truncated(d *transform.Definition) { d.Cap, d.CapAction = time.Hour, transform.CapTruncate }

func atMost(events int64) func(*transform.Definition) {
	return func(d *transform.Definition) { d.EventCap, d.EventCapAction = events, transform.CapTruncate }
}

func explicit(d *transform.Definition) {
	d.Modes, d.RepeatedStart, d.AbandonAfter = []transform.Mode{transform.Explicit}, transform.Keep, 24*time.Hour
}

// Where sessions begin and end: in the results, the first and last event, the
// number of events, whose session it is, why it began and ended, and its
// status.
func TestFold(t *testing.T) {
	tests := []struct {
		name   string
		rules  transform.Definition
		events string
		want   string
	}{
		{"one event is a session of no length", app(), `
			28 10:00 tap`, `
			28 10:00 – 28 10:00  1 d1  gap → timeout  timed_out`},
		{"a pause of exactly the timeout continues the session", app(), `
			28 10:00 tap
			28 10:30 tap`, `
			28 10:00 – 28 10:30  2 d1  gap → timeout  timed_out`},
		{"a microsecond more begins another", app(), `
			28 10:00 tap
			28 10:30:00.000001 tap`, `
			28 10:00 – 28 10:00  1 d1  gap → timeout  timed_out
			28 10:30:00.000001 – 28 10:30:00.000001  1 d1  gap → timeout  timed_out`},
		{"under >= a pause of exactly the timeout begins another", app(atLeast), `
			28 10:00 tap
			28 10:30 tap`, `
			28 10:00 – 28 10:00  1 d1  gap → timeout  timed_out
			28 10:30 – 28 10:30  1 d1  gap → timeout  timed_out`},
		{"under >= a microsecond less continues the session", app(atLeast), `
			28 10:00 tap
			28 10:29:59.999999 tap`, `
			28 10:00 – 28 10:29:59.999999  2 d1  gap → timeout  timed_out`},
		{"the timeout runs from the latest event, not from the first", app(), `
			28 10:00 tap
			28 10:20 tap
			28 10:40 tap`, `
			28 10:00 – 28 10:40  3 d1  gap → timeout  timed_out`},
		{"devices have sessions of their own, whoever holds them", app(), `
			28 10:00 tap device=d1 user=ann
			28 10:10 tap device=d2 user=ann
			28 10:20 tap device=d1 user=ann`, `
			28 10:00 – 28 10:20  2 ann  gap → timeout  timed_out
			28 10:10 – 28 10:10  1 ann  gap → timeout  timed_out`},
		{"where no device is known the user takes its place", app(), `
			28 10:00 tap device= user=ann
			28 10:10 tap device= user=ann
			28 10:10 tap device= user=bob`, `
			28 10:00 – 28 10:10  2 ann  gap → timeout  timed_out
			28 10:10 – 28 10:10  1 bob  gap → timeout  timed_out`},

		{"what began before midnight goes on after it", app(), `
			27 23:50 tap
			28 00:05 tap`, `
			27 23:50 – 28 00:05  2 d1  gap → timeout  timed_out`},
		{"a pause of exactly the timeout over midnight", app(), `
			27 23:45 tap
			28 00:15 tap`, `
			27 23:45 – 28 00:15  2 d1  gap → timeout  timed_out`},
		{"a pause of exactly the timeout up to midnight", app(), `
			27 23:30 tap
			28 00:00 tap`, `
			27 23:30 – 28 00:00  2 d1  gap → timeout  timed_out`},
		{"under >= that pause ends the session with the day", app(atLeast), `
			27 23:30 tap
			28 00:00 tap`, `
			27 23:30 – 27 23:30  1 d1  gap → timeout  timed_out
			28 00:00 – 28 00:00  1 d1  gap → timeout  timed_out`},
		{"an hour that the clocks leave out is no pause", app(), `
			29 00:45 tap
			29 02:10 tap`, `
			29 00:45 – 29 02:10  2 d1  gap → timeout  timed_out`},
		{"days without events end what was open", app(), `
			27 23:50 tap
			30 10:00 tap`, `
			27 23:50 – 27 23:50  1 d1  gap → timeout  timed_out
			30 10:00 – 30 10:00  1 d1  gap → timeout  timed_out`},
		{"days without events do not end what may last for days", app(timeout(72*time.Hour), maximum(0)), `
			27 23:50 tap
			30 10:00 tap`, `
			27 23:50 – 30 10:00  2 d1  gap → open  open`},
		{"what is open at the end stays open", app(), `
			27 23:50 tap`, `
			27 23:50 – 27 23:50  1 d1  gap → open  open`},

		{"an event at exactly the cap is still in the session", app(timeout(13*time.Hour), maximum(24*time.Hour)), `
			27 09:00 tap
			27 21:00 tap
			28 09:00 tap
			28 21:00 tap`, `
			27 09:00 – 28 09:00  3 d1  gap → cap  ok
			28 21:00 – 28 21:00  1 d1  cap → open  open`},
		{"a microsecond later is in the next", app(timeout(13*time.Hour), maximum(24*time.Hour)), `
			27 09:00 tap
			27 21:00 tap
			28 09:00:00.000001 tap`, `
			27 09:00 – 27 21:00  2 d1  gap → cap  ok
			28 09:00:00.000001 – 28 09:00:00.000001  1 d1  cap → timeout  timed_out`},
		{"24 hours are 24 hours also when the day has 23", app(timeout(13*time.Hour), maximum(24*time.Hour)), `
			28 12:00 tap
			29 00:30 tap
			29 13:00 tap
			29 13:00:00.000001 tap`, `
			28 12:00 – 29 13:00  3 d1  gap → cap  ok
			29 13:00:00.000001 – 29 13:00:00.000001  1 d1  cap → open  open`},
		{"a cap across two midnights and a short day", app(timeout(20*time.Hour), maximum(40*time.Hour)), `
			28 12:00 tap
			29 06:00 tap
			29 23:00 tap
			30 05:00 tap
			30 05:01 tap`, `
			28 12:00 – 30 05:00  4 d1  gap → cap  ok
			30 05:01 – 30 05:01  1 d1  cap → open  open`},
		{"after the cap the next session has its own", app(timeout(time.Hour), maximum(time.Hour)), `
			28 10:00 tap
			28 10:40 tap
			28 11:20 tap
			28 12:00 tap
			28 12:21 tap`, `
			28 10:00 – 28 10:40  2 d1  gap → cap  ok
			28 11:20 – 28 12:00  2 d1  cap → cap  ok
			28 12:21 – 28 12:21  1 d1  cap → timeout  timed_out`},
		{"without a cap a session has no greatest age", app(timeout(13*time.Hour), maximum(0)), `
			27 09:00 tap
			27 21:00 tap
			28 09:00 tap
			28 21:00 tap`, `
			27 09:00 – 28 21:00  4 d1  gap → open  open`},

		{"another known user splits the session", app(), `
			28 10:00 tap user=ann
			28 10:05 tap user=bob`, `
			28 10:00 – 28 10:00  1 ann  gap → user_change  ok
			28 10:05 – 28 10:05  1 bob  user_change → timeout  timed_out`},
		{"unless the definition keeps it", app(keepUser), `
			28 10:00 tap user=ann
			28 10:05 tap user=bob`, `
			28 10:00 – 28 10:05  2 ann  gap → timeout  timed_out`},
		{"who signs in takes over what was anonymous", app(), `
			28 10:00 tap
			28 10:05 tap user=ann`, `
			28 10:00 – 28 10:05  2 ann  gap → timeout  timed_out`},
		{"an event without user is still the user's", app(), `
			28 10:00 tap user=ann
			28 10:05 tap
			28 10:10 tap user=ann`, `
			28 10:00 – 28 10:10  3 ann  gap → timeout  timed_out`},
		{"someone else after an event without user splits it", app(), `
			28 10:00 tap user=ann
			28 10:05 tap
			28 10:10 tap user=bob`, `
			28 10:00 – 28 10:05  2 ann  gap → user_change  ok
			28 10:10 – 28 10:10  1 bob  user_change → timeout  timed_out`},
		{"whose session it was does not matter after the timeout", app(), `
			28 10:00 tap user=ann
			28 11:00 tap user=bob`, `
			28 10:00 – 28 10:00  1 ann  gap → timeout  timed_out
			28 11:00 – 28 11:00  1 bob  gap → timeout  timed_out`},
		{"who signs in after midnight does not change whose session it is", app(), `
			27 23:50 tap
			28 00:05 tap user=ann`, `
			27 23:50 – 28 00:05  2 d1  gap → timeout  timed_out`},
		{"but is known to be there when another signs in", app(), `
			27 23:50 tap
			28 00:05 tap user=ann
			28 00:10 tap user=bob`, `
			27 23:50 – 28 00:05  2 d1  gap → user_change  ok
			28 00:10 – 28 00:10  1 bob  user_change → timeout  timed_out`},
		{"someone else after midnight splits it", app(), `
			27 23:50 tap user=ann
			28 00:05 tap user=bob`, `
			27 23:50 – 27 23:50  1 ann  gap → user_change  ok
			28 00:05 – 28 00:05  1 bob  user_change → timeout  timed_out`},

		{"an explicit end is the last event", app(), `
			28 10:00 tap
			28 10:05 session_end
			28 10:06 tap`, `
			28 10:00 – 28 10:05  2 d1  gap → explicit_end  ok
			28 10:06 – 28 10:06  1 d1  after_end → timeout  timed_out`},
		{"long after an explicit end the pause is the reason", app(), `
			28 09:59 tap
			28 10:00 session_end
			28 10:30:00.000001 tap`, `
			28 09:59 – 28 10:00  2 d1  gap → explicit_end  ok
			28 10:30:00.000001 – 28 10:30:00.000001  1 d1  gap → timeout  timed_out`},
		{"an explicit end explains the next start also after midnight", app(), `
			27 23:50 tap
			27 23:55 session_end
			28 00:05 tap`, `
			27 23:50 – 27 23:55  2 d1  gap → explicit_end  ok
			28 00:05 – 28 00:05  1 d1  after_end → timeout  timed_out`},
		{"an end with nothing to end is outside: before, twice, and too late", app(), `
			28 09:00 session_end
			28 10:00 tap
			28 10:01 session_end
			28 10:02 session_end
			28 11:00 tap
			28 11:30:00.000001 session_end`, `
			28 10:00 – 28 10:01  2 d1  gap → explicit_end  ok
			28 11:00 – 28 11:00  1 d1  gap → timeout  timed_out
			outside 3`},
		{"an end after midnight ends what began before", app(), `
			27 23:50 tap
			28 00:05 session_end
			28 00:06 tap`, `
			27 23:50 – 28 00:05  2 d1  gap → explicit_end  ok
			28 00:06 – 28 00:06  1 d1  after_end → timeout  timed_out`},
		{"an explicit start always begins a session", app(), `
			28 10:00 tap
			28 10:01 login
			28 10:02 tap`, `
			28 10:00 – 28 10:00  1 d1  gap → explicit_start  ok
			28 10:01 – 28 10:02  2 d1  explicit_start → timeout  timed_out`},
		{"an explicit start after a pause begins by the pause", app(), `
			28 10:00 tap
			28 11:00 login`, `
			28 10:00 – 28 10:00  1 d1  gap → timeout  timed_out
			28 11:00 – 28 11:00  1 d1  gap → timeout  timed_out`},
		{"an explicit start after midnight ends what began before", app(), `
			27 23:50 tap
			28 00:05 login`, `
			27 23:50 – 27 23:50  1 d1  gap → explicit_start  ok
			28 00:05 – 28 00:05  1 d1  explicit_start → timeout  timed_out`},
		{"at one instant a start comes first and an end last", app(), `
			28 10:00 session_end id=a
			28 10:00 tap id=b
			28 10:00 login id=c
			28 10:05 tap`, `
			28 10:00 – 28 10:00  3 d1  gap → explicit_end  ok
			28 10:05 – 28 10:05  1 d1  after_end → timeout  timed_out`},
		{"an end at the instant of a start is the end of what started", app(), `
			28 09:50 tap
			28 10:00 session_end
			28 10:00 login`, `
			28 09:50 – 28 09:50  1 d1  gap → explicit_start  ok
			28 10:00 – 28 10:00  2 d1  explicit_start → explicit_end  ok`},

		{"a background event before any session is outside", app(), `
			28 09:59 push_received
			28 10:00 tap`, `
			28 10:00 – 28 10:00  1 d1  gap → timeout  timed_out
			outside 1`},
		{"a background event joins up to the timeout and prolongs nothing", app(), `
			28 10:00 tap
			28 10:30 push_received
			28 10:30:00.000001 tap`, `
			28 10:00 – 28 10:00  2 d1  gap → timeout  timed_out
			28 10:30:00.000001 – 28 10:30:00.000001  1 d1  gap → timeout  timed_out`},
		{"a background event after the timeout is outside", app(), `
			28 10:00 tap
			28 10:30:00.000001 push_received`, `
			28 10:00 – 28 10:00  1 d1  gap → timeout  timed_out
			outside 1`},
		{"under >= a background event at the timeout is outside", app(atLeast), `
			28 10:00 tap
			28 10:30 push_received`, `
			28 10:00 – 28 10:00  1 d1  gap → timeout  timed_out
			outside 1`},
		{"nothing joins a session that has ended explicitly", app(), `
			28 09:59 tap
			28 10:00 session_end
			28 10:01 push_received
			28 10:02 tap`, `
			28 09:59 – 28 10:00  2 d1  gap → explicit_end  ok
			28 10:02 – 28 10:02  1 d1  after_end → timeout  timed_out
			outside 1`},
		{"a background event joins over midnight", app(), `
			27 23:50 tap
			28 00:10 push_received
			28 00:21 push_received`, `
			27 23:50 – 27 23:50  2 d1  gap → timeout  timed_out
			outside 1`},
		{"what the source says was in the background is background", app(), `
			28 10:00 tap
			28 10:10 tap background
			28 10:35 tap`, `
			28 10:00 – 28 10:00  2 d1  gap → timeout  timed_out
			28 10:35 – 28 10:35  1 d1  gap → timeout  timed_out`},
		{"a background event of someone else changes nothing", app(), `
			28 10:00 tap user=ann
			28 10:05 push_received user=bob
			28 10:10 tap user=ann`, `
			28 10:00 – 28 10:10  3 ann  gap → timeout  timed_out`},
		{"an ignored event is in no session and prolongs none", app(), `
			28 10:00 tap
			28 10:20 heartbeat
			28 10:40 tap`, `
			28 10:00 – 28 10:00  1 d1  gap → timeout  timed_out
			28 10:40 – 28 10:40  1 d1  gap → timeout  timed_out
			ignored 1`},

		{"a crash marks the session and does not split it", app(), `
			28 10:00 tap
			28 10:05 app_crash
			28 10:06 tap`, `
			28 10:00 – 28 10:06  3 d1  gap → timeout  crashed`},
		{"so does what the source calls a crash", app(), `
			28 10:00 tap
			28 10:05 tap crash`, `
			28 10:00 – 28 10:05  2 d1  gap → timeout  crashed`},
		{"a crash is stronger than an end", app(), `
			28 10:00 app_crash
			28 10:01 session_end`, `
			28 10:00 – 28 10:01  2 d1  gap → explicit_end  crashed`},
		{"a session with a crash is open while it may go on", app(), `
			27 23:50 app_crash`, `
			27 23:50 – 27 23:50  1 d1  gap → open  open`},

		{"an event that arrives again counts once", app(), `
			28 10:00 tap id=a received=5
			28 10:00 tap id=a received=9`, `
			28 10:00 – 28 10:00  1 d1  gap → timeout  timed_out
			duplicates 1`},
		{"of two events with one id the first received counts", app(), `
			28 10:00 tap id=a user=bob received=9
			28 10:00 tap id=a user=ann received=5`, `
			28 10:00 – 28 10:00  1 ann  gap → timeout  timed_out
			duplicates 1, conflicts 1`},
		{"also if it claims a later time", app(), `
			28 10:00 tap id=a received=9
			28 12:00 tap id=a received=5
			28 10:01 tap`, `
			28 10:01 – 28 10:01  1 d1  gap → timeout  timed_out
			28 12:00 – 28 12:00  1 d1  gap → timeout  timed_out
			duplicates 1, conflicts 1`},
		{"of three with one id each is compared with the one that is kept", app(), `
			28 10:00 tap id=a received=9
			28 10:01 tap id=a received=5
			28 10:02 tap id=a received=7`, `
			28 10:01 – 28 10:01  1 d1  gap → timeout  timed_out
			duplicates 2, conflicts 2`},
		{"where nothing says which came first, the earlier time counts", app(), `
			28 10:10 tap id=a
			28 10:00 tap id=a`, `
			28 10:00 – 28 10:00  1 d1  gap → timeout  timed_out
			duplicates 1, conflicts 1`},
		{"one id on two devices are two events", app(), `
			28 10:00 tap id=a device=d1
			28 10:00 tap id=a device=d2`, `
			28 10:00 – 28 10:00  1 d1  gap → timeout  timed_out
			28 10:00 – 28 10:00  1 d2  gap → timeout  timed_out`},
		{"also if they are of one user whose devices are strung together", app(byUser), `
			28 10:00 tap id=a device=d1 user=ann
			28 10:05 tap id=a device=d2 user=ann
			28 10:05 tap id=a device=d2 user=ann`, `
			28 10:00 – 28 10:05  2 ann  gap → timeout  timed_out
			duplicates 1`},
		{"what a cap leaves out keeps its session going", app(truncated), `
			28 10:00 tap times=4 every=20m
			28 11:20 tap
			28 11:40 tap
			28 12:11 tap`, `
			28 10:00 – 28 11:00  4 d1  gap → cap  ok
			28 12:11 – 28 12:11  1 d1  gap → timeout  timed_out
			beyond cap 2`},
		{"also where it is one of events", app(atMost(4)), `
			28 10:00 tap times=4 every=20m
			28 11:20 tap
			28 11:40 tap
			28 12:11 tap`, `
			28 10:00 – 28 11:00  4 d1  gap → event_cap  ok
			28 12:11 – 28 12:11  1 d1  gap → timeout  timed_out
			beyond cap 2`},
		{"a session of exactly as many events as there may be ended by its pause", app(atMost(2)), `
			28 10:00 tap times=2 every=20m`, `
			28 10:00 – 28 10:20  2 d1  gap → timeout  timed_out`},
		{"another user is not left out with what a cap leaves out", app(truncated), `
			28 10:00 tap user=ann times=5 every=20m
			28 11:30 tap user=bob`, `
			28 10:00 – 28 11:00  4 ann  gap → cap  ok
			28 11:30 – 28 11:30  1 bob  user_change → timeout  timed_out
			beyond cap 1`},
		{"nor is the next start after an end that was left out", app(truncated, explicit), `
			28 10:00 login
			28 10:30 tap
			28 11:20 session_end
			28 11:25 login
			28 11:30 tap`, `
			28 10:00 – 28 10:30  2 d1  explicit_start → cap  ok
			28 11:25 – 28 11:30  2 d1  after_end → cap  ok
			beyond cap 1`},
		{"an ignored event that arrives again is a duplicate", app(), `
			28 10:00 heartbeat id=a
			28 10:00 heartbeat id=a`, `
			duplicates 1, ignored 1`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := foldDays(t, test.rules, zone(t, "Europe/Lisbon"), told(t, test.events))
			if diff := gocmp.Diff(lines(test.want), lines(retold(f))); diff != "" {
				t.Errorf("sessions (-want +got):\n%s", diff)
			}
		})
	}
}

// retold writes sessions, and where the other events went.
func retold(f fold) string {
	var out strings.Builder
	for _, r := range f.sessions {
		fmt.Fprintf(&out, "%s – %s  %d %s  %s → %s  %s\n",
			clock(r.StartedAt), clock(r.EndedAt), r.EventCount, r.UserID, r.StartReason, r.EndReason, r.Status)
	}
	var counts []string
	for _, n := range []struct {
		what  string
		count int64
	}{
		{"duplicates", f.ledger.Duplicates}, {"conflicts", f.ledger.Conflicts},
		{"outside", f.ledger.Outside}, {"ignored", f.ledger.Ignored},
		{"beyond cap", f.ledger.BeyondCap}, {"uploaded late", f.ledger.UploadedLate},
	} {
		if n.count > 0 {
			counts = append(counts, fmt.Sprint(n.what, " ", n.count))
		}
	}
	return out.String() + strings.Join(counts, ", ")
}

// lines cuts text into lines without the space around them.
func lines(text string) []string {
	var all []string
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		all = append(all, strings.TrimSpace(line))
	}
	return all
}
