-- daily_length: how long sessions lasted, by every measure and population, ranked one by one.
WITH counted AS (
  SELECT
    s.session_date AS date,
    m.cut,
    m.segment,
    s.user_id,
    s.end_reason IN ('cap', 'event_cap') AS is_capped,
    s.crash_count > 0 AS is_crashed,
    SAFE_DIVIDE(UNIX_MICROS(s.ended_at) - UNIX_MICROS(s.started_at), 1000000) AS elapsed_seconds,
    s.engaged_seconds,
    s.foreground_seconds,
    s.crash_corrected_seconds
  FROM mart.sessions AS s
  JOIN mart.members AS m ON m.date = s.session_date AND m.user_id = s.user_id
  WHERE s.is_counted
),
measured AS (
  SELECT c.date, c.cut, c.segment, c.user_id, c.is_capped, c.is_crashed, 'elapsed' AS measure, c.elapsed_seconds AS length
  FROM counted AS c
  UNION ALL
  SELECT c.date, c.cut, c.segment, c.user_id, c.is_capped, c.is_crashed, 'engaged', c.engaged_seconds
  FROM counted AS c
  UNION ALL
  SELECT c.date, c.cut, c.segment, c.user_id, c.is_capped, c.is_crashed, 'foreground', c.foreground_seconds
  FROM counted AS c
  WHERE c.foreground_seconds IS NOT NULL
  UNION ALL
  SELECT c.date, c.cut, c.segment, c.user_id, c.is_capped, c.is_crashed, 'crash_corrected', COALESCE(c.crash_corrected_seconds, c.elapsed_seconds)
  FROM counted AS c
),
populations AS (
  SELECT 'all' AS population UNION ALL SELECT 'capped' UNION ALL SELECT 'crashed' UNION ALL SELECT 'regular'
),
ranked AS (
  SELECT
    m.date,
    m.cut,
    m.segment,
    m.measure,
    p.population,
    m.user_id,
    m.length,
    ROW_NUMBER() OVER (PARTITION BY m.date, m.cut, m.segment, m.measure, p.population ORDER BY m.length) AS place,
    COUNT(*) OVER (PARTITION BY m.date, m.cut, m.segment, m.measure, p.population) AS n
  FROM measured AS m
  JOIN populations AS p
    ON p.population = 'all'
    OR p.population = 'capped' AND m.is_capped
    OR p.population = 'crashed' AND m.is_crashed
    OR p.population = 'regular' AND NOT m.is_capped AND NOT m.is_crashed
)
SELECT
  r.date,
  r.cut,
  r.segment,
  r.measure,
  r.population,
  COUNT(*) AS sessions,
  COUNT(DISTINCT r.user_id) AS users,
  CAST(SUM(CASE WHEN r.length = 0 THEN 1 ELSE 0 END) AS INT64) AS zero_length_sessions,
  SAFE_DIVIDE(SUM(CASE WHEN r.length = 0 THEN 1 ELSE 0 END), COUNT(*)) AS zero_length_share,
  SUM(r.length) AS sum_seconds,
  -- Of whole microseconds: a mean may lie half way between two that are shown.
  SAFE_DIVIDE(SAFE_DIVIDE(CAST(SUM(CAST(ROUND(r.length * 1000000) AS INT64)) AS INT64), 1000000), COUNT(*)) AS mean_seconds,
  MAX(CASE WHEN r.place = DIV(r.n * 5 + 99, 100) THEN r.length END) AS p5_seconds,
  MAX(CASE WHEN r.place = DIV(r.n * 10 + 99, 100) THEN r.length END) AS p10_seconds,
  MAX(CASE WHEN r.place = DIV(r.n * 25 + 99, 100) THEN r.length END) AS p25_seconds,
  MAX(CASE WHEN r.place = DIV(r.n * 50 + 99, 100) THEN r.length END) AS p50_seconds,
  MAX(CASE WHEN r.place = DIV(r.n * 75 + 99, 100) THEN r.length END) AS p75_seconds,
  MAX(CASE WHEN r.place = DIV(r.n * 90 + 99, 100) THEN r.length END) AS p90_seconds,
  MAX(CASE WHEN r.place = DIV(r.n * 95 + 99, 100) THEN r.length END) AS p95_seconds,
  MAX(CASE WHEN r.place = DIV(r.n * 99 + 99, 100) THEN r.length END) AS p99_seconds,
  MAX(r.length) AS max_seconds
FROM ranked AS r
GROUP BY r.date, r.cut, r.segment, r.measure, r.population
