//go:build cgo

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/generate"
	"sojourn/load"
	"sojourn/schedules"
	"sojourn/sql"
)

// Law 9. Sessions of random events under a gap rule are those that window
// functions over the raw events give.
func TestSessionsAgreeWithWindowFunctions(t *testing.T) {
	for seed, rule := range []struct{ timeout, boundary, new string }{
		{"30m", ">", "pause > INTERVAL '30 minutes'"},
		{"30m", ">=", "pause >= INTERVAL '30 minutes'"},
		{"7h", ">", "pause > INTERVAL '7 hours'"},
		{"30h", ">=", "pause >= INTERVAL '30 hours'"},
	} {
		t.Run(rule.boundary+rule.timeout, func(t *testing.T) {
			timeout, err := time.ParseDuration(rule.timeout)
			if err != nil {
				t.Fatal(err)
			}
			p := newTrial(t, fmt.Sprintf(`
timezone: Europe/Lisbon
sources: [{name: app, url: ./raw, format: ndjson}]
session:
  timeout: %s
  boundary: %q
  cap: 0
  user_change: keep
  events: {join: [], end: [], crash: [], foreground: [], background: [], screen_view: []}
`, rule.timeout, rule.boundary), map[string]string{"raw/events.ndjson": wanderings(uint64(seed), timeout)})
			p.sojourn(t, "run")
			numbered := fmt.Sprintf(`
				WITH events AS (
					SELECT *, timezone('Europe/Lisbon', timestamp)::DATE AS day
					FROM read_json('%s', format = 'newline_delimited',
						columns = {event_id: 'VARCHAR', device_id: 'VARCHAR', user_id: 'VARCHAR', screen: 'VARCHAR', timestamp: 'TIMESTAMPTZ'})
				),
				pauses AS (SELECT *, timestamp - lag(timestamp) OVER each_device AS pause FROM events
					WINDOW each_device AS (PARTITION BY device_id ORDER BY timestamp, event_id)),
				numbered AS (SELECT *, count(*) FILTER (pause IS NULL OR %s) OVER each_device AS number FROM pauses
					WINDOW each_device AS (PARTITION BY device_id ORDER BY timestamp, event_id))`, filepath.Join(p.dir, "raw/events.ndjson"), rule.new)
			recompute(t, p, "sessions", numbered+`,
				begun AS (SELECT *, min(day) OVER (PARTITION BY device_id, number) AS session_date FROM numbered)
				SELECT
					session_date, device_id,
					coalesce(first(user_id ORDER BY timestamp, event_id) FILTER (user_id IS NOT NULL AND day = session_date), device_id) AS user_id,
					min(timestamp) AS started_at, max(timestamp) AS ended_at,
					epoch(max(timestamp) - min(timestamp)) AS duration_seconds,
					count(*) AS event_count,
					count(DISTINCT screen) AS distinct_screens,
					first(screen ORDER BY timestamp, event_id) FILTER (screen IS NOT NULL) AS entry_screen,
					last(screen ORDER BY timestamp, event_id) FILTER (screen IS NOT NULL) AS exit_screen,
					count(*) = 1 AS is_bounce
				FROM begun GROUP BY device_id, number, session_date`)
			recompute(t, p, "(SELECT s.*, d.device_id FROM session_steps AS s JOIN sessions AS d USING (session_id) WHERE is_visit)", numbered+`,
				shown AS (SELECT *, lag(screen) OVER (PARTITION BY device_id, number ORDER BY timestamp, event_id) AS before
					FROM numbered WHERE screen IS NOT NULL)
				SELECT
					day AS date, device_id, timestamp AS step_at, screen, before AS previous_screen,
					row_number() OVER (PARTITION BY device_id, number ORDER BY timestamp, event_id) AS visit_number
				FROM shown WHERE screen IS DISTINCT FROM before`)
		})
	}
}

// wanderings are events of devices over some weeks, in lines, with pauses of
// the timeout and a microsecond more or less, events at one instant, and
// midnights, that of the day of 23 hours among them.
func wanderings(seed uint64, timeout time.Duration) string {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	var out strings.Builder
	lines := json.NewEncoder(&out)
	n := 0
	for device := range 60 {
		at := time.Date(2026, 3, 24, r.IntN(48), 0, 0, 0, time.UTC)
		for range 1 + r.IntN(60) {
			e := map[string]string{
				"event_id": fmt.Sprintf("%06d", n), "device_id": fmt.Sprintf("d%02d", device),
				"event_name": "tap", "timestamp": at.Format(time.RFC3339Nano),
			}
			if user := pick("", "", "", "ann", "bob"); user != "" {
				e["user_id"] = fmt.Sprint(user, device)
			}
			if screen := pick("", "Home", "Map"); screen != "" {
				e["screen"] = screen
			}
			lines.Encode(e) // into memory
			n++
			midnight := at.Truncate(24 * time.Hour).Add(23 * time.Hour) // in Lisbon, in summer
			switch r.IntN(8) {
			case 0:
			case 1:
				at = at.Add(timeout)
			case 2:
				at = at.Add(timeout + time.Microsecond)
			case 3:
				at = at.Add(timeout - time.Microsecond)
			case 4:
				if midnight.After(at) && midnight.Sub(at) < 2*timeout {
					at = midnight.Add(time.Duration(r.IntN(3)-1) * time.Microsecond)
				}
			default:
				at = at.Add(time.Duration(r.Int64N(int64(timeout + timeout/4))).Truncate(time.Microsecond))
			}
		}
	}
	return out.String()
}

