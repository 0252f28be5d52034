-- daily_length_histogram: sessions by the fixed edges that their length lies between.
WITH counted AS (
  SELECT
    s.session_date AS date,
    m.cut,
    m.segment,
    s.user_id,
    SAFE_DIVIDE(UNIX_MICROS(s.ended_at) - UNIX_MICROS(s.started_at), 1000000) AS elapsed_seconds,
    s.engaged_seconds,
    s.foreground_seconds,
    s.crash_corrected_seconds
  FROM mart.sessions AS s
  JOIN mart.members AS m ON m.date = s.session_date AND m.user_id = s.user_id
  WHERE s.is_counted
),
measured AS (
  SELECT c.date, c.cut, c.segment, c.user_id, 'elapsed' AS measure, c.elapsed_seconds AS length
  FROM counted AS c
  UNION ALL
  SELECT c.date, c.cut, c.segment, c.user_id, 'engaged', c.engaged_seconds
  FROM counted AS c
  UNION ALL
  SELECT c.date, c.cut, c.segment, c.user_id, 'foreground', c.foreground_seconds
  FROM counted AS c
  WHERE c.foreground_seconds IS NOT NULL
  UNION ALL
  SELECT c.date, c.cut, c.segment, c.user_id, 'crash_corrected', COALESCE(c.crash_corrected_seconds, c.elapsed_seconds)
  FROM counted AS c
),
edges AS (
  SELECT 0 AS edge UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 5 UNION ALL SELECT 10 UNION ALL SELECT 20 UNION ALL SELECT 30
  UNION ALL SELECT 60 UNION ALL SELECT 120 UNION ALL SELECT 180 UNION ALL SELECT 300 UNION ALL SELECT 600 UNION ALL SELECT 900
  UNION ALL SELECT 1200 UNION ALL SELECT 1800 UNION ALL SELECT 2700 UNION ALL SELECT 3600 UNION ALL SELECT 5400 UNION ALL SELECT 7200
  UNION ALL SELECT 10800 UNION ALL SELECT 14400 UNION ALL SELECT 21600 UNION ALL SELECT 28800 UNION ALL SELECT 43200 UNION ALL SELECT 86400
),
spans AS (
  SELECT LAG(e.edge) OVER (ORDER BY e.edge) AS over_seconds, e.edge AS up_to_seconds
  FROM edges AS e
  UNION ALL
  SELECT MAX(e.edge), NULL
  FROM edges AS e
),
placed AS (
  SELECT
    m.date,
    m.cut,
    m.segment,
    m.measure,
    m.user_id,
    b.over_seconds,
    b.up_to_seconds
  FROM measured AS m
  JOIN spans AS b
    ON (b.over_seconds IS NULL OR m.length > b.over_seconds) AND (b.up_to_seconds IS NULL OR m.length <= b.up_to_seconds)
),
buckets AS (
  SELECT
    p.date,
    p.cut,
    p.segment,
    p.measure,
    p.over_seconds,
    p.up_to_seconds,
    COUNT(*) AS sessions,
    COUNT(DISTINCT p.user_id) AS users
  FROM placed AS p
  GROUP BY p.date, p.cut, p.segment, p.measure, p.over_seconds, p.up_to_seconds
)
SELECT
  b.date,
  b.cut,
  b.segment,
  b.measure,
  CAST(b.over_seconds AS INT64) AS over_seconds,
  CAST(b.up_to_seconds AS INT64) AS up_to_seconds,
  b.sessions,
  b.users,
  SAFE_DIVIDE(b.sessions, SUM(b.sessions) OVER (PARTITION BY b.date, b.cut, b.segment, b.measure)) AS share,
  SAFE_DIVIDE(
    SUM(b.sessions) OVER (
      PARTITION BY b.date, b.cut, b.segment, b.measure
      ORDER BY COALESCE(b.over_seconds, -1) ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ),
    SUM(b.sessions) OVER (PARTITION BY b.date, b.cut, b.segment, b.measure)
  ) AS cumulative_share
FROM buckets AS b
