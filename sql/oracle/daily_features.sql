-- daily_features: use of the features of the configuration that the oracles are tested with, counted from the steps of all days.
WITH features AS (
  SELECT 'booking' AS feature
  UNION ALL SELECT 'nothing'
  UNION ALL SELECT 'settings'
),
counted AS (
  SELECT d.date, d.session_id, d.user_id
  FROM mart.session_days AS d
  WHERE d.is_counted AND d.started_at IS NOT NULL
),
uses AS (
  SELECT s.date, s.user_id, s.session_id, f.feature
  FROM mart.session_steps AS s
  JOIN counted AS c ON c.date = s.date AND c.session_id = s.session_id
  JOIN features AS f
    ON f.feature = 'booking' AND (s.event_name = 'booking_completed' OR s.is_visit AND s.screen = 'Booking')
    OR f.feature = 'nothing' AND s.event_name = 'no_such_event'
    OR f.feature = 'settings' AND s.is_visit AND s.screen IN ('Settings', 'Profile')
),
cuts AS (
  SELECT DISTINCT m.date, m.cut, m.segment
  FROM mart.members AS m
),
active AS (
  SELECT m.date, m.cut, m.segment, COUNT(DISTINCT c.user_id) AS active_users
  FROM mart.members AS m
  JOIN counted AS c ON c.date = m.date AND c.user_id = m.user_id
  GROUP BY m.date, m.cut, m.segment
),
active_28d AS (
  SELECT m.date, m.cut, m.segment, COUNT(DISTINCT r.user_id) AS active_users
  FROM mart.members AS m
  JOIN mart.sessions AS r ON r.user_id = m.user_id AND UNIX_DATE(m.date) - UNIX_DATE(r.session_date) BETWEEN 0 AND 27
  GROUP BY m.date, m.cut, m.segment
),
firsts AS (
  SELECT u.user_id, u.feature, MIN(u.date) AS first_date
  FROM uses AS u
  GROUP BY u.user_id, u.feature
),
used AS (
  SELECT
    m.date,
    m.cut,
    m.segment,
    u.feature,
    SUM(CASE WHEN u.date = m.date THEN 1 ELSE 0 END) AS uses,
    COUNT(DISTINCT CASE WHEN u.date = m.date THEN u.user_id END) AS users,
    COUNT(DISTINCT CASE WHEN u.date = m.date THEN u.session_id END) AS sessions,
    COUNT(DISTINCT CASE WHEN UNIX_DATE(m.date) - UNIX_DATE(u.date) < 7 THEN u.user_id END) AS users_7d,
    COUNT(DISTINCT CASE WHEN UNIX_DATE(m.date) - UNIX_DATE(u.date) < 28 THEN u.user_id END) AS users_28d,
    COUNT(DISTINCT CASE WHEN f.first_date = m.date THEN u.user_id END) AS new_adopters,
    MAX(u.date) AS last_used_date
  FROM mart.members AS m
  JOIN uses AS u ON u.user_id = m.user_id AND u.date <= m.date
  JOIN firsts AS f ON f.user_id = u.user_id AND f.feature = u.feature
  GROUP BY m.date, m.cut, m.segment, u.feature
)
SELECT
  c.date,
  c.cut,
  c.segment,
  f.feature,
  CAST(COALESCE(u.uses, 0) AS INT64) AS uses,
  COALESCE(u.users, 0) AS users,
  COALESCE(u.sessions, 0) AS sessions,
  COALESCE(a.active_users, 0) AS active_users,
  SAFE_DIVIDE(COALESCE(u.users, 0), a.active_users) AS reach,
  COALESCE(u.users_7d, 0) AS users_7d,
  COALESCE(u.users_28d, 0) AS users_28d,
  COALESCE(b.active_users, 0) AS active_users_28d,
  COALESCE(u.new_adopters, 0) AS new_adopters,
  u.last_used_date,
  CASE
    WHEN u.last_used_date IS NULL THEN 'never_used'
    WHEN u.users_28d = 0 OR u.users_28d * 100 < COALESCE(b.active_users, 0) * 5 THEN 'rarely_used'
    ELSE 'used'
  END AS status
FROM cuts AS c
CROSS JOIN features AS f
LEFT JOIN active AS a ON a.date = c.date AND a.cut = c.cut AND COALESCE(a.segment, '') = COALESCE(c.segment, '')
LEFT JOIN active_28d AS b ON b.date = c.date AND b.cut = c.cut AND COALESCE(b.segment, '') = COALESCE(c.segment, '')
LEFT JOIN used AS u
  ON u.date = c.date AND u.cut = c.cut AND COALESCE(u.segment, '') = COALESCE(c.segment, '') AND u.feature = f.feature
