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
	fields string                      // of the source, in YAML; empty for the canonical ones
	events map[transform.Role][]string // the roles that have events; all others have none
	query  string
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
		{dir: "duckdb_behavioral/retention_flags", query: `
			SELECT user_id, date, active_days_bits & 1 = 1 AND (active_days_bits >> (date - DATE '2024-01-01')) & 1 = 1 AS active
			FROM users`},
		{dir: "spark_session_window/two_keys", query: strings.Replace(windows, "VALUE", sum, 1)},
		{dir: "spark_session_window/two_keys_overlapping", query: strings.Replace(windows, "VALUE", sum, 1)},
		{dir: "spark_session_window/simple_one_event", query: strings.Replace(windows, "VALUE", "NULL", 1)},

		// Cohorts are by one event and returns by another: with these roles a
		// session counts both.
		{dir: "posthog_tests/retention/test_first_time_retention",
			events: map[transform.Role][]string{transform.KeyEvent: {"$user_signed_up"}, transform.ScreenView: {"$pageview"}},
			query: matrix("2020-06-09", 7,
				"SELECT user_id, min(session_date) AS day FROM sessions WHERE key_event_count > 0 GROUP BY user_id",
				"SELECT DISTINCT user_id, session_date AS day FROM sessions WHERE screen_views > 0")},
		{dir: "posthog_tests/retention/test_day_interval",
			query: matrix("2020-06-10", 11,
				"SELECT user_id, date AS day FROM users WHERE sessions_1d > 0",
				"SELECT user_id, date AS day FROM users WHERE sessions_1d > 0")},

		// Dormant is who was active the day before and is not today; our
		// dormant are all who are not active.
		{dir: "posthog_tests/lifecycle/test_lifecycle_trend", query: `
			WITH days AS (SELECT n, DATE '2020-01-12' + n::INTEGER AS day FROM range(8) AS r(n)),
			stages AS (SELECT date AS day, segment, users FROM daily_segments WHERE segmentation = 'lifecycle_day'),
			active AS (SELECT DISTINCT user_id, session_date AS day FROM sessions)
			SELECT n AS interval_index, strftime(d.day, '%Y-%m-%dT00:00:00.000Z') AS interval_start,
				coalesce((SELECT users FROM stages AS s WHERE s.day = d.day AND segment = 'new'), 0) AS new,
				coalesce((SELECT users FROM stages AS s WHERE s.day = d.day AND segment = 'returning'), 0) AS returning,
				coalesce((SELECT users FROM stages AS s WHERE s.day = d.day AND segment = 'resurrected'), 0) AS resurrecting,
				(SELECT count(*) FROM active AS y WHERE y.day = d.day - 1
					AND y.user_id NOT IN (SELECT user_id FROM active AS t WHERE t.day = d.day)) AS dormant
			FROM days AS d`},
		{dir: "posthog_tests/stickiness/test_stickiness", query: `
			WITH latest AS (SELECT * FROM daily_frequency WHERE window_days = 7 AND date = (SELECT max(date) FROM daily_frequency)),
			asked(active_days) AS (VALUES (1), (2), (3), (7))
			SELECT active_days::VARCHAR AS active_days,
				coalesce((SELECT users FROM latest WHERE measure = 'active_days' AND bucket = active_days), 0) AS users
			FROM asked
			UNION ALL SELECT 'all', users FROM latest WHERE measure = 'active_users'`},
	}
}

// matrix is the query for a retention matrix of some days: row and offset in
// days, offset 0 with the size of the cohort.
func matrix(first string, days int, cohorts, active string) string {
	return fmt.Sprintf(`
		WITH cohorts AS (%s), active AS (%s), days AS (SELECT n::INTEGER AS n FROM range(%d) AS r(n))
		SELECT d.n AS cohort_index, strftime(DATE '%s' + d.n, '%%Y-%%m-%%dT00:00:00.000Z') AS cohort_start, k.n AS offset,
			count(DISTINCT CASE WHEN k.n = 0 OR a.user_id IS NOT NULL THEN c.user_id END) AS users
		FROM days AS d CROSS JOIN days AS k
		LEFT JOIN cohorts AS c ON c.day = DATE '%s' + d.n
		LEFT JOIN active AS a ON a.user_id = c.user_id AND a.day = c.day + k.n
		WHERE d.n + k.n < %d
		GROUP BY ALL`, cohorts, active, days, first, first, days)
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
		if len(c.events[role]) == 0 {
			fmt.Fprintf(&y, "    %s: []\n", role)
		}
	}
	for _, role := range slices.Sorted(maps.Keys(c.events)) {
		fmt.Fprintf(&y, "    %s: [%q]\n", role, c.events[role][0])
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