// The daily tables follow from sessions, steps and users: SQL that was written
// from their documentation gives the same rows, under three definitions and in
// two zones.
func TestOraclesAgree(t *testing.T) {
	for _, test := range []struct {
		name, zone, session string
		inSoak              bool
	}{
		{"app in Lisbon", "Europe/Lisbon", "{preset: app}", false},
		{"midnight splits, in Chatham", "Pacific/Chatham", "{preset: mixpanel}", false},
		{"by user after five minutes, in Lisbon", "Europe/Lisbon", "{preset: app, by: user, timeout: 5m}", false},
		{"app in Chatham", "Pacific/Chatham", "{preset: app}", true},
		{"midnight splits, in Lisbon", "Europe/Lisbon", "{preset: mixpanel}", true},
		{"by user after five minutes, in Chatham", "Pacific/Chatham", "{preset: app, by: user, timeout: 5m}", true},
	} {
		if test.inSoak && !soak {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			zone, err := calendar.LoadZone(test.zone)
			if err != nil {
				t.Fatal(err)
			}
			// Clocks change there on 29 March and 5 April: days of 23 and of 25 hours.
			first := calendar.Date(2026, time.March, 3)
			p := newTrial(t, oracleConfig+"timezone: "+test.zone+"\nsession: "+strings.TrimSuffix(test.session, "}")+", events: "+oracleEvents+"}\n",
				map[string]string{"raw/events/far.json": farAway(zone.Start(first), 36)})
			raw, err := bucket.Open(t.Context(), filepath.Join(p.dir, "raw"), true, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			// Long enough for windows of 28 days and the retention of day 30.
			if _, err := generate.Write(t.Context(), raw, generate.Options{Seed: 9, Users: 90, Days: 36, First: first, Zone: zone}); err != nil {
				t.Fatal(err)
			}
			opened := p.open(t)
			opened.pipeline.Now = func() time.Time { return time.UnixMicro(zone.Start(first + 36)).Add(4 * time.Hour) }
			if _, err := opened.pipeline.Night(t.Context(), schedules.Range{}); err != nil {
				t.Fatal(err)
			}
			for _, oracle := range sql.Oracles() {
				t.Run(oracle.Name, func(t *testing.T) {
					recompute(t, p, oracle.Name, oracle.DuckDB(first+35))
				})
			}
			t.Run("time since the previous session", func(t *testing.T) {
				// On one device: with two, a session may go on after midnight when
				// the next one has long begun.
				recompute(t, p, "(SELECT * FROM sessions WHERE user_id IN (SELECT user_id FROM sessions GROUP BY user_id HAVING count(DISTINCT device_id) = 1))", `
					SELECT session_id, row_number() OVER w = 1 AS is_first_session, epoch(started_at - lag(ended_at) OVER w) AS seconds_since_previous_session,
						coalesce(lag(crash_count) OVER w > 0, false) AS is_after_crash
					FROM sessions
					WHERE user_id IN (SELECT user_id FROM sessions GROUP BY user_id HAVING count(DISTINCT device_id) = 1)
					WINDOW w AS (PARTITION BY user_id ORDER BY started_at, session_id)`)
			})
		})
	}
}

// farAway are events of devices whose clocks are set to other places, in lines:
// for so many days a session each day, at all hours.
func farAway(from int64, days int) string {
	var out strings.Builder
	lines := json.NewEncoder(&out)
	for device, offset := range []string{"-10:00", "-03:30", "+00:00", "+05:45", "+13:00"} {
		for n := range days {
			at := time.UnixMicro(from).Add(time.Duration(n*24+(n*5+device)%24) * time.Hour).UTC()
			for k := range 2 {
				lines.Encode(map[string]string{ // into memory
					"event_id": fmt.Sprintf("far-%d-%d-%d", device, n, k), "device_id": fmt.Sprintf("far-%d", device), "event_name": "tap",
					"timestamp": at.Add(time.Duration(k*(n+device)) * time.Second).Format(time.RFC3339), "utc_offset": offset,
				})
			}
		}
	}
	return out.String()
}

