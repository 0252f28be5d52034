-- daily_first_sessions: first sessions and whether there was a second, looked up in sessions and steps.
WITH days AS (
  SELECT DISTINCT l.date FROM mart.daily_ledger AS l
),
horizon AS (
  SELECT 0 AS day_n UNION ALL SELECT 1 UNION ALL SELECT 7 UNION ALL SELECT 28
),
numbered AS (
  SELECT
    s.user_id, s.session_id, s.session_date, s.started_at, s.duration_seconds, s.screen_views, s.is_engaged, s.is_bounce,
    ROW_NUMBER() OVER (PARTITION BY s.user_id ORDER BY s.started_at, s.session_id) AS number
  FROM mart.sessions AS s
),
install AS (
  SELECT s.user_id, s.session_id, s.date, s.step_at,
    ROW_NUMBER() OVER (PARTITION BY s.user_id ORDER BY s.step_at) AS number
  FROM mart.session_steps AS s
  WHERE s.role = 'install'
),
done AS (
  SELECT s.user_id, MIN(s.date) AS done_date FROM mart.session_steps AS s WHERE s.event_name = 'booking_completed' GROUP BY s.user_id
),
newcomer AS (
  SELECT
    f.user_id,
    f.session_date AS cohort_date,
    f.duration_seconds,
    f.screen_views,
    CASE WHEN f.is_engaged THEN 1 ELSE 0 END AS engaged,
    CASE WHEN f.is_bounce THEN 1 ELSE 0 END AS bounced,
    d.done_date,
    n.session_date AS second_date,
    SAFE_DIVIDE(UNIX_MICROS(n.started_at) - UNIX_MICROS(f.started_at), 1000000) AS to_second,
    CASE WHEN i.user_id IS NOT NULL THEN 1 ELSE 0 END AS installed
  FROM numbered AS f
  LEFT JOIN numbered AS n ON n.user_id = f.user_id AND n.number = 2
  LEFT JOIN done AS d ON d.user_id = f.user_id
  LEFT JOIN install AS i
    ON i.user_id = f.user_id AND i.number = 1 AND i.date <= f.session_date
  WHERE f.number = 1
),
members AS (
  SELECT m.date, m.user_id, m.cut, m.segment FROM mart.members AS m WHERE m.cut <> 'platform'
  UNION ALL
  SELECT u.date, u.user_id, 'platform' AS cut, u.platform AS segment FROM mart.users AS u
),
place AS (
  SELECT
    d.date, m.cut, m.segment, h.day_n, n.cohort_date, n.user_id, n.duration_seconds, n.screen_views, n.engaged, n.bounced, n.installed,
    CASE WHEN n.done_date <= d.date THEN 1 ELSE 0 END AS onboarded,
    CASE WHEN n.second_date <= d.date THEN n.to_second END AS to_second
  FROM days AS d
  CROSS JOIN horizon AS h
  JOIN newcomer AS n ON UNIX_DATE(d.date) - UNIX_DATE(n.cohort_date) = h.day_n
  JOIN members AS m ON m.date = n.cohort_date AND m.user_id = n.user_id
),
ranked AS (
  SELECT
    p.date, p.cut, p.segment, p.day_n, p.cohort_date, p.duration_seconds, p.screen_views, p.engaged, p.bounced, p.installed,
    p.onboarded, p.to_second,
    ROW_NUMBER() OVER (PARTITION BY p.date, p.cut, p.segment, p.day_n ORDER BY CASE WHEN p.duration_seconds IS NULL THEN 1 ELSE 0 END, p.duration_seconds) AS duration_rank,
    ROW_NUMBER() OVER (PARTITION BY p.date, p.cut, p.segment, p.day_n ORDER BY CASE WHEN p.to_second IS NULL THEN 1 ELSE 0 END, p.to_second) AS second_rank,
    COUNT(p.duration_seconds) OVER (PARTITION BY p.date, p.cut, p.segment, p.day_n) AS durations,
    COUNT(p.to_second) OVER (PARTITION BY p.date, p.cut, p.segment, p.day_n) AS seconds
  FROM place AS p
)
SELECT
  r.date,
  r.cut,
  r.segment,
  CAST(r.day_n AS INT64) AS day_n,
  r.cohort_date,
  COUNT(*) AS users,
  CASE WHEN r.day_n = 0 THEN AVG(r.duration_seconds) END AS duration_mean_seconds,
  CASE WHEN r.day_n = 0 THEN MAX(CASE WHEN r.duration_rank = DIV(r.durations + 1, 2) THEN r.duration_seconds END) END AS duration_p50_seconds,
  CAST(CASE WHEN r.day_n = 0 THEN SUM(r.screen_views) END AS INT64) AS screen_views,
  CASE WHEN r.day_n = 0 THEN SAFE_DIVIDE(SUM(r.screen_views), COUNT(*)) END AS screens_per_session,
  CAST(CASE WHEN r.day_n = 0 THEN SUM(r.engaged) END AS INT64) AS engaged_sessions,
  CAST(CASE WHEN r.day_n = 0 THEN SUM(r.bounced) END AS INT64) AS bounced_sessions,
  CAST(CASE WHEN r.day_n = 0 THEN SUM(r.installed) END AS INT64) AS installed_users,
  CAST(SUM(r.onboarded) AS INT64) AS onboarded_users,
  COUNT(r.to_second) AS second_session_users,
  SAFE_DIVIDE(COUNT(r.to_second), COUNT(*)) AS second_session_share,
  MAX(CASE WHEN r.second_rank = DIV(r.seconds + 1, 2) THEN r.to_second END) AS first_to_second_p50_seconds
FROM ranked AS r
GROUP BY r.date, r.cut, r.segment, r.day_n, r.cohort_date
