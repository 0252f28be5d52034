-- daily_hours: sessions by the hour at which they began, by two clocks.
WITH counted AS (
  SELECT
    s.session_date AS date,
    m.cut,
    m.segment,
    s.user_id,
    s.engaged_seconds,
    s.started_at,
    s.utc_offset,
    UNIX_MICROS(s.started_at) + 60000000 * CASE WHEN SUBSTR(s.utc_offset, 1, 1) = '-' THEN -1 ELSE 1 END
      * (60 * CAST(SUBSTR(s.utc_offset, 2, 2) AS INT64) + CAST(SUBSTR(s.utc_offset, 5, 2) AS INT64)) AS local_micros
  FROM mart.sessions AS s
  JOIN mart.members AS m ON m.date = s.session_date AND m.user_id = s.user_id
  WHERE s.is_counted
),
clocked AS (
  SELECT
    c.date,
    c.cut,
    c.segment,
    'reporting' AS clock,
    MOD(UNIX_DATE(c.date) + 3, 7) + 1 AS weekday,
    EXTRACT(HOUR FROM c.started_at AT TIME ZONE t.timezone) AS hour,
    c.user_id,
    c.engaged_seconds
  FROM counted AS c
  CROSS JOIN mart.settings AS t
  UNION ALL
  SELECT
    c.date,
    c.cut,
    c.segment,
    'local',
    MOD(DIV(c.local_micros, 86400000000) + 3, 7) + 1,
    MOD(DIV(c.local_micros, 3600000000), 24),
    c.user_id,
    c.engaged_seconds
  FROM counted AS c
  WHERE c.utc_offset IS NOT NULL
)
SELECT
  c.date,
  c.cut,
  c.segment,
  c.clock,
  c.weekday,
  c.hour,
  COUNT(*) AS sessions,
  COUNT(DISTINCT c.user_id) AS users,
  SUM(c.engaged_seconds) AS engaged_seconds
FROM clocked AS c
GROUP BY c.date, c.cut, c.segment, c.clock, c.weekday, c.hour