// Every daily table is recomputed, or something says what recomputes it.
func TestEveryTableHasAnOracle(t *testing.T) {
	others := map[string]string{
		"sessions":               "from raw events: TestSessionsAgreeWithWindowFunctions",
		"session_steps":          "likewise",
		"session_days":           "its rows add up to sessions and to daily_ledger: TestDaysOfASessionAddUp, and the oracle of daily_ledger",
		"user_features":          "state of daily_features, whose oracle looks at all steps",
		"user_funnels":           "state of daily_funnels, likewise",
		"user_retention":         "state of cohort_retention, likewise; TestRetentionAgreesWithTheOracle",
		"definition_differences": "TestEverySessionHasOneOutcome",
		"restatements":           "a history of runs: TestRestatementsSayWhatMoved",
	}
	recomputed := map[string]bool{}
	for _, oracle := range sql.Oracles() {
		recomputed[oracle.Name] = true
	}
	for _, table := range load.Tables() {
		if why := others[table.Name]; table.Partition != "" && recomputed[table.Name] == (why != "") {
			t.Errorf("%s: has an oracle: %t, and is said to be recomputed elsewhere: %q", table.Name, recomputed[table.Name], why)
		}
	}
}

// oracleConfig is a project whose tables have rows to recompute.
const oracleConfig = `
app: trailnotes
sources: [{name: app, url: ./raw, format: ndjson, match: "events/**", properties: {network: properties.network}}]
` + allAsked

// allAsked asks every table for all it can be asked of generated events.
const allAsked = `
features:
  booking: {events: [booking_completed], screens: [Booking]}
  nothing: [no_such_event]
  settings: {screens: [Settings, Profile]}
funnels:
  booking: {within: session, steps: [{screen: Home}, [trip_view, {screen: TripList}], booking_completed]}
  week: {within: 7d, steps: [push_received, search, {screen: Map}]}
retention:
  - {name: books, anchor: {event: trip_view}, return: {event: booking_completed}, edges: [0, 1, 4, 8, 15]}
  - {name: searches, anchor: {event: search}, recurring: true, periods: 7}
  - {name: weekly, return: engaged_session, by: week, periods: 3}
  - {name: rolling, by: 24h, periods: 5}
  - {name: opened, anchor: {event: push_open}, recurring: true, return: {event: booking_completed}, by: 24h, mode: on_or_after, periods: 8}
  - {name: monthly, by: month, mode: on_or_after, periods: 1}
  - {name: installed, anchor: install, periods: 3}
week_start: sunday
segments:
  interest:
    rules:
      - {name: booked, when: did('booking_completed')}
      - name: looking
        when: days('trip_view', 7) >= 2
      - {name: fresh, when: first_seen_days_ago < 7}
    otherwise: other
  stays:
    rules:
      - {name: crashed, when: crashed}
      - {name: long, when: (max_seconds ?? 0) > 120}
  network: {property: network}
cuts: [platform, lifecycle, activity_tier, top_screen, interest, stays, network]
onboarding: {steps: [screen_view, search, trip_view, push_received], completed: booking_completed}
push: {window: 10h}
incentives:
  - {name: offer, events: [search], return_days: 3, holdout: {event: trip_view}}
  - {name: nudge, events: [push_received, booking_completed], return_days: 14}
`

// oracleEvents is a role that no generated event has: who opens the app
// installs it, often again, and a session of nothing else was not opened.
const oracleEvents = "{install: [app_foreground]}"

// recompute compares the rows that a query gives with those of a table, in the
// columns of the query; numbers that are not whole up to a millionth.
func recompute(t *testing.T, p trial, table, query string) {
	t.Helper()
	columns := ask[struct {
		Name string `json:"column_name"`
		Type string `json:"column_type"`
	}](t, p, "DESCRIBE ("+query+")")
	var rounded []string
	for _, c := range columns {
		if c.Type == "DOUBLE" {
			// What lies halfway is rounded alike, whatever the last bit.
			c.Name = fmt.Sprintf("round(%s * (1 + 1e-12), 6) AS %[1]s", c.Name)
		}
		rounded = append(rounded, c.Name)
	}
	list := strings.Join(rounded, ", ")
	compared := fmt.Sprintf("WITH want AS (SELECT %s FROM (%s)), got AS (SELECT %s FROM %s)", list, query, list, table)
	counts := ask[struct{ Want, Got int }](t, p, compared+" SELECT (SELECT count(*) FROM want) AS want, (SELECT count(*) FROM got) AS got")[0]
	if counts.Want == 0 || counts.Want != counts.Got {
		t.Errorf("%d rows recomputed, %d in %s", counts.Want, counts.Got, table)
	}
	differ := p.sojourn(t, "query", "--format", "csv", compared+`
		SELECT 'recomputed' AS which, * FROM (FROM want EXCEPT ALL FROM got)
		UNION ALL SELECT 'in the table', * FROM (FROM got EXCEPT ALL FROM want)
		ORDER BY ALL`)
	if lines := strings.Split(strings.TrimSpace(differ), "\n"); len(lines) > 1 {
		t.Errorf("%d rows of %d differ:\n%s", len(lines)-1, counts.Got, strings.Join(lines[:min(len(lines), 20)], "\n"))
	}
}
