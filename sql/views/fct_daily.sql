-- fct_daily: the app day by day: sessions, users, engagement, stability and retention.
-- Grain: date.
-- Reads: daily_sessions, daily_frequency, fct_retention.
-- Partition: filter on date.
-- Nulls: a ratio of nothing; retention for a day before which, by that many days, nobody was new or no data came.
CREATE OR REPLACE VIEW mart.fct_daily AS
WITH total AS (
  SELECT
    t.date,
    t.sessions,
    t.new_users,
    t.engaged_sessions,
    t.bounced_sessions,
    t.crashed_sessions,
    t.duration_mean_seconds,
    t.duration_p50_seconds,
    t.is_final,
    t.definition_digest
  FROM mart.daily_sessions AS t
  WHERE t.date BETWEEN DATE '2000-01-01' AND @as_of AND t.cut = 'total'
),
active AS (
  SELECT
    f.date,
    MAX(CASE WHEN f.window_days = 1 THEN f.users END) AS dau,
    MAX(CASE WHEN f.window_days = 7 THEN f.users END) AS wau,
    MAX(CASE WHEN f.window_days = 28 THEN f.users END) AS mau
  FROM mart.daily_frequency AS f
  WHERE f.date BETWEEN DATE '2000-01-01' AND @as_of AND f.cut = 'total' AND f.measure = 'active_users'
  GROUP BY f.date
),
retention AS (
  SELECT
    r.return_date,
    MAX(CASE WHEN r.day_n = 1 THEN r.retention_rate END) AS d1,
    MAX(CASE WHEN r.day_n = 7 THEN r.retention_rate END) AS d7,
    MAX(CASE WHEN r.day_n = 30 THEN r.retention_rate END) AS d30
  FROM mart.fct_retention AS r
  WHERE r.cut = 'total' AND r.day_n IN (1, 7, 30)
  GROUP BY r.return_date
)
SELECT
  t.date,
  t.sessions,
  a.dau,
  a.wau,
  a.mau,
  t.new_users,
  SAFE_DIVIDE(a.dau, a.mau) AS stickiness,
  SAFE_DIVIDE(t.sessions, a.dau) AS sessions_per_user,
  t.duration_p50_seconds AS duration_median_seconds,
  t.duration_mean_seconds,
  SAFE_DIVIDE(t.engaged_sessions, t.sessions) AS engaged_session_rate,
  SAFE_DIVIDE(t.bounced_sessions, t.sessions) AS bounced_session_rate,
  SAFE_DIVIDE(t.sessions - t.crashed_sessions, t.sessions) AS crash_free_session_rate,
  r.d1 AS d1_retention_rate,
  r.d7 AS d7_retention_rate,
  r.d30 AS d30_retention_rate,
  t.is_final,
  t.definition_digest
FROM total AS t
LEFT JOIN active AS a ON a.date = t.date
LEFT JOIN retention AS r ON r.return_date = t.date
