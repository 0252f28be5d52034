//go:build cgo

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/transform"
)

// peersDir holds cases of other projects' test suites. They are other people's
// data and not part of this repository; where they are missing, the tests that
// need them are skipped.
const peersDir = "../../../shared/peers"

// A peerCase is a case of another project: its events under a configuration of
// ours and a query on our tables give its expected answer. In the query,
// events stands for the raw events.
type peerCase struct {
	dir    string
	fields string // of the source, in YAML; empty for the canonical ones
	query  string

	retention string // that the case asks for, in YAML; empty for none
}

// numbered numbers the sessions of each user and says which events are in them.
const numbered = `
	WITH numbered AS (SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY started_at) AS session_number FROM sessions)
	SELECT e.event_id, e.user_id, s.session_number
	FROM events AS e JOIN numbered AS s ON s.user_id = e.user_id AND e.timestamp BETWEEN s.started_at AND s.ended_at`

// windows are sessions whose end is the last event plus the gap of 10 s.
const windows = `
	SELECT s.user_id, strftime(s.started_at, '%Y-%m-%dT%H:%M:%S.%gZ') AS window_start,
		strftime(s.ended_at + INTERVAL 10 SECOND, '%Y-%m-%dT%H:%M:%S.%gZ') AS window_end, s.event_count AS events, VALUE AS sum_value
	FROM sessions AS s JOIN events AS e ON s.user_id = e.user_id AND e.timestamp BETWEEN s.started_at AND s.ended_at
	GROUP BY ALL`

func peerCases() []peerCase {
	sum := "sum((e.properties ->> 'value')::BIGINT)"
	return []peerCase{
		{dir: "datafu/sessionize_30min", query: `
			WITH highest AS (
				SELECT s.user_id, s.session_id, max((e.properties ->> 'value')::BIGINT) AS value
				FROM sessions AS s JOIN events AS e ON s.user_id = e.user_id AND e.timestamp BETWEEN s.started_at AND s.ended_at
				GROUP BY ALL)
			SELECT user_id, count(*) AS sessions, string_agg(DISTINCT value, '|' ORDER BY value) AS session_max_values
			FROM highest GROUP BY ALL`},
		// Sessions by user and page: the page takes the place of the device.
		// That is right here because no page is seen by two users.
		{dir: "datafu/session_count_by_page_30min",
			fields: "{event_id: event_id, user_id: user_id, device_id: screen, event_name: event_name, timestamp: timestamp}",
			query:  "SELECT user_id, device_id AS screen, count(*) AS sessions FROM sessions GROUP BY ALL"},
		{dir: "madlib/doc_30min", query: numbered},
		{dir: "duckdb_behavioral/git_work_sessions_4h", query: numbered},
		{dir: "duckdb_behavioral/partition_30min", query: numbered},
		{dir: "duckdb_behavioral/retention_flags", retention: "{name: flags, periods: 2}", query: `
			WITH known AS (SELECT * FROM user_retention WHERE retention = 'flags' AND date = (SELECT max(date) FROM user_retention)),
			days AS (SELECT n::INTEGER AS n FROM range(3) AS r(n))
			SELECT user_id, cohort_date + n AS date, (returned_bits >> n) & 1 = 1 AS active
			FROM known, days WHERE cohort_date = DATE '2024-01-01'`},
		{dir: "spark_session_window/two_keys", query: strings.Replace(windows, "VALUE", sum, 1)},
		{dir: "spark_session_window/two_keys_overlapping", query: strings.Replace(windows, "VALUE", sum, 1)},
		{dir: "spark_session_window/simple_one_event", query: strings.Replace(windows, "VALUE", "NULL", 1)},

		{dir: "posthog_tests/retention/test_first_time_retention",
			retention: "{name: asked, anchor: {event: $user_signed_up}, return: {event: $pageview}, periods: 6}",
			query:     matrix("2020-06-09", 7)},
		{dir: "posthog_tests/retention/test_day_interval",
			retention: "{name: asked, anchor: {event: $pageview}, return: {event: $pageview}, recurring: true, periods: 10}",
			query:     matrix("2020-06-10", 11)},

		// Dormant is who was active the day before and is not today: churned
		// after one day. On a day without data that is everybody who was.
		{dir: "posthog_tests/lifecycle/test_lifecycle_trend", query: `
			WITH days AS (SELECT n, DATE '2020-01-12' + n::INTEGER AS day FROM range(8) AS r(n)),
			known AS (SELECT * FROM fct_lifecycle WHERE cut = 'total' AND lapse_days = 1)
			SELECT n AS interval_index, strftime(d.day, '%Y-%m-%dT00:00:00.000Z') AS interval_start,
				coalesce(t.new_users, 0) AS new, coalesce(t.returning_users, 0) AS returning, coalesce(t.resurrected_users, 0) AS resurrecting,
				coalesce(t.churned_users, y.active_users, 0) AS dormant
			FROM days AS d LEFT JOIN known AS t ON t.date = d.day LEFT JOIN known AS y ON y.date = d.day - 1`},
		{dir: "posthog_tests/stickiness/test_stickiness", query: `
			WITH latest AS (SELECT * FROM daily_frequency WHERE window_days = 7 AND date = (SELECT max(date) FROM daily_frequency)),
			asked(active_days) AS (VALUES (1), (2), (3), (7))
			SELECT active_days::VARCHAR AS active_days,
				coalesce((SELECT users FROM latest WHERE measure = 'active_days' AND bucket = active_days), 0) AS users
			FROM asked
			UNION ALL SELECT 'all', users FROM latest WHERE measure = 'active_users'`},
	}
}

