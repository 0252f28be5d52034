-- daily_installs: installs, and how many had been opened by when, looked up in steps, sessions and their days.
WITH days AS (
  SELECT DISTINCT l.date FROM mart.daily_ledger AS l
),
horizon AS (
  SELECT 0 AS day_n UNION ALL SELECT 1 UNION ALL SELECT 7 UNION ALL SELECT 28
),
install AS (
  SELECT s.date, s.user_id, s.session_id, s.step_at FROM mart.session_steps AS s WHERE s.role = 'install'
),
first_install AS (
  SELECT i.user_id, MIN(i.step_at) AS installed_at, MIN(i.date) AS install_date FROM install AS i GROUP BY i.user_id
),
first_session AS (
  SELECT s.user_id, s.session_id, s.session_date FROM mart.sessions AS s WHERE s.is_first_session
),
newcomer AS (
  SELECT DISTINCT i.user_id, i.install_date, i.installed_at, f.session_date AS first_date
  FROM first_install AS i
  JOIN install AS e ON e.user_id = i.user_id AND e.step_at = i.installed_at
  LEFT JOIN first_session AS f ON f.user_id = i.user_id
  WHERE f.user_id IS NULL OR f.session_date >= i.install_date OR f.session_id = e.session_id
),
in_session AS (
  SELECT i.date, i.session_id, COUNT(*) AS installs FROM install AS i GROUP BY i.date, i.session_id
),
opened AS (
  SELECT d.user_id, MIN(d.date) AS opened_date
  FROM mart.session_days AS d
  LEFT JOIN in_session AS i ON i.date = d.date AND i.session_id = d.session_id
  WHERE d.event_count - d.background_event_count > COALESCE(i.installs, 0)
  GROUP BY d.user_id
),
used AS (
  SELECT s.user_id, MIN(s.first_use_at) AS opened_at FROM mart.sessions AS s GROUP BY s.user_id
),
fact AS (
  SELECT
    d.date, h.day_n, n.user_id, 1 AS installs, 0 AS events,
    CASE WHEN o.opened_date <= d.date THEN 1 ELSE 0 END AS opened,
    CASE WHEN o.opened_date <= d.date THEN
      CASE
        WHEN u.opened_at < n.installed_at THEN 0
        ELSE SAFE_DIVIDE(UNIX_MICROS(u.opened_at) - UNIX_MICROS(n.installed_at), 1000000)
      END
    END AS to_open,
    -- After the day itself, cohorts are those of users whose first day it was.
    CASE WHEN h.day_n = 0 OR n.first_date = n.install_date THEN n.install_date END AS sorted_by
  FROM days AS d
  CROSS JOIN horizon AS h
  JOIN newcomer AS n ON UNIX_DATE(d.date) - UNIX_DATE(n.install_date) = h.day_n
  LEFT JOIN opened AS o ON o.user_id = n.user_id
  LEFT JOIN used AS u ON u.user_id = n.user_id
  UNION ALL
  SELECT i.date, 0, i.user_id, 0, 1, 0, SAFE_DIVIDE(0, 0), i.date FROM install AS i
),
members AS (
  SELECT m.date, m.user_id, m.cut, m.segment FROM mart.members AS m WHERE m.cut <> 'platform'
  UNION ALL
  SELECT u.date, u.user_id, 'platform' AS cut, u.platform AS segment FROM mart.users AS u
),
place AS (
  SELECT f.date, f.day_n, f.user_id, f.installs, f.events, f.opened, f.to_open, 'total' AS cut, CAST(NULL AS STRING) AS segment
  FROM fact AS f
  UNION ALL
  SELECT f.date, f.day_n, f.user_id, f.installs, f.events, f.opened, f.to_open, m.cut, m.segment
  FROM fact AS f
  JOIN members AS m ON m.date = f.sorted_by AND m.user_id = f.user_id
  WHERE m.cut <> 'total'
),
ranked AS (
  SELECT
    p.date, p.day_n, p.user_id, p.installs, p.events, p.opened, p.cut, p.segment, p.to_open,
    ROW_NUMBER() OVER (PARTITION BY p.date, p.cut, p.segment, p.day_n ORDER BY CASE WHEN p.to_open IS NULL THEN 1 ELSE 0 END, p.to_open) AS open_rank,
    COUNT(p.to_open) OVER (PARTITION BY p.date, p.cut, p.segment, p.day_n) AS opens
  FROM place AS p
)
SELECT
  p.date,
  p.cut,
  p.segment,
  CAST(p.day_n AS INT64) AS day_n,
  DATE_SUB(p.date, INTERVAL (p.day_n) DAY) AS install_date,
  COUNT(DISTINCT p.user_id) AS users,
  CAST(SUM(p.installs) AS INT64) AS installs,
  CAST(CASE WHEN p.day_n = 0 THEN SUM(p.events) - SUM(p.installs) END AS INT64) AS reinstalls,
  CAST(SUM(p.opened) AS INT64) AS opened_users,
  CAST(SUM(p.installs) - SUM(p.opened) AS INT64) AS never_opened_users,
  SAFE_DIVIDE(SUM(p.opened), SUM(p.installs)) AS opened_share,
  MAX(CASE WHEN p.open_rank = DIV(p.opens + 1, 2) THEN p.to_open END) AS install_to_open_p50_seconds
FROM ranked AS p
GROUP BY p.date, p.cut, p.segment, p.day_n
