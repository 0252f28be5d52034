-- daily_onboarding: who reaches which step in the first session, looked up in sessions and steps.
WITH step AS (
  SELECT 1 AS step_number, 'screen_view' AS step
  UNION ALL SELECT 2, 'search'
  UNION ALL SELECT 3, 'trip_view'
  UNION ALL SELECT 4, 'push_received'
),
newcomer AS (
  SELECT s.user_id, s.session_id, s.session_date AS date, s.started_at FROM mart.sessions AS s WHERE s.is_first_session
),
reached AS (
  SELECT s.session_id, s.event_name, MIN(s.step_at) AS reached_at
  FROM mart.session_steps AS s
  GROUP BY s.session_id, s.event_name
),
members AS (
  SELECT m.date, m.user_id, m.cut, m.segment FROM mart.members AS m WHERE m.cut <> 'platform'
  UNION ALL
  SELECT u.date, u.user_id, 'platform' AS cut, u.platform AS segment FROM mart.users AS u
),
place AS (
  SELECT
    n.date, m.cut, m.segment, t.step_number, t.step,
    SAFE_DIVIDE(UNIX_MICROS(r.reached_at) - UNIX_MICROS(n.started_at), 1000000) AS after
  FROM newcomer AS n
  CROSS JOIN step AS t
  JOIN members AS m ON m.date = n.date AND m.user_id = n.user_id
  LEFT JOIN reached AS r ON r.session_id = n.session_id AND r.event_name = t.step
),
ranked AS (
  SELECT
    p.date, p.cut, p.segment, p.step_number, p.step, p.after,
    ROW_NUMBER() OVER (PARTITION BY p.date, p.cut, p.segment, p.step_number ORDER BY CASE WHEN p.after IS NULL THEN 1 ELSE 0 END, p.after) AS place,
    COUNT(p.after) OVER (PARTITION BY p.date, p.cut, p.segment, p.step_number) AS known
  FROM place AS p
)
SELECT
  r.date,
  r.cut,
  r.segment,
  CAST(r.step_number AS INT64) AS step_number,
  r.step,
  COUNT(*) AS users,
  COUNT(r.after) AS reached_users,
  SAFE_DIVIDE(COUNT(r.after), COUNT(*)) AS share,
  MAX(CASE WHEN r.place = DIV(r.known + 1, 2) THEN r.after END) AS p50_seconds
FROM ranked AS r
GROUP BY r.date, r.cut, r.segment, r.step_number, r.step