// matrix is the query for the retention matrix of some days: row and offset in
// days, offset 0 with the size of the cohort. Where nobody knows, for a day
// without data, and where there is no cohort, it is 0.
func matrix(first string, days int) string {
	return fmt.Sprintf(`
		WITH days AS (SELECT n::INTEGER AS n FROM range(%d) AS r(n)),
		known AS (SELECT * FROM fct_retention_triangle WHERE retention = 'asked' AND cut = 'total')
		SELECT d.n AS cohort_index, strftime(DATE '%[2]s' + d.n, '%%Y-%%m-%%dT00:00:00.000Z') AS cohort_start, k.n AS offset,
			coalesce(CASE WHEN k.n = 0 THEN r.cohort_users ELSE r.retained_users END, 0) AS users
		FROM days AS d CROSS JOIN days AS k
		LEFT JOIN known AS r ON r.cohort_date = DATE '%[2]s' + d.n AND r.period_n = k.n
		WHERE d.n + k.n < %[1]d`, days, first)
}

// Other projects' cases come out the same, by the command line and with no
// more than a configuration.
func TestPeers(t *testing.T) {
	if _, err := os.Stat(peersDir); errors.Is(err, fs.ErrNotExist) {
		t.Skip("the peers' cases are not here: they come from other projects and are kept beside this repository, in shared/peers")
	}
	for _, c := range peerCases() {
		t.Run(c.dir, func(t *testing.T) { c.run(t, 0) })
		if c.gap(t) == 0 {
			continue // it is about days, not about pauses
		}
		// In whole seconds a pause of at least a second more is a longer one,
		// and no pause of the cases is as long as their gap or a second less.
		t.Run(c.dir+"/at least a second more", func(t *testing.T) { c.run(t, time.Second) })
		t.Run(c.dir+"/at least a second less", func(t *testing.T) { c.run(t, -time.Second) })
	}
}

