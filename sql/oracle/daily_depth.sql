-- daily_depth: sessions by the number of different screens that their visits show.
WITH screens AS (
  SELECT s.session_id, COUNT(DISTINCT s.screen) AS screens
  FROM mart.session_steps AS s
  WHERE s.is_visit
  GROUP BY s.session_id
),
of_session AS (
  SELECT
    r.session_date AS date,
    r.session_id,
    r.user_id,
    CASE WHEN COALESCE(n.screens, 0) > 20 THEN 20 ELSE COALESCE(n.screens, 0) END AS screens
  FROM mart.sessions AS r
  LEFT JOIN screens AS n ON n.session_id = r.session_id
  WHERE r.is_counted
),
of_cut AS (
  SELECT o.date, m.cut, m.segment, o.session_id, o.user_id, o.screens
  FROM of_session AS o
  JOIN mart.members AS m ON m.date = o.date AND m.user_id = o.user_id
),
cuts AS (
  SELECT o.date, o.cut, o.segment, COUNT(*) AS sessions
  FROM of_cut AS o
  GROUP BY o.date, o.cut, o.segment
)
SELECT
  o.date,
  o.cut,
  o.segment,
  CAST(o.screens AS INT64) AS distinct_screens,
  COUNT(*) AS sessions,
  COUNT(DISTINCT o.user_id) AS users,
  SAFE_DIVIDE(COUNT(*), MAX(c.sessions)) AS share
FROM of_cut AS o
JOIN cuts AS c ON c.date = o.date AND c.cut = o.cut AND COALESCE(c.segment, '') = COALESCE(o.segment, '')
GROUP BY o.date, o.cut, o.segment, o.screens
