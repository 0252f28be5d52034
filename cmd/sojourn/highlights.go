package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// past sets the last 7 days beside the 7 before. Rates are pooled over the
// days; medians are those of a day in the middle, as days have no common one.
const past = `
WITH last AS (SELECT MAX(date) AS day FROM fct_daily),
week AS (
  SELECT CASE WHEN d.date > l.day - 7 THEN 'now' ELSE 'before' END AS part, d.*
  FROM fct_daily AS d CROSS JOIN last AS l WHERE d.date > l.day - 14
),
returned AS (
  SELECT CASE WHEN r.return_date > l.day - 7 THEN 'now' ELSE 'before' END AS part, r.day_n, r.retained_users AS retained, r.cohort_users AS cohort
  FROM fct_retention AS r CROSS JOIN last AS l
  WHERE r.return_date > l.day - 14 AND r.return_date <= l.day AND r.cut = 'total' AND r.day_n IN (1, 7) AND r.is_complete
),
measure AS (
  SELECT part, 1 AS n, 'sessions a day' AS measure, AVG(sessions) AS value FROM week GROUP BY part
  UNION ALL SELECT part, 2, 'users a day (DAU)', AVG(dau) FROM week GROUP BY part
  UNION ALL SELECT part, 3, 'new users a day', AVG(new_users) FROM week GROUP BY part
  UNION ALL SELECT part, 4, 'sessions per user and day', SUM(sessions) / NULLIF(SUM(dau), 0) FROM week GROUP BY part
  UNION ALL SELECT part, 5, 'median session, seconds (median of days)', MEDIAN(duration_median_seconds) FROM week GROUP BY part
  UNION ALL SELECT part, 6, 'crash-free sessions, %', 100 * SUM(crash_free_session_rate * sessions) / NULLIF(SUM(sessions), 0) FROM week GROUP BY part
  UNION ALL SELECT part, 6 + day_n, 'D' || day_n || ' retention, %', 100 * SUM(retained) / NULLIF(SUM(cohort), 0) FROM returned GROUP BY part, day_n
)
SELECT measure, ROUND(MAX(value) FILTER (part = 'before'), 2) AS seven_days_before, ROUND(MAX(value) FILTER (part = 'now'), 2) AS last_seven_days,
  ROUND(100 * (MAX(value) FILTER (part = 'now') / NULLIF(MAX(value) FILTER (part = 'before'), 0) - 1), 1) AS change_percent
FROM measure GROUP BY n, measure ORDER BY n`

// highlights prints what a product manager would ask first.
func (a *app) highlights(ctx context.Context, p *project) error {
	rows, err := a.one(ctx, p, `
SELECT
  (SELECT COUNT(*) FROM sessions), (SELECT COUNT(DISTINCT user_id) FROM sessions),
  (SELECT QUANTILE_DISC(duration_seconds, 0.5) FROM sessions), (SELECT QUANTILE_DISC(engaged_seconds, 0.5) FROM sessions),
  (SELECT SUM(retained_users) / SUM(cohort_users) FROM daily_retention WHERE cut = 'total' AND day_n = 1),
  (SELECT SUM(retained_users) / SUM(cohort_users) FROM daily_retention WHERE cut = 'total' AND day_n = 7),
  (SELECT AVG(stickiness) FROM fct_daily WHERE date > (SELECT MAX(date) - 7 FROM fct_daily)),
  (SELECT 1 - SUM(crashed_sessions) / SUM(sessions) FROM daily_sessions WHERE cut = 'total'),
  (SELECT CAST(SUM(events_duplicate) AS BIGINT) FROM daily_ledger), (SELECT CAST(SUM(events_outside_session) AS BIGINT) FROM daily_ledger)`)
	if err != nil {
		return err
	}
	seconds := func(v any) string {
		s, ok := v.(float64)
		if !ok {
			return "-"
		}
		return fmt.Sprintf("%d min %02d s", int(s)/60, int(s)%60)
	}
	percent := func(v any) string {
		s, ok := v.(float64)
		if !ok {
			return "- (too few days)"
		}
		return fmt.Sprintf("%.1f %%", 100*s)
	}
	number := func(v any) string {
		n, _ := v.(int64)
		return thousands(n)
	}
	fmt.Fprintf(a.stdout, `sessions             %s
users                %s
median session       %s (engaged: %s)
D1 / D7 retention    %s / %s
stickiness           %s (DAU over 28-day users, mean of the last 7 days)
crash-free sessions  %s
left out             %s duplicate events, %s background events outside any session

`, number(rows[0]), number(rows[1]), seconds(rows[2]), seconds(rows[3]), percent(rows[4]), percent(rows[5]),
		percent(rows[6]), percent(rows[7]), number(rows[8]), number(rows[9]))
	fmt.Fprintln(a.stdout, "Beside published figures (sojourn compare shows all, with the reasons)")
	if err := a.query(ctx, p, `
SELECT metric, statistic, ROUND(own_value, 2) AS own, ROUND(benchmark_value, 2) AS published, unit, verdict, publisher, period
FROM benchmark_comparison WHERE verdict IN ('ok', 'flag')
ORDER BY metric, age_years, statistic, publisher LIMIT 8`, "table"); err != nil {
		return err
	}
	return a.refused(ctx, p)
}

// refused says how many comparisons are left out.
func (a *app) refused(ctx context.Context, p *project) error {
	row, err := a.one(ctx, p, `SELECT COUNT(*) FILTER (verdict = 'refuse'), COUNT(*) FILTER (verdict = 'show') FROM benchmark_comparison`)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%v more comparisons are refused, %v figures are shown only (sojourn compare --all says why)\n", row[0], row[1])
	return nil
}

// one returns the only row of an answer.
func (a *app) one(ctx context.Context, p *project, text string) (_ []any, err error) {
	warehouse, err := p.duckdb(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := warehouse.Query(ctx, text)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for row, err := range rows.All() {
		return row, err
	}
	return nil, fmt.Errorf("no row from %s", strings.TrimSpace(text))
}