// run runs the case with its gap, or under >= with another.
func (c peerCase) run(t *testing.T, shift time.Duration) {
	dir, err := filepath.Abs(filepath.Join(peersDir, c.dir))
	if err != nil {
		t.Fatal(err)
	}
	p := newTrial(t, c.config(t, dir, shift), nil)
	p.sojourn(t, "run", "--date", dayAfter(t, dir))
	events := fmt.Sprintf(`read_json('%s', format = 'newline_delimited', columns =
				{event_id: 'VARCHAR', user_id: 'VARCHAR', timestamp: 'TIMESTAMPTZ', properties: 'JSON'}) AS`, filepath.Join(dir, "events.ndjson"))
	got := p.sojourn(t, "query", "--format", "csv", strings.ReplaceAll(c.query, "events AS", events))
	want, err := os.ReadFile(filepath.Join(dir, "expected.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(table(string(want)), table(got)); diff != "" {
		t.Errorf("rows (-peer +sojourn):\n%s", diff)
	}
}

// Snowplow's own model makes 18 sessions and 11 users of its test events. Its
// session id is unique by itself and a session may have several users, so the
// id takes the place of the device; the rest are knobs of the preset.
const snowplowConfig = `
app: peer
sources:
  - name: peer
    url: %q
    format: ndjson
    match: events.ndjson
    fields:
      event_id: event_id
      user_id: user_id
      device_id: session_id
      session_id: session_id
      event_name: event_name
      timestamp: timestamp
      received_at: received_at
      client_timestamp: properties.device_created_at
      sent_at: properties.device_sent_at
      view_id: properties.page_view_id
      screen: screen
      platform: platform
      country: country
session:
  preset: snowplow-web
  modes: [stamped]
  abandon_after: 10000h        # an id is remembered for as long as the events reach
`

func TestSnowplowWeb(t *testing.T) {
	if _, err := os.Stat(peersDir); errors.Is(err, fs.ErrNotExist) {
		t.Skip("the peers' cases are not here: they come from other projects and are kept beside this repository, in shared/peers")
	}
	dir, err := filepath.Abs(filepath.Join(peersDir, "snowplow_web"))
	if err != nil {
		t.Fatal(err)
	}
	p := newTrial(t, fmt.Sprintf(snowplowConfig, dir), nil)
	p.sojourn(t, "run", "--date", dayAfter(t, dir))
	const mine = `
		WITH mine AS (
			SELECT s.*, CASE WHEN user_id = device_id THEN NULL ELSE user_id END AS known,
				(SELECT min((e.properties ->> 'session_index')::INT) FROM events AS e WHERE e.session_id = s.source_session_id) AS session_index
			FROM sessions AS s WHERE is_counted)`
	for _, test := range []struct{ file, query string }{
		{"expected.csv", mine + `
			SELECT source_session_id AS session_id, known AS user_id, session_index,
				strftime(started_at, '%Y-%m-%dT%H:%M:%S.%gZ') AS session_start, strftime(ended_at, '%Y-%m-%dT%H:%M:%S.%gZ') AS session_end,
				date_diff('second', date_trunc('second', started_at), date_trunc('second', ended_at)) AS duration_s,
				screen_views AS page_views, engaged_seconds::INT AS engaged_time_s, event_count AS total_events, country, platform
			FROM mine`},
		{"expected_users.csv", mine + `
			SELECT known AS user_id, strftime(min(started_at), '%Y-%m-%dT%H:%M:%S.%gZ') AS first_seen,
				strftime(max(ended_at), '%Y-%m-%dT%H:%M:%S.%gZ') AS last_seen, count(*) AS sessions,
				sum(screen_views)::INT AS page_views, sum(engaged_seconds)::INT AS engaged_time_s
			FROM mine WHERE known IS NOT NULL GROUP BY ALL`},
	} {
		events := fmt.Sprintf(`read_json('%s', format = 'newline_delimited', columns = {session_id: 'VARCHAR', properties: 'JSON'}) AS`, filepath.Join(dir, "events.ndjson"))
		got := p.sojourn(t, "query", "--format", "csv", strings.ReplaceAll(test.query, "events AS", events))
		want, err := os.ReadFile(filepath.Join(dir, test.file))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(table(string(want)), table(got)); diff != "" {
			t.Errorf("%s (-peer +sojourn):\n%s", test.file, diff)
		}
	}
}

// gap is the peer's timeout, 0 if the case is about days and not about pauses.
func (c peerCase) gap(t *testing.T) time.Duration {
	t.Helper()
	var rule struct {
		GapSeconds int64  `json:"gap_seconds"`
		NewWhen    string `json:"new_session_when_gap"`
	}
	data, err := os.ReadFile(filepath.Join(peersDir, c.dir, "rule.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &rule); err != nil {
		t.Fatal(err)
	}
	if rule.GapSeconds > 0 && rule.NewWhen != ">" {
		t.Fatalf("the peer's boundary is %q", rule.NewWhen)
	}
	return time.Duration(rule.GapSeconds) * time.Second
}

// config is a configuration with the peer's gap rule, or under >= with another
// gap, and nothing else that cuts sessions.
func (c peerCase) config(t *testing.T, dir string, shift time.Duration) string {
	t.Helper()
	gap, boundary := c.gap(t), ">"
	if gap == 0 {
		gap = time.Microsecond
	}
	if shift != 0 {
		gap, boundary = gap+shift, ">="
	}
	var y strings.Builder
	fmt.Fprintf(&y, "app: peer\nsources: [{name: peer, url: %q, format: ndjson, match: events.ndjson", dir)
	if c.fields != "" {
		fmt.Fprintf(&y, ", fields: %s", c.fields)
	}
	fmt.Fprintf(&y, "}]\nsession:\n  timeout: %s\n  boundary: %q\n  cap: 0\n  events:\n", gap, boundary)
	for _, role := range slices.Sorted(maps.Keys(transform.App().Events)) {
		fmt.Fprintf(&y, "    %s: []\n", role)
	}
	if c.retention != "" {
		fmt.Fprintf(&y, "retention: [%s]\n", c.retention)
	}
	return y.String()
}

// dayAfter is the day after the last event.
func dayAfter(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "events.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	var last time.Time
	for _, e := range jsonLines[struct{ Timestamp time.Time }](t, bytes.NewReader(data)) {
		if e.Timestamp.After(last) {
			last = e.Timestamp
		}
	}
	return last.UTC().AddDate(0, 0, 1).Format(time.DateOnly)
}

// table is the header of a CSV text and its rows in order.
func table(csv string) []string {
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(csv, "\r\n", "\n")), "\n")
	slices.Sort(lines[1:])
	return lines
}
