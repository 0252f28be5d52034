package transform_test

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"sojourn/transform"
)

// A session that is opened again after its end obeys the other rules, and what
// a review found wrong once stays right.
func TestRulesHoldAfterAnEnd(t *testing.T) {
	reopen := func(d *transform.Definition) { d.ReopenWithin = time.Minute }
	for _, test := range []struct {
		name   string
		rules  transform.Definition
		events string
		want   string
	}{
		{"opened again", app(reopen), "28 10:00 tap\n28 10:01 session_end\n28 10:02 tap", `
			28 10:00 – 28 10:02  3 d1  gap → timeout  timed_out`},
		{"not for another user", app(reopen), "28 10:00 tap user=ann\n28 10:01 session_end user=ann\n28 10:01:20 tap user=bob", `
			28 10:00 – 28 10:01  2 ann  gap → explicit_end  ok
			28 10:01:20 – 28 10:01:20  1 bob  user_change → timeout  timed_out`},
		{"not over a midnight that splits", app(reopen, func(d *transform.Definition) { d.Midnight = transform.ReportingZone }),
			"27 23:59:40 tap\n27 23:59:50 session_end\n28 00:00:10 tap", `
			27 23:59:40 – 27 23:59:50  2 d1  gap → explicit_end  ok
			28 00:00:10 – 28 00:00:10  1 d1  midnight → timeout  timed_out`},
		{"not beyond a cap", app(reopen, maximum(30*time.Minute)), "28 10:00 tap\n28 10:29:50 session_end\n28 10:30:10 tap", `
			28 10:00 – 28 10:29:50  2 d1  gap → explicit_end  ok
			28 10:30:10 – 28 10:30:10  1 d1  cap → timeout  timed_out`},
		{"an end that makes a session of its own leaves the one before to be opened again", app(reopen, func(d *transform.Definition) {
			d.OrphanEnd, d.Modes, d.AbandonAfter = true, []transform.Mode{transform.Stamped, transform.Gap}, 24*time.Hour
		}), "28 10:00 tap stamp=a\n28 10:01 session_end stamp=a\n28 10:01:20 session_end stamp=a\n28 10:01:40 tap stamp=a", `
			28 10:00 – 28 10:01:40  3 d1  stamp → open  open
			28 10:01:20 – 28 10:01:20  1 d1  orphan_end → orphan_end  ok`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := foldDays(t, test.rules, zone(t, "Europe/Lisbon"), told(t, test.events))
			if diff := gocmp.Diff(lines(test.want), lines(retold(f))); diff != "" {
				t.Errorf("sessions (-want +got):\n%s", diff)
			}
		})
	}
}

// A session that opens with a ping does not begin on the day before.
func TestAPingDoesNotBeginYesterday(t *testing.T) {
	preset, _ := transform.PresetNamed("snowplow-web")
	f := foldDays(t, preset.Definition, zone(t, "Europe/Lisbon"), told(t, "28 00:00:02 page_ping view=v1"))
	if got := clock(f.sessions[0].StartedAt); got != "28 00:00" {
		t.Errorf("began at %s", got)
	}
}
