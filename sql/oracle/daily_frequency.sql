-- daily_frequency: how often users come, counted from sessions and the days that have data.
WITH days AS (
  SELECT DISTINCT l.date FROM mart.daily_ledger AS l
),
windows AS (
  SELECT 1 AS window_days UNION ALL SELECT 7 UNION ALL SELECT 28
),
of_user AS (
  SELECT
    d.date,
    w.window_days,
    s.user_id,
    COUNT(*) AS sessions,
    COUNT(DISTINCT s.session_date) AS active_days,
    MAX(CASE WHEN s.session_date = d.date THEN 1 ELSE 0 END) AS today
  FROM days AS d
  CROSS JOIN windows AS w
  JOIN mart.sessions AS s ON UNIX_DATE(d.date) - UNIX_DATE(s.session_date) BETWEEN 0 AND w.window_days - 1
  GROUP BY d.date, w.window_days, s.user_id
),
cuts AS (
  SELECT DISTINCT m.date, m.cut, m.segment FROM mart.members AS m
),
active AS (
  SELECT
    c.date,
    c.cut,
    c.segment,
    w.window_days,
    COUNT(u.user_id) AS users,
    COALESCE(SUM(u.sessions), 0) AS sessions,
    COALESCE(SUM(u.today), 0) AS today
  FROM cuts AS c
  CROSS JOIN windows AS w
  LEFT JOIN (
    SELECT o.date, o.window_days, o.user_id, o.sessions, o.today, m.cut, m.segment
    FROM of_user AS o
    JOIN mart.members AS m ON m.date = o.date AND m.user_id = o.user_id
  ) AS u
    ON u.date = c.date AND u.window_days = w.window_days AND u.cut = c.cut AND COALESCE(u.segment, '') = COALESCE(c.segment, '')
  GROUP BY c.date, c.cut, c.segment, w.window_days
),
edges AS (
  SELECT 0 AS edge, 1 AS next_edge
  UNION ALL SELECT 1, 3 UNION ALL SELECT 3, 6 UNION ALL SELECT 6, 12 UNION ALL SELECT 12, 24 UNION ALL SELECT 24, 48
  UNION ALL SELECT 48, 72 UNION ALL SELECT 72, 168 UNION ALL SELECT 168, 336 UNION ALL SELECT 336, 672 UNION ALL SELECT 672, 100000
),
gaps AS (
  SELECT s.session_date AS date, m.cut, m.segment, e.edge, s.user_id
  FROM mart.sessions AS s
  JOIN edges AS e
    ON s.seconds_since_previous_session >= e.edge * 3600 AND s.seconds_since_previous_session < e.next_edge * 3600
  JOIN mart.members AS m ON m.date = s.session_date AND m.user_id = s.user_id
),
gap_totals AS (
  SELECT g.date, g.cut, g.segment, COUNT(*) AS sessions FROM gaps AS g GROUP BY g.date, g.cut, g.segment
)
SELECT
  a.date, a.cut, a.segment, 'active_users' AS measure, CAST(a.window_days AS INT64) AS window_days, CAST(NULL AS INT64) AS bucket,
  CAST(a.users AS INT64) AS users, CAST(a.sessions AS INT64) AS sessions, SAFE_DIVIDE(NULL, 1) AS value
FROM active AS a
UNION ALL
SELECT
  a.date, a.cut, a.segment, 'stickiness', CAST(a.window_days AS INT64), CAST(NULL AS INT64),
  CAST(t.users AS INT64), CAST(t.sessions AS INT64), SAFE_DIVIDE(t.users, a.users)
FROM active AS a
JOIN active AS t ON t.date = a.date AND t.cut = a.cut AND COALESCE(t.segment, '') = COALESCE(a.segment, '') AND t.window_days = 1
WHERE a.window_days > 1
UNION ALL
SELECT
  o.date, m.cut, m.segment, 'sessions', CAST(o.window_days AS INT64), CAST(o.sessions AS INT64),
  COUNT(*), CAST(SUM(o.sessions) AS INT64), SAFE_DIVIDE(COUNT(*), MAX(a.users))
FROM of_user AS o
JOIN mart.members AS m ON m.date = o.date AND m.user_id = o.user_id
JOIN active AS a
  ON a.date = o.date AND a.window_days = o.window_days AND a.cut = m.cut AND COALESCE(a.segment, '') = COALESCE(m.segment, '')
GROUP BY o.date, m.cut, m.segment, o.window_days, o.sessions
UNION ALL
SELECT
  o.date, m.cut, m.segment, 'active_days', CAST(o.window_days AS INT64), CAST(o.active_days AS INT64),
  COUNT(*), CAST(SUM(o.sessions) AS INT64), SAFE_DIVIDE(COUNT(*), MAX(a.users))
FROM of_user AS o
JOIN mart.members AS m ON m.date = o.date AND m.user_id = o.user_id
JOIN active AS a
  ON a.date = o.date AND a.window_days = o.window_days AND a.cut = m.cut AND COALESCE(a.segment, '') = COALESCE(m.segment, '')
WHERE o.window_days > 1
GROUP BY o.date, m.cut, m.segment, o.window_days, o.active_days
UNION ALL
SELECT
  g.date, g.cut, g.segment, 'hours_since_previous', CAST(NULL AS INT64), CAST(g.edge AS INT64),
  COUNT(DISTINCT g.user_id), COUNT(*), SAFE_DIVIDE(COUNT(*), MAX(t.sessions))
FROM gaps AS g
JOIN gap_totals AS t ON t.date = g.date AND t.cut = g.cut AND COALESCE(t.segment, '') = COALESCE(g.segment, '')
GROUP BY g.date, g.cut, g.segment, g.edge
