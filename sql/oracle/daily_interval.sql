-- daily_interval: the time since the user's previous session, ranked one by one.
WITH gaps AS (
  SELECT
    s.session_date AS date,
    m.cut,
    m.segment,
    s.user_id,
    s.seconds_since_previous_session AS gap,
    ROW_NUMBER() OVER (PARTITION BY s.session_date, m.cut, m.segment ORDER BY s.seconds_since_previous_session) AS place,
    COUNT(*) OVER (PARTITION BY s.session_date, m.cut, m.segment) AS n
  FROM mart.sessions AS s
  JOIN mart.members AS m ON m.date = s.session_date AND m.user_id = s.user_id
  WHERE s.seconds_since_previous_session IS NOT NULL
)
SELECT
  g.date,
  g.cut,
  g.segment,
  COUNT(*) AS sessions,
  COUNT(DISTINCT g.user_id) AS users,
  -- Of whole microseconds: a mean may lie half way between two that are shown.
  SAFE_DIVIDE(SAFE_DIVIDE(SAFE_DIVIDE(CAST(SUM(CAST(ROUND(g.gap * 1000000) AS INT64)) AS INT64), 1000000), COUNT(*)), 3600) AS mean_hours,
  SAFE_DIVIDE(MAX(CASE WHEN g.place = DIV(g.n * 10 + 99, 100) THEN g.gap END), 3600) AS p10_hours,
  SAFE_DIVIDE(MAX(CASE WHEN g.place = DIV(g.n * 25 + 99, 100) THEN g.gap END), 3600) AS p25_hours,
  SAFE_DIVIDE(MAX(CASE WHEN g.place = DIV(g.n * 50 + 99, 100) THEN g.gap END), 3600) AS p50_hours,
  SAFE_DIVIDE(MAX(CASE WHEN g.place = DIV(g.n * 75 + 99, 100) THEN g.gap END), 3600) AS p75_hours,
  SAFE_DIVIDE(MAX(CASE WHEN g.place = DIV(g.n * 90 + 99, 100) THEN g.gap END), 3600) AS p90_hours
FROM gaps AS g
GROUP BY g.date, g.cut, g.segment
