-- daily_stability: crashes of a day, counted one by one.
WITH cut_sessions AS (
  SELECT s.session_date AS date, m.cut, m.segment, s.user_id, s.crash_count, s.is_after_crash, s.duration_seconds
  FROM mart.sessions AS s
  JOIN mart.members AS m ON m.date = s.session_date AND m.user_id = s.user_id
  WHERE s.is_counted
  UNION ALL
  SELECT s.session_date, 'app_version', s.app_version, s.user_id, s.crash_count, s.is_after_crash, s.duration_seconds
  FROM mart.sessions AS s
  WHERE s.is_counted
  UNION ALL
  SELECT s.session_date, 'device_model', s.device_model, s.user_id, s.crash_count, s.is_after_crash, s.duration_seconds
  FROM mart.sessions AS s
  WHERE s.is_counted
  UNION ALL
  SELECT s.session_date, 'os_version', s.os_version, s.user_id, s.crash_count, s.is_after_crash, s.duration_seconds
  FROM mart.sessions AS s
  WHERE s.is_counted
),
summed AS (
  SELECT
    c.date,
    c.cut,
    c.segment,
    COUNT(*) AS sessions,
    SUM(CASE WHEN c.crash_count > 0 THEN 1 ELSE 0 END) AS crashed_sessions,
    SUM(c.crash_count) AS crashes,
    COUNT(DISTINCT c.user_id) AS users,
    COUNT(DISTINCT CASE WHEN c.crash_count > 0 THEN c.user_id END) AS crashed_users,
    SUM(CASE WHEN c.is_after_crash THEN 1 ELSE 0 END) AS sessions_after_crash
  FROM cut_sessions AS c
  GROUP BY c.date, c.cut, c.segment
),
returned AS (
  SELECT c.date, c.cut, c.segment, COUNT(DISTINCT c.user_id) AS users
  FROM cut_sessions AS c
  JOIN mart.sessions AS n ON n.session_date = DATE_ADD(c.date, INTERVAL (1) DAY) AND n.user_id = c.user_id
  WHERE c.crash_count > 0
  GROUP BY c.date, c.cut, c.segment
),
ranked AS (
  SELECT
    c.date,
    c.cut,
    c.segment,
    c.duration_seconds,
    ROW_NUMBER() OVER (PARTITION BY c.date, c.cut, c.segment ORDER BY c.duration_seconds) AS place,
    COUNT(*) OVER (PARTITION BY c.date, c.cut, c.segment) AS n
  FROM cut_sessions AS c
  WHERE c.is_after_crash AND c.duration_seconds IS NOT NULL
),
medians AS (
  SELECT r.date, r.cut, r.segment, MAX(CASE WHEN r.place = DIV(r.n + 1, 2) THEN r.duration_seconds END) AS seconds
  FROM ranked AS r
  GROUP BY r.date, r.cut, r.segment
),
-- A segment with users is there also when none of them began a session.
part AS (
  SELECT DISTINCT m.date, m.cut, m.segment
  FROM mart.members AS m
  UNION ALL
  SELECT s.date, s.cut, s.segment
  FROM summed AS s
  WHERE s.cut IN ('app_version', 'device_model', 'os_version')
)
SELECT
  p.date,
  p.cut,
  p.segment,
  CAST(COALESCE(s.sessions, 0) AS INT64) AS sessions,
  CAST(COALESCE(s.crashed_sessions, 0) AS INT64) AS crashed_sessions,
  CAST(COALESCE(s.crashes, 0) AS INT64) AS crashes,
  SAFE_DIVIDE(s.sessions - s.crashed_sessions, s.sessions) AS crash_free_session_rate,
  CAST(COALESCE(s.users, 0) AS INT64) AS users,
  CAST(COALESCE(s.crashed_users, 0) AS INT64) AS crashed_users,
  SAFE_DIVIDE(s.users - s.crashed_users, s.users) AS crash_free_user_rate,
  CASE WHEN s.users > 0 AND d.date IS NOT NULL THEN CAST(COALESCE(r.users, 0) AS INT64) END AS crashed_users_returned_next_day,
  CASE WHEN d.date IS NOT NULL THEN SAFE_DIVIDE(COALESCE(r.users, 0), s.crashed_users) END AS crashed_users_return_rate,
  CAST(COALESCE(s.sessions_after_crash, 0) AS INT64) AS sessions_after_crash,
  m.seconds AS after_crash_duration_p50_seconds
FROM part AS p
LEFT JOIN summed AS s ON s.date = p.date AND s.cut = p.cut AND COALESCE(s.segment, '') = COALESCE(p.segment, '')
LEFT JOIN returned AS r ON r.date = p.date AND r.cut = p.cut AND COALESCE(r.segment, '') = COALESCE(p.segment, '')
LEFT JOIN medians AS m ON m.date = p.date AND m.cut = p.cut AND COALESCE(m.segment, '') = COALESCE(p.segment, '')
LEFT JOIN mart.daily_ledger AS d ON d.date = DATE_ADD(p.date, INTERVAL (1) DAY)
