-- fct_own_figures: what the app comes to in the last 28 days, by the names of published figures, with 95 % intervals.
-- Grain: metric, statistic, definition.
-- Reads: settings, definitions, definition_differences, sessions, users, daily_sessions, daily_frequency, daily_push, daily_ledger, fct_retention.
-- Partition: none to filter on; only the days it needs are read.
-- Nulls: value of nothing; the interval of a mean under a compared definition, or of engagement time.
CREATE OR REPLACE VIEW mart.fct_own_figures AS
WITH counted_as_ga4 AS (
  SELECT COUNT(*) > 0 AS yes
  FROM mart.definitions AS d
  WHERE d.is_own AND d.engagement_rule = 'ga4'
),
day_with_data AS (
  -- 88 days: a cohort of the last 28 days to reach day 60.
  SELECT l.date
  FROM mart.daily_ledger AS l
  WHERE l.date BETWEEN DATE_SUB(@as_of, INTERVAL 87 DAY) AND @as_of AND l.events_staged > 0
),
covered AS (
  SELECT COUNTIF(d.date >= DATE_SUB(@as_of, INTERVAL 27 DAY)) AS days
  FROM day_with_data AS d
),
compared_days AS (
  SELECT d.definition, COUNT(*) AS days, SUM(d.sessions) AS sessions, SUM(d.users) AS user_days,
    SUM(d.duration_mean_seconds * d.sessions) AS seconds
  FROM mart.definition_differences AS d
  JOIN mart.definitions AS n ON n.definition = d.definition AND n.definition_digest = d.definition_digest
  WHERE d.date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of AND d.change = 'all' AND NOT n.is_own
  GROUP BY d.definition
),
frequency AS (
  -- All that is read of daily_frequency.
  SELECT f.date, f.measure, f.window_days, f.bucket, f.users, f.sessions
  FROM mart.daily_frequency AS f
  WHERE f.date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of AND f.cut = 'total'
),
total AS (
  SELECT
    t.date,
    DIV(UNIX_DATE(@as_of) - UNIX_DATE(t.date), 7) AS weeks_ago,
    t.sessions,
    t.users,
    t.crashed_sessions,
    t.bounced_sessions,
    t.engaged_sessions,
    t.engaged_seconds,
    t.duration_mean_seconds * t.sessions AS seconds
  FROM mart.daily_sessions AS t
  WHERE t.date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of AND t.cut = 'total'
),
active AS (
  SELECT f.date, f.window_days, f.users, f.sessions
  FROM frequency AS f
  WHERE f.measure = 'active_users'
),
over_days AS (
  SELECT
    SUM(t.sessions) AS sessions,
    SUM(t.users) AS user_days,
    SUM(t.crashed_sessions) AS crashed_sessions,
    SUM(t.bounced_sessions) AS bounced_sessions,
    SUM(t.engaged_sessions) AS engaged_sessions,
    SUM(t.engaged_seconds) AS engaged_seconds,
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
  SELECT a.sessions, a.users, d.user_days, d.seconds, d.engaged_seconds
  FROM active AS a
  CROSS JOIN over_days AS d
  CROSS JOIN covered AS c
  WHERE a.date = @as_of AND a.window_days = 28 AND c.days = 28
),
power AS (
  SELECT m.users, SUM(CASE WHEN f.bucket >= 10 THEN f.users ELSE 0 END) AS power_users
  FROM frequency AS f
  CROSS JOIN over_month AS m
  WHERE f.date = @as_of AND f.window_days = 28 AND f.measure = 'sessions'
  GROUP BY m.users
),
observed AS (
  SELECT 'session_duration' AS metric, s.duration_seconds AS value, COUNT(*) AS sessions
  FROM mart.sessions AS s
  WHERE s.session_date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of AND s.is_counted AND s.duration_seconds IS NOT NULL
  GROUP BY s.duration_seconds
  UNION ALL
  SELECT 'session_interval', s.seconds_since_previous_session, COUNT(*)
  FROM mart.sessions AS s
  WHERE s.session_date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of AND s.is_counted AND s.seconds_since_previous_session IS NOT NULL
  GROUP BY s.seconds_since_previous_session
  UNION ALL
  SELECT 'screens_per_session', 1e0 * s.screen_views, COUNT(*)
  FROM mart.sessions AS s
  WHERE s.session_date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of AND s.is_counted
  GROUP BY s.screen_views
),
cumulated AS (
  SELECT
    o.metric,
    o.value,
    SUM(o.sessions) OVER (PARTITION BY o.metric ORDER BY o.value ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS at_most,
    SUM(o.sessions) OVER (PARTITION BY o.metric) AS sessions
  FROM observed AS o
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
by_rank AS (
  -- The interval is that of the ranks which a percentile has in 95 of 100 samples.
  SELECT
    c.metric,
    p.statistic,
    MIN(CASE WHEN 100 * c.at_most >= p.percent * c.sessions THEN c.value END) AS value,
    MIN(CASE
      WHEN 100 * c.at_most >= p.percent * c.sessions - 196e-2 * SQRT(p.percent * (100 - p.percent) * c.sessions) THEN c.value
    END) AS low,
    COALESCE(MIN(CASE
      WHEN 100 * c.at_most >= p.percent * c.sessions + 196e-2 * SQRT(p.percent * (100 - p.percent) * c.sessions) + 100 THEN c.value
    END), MAX(c.value)) AS high,
    MAX(c.sessions) AS sample
  FROM cumulated AS c
  CROSS JOIN percentile AS p
  GROUP BY c.metric, p.statistic
),
user_day AS (
  SELECT
    s.user_id,
    s.session_date,
    DIV(UNIX_DATE(@as_of) - UNIX_DATE(s.session_date), 7) AS weeks_ago,
    COUNT(*) AS sessions,
    SUM(s.duration_seconds) AS seconds,
    MAX(CASE WHEN s.crash_count > 0 THEN 1 ELSE 0 END) AS crashed
  FROM mart.sessions AS s
  WHERE s.session_date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of AND s.is_counted
  GROUP BY s.user_id, s.session_date
),
user_week AS (
  SELECT d.user_id, d.weeks_ago, SUM(d.seconds) AS seconds
  FROM user_day AS d
  JOIN full_week AS w ON w.weeks_ago = d.weeks_ago
  GROUP BY d.user_id, d.weeks_ago
),
user_month AS (
  SELECT d.user_id, SUM(d.seconds) AS seconds
  FROM user_day AS d
  GROUP BY d.user_id
),
on_day AS (
  -- Users who came on a day of theirs within the window, and what they did on it.
  SELECT UNIX_DATE(d.session_date) - UNIX_DATE(u.first_seen_date) AS day_n, d.sessions, d.seconds
  FROM user_day AS d
  JOIN mart.users AS u ON u.user_id = d.user_id
  WHERE u.date = @as_of
),
moment AS (
  -- Number, sum and sum of squares: what the interval of a mean is made of.
  SELECT o.metric, SUM(o.sessions) AS n, SUM(o.sessions * o.value) AS s, SUM(o.sessions * o.value * o.value) AS q
  FROM observed AS o
  GROUP BY o.metric
  UNION ALL
  SELECT 'sessions_per_user_day', SUM(f.users), SUM(1e0 * f.users * f.bucket), SUM(1e0 * f.users * f.bucket * f.bucket)
  FROM frequency AS f
  WHERE f.measure = 'sessions' AND f.window_days = 1
  UNION ALL
  SELECT 'sessions_per_user_week', SUM(f.users), SUM(1e0 * f.users * f.bucket), SUM(1e0 * f.users * f.bucket * f.bucket)
  FROM full_week AS w
  JOIN frequency AS f ON f.date = DATE_SUB(@as_of, INTERVAL (7 * w.weeks_ago) DAY)
  WHERE f.measure = 'sessions' AND f.window_days = 7
  UNION ALL
  SELECT 'sessions_per_user_month', SUM(f.users), SUM(1e0 * f.users * f.bucket), SUM(1e0 * f.users * f.bucket * f.bucket)
  FROM frequency AS f
  WHERE f.date = @as_of AND f.measure = 'sessions' AND f.window_days = 28
  UNION ALL
  SELECT 'stickiness_dau_mau', SUM(f.users), SUM(SAFE_DIVIDE(f.users * f.bucket, 28)), SUM(SAFE_DIVIDE(f.users * f.bucket * f.bucket, 28 * 28))
  FROM frequency AS f
  WHERE f.date = @as_of AND f.measure = 'active_days' AND f.window_days = 28
  UNION ALL
  SELECT 'time_in_app_per_user_day', COUNT(*), SUM(d.seconds), SUM(d.seconds * d.seconds)
  FROM user_day AS d
  UNION ALL
  SELECT 'time_in_app_per_user_week', COUNT(*), SUM(w.seconds), SUM(w.seconds * w.seconds)
  FROM user_week AS w
  UNION ALL
  SELECT 'time_in_app_per_user_month', COUNT(*), SUM(m.seconds), SUM(m.seconds * m.seconds)
  FROM user_month AS m
  UNION ALL
  SELECT 'sessions_per_user_on_day7', COUNT(*), SUM(1e0 * d.sessions), SUM(1e0 * d.sessions * d.sessions)
  FROM on_day AS d
  WHERE d.day_n = 7
  UNION ALL
  SELECT 'time_in_app_on_day' || CAST(d.day_n AS STRING), COUNT(*), SUM(d.seconds), SUM(d.seconds * d.seconds)
  FROM on_day AS d
  GROUP BY d.day_n
),
spread AS (
  SELECT m.metric, m.n, SAFE_DIVIDE(m.s, m.n) AS mean, SAFE_DIVIDE(m.q, m.n) - SAFE_DIVIDE(m.s, m.n) * SAFE_DIVIDE(m.s, m.n) AS variance
  FROM moment AS m
),
standard_error AS (
  SELECT s.metric, s.n, s.mean, SQRT(SAFE_DIVIDE(CASE WHEN s.variance > 0 THEN s.variance ELSE 0 END, s.n)) AS error
  FROM spread AS s
  WHERE s.n > 0
),
span AS (
  -- mask has a bit for each day of the span, as in active_days_bits.
  SELECT 'retention_d15_30_bracket' AS metric, 15 AS first_n, 30 AS last_n, 65535 AS mask
  UNION ALL SELECT 'retention_d31_60_bracket', 31, 60, 1073741823
  UNION ALL SELECT 'retention_month2_window', 31, 60, 1073741823
  UNION ALL SELECT 'retention_week1_window', 1, 7, 127
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
pushed AS (
  -- A user counts once for each campaign and day.
  SELECT
    SUM(p.pushes_received) AS received,
    SUM(p.pushes_opened) AS opened,
    SUM(p.reached_users) AS reached_users,
    SUM(p.opening_users) AS opening_users
  FROM mart.daily_push AS p
  WHERE p.date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of AND p.cut = 'total' AND p.scope = 'campaign'
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
value AS (
  -- In seconds, counts, and shares of 1.
  SELECT 'session_duration' AS metric, 'mean' AS statistic, SAFE_DIVIDE(d.seconds, d.sessions) AS value, d.sessions AS sample, CAST(NULL AS STRING) AS compared
  FROM over_days AS d
  UNION ALL
  SELECT s.metric, 'mean', s.mean, s.n, NULL
  FROM standard_error AS s
  WHERE s.metric IN ('session_interval', 'screens_per_session', 'sessions_per_user_on_day7') OR s.metric LIKE 'time_in_app_on_day%'
  UNION ALL
  SELECT 'sessions_per_user_day', 'mean', SAFE_DIVIDE(d.sessions, d.user_days), d.user_days, NULL
  FROM over_days AS d
  UNION ALL
  SELECT 'sessions_per_user_week', 'mean', SAFE_DIVIDE(w.sessions, w.user_weeks), w.user_weeks, NULL
  FROM over_weeks AS w
  UNION ALL
  SELECT 'sessions_per_user_month', 'mean', SAFE_DIVIDE(m.sessions, m.users), m.users, NULL
  FROM over_month AS m
  UNION ALL
  SELECT 'time_in_app_per_user_day', 'mean', SAFE_DIVIDE(d.seconds, d.user_days), d.user_days, NULL
  FROM over_days AS d
  UNION ALL
  SELECT 'time_in_app_per_user_week', 'mean', SAFE_DIVIDE(w.seconds, w.user_weeks), w.user_weeks, NULL
  FROM over_weeks AS w
  UNION ALL
  SELECT 'time_in_app_per_user_month', 'mean', SAFE_DIVIDE(m.seconds, m.users), m.users, NULL
  FROM over_month AS m
  UNION ALL
  SELECT 'stickiness_dau_mau', 'mean', SAFE_DIVIDE(m.user_days, 28 * m.users), m.users, NULL
  FROM over_month AS m
  UNION ALL
  SELECT 'power_user_share_10plus_month', 'pooled', SAFE_DIVIDE(p.power_users, p.users), p.users, NULL
  FROM power AS p
  UNION ALL
  SELECT 'crash_free_session_rate', 'pooled', SAFE_DIVIDE(d.sessions - d.crashed_sessions, d.sessions), d.sessions, NULL
  FROM over_days AS d
  UNION ALL
  SELECT 'user_perceived_crash_rate_dau', 'pooled', SAFE_DIVIDE(SUM(d.crashed), COUNT(*)), COUNT(*), NULL
  FROM user_day AS d
  UNION ALL
  SELECT 'push_open_rate_delivered', 'pooled', SAFE_DIVIDE(p.opened, p.received), p.received, NULL
  FROM pushed AS p
  WHERE p.received > 0 AND p.opened <= p.received
  UNION ALL
  SELECT 'push_open_rate_users_reached', 'pooled', SAFE_DIVIDE(p.opening_users, p.reached_users), p.reached_users, NULL
  FROM pushed AS p
  WHERE p.reached_users > 0 AND p.opening_users <= p.reached_users
  UNION ALL
  SELECT 'bounce_rate_ga4', 'pooled', SAFE_DIVIDE(d.bounced_sessions, d.sessions), d.sessions, NULL
  FROM over_days AS d
  CROSS JOIN counted_as_ga4 AS g
  WHERE g.yes
  UNION ALL
  SELECT 'engagement_rate_ga4', 'pooled', SAFE_DIVIDE(d.engaged_sessions, d.sessions), d.sessions, NULL
  FROM over_days AS d
  CROSS JOIN counted_as_ga4 AS g
  WHERE g.yes
  UNION ALL
  SELECT 'engagement_time_per_user_ga4', 'mean', SAFE_DIVIDE(m.engaged_seconds, m.users), m.users, NULL
  FROM over_month AS m
  CROSS JOIN counted_as_ga4 AS g
  WHERE g.yes
  UNION ALL
  SELECT s.metric, 'pooled', SAFE_DIVIDE(s.counted, s.users), s.users, NULL
  FROM over_span AS s
  UNION ALL
  SELECT 'retention_d' || CAST(r.day_n AS STRING) || '_nday', 'pooled',
    SAFE_DIVIDE(SUM(r.retained_users), SUM(r.cohort_users)), SUM(r.cohort_users), NULL
  FROM mart.fct_retention AS r
  WHERE r.cut = 'total' AND r.is_complete AND r.return_date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of
  GROUP BY r.day_n
  UNION ALL
  SELECT 'dau_loss_since_install_d' || CAST(r.day_n AS STRING), 'pooled',
    SAFE_DIVIDE(SUM(r.cohort_users) - SUM(r.retained_users), SUM(r.cohort_users)), SUM(r.cohort_users), NULL
  FROM mart.fct_retention AS r
  WHERE r.cut = 'total' AND r.is_complete AND r.return_date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of
  GROUP BY r.day_n
  UNION ALL
  SELECT 'session_duration', 'mean', SAFE_DIVIDE(d.seconds, d.sessions), d.sessions, d.definition
  FROM compared_days AS d
  UNION ALL
  SELECT 'sessions_per_user_day', 'mean', SAFE_DIVIDE(d.sessions, d.user_days), d.user_days, d.definition
  FROM compared_days AS d
  UNION ALL
  SELECT 'time_in_app_per_user_day', 'mean', SAFE_DIVIDE(d.seconds, d.user_days), d.user_days, d.definition
  FROM compared_days AS d
),
own AS (
  -- Of a share the interval is that of Wilson, of a mean the normal one, of a percentile that of its ranks.
  SELECT
    v.metric,
    v.statistic,
    v.compared,
    v.value,
    v.sample,
    CASE
      WHEN v.statistic = 'pooled' THEN SAFE_DIVIDE(
        v.value + SAFE_DIVIDE(19208e-4, v.sample)
          - 196e-2 * SQRT(SAFE_DIVIDE(v.value * (1 - v.value), v.sample) + SAFE_DIVIDE(9604e-4, 1e0 * v.sample * v.sample)),
        1 + SAFE_DIVIDE(38416e-4, v.sample))
      WHEN v.value < 196e-2 * e.error THEN 0
      ELSE v.value - 196e-2 * e.error
    END AS low,
    CASE
      WHEN v.statistic = 'pooled' THEN SAFE_DIVIDE(
        v.value + SAFE_DIVIDE(19208e-4, v.sample)
          + 196e-2 * SQRT(SAFE_DIVIDE(v.value * (1 - v.value), v.sample) + SAFE_DIVIDE(9604e-4, 1e0 * v.sample * v.sample)),
        1 + SAFE_DIVIDE(38416e-4, v.sample))
      ELSE v.value + 196e-2 * e.error
    END AS high
  FROM value AS v
  LEFT JOIN standard_error AS e ON e.metric = v.metric AND v.compared IS NULL
  UNION ALL
  SELECT q.metric, q.statistic, NULL, q.value, q.sample, q.low, q.high
  FROM by_rank AS q
)
SELECT
  o.metric,
  o.statistic,
  COALESCE(o.compared, s.definition) AS definition,
  o.compared IS NULL AS is_own,
  o.value,
  o.low,
  o.high,
  CAST(o.sample AS INT64) AS sample,
  CAST(COALESCE(d.days, c.days) AS INT64) AS days
FROM own AS o
CROSS JOIN mart.settings AS s
CROSS JOIN covered AS c
LEFT JOIN compared_days AS d ON d.definition = o.compared
