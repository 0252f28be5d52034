-- benchmark_comparison: the app's last 28 days beside published figures of its industry, and what speaks against each comparison.
-- Grain: benchmark_id.
-- Reads: benchmarks, settings, sessions, users, daily_sessions, daily_frequency, daily_ledger, fct_retention.
-- Partition: none to filter on; only the days it needs are read.
-- Nulls: own_value of a figure that the app does not have (yet); difference and ratio of a refused comparison.
CREATE OR REPLACE VIEW mart.benchmark_comparison AS
WITH measure AS (
  -- Our figures. statistic: null where it is the one published. needs_rule: depends on the pause that ends a session.
  -- oldest_cohort: days since its first day, of the oldest of those followed; null where users of all ages count.
  SELECT 'session_duration' AS metric, CAST(NULL AS STRING) AS statistic, TRUE AS needs_rule, 'sessions' AS sample_unit,
    'no session in the window' AS absent, CAST(NULL AS INT64) AS oldest_cohort
  UNION ALL SELECT 'sessions_per_user_day', 'mean', TRUE, 'user days', 'no session in the window', NULL
  UNION ALL SELECT 'sessions_per_user_week', 'mean', TRUE, 'user weeks', 'no week of the window has data on all its days', NULL
  UNION ALL SELECT 'sessions_per_user_month', 'mean', TRUE, 'users', 'the 28 days do not all have data', NULL
  UNION ALL SELECT 'time_in_app_per_user_day', 'mean', TRUE, 'user days', 'no session in the window', NULL
  UNION ALL SELECT 'time_in_app_per_user_week', 'mean', TRUE, 'user weeks', 'no week of the window has data on all its days', NULL
  UNION ALL SELECT 'time_in_app_per_user_month', 'mean', TRUE, 'users', 'the 28 days do not all have data', NULL
  UNION ALL SELECT 'stickiness_dau_mau', 'mean', FALSE, 'users', 'the 28 days do not all have data', NULL
  UNION ALL SELECT 'crash_free_session_rate', 'pooled', FALSE, 'sessions', 'no session in the window', NULL
  UNION ALL SELECT 'single_session_user_share', 'pooled', TRUE, 'cohort users', 'no cohort is 30 days old with data on all of them', 57
  UNION ALL SELECT 'churn_month1_window', 'pooled', FALSE, 'cohort users', 'no cohort is 30 days old with data on all of them', 57
  UNION ALL SELECT 'retention_month1_window', 'pooled', FALSE, 'cohort users', 'no cohort is 30 days old with data on all of them', 57
  UNION ALL SELECT 'retention_d15_30_bracket', 'pooled', FALSE, 'cohort users', 'no cohort has data on all of its days 15 to 30', 57
  UNION ALL SELECT 'retention_d31_60_bracket', 'pooled', FALSE, 'cohort users', 'no cohort has data on all of its days 31 to 60', 87
  UNION ALL SELECT 'retention_d1_nday', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 28
  UNION ALL SELECT 'retention_d7_nday', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 34
  UNION ALL SELECT 'retention_d14_nday', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 41
  UNION ALL SELECT 'retention_d15_nday', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 42
  UNION ALL SELECT 'retention_d30_nday', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 57
),
lookalike AS (
  -- Published figures that are mistaken for one of ours: shown, so that nobody looks for them, and refused.
  SELECT 'localytics_stickiness_index' AS published, 'stickiness_dau_mau' AS metric,
    'an index of power and loyal users is not DAU over MAU' AS reason
  UNION ALL SELECT 'daily_active_share_of_installed', 'stickiness_dau_mau', 'a share of installed users is not DAU over MAU'
  UNION ALL SELECT 'stability_score_sessions_incl_anr_oom', 'crash_free_session_rate',
    'freezes and out-of-memory exits count there, only crashes here'
  UNION ALL SELECT 'app_opens_per_user_month', 'sessions_per_user_month', 'app opens are not sessions'
  UNION ALL SELECT 'retention_d15_unspecified', 'retention_d15_nday',
    'the publisher does not say which type of retention it is'
  UNION ALL SELECT 'retention_d30_unspecified', 'retention_d30_nday',
    'the publisher does not say which type of retention it is'
),
setting AS (
  SELECT
    s.industry,
    CASE WHEN STARTS_WITH(s.industry, 'games_') THEN 'games' WHEN STARTS_WITH(s.industry, 'finance_') THEN 'finance' END
      AS parent_industry,
    s.platform,
    CASE WHEN s.platform = 'web' THEN 'web' ELSE 'app' END AS app_kind,
    s.region,
    s.timezone,
    s.rule_class,
    s.duration_kind
  FROM mart.settings AS s
),
pair AS (
  SELECT
    b.benchmark_id,
    m.metric,
    b.metric AS benchmark_metric,
    b.statistic,
    b.percentile_of,
    CASE
      WHEN m.statistic IS NOT NULL THEN m.statistic
      WHEN b.percentile_of != 'apps' AND b.statistic IN ('mean', 'median', 'p10', 'p25', 'p75', 'p90', 'p95', 'p99')
        THEN b.statistic
    END AS own_statistic,
    m.statistic IS NULL AS is_distribution,
    m.needs_rule,
    m.sample_unit,
    m.absent,
    m.oldest_cohort,
    l.reason AS lookalike,
    b.value,
    b.unit,
    b.industry,
    CASE WHEN b.industry = s.industry THEN 'exact' WHEN b.industry = s.parent_industry THEN 'parent' ELSE 'all' END
      AS industry_match,
    s.industry AS own_industry,
    b.platform,
    s.platform AS own_platform,
    b.app_kind,
    s.app_kind AS own_app_kind,
    b.region,
    s.region AS own_region,
    b.segment,
    b.rule_class,
    s.rule_class AS own_rule_class,
    b.duration_kind,
    s.duration_kind AS own_duration_kind,
    b.zero_length_sessions,
    b.retention_anchor,
    s.timezone AS own_timezone,
    b.publisher,
    b.report,
    b.period,
    EXTRACT(YEAR FROM @as_of) - b.period_end_year AS age_years,
    b.url,
    b.definition
  FROM mart.benchmarks AS b
  LEFT JOIN lookalike AS l ON l.published = b.metric
  JOIN measure AS m ON m.metric = COALESCE(l.metric, b.metric)
  CROSS JOIN setting AS s
  WHERE b.industry IN (s.industry, 'all') OR b.industry = s.parent_industry
),
day_with_data AS (
  -- 88 days: a cohort of the last 28 days to reach day 60.
  SELECT l.date
  FROM mart.daily_ledger AS l
  WHERE l.date BETWEEN DATE_SUB(@as_of, INTERVAL 87 DAY) AND @as_of AND l.events_staged > 0
),
first_day AS (
  SELECT MIN(l.date) AS date
  FROM mart.daily_ledger AS l
  WHERE l.date BETWEEN DATE '2000-01-01' AND @as_of AND l.events_staged > 0
),
covered AS (
  SELECT COUNTIF(d.date >= DATE_SUB(@as_of, INTERVAL 27 DAY)) AS days
  FROM day_with_data AS d
),
finding AS (
  -- The rules, one SELECT each. severity 2 refuses the comparison, 1 warns.
  SELECT p.benchmark_id, 10 AS rule, 2 AS severity, p.lookalike AS reason
  FROM pair AS p
  WHERE p.lookalike IS NOT NULL
  UNION ALL
  SELECT p.benchmark_id, 11, 2,
    'a pause of class ' || p.rule_class || ' ends a session there, of class ' || p.own_rule_class
      || ' here (A none, B to 60 s, C to 10 min, D to 45 min, E longer)'
  FROM pair AS p
  WHERE p.needs_rule AND p.rule_class NOT IN ('unknown', p.own_rule_class)
  UNION ALL
  SELECT p.benchmark_id, 12, 1, 'the publisher does not say which pause ends a session'
  FROM pair AS p
  WHERE p.needs_rule AND p.rule_class = 'unknown'
  UNION ALL
  SELECT p.benchmark_id, 20, 2, 'published as ' || p.duration_kind || ' time, ours is ' || p.own_duration_kind || ' time'
  FROM pair AS p
  WHERE p.duration_kind NOT IN (p.own_duration_kind, 'unknown')
  UNION ALL
  SELECT p.benchmark_id, 21, 1, 'the publisher does not say which time counts: elapsed, foreground or engaged'
  FROM pair AS p
  WHERE p.duration_kind = 'unknown'
  UNION ALL
  SELECT p.benchmark_id, 22, 2, 'sessions of a single event are left out there and count as 0 here'
  FROM pair AS p
  WHERE p.zero_length_sessions = 'dropped'
  UNION ALL
  SELECT p.benchmark_id, 23, 1, 'the publisher does not say whether sessions of a single event count'
  FROM pair AS p
  WHERE p.zero_length_sessions = 'unknown'
  UNION ALL
  SELECT p.benchmark_id, 30, 2, 'a ' || p.statistic || ' over ' || p.percentile_of
      || ' has no counterpart among our sessions, and a mean is never set against a median'
  FROM pair AS p
  WHERE p.is_distribution AND p.own_statistic IS NULL
  UNION ALL
  SELECT p.benchmark_id, 31, 2, 'a ' || p.statistic || ' over sessions is no figure of an app as a whole'
  FROM pair AS p
  WHERE NOT p.is_distribution AND p.percentile_of = 'sessions'
  UNION ALL
  SELECT p.benchmark_id, 32, 1, 'an average of unstated weighting shows a distance, not a rank'
  FROM pair AS p
  WHERE NOT p.is_distribution AND p.statistic = 'mean'
  UNION ALL
  SELECT p.benchmark_id, 40, 1, 'day 0 is the install there, the first session here'
  FROM pair AS p
  WHERE p.retention_anchor = 'install'
  UNION ALL
  SELECT p.benchmark_id, 41, 1, 'the publisher does not say what day 0 is, here it is the first session'
  FROM pair AS p
  WHERE p.retention_anchor = 'unknown'
  UNION ALL
  SELECT p.benchmark_id, 42, 1,
    'the publisher does not say whether a day is a calendar day or 24 hours, ours is a calendar day in ' || p.own_timezone
  FROM pair AS p
  WHERE p.retention_anchor IS NOT NULL AND p.metric LIKE '%nday'
  UNION ALL
  SELECT p.benchmark_id, 43, 1, 'the publisher does not spell out the first month, ours is the days 1 to 30'
  FROM pair AS p
  WHERE p.metric LIKE '%month1_window'
  UNION ALL
  SELECT p.benchmark_id, 44, 1, 'the publisher does not say how long users were watched, ours were for 30 to 57 days'
  FROM pair AS p
  WHERE p.metric = 'single_session_user_share'
  UNION ALL
  SELECT p.benchmark_id, 45, 1, 'cohorts of the first 28 days with data hold users who came before'
  FROM pair AS p
  CROSS JOIN first_day AS d
  WHERE UNIX_DATE(@as_of) - UNIX_DATE(d.date) < p.oldest_cohort + 28
  UNION ALL
  SELECT p.benchmark_id, 50, 1, 'a window of 28 days is not a calendar month'
  FROM pair AS p
  WHERE p.metric LIKE '%per_user_month'
  UNION ALL
  SELECT p.benchmark_id, 51, 1, CAST(28 - c.days AS STRING) || ' of the 28 days have no data'
  FROM pair AS p
  CROSS JOIN covered AS c
  WHERE c.days < 28
  UNION ALL
  SELECT p.benchmark_id, 60, 1, 'a figure for all ' || p.industry || ', not for ' || p.own_industry
  FROM pair AS p
  WHERE p.industry_match = 'parent'
  UNION ALL
  SELECT p.benchmark_id, 61, 1, 'a figure for all categories, not for ' || p.own_industry
  FROM pair AS p
  WHERE p.industry_match = 'all'
  UNION ALL
  SELECT p.benchmark_id, 62, 1, 'published for a part only: ' || p.segment
  FROM pair AS p
  WHERE p.segment IS NOT NULL
  UNION ALL
  SELECT p.benchmark_id, 63, 1, 'the figure is ' || CAST(p.age_years AS STRING) || ' years old'
  FROM pair AS p
  WHERE p.age_years BETWEEN 4 AND 6
  UNION ALL
  SELECT p.benchmark_id, 64, 2, 'history only: the figure is ' || CAST(p.age_years AS STRING) || ' years old'
  FROM pair AS p
  WHERE p.age_years > 6
  UNION ALL
  SELECT p.benchmark_id, 70, 2, 'a figure for ' || p.app_kind || ' against a product of kind ' || p.own_app_kind
  FROM pair AS p
  WHERE p.app_kind != p.own_app_kind
  UNION ALL
  SELECT p.benchmark_id, 71, 1, 'a figure for platform ' || p.platform || ', the app is on ' || p.own_platform
  FROM pair AS p
  WHERE p.app_kind = p.own_app_kind AND p.platform != p.own_platform
  UNION ALL
  SELECT p.benchmark_id, 72, 1,
    'a figure for region ' || COALESCE(p.region, 'not stated') || ', the app is for ' || COALESCE(p.own_region, 'no one country')
  FROM pair AS p
  WHERE p.region IS NULL OR p.region != COALESCE(p.own_region, 'global')
),
judged AS (
  SELECT f.benchmark_id, MAX(f.severity) AS severity, STRING_AGG(f.reason, '; ' ORDER BY f.severity DESC, f.rule) AS reasons
  FROM finding AS f
  GROUP BY f.benchmark_id
),
total AS (
  SELECT
    t.date,
    DIV(UNIX_DATE(@as_of) - UNIX_DATE(t.date), 7) AS weeks_ago,
    t.sessions,
    t.users,
    t.crashed_sessions,
    t.duration_mean_seconds * t.sessions AS seconds
  FROM mart.daily_sessions AS t
  WHERE t.date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of AND t.cut = 'total'
),
active AS (
  SELECT f.date, f.window_days, f.users, f.sessions
  FROM mart.daily_frequency AS f
  WHERE f.date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of AND f.cut = 'total' AND f.measure = 'active_users'
),
over_days AS (
  SELECT
    SUM(t.sessions) AS sessions,
    SUM(t.users) AS user_days,
    SUM(t.crashed_sessions) AS crashed_sessions,
    SUM(t.seconds) AS seconds
  FROM total AS t
),
full_week AS (
  SELECT DIV(UNIX_DATE(@as_of) - UNIX_DATE(d.date), 7) AS weeks_ago
  FROM day_with_data AS d
  GROUP BY weeks_ago
  HAVING COUNT(*) = 7
),
week AS (
  SELECT w.weeks_ago, SUM(t.seconds) AS seconds
  FROM full_week AS w
  JOIN total AS t ON t.weeks_ago = w.weeks_ago
  GROUP BY w.weeks_ago
),
over_weeks AS (
  SELECT SUM(a.sessions) AS sessions, SUM(a.users) AS user_weeks, SUM(w.seconds) AS seconds
  FROM week AS w
  JOIN active AS a ON a.date = DATE_SUB(@as_of, INTERVAL (7 * w.weeks_ago) DAY) AND a.window_days = 7
),
over_month AS (
  SELECT a.sessions, a.users, d.user_days, d.seconds
  FROM active AS a
  CROSS JOIN over_days AS d
  CROSS JOIN covered AS c
  WHERE a.date = @as_of AND a.window_days = 28 AND c.days = 28
),
duration AS (
  SELECT s.duration_seconds, COUNT(*) AS sessions
  FROM mart.sessions AS s
  WHERE s.session_date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of AND s.is_counted AND s.duration_seconds IS NOT NULL
  GROUP BY s.duration_seconds
),
cumulated AS (
  SELECT
    d.duration_seconds,
    SUM(d.sessions) OVER (ORDER BY d.duration_seconds ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS at_most,
    SUM(d.sessions) OVER () AS sessions
  FROM duration AS d
),
percentile AS (
  SELECT 'p10' AS statistic, 10 AS percent
  UNION ALL SELECT 'p25', 25
  UNION ALL SELECT 'median', 50
  UNION ALL SELECT 'p75', 75
  UNION ALL SELECT 'p90', 90
  UNION ALL SELECT 'p95', 95
  UNION ALL SELECT 'p99', 99
),
span AS (
  -- mask has a bit for each day of the span, as in active_days_bits.
  SELECT 'retention_d15_30_bracket' AS metric, 15 AS first_n, 30 AS last_n, 65535 AS mask
  UNION ALL SELECT 'retention_d31_60_bracket', 31, 60, 1073741823
  UNION ALL SELECT 'retention_month1_window', 1, 30, 1073741823
  UNION ALL SELECT 'churn_month1_window', 1, 30, 1073741823
  UNION ALL SELECT 'single_session_user_share', 1, 30, 1073741823
),
watched AS (
  -- Cohorts whose span ended within the window and has data on each of its days.
  SELECT x.metric, x.mask, c.date AS cohort_date, UNIX_DATE(@as_of) - UNIX_DATE(c.date) - x.last_n AS days_since_span
  FROM span AS x
  CROSS JOIN day_with_data AS c
  JOIN day_with_data AS d
    ON UNIX_DATE(d.date) - UNIX_DATE(c.date) BETWEEN x.first_n AND x.last_n
  WHERE UNIX_DATE(@as_of) - UNIX_DATE(c.date) BETWEEN x.last_n AND x.last_n + 27
  GROUP BY x.metric, x.mask, x.first_n, x.last_n, c.date
  HAVING COUNT(*) = x.last_n - x.first_n + 1
),
over_span AS (
  SELECT
    w.metric,
    COUNT(*) AS users,
    COUNTIF(CASE
      WHEN w.metric = 'single_session_user_share' THEN u.sessions_total = 1
      WHEN w.metric = 'churn_month1_window' THEN ((u.active_days_bits >> w.days_since_span) & w.mask) = 0
      ELSE ((u.active_days_bits >> w.days_since_span) & w.mask) != 0
    END) AS counted
  FROM watched AS w
  JOIN mart.users AS u ON u.first_seen_date = w.cohort_date
  WHERE u.date = @as_of
  GROUP BY w.metric
),
own AS (
  -- In seconds, counts, and shares of 1.
  SELECT 'session_duration' AS metric, 'mean' AS statistic, SAFE_DIVIDE(d.seconds, d.sessions) AS value, d.sessions AS sample
  FROM over_days AS d
  UNION ALL
  SELECT 'session_duration', p.statistic, MIN(c.duration_seconds), MAX(c.sessions)
  FROM cumulated AS c
  JOIN percentile AS p ON 100 * c.at_most >= p.percent * c.sessions
  GROUP BY p.statistic
  UNION ALL
  SELECT 'sessions_per_user_day', 'mean', SAFE_DIVIDE(d.sessions, d.user_days), d.user_days
  FROM over_days AS d
  UNION ALL
  SELECT 'sessions_per_user_week', 'mean', SAFE_DIVIDE(w.sessions, w.user_weeks), w.user_weeks
  FROM over_weeks AS w
  UNION ALL
  SELECT 'sessions_per_user_month', 'mean', SAFE_DIVIDE(m.sessions, m.users), m.users
  FROM over_month AS m
  UNION ALL
  SELECT 'time_in_app_per_user_day', 'mean', SAFE_DIVIDE(d.seconds, d.user_days), d.user_days
  FROM over_days AS d
  UNION ALL
  SELECT 'time_in_app_per_user_week', 'mean', SAFE_DIVIDE(w.seconds, w.user_weeks), w.user_weeks
  FROM over_weeks AS w
  UNION ALL
  SELECT 'time_in_app_per_user_month', 'mean', SAFE_DIVIDE(m.seconds, m.users), m.users
  FROM over_month AS m
  UNION ALL
  SELECT 'stickiness_dau_mau', 'mean', SAFE_DIVIDE(m.user_days, 28 * m.users), m.users
  FROM over_month AS m
  UNION ALL
  SELECT 'crash_free_session_rate', 'pooled', SAFE_DIVIDE(d.sessions - d.crashed_sessions, d.sessions), d.sessions
  FROM over_days AS d
  UNION ALL
  SELECT s.metric, 'pooled', SAFE_DIVIDE(s.counted, s.users), s.users
  FROM over_span AS s
  UNION ALL
  SELECT 'retention_d' || CAST(r.day_n AS STRING) || '_nday', 'pooled',
    SAFE_DIVIDE(SUM(r.retained_users), SUM(r.cohort_users)), SUM(r.cohort_users)
  FROM mart.fct_retention AS r
  WHERE r.cut = 'total' AND r.is_complete AND r.return_date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of
  GROUP BY r.day_n
),
compared AS (
  SELECT
    p.benchmark_id,
    CASE p.unit WHEN 'percent' THEN 1e2 * o.value WHEN 'minutes' THEN SAFE_DIVIDE(o.value, 60) ELSE o.value END AS own_value,
    CAST(o.sample AS INT64) AS own_sample,
    CASE
      WHEN p.own_statistic IS NOT NULL AND o.value IS NULL THEN p.absent
      WHEN o.sample < 100 THEN 'own sample too small: ' || CAST(o.sample AS STRING) || ' ' || p.sample_unit || ', want 100'
    END AS refusal
  FROM pair AS p
  LEFT JOIN own AS o ON o.metric = p.metric AND o.statistic = p.own_statistic
),
verdict AS (
  SELECT
    c.benchmark_id,
    c.own_value,
    c.own_sample,
    CASE WHEN c.refusal IS NOT NULL OR j.severity = 2 THEN 'refuse' WHEN j.severity = 1 THEN 'flag' ELSE 'ok' END AS verdict,
    CASE
      WHEN c.refusal IS NULL THEN COALESCE(j.reasons, '')
      WHEN j.reasons IS NULL THEN c.refusal
      ELSE c.refusal || '; ' || j.reasons
    END AS reasons
  FROM compared AS c
  LEFT JOIN judged AS j ON j.benchmark_id = c.benchmark_id
)
SELECT
  p.benchmark_id,
  p.metric,
  p.benchmark_metric,
  p.statistic,
  CASE WHEN p.percentile_of = 'apps' AND NOT p.is_distribution THEN 'one app' ELSE p.own_statistic END AS own_statistic,
  p.industry,
  p.industry_match,
  p.platform,
  p.region,
  p.segment,
  DATE_SUB(@as_of, INTERVAL 27 DAY) AS window_start,
  @as_of AS window_end,
  v.own_value,
  v.own_sample,
  p.sample_unit AS own_sample_unit,
  p.value AS benchmark_value,
  p.unit,
  CASE WHEN v.verdict != 'refuse' THEN v.own_value - p.value END AS difference,
  CASE WHEN v.verdict != 'refuse' THEN SAFE_DIVIDE(v.own_value, p.value) END AS ratio,
  v.verdict,
  v.reasons,
  p.publisher,
  p.report,
  p.period,
  p.age_years,
  p.url,
  p.definition
FROM pair AS p
JOIN verdict AS v ON v.benchmark_id = p.benchmark_id
