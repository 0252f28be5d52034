-- daily_push: pushes of the steps, and of every session the last push before it.
WITH push AS (
  SELECT s.date, s.user_id, s.session_id, s.role, s.step_at, s.step_number, s.campaign
  FROM mart.session_steps AS s
  WHERE s.role IN ('push_received', 'push_open')
),
before AS (
  SELECT
    s.session_id,
    p.role,
    p.campaign,
    ROW_NUMBER() OVER (PARTITION BY s.session_id, p.role ORDER BY p.step_at DESC, p.date DESC, p.step_number DESC) AS number
  FROM mart.sessions AS s
  JOIN push AS p
    ON p.user_id = s.user_id
    AND p.date <= s.session_date
    AND UNIX_MICROS(s.started_at) - UNIX_MICROS(p.step_at) BETWEEN 0 AND 36000000000
),
opening AS (
  SELECT
    s.session_id,
    p.campaign,
    ROW_NUMBER() OVER (PARTITION BY s.session_id ORDER BY p.step_at, p.date, p.step_number) AS number
  FROM mart.sessions AS s
  JOIN push AS p
    ON p.session_id = s.session_id
    AND p.role = 'push_open'
    AND UNIX_MICROS(p.step_at) - UNIX_MICROS(s.started_at) BETWEEN 0 AND 59999999
),
began AS (
  SELECT
    s.session_date AS date,
    s.user_id,
    CASE WHEN i.session_id IS NOT NULL OR o.session_id IS NOT NULL THEN 'open' WHEN r.session_id IS NOT NULL THEN 'received' ELSE 'none' END AS after,
    CASE WHEN i.session_id IS NOT NULL THEN i.campaign WHEN o.session_id IS NOT NULL THEN o.campaign ELSE r.campaign END AS campaign
  FROM mart.sessions AS s
  LEFT JOIN opening AS i ON i.session_id = s.session_id AND i.number = 1
  LEFT JOIN before AS o ON o.session_id = s.session_id AND o.role = 'push_open' AND o.number = 1
  LEFT JOIN before AS r ON r.session_id = s.session_id AND r.role = 'push_received' AND r.number = 1
  WHERE s.is_counted
),
fact AS (
  SELECT p.date, p.user_id, p.role AS what, p.campaign FROM push AS p
  UNION ALL
  SELECT b.date, b.user_id, b.after, b.campaign FROM began AS b
),
scoped AS (
  SELECT f.date, f.user_id, f.what, 'all' AS scope, CAST(NULL AS STRING) AS campaign FROM fact AS f
  UNION ALL
  SELECT f.date, f.user_id, f.what, 'campaign', f.campaign FROM fact AS f WHERE f.what <> 'none'
),
members AS (
  SELECT m.date, m.user_id, m.cut, m.segment FROM mart.members AS m WHERE m.cut <> 'platform'
  UNION ALL
  SELECT u.date, u.user_id, 'platform' AS cut, u.platform AS segment FROM mart.users AS u
),
place AS (
  SELECT s.date, s.user_id, s.what, s.scope, s.campaign, 'total' AS cut, CAST(NULL AS STRING) AS segment FROM scoped AS s
  UNION ALL
  SELECT s.date, s.user_id, s.what, s.scope, s.campaign, m.cut, m.segment
  FROM scoped AS s
  JOIN members AS m ON m.date = s.date AND m.user_id = s.user_id
  WHERE m.cut <> 'total'
),
-- Where a push was ever seen, every segment has a row for all, also without any of its own.
seen AS (
  SELECT DISTINCT m.date, m.cut, m.segment
  FROM members AS m
  CROSS JOIN (SELECT MIN(p.date) AS date FROM push AS p) AS first_push
  WHERE m.date >= first_push.date
),
counted AS (
  SELECT
    p.date, p.cut, p.segment, p.scope, p.campaign,
    COUNT(DISTINCT p.user_id) AS users,
    COUNT(CASE WHEN p.what = 'push_received' THEN 1 END) AS pushes_received,
    COUNT(DISTINCT CASE WHEN p.what = 'push_received' THEN p.user_id END) AS reached_users,
    COUNT(CASE WHEN p.what = 'push_open' THEN 1 END) AS pushes_opened,
    COUNT(DISTINCT CASE WHEN p.what = 'push_open' THEN p.user_id END) AS opening_users,
    COUNT(CASE WHEN p.what = 'open' THEN 1 END) AS sessions_after_open,
    COUNT(DISTINCT CASE WHEN p.what = 'open' THEN p.user_id END) AS users_after_open,
    COUNT(CASE WHEN p.what = 'received' THEN 1 END) AS sessions_after_received,
    COUNT(DISTINCT CASE WHEN p.what = 'received' THEN p.user_id END) AS users_after_received,
    COUNT(CASE WHEN p.what = 'none' THEN 1 END) AS unpushed
  FROM place AS p
  GROUP BY p.date, p.cut, p.segment, p.scope, p.campaign
)
SELECT
  c.date, c.cut, c.segment, c.scope, c.campaign, c.users, c.pushes_received, c.reached_users, c.pushes_opened, c.opening_users,
  SAFE_DIVIDE(c.pushes_opened, c.pushes_received) AS open_rate,
  c.sessions_after_open, c.users_after_open, c.sessions_after_received, c.users_after_received,
  CASE WHEN c.scope = 'all' THEN c.unpushed END AS sessions_without_push
FROM counted AS c
JOIN seen AS s ON s.date = c.date AND s.cut = c.cut AND COALESCE(s.segment, '') = COALESCE(c.segment, '')
UNION ALL
SELECT s.date, s.cut, s.segment, 'all', CAST(NULL AS STRING), 0, 0, 0, 0, 0, SAFE_DIVIDE(0, 0), 0, 0, 0, 0, 0
FROM seen AS s
LEFT JOIN counted AS c
  ON c.date = s.date AND c.cut = s.cut AND COALESCE(c.segment, '') = COALESCE(s.segment, '') AND c.scope = 'all'
WHERE c.date IS NULL
