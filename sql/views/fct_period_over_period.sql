-- fct_period_over_period: each metric of a day beside itself 7, 28 and 364 days before, which are the same weekday.
-- Grain: date, cut, segment, metric.
-- Reads: daily_sessions, daily_frequency, fct_retention, daily_lifecycle, daily_stability, daily_interval, daily_features, daily_funnels, daily_installs, daily_first_sessions, daily_onboarding, daily_push, daily_incentives.
-- Partition: filter on date.
-- Nulls: segment of the total and where unknown; value of nothing; value, change and relative change of an earlier day that has no row or no value; a relative change from 0. There is no row where the table of the metric has none.
CREATE OR REPLACE VIEW mart.fct_period_over_period AS
WITH active AS (
  SELECT
    f.date,
    f.cut,
    f.segment,
    MAX(CASE WHEN f.window_days = 1 THEN f.users END) AS dau,
    MAX(CASE WHEN f.window_days = 7 THEN f.users END) AS wau,
    MAX(CASE WHEN f.window_days = 28 THEN f.users END) AS mau,
    MAX(CASE WHEN f.window_days = 1 THEN f.sessions END) AS sessions,
    MAX(f.definition_digest) AS definition_digest
  FROM mart.daily_frequency AS f
  WHERE f.date BETWEEN DATE '2000-01-01' AND @as_of AND f.measure = 'active_users'
  GROUP BY f.date, f.cut, f.segment
),
-- Of a cut under min_group_users the last step may be left out, of the total it is not.
last_step AS (
  SELECT f.date, f.funnel, MAX(f.step_number) AS step_number
  FROM mart.daily_funnels AS f
  WHERE f.date BETWEEN DATE '2000-01-01' AND @as_of AND f.cut = 'total'
  GROUP BY f.date, f.funnel
),
session AS (
  SELECT
    s.date, s.cut, s.segment, s.sessions, s.users, s.new_users, s.duration_p50_seconds, s.duration_mean_seconds, s.engaged_seconds,
    s.screens_per_session, s.engaged_sessions, s.bounced_sessions, s.crashed_sessions, s.zero_length_sessions, s.is_final,
    s.definition_digest
  FROM mart.daily_sessions AS s
  WHERE s.date BETWEEN DATE '2000-01-01' AND @as_of AND s.cut != 'platform_country_version'
),
lifecycle AS (
  SELECT l.date, l.cut, l.segment, l.returning_users, l.resurrected_users, l.churned_users, l.definition_digest
  FROM mart.daily_lifecycle AS l
  WHERE l.date BETWEEN DATE '2000-01-01' AND @as_of AND l.lapse_days = 28
),
-- Every metric, one SELECT for each. What has no is_final is complete with its day.
valued AS (
  SELECT s.date, s.cut, s.segment, 'sessions' AS metric, 1e0 * s.sessions AS value, s.is_final, s.definition_digest FROM session AS s
  UNION ALL
  SELECT s.date, s.cut, s.segment, 'users', s.users, s.is_final, s.definition_digest FROM session AS s
  UNION ALL
  SELECT s.date, s.cut, s.segment, 'new_users', s.new_users, s.is_final, s.definition_digest FROM session AS s
  UNION ALL
  SELECT s.date, s.cut, s.segment, 'duration_median_seconds', s.duration_p50_seconds, s.is_final, s.definition_digest FROM session AS s
  UNION ALL
  SELECT s.date, s.cut, s.segment, 'duration_mean_seconds', s.duration_mean_seconds, s.is_final, s.definition_digest FROM session AS s
  UNION ALL
  SELECT s.date, s.cut, s.segment, 'engaged_seconds_per_session', SAFE_DIVIDE(s.engaged_seconds, s.sessions), s.is_final, s.definition_digest FROM session AS s
  UNION ALL
  SELECT s.date, s.cut, s.segment, 'screens_per_session', s.screens_per_session, s.is_final, s.definition_digest FROM session AS s
  UNION ALL
  SELECT s.date, s.cut, s.segment, 'engaged_session_rate', SAFE_DIVIDE(s.engaged_sessions, s.sessions), s.is_final, s.definition_digest FROM session AS s
  UNION ALL
  SELECT s.date, s.cut, s.segment, 'bounced_session_rate', SAFE_DIVIDE(s.bounced_sessions, s.sessions), s.is_final, s.definition_digest FROM session AS s
  UNION ALL
  SELECT s.date, s.cut, s.segment, 'crash_free_session_rate', SAFE_DIVIDE(s.sessions - s.crashed_sessions, s.sessions), s.is_final, s.definition_digest FROM session AS s
  UNION ALL
  SELECT s.date, s.cut, s.segment, 'zero_length_share', SAFE_DIVIDE(s.zero_length_sessions, s.sessions), s.is_final, s.definition_digest FROM session AS s
  UNION ALL
  SELECT a.date, a.cut, a.segment, 'dau', a.dau, TRUE, a.definition_digest FROM active AS a
  UNION ALL
  SELECT a.date, a.cut, a.segment, 'wau', a.wau, TRUE, a.definition_digest FROM active AS a
  UNION ALL
  SELECT a.date, a.cut, a.segment, 'mau', a.mau, TRUE, a.definition_digest FROM active AS a
  UNION ALL
  SELECT a.date, a.cut, a.segment, 'stickiness', SAFE_DIVIDE(a.dau, a.mau), TRUE, a.definition_digest FROM active AS a
  UNION ALL
  SELECT a.date, a.cut, a.segment, 'sessions_per_user', SAFE_DIVIDE(a.sessions, a.dau), TRUE, a.definition_digest FROM active AS a
  UNION ALL
  SELECT l.date, l.cut, l.segment, 'returning_users', l.returning_users, TRUE, l.definition_digest FROM lifecycle AS l
  UNION ALL
  SELECT l.date, l.cut, l.segment, 'resurrected_users', l.resurrected_users, TRUE, l.definition_digest FROM lifecycle AS l
  UNION ALL
  SELECT l.date, l.cut, l.segment, 'churned_users', l.churned_users, TRUE, l.definition_digest FROM lifecycle AS l
  UNION ALL
  SELECT r.return_date, r.cut, r.segment, 'd' || CAST(r.day_n AS STRING) || '_retention_rate', r.retention_rate, TRUE, r.definition_digest
  FROM mart.fct_retention AS r
  WHERE r.day_n IN (1, 7, 30) AND r.is_complete
  UNION ALL
  SELECT t.date, t.cut, t.segment, 'crash_free_user_rate', t.crash_free_user_rate, t.is_final, t.definition_digest
  FROM mart.daily_stability AS t
  WHERE t.date BETWEEN DATE '2000-01-01' AND @as_of
  UNION ALL
  SELECT i.date, i.cut, i.segment, 'interval_median_hours', i.p50_hours, TRUE, i.definition_digest
  FROM mart.daily_interval AS i
  WHERE i.date BETWEEN DATE '2000-01-01' AND @as_of
  UNION ALL
  SELECT f.date, f.cut, f.segment, 'feature_reach: ' || f.feature, f.reach, TRUE, f.definition_digest
  FROM mart.daily_features AS f
  WHERE f.date BETWEEN DATE '2000-01-01' AND @as_of
  UNION ALL
  SELECT f.date, f.cut, f.segment, 'funnel_conversion: ' || f.funnel, f.conversion_from_first, f.is_final, f.definition_digest
  FROM mart.daily_funnels AS f
  JOIN last_step AS n ON n.date = f.date AND n.funnel = f.funnel AND n.step_number = f.step_number
  WHERE f.date BETWEEN DATE '2000-01-01' AND @as_of
  UNION ALL
  SELECT i.date, i.cut, i.segment, 'installs', i.installs, i.is_final, i.definition_digest
  FROM mart.daily_installs AS i
  WHERE i.date BETWEEN DATE '2000-01-01' AND @as_of AND i.day_n = 0
  UNION ALL
  SELECT f.date, f.cut, f.segment, 'second_session_share_d' || CAST(f.day_n AS STRING), f.second_session_share, f.is_final, f.definition_digest
  FROM mart.daily_first_sessions AS f
  WHERE f.date BETWEEN DATE '2000-01-01' AND @as_of AND f.day_n IN (1, 7, 28)
  UNION ALL
  SELECT o.date, o.cut, o.segment, 'onboarding_share: ' || o.step, o.share, o.is_final, o.definition_digest
  FROM mart.daily_onboarding AS o
  WHERE o.date BETWEEN DATE '2000-01-01' AND @as_of
  UNION ALL
  SELECT p.date, p.cut, p.segment, 'push_open_rate', p.open_rate, p.is_final, p.definition_digest
  FROM mart.daily_push AS p
  WHERE p.date BETWEEN DATE '2000-01-01' AND @as_of AND p.scope = 'all'
  UNION ALL
  SELECT i.date, i.cut, i.segment, 'incentive_repeat_rate: ' || i.incentive, i.repeat_rate, TRUE, i.definition_digest
  FROM mart.daily_incentives AS i
  WHERE i.date BETWEEN DATE '2000-01-01' AND @as_of AND i.user_group = 'reached'
),
-- A window of a single day, so that the row before a day without data is not taken for that day.
beside AS (
  SELECT
    v.date,
    v.cut,
    v.segment,
    v.metric,
    v.value,
    MAX(v.value) OVER (
      PARTITION BY v.cut, v.segment, v.metric ORDER BY UNIX_DATE(v.date) RANGE BETWEEN 7 PRECEDING AND 7 PRECEDING
    ) AS before_7,
    MAX(v.value) OVER (
      PARTITION BY v.cut, v.segment, v.metric ORDER BY UNIX_DATE(v.date) RANGE BETWEEN 28 PRECEDING AND 28 PRECEDING
    ) AS before_28,
    MAX(v.value) OVER (
      PARTITION BY v.cut, v.segment, v.metric ORDER BY UNIX_DATE(v.date) RANGE BETWEEN 364 PRECEDING AND 364 PRECEDING
    ) AS before_364,
    v.is_final,
    v.definition_digest
  FROM valued AS v
)
SELECT
  b.date,
  b.cut,
  b.segment,
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
