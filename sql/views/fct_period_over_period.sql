-- fct_period_over_period: each metric of the app on a day beside itself 7, 28 and 364 days before, which are the same weekday.
-- Grain: date, metric.
-- Reads: fct_daily, daily_sessions.
-- Partition: filter on date.
-- Nulls: value where the day has none; value, change and relative change of an earlier day that has no row or no value; a relative change from 0.
CREATE OR REPLACE VIEW mart.fct_period_over_period AS
WITH metric AS (
  SELECT 'sessions' AS metric
  UNION ALL SELECT 'users'
  UNION ALL SELECT 'new_users'
  UNION ALL SELECT 'duration_median_seconds'
  UNION ALL SELECT 'duration_mean_seconds'
  UNION ALL SELECT 'engaged_seconds_per_session'
  UNION ALL SELECT 'sessions_per_user'
  UNION ALL SELECT 'dau'
  UNION ALL SELECT 'wau'
  UNION ALL SELECT 'mau'
  UNION ALL SELECT 'stickiness'
  UNION ALL SELECT 'd1_retention_rate'
  UNION ALL SELECT 'd7_retention_rate'
  UNION ALL SELECT 'd30_retention_rate'
  UNION ALL SELECT 'engaged_session_rate'
  UNION ALL SELECT 'bounced_session_rate'
  UNION ALL SELECT 'crash_free_session_rate'
),
total AS (
  SELECT s.date, s.users, SAFE_DIVIDE(s.engaged_seconds, s.sessions) AS engaged_seconds_per_session
  FROM mart.daily_sessions AS s
  WHERE s.date BETWEEN DATE '2000-01-01' AND @as_of AND s.cut = 'total'
),
valued AS (
  SELECT
    d.date,
    m.metric,
    CASE m.metric
      WHEN 'sessions' THEN SAFE_DIVIDE(d.sessions, 1)
      WHEN 'users' THEN SAFE_DIVIDE(t.users, 1)
      WHEN 'new_users' THEN SAFE_DIVIDE(d.new_users, 1)
      WHEN 'duration_median_seconds' THEN d.duration_median_seconds
      WHEN 'duration_mean_seconds' THEN d.duration_mean_seconds
      WHEN 'engaged_seconds_per_session' THEN t.engaged_seconds_per_session
      WHEN 'sessions_per_user' THEN d.sessions_per_user
      WHEN 'dau' THEN SAFE_DIVIDE(d.dau, 1)
      WHEN 'wau' THEN SAFE_DIVIDE(d.wau, 1)
      WHEN 'mau' THEN SAFE_DIVIDE(d.mau, 1)
      WHEN 'stickiness' THEN d.stickiness
      WHEN 'd1_retention_rate' THEN d.d1_retention_rate
      WHEN 'd7_retention_rate' THEN d.d7_retention_rate
      WHEN 'd30_retention_rate' THEN d.d30_retention_rate
      WHEN 'engaged_session_rate' THEN d.engaged_session_rate
      WHEN 'bounced_session_rate' THEN d.bounced_session_rate
      WHEN 'crash_free_session_rate' THEN d.crash_free_session_rate
    END AS value,
    d.is_final,
    d.definition_digest
  FROM mart.fct_daily AS d
  INNER JOIN total AS t ON t.date = d.date
  CROSS JOIN metric AS m
),
-- A window of a single day, so that the row before a day without data is not taken for that day.
beside AS (
  SELECT
    v.date,
    v.metric,
    v.value,
    MAX(v.value) OVER (PARTITION BY v.metric ORDER BY UNIX_DATE(v.date) RANGE BETWEEN 7 PRECEDING AND 7 PRECEDING) AS before_7,
    MAX(v.value) OVER (PARTITION BY v.metric ORDER BY UNIX_DATE(v.date) RANGE BETWEEN 28 PRECEDING AND 28 PRECEDING) AS before_28,
    MAX(v.value) OVER (PARTITION BY v.metric ORDER BY UNIX_DATE(v.date) RANGE BETWEEN 364 PRECEDING AND 364 PRECEDING) AS before_364,
    v.is_final,
    v.definition_digest
  FROM valued AS v
)
SELECT
  b.date,
  b.metric,
  b.value,
  b.before_7 AS value_7_days_before,
  b.value - b.before_7 AS change_7_days,
  SAFE_DIVIDE(b.value - b.before_7, b.before_7) AS relative_change_7_days,
  b.before_28 AS value_28_days_before,
  b.value - b.before_28 AS change_28_days,
  SAFE_DIVIDE(b.value - b.before_28, b.before_28) AS relative_change_28_days,
  b.before_364 AS value_364_days_before,
  b.value - b.before_364 AS change_364_days,
  SAFE_DIVIDE(b.value - b.before_364, b.before_364) AS relative_change_364_days,
  b.is_final,
  b.definition_digest
FROM beside AS b
